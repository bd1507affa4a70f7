"""Lists: new ones, several in turn, damaged ones."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.dlms import axdr
from app.meters.structure import Mask, Structure, alike, content_of, digest, nearly, structure_of
from simulator.axdr import Type
from simulator.meters import Register, Unit
from tests.support.guarded import GuardedLine, accepted, line_of
from tests.support.repair import repair
from tests.support.simulated import SimulatedMeter
from tests.support.telegrams import decode, telegrams


def test_two_lists_in_turn_are_accepted() -> None:
    long, short = (SimulatedMeter(None, "e450", name) for name in ("burgenland", "burgenland-11"))
    line = GuardedLine()
    readings = []
    for _ in range(30):
        readings += line.push(long)
        short._now, short.meter.invocation_counter = long._now, long.meter.invocation_counter
        readings += line.push(short)
        long._now, long.meter.invocation_counter = short._now, short.meter.invocation_counter
    assert all(readings)


def test_another_list_behind_a_weak_checksum_is_accepted_when_it_comes_again() -> None:
    long, short = (SimulatedMeter(None, "kaifa", name) for name in ("tinetz", "tinetz-1ph"))
    short.meter.identity = long.meter.identity
    short.more = long.more = dict.fromkeys(("1.7.0", "2.7.0", "1.8.0", "2.8.0"), Decimal(1))
    line = GuardedLine()
    readings = []
    for _ in range(10):
        readings += line.push(long, 3)
        short._now, short.meter.invocation_counter = long._now, long.meter.invocation_counter
        short._household = long._household
        readings += line.push(short)
        long._now, long.meter.invocation_counter = short._now, short.meter.invocation_counter
    assert accepted(readings[:12]) == [*[True, True, True, False] * 2, *[True] * 4]
    assert all(readings[12:])


def test_a_list_with_a_new_register_is_accepted_with_the_third_telegram() -> None:
    meter = SimulatedMeter(None, "kaifa", "tinetz")
    line = line_of(meter)
    new = Register("1-0:14.7.0", Type.UINT16, Unit.COUNT, -2)
    layout = meter.meter.layout
    meter.meter.layout = replace(layout, items=(*layout.items, new))
    meter.more = {"14.7.0": Decimal(50)}
    assert accepted(line.push(meter, 4)) == [False, False, True, True]
    assert "another list" in line.told[0]


def test_a_message_found_inside_a_damaged_frame_is_pending() -> None:
    """A raw message can be found in an HDLC frame whose header is damaged, also after a restart."""
    meter = SimulatedMeter(None, "e450", "wien-10")
    line = line_of(meter)
    line.restart()
    damaged = bytearray(meter.telegram().data)
    damaged[3] ^= 0x10
    damaged[-5] ^= 0x40
    assert line.take(bytes(damaged)) is None
    assert all(line.push(meter, 3))


def test_a_text_that_lacks_a_line_is_pending() -> None:
    meter = SimulatedMeter(None, "dsmr", "belgium")
    line = line_of(meter)
    for _ in range(5):
        assert line.take(repair(meter.telegram().data.replace(b"71.7.0(", b"71.7.0 ")), 1) is None
        assert all(line.push(meter, 2))


def test_a_segment_with_other_addresses_is_not_joined() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    first, second = meter.telegram().segments
    strange = bytearray(second)
    strange[7] ^= 1
    assert line.take(first + repair(bytes(strange))) is None
    assert "other addresses" in str(line.faults[0].reason)
    assert all(line.push(meter, 3))


# --- Constant bits, byte by byte ---


def structured(body: str, time: str = "00") -> tuple[Structure, Mask]:
    """Give structure and mask of a data-notification by hand, framed by the wrapper."""
    apdu = bytes.fromhex(f"0f 01020304 {time} {body}")
    header = bytes.fromhex("0001 0001 0067") + len(apdu).to_bytes(2, "big")
    (telegram,) = telegrams(decode([header + apdu]))
    found, mask = structure_of(telegram)
    assert mask
    assert mask.size == len(apdu) == len(content_of(telegram))
    return found, mask


CLOCK = "07ea 06 0f ff 0c 1e 05 ff 8000 00"
CLOCK_TEXT = "0000 00 00 00 00 00 00 ff 0000 7f"
NO_CLOCK = "00" * 12


def number(written: str, size: int) -> int:
    """Read bytes as one number, and see that they are so many."""
    raw = bytes.fromhex(written)
    assert len(raw) == size
    return int.from_bytes(raw, "big")


def test_codes_types_scalers_and_units_are_constant_and_values_are_not() -> None:
    found, mask = structured(
        f"02 05 0906 0100010800ff 06 00001234 0202 0fff 161b 090c {CLOCK} 0a03 616263"
    )
    assert found == (
        *("wrapper", False, "00010067", None),
        *((2, 5), b"\x01\x00\x01\x08\x00\xff", 6, (-1, 27), 9, 10),
    )
    assert mask.fixed == number(
        f"ff 00000000 ff ffff ffff ffffffffffff ff 00000000 ffff ffff ffff ffff {NO_CLOCK}"
        " ffff 000000",
        mask.size,
    )
    assert sum(mask.texts) == number(
        f"00 ff000000 00 0000 0000 000000000000 00 00000000 0000 0000 0000 0000 {CLOCK_TEXT}"
        " 0000 ffffff",
        mask.size,
    )
    assert mask.clocks == (29,)
    assert mask.numbers == ((17, axdr.DOUBLE_LONG_UNSIGNED),)


def test_the_unit_and_the_decimals_of_a_number_in_a_text_are_constant() -> None:
    said = SimulatedMeter(None, "dsmr", "dsmr5").telegram().data
    structures = [
        structure_of(*telegrams(decode([repair(said.replace(b"(00.000*kW)", one, 1))])))[0]
        for one in (b"(00.000*kW)", b"(7.250*kW)", b"(00.00*kW)", b"(00*kW)", b"(00.000*W)", b"(-)")
    ]
    assert structures[0] == structures[1]
    assert len(set(structures)) == len(structures) - 1


@pytest.mark.parametrize(
    ("time", "constant", "begin"),
    [(f"0c {CLOCK}", "ff", 6), (f"090c {CLOCK}", "ffff", 7), (f"0c {'ff' * 12}", "ff", None)],
)
def test_the_time_of_a_telegram_is_not_constant(
    time: str, constant: str, begin: int | None
) -> None:
    _, mask = structured("0202 1200ea 1103", time)
    assert mask.fixed == number(f"ff 00000000 {constant} {NO_CLOCK} ffff ff0000 ff00", mask.size)
    assert mask.clocks == (() if begin is None else (begin,))
    assert [tag for _, tag in mask.numbers] == [axdr.LONG_UNSIGNED, axdr.UNSIGNED]


@pytest.mark.parametrize(("index", "entries"), [("120000", ((18, 0),)), ("", ())])
def test_a_list_of_capture_objects_is_constant(index: str, entries: tuple[object, ...]) -> None:
    count = 3 + len(entries)
    found, mask = structured(
        f"0202 0101 02{count:02x} 120003 0906 0100200700ff 0f02 {index} 1200ea"
    )
    captured = ((1, 1), (2, count), (18, 3), b"\x01\x00\x20\x07\x00\xff", (15, 2), *entries)
    assert found[4:] == ((2, 2), *captured, 18)
    assert mask.fixed == number(f"ff 00000000 ff {'ff' * (mask.size - 8)} 0000", mask.size)
    assert mask.numbers == ((mask.size - 2, axdr.LONG_UNSIGNED),)


def test_a_value_alone_is_one() -> None:
    found, mask = structured("06 00001234")
    assert found[4:] == (axdr.DOUBLE_LONG_UNSIGNED,)
    assert mask.fixed == number("ff 00000000 ff ff 00000000", mask.size)


def test_what_holds_no_value_is_constant_and_bits_and_long_strings_are_texts() -> None:
    found, mask = structured("0204 00 0409 ff80 0408 ff 0981 02 4142")
    strings = (axdr.BIT_STRING, axdr.BIT_STRING, axdr.OCTET_STRING)
    assert found[4:] == ((2, 4), axdr.NULL, *strings)
    fixed = "ff 00000000 ff ffff ff ffff 0000 ffff 00 ffffff 0000"
    assert mask.fixed == number(fixed, mask.size)
    texts = "00 ff000000 00 0000 00 0000 ffff 0000 ff 000000 ffff"
    assert sum(mask.texts) == number(texts, mask.size)


# --- Structures that are alike ---


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ((1, 6, (2, 3)), True),
        ((1, axdr.NULL, (2, 3)), True),
        ((axdr.NULL, axdr.NULL, (2, 3)), True),
        ((1, 5, (2, 3)), False),
        ((1, 6, axdr.NULL), False),  # what has parts is no value
        ((1, 6), False),
        ((1, 6, (2, 3), axdr.NULL), False),
    ],
)
def test_lists_are_alike_whose_values_are_null_now_and_then(
    other: Structure, *, same: bool
) -> None:
    assert alike((1, 6, (2, 3)), other) is same
    assert alike(other, (1, 6, (2, 3))) is same


# --- Structures that are nearly the same ---

ONE = ("hdlc", False, "cf", None, 1, 2, 3, 4, 5)
TEXT = ("p1", True, "", None, 1, (0, -3))


@pytest.mark.parametrize(
    ("other", "near"),
    [
        (ONE, True),
        (("hdlc", False, "cf", None, 9, 9, 9, 9, 5), True),
        (("hdlc", False, "cf", None, 9, 9, 9, 9, 9), False),
        (("hdlc", False, "ce", 0x30, 9, 9, 3, 4, 5), True),
        (("raw", False, "cf", None, 1, 2, 3, 4, 5), False),
        (ONE[:-1], False),
        (TEXT, False),
    ],
)
def test_a_damaged_form_differs_in_four_entries_at_most(other: Structure, *, near: bool) -> None:
    assert nearly(other, [TEXT, ONE]) == (ONE if near else TEXT if other is TEXT else None)


def test_each_text_may_be_a_damaged_form_of_another() -> None:
    assert nearly(("p1", True, "", None, 8, 9), [ONE, TEXT]) is TEXT


def test_a_structure_is_the_same_over_other_addresses_after_a_restart() -> None:
    assert digest(ONE) == digest((*ONE[:2], "ce", 0x30, *ONE[4:]))
    assert digest(ONE) != digest(("raw", *ONE[1:]))
    assert digest(ONE) != digest((*ONE[:-1], 6))
    assert digest(TEXT) == digest((*TEXT[:-1], (0, -2)))
    assert digest(TEXT) != digest(("p1", True, "", None, 2, (0, -3)))
