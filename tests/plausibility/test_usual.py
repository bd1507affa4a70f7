"""The usual telegram, decided at once: as the checks decide it."""

import random
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.dlms.ciphering import Keys
from app.fault import Kind
from app.plausibility import guard
from app.plausibility.track import Observation, observe
from app.plausibility.units import Flow, MeanPower
from app.transport.parity import Received
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.guarded import NO_TAG, GuardedLine, accepted, line_of, skip
from tests.support.repair import repair, with_flipped_bit
from tests.support.simulated import LISTS, SimulatedMeter

STEADY = {
    "1.7.0": Decimal(242),
    "2.7.0": Decimal(0),
    "13.7.0": Decimal("0.9"),
    "1.8.0": Decimal(5_341_671),
    "2.8.0": Decimal(268_977),
    **dict.fromkeys(("32.7.0", "52.7.0", "72.7.0"), Decimal(230)),
    **dict.fromkeys(("51.7.0", "71.7.0"), Decimal("0.50")),
    "31.7.0": Decimal("0.05"),
    **dict.fromkeys(("81.7.40", "81.7.51", "81.7.62"), Decimal(359)),
}
"""What a meter measures in each telegram."""


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what the telegrams that all checks decide about are written to."""
    telegrams: list[Any] = []

    def observed(*of: Any) -> Observation:  # noqa: ANN401 - those of `observe`
        telegrams.append(of)
        return observe(*of)

    monkeypatch.setattr(guard, "observe", observed)
    return telegrams


def learned(line: GuardedLine) -> list[tuple[int, list[float | None]]]:
    """Return how many telegrams were learned from, and when each list came last."""
    return [
        (sender.known.count, [one.seen_at for one in sender.known.lists._known])
        for sender in line.guard._senders.values()
    ]


@pytest.mark.parametrize(("family", "name"), LISTS)
@pytest.mark.parametrize("verified", [False, True])
def test_it_is_decided_as_in_the_general_way(family: str, name: str, *, verified: bool) -> None:
    """Of good telegrams and of those with a flipped bit behind a repaired checksum."""
    chance = random.Random(f"{family} {name}")  # noqa: S311 - no cryptography
    meter = SimulatedMeter(None, family, name)
    keys = Keys(KEY, AUTH_KEY) if verified else NO_TAG
    at_once, general = GuardedLine(keys), GuardedLine(keys, at_once=False)
    for n in range(120):
        data = meter.telegram().data
        if n > 20 and not n % 4:
            data = with_flipped_bit(data, chance.randrange(1, len(data) - 1), chance.randrange(8))
        seconds = meter.meter.interval + chance.choice((0.0, 0.0, 0.1, 3.0))
        found = [line.take(data, seconds) for line in (at_once, general)]
        assert found[0] == found[1], n
        if n % 10 == 5:  # the state is written
            assert at_once.guard.memory() == general.guard.memory()
            assert learned(at_once) == learned(general), n
    assert [one.reason for one in at_once.faults] == [one.reason for one in general.faults]
    assert at_once.guard.memory() == general.guard.memory()


@pytest.mark.parametrize("offset", range(8))
def test_a_load_that_pauses_whenever_a_power_is_taken_is_no_other_unit(offset: int) -> None:
    """Usual telegrams come each 5 s; all of their powers count and not those of each 40 s alone."""
    meter, energy = SimulatedMeter(None, "kaifa", "netznoe"), 5_000_000.0
    line = GuardedLine(NO_TAG)
    for n in range(200):
        watts = 60 if n % 8 == offset else 720
        energy += watts / 720
        meter.more = dict.fromkeys(("2.7.0", "2.8.0"), Decimal(0))
        meter.more |= {"1.7.0": Decimal(watts), "1.8.0": Decimal(int(energy))}
        assert line.push(meter) != [None], n


@pytest.mark.parametrize(("low", "most"), [((0, 1), 870), ((1, 2, 3), 1140)])
def test_a_load_that_pauses_is_no_other_unit_where_each_sixth_telegram_is_lost(
    low: tuple[int, ...], most: int
) -> None:
    """The powers of the 20 s behind it count, and not the first ones alone."""
    meter, energy = SimulatedMeter(None, "kaifa", "netznoe"), 5_000_000.0
    line, seconds = GuardedLine(NO_TAG), 5.0
    for n in range(240):
        watts = 60 if n % 6 in low else most
        energy += watts / 720
        meter.more = dict.fromkeys(("2.7.0", "2.8.0"), Decimal(0))
        meter.more |= {"1.7.0": Decimal(watts), "1.8.0": Decimal(int(energy))}
        data = meter.telegram().data
        if n % 6 < 5:
            assert line.take(data, seconds), n
        seconds = 10.0 if n % 6 == 5 else 5.0


def test_of_usual_telegrams_the_mean_power_of_40_s_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At first that of 20 s."""
    meter = SimulatedMeter(None, "kaifa", "netznoe")
    meter.more = dict(STEADY)
    line = line_of(meter)
    taken: list[tuple[float, float | None, int]] = []
    add = MeanPower.add

    def added(
        of: MeanPower, flows: Iterable[Flow], now: float, interval: float, samples: int = 1
    ) -> None:
        imported, exported = flows
        taken.append((now, imported.power, samples))
        add(of, (imported, exported), now, interval, samples)

    monkeypatch.setattr(MeanPower, "add", added)
    skip(meter, timedelta(seconds=5))
    for n in range(22):
        meter.more["1.7.0"] = Decimal(100 + 10 * n)
        assert line.take(meter.telegram().data, 5.0 if n else 10.0)
    begin = taken[0][0]
    assert [(time - begin, power, samples) for time, power, samples in taken] == [
        *((0.0, 100, 1), (20.0, 125, 4), (60.0, 185, 8), (100.0, 265, 8))
    ]


