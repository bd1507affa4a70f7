"""The command ``listen``: what is on a meter's line, live."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Final

from app.commands import reading
from app.config.timezone import local_zone
from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.listen import listen
from app.meters.profile import Profile
from app.transport import capture
from app.transport.capture import CaptureError
from app.transport.recording_source import RecordingSource
from app.transport.source import Source, source_for

DESCRIPTION: Final = (
    "Shows what comes over a line, telegram by telegram, and ends with a block to paste into a bug"
    " report, without keys, values and full meter numbers."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "line",
        metavar="LINE",
        help="a serial device like /dev/ttyUSB0, or tcp://host:port; or a file that decode takes,"
        " such as a recording, which is shown to its end",
    )
    reading.add_line_arguments(parser)
    reading.add_arguments(parser)


def main(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    """Run the command; give the exit status."""
    return reading.run(parser, given, _listen)


def _listen(
    parser: argparse.ArgumentParser,
    given: argparse.Namespace,
    keys: Keys,
    profiles: Mapping[str, Profile],
) -> int:
    try:
        source = _source(given, profiles)
    except CaptureError as error:
        parser.error(str(error))
    except ValueError as error:
        parser.error(f"{given.line}: {error}")
    decoder = Decoder(keys, profiles, local_zone(), given.meter_type)
    return asyncio.run(listen(source, decoder, sys.stdout, line=given.line, seconds=given.seconds))


def _source(given: argparse.Namespace, profiles: Mapping[str, Profile]) -> Source:
    """Give the source that LINE names.

    Raises:
        ValueError: it is neither a file nor a line.
        CaptureError: it is a file that cannot be read.
    """
    if os.path.isfile(given.line):  # noqa: PTH113 - Path.is_file fails on a name that is too long
        return RecordingSource(capture.read(given.line).recording, name=given.line)
    family = profiles.get(given.meter_type)
    usual = family.serial_modes if family else ()
    return source_for(given.line, mode=given.serial_mode, usual=usual)
