"""Telegrams of every family, whatever they say and however they come, decode to what went in.

The simulator writes them and keeps the truth of each; it shares nothing with the program. What is
asked of each family is what its lists allow: any order where values bear codes, any choice of
registers, any value that the register can carry and that electricity can have.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.decoder import Decoder
from app.fault import Fault
from app.meters.profile import AUTO
from app.meters.telegram import Telegram
from app.transport.serial_mode import SerialMode
from simulator import meters
from simulator.axdr import INTEGERS
from simulator.household import Household, Snapshot
from simulator.meters import FAMILIES, Field, Gap, Item, Layout, Meter, Register, Shape, Unit
from tests.support.captures import PROFILES, SHIPPED
from tests.support.examples import of_hundred
from tests.support.simulated import EVERY_LIST, SimulatedMeter, readings, states
from tests.support.telegrams import (
    BOTH_KEYS,
    KEYS,
    NOON,
    ZONE,
    decode,
    decoder,
    expected_registers,
    registers,
    single_bytes,
    telegrams,
)

FEW, MANY = 5, 20
"""How many examples are tried of each property and list, by default and when there is time."""


every_list = pytest.mark.parametrize(("family", "variant"), EVERY_LIST)


def test_every_family_that_is_simulated_has_a_profile() -> None:
    assert set(FAMILIES) <= set(PROFILES)


@pytest.mark.parametrize("meter_type", PROFILES)
def test_every_profile_is_simulated_or_has_a_capture(meter_type: str) -> None:
    """Else no telegram shows that it is right."""
    shown = {one["meter_type"] for one in SHIPPED if one["expected"]["status"] == "ok"}
    assert meter_type in FAMILIES or meter_type in shown


@every_list
def test_a_list_is_simulated_in_a_serial_mode_of_its_profile(family: str, variant: str) -> None:
    mode = SerialMode.parse(FAMILIES[family][variant].serial_mode)
    assert mode in PROFILES[family].serial_modes


# --- What may be measured ---


def says_all(moment: datetime) -> bool:
    """Whether a clock without offset leaves no doubt: not in the hour that occurs twice."""
    shown = moment.astimezone(ZONE)
    return shown.replace(fold=0).utcoffset() == shown.replace(fold=1).utcoffset()


moments = (
    st.datetimes(datetime(2020, 1, 1), datetime(2068, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 -- bounds have to be naive
    .map(lambda moment: moment.replace(microsecond=0))
    .filter(says_all)
)


def whole_numbers(low: int, high: int) -> st.SearchStrategy[int]:
    """Any number, and often nothing, the least and the most."""
    return st.sampled_from([max(low, min(0, high)), low, high]) | st.integers(low, high)


def carried(item: Register) -> st.SearchStrategy[Decimal | None]:
    """Anything that a register's data type carries."""
    width, signed = INTEGERS[item.type]
    top = 256**width // (2 if signed else 1) - 1
    low = -top - 1 if signed and not item.magnitude else 0
    values = whole_numbers(low, top).map(lambda number: Decimal(number).scaleb(item.scaler))
    return values if item.absent is None else values | st.none()


def written(item: Field) -> st.SearchStrategy[Decimal | None]:
    """Anything that the digits of a line have room for."""
    exponent = -item.places + (3 if item.unit.startswith("k") else 0)
    top = 10 ** (item.whole + item.places) - 1
    return whole_numbers(0, top).map(lambda number: Decimal(number).scaleb(exponent))


def grid_volts(item: Register) -> st.SearchStrategy[Decimal | None]:
    """What a voltage can be whose scale is not sent, as its size has to show it."""
    first = int(Decimal(40).scaleb(-item.scaler))
    last = int(Decimal(500).scaleb(-item.scaler))
    return st.integers(first, last).map(lambda number: Decimal(number).scaleb(item.scaler))