def test_energies_of_usual_telegrams_that_grow_otherwise_than_the_power_are_withheld() -> None:
    meter = SimulatedMeter(None, "kaifa", "netznoe")
    line, found = GuardedLine(NO_TAG), []
    for n in range(220):
        meter.more = dict.fromkeys(("2.7.0", "2.8.0"), Decimal(0))
        meter.more |= {"1.7.0": Decimal(720), "1.8.0": Decimal(5_000_000 + 10 * n)}
        (reading,) = line.push(meter)
        found.append(bool(reading and "energy_import" in reading.values))
    assert 100 < found.index(False) < 170
    assert not any(found[180:])


@pytest.mark.parametrize(("interval", "within"), [(5, 50), (30, 110), (60, 130), (900, 50)])
def test_energies_that_change_their_unit_are_withheld_at_any_push_interval(
    interval: int, within: int
) -> None:
    """The power of the pending telegrams that confirm it is not taken."""
    meter = SimulatedMeter(None, "kaifa", "netznoe")
    meter.meter.interval = interval
    line, counted, found = GuardedLine(NO_TAG), Decimal(5_000_000), []
    for n in range(240):
        counted += Decimal(720 * interval) / 3600 * (10 if n >= 100 else 1)
        meter.more = STEADY | dict.fromkeys(("31.7.0", "51.7.0", "71.7.0"), Decimal("1.16"))
        meter.more |= {"1.7.0": Decimal(720), "1.8.0": Decimal(int(counted))}
        (reading,) = line.push(meter)
        found.append(bool(reading and "energy_import" in reading.values))
    published = [n for n, one in enumerate(found) if one]
    assert 100 < published[-1] < 100 + within


