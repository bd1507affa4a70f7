"""The ablation table, for one list and few telegrams."""

import inspect

import pytest

from app.plausibility.checks import BY_NAME
from simulator.lists import Shape
from trials import ablation
from trials.ablation import ALL_ON, LISTS, PARTS, ROWS, Cell
from trials.corruption import session
from trials.corruption.cases import Protection, build, describe
from trials.corruption.judge import Result
from trials.life.subjects import Subject
from trials.life.trial import Run, play
from trials.rules import RULES, left_out, lines, lines_of


def test_the_lists_have_every_level_of_protection_and_every_shape() -> None:
    lists = [describe(*one) for one in LISTS]
    levels = {one.protection(verified=False) for one in lists}
    levels |= {one.protection(verified=True) for one in lists if one.tagged}
    assert levels == set(Protection)
    assert {build(*one).layout.shape for one in LISTS} == set(Shape)


def test_each_check_has_a_row_and_its_parts_behind_it() -> None:
    checks = list(dict.fromkeys(row.partition(" ")[0] for row in ROWS))
    assert checks[: 1 + len(BY_NAME)] == [ALL_ON, *BY_NAME]
    assert PARTS.keys() | RULES.keys() <= ROWS.keys()


def test_a_list_is_measured_by_level_of_protection() -> None:
    _, found = ablation.measure(
        describe("e450", "burgenland"),
        rows=(ALL_ON, "law", "unit"),
        question="established",
        seed=1,
        amount=20,
        streams=1,
        length=60,
    )
    assert set(found) == {
        *(Cell(row, Protection.CRC) for row in (ALL_ON, "law", "unit")),
        *(Cell(row, Protection.TAG) for row in (ALL_ON, "unit")),
    }
    assert all(result.good > 40 and result.damaged for result in found.values())


def test_a_check_that_is_switched_off_lets_errors_pass() -> None:
    _, found = ablation.measure(
        describe("q3d", "q3d"),
        rows=[ALL_ON, *BY_NAME],
        question="established",
        seed=1,
        amount=20,
        streams=1,
        length=60,
    )
    assert {cell.row for cell in found} == {ALL_ON, *BY_NAME}
    usual = found[Cell(ALL_ON, Protection.NONE)]
    assert any(result.wrong > usual.wrong for result in found.values())


def test_an_odd_number_of_flipped_bits_in_a_byte_is_a_parity_error() -> None:
    assert session._marked(b"\x01\x02\x03", b"\x00\x01\x03").errors == (0,)
    assert session._marked(b"\x01\x02", b"\x06\x0a").errors == (0, 1)


def test_rows_say_how_much_more_or_less_is_counted_than_with_all_on() -> None:
    level = Protection.SUM
    totals = {
        Cell(row, level): Result(damaged=10, good=1500, wrong=wrong, not_accepted=held)
        for row, wrong, held in ((ALL_ON, 2, 1), ("clock", 3, 0), ("law", 2, 1))
    }
    _, _, *rows = ablation.table([ALL_ON, "clock", "law"], totals)
    none = "not made | not made |"
    assert rows == [
        f"| {ALL_ON} |  | {none} 2 / 0 / 1 of 10 damaged, 1,500 good | not made |\n",
        f"| clock | {lines('clock')} | {none} +1 / 0 / -1 | not made |\n",
        f"| law | {lines('law')} | {none} 0 | not made |\n",
    ]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_left_out_meanwhile(name: str) -> None:
    def standing() -> list[object]:
        return [inspect.getattr_static(one.owner, one.name) for one in RULES[name].patches]

    before = standing()
    with left_out(name):
        assert all(
            now is one.new is not old
            for now, one, old in zip(standing(), RULES[name].patches, before, strict=True)
        )
    assert standing() == before


@pytest.mark.parametrize("name", RULES)
def test_what_stands_in_place_of_a_rule_fits_the_guard(name: str) -> None:
    """Else it would fail over something that has another name since, in a trial of hours."""
    with left_out(name):
        for event in ("program-stopped-for-days", "submeter-replaced"):
            play(Run(event, Subject("dsmr", "dsmr5")))


def test_without_the_rules_of_reports_a_false_one_is_published() -> None:
    run = Run("submeter-reports-zero", Subject("dsmr", "dsmr5"))
    assert play(run).wrong == 0
    with left_out("reports"):
        assert play(run).wrong > 0


def test_without_a_check_what_fails_it_is_published() -> None:
    run = Run("ten-telegrams-replayed", Subject("kaifa", "netznoe"))
    assert play(run).wrong == 0
    with left_out("replay"):
        assert play(run).wrong > 0


def test_lines_of_code_are_counted_without_what_people_read() -> None:
    source = '''
    def half(number):  # of it
        """Return half.

        A docstring is no code.
        """

        # nor is this
        return (
            number / 2
        )
    '''
    assert lines_of(source) == 4
    assert lines("unit by power") > lines("unit by point") > 0
