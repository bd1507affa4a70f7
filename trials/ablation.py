"""Switches each check and rule of the guard off in turn, and counts what that costs.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.ablation
    PYTHONPATH=smartmeter_addon:. python3 -m trials.ablation --check clock --telegrams 200000
    PYTHONPATH=smartmeter_addon:. python3 -m trials.ablation --question "bytes at 1 %"
    PYTHONPATH=smartmeter_addon:. python3 -m trials.ablation --question "parity errors"
    PYTHONPATH=smartmeter_addon:. python3 -m trials.ablation --question "one value"

A reduced corruption trial runs for each check, with the same damage each time, over some lists that
have every level of protection and every shape between them. Rules that are no check of their own
are left out as `trials.rules` says. Checksums are left as they are for one half of it and repaired
after the damage for the other. It prints a Markdown table with the lines of code that a row is
about, and a column for each level of protection. Its first row says what is counted with all checks
on, the others how much more or less it is with one off:

- wrong: damaged telegrams that are published with anything wrong;
- grave: errors that must not be, see `trials.corruption.judge`;
- held: good telegrams between the damaged ones that were not accepted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from app.meters.quantities import Quantity
from app.meters.sensors import TARIFFS_OF
from app.plausibility.checks import BY_NAME
from app.plausibility.clock import OFF_INTERVAL
from app.plausibility.evidence import Evidence
from app.plausibility.laws import CLOCK_LAWS
from trials.corruption.cases import (
    CLEAN,
    ESTABLISHED,
    PARITY,
    QUESTIONS,
    SESSION,
    VALUE,
    Case,
    List,
    Protection,
    describe,
    ways,
)
from trials.corruption.judge import Result
from trials.corruption.session import STREAMS, run
from trials.corruption.streams import latest_stream, stream
from trials.rules import RULES, all_lines, left_out, lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

LISTS: Final = (
    *(("kaifa", "netznoe"), ("kaifa", "tinetz"), ("kaifa", "netznoe over raw")),
    *(("e450", "burgenland"), ("e450", "wien"), ("e450", "klagenfurt")),
    *(("am550", "rows"), ("am550", "text"), ("aidon", "norway"), ("xt211", "egd")),
    *(("kamstrup", "nordic-hourly"), ("kamstrup", "nordic over wrapper")),
    *(("dsmr", "dsmr5"), ("sagemcom-p1", "luxembourg"), ("dsmr2", "dsmr2"), ("q3d", "q3d")),
)
"""Family and variant of each list."""

LISTS_OF_VALUES: Final = (
    *(("kaifa", "netznoe"), ("e450", "wien"), ("e450", "klagenfurt"), ("am550", "swiss-ciphered")),
    *(("sagemcom-p1", "hungary"), ("dsmr2", "dsmr2"), ("q3d", "q3d")),
    ("kamstrup", "nordic over wrapper"),
)
"""The same for damage to one value: together they say each quantity that is compared."""

ALL_ON: Final = "none"
"""Stands where the name of a check does."""

_JUMPS: Final = (
    *(Quantity.ACTIVE, Quantity.REACTIVE, Quantity.CURRENT, Quantity.VOLTAGE),
    *(Quantity.POWER_FACTOR, Quantity.FREQUENCY),
)

PARTS: Final[dict[str, AbstractSet[str]]] = {
    OFF_INTERVAL: {OFF_INTERVAL},
    **{f"jump {one}": {f"jump {one}"} for one in _JUMPS},
    "law of tariffs": {f"law {key}" for key in TARIFFS_OF},
    "law of reactive tariffs": {f"law {key}" for key in TARIFFS_OF if "reactive" in key},
    "law of phases": {"law phases"},
    "law of directions": {"law power_import", "law reactive_power_import"},
    "law of angles": {"law angles"},
    "law of clocks": {f"law {name}" for name in CLOCK_LAWS},
}
"""Parts of checks, and the violations that each of them makes."""

_ROWS: Final[dict[str, AbstractSet[str]]] = PARTS | dict.fromkeys(RULES, frozenset())

ROWS: Final[dict[str, AbstractSet[str]]] = (
    {ALL_ON: set()}
    | {
        row: names
        for check in BY_NAME
        for row, names in ({check: {check}} | _ROWS).items()
        if row.partition(" ")[0] == check
    }
    | _ROWS
)
"""Rows of the table, and which checks or violations do not count in each. Where a rule is left out,
all do. The rows of a check stand together, rules of no check at the end."""


class Cell(NamedTuple):
    """What is counted together.

    Args:
        row: of the table.
        protection: of the telegrams.
    """

    row: str
    protection: Protection


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trial and print the table."""
    parser = argparse.ArgumentParser(
        prog="python3 -m trials.ablation",
        description="Switches each check and rule of the guard off, and counts what that costs.",
    )
    parser.add_argument(
        "--telegrams", type=int, default=60_000, help="how many to damage in all, for each check"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument(
        "--check", action="append", choices=list(ROWS), help="only this row; may be repeated"
    )
    parser.add_argument(
        "--question",
        default=ESTABLISHED,
        choices=[*(one for one in QUESTIONS if one != CLEAN), PARITY, VALUE],
        help="of the corruption trial (default: %(default)s)",
    )
    given = parser.parse_args(arguments)
    rows = list(dict.fromkeys((ALL_ON, *(given.check or ROWS))))
    begun = time.monotonic()
    lists = [describe(*one) for one in (LISTS_OF_VALUES if given.question == VALUE else LISTS)]
    each = max(1, given.telegrams // sum(len(ways(one)) for one in lists))
    todo = partial(measure, rows=rows, question=given.question, seed=given.seed, amount=each)
    totals: dict[Cell, Result] = defaultdict(Result)
    with multiprocessing.Pool(given.processes) as pool:
        for one, found in pool.imap_unordered(todo, lists):
            for cell, result in found.items():
                totals[cell].add(result)
            seconds = time.monotonic() - begun
            sys.stderr.write(f"{seconds:.0f} s: {one.family} {one.variant} done\n")
    sys.stdout.writelines(table(rows, totals))
    sys.stdout.write("\nThe guard has {:,} lines, {:,} of them code.\n".format(*all_lines()))
    return 0


def measure(
    one: List,
    *,
    rows: Sequence[str],
    question: str,
    seed: int,
    amount: int,
    streams: int = STREAMS,
    length: int = SESSION,
) -> tuple[List, dict[Cell, Result]]:
    """Run the cases of one list with each check switched off, and with none.

    Args:
        one: the list.
        rows: of the table.
        question: of the corruption trial.
        seed: of chance.
        amount: telegrams to be damaged for each way to damage and read the list.
        streams: households to choose from.
        length: telegrams of each household.
    """
    found: dict[Cell, Result] = defaultdict(Result)
    for way in ways(one):
        if question == VALUE and (way.verified or not way.repaired):
            continue  # each would be refused for its tag or checksum
        case = Case(*way, question, seed, amount)
        for row in rows:
            if is_made(row, case.protection):
                with left_out(row, *ROWS[row]):
                    result = run(case, streams, length)
                found[Cell(row, case.protection)].add(result)
    stream.cache_clear()
    latest_stream.cache_clear()
    return one, dict(found)


def is_made(row: str, protection: Protection) -> bool:
    """Tell whether a check is made of telegrams: a verified tag leaves few."""
    check = BY_NAME.get(row.partition(" ")[0])
    return check is None or protection is not Protection.TAG or check.evidence is Evidence.TAG


def table(rows: Iterable[str], totals: Mapping[Cell, Result]) -> list[str]:
    """Return the lines of the table."""
    levels = list(Protection)
    told = [_row(("Switched off", "lines", *levels)), _row(("---", *["---:"] * (1 + len(levels))))]
    for row in rows:
        figures = (_figures(row, level, totals) for level in levels)
        told.append(_row((row, str(lines(row) or ""), *figures)))
    return told


def _figures(row: str, level: Protection, totals: Mapping[Cell, Result]) -> str:
    """Return what is counted in one row at one level of protection."""
    usual, result = totals.get(Cell(ALL_ON, level)), totals.get(Cell(row, level))
    if usual is None or result is None:
        return "not made"
    counted = _counted(result)
    if row == ALL_ON:
        told = " / ".join(f"{figure:,}" for figure in counted)
        return f"{told} of {result.damaged:,} damaged, {result.good:,} good"
    more = [now - before for now, before in zip(counted, _counted(usual), strict=True)]
    return " / ".join(f"{figure:+,}" if figure else "0" for figure in more) if any(more) else "0"


def _counted(result: Result) -> tuple[int, int, int]:
    """Return what is wrong, what is grave, and what is held."""
    return result.wrong, result.grave, result.not_accepted


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.exit(main())