def values_of(layout: Layout) -> st.SearchStrategy[dict[str, Decimal | None]]:
    """Anything that a list can say, by code."""
    by_size = layout.shape in {Shape.PAIRS, Shape.PUSH} and not layout.scaled
    measured: dict[str, st.SearchStrategy[Decimal | None]] = {}
    for item in layout.items:
        if isinstance(item, Register):
            of_grid = by_size and item.unit is Unit.V
            measured[item.obis] = grid_volts(item) if of_grid else carried(item)
        elif isinstance(item, Field):
            measured[item.obis] = written(item)
    # Beside what is drawn, what is not drawn at random: the meters behind the meter.
    return st.fixed_dictionaries(measured)


def snapshots(layout: Layout) -> st.SearchStrategy[Snapshot]:
    """Anything that a meter could be made to measure, at any time."""

    def at(moment: datetime, values: dict[str, Decimal | None]) -> Snapshot:
        house = Household(1, moment).at(moment)
        return Snapshot(moment, {**house.values, **values})

    return st.builds(at, moments, values_of(layout))


# --- Lists of other counts and orders ---


def is_bare(item: Item) -> bool:
    return item.obis is None and not isinstance(item, Gap)


@st.composite
def layouts(draw: st.DrawFn, family: str, variant: str) -> Layout:
    """The list of a family with any of its registers, in any order, as far as it says what is what.

    What says who sends it stays, and what stands bare keeps its place.
    """
    layout = FAMILIES[family][variant].layout
    if layout.shape is Shape.POSITIONAL:
        return layout
    measuring = [item for item in layout.items if isinstance(item, (Register, Field))]
    kept = draw(st.sets(st.sampled_from(measuring), min_size=1)) if measuring else set()
    left = [item for item in layout.items if item not in measuring or item in kept]
    moving = draw(st.permutations([item for item in left if not is_bare(item)]))
    first = [item for item in left[:1] if is_bare(item)]
    last = [item for item in left[1:] if is_bare(item)]
    return replace(layout, items=(*first, *moving, *last))


@st.composite
def senders(draw: st.DrawFn, family: str, variant: str) -> Meter:
    """A meter of a family: any serial number, any counter, any choice and order of registers."""
    meter = meters.build(
        family,
        variant,
        serial=draw(st.integers(1, 9_999_999)),
        invocation_counter=draw(st.integers(0, 2**32 - 9)),
    )
    meter.layout = draw(layouts(family, variant))
    return meter


# --- What has to come out ---


def assert_says(telegram: Telegram, sent: meters.Telegram, meter: Meter, meter_type: str) -> None:
    """A telegram says exactly what the meter meant, no more and no less."""
    truth = sent.truth
    assert telegram.fault is None
    assert registers(telegram) == expected_registers(truth)
    assert list(registers(telegram)) == list(truth.registers)
    assert telegram.profile is not None
    assert telegram.profile.type == meter_type
    if truth.says_time:
        assert telegram.timestamp == truth.timestamp
        assert telegram.timestamp.utcoffset() == truth.timestamp.utcoffset()
    else:
        assert telegram.timestamp is None
    security = telegram.push.security
    if meter.ciphering is None:
        assert security is None
    else:
        assert security is not None
        assert security.system_title == truth.system_title
        assert security.invocation_counter == truth.invocation_counter
        assert security.authenticated is (True if meter.ciphering.authenticated else None)
    assert telegram.number in {truth.meter_id, (truth.meter_id or "").encode().hex().upper()}
    assert sorted(
        (one.meter.model.split()[0].lower(), one.meter.number, one.timestamp, one.values)
        for one in telegram.others
    ) == sorted((one.kind, one.number, one.time, {one.kind: one.value}) for one in truth.others)
    expected = {**readings(truth), **states(truth)}
    assert (telegram.reading is None) == (not expected)
    if telegram.reading is not None:
        assert telegram.reading.values == expected
        assert telegram.reading.timestamp == telegram.timestamp
        assert telegram.reading.meter.type == meter_type
        assert telegram.reading.meter.number == truth.meter_id


def assert_all_said(
    events: Iterable[Telegram | Fault], sent: list[meters.Telegram], meter: Meter, meter_type: str
) -> None:
    """Every telegram came out once, in order, and nothing else did."""
    read = telegrams(events)
    assert len(read) == len(sent)
    for one, truth in zip(read, sent, strict=True):
        assert_says(one, truth, meter, meter_type)


