"""Lists by position and Kamstrup's telegrams as meters in the field send them.

The inputs are small and made up after public captures and reports; each names its source.
"""

import json
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import jsontext
from app.meters.telegram import Telegram
from app.recordings.decode import describe
from simulator import axdr, links, meters
from simulator.household import Household, Snapshot
from tests.support.captures import PROFILES, VECTORS
from tests.support.guarded import GuardedLine
from tests.support.lines import PORT, ReadLine, opened_line
from tests.support.memory import Memory
from tests.support.simulated import START
from tests.support.telegrams import NOON, ZONE, decode, decoder, notification, telegrams

Case = dict[str, Any]

CASES: list[Case] = json.loads(
    (VECTORS / "field" / "lists.json").read_text("utf-8"), parse_float=Decimal
)["cases"]
SINGLE = [one for one in CASES if "input_hex" in one]
STREAMS = [one for one in CASES if "telegrams" in one]
SLOVENIAN = [name for name in meters.FAMILIES["am550"] if name.startswith("slovenia")]


def by_id(cases: Iterable[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(one, id=one["id"]) for one in cases])


def read(case: Case, *, size: int = 0) -> list[Telegram]:
    """The telegrams of an input, in chunks of a size."""
    data = bytes.fromhex(case["input_hex"])
    size = size or len(data)
    return telegrams(decode(data[at : at + size] for at in range(0, len(data), size)))


# --- The cases ---


@by_id(SINGLE)
@pytest.mark.parametrize("size", [0, 1, 17])
def test_a_telegram_says_what_the_meter_meant(case: Case, size: int) -> None:
    expected = case["expected"]
    found = read(case, size=size)
    assert not any(one.fault for one in found)
    shown = json.loads(jsontext.dumps(describe(found[-1])), parse_float=Decimal)
    readings = expected.get("readings", {})
    assert {key: shown["readings"].get(key) for key in readings} == readings
    for key in {"meter_id", "timestamp"} & expected.keys():
        assert shown[key] == expected[key]
    assert str(shown["meter_id"]).endswith(expected.get("meter_id_ends_with", ""))
    assert len(found) == expected.get("telegrams", 1)


def test_the_lists_of_a_meter_have_its_number_and_those_of_another_have_not() -> None:
    (case,) = [one for one in SINGLE if one["kind"] == "si-identity"]
    first, second, other = (one.number for one in read(case))
    assert first == second == "89370111"
    assert other == "92280111"


@by_id(STREAMS)
def test_hours_of_power_tell_what_energies_count(case: Case) -> None:
    """What comes last is right, and nothing before it was wrong."""
    begin = 1000 + (datetime(2026, 7, 1, 13, 0, 5, tzinfo=ZONE) - START).total_seconds()
    line = ReadLine(now=begin)
    line.take(PORT)
    for one in case["telegrams"]:
        line.after(begin + float(one["after_s"]) - line.now)
        line.take(bytes.fromhex(one["hex"]))
    published = [
        Decimal(reading.values["energy_import"])
        for reading, _ in line.recorder.published
        if "energy_import" in reading.values
    ]
    assert all(23060 <= energy <= Decimal("23066.95") for energy in published)
    assert round(published[-1], 2) == Decimal("23066.94")


def test_a_single_telegram_is_shown_in_the_usual_unit_and_says_so() -> None:
    data = [bytes.fromhex(STREAMS[0]["telegrams"][0]["hex"])]
    (telegram,) = telegrams(decode(data))
    assert telegram.reading
    assert telegram.reading.values["energy_import"] == 230600
    assert telegram.note
    assert "10 Wh or 1 Wh" in telegram.note
    assert not telegram.withheld


# --- One meter with several lists ---


def slovenian(variant: str, serial: int = 1234567) -> meters.Meter:
    return meters.build("am550", variant, serial=serial)


@given(st.data())
def test_any_lists_of_a_meter_in_any_order_are_one_device(data: st.DataObject) -> None:
    """Beside another meter with the same names of lists."""
    variants = data.draw(st.lists(st.sampled_from(SLOVENIAN), min_size=1, max_size=12))
    one = decoder()
    household = Household(7, NOON)
    ids = set()
    for step, variant in enumerate(variants):
        snapshot = household.at(NOON + timedelta(seconds=5 * step))
        for serial in (1234567, 7654321):
            sent = slovenian(variant, serial).telegram(snapshot)
            (telegram,) = telegrams(one.feed(sent.data))
            assert telegram.reading
            assert telegram.number == f"{serial:08d}"
            ids.add((serial, telegram.reading.meter.id))
    assert ids == {(1234567, "01234567"), (7654321, "07654321")}


def test_a_line_publishes_all_lists_of_a_meter_as_one() -> None:
    """Powers each second, energies each quarter of an hour, also behind an update interval."""
    line = opened_line(update_interval=60)
    household = Household(7, START)
    for second in range(1, 1900):
        line.now += 1
        moment = START + timedelta(seconds=line.now - 1000)
        snapshot = household.at(moment)
        line.take(slovenian("slovenia").telegram(snapshot).data)
        if second % 900 == 1:
            line.take(slovenian("slovenia-12-energies").telegram(snapshot).data)
        if second % 900 == 2:
            line.take(slovenian("slovenia-4").telegram(snapshot).data)
        line.reader._look(line.now)
    keys = {key for reading, _ in line.recorder.published for key in reading.values}
    assert {"power_import_l3", "voltage_l1", "energy_import", "energy_export_tariff_2"} <= keys
    assert {reading.meter.id for reading, _ in line.recorder.published} == {"01234567"}
    assert sum("energy_import" in one.values for one, _ in line.recorder.published) == 6


# --- A meter that was known by the name of its list ---


