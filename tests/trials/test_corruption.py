"""The corruption trial, for some lists and few telegrams."""

import random
from collections.abc import Callable

import pytest

from trials.corruption.cases import (
    BYTES,
    KINDS,
    QUESTIONS,
    ROWS,
    SESSION,
    VALUE,
    Case,
    Protection,
    cases,
    describe,
    lists,
)
from trials.corruption.judge import GRAVE, Result
from trials.corruption.report import kind_of, tell
from trials.corruption.session import run
from trials.corruption.streams import stream
from trials.damage import USUAL, Damage, StuckBit, damaged, garbled

ROW = "row of 30"


def case_of(
    family: str,
    variant: str,
    question: str = ROW,
    *,
    repaired: bool = False,
    verified: bool = False,
) -> Case:
    return Case(family, variant, repaired, verified, question, seed=5, amount=40)


PROTECTED = {
    Protection.TAG: case_of("e450", "burgenland", verified=True),
    Protection.CRC: case_of("aidon", "norway"),
    Protection.SUM: case_of("kaifa", "netznoe"),
    Protection.NONE: case_of("q3d", "q3d", repaired=True),
}
"""A case of each level of protection."""


def test_of_damaged_telegrams_only_small_errors_are_published(
    figure: Callable[[str], None],
) -> None:
    total = Result()
    for one in lists()[::4]:
        for repaired in (False, True) if one.checked else (True,):
            verified = one.tagged and not repaired
            case = Case(one.family, one.variant, repaired, verified, "established", 5, 20)
            total.add(run(case, streams=1, length=90))
    assert not [kind for kind in total.errors if kind.startswith(GRAVE)], total.shown
    assert total.damaged > 500
    assert total.stuck == 0
    figure(
        f"corruption: {total.damaged} damaged telegrams, {total.wrong} published with anything"
        " wrong, all of it small"
    )


@pytest.mark.parametrize("level", PROTECTED)
def test_the_right_values_follow_a_row_of_damaged_telegrams(level: Protection) -> None:
    total = Result()
    for question in (ROW, *BYTES):
        case = PROTECTED[level]._replace(question=question)
        assert case.protection is level
        total.add(run(case, streams=1, length=60))
    assert total.damaged > 100
    assert total.recovered.total() >= 4
    assert (total.ghosts, total.late, total.grave, total.stuck) == (0, 0, 0, 0), total.shown


@pytest.mark.parametrize("question", KINDS)
def test_no_grave_error_comes_of_a_kind_of_damage(question: str) -> None:
    result = run(case_of("e450", "swiss", question), streams=1, length=60)
    assert result.damaged >= 40
    assert (result.grave, result.stuck) == (0, 0), result.shown


def test_what_no_guard_decides_about_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    case = case_of("dsmr2", "dsmr2", "bytes at 1 %", repaired=True)._replace(guarded=False)
    result = run(case, streams=1, length=60)
    assert result.ghosts
    assert result.grave
    assert tell(kind_of(case), result)
    assert f"  {result.ghosts} meters that do not exist" in capsys.readouterr().out


def test_values_that_come_late_miss_a_goal() -> None:
    kind = kind_of(PROTECTED[Protection.TAG])
    good = Result(damaged=30, good=30)
    good.recovered[3] += 1
    assert not tell(kind, good)
    good.recovered[4] += 1
    assert tell(kind, good)


@pytest.mark.parametrize("question", ["established", "stuck bits"])
def test_small_errors_miss_a_goal_only_where_a_long_checksum_tells_of_damage(question: str) -> None:
    for level, case in PROTECTED.items():
        result = Result(damaged=10, wrong=1)
        told = case._replace(question=question)
        is_told = level in {Protection.TAG, Protection.CRC}
        assert tell(kind_of(told), result) is is_told
        assert tell(kind_of(told._replace(repaired=True)), result) is (level is Protection.TAG)


def test_every_question_is_asked_of_every_level_of_protection() -> None:
    asked: dict[str, set[Protection]] = {}
    for case in cases(1_000_000, 1):
        asked.setdefault(case.question, set()).add(case.protection)
        if case.question in BYTES:
            assert case.amount == SESSION
            assert not case.repaired or not describe(case.family, case.variant).checked
    assert asked.keys() == set(QUESTIONS)
    for question in (*ROWS, *BYTES, Damage.STUCK, Damage.OVERLAY):
        assert asked[question] == set(Protection)


def test_the_same_damage_is_done_as_in_earlier_versions() -> None:
    assert f"{case_of('kaifa', 'netznoe', 'established')}" == (
        "Case(family='kaifa', variant='netznoe', repaired=False, verified=False,"
        " question='established', seed=5, amount=40, guarded=True, compensating=False)"
    )
    assert [kind.name for kind in USUAL] == ["FLIPS", "BURST", "DROP", "INSERT", "DOUBLE", "SWAP"]


# --- Kinds of damage ---


def test_bytes_of_the_telegram_before_stay_in_their_place() -> None:
    one, before = [b"abcdefgh"], [b"ABCDEFGH"]
    for seed in range(50):
        chance = random.Random(seed)  # noqa: S311 - noise is no cryptography
        (bad,) = damaged(one, before, Damage.OVERLAY, chance, repaired=False)
        assert bad != one[0]
        assert bad.lower() == one[0]
        assert len(bad.translate(None, b"abcdefgh").split()) == 1


def test_a_segment_of_the_telegram_before_replaces_one() -> None:
    chance = random.Random(1)  # noqa: S311 - noise is no cryptography
    bad = damaged([b"ab", b"cd"], [b"AB", b"CD"], Damage.SEGMENT, chance, repaired=False)
    assert bad in ([b"AB", b"cd"], [b"ab", b"CD"])


def test_each_byte_is_damaged_with_a_probability() -> None:
    chance = random.Random(1)  # noqa: S311 - noise is no cryptography
    (bad,) = garbled([bytes(100_000)], 0.01, chance)
    assert 900 < len(bad) - bad.count(0) < 1100


def test_a_bit_is_stuck_in_every_byte_or_in_telegrams_in_a_row() -> None:
    everywhere = in_a_row = 0
    for seed in range(50):
        stuck = StuckBit(random.Random(seed), repaired=False)  # noqa: S311 - the same
        (bad,) = stuck.damage([b"\x55\xaa" * 8])
        changed = sum(one != other for one, other in zip(bad, b"\x55\xaa" * 8, strict=True))
        everywhere += changed == 8
        assert changed in {0, 1, 8}
        in_a_row += stuck.goes_on
        if stuck.goes_on:
            assert stuck.damage([b"\x55\xaa" * 8]) == [bad]
    assert everywhere > 3
    assert in_a_row > 20


def test_a_value_is_damaged_by_itself() -> None:
    case = case_of("e450", "wien", VALUE, repaired=True)._replace(amount=200, guarded=False)
    result = run(case, streams=1, length=600)
    assert result.published == result.damaged
    (pushed,) = stream("e450", "wien", 0, 1)
    keys = {error.rpartition(" ")[2] for error in result.errors}
    assert keys == {*pushed.readings[0].values, "time"}
