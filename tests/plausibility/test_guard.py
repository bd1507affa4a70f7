"""Decisions about telegrams: first ones, damaged ones, those with a verified tag, many senders."""

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.fault import Kind
from app.meters.limits import MOST_SENDERS
from app.meters.telegram import Telegram
from app.plausibility import Guard, limits, rules
from simulator.ciphering import AUTH_KEY, KEY
from simulator.clock import VIENNA
from tests.support.guarded import NO_TAG, PROFILES, GuardedLine, accepted, line_of
from tests.support.repair import repair, with_flipped_bit
from tests.support.simulated import SimulatedMeter


def test_the_first_telegram_is_accepted() -> None:
    assert GuardedLine().push(SimulatedMeter(None, "kaifa")) != [None]


def test_a_first_telegram_out_of_bounds_is_pending() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = GuardedLine()
    meter.more = {"32.7.0": Decimal(999)}
    assert line.push(meter) == [None]
    meter.more = {}
    assert all(line.push(meter, 3))


def test_the_telegrams_after_a_wrong_first_one_are_accepted() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = GuardedLine()
    meter.more = {"1.8.0": Decimal(4_000_000_000)}
    line.push(meter)
    meter.more = {}
    readings = line.push(meter, 4)
    assert accepted(readings) == [False, True, True, True]


def test_a_damaged_telegram_is_pending_and_its_fault_says_why() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    meter.more = {"1.8.0": Decimal(4_000_000_000)}
    assert line.push(meter) == [None]
    meter.more = {}
    assert all(line.push(meter, 5))
    (fault,) = line.faults
    assert fault.kind is Kind.SUSPICIOUS
    assert str(fault.reason) == (
        "a telegram is pending until the next ones confirm it:"
        " energy_import rises from 5341.671 to 4000000.000, faster than the connection allows"
    )
    assert line.told == []


def test_of_a_verified_telegram_neither_clock_nor_jumps_are_checked() -> None:
    meter = SimulatedMeter(None, "e450")
    line = line_of(meter, Keys(KEY, AUTH_KEY))
    meter.more = {"1.8.0": Decimal(3), "1.7.0": Decimal(40_000)}
    meter.meter.clock_error = timedelta(days=-400)
    (reading,) = line.push(meter)
    assert reading
    assert reading.values["energy_import"] == Decimal("0.003")
    meter.meter.invocation_counter -= 1
    assert line.push(meter) == [None]
    assert line.faults[-1].kind is Kind.REPLAYED


def test_a_telegram_of_a_gas_meter_alone_is_accepted() -> None:
    meter = SimulatedMeter(None, "dsmr", "dsmr5")
    line = GuardedLine()
    for _ in range(5):
        lines = meter.telegram().data.split(b"\r\n")
        kept = [text for text in lines if not text.startswith(b"1-0:")]
        for item in line.feed(repair(b"\r\n".join(kept))):
            assert isinstance(item, Telegram)
            assert item.others
            assert item.fault is None
    assert len(line.memory()) == 1


def test_strangers_do_not_fill_the_memory() -> None:
    line = line_of(SimulatedMeter(None, "kaifa"))
    for serial in range(1, 200):
        assert line.push(SimulatedMeter(None, "kaifa", serial=serial)) == [None]
    assert len(line.guard._senders) == 1 + MOST_SENDERS


def test_the_senders_accepted_last_are_kept() -> None:
    line = GuardedLine()
    meters = [SimulatedMeter(None, "kaifa", serial=serial) for serial in range(1, 50)]
    for meter in meters:
        line.push(meter, 3)
    assert len(line.guard._senders) == len(line.guard.memory()) == MOST_SENDERS
    line.restart()
    assert line.push(meters[-1]) != [None]


def test_a_sender_is_new_beside_as_many_as_are_kept() -> None:
    """Each of them was heard once, so that none outweighs another."""
    line = GuardedLine()
    meters = (SimulatedMeter(None, "kaifa", serial=serial) for serial in range(MOST_SENDERS + 1))
    readings = [reading for meter in meters for reading in line.push(meter)]
    assert accepted(readings) == [True] * MOST_SENDERS + [False]