@pytest.mark.parametrize(("family", "name"), LISTS)
def test_at_any_pace_it_is_decided_as_in_the_general_way(family: str, name: str) -> None:
    """Replays, backlogs and slow gateways hand on telegrams faster or more slowly than sent."""
    chance = random.Random(f"{name} {family}")  # noqa: S311 - no cryptography
    meter = SimulatedMeter(None, family, name)
    at_once, general = GuardedLine(), GuardedLine(at_once=False)
    for n in range(240):
        if not n % 20:
            pace = chance.choice((0.0, 0.001, 0.05, 0.5, 0.9, 1.0, 1.2, 3.0, 20.0))
        data = meter.telegram().data
        if n > 20 and not n % 9:
            data = with_flipped_bit(data, chance.randrange(1, len(data) - 1), chance.randrange(8))
        if n > 20 and not chance.randrange(25):  # lost
            continue
        seconds = meter.meter.interval * pace * chance.choice((1.0, 1.0, 1.0, 0.1, 1.9))
        found = [line.take(data, seconds) for line in (at_once, general)]
        assert found[0] == found[1], n
        assert at_once.faults[-1:] == general.faults[-1:], n
        if n % 10 == 5:
            assert at_once.guard.memory() == general.guard.memory()
            assert learned(at_once) == learned(general), n
    assert at_once.guard.memory() == general.guard.memory()
    senders = [line.guard._senders for line in (at_once, general)]
    delays = [[one.track and one.track.delay for one in found.values()] for found in senders]
    assert delays[0] == pytest.approx(delays[1])


@pytest.mark.parametrize(
    ("family", "name"),
    [("kaifa", "netznoe"), ("kamstrup", ""), ("dsmr", "dsmr5"), ("e450", "swiss")],
)
def test_usual_telegrams_come_at_any_pace(family: str, name: str, checked: list[Any]) -> None:
    """With an invocation counter and without one; those of each 10 s, too."""
    meter, line = SimulatedMeter(None, family, name or None), GuardedLine(NO_TAG)
    for seconds in (0.05, 0.0, meter.meter.interval * 3.0):
        line.push(meter, 20)
        checked.clear()
        assert all(line.take(meter.telegram().data, seconds) for _ in range(60))
        assert len(checked) < 6


@pytest.mark.parametrize(
    ("name", "code", "value", "at_once"),
    [
        ("netznoe", "32.7.0", "245.0", True),
        ("netznoe", "32.7.0", "245.1", False),
        ("netznoe", "32.7.0", "215.0", True),
        ("netznoe", "32.7.0", "214.9", False),
        ("netznoe", "1.7.0", "4154", True),
        ("netznoe", "1.7.0", "4155", False),
        ("netznoe", "1.8.0", "5341672", True),
        ("netznoe", "1.8.0", "5341731", True),
        ("netznoe", "1.8.0", "5341732", False),
        ("netznoe", "1.8.0", "5341670", False),
        ("burgenland", "81.7.40", "360", True),
        ("burgenland", "81.7.40", "361", False),
    ],
)
def test_a_value_of_a_usual_telegram_moves_as_far_as_without_a_cause(
    name: str, code: str, value: str, checked: list[Any], *, at_once: bool
) -> None:
    """15 V, 3912 W, what 43.6 kW make in 5 s; an angle as far as it can be."""
    meter = SimulatedMeter(None, "kaifa" if name == "netznoe" else "e450", name)
    meter.more = dict(STEADY)
    line = line_of(meter)
    checked.clear()
    assert all(line.push(meter, 2))
    assert checked == []
    meter.more[code] = Decimal(value)
    line.push(meter)
    assert (checked == []) is at_once


@pytest.mark.parametrize(("volts", "at_once"), [("40.0", True), ("39.9", False)])
def test_a_phase_of_less_than_forty_volts_is_not_usual(
    volts: str, checked: list[Any], *, at_once: bool
) -> None:
    """Which phases may lack a voltage is decided by all checks."""
    meter = SimulatedMeter(None, "kaifa", "netznoe")
    meter.more = STEADY | {"52.7.0": Decimal("47.6")}
    line = line_of(meter)
    checked.clear()
    assert all(line.push(meter, 2))
    assert checked == []
    meter.more["52.7.0"] = Decimal(volts)
    line.push(meter)
    assert (checked == []) is at_once


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_telegram_with_parity_errors_is_no_usual_one(
    checked: list[Any], *, encrypted: bool
) -> None:
    """All that was learned is known when it comes, and late."""
    meter = SimulatedMeter(None, "e450", "wien", encrypted=encrypted)
    line = line_of(meter, count=40)
    checked.clear()
    assert line.take(Received.of(meter.telegram().data, (10,)), 15.0)
    assert len(checked) == 1
    assert all(line.push(meter, 5))


