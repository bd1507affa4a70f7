"""What the commands that read telegrams have in common: keys, profiles, and the output's end."""

import argparse
import errno
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from app.config import environment
from app.configure import flags
from app.dlms.ciphering import Keys, parse_key
from app.meters import profile_files
from app.meters.profile import AUTO, Profile
from app.meters.profile_files import OWN_FOLDER
from app.transport.serial_mode import SerialMode

KEY_VARIABLE: Final = "SMARTMETER_KEY"
AUTH_KEY_VARIABLE: Final = "SMARTMETER_AUTH_KEY"

_OUTPUT_ERRORS: Final = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Of standard output that takes no more."""

Command = Callable[[argparse.ArgumentParser, argparse.Namespace, Keys, Mapping[str, Profile]], int]
"""Runs a command with the keys and profiles that are meant; gives the exit status."""


def add_line_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of commands that read a line."""
    parser.add_argument(
        "--serial-mode",
        type=_serial_mode,
        metavar="MODE",
        help="like '2400 8E1' (default: the meter type's or the usual ones, one after the other)",
    )
    parser.add_argument(
        "--seconds", type=flags.seconds, metavar="N", help="end by itself after N seconds"
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of all of them."""
    parser.add_argument(
        "--meter-type",
        default=AUTO,
        metavar="TYPE",
        help=f"one of {', '.join(profile_files.shipped_types())}, or auto (default): found by"
        " looking",
    )
    parser.add_argument(
        "--key",
        metavar="HEX",
        help=f"encryption key (GUEK); better given in the environment as {KEY_VARIABLE}, where"
        " other users of the machine do not see it",
    )
    parser.add_argument(
        "--auth-key",
        metavar="HEX",
        help=f"authentication key (GAK), to check tags; or {AUTH_KEY_VARIABLE}",
    )
    parser.add_argument(
        "--profiles",
        type=Path,
        default=_own_profiles(),
        metavar="FOLDER",
        help="profiles of your own (see DOCS.md)",
    )


def run(parser: argparse.ArgumentParser, given: argparse.Namespace, command: Command) -> int:
    """Run one of them; give the exit status."""
    if given.profiles and not given.profiles.is_dir():
        parser.error(f"--profiles {given.profiles}: there is no such folder")
    try:
        profiles = profile_files.load(given.profiles or _profiles_beside_options(given))
    except profile_files.ProfileError as error:
        parser.error(str(error))
    if given.meter_type not in (AUTO, *profiles):
        parser.error(
            f"--meter-type {given.meter_type}: choose one of {', '.join((AUTO, *profiles))}"
        )
    keys = _keys(parser, given)
    try:
        status = command(parser, given, keys, profiles)
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


def _keys(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Keys:
    return Keys(
        _key(parser, given.key, "--key", KEY_VARIABLE),
        _key(parser, given.auth_key, "--auth-key", AUTH_KEY_VARIABLE),
    )


def _key(
    parser: argparse.ArgumentParser, value: str | None, argument: str, variable: str
) -> bytes | None:
    try:
        text = environment.text(variable, os.environ) if value is None else value
    except ValueError as error:
        parser.error(str(error))
    if not text:
        return None
    try:
        return parse_key(text)
    except ValueError as error:
        parser.error(f"{argument if value is not None else variable}: {error}")


def _profiles_beside_options(given: argparse.Namespace) -> Path | None:
    """Give the folder of the user's own profiles beside the options, if a command has these."""
    options: Path | None = getattr(given, "options", None)
    return options.parent / OWN_FOLDER if options else None


def _own_profiles() -> Path | None:
    """Give the service's or the app's folder of profiles, where there is one."""
    folder = profile_files.own_folder(os.environ)
    return folder if folder and folder.is_dir() else None


def _serial_mode(text: str) -> SerialMode:
    try:
        return SerialMode.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