def test_values_that_cannot_be_are_withheld_and_the_others_published() -> None:
    """A firmware that counts tenths of volts, with the scaler of whole ones."""
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    meter.more = {"32.7.0": Decimal(2307)}
    readings = line.push(meter, 6)
    assert accepted(readings) == [False, False, True, True, True, True]
    assert all("voltage_l1" not in reading.values for reading in readings if reading)
    (withheld,) = line.withheld
    assert (withheld.what, str(withheld.until)) == ("voltage_l1", "a value that is possible")
    meter.more = {}
    (reading,) = line.push(meter)
    assert reading
    assert "voltage_l1" in reading.values
    assert line.withheld == ()


@pytest.mark.parametrize("keys", [NO_TAG, Keys(KEY, AUTH_KEY)])
@pytest.mark.parametrize("digits", [-3, -2, -1, 1, 2])
def test_energies_in_another_unit_are_named_and_never_published(keys: Keys, digits: int) -> None:
    meter = SimulatedMeter(None, "e450", "burgenland")
    line = line_of(meter, keys)
    before = line.push(meter)[0]
    assert before
    for _ in range(30):
        meter.more = {}
        shown = meter._household._values()
        times = Decimal(10) ** digits
        meter.more = {code: (shown[code] or 0) * times for code in ("1.8.0", "2.8.0")}
        meter.more = {
            code: value.to_integral_value() for code, value in meter.more.items() if value
        }
        (reading,) = line.push(meter)
        assert reading is None or "energy_import" not in reading.values
    assert reading
    assert "10^" in str(line.faults[-1].reason)
    assert line.told == ["the pending telegrams confirm each other: energies are in another unit"]
    (withheld,) = line.withheld
    assert "energy_import" in str(withheld.what)
    line.restart()
    (reading,) = line.push(meter)
    assert reading is None or "energy_import" not in reading.values
    meter.more = {}
    assert line.push(meter, 4)[-1]
    (reading,) = line.push(meter)
    assert reading
    assert reading.values["energy_import"] >= before.values["energy_import"]  # type: ignore[operator]
    assert line.withheld == ()


def test_what_is_withheld_for_three_telegrams_is_told() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    told = []
    for n in range(4):
        meter.more = {"1.8.0": Decimal(10_000_000 * (n + 1))}
        line.push(meter)
        told.append(len(line.withheld))
    assert told == [0, 0, 1, 1]
    assert str(line.withheld[0].what) == "all values"
    assert line.withheld[0].since == 1.8e9 + 21 * 5
    meter.more = {}
    assert all(line.push(meter, 2))
    assert line.withheld == ()


def two_on_one_line() -> tuple[SimulatedMeter, SimulatedMeter, GuardedLine]:
    """Two meters, and their line on which both were accepted."""
    first, second = (SimulatedMeter(None, "kaifa", serial=n) for n in (1, 2))
    line = GuardedLine()
    for _ in range(20):
        assert line.take(first.telegram().data, 2)
        assert line.take(second.telegram().data, 3)
    return first, second, line


def test_what_is_withheld_of_one_meter_is_told_with_the_telegrams_of_another() -> None:
    first, second, line = two_on_one_line()
    told = []
    for n in range(4):
        first.more = {"1.8.0": Decimal(10_000_000 * (n + 1))}
        assert line.take(first.telegram().data, 2) is None
        assert line.take(second.telegram().data, 3)
        told.append(len(line.withheld))
    assert told == [0, 0, 1, 1]


def test_the_sender_accepted_last_is_kept_as_the_last_one() -> None:
    first, second, line = two_on_one_line()
    assert line.take(first.telegram().data, 2)
    order = list(line.memory())
    second.more = {"1.8.0": Decimal(4_000_000_000)}
    assert line.take(second.telegram().data, 3) is None
    assert list(line.memory()) == order
    second.more = {}
    assert line.take(second.telegram().data, 5)
    assert list(line.memory()) == order[::-1]


