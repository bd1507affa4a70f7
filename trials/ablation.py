"""Switches each check of the guard off in turn, and counts what that costs: the ablation table.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.ablation
    PYTHONPATH=smartmeter_addon:. python3 -m trials.ablation --check clock --telegrams 200000
    PYTHONPATH=smartmeter_addon:. python3 -m trials.ablation --question "bytes at 1 %"

A reduced corruption trial runs for each check, with the same damage each time, over some lists that
have every level of protection and every shape between them. It prints a Markdown table. What a
check changes is bold. The columns are:

- wrong, grave: damaged telegrams that are published with anything wrong, and errors that must not
  be, see `trials.corruption.judge`;
- the same with the checksums repaired after the damage, where there are any;
- held: good telegrams between the damaged ones that were not accepted, and those of lines without
  any damage;
- stuck: sessions that ended with good telegrams that were not accepted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from app.plausibility.checks import CHECKS
from trials.corruption.cases import (
    CLEAN,
    ESTABLISHED,
    QUESTIONS,
    SESSION,
    Case,
    List,
    Protection,
    describe,
    ways,
)
from trials.corruption.judge import Result
from trials.corruption.session import STREAMS, run
from trials.corruption.streams import latest_stream, stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LISTS: Final = (
    *(("kaifa", "netznoe"), ("kaifa", "tinetz"), ("kaifa", "netznoe over raw")),
    *(("e450", "burgenland"), ("e450", "wien"), ("e450", "klagenfurt")),
    *(("am550", "rows"), ("am550", "text"), ("aidon", "norway"), ("xt211", "egd")),
    *(("kamstrup", "nordic-hourly"), ("kamstrup", "nordic over wrapper")),
    *(("dsmr", "dsmr5"), ("sagemcom-p1", "luxembourg"), ("dsmr2", "dsmr2"), ("q3d", "q3d")),
)
"""Family and variant of each list."""

NONE_OFF: Final = "none switched off"
"""Stands where the name of a check does."""

_COLUMNS: Final = (
    *("Check", "Protection", "Wrong", "Grave", "Repaired: wrong", "Repaired: grave"),
    *("Held", "Held when clean", "Stuck"),
)


class Cell(NamedTuple):
    """What is counted together.

    Args:
        check: that is switched off.
        protection: of the telegrams.
        repaired: whether checksums are repaired.
        clean: whether nothing is damaged.
    """

    check: str
    protection: Protection
    repaired: bool
    clean: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trial and print the table."""
    names = [str(check.name) for check in CHECKS]
    parser = argparse.ArgumentParser(
        prog="python3 -m trials.ablation",
        description="Switches each check of the guard off in turn, and counts what that costs.",
    )
    parser.add_argument(
        "--telegrams", type=int, default=60_000, help="how many to damage in all, for each check"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument(
        "--check",
        action="append",
        help="only this one, such as 'law', or only this part of one, such as 'law angles' or"
        " 'jump current'; may be repeated",
    )
    parser.add_argument(
        "--question",
        default=ESTABLISHED,
        choices=[one for one in QUESTIONS if one != CLEAN],
        help="of the corruption trial (default: %(default)s)",
    )
    given = parser.parse_args(arguments)
    checks = given.check or names
    if unknown := {check.partition(" ")[0] for check in checks} - set(names):
        parser.error(
            f"no check is named {', '.join(sorted(unknown))}: there are {', '.join(names)}"
        )
    begun = time.monotonic()
    lists = [describe(*one) for one in LISTS]
    each = max(1, given.telegrams // sum(len(ways(one)) for one in lists))
    todo = partial(measure, checks=checks, question=given.question, seed=given.seed, amount=each)
    totals: dict[Cell, Result] = defaultdict(Result)
    with multiprocessing.Pool(given.processes) as pool:
        for one, found in pool.imap_unordered(todo, lists):
            for cell, result in found.items():
                totals[cell].add(result)
            seconds = time.monotonic() - begun
            sys.stderr.write(f"{seconds:.0f} s: {one.family} {one.variant} done\n")
    sys.stdout.writelines(table(checks, totals))
    return 0


def measure(
    one: List,
    *,
    checks: Sequence[str],
    question: str,
    seed: int,
    amount: int,
    streams: int = STREAMS,
    length: int = SESSION,
) -> tuple[List, dict[Cell, Result]]:
    """Run the cases of one list with each check switched off, and with none.

    Args:
        one: the list.
        checks: their names.
        question: of the corruption trial.
        seed: of chance.
        amount: telegrams to be damaged for each way to damage and read the list.
        streams: households to choose from.
        length: telegrams of each household.
    """
    found: dict[Cell, Result] = defaultdict(Result)
    for way in ways(one):
        repaired = way.repaired and one.checked
        for case in (
            Case(*way, question, seed, amount),
            # A line without damage is the same with checksums repaired.
            *([] if repaired else [Case(*way, CLEAN, seed, max(100, amount))]),
        ):
            for check in (NONE_OFF, *checks):
                without = frozenset({check} - {NONE_OFF})
                result = run(case, streams, length, without)
                cell = Cell(check, case.protection, repaired, case.question == CLEAN)
                found[cell].add(result)
    stream.cache_clear()
    latest_stream.cache_clear()
    return one, dict(found)


def table(checks: Iterable[str], totals: Mapping[Cell, Result]) -> list[str]:
    """Return the lines of the table."""
    lines = [_row(_COLUMNS), _row(("---", "---", *["---:"] * (len(_COLUMNS) - 2)))]
    usual = {level: _figures(NONE_OFF, level, totals) for level in Protection}
    for check in (NONE_OFF, *checks):
        for level in Protection:
            figures = _figures(check, level, totals)
            shown = (
                f"**{figure}**" if figure != before else figure
                for figure, before in zip(figures, usual[level], strict=True)
            )
            lines.append(_row((check, level, *shown)))
    return lines


def _figures(check: str, level: Protection, totals: Mapping[Cell, Result]) -> list[str]:
    """Return the figures of one row."""
    usual, repaired, clean = (
        totals.get(Cell(check, level, *more), Result())
        for more in ((False, False), (True, False), (False, True))
    )
    by_checksum = [
        str(figure) if result.damaged else ""  # where there is no checksum, none is repaired
        for result in (usual, repaired)
        for figure in (result.wrong, result.grave)
    ]
    held = usual.not_accepted + repaired.not_accepted
    stuck = usual.stuck + repaired.stuck + clean.stuck
    return [
        *by_checksum,
        f"{held} of {usual.good + repaired.good}",
        f"{clean.not_accepted} of {clean.good}",
        str(stuck),
    ]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.exit(main())
