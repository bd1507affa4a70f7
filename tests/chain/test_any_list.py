"""Lists of every family with random values, orders and counts are read as exactly what went in.

The telegrams are written by the simulator, which shares nothing with the program. What a list
without codes means is read from lists.toml a second time, and applied by hand.
"""

import re
import tomllib
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.meters import profile_files
from app.meters.profile_files import DIRECTORY
from simulator import axdr, clock, links, meters
from simulator.axdr import INTEGERS, Node, Type
from simulator.ciphering import Ciphering
from simulator.household import Household
from tests.support.examples import of_hundred
from tests.support.simulated import LISTS
from tests.support.telegrams import (
    BOTH_KEYS,
    KEYS,
    NOON,
    ZONE,
    decode,
    notification,
    registers,
    telegrams,
)

PROFILES = profile_files.load()
TABLES = tomllib.loads((DIRECTORY / "lists.toml").read_text(encoding="utf-8"))
OWNERS = [(one.type, known.name) for one in PROFILES.values() for known in one.lists]
NUMBERS = {
    "long-unsigned": Type.UINT16,
    "double-long-unsigned": Type.UINT32,
    "unsigned": Type.UINT8,
    "enum": Type.ENUM,
    "long64-unsigned": Type.UINT64,
}
MOMENT = NOON.astimezone(ZONE)
CODED = [
    (family, variant)
    for family, variant in LISTS
    if meters.FAMILIES[family][variant].layout.shape is not meters.Shape.POSITIONAL
]

# --- Lists without codes ---


class Drawn(NamedTuple):
    """A list of random values, and the registers that it means."""

    elements: list[Node]
    expected: dict[str, tuple[object, str]]


def draw_list(data: st.DataObject, name: str) -> Drawn:
    elements: list[Node] = []
    expected: dict[str, tuple[object, str]] = {}
    for place in TABLES[name]["values"]:
        node, value = draw_value(data, place)
        elements.append(node)
        if "obis" in place:
            expected[place["obis"]] = (value, place.get("unit", ""))
    return Drawn(elements, expected)


def draw_value(data: st.DataObject, place: dict[str, Any]) -> tuple[Node, object]:
    declared = data.draw(st.sampled_from(place["type"].split("|")))
    if declared == "octet-string" and place.get("obis") == "0-0:1.0.0":
        return axdr.octet_string(clock.date_time(MOMENT)), MOMENT.isoformat()
    if "text" in place:
        text = data.draw(st.from_regex(re.compile(place["text"], re.ASCII), fullmatch=True))
        return axdr.octet_string(text.encode("ascii")), text
    if declared == "array":
        numbers = data.draw(st.lists(st.integers(0, 0xFFFF), max_size=3))
        return axdr.array(*map(axdr.uint16, numbers)), None
    if declared == "boolean":
        flag = data.draw(st.booleans())
        return Node(Type.BOOLEAN, flag), flag
    if declared == "octet-string":
        text = data.draw(st.text("0123456789ABCXYZ", max_size=20))
        return axdr.octet_string(text.encode("ascii")), text
    width, _ = INTEGERS[NUMBERS[declared]]
    number = data.draw(st.integers(0, 256**width - 1))
    return Node(NUMBERS[declared], number), Decimal(number).scaleb(place.get("scaler", 0))


def test_every_list_without_codes_belongs_to_a_family() -> None:
    assert {name for _, name in OWNERS} == set(TABLES)


@pytest.mark.parametrize("chosen", [True, False], ids=["chosen", "auto"])
@pytest.mark.parametrize(("meter_type", "name"), OWNERS)
@settings(max_examples=of_hundred(8))
@given(data=st.data())
def test_a_list_without_codes_is_read_with_the_values_sent(
    *, meter_type: str, name: str, chosen: bool, data: st.DataObject
) -> None:
    drawn = draw_list(data, name)
    title = PROFILES[meter_type].makers[0].encode("ascii") + b"\x01\x02\x03\x04\x05"
    protected = Ciphering().protect(
        notification(*drawn.elements), system_title=title, counter=data.draw(st.integers(0, 99))
    )
    sent = b"".join(links.Hdlc(source=b"\x41").frames(protected))
    (telegram,) = telegrams(decode([sent], KEYS, meter_type if chosen else "auto"))
    assert telegram.fault is None
    assert registers(telegram) == drawn.expected
    assert list(registers(telegram)) == list(drawn.expected)
    assert telegram.profile is not None
    assert name in {known.name for known in telegram.profile.lists}
    assert not chosen or telegram.profile.type == meter_type


