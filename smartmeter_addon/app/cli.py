"""The program's commands and their arguments."""

import argparse
import asyncio
import errno
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from app import __version__
from app.config import environment
from app.config.timezone import local_zone
from app.configure import flags
from app.configure.languages import languages
from app.decode import decode
from app.decoder import Decoder
from app.dlms.ciphering import Keys, parse_key
from app.listen import listen
from app.meters import profile_files
from app.meters.profile import AUTO, Profile
from app.meters.profile_files import OWN_FOLDER
from app.recordings import commands
from app.status import show
from app.transport import capture
from app.transport.capture import CaptureError
from app.transport.recording_source import RecordingSource
from app.transport.serial_mode import SerialMode
from app.transport.source import Source, source_for

OPTIONS_FILE: Final = Path("/data/options.json")
KEY_VARIABLE: Final = "SMARTMETER_KEY"
AUTH_KEY_VARIABLE: Final = "SMARTMETER_AUTH_KEY"
PROGRAM_VARIABLE: Final = "SMARTMETER_PROGRAM"
"""Names the command by which the program was called, for its help."""

_OUTPUT_ERRORS: Final = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Of standard output that takes no more."""

_COMMANDS: Final = ("run", "configure", "decode", "listen", "record", "replay", "status")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, ``run`` when they name none.

    Returns:
        The exit status: 0 for success, 1 for failure, 2 for wrong usage.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0] not in _COMMANDS and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "run")
    parser = _parser()
    options = parser.parse_args(given)
    if options.command == "run":
        from app.run import run  # noqa: PLC0415 - the others need no broker

        return run(options.options)
    if options.command == "configure":
        from app.configure.command import configure  # noqa: PLC0415 - the same

        return configure(options, parser.prog)
    if options.command == "status":
        return show(sys.stdout, sys.stderr, datetime.now(UTC))
    if options.profiles and not options.profiles.is_dir():
        parser.error(f"--profiles {options.profiles}: there is no such folder")
    try:
        profiles = profile_files.load(options.profiles or commands.profiles_folder(options))
    except profile_files.ProfileError as error:
        parser.error(str(error))
    if options.meter_type not in (AUTO, *profiles):
        parser.error(
            f"--meter-type {options.meter_type}: choose one of {', '.join((AUTO, *profiles))}"
        )
    command = {
        "decode": _decode,
        "listen": _listen,
        "record": commands.record,
        "replay": commands.replay,
    }
    keys = _keys(parser, options)
    try:
        status = command[options.command](parser, options, keys, profiles)
        sys.stdout.flush()
    except (OSError, ExceptionGroup) as error:
        return _output_failed(error)
    return status


def _output_failed(error: OSError | ExceptionGroup[Exception]) -> int:
    """Say why standard output takes no more; give the exit status.

    Raises:
        OSError, ExceptionGroup: the error has another cause.
    """
    cause: BaseException = error
    while isinstance(cause, ExceptionGroup):
        cause = cause.exceptions[0]
    if not isinstance(cause, OSError) or cause.errno not in _OUTPUT_ERRORS or cause.filename:
        raise error
    if not isinstance(cause, BrokenPipeError):  # whoever reads has enough of it, like head
        reason = (cause.strerror or "unknown error").lower()
        sys.stderr.write(f"the output cannot be written: {reason}\n")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _decode(
    parser: argparse.ArgumentParser,
    options: argparse.Namespace,
    keys: Keys,
    profiles: Mapping[str, Profile],
) -> int:
    try:
        recording = capture.read(options.capture).recording
    except CaptureError as error:
        parser.error(str(error))
    decoder = Decoder(keys, profiles, local_zone(), options.meter_type)
    return decode(recording, decoder, sys.stdout, sys.stderr)


def _listen(
    parser: argparse.ArgumentParser,
    options: argparse.Namespace,
    keys: Keys,
    profiles: Mapping[str, Profile],
) -> int:
    try:
        source = _source(options, profiles)
    except CaptureError as error:
        parser.error(str(error))
    except ValueError as error:
        parser.error(f"{options.line}: {error}")
    decoder = Decoder(keys, profiles, local_zone(), options.meter_type)
    return asyncio.run(
        listen(source, decoder, sys.stdout, line=options.line, seconds=options.seconds)
    )


def _source(options: argparse.Namespace, profiles: Mapping[str, Profile]) -> Source:
    """Give the source that LINE names.

    Raises:
        ValueError: it is neither a file nor a line.
        CaptureError: it is a file that cannot be read.
    """
    if os.path.isfile(options.line):  # noqa: PTH113 - Path.is_file fails on a name that is too long
        return RecordingSource(capture.read(options.line).recording, name=options.line)
    family = profiles.get(options.meter_type)
    usual = family.serial_modes if family else ()
    return source_for(options.line, mode=options.serial_mode, usual=usual)


def _keys(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Keys:
    return Keys(
        _key(parser, options.key, "--key", KEY_VARIABLE),
        _key(parser, options.auth_key, "--auth-key", AUTH_KEY_VARIABLE),
    )


def _key(
    parser: argparse.ArgumentParser, given: str | None, argument: str, variable: str
) -> bytes | None:
    try:
        text = environment.text(variable, os.environ) if given is None else given
    except ValueError as error:
        parser.error(str(error))
    if not text:
        return None
    try:
        return parse_key(text)
    except ValueError as error:
        parser.error(f"{argument if given is not None else variable}: {error}")


class _Parser(argparse.ArgumentParser):
    """Never repeats what was given: a key behind a misspelt argument would be on the screen."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the usage, and end."""
        if message.startswith("unrecognized arguments"):
            message = "there are arguments that this command does not know; see --help"
        super().error(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=os.environ.get(PROGRAM_VARIABLE) or "python3 -m app",
        description="Reads a smart meter's customer interface and publishes its readings to MQTT"
        " for Home Assistant.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = subparsers.add_parser(
        "run",
        help="read the meters and publish what they say, for ever (the default)",
        description="Reads the meters and publishes what they say until SIGTERM or SIGINT.",
    )
    run.add_argument(
        "--options",
        type=Path,
        default=OPTIONS_FILE,
        metavar="FILE",
        help="the options in JSON (default: %(default)s, where the Supervisor writes them)",
    )

    flags.add_arguments(
        subparsers.add_parser(
            "configure",
            allow_abbrev=False,  # --key is no beginning of --key-file: a key would follow it
            help="set the program up: try meter, key and broker, and write the options",
            description="Asks for the options in a terminal, tries each of them, and writes them at"
            " the end. What is given here is not asked for; with all given, nothing is. Keys and"
            " passwords come from files or the environment, as other users see arguments. Exit"
            " status: 0 when the options were written, 1 when something was tried in vain, 2 for"
            " wrong usage or a missing answer, 130 after Ctrl-C.",
        ),
        languages(),
    )

    decode = subparsers.add_parser(
        "decode",
        help="show what a recorded telegram says",
        description="Decodes a capture and prints one JSON object a line for each telegram. What"
        " cannot be decoded is told on standard error. Exit status: 0 when at least one telegram"
        " was decoded and nothing failed, 1 when anything failed, 2 for wrong usage.",
    )
    decode.add_argument(
        "capture",
        nargs="?",
        default="-",
        metavar="FILE",
        help="a recording, lines of the app's log, pasted hex digits, or the bytes as they are; -"
        " for standard input (default)",
    )
    listen = subparsers.add_parser(
        "listen",
        help="show live what is on a meter's line, or what was recorded of it",
        description="Shows what comes over a line, telegram by telegram, and ends with a block to"
        " paste into a bug report, without keys, values and full meter numbers.",
    )
    listen.add_argument(
        "line",
        metavar="LINE",
        help="a serial device like /dev/ttyUSB0, or tcp://host:port; or a file that decode takes,"
        " such as a recording, which is shown to its end",
    )
    record, replay = commands.add_to(subparsers)

    subparsers.add_parser(
        "status",
        help="show how the running service is doing",
        description="Shows what the running service wrote last, some seconds ago. Exit status: 0"
        " when it runs and nothing is wrong, 1 otherwise.",
    )

    for command in (listen, record):
        command.add_argument(
            "--serial-mode",
            type=_serial_mode,
            metavar="MODE",
            help="like '2400 8E1' (default: the meter type's or the usual ones, one after the"
            " other)",
        )
        command.add_argument(
            "--seconds", type=flags.seconds, metavar="N", help="end by itself after N seconds"
        )
    for command in (decode, listen, record, replay):
        command.add_argument(
            "--meter-type",
            default=AUTO,
            metavar="TYPE",
            help=f"one of {', '.join(profile_files.shipped_types())}, or auto (default): found by"
            " looking",
        )
        command.add_argument(
            "--key",
            metavar="HEX",
            help=f"encryption key (GUEK); better given in the environment as {KEY_VARIABLE}, where"
            " other users of the machine do not see it",
        )
        command.add_argument(
            "--auth-key",
            metavar="HEX",
            help=f"authentication key (GAK), to check tags; or {AUTH_KEY_VARIABLE}",
        )
        command.add_argument(
            "--profiles",
            type=Path,
            default=_own_profiles(),
            metavar="FOLDER",
            help="profiles of your own (see DOCS.md)",
        )
    return parser


def _own_profiles() -> Path | None:
    """Give the service's folder of profiles, where there is one."""
    folder = os.environ.get("CONFIGURATION_DIRECTORY", "").partition(":")[0]
    profiles = Path(folder) / OWN_FOLDER
    return profiles if folder and profiles.is_dir() else None


def _serial_mode(text: str) -> SerialMode:
    try:
        return SerialMode.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
