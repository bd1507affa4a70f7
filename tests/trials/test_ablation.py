"""The ablation table, for one list and few telegrams."""

from app.plausibility.checks import CHECKS
from simulator.lists import Shape
from trials import ablation
from trials.ablation import LISTS, NONE_OFF, Cell
from trials.corruption.cases import Protection, build, describe
from trials.corruption.judge import Result


def test_the_lists_have_every_level_of_protection_and_every_shape() -> None:
    lists = [describe(*one) for one in LISTS]
    levels = {one.protection(verified=False) for one in lists}
    levels |= {one.protection(verified=True) for one in lists if one.tagged}
    assert levels == set(Protection)
    assert {build(*one).layout.shape for one in LISTS} == set(Shape)


def test_a_list_is_measured_by_level_of_protection() -> None:
    _, found = ablation.measure(
        describe("e450", "burgenland"),
        checks=(),
        question="established",
        seed=1,
        amount=20,
        streams=1,
        length=60,
    )
    assert {cell.check for cell in found} == {NONE_OFF}
    assert {cell.protection for cell in found} == {Protection.TAG, Protection.CRC}
    for cell, result in found.items():
        assert result.good > 40
        assert bool(result.damaged) is not cell.clean


def test_a_check_that_is_switched_off_lets_errors_pass() -> None:
    names = frozenset(check.name for check in CHECKS)
    _, found = ablation.measure(
        describe("q3d", "q3d"),
        checks=sorted(names),
        question="established",
        seed=1,
        amount=20,
        streams=1,
        length=60,
    )
    assert {cell.check for cell in found} == {NONE_OFF, *names}
    usual = found[Cell(NONE_OFF, Protection.NONE, repaired=False, clean=False)]
    assert any(result.wrong > usual.wrong for result in found.values())


def test_what_a_check_changes_is_bold() -> None:
    level = Protection.SUM
    totals = {
        Cell(check, level, repaired, clean=False): Result(
            damaged=10, good=15, wrong=wrong, not_accepted=1
        )
        for check, repaired, wrong in (
            *((NONE_OFF, False, 0), (NONE_OFF, True, 2)),
            *(("clock", False, 0), ("clock", True, 3)),
        )
    }
    totals[Cell(NONE_OFF, level, repaired=False, clean=True)] = Result(good=9, not_accepted=1)
    _, _, *rows = ablation.table(["clock"], totals)
    assert f"| {NONE_OFF} | 8-bit sum | 0 | 0 | 2 | 0 | 2 of 30 | 1 of 9 | 0 |\n" in rows
    assert "| clock | 8-bit sum | 0 | 0 | **3** | 0 | 2 of 30 | **0 of 0** | 0 |\n" in rows
    assert f"| {NONE_OFF} | verified tag |  |  |  |  | 0 of 0 | 0 of 0 | 0 |\n" in rows
