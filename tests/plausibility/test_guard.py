"""What a telegram has to do with those before it, and what becomes of one that has not."""

import json
import random
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.fault import Fault, Kind
from app.meters import profile_files
from app.meters.reading import Reading
from app.meters.senders import MOST_SENDERS
from app.meters.telegram import Telegram
from app.plausibility import Guard
from simulator.axdr import Type
from simulator.ciphering import AUTH_KEY, KEY
from simulator.household import Household
from simulator.meters import Register, Unit
from tests.support.simulated import EVERY_LIST, LISTS, SimulatedMeter
from tests.support.telegrams import ZONE
from trials import corruption
from trials.corruption import Case
from trials.damage import repair

PROFILES = profile_files.load()
NO_TAG = Keys(KEY)
EACH_LIST = pytest.mark.parametrize(("family", "name"), LISTS)


class Listener:
    """Decoder and guard of a line, and time that is made up."""

    def __init__(self, keys: Keys = NO_TAG, memory: dict[str, str] | None = None) -> None:
        self.now = 5000.0
        self.wall = 1.8e9
        self.held: list[Fault] = []
        self.told: list[str] = []
        self.numbers: dict[str, str] = {}
        self._keys = keys
        self.restart(memory)

    def restart(self, memory: dict[str, str] | None = None) -> None:
        self.guard = Guard(memory, lambda: self.now, lambda: self.wall)
        self._decoder = Decoder(self._keys, PROFILES, ZONE, numbers=self.numbers, guard=self.guard)

    def take(self, data: bytes, seconds: float = 5.0) -> Reading | None:
        """Let time pass and a telegram come; give what is published."""
        self.now += seconds
        self.wall += seconds
        found = None
        for item in self._decoder.feed(data):
            fault = item if isinstance(item, Fault) else item.fault
            if fault:
                self.held.append(fault)
            elif isinstance(item, Telegram):
                found = item.reading
                self.told += [item.told] if item.told else []
        return found

    def push(self, meter: SimulatedMeter, count: int = 1) -> list[Reading | None]:
        """Let a meter push telegrams at its pace."""
        return [self.take(meter.telegram().data, meter.meter.interval) for _ in range(count)]


def known(meter: SimulatedMeter, keys: Keys = NO_TAG, count: int = 20) -> Listener:
    """Give the listener of a meter that has been read for a while."""
    listener = Listener(keys)
    assert all(listener.push(meter, count))
    return listener


def later(meter: SimulatedMeter, passed: timedelta) -> None:
    """Let a meter push into the void, as one that is not listened to."""
    telegrams = int(passed.total_seconds()) // meter.meter.interval
    meter._now += telegrams * timedelta(seconds=meter.meter.interval)
    meter.meter.invocation_counter += telegrams
    meter.meter.invoke_id += telegrams * meter.meter.invoke_step


def published(readings: list[Reading | None]) -> list[bool]:
    return [reading is not None for reading in readings]


# Good telegrams


@EACH_LIST
def test_no_good_telegram_is_refused(family: str, name: str) -> None:
    listener = known(SimulatedMeter(None, family, name), count=60)
    assert listener.held == []


@pytest.mark.slow
@pytest.mark.parametrize(("family", "name"), EVERY_LIST)
def test_hardly_a_good_telegram_is_refused_for_long(family: str, name: str) -> None:
    if (family, name) in corruption.SILENT:
        return
    listener = Listener()
    readings = listener.push(SimulatedMeter(None, family, name), 400)
    assert len(listener.held) <= 1  # a large load shows in nothing but the power for a moment
    assert all(readings[-5:])


