"""The table of checks, and what RELIABILITY.md says of it."""

from pathlib import Path

from app.plausibility.checks import CHECKS

RELIABILITY = Path(__file__).parents[2] / "RELIABILITY.md"
HEADER = "| Check | A telegram is pending when | Confirmed by | Can be relaxed |\n"
NEVER_CONFIRMED = frozenset(("possible", "unit"))
"""Checks whose values are withheld by themselves, when as many telegrams as `CHECKS` says agree."""


def test_the_document_says_what_the_table_says() -> None:
    _, _, table = RELIABILITY.read_text("utf-8").partition(HEADER)
    rows = [line.split("|")[1:-1] for line in table.split("\n\n")[0].splitlines()[1:]]
    told = {name.strip(" `"): (confirmed.split(), relaxed) for name, _, confirmed, relaxed in rows}
    assert list(told) == [check.name for check in CHECKS]
    for check in CHECKS:
        confirmed, relaxed = told[check.name]
        never = check.name in NEVER_CONFIRMED
        assert confirmed[0].strip(";") == ("never" if never else str(check.confirmations)), (
            check.name
        )
        assert relaxed.strip() == ("no" if check.relaxed == "never" else "yes"), check.name


def test_withheld_values_let_the_others_be_published_after_two_telegrams() -> None:
    assert {one.confirmations for one in CHECKS if one.name in NEVER_CONFIRMED} == {2}
