"""How a fleet is doing, on one screen."""

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from app.fleet import set_up, subjects
from app.fleet.engine import Engine
from app.fleet.message import Message

ANSWER_SECONDS: Final = 1.5
"""For which readers are waited for: each answers at once."""

_MOST_NAMED: Final = 10
"""Silent meters that are named."""


class PartitionState(NamedTuple):
    """One partition, as the engine knows it.

    Args:
        waiting: telegrams that are not acknowledged.
        is_pinned: whether a reader has it.
    """

    waiting: int
    is_pinned: bool


class ReaderState(NamedTuple):
    """One reader, as it told.

    Args:
        name: which it made up at its start.
        held: the partitions that it has.
        heard: meters.
        silent: names of meters.
        readings: since its start.
        refused: by reason, since its start.
    """

    name: str
    held: tuple[int, ...]
    heard: int
    silent: tuple[str, ...]
    readings: int
    refused: Mapping[str, int]

    @classmethod
    def of(cls, told: Any) -> "ReaderState":  # noqa: ANN401 - any JSON value
        """Take what a reader told.

        Raises:
            AttributeError, KeyError, OverflowError, TypeError, ValueError: it is something else.
        """
        return cls(
            str(told["reader"]),
            tuple(map(int, told["held"])),
            int(told["heard"]),
            tuple(map(str, told["silent"])),
            int(told["readings"]),
            {str(reason): int(count) for reason, count in told["refused"].items()},
        )


class FleetState(NamedTuple):
    """A fleet.

    Args:
        partitions: each, in order.
        readers: those that answered.
        meters: how many the file of meters has.
    """

    partitions: Sequence[PartitionState]
    readers: Sequence[ReaderState]
    meters: int

    @property
    def silent(self) -> list[str]:
        """The names of the silent meters."""
        return sorted({name for reader in self.readers for name in reader.silent})

    @property
    def unread(self) -> list[int]:
        """The partitions in which telegrams wait and that no reader has."""
        numbered = enumerate(self.partitions)
        return [number for number, one in numbered if one.waiting and not one.is_pinned]

    @property
    def is_well(self) -> bool:
        """Whether there is a reader, nothing waits in vain, and no meter is silent."""
        return bool(self.readers) and not (self.unread or self.silent)


def lines(fleet: FleetState) -> Iterator[str]:
    """Write how a fleet is doing."""
    pinned = sum(one.is_pinned for one in fleet.partitions)
    yield f"partitions: {len(fleet.partitions)}, {pinned} with a reader"
    if fleet.unread:
        yield f"  no reader has {_listed(fleet.unread)}, where telegrams wait"
    yield f"readers: {len(fleet.readers) or 'none'}"
    for reader in fleet.readers:
        held = f"partitions {_listed(reader.held)}" if reader.held else "no partition"
        yield f"  {reader.name}: {held}; {reader.readings} readings since its start"
    yield f"backlog: {sum(one.waiting for one in fleet.partitions)} telegrams"
    heard = sum(reader.heard for reader in fleet.readers)
    silent = fleet.silent
    yield f"meters: {fleet.meters}, {heard} heard, {len(silent)} silent"
    if silent:
        more = f" and {len(silent) - _MOST_NAMED} more" if len(silent) > _MOST_NAMED else ""
        yield f"  silent: {', '.join(silent[:_MOST_NAMED])}{more}"
    refused: Counter[str] = Counter()
    for reader in fleet.readers:
        refused.update(reader.refused)
    yield f"refused: {refused.total() or 'none'}"
    for reason, count in refused.most_common():
        yield f"  {reason}: {count}"


async def ask(engine: Engine, names: Collection[str]) -> FleetState:
    """Ask the engine and the readers.

    Args:
        engine: connected.
        names: of the meters in the file.

    Raises:
        EngineError: the engine does not answer, or is not set up.
    """
    readers: dict[str, ReaderState] = {}

    async def take(message: Message) -> None:
        with suppress(AttributeError, KeyError, OverflowError, TypeError, ValueError):
            reader = ReaderState.of(json.loads(message.data))
            readers[reader.name] = reader

    count = await set_up.partitions(engine)
    inbox = await engine.inbox(take)
    await engine.publish(subjects.INQUIRY, reply=inbox.subject)
    infos = [await set_up.consumer_info(engine, number) for number in range(count)]
    await asyncio.sleep(ANSWER_SECONDS)
    await inbox.close()
    partitions = list(map(_partition, infos))
    return FleetState(partitions, [readers[name] for name in sorted(readers)], len(names))


def _partition(info: Mapping[str, Any]) -> PartitionState:
    waiting = info.get("num_pending", 0) + info.get("num_ack_pending", 0)
    groups = info.get("priority_groups") or []
    return PartitionState(waiting, any(group.get("pinned_client_id") for group in groups))


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
