"""What is learned of a sender in accepted telegrams."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.dlms.receiver import Push
from app.link import Frame
from app.meters.reading import Meter, Reading
from app.meters.telegram import Telegram
from app.plausibility.evidence import Evidence
from app.plausibility.known import Known
from app.plausibility.lists import Found
from app.plausibility.track import Observation, Track
from app.plausibility.units import flows_of

METER = Meter("1", "1", "kaifa", "Kaifa", "MA309", None)
NAMELESS = Meter("kaifa", None, "kaifa", "Kaifa", "MA309", None)
GAS = Meter("g1", "G1", "dsmr", "", "Gas meter", None)


def said(
    now: float = 0.0,
    meter: Meter | None = METER,
    time: float | None = None,
    *others: Meter,
    **values: Decimal | int,
) -> Observation:
    """Return a telegram of a meter, and of those behind it."""
    reports = tuple(Reading(one, None, {"gas": 5}) for one in others)
    telegram = Telegram(Push(Frame("mbus", 0, b""), None, None), others=reports)
    found = Found(None, (), 0, b"")
    return Observation(telegram, Evidence.SUM, found, meter, None, time, now, now, values)


def known_after(*telegrams: Observation) -> Known:
    known = Known()
    for one in telegrams:
        known.add(one, {}, frozenset())
    return known


def test_three_telegrams_outweigh_one_that_contradicts_them() -> None:
    grown = [known_after(*(said(n) for n in range(count))).is_grown for count in range(5)]
    assert grown == [False, False, False, True, True]


def test_a_submeter_is_new_once_there_were_telegrams_without_it() -> None:
    first = said(0.0, METER, None, GAS)
    assert known_after().check_identity(first, Track()) == []
    (violation,) = known_after(said()).check_identity(first, Track())
    assert (violation.check, violation.detail) == ("identity", "g1")
    assert known_after(said(), first).check_identity(first, Track()) == []


def test_a_submeter_whose_number_gives_the_same_id_is_another_one() -> None:
    known = known_after(said(0.0, METER, None, GAS))
    damaged = said(1.0, METER, None, replace(GAS, number="g1"))
    (violation,) = known.check_identity(damaged, Track())
    assert (violation.check, violation.detail) == ("identity", "g1")


@pytest.mark.parametrize(
    ("last", "meter", "fits"),
    [
        (METER, METER, True),
        (NAMELESS, METER, False),
        (METER, NAMELESS, False),
        (NAMELESS, Meter("1", "1 ", "kaifa", "Kaifa", "MA309", None), False),
        (NAMELESS, Meter("other", None, "e450", "Landis+Gyr", "E450", None), False),
        (METER, Meter("2", "2", "kaifa", "Kaifa", "MA309", None), False),
        (None, METER, True),
        (None, Meter("2", "2", "kaifa", "Kaifa", "MA309", None), False),
        (None, Meter("1", "1 ", "kaifa", "Kaifa", "MA309", None), False),
        (None, Meter("1", "1", "e450", "Landis+Gyr", "E450", None), False),
        (METER, None, True),
    ],
)
def test_a_telegram_is_of_the_meter_that_was_read_before(
    last: Meter | None, meter: Meter | None, *, fits: bool
) -> None:
    """After a restart the last one is not known, but its id and family are."""
    known, track = known_after(said()), Track()
    track.meter = last
    failed = known.check_identity(said(1.0, meter), track)
    assert [one.check for one in failed] == ([] if fits else ["identity"])


def test_numbers_and_family_are_those_of_accepted_telegrams() -> None:
    known = known_after(said(0.0, NAMELESS), said(1.0, None), said(2.0, METER))
    assert known.numbers == (("kaifa", None), ("1", "1"))
    assert known.family == "kaifa Kaifa MA309"


def test_of_the_numbers_of_a_sender_the_last_32_are_known() -> None:
    meters = [replace(METER, id=str(n), number=str(n)) for n in range(40)]
    known = known_after(*(said(n, meter) for n, meter in enumerate(meters)))
    assert known.numbers == tuple((one.id, one.number) for one in meters[-32:])


def test_laws_are_learned_with_each_telegram() -> None:
    known = Known()
    for n in range(100):
        known.add(said(n), {"tariffs": True}, frozenset())
    assert "tariffs" in known.laws.names()


@pytest.mark.parametrize("time", [None, 1.8e9])
def test_a_gap_in_a_list_without_a_time_pauses_the_mean_power(time: float | None) -> None:
    """With a time the meter says how long it was; without one, nobody knows."""
    known, energy = Known(), Decimal(5000)
    found, listed = set(), None
    for n in range(200):
        now = 20.0 * n + (25.0 if n >= 100 else 0.0)
        energy += Decimal("0.40")  # ten times what 7.2 kW make
        values: dict[str, Decimal | int] = {"power_import": 7200, "energy_import": energy}
        telegram = said(now, METER, None if time is None else time + now, **values)
        telegram = telegram._replace(found=Found(listed, (), 0, b""))
        if known.power.digits(flows_of(telegram.values), telegram.clock):
            found.add(n)
        listed = known.add(telegram, {}, frozenset())
    assert min(found) < 100
    assert ({100, 101} <= found) is (time is not None)