@pytest.mark.parametrize("count", [40, pytest.param(900, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "moment", [datetime(2026, 10, 25, 0, 58, tzinfo=UTC), datetime(2026, 3, 29, 0, 58, tzinfo=UTC)]
)
@EACH_LIST
def test_no_good_telegram_is_refused_when_the_hour_changes(
    family: str, name: str, moment: datetime, count: int
) -> None:
    meter = SimulatedMeter(None, family, name)
    meter._now = moment
    meter._household = Household(3, moment, phases=meter.meter.phases, step=5)
    listener = known(meter, count=count)
    assert listener.held == []


@pytest.mark.parametrize("off", [timedelta(minutes=-7), timedelta(minutes=12), timedelta(hours=1)])
def test_a_clock_may_be_off(off: timedelta) -> None:
    meter = SimulatedMeter(None, "kaifa")
    meter.meter.clock_error = off
    assert known(meter).held == []


def test_a_clock_that_is_read_a_little_early_or_late_is_learned() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener, chance = Listener(), random.Random(2)  # noqa: S311 - no cryptography
    readings = []
    for _ in range(600):
        meter.meter.clock_error = timedelta(seconds=chance.randrange(3))
        readings += listener.push(meter)
    assert published(readings).count(False) <= 12
    assert all(readings[150:])


@pytest.mark.slow
def test_a_clock_that_slips_now_and_then_is_learned() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = Listener()
    readings = []
    for n in range(3000):
        meter.meter.clock_error = timedelta(seconds=n // 60)
        readings += listener.push(meter)
    assert published(readings).count(False) <= 14
    assert all(readings[1000:])


def test_a_meter_may_have_no_valid_time() -> None:
    meter = SimulatedMeter(None, "e450")
    meter.meter.header_time = None
    listener = known(meter)
    assert listener.push(meter)[0] is not None
    assert listener.held == []


def test_a_meter_whose_clock_is_set_is_believed_with_the_second_telegram_that_says_so() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    meter.meter.clock_error = timedelta(minutes=-4)
    assert published(listener.push(meter, 4)) == [False, False, True, True]
    assert "the meter's clock was set" in listener.told[0]
    assert "clock goes back" in listener.held[0].reason


@EACH_LIST
def test_nothing_may_flow_at_night(family: str, name: str) -> None:
    meter = SimulatedMeter(None, family, name)
    listener = known(meter)
    codes = ("1.7.0", "2.7.0", "3.7.0", "4.7.0", "31.7.0", "51.7.0", "71.7.0")
    meter.more = dict.fromkeys(codes, Decimal(0))
    still = meter._household._values()
    meter.more |= {code: value for code, value in still.items() if ".8." in code and value}
    assert all(listener.push(meter, 30))


@pytest.mark.parametrize("pause", [timedelta(hours=1), timedelta(days=3)])
@EACH_LIST
def test_the_first_telegram_after_a_pause_is_published(
    family: str, name: str, pause: timedelta
) -> None:
    meter = SimulatedMeter(None, family, name)
    meter._household = Household(2, meter._now, phases=meter.meter.phases, step=60)
    listener = known(meter)
    later(meter, pause)
    assert listener.take(meter.telegram().data, pause.total_seconds() + 5)
    assert listener.held == []


def test_what_a_gateway_held_up_is_published() -> None:
    meter = SimulatedMeter(None, "sagemcom")
    listener = known(meter)
    late = [meter.telegram().data for _ in range(60)]
    listener.now += 300
    assert all(listener.take(data, 0.01) for data in late)
    assert all(listener.push(meter, 20))


def test_a_full_counter_begins_at_zero_again() -> None:
    meter = SimulatedMeter(None, "kaifa", "tinetz")
    meter.more = {"1.8.0": Decimal(999_999_995)}
    listener = known(meter)
    meter.more = {"1.8.0": Decimal(4)}
    (reading,) = listener.push(meter)
    assert reading
    assert reading.values["energy_import"] == Decimal("0.004")


def test_counters_that_are_only_refreshed_now_and_then_are_learned() -> None:
    meter = SimulatedMeter(None, "e450", "burgenland-11")
    count = 2_000_000
    refused = 0
    listener = Listener()
    for n in range(180 * 8):
        count += 2500 if n and not n % 180 else 0  # each quarter of an hour
        meter.more = {"1.8.0": Decimal(count), "2.8.0": Decimal(7)}
        refused += listener.push(meter) == [None]
    assert refused <= 4


def test_a_connection_larger_than_a_household_s_is_learned() -> None:
    meter = SimulatedMeter(None, "e450", "wien")
    listener = known(meter)
    shown = meter._household._values()
    meter.more = {
        "1.7.0": Decimal(90_000),
        "2.7.0": Decimal(0),
        "2.8.0": shown["2.8.0"] or Decimal(0),
    }
    count = int(shown["1.8.0"] or 0)
    refused = 0
    for _ in range(60):
        count += 125
        meter.more["1.8.0"] = Decimal(count)
        refused += listener.push(meter) == [None]
    assert refused < 12
    assert all(listener.push(meter, 3))


def test_values_that_jump_each_time_are_not_refused_for_good() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    readings = []
    for n in range(100):
        meter.more = {"32.7.0": Decimal(200 + 45 * (n % 2)), "52.7.0": Decimal(190 + 20 * (n % 3))}
        readings += listener.push(meter)
    assert all(readings[-30:])


def test_a_meter_that_sends_two_lists_in_turn_is_read() -> None:
    long, short = (SimulatedMeter(None, "e450", name) for name in ("burgenland", "burgenland-11"))
    listener = Listener()
    readings = []
    for _ in range(30):
        readings += listener.push(long)
        short._now, short.meter.invocation_counter = long._now, long.meter.invocation_counter
        readings += listener.push(short)
        long._now, long.meter.invocation_counter = short._now, short.meter.invocation_counter
    assert all(readings)


def test_a_list_behind_a_weak_checksum_is_believed_when_it_comes_again() -> None:
    long, short = (SimulatedMeter(None, "kaifa", name) for name in ("tinetz", "tinetz-1ph"))
    short.meter.identity = long.meter.identity
    short.more = long.more = dict.fromkeys(("1.7.0", "2.7.0", "1.8.0", "2.8.0"), Decimal(1))
    listener = Listener()
    readings = []
    for _ in range(10):
        readings += listener.push(long, 3)
        short._now, short.meter.invocation_counter = long._now, long.meter.invocation_counter
        short._household = long._household
        readings += listener.push(short)
        long._now, long.meter.invocation_counter = short._now, short.meter.invocation_counter
    assert published(readings[:8]) == [True, True, True, False, True, True, True, True]
    assert all(readings[8:])


# Damage


def flipped(data: bytes, at: int, bit: int) -> bytes:
    """Flip a bit of a telegram in one frame, and make its checksums fit."""
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return repair(bytes(changed))


def small(key: str, off: float) -> bool:
    """Tell whether an error is one that nobody can tell from life."""
    if "energy" in key:
        return off <= 0.062  # kWh, what three phases of 63 A move in 5 s
    kind = next(name for name in corruption.RANGES if key.startswith(name))
    turned = 360 - off if kind == "phase_angle" else off
    return min(off, turned) <= corruption.RANGES[kind] / 10


@pytest.mark.parametrize("name", ["burgenland", "wien"])
def test_no_single_bit_goes_far_without_a_tag(name: str) -> None:
    """Bits of each byte of the telegram, with the link's checksum repaired."""
    meter = SimulatedMeter(None, "e450", name)
    listener = known(meter)
    plain = Decoder(NO_TAG, PROFILES, ZONE)
    for at in range(1, len(meter.telegram().data) - 1):
        for bit in (0, 3, 6, 7):
            telegram = meter.telegram()
            (truth,) = plain.feed(telegram.data)
            reading = listener.take(flipped(telegram.data, at, bit))
            assert listener.push(meter) != [None], (at, bit)
            if reading is None:
                continue
            assert isinstance(truth, Telegram)
            assert truth.reading
            assert reading.meter == truth.reading.meter
            assert reading.timestamp in {truth.timestamp, None}
            for key, value in reading.values.items():
                off = abs(float(value) - float(truth.reading.values[key]))
                assert small(key, off), (at, bit, key)


def test_a_damaged_telegram_is_held_back_counted_and_explained() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    meter.more = {"1.8.0": Decimal(4_000_000_000)}
    assert listener.push(meter) == [None]
    meter.more = {}
    assert all(listener.push(meter, 5))
    (fault,) = listener.held
    assert fault.kind is Kind.SUSPICIOUS
    assert fault.reason == (
        "a telegram was held back until the next ones confirm it:"
        " energy_import rises faster than the connection allows"
    )
    assert listener.told == []


def test_a_damaged_number_is_forgotten_with_its_telegram() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    numbers = dict(listener.numbers)
    other = SimulatedMeter(None, "kaifa", serial=7654321)
    meter.meter.identity = replace(meter.meter.identity, number=other.meter.identity.number)
    assert listener.push(meter) == [None]
    assert listener.numbers == numbers


def test_a_counter_seems_never_to_fall_by_a_bit_that_nobody_could_see() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    energy = Decimal(str(meter._household._values()["2.8.0"])) + 5
    readings = []
    for step in (0, 2, 0, 1, 2, 3):
        meter.more = {"2.8.0": energy + step}
        readings += listener.push(meter)
    values = [reading.values["energy_export"] for reading in readings if reading]
    assert len(values) == 6
    assert values == sorted(values)
    assert values[-1] == (energy + 3) / 1000


# The first telegram


def test_the_first_telegram_is_published_at_once() -> None:
    assert Listener().push(SimulatedMeter(None, "kaifa")) != [None]


def test_a_first_telegram_that_cannot_be_waits_for_the_second() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = Listener()
    meter.more = {"32.7.0": Decimal(999)}
    assert listener.push(meter) == [None]
    meter.more = {}
    assert all(listener.push(meter, 3))


def test_a_first_telegram_that_was_wrong_does_not_poison_those_that_follow() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = Listener()
    meter.more = {"1.8.0": Decimal(4_000_000_000)}
    listener.push(meter)
    meter.more = {}
    readings = listener.push(meter, 4)
    assert published(readings) == [False, True, True, True]


# What really happens


def test_a_meter_that_was_replaced_is_believed_with_its_third_telegram() -> None:
    old, new = SimulatedMeter(None, "kaifa"), SimulatedMeter(None, "kaifa", serial=7654321)
    listener = known(old)
    new._now = old._now
    readings = listener.push(new, 4)
    assert published(readings) == [False, False, True, True]
    assert readings[-1]
    assert readings[-1].meter.number == new.meter.identity.number


def test_a_meter_in_the_clear_that_was_replaced_is_believed_with_its_third_telegram() -> None:
    old, new = (SimulatedMeter(None, "kaifa", encrypted=False, serial=n) for n in (1, 2))
    listener = known(old)
    new._now = old._now
    assert published(listener.push(new, 4)) == [False, False, True, True]


def test_counters_that_were_set_back_are_believed_with_the_third_telegram() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    meter.more = {"1.8.0": Decimal(0), "2.8.0": Decimal(0)}
    readings = listener.push(meter, 4)
    assert published(readings) == [False, False, True, True]
    assert readings[-1]
    assert readings[-1].values["energy_import"] == 0
    assert "a counter of the meter was set back" in listener.told[0]


def test_noise_in_between_does_not_keep_a_reset_from_being_believed() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    readings = []
    for reset in (0, 0, 3_000_000_000, 0, 0):
        meter.more = {"1.8.0": Decimal(reset)}
        readings += listener.push(meter)
    assert published(readings) == [False, False, False, True, True]


def test_a_new_register_is_believed_with_the_second_telegram() -> None:
    meter = SimulatedMeter(None, "kaifa", "tinetz")
    listener = known(meter)
    new = Register("1-0:14.7.0", Type.UINT16, Unit.COUNT, -2)
    layout = meter.meter.layout
    meter.meter.layout = replace(layout, items=(*layout.items, new))
    meter.more = {"14.7.0": Decimal(50)}
    assert published(listener.push(meter, 4)) == [False, True, True, True]
    assert "another list" in listener.told[0]


# Replay


def test_a_telegram_that_comes_again_is_not_published() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    old, last = meter.telegram().data, meter.telegram().data
    assert listener.take(old)
    assert listener.take(last)
    assert [listener.take(data) for data in (last, old, last, old)] == [None] * 4
    assert {fault.kind for fault in listener.held} == {Kind.REPLAYED}
    assert "not newer" in listener.held[0].reason


def test_recorded_telegrams_are_not_believed_by_being_many() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = Listener()
    recorded = [meter.telegram().data for _ in range(30)]
    assert all(listener.take(data) for data in recorded)
    assert not any(listener.take(data) for data in recorded)


@pytest.mark.parametrize("keys", [NO_TAG, Keys(KEY, AUTH_KEY)])
def test_a_counter_that_began_anew_is_recognised_and_told(keys: Keys) -> None:
    meter = SimulatedMeter(None, "e450")
    meter.meter.invocation_counter = 70_000
    listener = known(meter, keys)
    meter.meter.invocation_counter = 1
    assert published(listener.push(meter, 4)) == [False, False, True, True]
    assert "began anew" in listener.told[0]


def test_a_meter_that_does_not_count_is_read() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = Listener()
    readings = []
    for _ in range(10):
        meter.meter.invocation_counter = 5
        readings += listener.push(meter)
    assert all(readings[4:])


# A verified tag


def test_of_a_verified_telegram_only_its_age_is_doubted() -> None:
    meter = SimulatedMeter(None, "e450")
    listener = known(meter, Keys(KEY, AUTH_KEY))
    meter.more = {"1.8.0": Decimal(3), "1.7.0": Decimal(4_000_000_000)}
    meter.meter.clock_error = timedelta(days=-400)
    (reading,) = listener.push(meter)
    assert reading
    assert reading.values["energy_import"] == Decimal("0.003")
    meter.meter.invocation_counter -= 1
    assert listener.push(meter) == [None]
    assert listener.held[-1].kind is Kind.REPLAYED


def test_the_addresses_of_a_link_do_not_make_another_meter_of_a_verified_one() -> None:
    """They decide the family, and no tag covers them."""
    meter = SimulatedMeter(None, "e450", "klagenfurt")
    listener = known(meter, Keys(KEY, AUTH_KEY))
    meter.meter.link = replace(meter.meter.link, source=b"\x21")  # type: ignore[type-var]
    (reading,) = listener.push(meter)
    assert reading is None or reading.meter.type == "e450"


# Over a restart


def test_nothing_is_refused_after_a_restart() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    listener.restart(listener.guard.memory())
    assert all(listener.push(meter, 30))


def test_a_replay_is_noticed_right_after_a_restart() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    last = meter.telegram().data
    assert listener.take(last)
    listener.restart(listener.guard.memory())
    assert listener.take(last) is None


def set_back(meter: SimulatedMeter) -> None:
    meter.more = {"1.8.0": Decimal(0)}


def set_wrong(meter: SimulatedMeter) -> None:
    meter.meter.clock_error = timedelta(hours=8)


def renamed(meter: SimulatedMeter) -> None:
    meter.meter.identity = replace(meter.meter.identity, number="181220000000")


def shuffled(meter: SimulatedMeter) -> None:
    items = meter.meter.layout.items
    meter.meter.layout = replace(
        meter.meter.layout, items=(items[0], items[2], items[1], *items[3:])
    )


@pytest.mark.parametrize("change", [set_back, set_wrong, renamed, shuffled])
def test_what_does_not_go_on_from_before_a_restart_is_held_back(
    change: Callable[[SimulatedMeter], None],
) -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    listener.restart(listener.guard.memory())
    change(meter)
    assert published(listener.push(meter, 4)) == [False, False, True, True]


def test_a_long_stop_of_the_program_is_no_reason_for_doubt() -> None:
    meter = SimulatedMeter(None, "kaifa")
    meter._household = Household(2, meter._now, phases=3, step=60)
    listener = known(meter)
    memory = listener.guard.memory()
    later(meter, timedelta(days=2))
    listener.now = 3.0  # the steady clock began anew, too
    listener.wall += 2 * 86400
    listener.restart(memory)
    assert listener.push(meter) != [None]


@pytest.mark.parametrize("kept", ["", "{}", "[1]", '{"ids": 3}', '{"ids": [], "counters": null}'])
def test_a_memory_that_cannot_be_understood_is_passed_over(kept: str) -> None:
    assert Listener(memory={"4B464D6750000001": kept}).push(SimulatedMeter(None, "kaifa")) != [None]


# Memory


def test_senders_without_end_are_not_kept() -> None:
    listener = known(SimulatedMeter(None, "kaifa"))
    for serial in range(1, 200):
        assert listener.push(SimulatedMeter(None, "kaifa", serial=serial)) == [None]
    assert len(listener.guard._senders) < 12


# The trial


def test_of_damaged_telegrams_nothing_grave_is_published(
    figure: Callable[[str], None],
) -> None:
    total = corruption.Result()
    for one in corruption.lists()[::4]:
        for repaired in (False, True) if one.checked else (True,):
            verified = one.tagged and not repaired
            case = Case(one.family, one.variant, repaired, verified, "established", 5, 20)
            total.add(corruption.run(case, streams=1, length=90))
    assert not [kind for kind in total.errors if kind.startswith(corruption.GRAVE)], total.shown
    assert total.damaged > 500
    assert total.stuck == 0
    figure(
        f"corruption: {total.damaged} damaged telegrams, {total.wrong} published with anything"
        " wrong, all of it small"
    )


# What repeats


def test_what_a_meter_repeats_is_missed_once_it_was_learned() -> None:
    """Two flipped bits that make up for each other mostly hit one thing that never changes."""
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    meter.meter.ciphering = replace(meter.meter.ciphering, suite=1)  # type: ignore[type-var]
    assert published(listener.push(meter, 5)) == [False, False, False, True, True]
    assert "what the meter repeats" in listener.held[0].reason


def test_a_word_that_changes_each_time_is_not_relied_on() -> None:
    meter = SimulatedMeter(None, "kaifa")
    meter.meter.invoke_step = 3
    assert known(meter).held == []


def test_a_word_that_changes_now_and_then_is_learned() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = Listener()
    plain = meter.meter.ciphering
    assert plain
    readings = []
    for n in range(600):
        meter.meter.ciphering = replace(plain, suite=int(n % 20 == 19))
        readings += listener.push(meter)
    assert published(readings).count(False) <= 6
    assert all(readings[200:])


def test_a_stranger_between_the_telegrams_of_a_meter_is_not_believed_soon() -> None:
    meter, other = (SimulatedMeter(None, "kaifa", encrypted=False, serial=n) for n in (1, 2))
    listener = known(meter)
    for _ in range(10):
        assert listener.push(other) == [None]
        other._now += timedelta(seconds=5)
        assert all(listener.push(meter))


def test_noise_does_not_unlearn_what_a_meter_repeats() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    for n in range(40):
        meter.meter.invoke_id += 1 << n % 20
        assert listener.push(meter) == [None], n
        meter.meter.invoke_id -= 1 << n % 20
        assert all(listener.push(meter, 2))


def test_noise_does_not_unlearn_the_pace_of_a_clock() -> None:
    """Without a counter of telegrams the pace is all that a time can be compared with."""
    meter = SimulatedMeter(None, "kaifa-nordic", "norway-1")
    listener = Listener()
    listener.push(meter, 20)
    for n in range(40):
        data = meter.telegram().data
        invoke_id = data.index(bytes.fromhex("e6e7000f")) + 4
        assert listener.take(flipped(data, invoke_id + n // 8 % 4, n % 8), 10) is None
        assert all(listener.push(meter, 2))
        meter.meter.clock_error = timedelta(seconds=(4, -6, 7)[n % 3])
        assert listener.push(meter) == [None], n
        meter.meter.clock_error = timedelta()
        assert all(listener.push(meter, 2))


def with_gas_reported(data: bytes, later: timedelta) -> bytes:
    """Change when the gas meter behind a meter reported last."""
    found = re.search(rb"0-1:24\.[23]\.[01]\((\d{12})", data)
    assert found
    told = datetime.strptime(f"{found[1].decode()}Z", "%y%m%d%H%M%S%z") + later
    stamp = told.strftime("%y%m%d%H%M%S").encode()
    return repair(data[: found.start(1)] + stamp + data[found.end(1) :])


@pytest.mark.parametrize(
    ("family", "name", "off"),
    [
        ("dsmr", "dsmr5", timedelta(hours=1)),
        ("dsmr2", "dsmr2", timedelta(minutes=1)),
        ("dsmr2", "dsmr2", timedelta(seconds=-1)),
    ],
)
def test_a_gas_meter_reports_neither_ahead_of_the_clock_nor_off_the_hour(
    family: str, name: str, off: timedelta
) -> None:
    meter = SimulatedMeter(None, family, name)
    listener = known(meter)
    listener.restart(listener.guard.memory())
    assert listener.take(with_gas_reported(meter.telegram().data, off), 10) is None
    assert all(listener.push(meter, 5))


def test_a_frame_with_a_damaged_head_is_not_read_without_its_checksum() -> None:
    """What is inside could be found as a message without a frame, right after a restart, too."""
    meter = SimulatedMeter(None, "e450", "wien-10")
    listener = known(meter)
    listener.restart(listener.guard.memory())
    damaged = bytearray(meter.telegram().data)
    damaged[3] ^= 0x10
    damaged[-5] ^= 0x40
    assert listener.take(bytes(damaged)) is None
    assert all(listener.push(meter, 3))


def test_a_text_without_one_of_its_lines_is_damaged() -> None:
    meter = SimulatedMeter(None, "dsmr", "belgium")
    listener = known(meter)
    for _ in range(5):
        assert (
            listener.take(repair(meter.telegram().data.replace(b"71.7.0(", b"71.7.0 ")), 1) is None
        )
        assert all(listener.push(meter, 2))


def test_a_current_that_jumps_adds_up_with_the_others_as_before() -> None:
    """Each phase either takes or gives, so three currents fit many powers."""
    meter = SimulatedMeter(None, "aidon", "norway")
    listener = Listener()

    def draw(watts: int, *amperes: str) -> list[Reading | None]:
        meter.more = {f"{code}.7.0": Decimal(230) for code in (32, 52, 72)}
        meter.more |= {"1.7.0": Decimal(watts), "2.7.0": Decimal(0)}
        meter.more |= {f"{n}.7.0": Decimal(a) for n, a in zip((31, 51, 71), amperes, strict=True)}
        return listener.push(meter)

    for _ in range(10):
        assert all(draw(574, "1.2", "1.0", "0.5"))
    assert draw(2447, "4.0", "3.6", "10.9") == [None]
    assert all(draw(2447, "4.0", "3.6", "3.3"))
    assert all(draw(4150, "4.0", "3.6", "10.9"))


def test_a_phase_without_voltage_has_no_current() -> None:
    meter = SimulatedMeter(None, "kaifa", "netznoe-1ph")
    listener = Listener()

    def draw(watts: int, *amperes: str) -> list[Reading | None]:
        meter.more = {"1.7.0": Decimal(watts), "2.7.0": Decimal(0), "13.7.0": Decimal(1)}
        meter.more |= {"1.8.0": Decimal(5_000_000), "2.8.0": Decimal(0)}
        meter.more |= {f"{n}.7.0": Decimal(a) for n, a in zip((31, 51, 71), amperes, strict=True)}
        return listener.push(meter)

    for _ in range(10):
        assert all(draw(460, "2.0", "0", "0"))
    assert draw(2300, "10.0", "0", "8.0") == [None]
    assert all(draw(2300, "10.0", "0", "0"))


def test_a_power_factor_goes_with_the_power_of_its_phase() -> None:
    """Behind panels the power of a phase goes through zero, and the current goes on, reactive."""
    meter = SimulatedMeter(None, "kamstrup", "denmark")
    listener = Listener()

    def draw(watts: int, factor: str) -> list[Reading | None]:
        codes = ("21.7.0", "22.7.0", "41.7.0", "42.7.0", "61.7.0", "62.7.0", "2.7.0")
        meter.more = dict.fromkeys(codes, Decimal(0))
        meter.more |= {"1.7.0": Decimal(watts), "21.7.0": Decimal(watts)}
        meter.more |= {"32.7.0": Decimal(230), "31.7.0": Decimal("0.80")}
        meter.more["33.7.0"] = Decimal(factor)
        return listener.push(meter)

    for _ in range(10):
        assert all(draw(140, "0.76"))
    assert all(draw(74, "0.40"))
    assert draw(74, "0.80") == [None]
    assert "power_factor_l1" in listener.held[-1].reason


def test_a_segment_with_other_addresses_ends_its_message() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    first, second = meter.telegram().segments
    strange = bytearray(second)
    strange[7] ^= 1
    assert listener.take(first + repair(bytes(strange))) is None
    assert "other addresses" in listener.held[0].reason
    assert all(listener.push(meter, 3))


# What meters do for years


def test_what_cannot_be_and_was_confirmed_is_not_doubted_again() -> None:
    """A phase that was lost shows what appliances feed back."""
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    meter.more = {"52.7.0": Decimal(20)}
    readings = listener.push(meter, 60)
    assert published(readings).count(False) <= 6
    assert all(readings[10:])


def test_a_list_may_be_off_the_pace_of_another() -> None:
    usual, hourly = (SimulatedMeter(None, "kamstrup", n) for n in ("nordic", "nordic-hourly"))
    hourly.meter.identity, hourly._household = usual.meter.identity, usual._household
    listener, found = Listener(), []
    for _ in range(5):
        found += listener.push(usual, 60)
        hourly._now = usual._now + timedelta(seconds=5 - hourly.meter.interval)
        found.append(listener.take(hourly.telegram().data, 5))
        usual._now -= timedelta(seconds=5)
        listener.now, listener.wall = listener.now - 5, listener.wall - 5
        usual._now += timedelta(seconds=5)
        found.append(listener.take(usual.telegram().data, 10))
    assert all(found)


def test_a_tariff_that_changes_costs_its_first_telegrams_only() -> None:
    meter = SimulatedMeter(None, "sagemcom-p1", "hungary", encrypted=False)
    listener, refused = Listener(), []
    for n in range(900):
        tariff = rf"\g<1>(000{1 + n // 100 % 2})".encode()
        data = re.sub(rb"(0-0:96\.14\.0)\(\d+\)", tariff, meter.telegram().data)
        refused += [n] if listener.take(repair(data), 10) is None else []
    assert refused == [100, 101, 102]


def test_a_law_that_a_meter_breaks_in_single_telegrams_is_unlearned() -> None:
    meter = SimulatedMeter(None, "kaifa")
    listener = known(meter)
    still = {code: meter._household._values()[code] for code in ("1.8.0", "2.8.0")}
    readings = []
    for n in range(600):
        both = Decimal(20 * (n % 50 == 49))  # import and export at once
        meter.more = {"1.7.0": 20 + both, "2.7.0": both, **still}  # type: ignore[dict-item]
        readings += listener.push(meter)
    assert published(readings).count(False) <= 8
    assert all(readings[300:])


def test_a_meter_without_clock_that_does_not_count_is_read() -> None:
    meter = SimulatedMeter(None, "e450")
    meter.meter.header_time = None
    listener, readings = Listener(), []
    for _ in range(200):
        meter.meter.invocation_counter = 5
        readings += listener.push(meter)
    assert all(readings[130:])
    listener.restart(listener.guard.memory())
    meter.meter.invocation_counter = 5
    assert listener.push(meter) != [None]


def test_a_counter_and_a_clock_that_began_anew_are_believed_though_the_clock_slips() -> None:
    meter = SimulatedMeter(None, "kaifa")
    meter.meter.invocation_counter = 100_000
    listener = known(meter)
    meter.meter.invocation_counter = 1
    readings = []
    for n in range(300):
        meter.meter.clock_error = timedelta(days=-2, seconds=n // 30)
        readings += listener.push(meter)
    assert published(readings[150:]).count(False) <= 9  # the slips have yet to be learned


@pytest.mark.parametrize("family", ["e450", "dsmr2", "q3d"])
def test_what_passed_unnoticed_does_not_make_a_larger_connection(family: str) -> None:
    """This computer was suspended, or a gateway held telegrams up."""
    name = {"e450": "swiss", "dsmr2": "dsmr2", "q3d": "q3d"}[family]
    meter = SimulatedMeter(None, family, name)
    meter.meter.header_time = None
    listener = known(meter)
    later(meter, timedelta(hours=3))
    listener.push(meter, 5)
    late = [meter.telegram().data for _ in range(30)]
    listener.now += 30 * meter.meter.interval
    for data in late:
        listener.take(data, 0.01)
    assert all(listener.push(meter, 10)[5:])
    (sender,) = listener.guard._senders.values()
    assert sender.tolerances.connection_watts < 50_000


def test_a_long_recording_is_not_believed_where_the_tag_is_checked() -> None:
    meter = SimulatedMeter(None, "e450")
    listener = Listener(Keys(KEY, AUTH_KEY))
    recorded = [meter.telegram().data for _ in range(140)]
    assert all(listener.take(data) for data in recorded)
    assert not any(listener.take(data) for data in recorded)


def test_a_value_without_end_is_held_back() -> None:
    meter = SimulatedMeter(None, "kaifa", "tinetz", encrypted=False)
    number = 0x7172737475767778
    angle = Register("1-0:81.7.40", Type.UINT64, Unit.DEGREE, 127)
    meter.meter.layout = replace(meter.meter.layout, items=(*meter.meter.layout.items, angle))
    meter.more = {"81.7.40": number * Decimal(10) ** 127}
    listener = Listener()
    for _ in range(3):
        first, second = meter.telegram().segments
        raw = number.to_bytes(8, "big")
        endless = bytes([Type.FLOAT64]) + struct.pack(">d", 1e308)
        listener.take(repair(first))
        listener.take(repair(second.replace(bytes([Type.UINT64]) + raw, endless)))
    assert "phase_angle_l1 is without end" in listener.held[0].reason


def test_a_telegram_of_a_gas_meter_alone_is_judged() -> None:
    meter = SimulatedMeter(None, "dsmr", "dsmr5")
    listener = Listener()
    for _ in range(5):
        lines = meter.telegram().data.split(b"\r\n")
        kept = [line for line in lines if not line.startswith(b"1-0:")]
        for item in listener._decoder.feed(repair(b"\r\n".join(kept))):
            assert isinstance(item, Telegram)
            assert item.others
            assert item.fault is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("counter", 1e999), ("watts", float("nan")), ("wall", 1e999), ("time", float("nan"))],
)
def test_a_memory_with_numbers_that_are_none_is_passed_over(key: str, value: float) -> None:
    meter = SimulatedMeter(None, "kaifa")
    ((name, kept),) = known(meter).guard.memory().items()
    listener = Listener(memory={name: json.dumps({**json.loads(kept), key: value})})
    assert listener.push(meter) != [None]


def test_a_memory_that_is_nested_without_end_is_passed_over() -> None:
    assert Listener(memory={"4B464D6750000001": "[" * 100_000}).guard.memory() == {}


def test_of_senders_without_end_those_heard_last_are_known() -> None:
    listener = Listener()
    meters = [SimulatedMeter(None, "kaifa", serial=serial) for serial in range(1, 50)]
    for meter in meters:
        listener.push(meter, 3)
    memory = listener.guard.memory()
    assert len(listener.guard._senders) == len(memory) == MOST_SENDERS
    listener.restart(memory)
    assert listener.push(meters[-1]) != [None]


@pytest.mark.parametrize(("family", "name"), [("dsmr2", "dsmr2"), ("q3d", "q3d")])
def test_what_a_gateway_holds_up_is_read_without_a_clock(family: str, name: str) -> None:
    meter = SimulatedMeter(None, family, name)
    listener, chance = known(meter), random.Random(3)  # noqa: S311 - no cryptography
    interval, late = meter.meter.interval, 0.0
    for _ in range(300):
        before, late = late, chance.choice((0.0, 0.0, 0.0, 0.8 * interval))
        assert listener.take(meter.telegram().data, interval + late - before)
    burst = [meter.telegram().data for _ in range(20)]
    listener.now += 20 * interval
    assert all(listener.take(data, 0.01) for data in burst)


@pytest.mark.parametrize(
    ("family", "usual", "other"),
    [("kamstrup", "nordic", "nordic-hourly"), ("e450", "burgenland", "burgenland-11")],
)
@pytest.mark.parametrize("event", ["nothing", "restart", "clock set by 3 s", "by 1 h", "late"])
def test_a_list_beside_a_faster_one_is_not_lost(
    family: str, usual: str, other: str, event: str
) -> None:
    fast, slow = (SimulatedMeter(None, family, name) for name in (usual, other))
    slow.meter.identity, slow._household = fast.meter.identity, fast._household
    fast.meter.interval = slow.meter.interval = 5
    listener = Listener()
    refused = {fast: 0, slow: 0}
    for part in range(30):
        for n in range(12):
            meter, before = (slow, fast) if n == 11 else (fast, fast if n else slow)
            meter._now = before._now
            meter.meter.invocation_counter = before.meter.invocation_counter
            meter.meter.invoke_id = before.meter.invoke_id
            if (part, n) == (12, 5):
                if event == "restart":
                    listener.restart(listener.guard.memory())
                if event.startswith(("clock", "by")):
                    error = (
                        timedelta(seconds=3) if event.startswith("clock") else timedelta(hours=1)
                    )
                    fast.meter.clock_error = slow.meter.clock_error = error
            late = event == "late" and (part, n) == (12, 11)
            caught_up = event == "late" and part == 13 and n < 8
            seconds = 45.0 if late else 0.01 if caught_up else 5.0
            refused[meter] += listener.take(meter.telegram().data, seconds) is None
    assert refused[slow] <= 1
    assert refused[fast] <= 3


@pytest.mark.parametrize(("family", "name"), [("dsmr", "dsmr5"), ("kaifa", "netznoe")])
def test_a_second_that_is_shown_twice_is_learned_at_any_pace(family: str, name: str) -> None:
    meter = SimulatedMeter(None, family, name)
    meter.meter.interval = 1
    listener, readings = Listener(), []
    for n in range(400):
        meter.meter.clock_error = -timedelta(seconds=int(n % 20 == 19))
        readings += listener.push(meter)
    assert published(readings).count(False) <= 8
    assert all(readings[200:])


def test_a_list_that_moves_within_its_pace_is_read_again() -> None:
    """Alone, beside another that goes on as before."""
    usual, hourly = (SimulatedMeter(None, "kamstrup", n) for n in ("nordic", "nordic-hourly"))
    hourly.meter.identity, hourly._household = usual.meter.identity, usual._household
    listener, found = Listener(), []
    for n in range(16):
        listener.push(usual, 20)
        shift = timedelta(seconds=0 if n < 8 else 4)
        hourly._now = usual._now - timedelta(seconds=hourly.meter.interval) + shift
        listener.now, listener.wall = listener.now + 0.1, listener.wall + 0.1
        found.append(listener.take(hourly.telegram().data, 0.0))
        listener.now, listener.wall = listener.now - 0.1, listener.wall - 0.1
    assert all(found[:8])
    assert all(found[12:])
