"""The command ``decode``: what a recorded telegram says."""

import argparse
import sys
from collections.abc import Mapping
from typing import Final

from app.commands import reading
from app.config.timezone import local_zone
from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.meters.profile import Profile
from app.recordings.decode import decode
from app.transport import capture
from app.transport.capture import CaptureError

DESCRIPTION: Final = (
    "Decodes a capture and prints one JSON object a line for each telegram. What cannot be decoded"
    " is told on standard error. Exit status: 0 when at least one telegram was decoded and nothing"
    " failed, 1 when anything failed, 2 for wrong usage."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "capture",
        nargs="?",
        default="-",
        metavar="FILE",
        help="a recording, lines of the app's log, pasted hex digits, or the bytes as they are; -"
        " for standard input (default)",
    )
    reading.add_arguments(parser)


def main(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    """Run the command; give the exit status."""
    return reading.run(parser, given, _decode)


def _decode(
    parser: argparse.ArgumentParser,
    given: argparse.Namespace,
    keys: Keys,
    profiles: Mapping[str, Profile],
) -> int:
    try:
        recording = capture.read(given.capture).recording
    except CaptureError as error:
        parser.error(str(error))
    decoder = Decoder(keys, profiles, local_zone(), given.meter_type)
    return decode(recording, decoder, sys.stdout, sys.stderr)
