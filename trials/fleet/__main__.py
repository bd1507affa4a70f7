"""Runs a trial of a fleet: `python3 -m trials.fleet --help`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from trials.fleet import cost, failures, stored


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; the exit status is 1 when something was lost, doubled or out of order.

    It is 1 as well when no take-over came between the pieces of a telegram, and 2 when the trial
    could not be played to its end.
    """
    parser = argparse.ArgumentParser(
        prog="python3 -m trials.fleet", description="A fleet of simulated meters at three servers."
    )
    trials = parser.add_subparsers(dest="trial", required=True, metavar="TRIAL")
    about = "kill, stop and restart readers and servers while meters push; count what is stored"
    of_failures = trials.add_parser("failures", help=about)
    of_failures.add_argument("--runs", type=int, default=5, metavar="N", help="(default: 5)")
    of_failures.add_argument("--meters", type=int, default=100, metavar="N", help="(default: 100)")
    of_failures.add_argument(
        "--seconds", type=float, default=failures.SECONDS, metavar="N", help="of a run"
    )
    of_load = trials.add_parser("load", help="push at the meters' pace to one reader")
    of_load.add_argument("--meters", type=int, default=1250, metavar="N", help="(default: 1250)")
    of_load.add_argument("--seconds", type=float, default=60, metavar="N", help="(default: 60)")
    of_backlog = trials.add_parser("backlog", help="let telegrams wait, then start readers")
    of_backlog.add_argument("--meters", type=int, default=10_000, metavar="N")
    of_backlog.add_argument("--rounds", type=int, default=3, metavar="N", help="of each meter")
    of_backlog.add_argument("--readers", type=int, default=2, metavar="N")
    try:
        return _play(parser.parse_args(arguments))
    except* stored.TrialError as failed:
        for one in failed.exceptions:
            sys.stderr.write(f"{one}\n")
    return 2


def _play(given: argparse.Namespace) -> int:
    if given.trial == "failures":
        return _fail(given.runs, given.meters, given.seconds)
    if given.trial == "load":
        _say(asyncio.run(cost.load(given.meters, given.seconds)))
    else:
        _say(asyncio.run(cost.backlog(given.meters, given.rounds, given.readers)))
    return 0


def _fail(runs: int, meters: int, seconds: float) -> int:
    right = True
    for number in range(1, runs + 1):
        outcome = asyncio.run(failures.run(meters, seconds))
        right = right and outcome.is_right and bool(outcome.torn)
        sys.stdout.write(
            f"run {number}: {outcome.pushed} telegrams, {len(outcome.lost)} lost,"
            f" {outcome.doubled} doubled, {outcome.disordered} meters out of order,"
            f" {outcome.foreign} readings of foreign names;"
            f" {outcome.torn} came in pieces before and after a reader went\n"
        )
        for what, waited in outcome.waits.items():
            sys.stdout.write(f"  {what}: longest wait {waited:.1f} s\n")
        for name, moment in outcome.lost:
            sys.stdout.write(f"  lost: the telegram of {moment} of {name}\n")
        for line in outcome.told:
            sys.stdout.write(f"  {line}\n")
        sys.stdout.flush()
    return 0 if right else 1


def _say(found: cost.Cost) -> None:
    in_all = found.reader + cost.SERVERS * found.node
    sys.stdout.write(
        f"{found.telegrams} telegrams in {found.seconds:.1f} s,"
        f" {found.telegrams / found.seconds:.0f} a second\n"
        f"processor time a telegram: readers {found.reader:.0f} us, a server {found.node:.0f} us,"
        f" in all {in_all:.0f} us\n"
        f"memory at most: a reader {found.reader_megabytes:.0f} MB,"
        f" a server {found.node_megabytes:.0f} MB\n"
    )
    if found.idle is not None:
        sys.stdout.write(f"an idle reader: {found.idle:.1%} of a core\n")


if __name__ == "__main__":
    sys.exit(main())
