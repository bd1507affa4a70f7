"""The command ``run``: reads the options, opens the lines, and then loads the rest of the program.

A meter's next telegram is on its way meanwhile. That counts where loading takes long: on a small
computer it is a second or two.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TextIO

from app import log
from app.config import lines
from app.config.environment import unknown
from app.config.options import CONSOLE_CHOICES, Options, OptionsError, load, readable_by_all
from app.line.line_source import LineSource, source_of
from app.loading.collector import without_collector
from app.log import Redactor
from app.meters import profile_files
from app.meters.profile import AUTO, Profile
from app.meters.profile_files import OWN_FOLDER
from app.meters.sensors import SENSORS
from app.state import State
from app.transport.ahead import AheadSource

DESCRIPTION: Final = "Reads the meters and publishes what they say until SIGTERM or SIGINT."

OPTIONS_FILE: Final = Path("/data/options.json")

STATE_FILE: Final = "state.json"
"""What is to be known again after a restart: beside the options file, or in systemd's folder of
state."""

_logger: Final = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--options",
        type=Path,
        default=OPTIONS_FILE,
        metavar="FILE",
        help="the options in JSON (default: %(default)s, where the Supervisor writes them)",
    )


def main(_parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    """Run the command; give the exit status."""
    return run(given.options)


def run(options_file: Path, environment: Mapping[str, str] = os.environ) -> int:
    """Run until SIGTERM or SIGINT.

    Args:
        options_file: options in JSON; the state is kept beside it, or in STATE_DIRECTORY, as
            systemd names a service's. Own profiles are found by `profile_files.own_folder`, or
            beside it.
        environment: may hold options as well, see `config.environment`.

    Returns:
        The exit status: 0 after a signal, 1 when the options cannot be used.
    """
    log.setup("info")
    try:
        beside = options_file.parent / OWN_FOLDER
        with without_collector():
            profiles = profile_files.load(profile_files.own_folder(environment) or beside)
            types = (AUTO, *profiles)
            options = load(options_file, types, environment, reading_keys=SENSORS.keys())
    except (OptionsError, profile_files.ProfileError) as error:
        problems: Iterable[object] = (error,)
        what = f"this file in the folder {OWN_FOLDER}"
        if isinstance(error, OptionsError):
            problems, what = error.problems, "the options"
            log.setup("info", stream=_log_stream(console=error.console))
        for problem in problems:
            _logger.critical("%s", problem)
        _logger.critical("nothing was started; correct %s and start again", what)
        return 1
    stream = _log_stream(console=options.console != CONSOLE_CHOICES[0])
    redactor = log.setup(options.log_level, options.secrets(), stream)
    redactor.hide(environment.get("SUPERVISOR_TOKEN", ""))
    log.log_crashes()
    for doubt in options.doubts():
        _logger.warning("%s", doubt)
    if "SUPERVISOR_TOKEN" not in environment:  # else it is the Supervisor who wrote the file
        for warning in readable_by_all(options_file):
            _logger.warning("%s", warning)
    if not options_file.exists():
        _logger.info("there is no file of options %s; all come from the environment", options_file)
    for sentence in unknown(environment):
        _logger.warning("%s", sentence)
    state = State(_state_folder(environment, options_file) / STATE_FILE)
    asyncio.run(_serve(options, profiles, state, environment, redactor))
    return 0


def _log_stream(*, console: bool) -> TextIO:
    """Give the stream of the log; where readings are printed, standard output is theirs."""
    return sys.stderr if console else sys.stdout


def _state_folder(environment: Mapping[str, str], options_file: Path) -> Path:
    """Give the folder that systemd made for a service's state, else the one of the options file."""
    name = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(name) if name else options_file.parent


async def _serve(
    options: Options,
    profiles: Mapping[str, Profile],
    state: State,
    environment: Mapping[str, str],
    redactor: Redactor,
) -> None:
    """Open the lines, load the rest, and run it; see `run.serve`."""
    doubled = lines.doubled(options.meters)
    sources = {
        position: _opened(source_of(meter, profiles, state))
        for position, meter in enumerate(options.meters)
        if position not in doubled
    }
    await asyncio.sleep(0)  # in this turn of the event loop they are opened
    with without_collector():
        from app.run import serve  # noqa: PLC0415 - see the head of this module
    await serve(options, profiles, state, environment, redactor, sources=sources)


def _opened(line: LineSource) -> LineSource:
    ahead = AheadSource(line.source)
    ahead.open()
    return line._replace(source=ahead)
