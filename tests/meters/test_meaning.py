"""What the numbers of a plaintext mean, found by trial with ways of reading that tests make up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from app.cosem.obis import Obis
from app.dlms.receiver import Push
from app.fault import Fault, Kind
from app.link.frame import Frame
from app.meters import profile_files
from app.meters.belief import Evidence
from app.meters.meaning import Meaning, Row, Trial, is_steady
from app.meters.meter_clock import MeterClock
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from simulator import axdr, clock
from simulator.links import p1
from simulator.meters import obis_bytes
from tests.support.bodies import scaled
from tests.support.interpreted import XMP, interpreter, push
from tests.support.telegrams import NOON, ZONE, notification

VOLTS: Final = Obis.parse("1-0:32.7.0")
WATTS: Final = Obis.parse("1-0:1.7.0")
PLAINTEXT: Final = notification(
    scaled("1-0:32.7.0", axdr.uint16(2337), -1, 35), scaled("1-0:1.7.0", axdr.uint16(300), 0, 27)
)
SERIAL: Final = Obis.parse("0-0:96.1.0")
CLOCK: Final = MeterClock(ZONE, None)

Twist = Callable[[Telegram, Reading, int], Telegram]
"""Changes what a telegram says, by its reading and by the count of its power."""


def meaning_of(twist: Twist | None = None, begin: bytes = PLAINTEXT) -> Meaning | None:
    """Find what the numbers mean where the general way also does what a twist does."""
    general = interpreter()

    def read(content: bytes) -> Telegram:
        telegram = general.interpret(push(content, XMP))
        assert telegram.reading
        assert telegram.registers
        if twist is None:
            return telegram
        return twist(telegram, telegram.reading, int(telegram.registers[WATTS].value))

    base = read(begin)
    return Trial(base, read, CLOCK).meaning() if is_steady(base) else None


def with_value(telegram: Telegram, reading: Reading, value: Decimal | int | str) -> Telegram:
    """Let a telegram say one value more."""
    more = {**reading.values, "power_export": value}
    return telegram._replace(reading=reading._replace(values=more))


def with_power(watts: int) -> bytes:
    """The plaintext with another power, of two bytes."""
    return PLAINTEXT.replace((300).to_bytes(2, "big"), watts.to_bytes(2, "big"))


def numbers(meaning: Meaning | None) -> list[int]:
    """Return the counts of the telegram that are no constants."""
    assert meaning
    return [slot.number for slot in meaning.numbers]


def test_each_number_is_a_count_with_a_power_of_ten() -> None:
    meaning = meaning_of()
    assert numbers(meaning) == [2337, 300]
    assert meaning
    assert meaning.rows == {
        ("values", "voltage_l1"): Row(((0, 1),), 0, -1),
        ("values", "power_import"): Row(((1, 1),), 0, 0),
        ("registers", VOLTS): Row(((0, 1),), 0, -1),
        ("registers", WATTS): Row(((1, 1),), 0, 0),
    }
    assert not any(slot.is_bounded for slot in meaning.numbers)


def test_a_register_of_another_medium_is_a_count_like_others() -> None:
    gas = notification(
        scaled("1-0:1.7.0", axdr.uint16(300), 0, 27), scaled("0-1:24.2.1", axdr.uint16(77), -1, 13)
    )
    assert numbers(meaning_of(begin=gas)) == [300, 77]


def test_a_value_of_several_counts_is_their_sum() -> None:
    def add(telegram: Telegram, reading: Reading, watts: int) -> Telegram:
        volts = Decimal(reading.values["voltage_l1"])
        return with_value(telegram, reading, 10 * volts - watts + Decimal("0.25"))

    meaning = meaning_of(add)
    assert meaning
    row = meaning.rows["values", "power_export"]
    assert row == Row(((0, 100), (1, -100)), 25, -2)
    assert row.slot is None
    assert row.sum_of((2337, 300)) == 203_725


@pytest.mark.parametrize(
    ("row", "slot"),
    [
        (Row(((3, 1),), 0, -1), 3),
        (Row(((3, 1),), 1, -1), None),
        (Row(((3, -1),), 0, -1), None),
        (Row(((3, 1), (4, 1)), 0, -1), None),
        (Row((), 0, 0), None),
    ],
)
def test_a_value_that_is_the_count_of_one_slot_is_taken_from_there(
    row: Row, slot: int | None
) -> None:
    assert row.slot == slot


@pytest.mark.parametrize("factor", [2, -3, 11])
def test_a_number_whose_value_is_no_power_of_ten_of_it_is_a_constant(factor: int) -> None:
    meaning = meaning_of(lambda said, reading, watts: with_value(said, reading, factor * watts))
    assert numbers(meaning) == [2337]
    assert meaning
    assert ("values", "power_import") in meaning.rows
    assert ("registers", WATTS) not in meaning.rows  # as a text it is the sender's own


def test_a_number_that_tells_that_there_is_a_limit_is_a_constant() -> None:
    """With another one there may be none."""

    def limit(telegram: Telegram, reading: Reading, watts: int) -> Telegram:
        more = {**reading.values, "power_limit": watts}
        return telegram._replace(reading=reading._replace(values=more))

    assert numbers(meaning_of(limit)) == [2337]


Other = Callable[[Telegram, Reading, int], Any]


def differs(watts: int) -> bool:
    return watts != 300


IN_TELEGRAM: dict[str, Other] = {
    "fault": lambda *_: Fault(Kind.UNKNOWN_LIST, "list", 0, "unknown"),
    "profile": lambda *_: profile_files.load()["kaifa"],
    "manufacturer": lambda *_: "Another",
    "model": lambda *_: "X2",
    "number": lambda *_: "2",
    "kept_id": lambda *_: ("2", "2"),
    "unknown": lambda *_: (1,),
    "note": lambda *_: "guessed",
    "told": lambda *_: "another unit",
    "waiting": lambda *_: True,
    "sender": lambda *_: "another",
    "timestamp": lambda *_: NOON,
    "others": lambda _, reading, __: (reading,),
    "registers": lambda said, *_: {
        **said.registers,
        WATTS: said.registers[WATTS]._replace(unit="kW"),
    },
}
IN_READING: dict[str, Other] = {
    "meter": lambda _, reading, __: replace(reading.meter, id="2"),
    "timestamp": lambda *_: NOON,
    "unknown": lambda *_: frozenset({"frequency"}),
    "derived": lambda *_: {"power": "otherwise"},
    "details": lambda *_: {"power_import": {"since": 1}},
    "values": lambda _, reading, watts: {**reading.values, "tariff": str(watts)},
}
IN_REGISTER: dict[str, Other] = {
    "value": lambda _, __, watts: str(watts),
    "unit": lambda *_: "kV",
    "at": lambda *_: NOON,
    "is_dated": lambda *_: True,
}


@pytest.mark.parametrize("field", IN_TELEGRAM)
def test_a_number_that_decides_on_the_telegram_is_a_constant(field: str) -> None:
    def twist(telegram: Telegram, reading: Reading, watts: int) -> Telegram:
        other = IN_TELEGRAM[field](telegram, reading, watts)
        return telegram._replace(**{field: other}) if differs(watts) else telegram

    assert numbers(meaning_of(twist)) == [2337]


@pytest.mark.parametrize("field", IN_READING)
def test_a_number_that_decides_on_the_reading_is_a_constant(field: str) -> None:
    def twist(telegram: Telegram, reading: Reading, watts: int) -> Telegram:
        other = IN_READING[field](telegram, reading, watts)
        one = reading._replace(**{field: other}) if differs(watts) else reading
        return telegram._replace(reading=one)

    assert numbers(meaning_of(twist)) == [2337]


@pytest.mark.parametrize("field", IN_READING)
def test_a_number_that_decides_on_what_a_submeter_says_is_a_constant(field: str) -> None:
    def twist(telegram: Telegram, reading: Reading, watts: int) -> Telegram:
        other = IN_READING[field](telegram, reading, watts)
        steady = reading._replace(values={"gas": "5"})
        return telegram._replace(
            others=(steady._replace(**{field: other}) if differs(watts) else steady,)
        )

    assert numbers(meaning_of(twist)) == [2337]


@pytest.mark.parametrize("field", IN_REGISTER)
def test_a_number_that_decides_on_a_register_is_a_constant(field: str) -> None:
    def twist(telegram: Telegram, reading: Reading, watts: int) -> Telegram:
        assert telegram.registers
        one = telegram.registers[VOLTS]._replace(value="text")
        if differs(watts):
            one = one._replace(**{field: IN_REGISTER[field](telegram, reading, watts)})
        return telegram._replace(registers={**telegram.registers, SERIAL: one})

    assert numbers(meaning_of(twist)) == [2337]


@pytest.mark.parametrize(("least", "most"), [(0, 5000), (17, 65_535), (299, 301)])
def test_a_number_with_which_something_else_is_said_beyond_is_bounded(
    least: int, most: int
) -> None:
    def twist(telegram: Telegram, _: Reading, watts: int) -> Telegram:
        return telegram if least <= watts <= most else telegram._replace(note="beyond")

    meaning = meaning_of(twist)
    assert meaning
    volts, power = meaning.numbers
    assert (power.number, power.least, power.most) == (300, least, most)
    assert power.is_bounded
    assert (volts.least, volts.most, volts.is_bounded) == (0, 65_535, False)


def test_a_number_is_tried_from_its_least_to_its_most() -> None:
    meaning = meaning_of(begin=with_power(65_535))
    assert numbers(meaning) == [2337, 65_535]

    def twist(telegram: Telegram, _: Reading, watts: int) -> Telegram:
        return telegram._replace(note="beyond") if watts in {0, 65_535} else telegram

    meaning = meaning_of(twist)
    assert meaning
    assert (meaning.numbers[1].least, meaning.numbers[1].most) == (1, 65_534)


@pytest.mark.parametrize(
    ("least", "count", "most"), [(0, 0, 1), (0, 1, 1), (65_534, 65_534, 65_535)]
)
def test_a_number_at_its_bound_or_beside_it_is_bounded(least: int, count: int, most: int) -> None:
    def twist(telegram: Telegram, _: Reading, watts: int) -> Telegram:
        return telegram if least <= watts <= most else telegram._replace(note="beyond")

    meaning = meaning_of(twist, with_power(count))
    assert meaning
    power = meaning.numbers[1]
    assert (power.number, power.least, power.most) == (count, least, most)


@pytest.mark.parametrize("value", [7, 0, Decimal("2.50"), -3])
def test_a_value_that_no_number_moves_is_constant(value: int | Decimal) -> None:
    meaning = meaning_of(lambda telegram, reading, _: with_value(telegram, reading, value))
    assert meaning
    row = meaning.rows["values", "power_export"]
    assert row.terms == ()
    assert Decimal(row.rest).scaleb(row.exponent) == value


STEADY = Evidence("XMP")


@pytest.mark.parametrize(
    ("change", "is_steady"),
    [
        ({"evidence": None}, True),
        ({"evidence": STEADY}, True),
        ({"evidence": STEADY._replace(volts=(-1, True))}, True),
        ({"evidence": STEADY._replace(volts=(-1, False))}, False),
        ({"evidence": STEADY._replace(family=(profile_files.load()["kaifa"], True))}, False),
        ({"told": "another unit"}, False),
        ({"waiting": True}, False),
        ({"reading": None}, False),
        ({"fault": Fault(Kind.UNKNOWN_LIST, "list", 0, "unknown")}, False),
    ],
)
def test_of_a_telegram_in_doubt_nothing_is_found(
    change: dict[str, Any], *, is_steady: bool
) -> None:
    meaning = meaning_of(lambda telegram, *_: telegram._replace(**change))
    assert (meaning is not None) is is_steady


@pytest.mark.parametrize(
    ("count", "least", "most"),
    [(400, 400, 5000), (2337, 400, 5000), (5000, 400, 5000), (399, 399, 399), (5001, 5001, 5001)],
)
def test_a_voltage_whose_size_tells_its_scale_stays_in_the_bounds_of_a_grid(
    count: int, least: int, most: int
) -> None:
    meaning = meaning_of(
        lambda telegram, *_: telegram._replace(evidence=STEADY),
        PLAINTEXT.replace((2337).to_bytes(2, "big"), count.to_bytes(2, "big")),
    )
    assert meaning
    volts, watts = meaning.numbers
    assert (volts.number, volts.least, volts.most, volts.is_bounded) == (count, least, most, True)
    assert (watts.least, watts.most, watts.is_bounded) == (0, 65_535, False)


def test_a_number_that_the_family_s_lists_take_for_no_value_is_tried() -> None:
    """Such as 65535 for a phase that there is not."""
    family = profile_files.load()["e450"]
    places = tuple(one._replace(absent=4321) for one in family.lists[0].places)
    other = replace(family, lists=(family.lists[0]._replace(places=places),))

    def twist(telegram: Telegram, _: Reading, watts: int) -> Telegram:
        note = "no value" if watts == 4321 else None
        return telegram._replace(profile=other, note=note)

    meaning = meaning_of(twist)
    assert meaning
    assert meaning.numbers[1].most == 4320


def test_a_time_behind_the_meter_s_own_is_no_time_of_the_telegram() -> None:
    """Without a slot for the time at which a telegram was sent, there is no meaning."""
    meaning = meaning_of(lambda telegram, *_: telegram._replace(timestamp=NOON + timedelta(1)))
    assert meaning is None


DATED: Final = notification(
    scaled("1-0:32.7.0", axdr.uint16(2337), -1, 35),
    scaled("1-0:1.7.0", axdr.uint16(300), 0, 27),
    time=clock.date_time(NOON),
)


def test_the_time_at_which_a_telegram_was_sent_is_found() -> None:
    meaning = meaning_of(begin=DATED)
    assert meaning
    (slot,) = meaning.times
    assert meaning.moments == {("sent",): slot}
    assert DATED[slot.begin : slot.end] == clock.date_time(NOON)


@pytest.mark.parametrize("field", ["note", "timestamp", "registers"])
def test_a_time_that_decides_on_anything_else_is_a_constant(field: str) -> None:
    """Then each telegram is another one, and nothing is found."""

    def twist(telegram: Telegram, _: Reading, __: int) -> Telegram:
        assert telegram.registers
        dated = {obis: one._replace(at=NOON) for obis, one in telegram.registers.items()}
        other: dict[str, Any] = {
            "note": "late",
            "timestamp": NOON - timedelta(hours=1),
            "registers": dated,
        }
        changed = telegram._replace(**{field: other[field]})
        return telegram if telegram.timestamp == NOON else changed

    assert meaning_of(twist, DATED) is None


def with_clock(time: bytes | None) -> bytes:
    """A list that ends with a time in which nothing else is asked for."""
    shown = axdr.structure(
        axdr.octet_string(obis_bytes("0-0:96.1.9")), axdr.octet_string(clock.date_time(NOON))
    )
    return notification(scaled("1-0:1.7.0", axdr.uint16(300), 0, 27), shown, time=time)


def test_a_time_that_says_nothing_may_be_any_beside_that_of_the_telegram() -> None:
    """Without one it is a constant: what is no time of the telegram now may be one later."""

    def twist(telegram: Telegram, *_: object) -> Telegram:
        return telegram._replace(registers={WATTS: (telegram.registers or {})[WATTS]})

    meaning = meaning_of(twist, with_clock(clock.date_time(NOON)))
    assert meaning
    assert len(meaning.times) == 2
    assert list(meaning.moments) == [("sent",)]
    meaning = meaning_of(twist, with_clock(None))
    assert meaning
    assert meaning.times == ()


# What is found in the telegram of another sender


def trial_of(begin: bytes, least: int = 299, most: int = 301) -> Trial:
    """A trial where the general way says something else of a power beyond some bounds."""
    general = interpreter()

    def read(content: bytes) -> Telegram:
        telegram = general.interpret(push(content, XMP))
        register = (telegram.registers or {}).get(WATTS)
        if register is None or least <= int(register.value) <= most:
            return telegram
        return telegram._replace(note="beyond")

    return Trial(read(begin), read, CLOCK)


@pytest.mark.parametrize("watts", range(298, 303))
def test_a_sender_whose_numbers_are_within_the_bounds_has_the_meaning(watts: int) -> None:
    meaning = trial_of(PLAINTEXT).meaning()
    assert meaning
    assert trial_of(with_power(watts), 0, 65_535).has(meaning) is (299 <= watts <= 301)


def test_a_sender_without_one_of_the_numbers_has_another_meaning() -> None:
    meaning = trial_of(PLAINTEXT).meaning()
    assert meaning
    shorter = notification(scaled("1-0:32.7.0", axdr.uint16(2337), -1, 35))
    assert not trial_of(shorter).has(meaning)


def test_a_sender_whose_time_is_a_constant_has_another_meaning() -> None:
    meaning = trial_of(DATED).meaning()
    assert meaning
    assert trial_of(DATED).has(meaning)
    assert not trial_of(DATED).has(meaning._replace(times=()))


# Texts


@pytest.mark.parametrize("read", [1, 2])
def test_a_submeter_that_is_not_read_is_a_constant(read: int) -> None:
    """Of two channels with one number, the one with the newer report is read."""
    times = [11 if channel == read else 10 for channel in (1, 2)]
    text = p1(
        "KFM5",
        [
            *("0-0:1.0.0(260701120005S)", "1-0:1.7.0(00.300*kW)", "0-0:42.5.0(12.5*kWh)"),
            *("0-1:24.1.0(003)", "0-1:96.1.0(4730)", "0-2:24.1.0(003)", "0-2:96.1.0(4730)"),
            f"0-1:24.2.1(260701{times[0]}0000S)(00012.345*m3)",
            f"0-2:24.2.1(260701{times[1]}0000S)(00054.321*m3)",
        ],
    )
    content, general = text.rpartition(b"!")[0] + b"!", interpreter()

    def said(content: bytes) -> Telegram:
        frame = Frame("p1", 0, content, checksum=16)
        return general.interpret(Push(frame, None, content, is_text=True))

    meaning = Trial(said(content), said, CLOCK).meaning()
    assert numbers(meaning) == [300, 125, 12_345 if read == 1 else 54_321]
    assert meaning
    assert [content[time.begin : time.end] for time in meaning.times] == [
        *(b"260701120005S", b"260701110000S")
    ]
