"""The program's commands: the table of them, and the one that is given."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NoReturn, Protocol, cast

from app import __version__
from app.config.environment import PROGRAM
from app.loading.collector import without_collector

_DEFAULT: Final = "run"

_COMMANDS: Final = {
    "run": "read the meters and publish what they say, for ever (the default)",
    "configure": "set the program up: try meter, key and broker, and write the options",
    "decode": "show what a recorded telegram says",
    "listen": "show live what is on a meter's line, or what was recorded of it",
    "record": "record what comes over a meter's line, anonymous if you like",
    "replay": "feed a recording to the whole program, as if the meter sent it now",
    "status": "show how the running service is doing",
    "fleet": "read many meters, shared with other readers over NATS JetStream",
    "forward": "push what comes over meters' lines to a fleet, without keys",
}
"""Each is a module of ``commands``; with what the program's help says of it."""

_METAVAR: Final = "COMMAND"
"""What the help calls the first argument."""

_OF_ALL: Final = ("-h", "--help", "--version")
"""Options of the program and not of ``run``."""


class _Command(Protocol):
    """What a module of ``commands`` has."""

    DESCRIPTION: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def main(self, parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
        """Run the command; give the exit status."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names, ``run`` when it is an option or not there.

    Returns:
        The exit status: 0 for success, 1 for failure, 2 for wrong usage.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in _OF_ALL):
        given.insert(0, _DEFAULT)
    parser = _Parser(
        prog=os.environ.get(PROGRAM) or "python3 -m app",
        description="Reads a smart meter's customer interface and publishes its readings to MQTT"
        " for Home Assistant.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar=_METAVAR)
    name = given[0]
    if name not in _COMMANDS:
        for other, about in _COMMANDS.items():
            subparsers.add_parser(other, help=about)
        parser.parse_args(given)  # which shows what is asked for, and ends
    its_parser = subparsers.add_parser(name)
    with without_collector():
        command = cast("_Command", import_module(f"app.commands.{name}"))
    its_parser.description = command.DESCRIPTION
    command.add_arguments(its_parser)
    return command.main(parser, parser.parse_args(given))


class _Parser(argparse.ArgumentParser):
    """Never repeats what was given: a key in a wrong place would be on the screen."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the usage, and end."""
        if message.startswith("unrecognized arguments"):
            message = "there are arguments that this command does not know; see --help"
        elif message.startswith(f"argument {_METAVAR}:"):
            message = "there is no such command; see --help"
        super().error(message)
