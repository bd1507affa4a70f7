"""The arguments of ``record`` and ``replay``, and what each of them wires together."""

import argparse
import asyncio
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

from app import log
from app.anonymous import Anonymiser
from app.config import options as config
from app.config.options import MeterOptions, Options, OptionsError
from app.config.timezone import local_zone
from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.meters import profile_files
from app.meters.profile import AUTO, Profile
from app.recordings import recorder
from app.recordings.recorder import Wanted
from app.transport import capture, recording
from app.transport.capture import CaptureError
from app.transport.recording_source import RecordingSource
from app.transport.source import Source, source_for

_STANDARD: Final = "-"
_DEVICES: Final = "/dev/"
"""Where an adapter may still be plugged in."""


class Subparsers(NamedTuple):
    """The parsers of both commands."""

    record: argparse.ArgumentParser
    replay: argparse.ArgumentParser


def add_to(commands: "argparse._SubParsersAction[Any]") -> Subparsers:
    """Add both commands with the arguments that are theirs alone."""
    to_record = commands.add_parser(
        "record",
        help="record what comes over a meter's line, anonymous if you like",
        description="Records what comes over a line as text that people can read, cut and post, and"
        " tells on standard error what it sees. Exit status: 0 when at least one telegram was"
        " recorded, 1 when none was, 2 for wrong usage. No key is ever written.",
    )
    to_record.add_argument(
        "line",
        nargs="?",
        metavar="LINE",
        help="a serial device like /dev/ttyUSB0, or tcp://host:port; or a file that decode takes,"
        " - for standard input, to make a copy of it, such as an anonymous one (default: the line"
        " of --options, else the only serial adapter)",
    )
    to_record.add_argument(
        "-o",
        "--output",
        default=_STANDARD,
        metavar="FILE",
        help="a new file for the recording; - for standard output (default)",
    )
    to_record.add_argument(
        "--telegrams", type=_at_least_one, metavar="N", help="end by itself after N telegrams"
    )
    to_record.add_argument(
        "--anonymous",
        action="store_true",
        help="replace the numbers of the meter and of those behind it, its system title and texts"
        " by made-up ones, and leave out what is not understood; values and times stay. Telegrams"
        " that are ciphered need the key, and are ciphered anew with a made-up key, which is"
        " printed. It is written at the end",
    )
    to_replay = commands.add_parser(
        "replay",
        help="feed a recording to the whole program, as if the meter sent it now",
        description="Feeds a recording to the program that run is, with its checks of telegrams,"
        " and prints one JSON object a line for each reading; what the log says goes to standard"
        " error. Exit status: 0 when there was at least one reading and nothing failed, 1 when"
        " anything failed or was not accepted, 2 for wrong usage.",
    )
    to_replay.add_argument(
        "capture",
        nargs="?",
        default=_STANDARD,
        metavar="FILE",
        help="what decode takes; - for standard input (default)",
    )
    to_replay.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="X",
        help="how many times as fast as it was (default: 1); 0 for at once. The readings are the"
        " same, as the recording's time is the clock",
    )
    to_replay.add_argument(
        "--publish",
        action="store_true",
        help="also to the broker of --options, where Home Assistant takes it for the meter; at"
        " speed 0 only the newest reading may arrive",
    )
    for command in (to_record, to_replay):
        command.add_argument(
            "--options",
            type=Path,
            metavar="FILE",
            help="the options that run takes, for the meter's type, keys and line",
        )
        command.add_argument(
            "--meter",
            type=_at_least_one,
            default=1,
            metavar="N",
            help="which meter of --options (default: 1, the one that is not under"
            " additional_meters)",
        )
    return Subparsers(to_record, to_replay)


def profiles_folder(given: argparse.Namespace) -> Path | None:
    """Give the folder of the user's own profiles beside the options, if a command has these."""
    options: Path | None = getattr(given, "options", None)
    return options.parent / profile_files.OWN_FOLDER if options else None


def record(
    parser: argparse.ArgumentParser,
    given: argparse.Namespace,
    keys: Keys,
    profiles: Mapping[str, Profile],
) -> int:
    """Run ``record``; give the exit status."""
    meter = _options(parser, given, keys, profiles).meters[0]
    clock: Callable[[], float] = time.monotonic
    begun: Callable[[], datetime] = partial(datetime.now, local_zone())
    source: Source
    try:
        if given.line == _STANDARD or (given.line and _is_file(given.line)):
            copied = capture.read(given.line)
            source = copy = RecordingSource(copied.recording, name=_name(given.line))
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

    if given.output == _STANDARD:
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


def replay(
    parser: argparse.ArgumentParser,
    given: argparse.Namespace,
    keys: Keys,
    profiles: Mapping[str, Profile],
) -> int:
    """Run ``replay``; give the exit status."""
    from app.recordings import player  # noqa: PLC0415 - the other commands need no broker

    options = _options(parser, given, keys, profiles)
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
        name=_name(given.capture),
        speed=given.speed,
        redactor=redactor if given.publish else None,
    )


def _options(
    parser: argparse.ArgumentParser,
    given: argparse.Namespace,
    keys: Keys,
    profiles: Mapping[str, Profile],
) -> Options:
    """Give the options with the one meter that is meant; what stands in arguments wins."""
    options = Options((MeterOptions(),))
    if given.options:
        try:
            # `run` takes all from the environment where there is no file; here one is named.
            variables = os.environ if given.options.exists() else None
            options = config.load(given.options, (AUTO, *profiles), variables)
        except OptionsError as error:
            parser.error("; ".join(error.problems))
    if given.meter > len(options.meters):
        parser.error(f"--meter {given.meter}: the options name {len(options.meters)} only")
    meter = options.meters[given.meter - 1]
    meter = replace(
        meter,
        keys=Keys(
            keys.encryption or meter.keys.encryption,
            keys.authentication or meter.keys.authentication,
        ),
        meter_type=meter.meter_type if given.meter_type == AUTO else given.meter_type,
        serial_mode=getattr(given, "serial_mode", None) or meter.serial_mode,
    )
    return replace(options, meters=(meter,))


def _name(capture: str) -> str:
    return "of standard input" if capture == _STANDARD else capture


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 <= speed < math.inf:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return speed
