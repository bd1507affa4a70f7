"""Runs the trial and prints its figures: `python3 -m trials.corruption --help`."""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from typing import TYPE_CHECKING

from trials.corruption.cases import Case, cases, compensating
from trials.corruption.judge import Result
from trials.corruption.report import Kind, briefly, kind_of, tell
from trials.corruption.session import run
from trials.corruption.streams import stream

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trial and print its figures; the exit status is 1 when a goal is missed."""
    parser = argparse.ArgumentParser(
        prog="python3 -m trials.corruption",
        description="Counts damaged telegrams that are published.",
    )
    parser.add_argument(
        "--telegrams",
        type=int,
        default=20_000,
        help="how many to damage of meters that were read before; further questions damage more",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument(
        "--unguarded", action="store_true", help="accept every telegram, to compare"
    )
    parser.add_argument("--family", help="only the lists of this family")
    parser.add_argument(
        "--question", default="", metavar="TEXT", help="only questions with it in the name"
    )
    parser.add_argument(
        "--compensating",
        action="store_true",
        help="flip two bits that cancel out in the checksum of M-Bus, and damage nothing else",
    )
    given = parser.parse_args(arguments)
    begun = time.monotonic()
    totals: dict[Kind, Result] = {}
    with multiprocessing.Pool(given.processes) as pool:
        by_meter: dict[tuple[str, str], list[Case]] = {}
        todo_cases = (
            compensating(given.telegrams, given.seed)
            if given.compensating
            else cases(given.telegrams, given.seed, given.family)
        )
        for case in todo_cases:
            if given.question in case.question:
                todo = by_meter.setdefault((case.family, case.variant), [])
                todo.append(case._replace(guarded=not given.unguarded))
        # The cases of a list share its telegrams, as these take longer to make than to read. Lists
        # come in random order, so that an interrupted trial has done some of each kind.
        todos = list(by_meter.values())
        random.Random(given.seed).shuffle(todos)
        try:
            for found in pool.imap_unordered(_run_all, todos):
                for case, result in found:
                    totals.setdefault(kind_of(case), Result()).add(result)
                sys.stderr.write(f"{time.monotonic() - begun:.0f} s: {briefly(found)}\n")
        except KeyboardInterrupt:
            sys.stderr.write("interrupted; the figures are of what was done until now\n")
    missed = False
    for kind, total in sorted(totals.items()):
        missed |= tell(kind, total)
    sys.stdout.write(f"{time.monotonic() - begun:.0f} s\n")
    return int(missed)


def _run_all(todo: list[Case]) -> list[tuple[Case, Result]]:
    found = [(case, run(case)) for case in todo]
    stream.cache_clear()
    return found


if __name__ == "__main__":
    sys.exit(main())
