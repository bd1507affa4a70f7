"""The command ``fleet``: a reader of many meters, that shares them with others."""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from app.commands import nats_package

DESCRIPTION: Final = (
    "Reads many meters whose telegrams stand in NATS JetStream, and shares them with every other"
    " reader that is started like it. First of all, setup makes the streams there. See"
    " docs/FLEET.md."
)

_RUN: Final = "read"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=(_RUN, "setup", "status"),
        default=_RUN,
        help="read until SIGTERM (the default); setup: make streams and consumers in the engine, or"
        " change them to what the options say; status: show how the fleet is doing",
    )
    parser.add_argument(
        "--options",
        type=Path,
        required=True,
        metavar="FILE",
        help="the options in JSON; beside it lies meters.json, with the keys",
    )


def main(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    """Run the command; give the exit status."""
    with nats_package.needed(parser):
        # Only the standalone installation has it.
        from app.fleet import run  # noqa: PLC0415
    if given.action == "setup":
        return run.set_up_fleet(given.options)
    if given.action == "status":
        return run.show_fleet(given.options, os.environ, sys.stdout)
    return run.fleet(given.options, os.environ)
