"""The command ``record``: what comes over a meter's line, kept as text."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, TextIO

from app.anonymous import Anonymiser
from app.commands import meter_options, reading
from app.commands.meter_options import at_least_one
from app.config.timezone import local_zone
from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.meters.profile import Profile
from app.recordings import recorder
from app.recordings.recorder import Wanted
from app.transport import capture, recording
from app.transport.capture import STANDARD_INPUT, CaptureError
from app.transport.recording_source import RecordingSource
from app.transport.source import Source, source_for

DESCRIPTION: Final = (
    "Records what comes over a line as text that people can read, cut and post, and tells on"
    " standard error what it sees. Exit status: 0 when at least one telegram was recorded, 1 when"
    " none was, 2 for wrong usage. No key is ever written."
)

_STANDARD_OUTPUT: Final = "-"

_DEVICES: Final = "/dev/"
"""Where an adapter may still be plugged in."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "line",
        nargs="?",
        metavar="LINE",
        help="a serial device like /dev/ttyUSB0, or tcp://host:port; or a file that decode takes,"
        " - for standard input, to make a copy of it, such as an anonymous one (default: the line"
        " of --options, else the only serial adapter)",
    )
    parser.add_argument(
        "-o",
        "--output",
        default=_STANDARD_OUTPUT,
        metavar="FILE",
        help="a new file for the recording; - for standard output (default)",
    )
    parser.add_argument(
        "--telegrams", type=at_least_one, metavar="N", help="end by itself after N telegrams"
    )
    parser.add_argument(
        "--anonymous",
        action="store_true",
        help="replace the numbers of the meter and of those behind it, its system title and texts"
        " by made-up ones, and leave out what is not understood; values and times stay. Telegrams"
        " that are ciphered need the key, and are ciphered anew with a made-up key, which is"
        " printed. It is written at the end",
    )
    meter_options.add_arguments(parser)
    reading.add_line_arguments(parser)
    reading.add_arguments(parser)


def main(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    """Run the command; give the exit status."""
    return reading.run(parser, given, _record)


def _record(
    parser: argparse.ArgumentParser,
    given: argparse.Namespace,
    keys: Keys,
    profiles: Mapping[str, Profile],
) -> int:
    meter = meter_options.load(parser, given, keys, profiles).meters[0]
    clock: Callable[[], float] = time.monotonic
    begun: Callable[[], datetime] = partial(datetime.now, local_zone())
    source: Source
    try:
        if given.line == STANDARD_INPUT or (given.line and _is_file(given.line)):
            copied = capture.read(given.line)
            source = copy = RecordingSource(copied.recording, name=capture.name_of(given.line))
            clock, begun = copy.clock, partial(copied.begun_at, local_zone())
        else:
            family = profiles.get(meter.meter_type)
            target = _path(given.line) if given.line else meter.url or meter.device
            usual = family.serial_modes if family else ()
            source = source_for(target, mode=meter.serial_mode, usual=usual)
    except CaptureError as error:
        parser.error(str(error))
    except ValueError as error:
        parser.error(f"{given.line}: {error}")
    decoder = Decoder(meter.keys, profiles, local_zone(), meter.meter_type)
    anonymiser = Anonymiser(meter.keys, profiles, meter.meter_type) if given.anonymous else None
    wanted = Wanted(given.seconds, given.telegrams, anonymiser)

    def into(out: TextIO) -> int:
        return asyncio.run(
            recorder.record(source, decoder, wanted, out, sys.stderr, clock=clock, begun=begun)
        )

    if given.output == _STANDARD_OUTPUT:
        return into(sys.stdout)
    return _into_file(parser, Path(given.output), into)


def _is_file(name: str) -> bool:
    """Tell a file from the name of a line.

    Raises:
        CaptureError: it is neither.
    """
    # Those of `Path` fail on a name that is too long.
    if os.path.isdir(name):  # noqa: PTH112
        raise CaptureError(f"{name} is a folder; name a file in it, or a device like /dev/ttyUSB0")
    may_come = "://" in name or name.startswith(_DEVICES)
    if not may_come and not os.path.exists(name):  # noqa: PTH110
        raise CaptureError(
            f"there is no file or device {name}; look at the spelling, a gateway is written like"
            " tcp://192.168.1.20:2000"
        )
    return os.path.isfile(name)  # noqa: PTH113


def _path(line: str) -> str:
    """Give a line's name, that of a device in the folder of the user from the root on."""
    return str(Path(line).absolute()) if os.path.exists(line) else line  # noqa: PTH110


def _into_file(parser: argparse.ArgumentParser, path: Path, into: Callable[[TextIO], int]) -> int:
    """Record into a new file; one that holds no bytes is taken away again."""
    try:
        with path.open("x", encoding="ascii", newline="\n") as file:
            status = into(file)
    except FileExistsError:
        parser.error(f"{path} is there already; choose another name for the recording")
    except OSError as error:
        parser.error(f"{path} cannot be written: {(error.strerror or str(error)).lower()}")
    if status and not recording.read(path.read_bytes()):
        path.unlink()
    return status