def test_of_a_telegram_that_says_nothing_no_sender_is_known() -> None:
    line = GuardedLine()
    (item,) = line.feed(SimulatedMeter(None, "energomera", "event").telegram().data)
    assert isinstance(item, Telegram)
    assert (item.reading, item.fault) == (None, None)
    assert line.guard._senders == {}


def test_telegrams_without_a_counter_that_came_before_are_rejected() -> None:
    meter = SimulatedMeter(None, "kaifa", encrypted=False)
    line = line_of(meter)
    recorded = [meter.telegram().data for _ in range(30)]
    assert all(line.take(data) for data in recorded)
    line.restart()
    assert not any(line.take(data) for data in recorded)
    assert {fault.kind for fault in line.faults} == {Kind.REPLAYED}
    assert "it came before" in str(line.faults[0].reason)


def test_energies_of_a_list_of_their_own_are_accepted_after_a_jump() -> None:
    """Telegrams of another list in between neither confirm nor contradict them."""
    usual, hourly = (SimulatedMeter(None, "kamstrup", n) for n in ("nordic", "nordic-hourly"))
    hourly.meter.identity, hourly._household = usual.meter.identity, usual._household
    line, found = line_of(usual), []
    for n in range(9):
        hourly._now = usual._now - timedelta(seconds=hourly.meter.interval)
        hourly.more = {}
        shown = hourly._household._values()
        hourly.more = {"1.8.0": (shown["1.8.0"] or Decimal()) + 500_000 * (n > 3)}
        found.append(line.take(hourly.telegram().data, 0.1) is not None)
        line.now, line.wall = line.now - 0.1, line.wall - 0.1
        assert all(line.push(usual, 30))
    assert found == [True, True, True, True, False, False, True, True, True]


def test_telegrams_of_two_lists_may_be_pending_at_once() -> None:
    usual, hourly = (SimulatedMeter(None, "kamstrup", n) for n in ("nordic", "nordic-hourly"))
    hourly.meter.identity, hourly._household = usual.meter.identity, usual._household
    line = line_of(usual)
    count = usual._household._values()["1.8.0"] or Decimal()
    for more, taken in ((0, True), (500_000, False)):
        hourly._now, hourly.more = usual._now, {"1.8.0": count + more}
        assert (line.take(hourly.telegram().data, 0.1) is not None) is taken
        assert all(line.push(usual, 30))
    usual.more = {"32.7.0": Decimal(170)}
    assert accepted(line.push(usual, 3)) == [False, True, True]


def test_a_jump_that_comes_again_and_again_is_taken_and_no_far_larger_one() -> None:
    """The check is widened, as this is how the meter is."""
    meter = SimulatedMeter(None, "kaifa")
    line, jumps = line_of(meter), []
    for _ in range(14):
        meter.more = {}
        line.push(meter, 9)
        meter.more = {"32.7.0": Decimal(200)}
        jumps += line.push(meter)
    assert accepted(jumps[:10]) == [False] * 9 + [True]
    assert all(jumps[-2:])
    meter.more = {"32.7.0": Decimal(120)}
    assert line.push(meter) == [None]


def test_a_law_that_is_broken_again_and_again_is_given_up() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line, broken = line_of(meter), []
    for _ in range(14):
        meter.more = {}
        line.push(meter, 9)
        shown = meter._household._values()
        meter.more = {code: (shown[code] or Decimal(0)) + 300 for code in ("1.7.0", "2.7.0")}
        broken += line.push(meter)
    taken = accepted(broken)
    assert taken == sorted(taken)
    assert 3 < taken.count(False) < 10