# --- Any values ---


def whatever_a_meter_measures_is_read_exactly(
    family: str, variant: str, data: st.DataObject
) -> None:
    meter = data.draw(senders(family, variant))
    sent = [meter.telegram(data.draw(snapshots(meter.layout)))]
    for meter_type in (AUTO, family):
        read = decode([sent[0].data], BOTH_KEYS, meter_type)
        assert_all_said(read, sent, meter, family)


@every_list
@settings(max_examples=of_hundred(FEW))
@given(data=st.data())
def test_values_of_any_meter_are_read_exactly(
    family: str, variant: str, data: st.DataObject
) -> None:
    whatever_a_meter_measures_is_read_exactly(family, variant, data)


@pytest.mark.slow
@every_list
@settings(max_examples=of_hundred(MANY))
@given(data=st.data())
def test_values_of_any_meter_are_read_exactly_in_many_examples(
    family: str, variant: str, data: st.DataObject
) -> None:
    whatever_a_meter_measures_is_read_exactly(family, variant, data)


# --- Chunks and junk ---


def living(meter: Meter, seed: int, moment: datetime, count: int) -> list[meters.Telegram]:
    """What a meter sends one after the other with a household behind it."""
    house = Household(seed, moment, phases=meter.phases)
    step = timedelta(seconds=meter.interval)
    return [meter.telegram(house.at(moment + number * step)) for number in range(count)]


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Cut into chunks of these sizes, over and over."""
    at = number = 0
    while at < len(data):
        size = sizes[number % len(sizes)]
        yield data[at : at + size]
        at += size
        number += 1


def junk(shape: Shape) -> st.SearchStrategy[bytes]:
    """Bytes that belong to no telegram.

    Links without a checksum have nothing but the look of their beginning, so on such a line noise
    that looks like one is one, until it is refuted by its end.
    """
    headers = (b"\x00\x01\x00", b"\xdb\x08")
    noise = st.binary(max_size=30).filter(lambda some: not any(one in some for one in headers))
    if shape is Shape.TEXT:
        return noise.filter(lambda some: b"/" not in some)
    return noise


chunk_sizes = st.one_of(
    st.just([1]),
    st.lists(st.integers(1, 80), min_size=1, max_size=6),
    st.lists(st.integers(1, 4000), min_size=1, max_size=3),
)


def however_telegrams_come_they_are_read(family: str, variant: str, data: st.DataObject) -> None:
    meter = data.draw(senders(family, variant))
    seed, count = data.draw(st.integers(0, 2**32)), data.draw(st.integers(1, 4))
    sent = living(meter, seed, data.draw(moments), count)
    between = junk(meter.layout.shape)
    stream = data.draw(between)
    for one in sent:
        stream += one.data + data.draw(between)
    meter_type = data.draw(st.sampled_from([AUTO, family]))
    read = decode(cut(stream, data.draw(chunk_sizes)), BOTH_KEYS, meter_type)
    assert_all_said(read, sent, meter, family)


@every_list
@settings(max_examples=of_hundred(FEW))
@given(data=st.data())
def test_telegrams_are_read_in_any_chunks_and_with_junk(
    family: str, variant: str, data: st.DataObject
) -> None:
    however_telegrams_come_they_are_read(family, variant, data)


@pytest.mark.slow
@every_list
@settings(max_examples=of_hundred(MANY))
@given(data=st.data())
def test_telegrams_are_read_in_any_chunks_and_with_junk_in_many_examples(
    family: str, variant: str, data: st.DataObject
) -> None:
    however_telegrams_come_they_are_read(family, variant, data)


@every_list
@settings(max_examples=of_hundred(FEW))
@given(
    seed=st.integers(0, 2**32),
    at=st.integers(0, 10_000),
    begins=st.booleans(),
    sizes=chunk_sizes,
)
def test_a_cut_telegram_does_not_harm_those_beside_it(
    *, family: str, variant: str, seed: int, at: int, begins: bool, sizes: list[int]
) -> None:
    """As after a cable was pulled, or when the program starts in the middle of one."""
    meter = meters.build(family, variant)
    first, half, second = living(meter, seed, NOON, 3)
    # Behind its header, and so far from its end that what follows it shows where it broke off.
    place = 20 + at % (len(half.data) - 36)
    part = half.data[:place] if begins else half.data[place:]
    for stream in (part + first.data + second.data, first.data + part + second.data):
        read = [
            event
            for event in decode(cut(stream, sizes))
            if isinstance(event, Telegram) and event.fault is None
        ]
        assert_all_said(read, [first, second], meter, family)


@every_list
def test_telegrams_byte_by_byte_are_read_with_their_last_byte(family: str, variant: str) -> None:
    meter = meters.build(family, variant)
    line = decoder()
    for sent in living(meter, 7, NOON, 3):
        # The flag behind an HDLC frame tells nothing that its length has not told.
        data = sent.data.removesuffix(b"\x7e")
        *before, last = [line.feed(byte) for byte in single_bytes(data)]
        assert not any(before)
        assert_all_said(last, [sent], meter, family)
    assert line.finish() == []
    assert line.junk == 0


# --- Telegrams one after the other ---

IN_TURN = [
    ("kaifa-nordic", ("norway-13", "norway-1", "norway-1", "norway-18", "norway-1")),
    ("kaifa-nordic", ("norway-9", "norway-1", "norway-14")),
    ("kamstrup", ("nordic", "nordic", "nordic-hourly", "nordic")),
    ("aidon", ("norway", "norway-hourly", "norway")),
]
"""Meters that send a longer list every full hour or ten seconds, a shorter one in between."""


@pytest.mark.parametrize(("family", "variants"), IN_TURN)
def test_lists_pushed_in_turn_are_of_one_meter(family: str, variants: tuple[str, ...]) -> None:
    line = decoder()
    names = set()
    for turn, variant in enumerate(variants):
        meter = meters.build(family, variant)
        (sent,) = living(meter, 5, NOON + timedelta(seconds=10 * turn), 1)
        (telegram,) = telegrams(line.feed(sent.data))
        assert registers(telegram) == expected_registers(sent.truth)
        assert telegram.number == meter.identity.number
        assert telegram.reading is not None
        assert telegram.reading.values == readings(sent.truth)
        names.add(telegram.reading.meter.id)
    assert len(names) == 1


def moving(family: str, variant: str, line: Decoder, count: int) -> None:
    """Let a meter send on and on with a household behind it, through one decoder."""
    meter = meters.build(family, variant)
    energies: dict[str, Any] = {}
    for sent in living(meter, 11, NOON, count):
        (telegram,) = telegrams(line.feed(sent.data))
        assert_says(telegram, sent, meter, family)
        said = telegram.reading.values if telegram.reading else {}
        for key, value in said.items():
            if key.startswith(("energy", "reactive_energy")):
                assert value >= energies.get(key, 0)
                energies[key] = value


@every_list
def test_energies_of_a_household_never_decrease(family: str, variant: str) -> None:
    moving(family, variant, decoder(), 12)


@pytest.mark.slow
@every_list
def test_energies_of_a_household_never_decrease_over_a_thousand_telegrams(
    family: str, variant: str
) -> None:
    moving(family, variant, decoder(), 1000)


@every_list
def test_a_simulated_meter_knows_the_id_that_the_program_gives_it(
    family: str, variant: str
) -> None:
    """For trials that last long, and look for its topics."""
    one = SimulatedMeter(None, family, variant)
    line = decoder()
    for _ in range(2):
        (telegram,) = telegrams(line.feed(one.telegram().data))
        if telegram.reading is not None:
            assert telegram.reading.meter.id == one.id


# --- Authentication key ---


@every_list
def test_the_authentication_key_is_not_needed_to_decipher(family: str, variant: str) -> None:
    meter = meters.build(family, variant)
    (sent,) = living(meter, 3, NOON, 1)
    (telegram,) = telegrams(decode([sent.data], KEYS))
    assert registers(telegram) == expected_registers(sent.truth)
    security = telegram.push.security
    assert security is None or security.authenticated is None