IDENTITY = next(bytes.fromhex(one["input_hex"]) for one in SINGLE if one["kind"] == "si-identity")
LIST_18, LIST_12, OTHER_18 = (IDENTITY[:131], IDENTITY[131:240], IDENTITY[240:])


def ids_of(line: ReadLine, *sent: bytes) -> list[str]:
    """The ids under which telegrams are published."""
    before = len(line.recorder.published)
    for one in sent:
        line.after(5)
        line.take(one)
    return [reading.meter.id for reading, _ in line.recorder.published[before:]]


def line_with(state: Memory) -> ReadLine:
    now = 1000 + (datetime(2026, 11, 3, 19, 15, tzinfo=ZONE) - START).total_seconds()
    line = ReadLine(now=now, state=state)
    line.take(PORT)
    return line


def upgraded() -> Memory:
    """What a version kept that took the name of the list for the meter's number."""
    state = Memory()
    state.set("meter numbers", "cf0223", "16820005")
    return state


@pytest.mark.parametrize("first", [LIST_18, LIST_12], ids=["list of 18", "list of 12"])
def test_a_meter_known_by_the_name_of_its_list_keeps_its_id_for_good(first: bytes) -> None:
    state = upgraded()
    line = line_with(state)
    assert ids_of(line, first, LIST_12) == ["16820005"] * len({first, LIST_12})
    again = line_with(state)
    assert ids_of(again, LIST_12)[-1:] == ["16820005"]
    shown = again.recorder.published[-1][0].meter
    assert shown.number == "89370111"


def test_a_new_meter_is_named_by_its_own_number() -> None:
    assert ids_of(line_with(Memory()), LIST_18) == ["89370111"]


def test_a_second_meter_does_not_get_the_id_that_the_first_one_keeps() -> None:
    state = upgraded()
    assert ids_of(line_with(state), LIST_18) == ["16820005"]
    assert ids_of(line_with(state), OTHER_18) == ["92280111"]


def test_a_meter_that_is_exchanged_is_another_one() -> None:
    state = Memory()
    assert ids_of(line_with(state), LIST_18) == ["89370111"]
    assert ids_of(line_with(state), OTHER_18) == ["92280111"]


def test_two_lines_that_kept_the_same_wrong_number_do_not_share_an_id() -> None:
    state = upgraded()
    state.set("meter numbers second", "cf0223", "16820005")
    first = line_with(state)
    second = ReadLine(now=first.now, state=state, label="second")
    second.take(PORT)
    assert ids_of(first, LIST_18) == ["16820005"]
    assert ids_of(second, OTHER_18) == ["92280111"]


# --- What is no list of these ---


def test_a_list_of_the_types_of_a_known_one_with_other_texts_is_not_read() -> None:
    """As two numbers and two counters are much."""
    for text in (b"8460010", b"846001041", b"8460010A", b"\x07\xea\x0b\x03\x02\x13\x0f\x00"):
        body = (axdr.octet_string(text), axdr.Node(axdr.Type.UINT8, 0))
        energies = (axdr.uint32(7924641), axdr.uint32(0))
        sent = links.Hdlc(b"\xcf", b"\x02\x23").frames(notification(*body, *energies))
        (telegram,) = telegrams(decode(sent))
        assert telegram.reading is None


def test_a_clock_tells_the_lists_of_vienna_from_those_of_slovenia() -> None:
    for family, variant, name in (
        ("am550", "wien", "wiener-netze-9"),
        ("am550", "wien-10", "wiener-netze-10"),
        ("am550", "slovenia-9-energies", "slovenia-9-energies"),
        ("am550", "slovenia-10-energies", "slovenia-10-energies"),
    ):
        meter = meters.build(family, variant, encrypted=False)
        sent = meter.telegram(Household(7, NOON).at(NOON))
        (telegram,) = telegrams(decode([sent.data]))
        (known,) = [one for one in PROFILES["am550"].lists if one.name == name]
        named = [str(place.obis) for place in known.places if place.obis]
        assert list(map(str, telegram.registers or {})) == named


# --- Import and export at once ---


def test_a_meter_that_imports_and_exports_at_once_is_borne() -> None:
    """Nights in which it only imports teach the guard that it does not; a few telegrams do more."""
    line, meter, household = GuardedLine(), slovenian("slovenia"), Household(7, NOON)
    draw = random.Random(3)  # noqa: S311 - a house, no secret
    held = []
    moment = NOON
    for _ in range(5):
        days = [False] * 120 + [True] * 60
        held.append(0)
        for has_sun in days:
            moment += timedelta(seconds=5)
            phases = [draw.randint(50, 900), draw.randint(40, 400), draw.randint(10, 80)]
            phases[2] *= -1 if has_sun else 1
            sent = meter.telegram(unnetted(household.at(moment), phases))
            held[-1] += line.take(sent.data) is None
    assert sum(held) <= 6
    assert held[2:] == [0, 0, 0]


def unnetted(snapshot: Snapshot, phases: list[int]) -> Snapshot:
    """What a meter shows that counts each phase by itself, with some power in each."""
    values: dict[str, Decimal | None] = dict(snapshot.values)
    for number, watts in enumerate(phases):
        group = 20 * number
        values[f"{group + 21}.7.0"] = Decimal(max(watts, 0))
        values[f"{group + 22}.7.0"] = Decimal(max(-watts, 0))
        values[f"{group + 31}.7.0"] = Decimal(round(abs(watts) / 2.3)).scaleb(-2)
    values["1.7.0"] = Decimal(sum(watts for watts in phases if watts > 0))
    values["2.7.0"] = Decimal(-sum(watts for watts in phases if watts < 0))
    return replace(snapshot, values=values)
