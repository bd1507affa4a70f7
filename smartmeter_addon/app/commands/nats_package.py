"""What the commands of a fleet have in common: the package nats-py, which the app does without."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needed(parser: argparse.ArgumentParser) -> Iterator[None]:
    """End the command where what it imports needs the package, and it is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "nats":
            raise
        parser.error("this needs the package nats-py; see docs/FLEET.md")
