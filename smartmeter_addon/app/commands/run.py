"""The command ``run``: the program itself."""

import argparse
from pathlib import Path
from typing import Final

from app.start import run

DESCRIPTION: Final = "Reads the meters and publishes what they say until SIGTERM or SIGINT."

OPTIONS_FILE: Final = Path("/data/options.json")


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