SAMPLES = {
    "octet-string": axdr.octet_string(b"123"),
    "array": axdr.array(),
    "boolean": Node(Type.BOOLEAN, value=True),
}


def known_number(place: dict[str, Any]) -> Node:
    return Node(NUMBERS[place["type"].split("|")[0]], 5)


@pytest.mark.parametrize(("meter_type", "name"), OWNERS)
def test_a_list_with_one_value_more_or_less_is_not_recognised(meter_type: str, name: str) -> None:
    """But for a list that is known itself."""
    lengths = {len(known.places) for known in PROFILES[meter_type].lists}
    places = TABLES[name]["values"]
    nodes = [SAMPLES.get(place["type"]) or known_number(place) for place in places]
    title = PROFILES[meter_type].makers[0].encode("ascii") + b"\x01\x02\x03\x04\x05"
    for changed in (nodes[1:], nodes[:-1], [*nodes, axdr.uint32(5)]):
        if len(changed) in lengths:
            continue
        protected = Ciphering().protect(notification(*changed), system_title=title, counter=1)
        for telegram in telegrams(decode([b"".join(links.Hdlc().frames(protected))], KEYS)):
            assert telegram.fault is not None
            assert telegram.reading is None


# --- Lists with codes ---


@pytest.mark.parametrize(("family", "variant"), CODED)
@settings(max_examples=of_hundred(8))
@given(data=st.data())
def test_a_list_with_codes_may_have_any_order_and_count(
    family: str, variant: str, data: st.DataObject
) -> None:
    """As other firmware, another operator or a meter of one phase sends it."""
    meter = meters.build(family, variant)
    # What stands bare has its place at the beginning or the end; that is not asked for here.
    coded = [item for item in meter.layout.items if item.obis]
    measuring = st.lists(st.sampled_from(coded), min_size=1, unique=True).filter(
        lambda items: any(isinstance(item, meters.Register) for item in items)
    )
    kept = data.draw(measuring)
    meter.layout = replace(meter.layout, items=tuple(kept))
    sent = meter.telegram(Household(7, NOON, phases=meter.phases).at(NOON))
    (telegram,) = telegrams(decode([sent.data], BOTH_KEYS))
    assert telegram.fault is None
    assert telegram.profile is not None
    assert telegram.profile.type == family
    shown = sent.truth.timestamp.replace(tzinfo=None).isoformat()
    assert list(registers(telegram).items()) == [
        (code, (sent.truth.timestamp.isoformat() if value == shown else value, unit))
        for code, (value, unit) in sent.truth.registers.items()
    ]


# --- Text ---

P1 = {
    "1-0:1.8.1": ("kWh", "energy_import_tariff_1", 1),
    "1-0:2.8.2": ("kWh", "energy_export_tariff_2", 1),
    "1-0:3.8.0": ("kvarh", "reactive_energy_import", 1),
    "1-0:1.7.0": ("kW", "power_import", 1000),
    "1-0:21.7.0": ("W", "power_import_l1", 1),
    "1-0:32.7.0": ("V", "voltage_l1", 1),
    "1-0:51.7.0": ("A", "current_l2", 1),
}


@settings(max_examples=of_hundred(40))
@given(
    values=st.dictionaries(
        st.sampled_from(sorted(P1)), st.decimals(0, 999_999, places=3), min_size=1
    ),
    end=st.booleans(),
    junk=st.binary(max_size=20).filter(lambda junk: b"/" not in junk),
    chunk=st.integers(1, 400),
)
def test_text_may_have_any_values_order_and_chunks(
    *, values: dict[str, Decimal], end: bool, junk: bytes, chunk: int
) -> None:
    lines = [f"{code}({value:010.3f}*{P1[code][0]})" for code, value in values.items()]
    sent = junk + links.p1("XMX5LGBBFG1009394887", lines, checksum=end) * 2
    chunks = [sent[at : at + chunk] for at in range(0, len(sent), chunk)]
    first, second = telegrams(decode(chunks))
    for telegram in (first, second):
        assert telegram.fault is None
        assert registers(telegram) == {code: (value, P1[code][0]) for code, value in values.items()}
        assert list(registers(telegram)) == list(values)
        assert telegram.reading is not None
        assert telegram.reading.values == {
            P1[code][1]: value * P1[code][2] for code, value in values.items()
        }