def test_energies_that_only_seemed_to_be_in_another_unit_are_published_again() -> None:
    """A reset to a tenth, by chance; they grow as the power says."""
    meter = SimulatedMeter(None, "e450", "burgenland")
    line = line_of(meter)
    shown = {code: value or Decimal(0) for code, value in meter._household._values().items()}
    readings = []
    for _ in range(80):
        used = {code: meter._household._values()[code] or Decimal(0) for code in ("1.8.0", "2.8.0")}
        meter.more = {}
        grown = {code: used[code] - shown[code] for code in used}
        meter.more = {code: (shown[code] / 10).to_integral_value() + grown[code] for code in used}
        readings += line.push(meter)
    assert "another unit" in line.told[0]
    published = [reading is not None and "energy_import" in reading.values for reading in readings]
    assert not any(published[:10])
    assert all(published[-20:])


@pytest.mark.parametrize(
    ("family", "name"),
    [
        *(("kaifa", "netznoe"), ("e450", "burgenland"), ("kamstrup", "denmark")),
        *(("am550", "text"), ("dsmr", "dsmr5")),
    ],
)
def test_a_guard_decides_beside_others_as_alone(family: str, name: str) -> None:
    """Guards share what they look up; each of these learned other limits."""
    chance = random.Random(f"{family} {name}")  # noqa: S311 - no cryptography
    wide = {"jump voltage": 64.0, "clock interval": 2.0}
    learned: tuple[tuple[float, dict[str, float]], ...] = (
        *((50_000, {}), (250_000, {}), (50_000, wide)),
        (50_000, {"clock interval": 2.0, "jump voltage": 4.0}),
    )
    lines = []
    for n, (watts, slack) in enumerate(learned):
        meter = SimulatedMeter(None, family, name, serial=n)
        memory = line_of(meter, count=8).memory()
        for kept in memory.values():
            kept |= {"watts": watts, "slack": slack}
        data = []
        for at in range(40):
            # What is usual for some of them is none for the others.
            meter.more = {"32.7.0": Decimal(190 + 15 * (at % 5)), "1.7.0": Decimal(80_000 + at)}
            data.append(meter.telegram().data)
        for at in range(8, 40, 3):
            place = chance.randrange(1, len(data[at]) - 1)
            data[at] = with_flipped_bit(data[at], place, chance.randrange(8))
        lines.append((memory, data, meter.meter.interval))

    def decided(which: Sequence[int]) -> dict[int, object]:
        for cached in (limits._limit, rules.rules_of):
            cached.cache_clear()
        guarded = {n: GuardedLine(memory=lines[n][0]) for n in which}
        found: dict[int, list[object]] = {n: [] for n in which}
        for k in range(40):
            for n in which:
                _, data, interval = lines[n]
                found[n].append(guarded[n].take(data[k], interval))
        return {n: (found[n], guarded[n].faults, guarded[n].memory()) for n in which}

    together = decided(range(len(lines)))
    for n, alone in enumerate(decided((n,))[n] for n in range(len(lines))):
        assert together[n] == alone, n


def test_the_power_contradicts_no_unit_that_the_user_says() -> None:
    """Not what was withheld before, and again when the user says none any more."""
    meter, published = SimulatedMeter(None, "kaifa", "netznoe"), []
    counted, now = 5_000_000, [5000.0]
    memory: dict[str, Any] = {}
    for compares_power in (False, True, False):
        guard = Guard(memory, lambda: now[0], lambda: now[0], compares_power=compares_power)
        decoder = Decoder(NO_TAG, PROFILES, VIENNA, guard=guard)
        for _ in range(220):
            now[0], counted = now[0] + 5, counted + 10
            meter.more = dict.fromkeys(("2.7.0", "2.8.0"), Decimal(0))
            meter.more |= {"1.7.0": Decimal(720), "1.8.0": Decimal(counted)}
            (telegram,) = decoder.feed(meter.telegram().data)
            assert isinstance(telegram, Telegram)
            published.append(bool(telegram.reading and "energy_import" in telegram.reading.values))
        memory = guard.memory()
    assert all(published[:220])
    assert not any(published[420:440])
    assert all(published[450:])
