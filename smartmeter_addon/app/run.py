"""The command ``run``: wires the rooms together and keeps them running until it is told to stop.

Each meter has a task of its own that reads its line, another that keeps watch over it; all hand
their readings to the one publisher.
"""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from app import __version__, log, supervisor
from app.line import REMIND_AFTER, LineReader
from app.log import NOTICE, Redactor
from app.meters import profile
from app.meters.profile import AUTO, Profile
from app.mqtt.publisher import BrokerState, Connected, Publisher
from app.options import MeterOptions, MqttOptions, Options, OptionsError, load
from app.state import State
from app.zone import local_zone

PROFILES_FOLDER: Final = "profiles"
"""Beside the options file: profiles that the user wrote."""

STATE_FILE: Final = "state.json"
"""Beside the options file: what is to be known again after a restart."""

SUPERVISOR_URL: Final = "http://supervisor"

HEARTBEAT: Final = Path("/tmp/smartmeter.alive")  # noqa: S108 - the container's health check reads it
HEARTBEAT_INTERVAL: Final = 10.0

_logger: Final = logging.getLogger(__name__)


def run(options_file: Path) -> int:
    """Run until SIGTERM or SIGINT.

    Returns:
        The exit status: 0 after a signal, 1 when the options cannot be used.
    """
    log.setup("info")
    try:
        profiles = profile.load(options_file.parent / PROFILES_FOLDER)
        options = load(options_file, (AUTO, *profiles))
    except (OptionsError, profile.ProfileError) as error:
        for problem in error.problems if isinstance(error, OptionsError) else (error,):
            _logger.critical("%s", problem)
        _logger.critical("nothing was started; correct the options and start again")
        return 1
    redactor = log.setup(options.log_level, options.secrets())
    redactor.hide(os.environ.get("SUPERVISOR_TOKEN", ""))
    log.log_crashes()
    state = State(options_file.parent / STATE_FILE)
    asyncio.run(serve(options, profiles, state, os.environ, redactor))
    return 0


async def serve(
    options: Options,
    profiles: Mapping[str, Profile],
    state: State,
    environment: Mapping[str, str],
    redactor: Redactor,
) -> None:
    """Read every meter and publish what it says until a signal to stop comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    _logger.info("smart meter reader %s", __version__)

    async def find_broker() -> MqttOptions:
        return await _find_broker(options.mqtt, environment, redactor)

    publisher = Publisher(
        find_broker=find_broker,
        base_topic=options.mqtt.base_topic,
        discovery_prefix=options.mqtt.discovery_prefix,
        language=options.language,
        version=__version__,
        on_state=_BrokerLog(),
    )
    zone = local_zone()
    several = len(options.meters) > 1
    readers = [
        LineReader(
            meter, profiles, zone, publisher, state, label=_label(meter, n) if several else ""
        )
        for n, meter in enumerate(options.meters, 1)
    ]
    async with asyncio.TaskGroup() as group:
        publishing = group.create_task(publisher.run())
        others = [
            group.create_task(task) for task in (_beat(), *(reader.run() for reader in readers))
        ]
        await stop.wait()
        _logger.info("stopping")
        for task in others:
            task.cancel()
        for reader in readers:
            reader.publish_held()
            reader.keep()
        await asyncio.wait(others)
        publishing.cancel()
    _logger.info("stopped")


def _label(meter: MeterOptions, number: int) -> str:
    return meter.name or meter.url or meter.device or f"meter {number}"


async def _find_broker(
    wanted: MqttOptions, environment: Mapping[str, str], redactor: Redactor
) -> MqttOptions:
    """Give the broker of the options, or the one that the Supervisor knows."""
    if wanted.host:
        return wanted
    service = await supervisor.mqtt_service(
        environment.get("SUPERVISOR_URL", SUPERVISOR_URL), environment.get("SUPERVISOR_TOKEN")
    )
    if service.password:
        redactor.hide(service.password)
    return replace(
        wanted,
        host=service.host,
        port=service.port,
        username=wanted.username or service.username,
        password=wanted.password or service.password,
        tls=wanted.tls or service.ssl,
    )


class _BrokerLog:
    """Tells of the broker: at once what is new, and from time to time what lasts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: str | None = None
        self._told_at = 0.0

    def __call__(self, state: BrokerState) -> None:
        """Take the news of a connection made or of an attempt that failed."""
        now = self._clock()
        if isinstance(state, Connected):
            self._told = None
            _logger.log(NOTICE, "connected to the MQTT broker %s:%d", state.host, state.port)
        elif state.reason != self._told:
            self._told, self._told_at = state.reason, now
            _logger.warning("%s (next attempt in %.0f s)", state.reason, state.retry_in)
        elif now - self._told_at > REMIND_AFTER:
            self._told_at = now
            _logger.warning("still: %s (next attempt in %.0f s)", state.reason, state.retry_in)


async def _beat() -> None:
    """Touch the file whose age tells the container's health check that the loop is alive."""
    while True:
        with contextlib.suppress(OSError):
            HEARTBEAT.touch()
        await asyncio.sleep(HEARTBEAT_INTERVAL)
