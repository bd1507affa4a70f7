"""Makes the streams and consumers, or what is wanted of those that are there."""

import logging
from typing import Any, Final

from app.fleet import streams, subjects
from app.fleet.engine import NOT_FOUND, Engine, EngineError
from app.fleet.options import FleetOptions

OLDEST_SERVER: Final = 2, 14
"""The version of nats-server that can set a consumer back; an older one does not answer that."""

_HINTS: Final = {
    "storage": "the servers have no room on their disks for raw_megabytes",
    "replicas": "replicas is more than there are servers; with one server alone, enter 1",
    "no suitable peers": "perhaps replicas is more than there are servers that run",
}
"""What is said of an error of the server in which these words stand; the first one counts."""

_logger: Final = logging.getLogger(__name__)


async def set_up(engine: Engine, options: FleetOptions) -> bool:
    """Make what is missing and change what differs; done again, it changes nothing.

    Args:
        engine: connected.
        options: what is wanted.

    Returns:
        Whether something was made or changed.

    Raises:
        EngineError: the engine refuses or is too old, or the number of partitions cannot be changed
            now.
    """
    _look_at_version(engine)
    await _look_at_partitions(engine, options.partitions)
    changed = [await _set_up_stream(engine, stream) for stream in streams.streams(options)]
    changed += [await _set_up_consumer(engine, number) for number in range(options.partitions)]
    return any(changed)


async def partitions(engine: Engine) -> int:
    """Ask how many partitions there are.

    Raises:
        EngineError: nothing was set up yet, or the engine is too old.
    """
    _look_at_version(engine)
    config = await _config(engine, f"STREAM.INFO.{subjects.RAW}")
    try:
        return streams.partitions_of(config)
    except ValueError:
        raise EngineError("the engine is not set up; run fleet setup first") from None


def _look_at_version(engine: Engine) -> None:
    if engine.version and engine.version < OLDEST_SERVER:
        oldest, there = (".".join(map(str, one)) for one in (OLDEST_SERVER, engine.version))
        raise EngineError(f"wanted is nats-server {oldest} or newer; this one is {there}")


async def _look_at_partitions(engine: Engine, wanted: int) -> None:
    """Take away the consumers of more partitions than are wanted.

    A name moves to another partition when the number changes. What waits in the old one would then
    be read after newer telegrams, so nothing may wait.

    Raises:
        EngineError: something waits.
    """
    config = await _config(engine, f"STREAM.INFO.{subjects.RAW}")
    if config is None:
        return
    try:
        there = streams.partitions_of(config)
    except ValueError:
        raise EngineError(
            f"there is a stream {subjects.RAW} that this program did not make; remove it first"
        ) from None
    if there == wanted:
        return
    waiting = 0
    for partition in range(there):
        info = await consumer_info(engine, partition)
        waiting += info.get("num_pending", 0) + info.get("num_ack_pending", 0)
    if waiting:
        raise EngineError(
            f"{waiting} telegrams wait, so the number of partitions cannot change from {there} to"
            f" {wanted}: stop what pushes, wait until all are read, and set up again"
        )
    for partition in range(wanted, there):
        await engine.api(f"CONSUMER.DELETE.{subjects.RAW}.{subjects.consumer(partition)}")
        _logger.info("removed the consumer %s", subjects.consumer(partition))


async def _set_up_stream(engine: Engine, stream: streams.Stream) -> bool:
    there = await _config(engine, f"STREAM.INFO.{stream.name}")
    if there is not None and not streams.differs(stream.config, there):
        return False
    call, done = ("CREATE", "made") if there is None else ("UPDATE", "changed")
    try:
        await engine.api(f"STREAM.{call}.{stream.name}", stream.config)
    except EngineError as error:
        for word, hint in _HINTS.items():
            if word in str(error):
                raise EngineError(f"{error}: {hint}", error.code) from None
        raise
    _logger.info("%s the stream %s", done, stream.name)
    return True


async def _set_up_consumer(engine: Engine, partition: int) -> bool:
    wanted = streams.consumer(partition)
    name = subjects.consumer(partition)
    there = await _config(engine, f"CONSUMER.INFO.{subjects.RAW}.{name}")
    if there is not None and not streams.differs(wanted, there):
        return False
    call = f"CONSUMER.CREATE.{subjects.RAW}.{name}.{subjects.of_partition(partition)}"
    await engine.api(call, {"stream_name": subjects.RAW, "config": wanted})
    _logger.info("%s the consumer %s", "made" if there is None else "changed", name)
    return True


async def consumer_info(engine: Engine, partition: int) -> dict[str, Any]:
    """Ask how a consumer is doing; empty where there is none.

    Raises:
        EngineError: the engine does not answer.
    """
    try:
        return await engine.api(f"CONSUMER.INFO.{subjects.RAW}.{subjects.consumer(partition)}")
    except EngineError as error:
        if error.code in NOT_FOUND:
            return {}
        raise


async def _config(engine: Engine, call: str) -> dict[str, Any] | None:
    """Ask for a configuration; None where there is none."""
    try:
        return dict((await engine.api(call))["config"])
    except EngineError as error:
        if error.code in NOT_FOUND:
            return None
        raise
