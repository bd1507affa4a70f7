"""The command ``status``: how the running service is doing."""

import argparse
import sys
from datetime import UTC, datetime
from typing import Final

from app.status import show

DESCRIPTION: Final = (
    "Shows what the running service wrote last, some seconds ago. Exit status: 0 when it runs and"
    " nothing is wrong, 1 otherwise."
)


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments; there are none."""


def main(_parser: argparse.ArgumentParser, _given: argparse.Namespace) -> int:
    """Run the command; give the exit status."""
    return show(sys.stdout, sys.stderr, datetime.now(UTC))
