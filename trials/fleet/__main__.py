"""Runs a trial of a fleet: `python3 -m trials.fleet --help`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from trials.fleet import failures


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; the exit status is 1 when something was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(
        prog="python3 -m trials.fleet",
        description="Kills, stops and restarts readers and servers of a fleet while meters push.",
    )
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="(default: 1)")
    parser.add_argument("--meters", type=int, default=100, metavar="N", help="(default: 100)")
    parser.add_argument(
        "--seconds", type=float, default=failures.SECONDS, metavar="N", help="of a run"
    )
    given = parser.parse_args(arguments)
    right = True
    for number in range(1, given.runs + 1):
        outcome = asyncio.run(failures.run(given.meters, given.seconds))
        right = right and outcome.is_right
        sys.stdout.write(
            f"run {number}: {outcome.pushed} telegrams, {outcome.lost} lost,"
            f" {outcome.doubled} doubled, {outcome.disordered} meters out of order,"
            f" {outcome.foreign} readings of foreign names\n"
        )
        for what, seconds in outcome.waits.items():
            sys.stdout.write(f"  {what}: longest wait {seconds:.1f} s\n")
        sys.stdout.flush()
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