def test_usual_telegrams_without_a_counter_are_known_when_they_come_again() -> None:
    meter = SimulatedMeter(None, "kaifa", encrypted=False)
    line = line_of(meter)
    recorded = [meter.telegram().data for _ in range(30)]
    assert all(line.take(data) for data in recorded)
    assert not any(line.take(data) for data in recorded)
    assert {fault.kind for fault in line.faults} == {Kind.REPLAYED}


def test_a_usual_telegram_has_a_counter_of_its_own(checked: list[Any]) -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    checked.clear()
    meter.meter.invocation_counter += 6  # others were not read
    assert line.push(meter) != [None]
    assert checked == []
    meter.meter.invocation_counter -= 1
    line.push(meter)
    assert len(checked) == 1


def test_a_usual_telegram_of_a_quarter_of_an_hour_is_early_by_twenty_seconds_at_most(
    checked: list[Any],
) -> None:
    meter = SimulatedMeter(None, "am550", "slovenia-4")
    line = line_of(meter)
    checked.clear()
    line.take(meter.telegram().data, 880.0)
    assert checked == []
    line.take(meter.telegram().data, 900.0)
    line.take(meter.telegram().data, 879.9)
    assert len(checked) == 1


def test_an_hour_after_the_usual_telegram_the_clock_may_show_the_same_time(
    checked: list[Any],
) -> None:
    """The hour that occurs twice."""
    begin = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    meter = SimulatedMeter(None, "kaifa", start=begin)
    line = line_of(meter)
    checked.clear()
    skip(meter, timedelta(hours=1))
    line.push(meter)
    assert len(checked) == 1


def test_a_usual_telegram_has_the_reports_of_the_one_before(checked: list[Any]) -> None:
    meter = SimulatedMeter(None, "dsmr", "dsmr5")
    line = line_of(meter, count=40)
    checked.clear()
    data = meter.telegram().data
    gas = re.search(rb"(?<=\)\()\d+\.\d+(?=\*m3)", data)
    assert gas
    more = b"%09.3f" % (float(gas[0]) + 1)
    line.take(repair(data[: gas.start()] + more + data[gas.end() :]), 1.0)
    assert len(checked) == 1


def test_while_a_telegram_of_another_list_is_pending_none_is_decided_at_once(
    checked: list[Any],
) -> None:
    meter, other = (SimulatedMeter(None, "kaifa", name) for name in ("netznoe", "tinetz"))
    other.meter.identity, other._household = meter.meter.identity, meter._household
    line = line_of(meter)
    other._now = meter._now
    other.meter.invocation_counter = meter.meter.invocation_counter
    assert line.push(other) == [None]
    skip(meter, timedelta(seconds=5))
    checked.clear()
    assert all(line.push(meter, 10))
    assert len(checked) == 10


@pytest.mark.parametrize(("at_once", "count"), [(False, 20), (True, 5)])
def test_those_behind_the_first_ones_are_decided_at_once(
    *, at_once: bool, count: int, checked: list[Any]
) -> None:
    """The first ones show the push interval."""
    assert all(GuardedLine(at_once=at_once).push(SimulatedMeter(None, "kaifa"), 20))
    assert len(checked) == count


def test_behind_a_jump_that_was_confirmed_all_is_usual(checked: list[Any]) -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    checked.clear()
    meter.more = {"32.7.0": Decimal(170)}
    assert accepted(line.push(meter, 12)) == [False] + [True] * 11
    assert len(checked) == 2
