"""The command ``replay``: a recording as if the meter sent it now."""

import argparse
import math
import sys
from collections.abc import Mapping
from typing import Final

from app import log
from app.commands import meter_options, reading
from app.config.timezone import local_zone
from app.dlms.ciphering import Keys
from app.meters.profile import Profile
from app.recordings import player
from app.transport import capture
from app.transport.capture import STANDARD_INPUT, CaptureError

DESCRIPTION: Final = (
    "Feeds a recording to the program that run is, with its checks of telegrams, and prints one"
    " JSON object a line for each reading; what the log says goes to standard error. Exit status: 0"
    " when there was at least one reading and nothing failed, 1 when anything failed or was not"
    " accepted, 2 for wrong usage."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "capture",
        nargs="?",
        default=STANDARD_INPUT,
        metavar="FILE",
        help="what decode takes; - for standard input (default)",
    )
    parser.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="X",
        help="how many times as fast as it was (default: 1); 0 for at once. The readings are the"
        " same, as the recording's time is the clock",
    )
    parser.add_argument(
        "--publish",
        action="store_true",
        help="also to the broker of --options, where Home Assistant takes it for the meter; at"
        " speed 0 only the newest reading may arrive",
    )
    meter_options.add_arguments(parser)
    reading.add_arguments(parser)


def main(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    """Run the command; give the exit status."""
    return reading.run(parser, given, _replay)


def _replay(
    parser: argparse.ArgumentParser,
    given: argparse.Namespace,
    keys: Keys,
    profiles: Mapping[str, Profile],
) -> int:
    options = meter_options.load(parser, given, keys, profiles)
    if given.publish and not given.options:
        parser.error("--publish needs --options, which name the broker")
    try:
        captured = capture.read(given.capture)
    except CaptureError as error:
        parser.error(str(error))
    redactor = log.setup(options.log_level, options.secrets(), sys.stderr)
    return player.replay(
        captured,
        options,
        profiles,
        local_zone(),
        sys.stdout,
        name=capture.name_of(given.capture),
        speed=given.speed,
        redactor=redactor if given.publish else None,
    )


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 <= speed < math.inf:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return speed
