"""The command ``fleet``: wires a reader, and keeps it running until it is told to stop."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TextIO

from app import __version__, log
from app.config.options import OptionsError
from app.config.timezone import local_zone
from app.config.tls import TlsFileError
from app.fleet import meters_file, options, set_up, status
from app.fleet.engine import Engine, EngineError
from app.fleet.home_assistant import HomeAssistant
from app.fleet.meter_line import Meters
from app.fleet.meters_file import FleetMeter
from app.fleet.options import FleetOptions
from app.fleet.reader import Reader
from app.fleet.tally import Tally
from app.language.counting import counted
from app.line.lasting import beat
from app.meters import profile_files
from app.meters.profile import AUTO, Profile
from app.meters.profile_files import OWN_FOLDER
from app.sd_notify import Notifier

SET_UP_RETRY: Final = 5.0
"""Seconds after which it is asked again whether the engine is set up."""

_logger: Final = logging.getLogger(__name__)


def fleet(options_file: Path, environment: Mapping[str, str]) -> int:
    """Read until SIGTERM or SIGINT.

    Args:
        options_file: options in JSON.
        environment: tells where own profiles are, and the time zone.

    Returns:
        The exit status: 0 after a signal, 1 when the options cannot be used.
    """

    async def work(loaded: FleetOptions) -> int:
        beating = asyncio.create_task(beat(Notifier()))
        try:
            return await _read(loaded, _profiles(options_file, environment), environment)
        finally:
            beating.cancel()

    return _with_options(options_file, work)


def set_up_fleet(options_file: Path) -> int:
    """Make streams and consumers.

    Returns:
        The exit status: 0 when all is as it is wanted, 1 when it is not.
    """

    async def work(loaded: FleetOptions) -> int:
        engine = await Engine.connect(loaded.engine, "smartmeter fleet setup")
        try:
            changed = await set_up.set_up(engine, loaded)
        finally:
            await engine.close()
        _logger.info("the engine is set up" if changed else "the engine was set up already")
        return 0

    return _with_options(options_file, work)


def show_fleet(options_file: Path, environment: Mapping[str, str], output: TextIO) -> int:
    """Show how the fleet is doing.

    Args:
        options_file: options in JSON.
        environment: tells where own profiles are.
        output: takes the lines.

    Returns:
        The exit status: 0 when all is well, 1 when it is not, or nobody can tell.
    """

    async def work(loaded: FleetOptions) -> int:
        known = meters_file.load(loaded.meters, (AUTO, *_profiles(options_file, environment)))
        engine = await Engine.connect(loaded.engine, "smartmeter fleet status")
        try:
            fleet_state = await status.ask(engine, known.keys())
        finally:
            await engine.close()
        output.writelines(f"{line}\n" for line in status.lines(fleet_state))
        return 0 if fleet_state.is_well else 1

    return _with_options(options_file, work, sys.stderr)


def _profiles(options_file: Path, environment: Mapping[str, str]) -> dict[str, Profile]:
    beside = options_file.parent / OWN_FOLDER
    return dict(profile_files.load(profile_files.own_folder(environment) or beside))


def _with_options(
    options_file: Path,
    work: Callable[[FleetOptions], Coroutine[Any, Any, int]],
    log_stream: TextIO = sys.stdout,
) -> int:
    """Load the options and do something with them; say what is wrong, and give 1 then."""
    log.setup("info", stream=log_stream)
    try:
        loaded = options.load(options_file)
        log.setup(loaded.log_level, loaded.secrets(), log_stream)
        log.log_crashes()
        return asyncio.run(work(loaded))
    except OptionsError as error:
        for problem in error.problems:
            _logger.critical("%s", problem)
    except (EngineError, TlsFileError, profile_files.ProfileError) as error:
        _logger.critical("%s", error)
    return 1


async def _read(
    loaded: FleetOptions,
    profiles: Mapping[str, Profile],
    environment: Mapping[str, str],
) -> int:
    """Read until a signal to stop comes; SIGHUP reads the file of meters again."""
    types = (AUTO, *profiles)
    known = _known(loaded, types)
    tally = Tally()
    home_assistant = HomeAssistant(loaded)
    meters = Meters(known, profiles, local_zone(environment), tally, home_assistant)
    reader: Reader | None = None
    stop = asyncio.Event()

    def read_again() -> None:
        try:
            newly = _known(loaded, types)
        except OptionsError as error:
            for problem in (*error.problems, "the meters stay as they were"):
                _logger.error("%s", problem)  # noqa: TRY400 - where it was raised tells nothing
            return
        changed = meters.replace(newly)
        if reader:
            reader.outdate(changed)
        _logger.info("the file of meters is read again: %s changed", counted(len(changed), "meter"))

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # Also while there is no engine yet: without a handler, the signal ends the program.
    loop.add_signal_handler(signal.SIGHUP, read_again)
    _logger.info("smart meter reader %s, for %s", __version__, counted(len(known), "meter"))
    engine = await _connected(loaded, stop)
    if engine is None:
        _logger.info("stopping")
        return 0
    try:
        partitions = await _partitions(engine, stop)
        if partitions is None:
            return 0
        await engine.listen(home_assistant.subject, home_assistant.hear)
        reader = Reader(engine, partitions, meters, tally, loaded.silent_after)
        await reader.run(stop)
    finally:
        _logger.info("stopping")
        await engine.close()
    return 0


def _known(loaded: FleetOptions, types: Collection[str]) -> dict[str, FleetMeter]:
    """Read the file of meters, and tell of what is doubtful there.

    Raises:
        OptionsError: it cannot be used.
    """
    meters = meters_file.load(loaded.meters, types)
    for doubt in meters_file.doubts(meters):
        _logger.warning("%s", doubt)
    return meters


async def _connected(loaded: FleetOptions, stop: asyncio.Event) -> Engine | None:
    """Wait for a server for as long as it takes; None when stopped before."""
    connecting = asyncio.create_task(
        Engine.connect(loaded.engine, "smartmeter fleet", patient=True)
    )
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if connecting.done():
        return connecting.result()
    connecting.cancel()
    return None


async def _partitions(engine: Engine, stop: asyncio.Event) -> int | None:
    """Wait until the engine is set up, and ask how many partitions it has; None when stopped."""
    told = ""
    while not stop.is_set():
        try:
            return await set_up.partitions(engine)
        except EngineError as error:
            if str(error) != told:
                told = str(error)
                _logger.warning("%s; waiting", error)
        with suppress(TimeoutError):
            async with asyncio.timeout(SET_UP_RETRY):
                await stop.wait()
    return None
