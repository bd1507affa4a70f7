"""The command ``forward``: pushes what comes over meters' lines to a fleet's engine."""

import argparse
from pathlib import Path
from typing import Final

from app.commands import nats_package

DESCRIPTION: Final = (
    "Reads serial ports and TCP gateways, and pushes what comes over them to NATS JetStream, as it"
    " is and without keys, for a fleet to read. While the engine is away, telegrams wait on disk."
    " See docs/FLEET.md."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--options", type=Path, required=True, metavar="FILE", help="the options in JSON"
    )


def main(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    """Run the command; give the exit status."""
    with nats_package.needed(parser):
        # Only the standalone installation has it.
        from app.fleet.forwarding.run import forward  # noqa: PLC0415
    return forward(given.options)
