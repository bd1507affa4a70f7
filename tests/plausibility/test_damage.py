"""Flipped bits behind a repaired checksum."""

import re
from decimal import Decimal
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decoder import Decoder
from app.meters.telegram import Telegram
from simulator.clock import VIENNA
from tests.support.guarded import NO_TAG, PROFILES, line_of
from tests.support.quantities import RANGES, range_key
from tests.support.repair import repair, with_flipped_bit
from tests.support.simulated import SimulatedMeter


def is_small(key: str, off: float) -> bool:
    """Tell whether an error is too small to tell it from a change of load."""
    if "energy" in key:
        return off <= 0.062  # kWh, what three phases of 63 A move in 5 s
    quantity = range_key(key)
    assert quantity
    turned = 360 - off if quantity == "phase_angle" else off
    return min(off, turned) <= RANGES[quantity] / 10


@pytest.mark.parametrize("name", ["burgenland", "wien"])
def test_a_flipped_bit_makes_a_small_error_at_most(name: str) -> None:
    """Four bits of each byte of a telegram, one at a time."""
    size = len(SimulatedMeter(None, "e450", name).telegram().data)
    meter = SimulatedMeter(None, "e450", name)
    line = line_of(meter)
    plain = Decoder(NO_TAG, PROFILES, VIENNA)
    for at in range(1, size - 1):
        for bit in (0, 3, 6, 7):
            telegram = meter.telegram()
            (truth,) = plain.feed(telegram.data)
            reading = line.take(with_flipped_bit(telegram.data, at, bit))
            assert line.push(meter) != [None], (at, bit)
            if reading is None:
                continue
            assert isinstance(truth, Telegram)
            assert truth.reading
            assert reading.meter == truth.reading.meter
            assert reading.timestamp in {truth.timestamp, None}
            for key, value in reading.values.items():
                off = abs(float(value) - float(truth.reading.values[key]))
                assert is_small(key, off), (at, bit, key)


@pytest.mark.parametrize(("family", "name"), [("dsmr", "belgium"), ("aidon", "text")])
def test_a_number_of_a_text_that_lost_decimals_is_pending(family: str, name: str) -> None:
    """They stand for a scaler: without them it is another number, up to half a kWh off."""
    meter = SimulatedMeter(None, family, name)
    decimals = re.compile(rb"^(?!0-0).*\(\d+(\.\d+)\*", re.MULTILINE)
    places = [found.span(1) for found in decimals.finditer(meter.telegram().data)]
    assert len(places) > 10
    line = line_of(meter)
    interval = meter.meter.interval
    for begin, end in places:
        for cut in range(begin, end):
            text = meter.telegram().data
            assert line.take(repair(text[:cut] + text[end:]), interval) is None, text[cut - 9 : end]
            assert line.push(meter) != [None]


@pytest.mark.parametrize("total", ["energy_import", "reactive_energy_q2", "reactive_energy_q4"])
def test_a_tariff_that_rises_without_its_total_is_pending(total: str) -> None:
    meter = SimulatedMeter(None, "am550", "swiss-ciphered")
    line = line_of(meter, count=30)
    (reading,) = line.push(meter)
    assert reading
    code = {"energy_import": "1.8.1", "reactive_energy_q2": "6.8.1", "reactive_energy_q4": "8.8.1"}
    counted = 1000 * Decimal(str(reading.values[f"{total}_tariff_1"]))
    for raised, is_accepted in ((0, True), (32, False)):
        meter.more = {code[total]: counted + raised}
        assert bool(line.push(meter)[0]) is is_accepted


@pytest.mark.parametrize(
    ("family", "name", "quantity", "code", "value"),
    [
        ("kaifa", "netznoe", "power_factor", "13.7.0", "0.7"),
        ("sagemcom-p1", "hungary", "frequency", "14.7.0", "51.5"),
        ("e450", "wien", "reactive_power", "4.7.0", "16384"),
        ("kamstrup", "nordic", "current", "31.7.0", "40.96"),
        ("kaifa", "netznoe", "voltage", "32.7.0", "256"),
    ],
)
def test_nothing_but_its_jump_tells_a_damaged_value(
    family: str, name: str, quantity: str, code: str, value: str
) -> None:
    """So a quantity's jumps are checked also where few damaged telegrams show that."""
    for given_up in (False, True):
        meter = SimulatedMeter(None, family, name)
        line = line_of(meter, count=30)
        for sender in line.guard._senders.values():
            if given_up:
                sender.known.limits.relax(f"jump {quantity}", give_up=True)
        meter.more = {code: Decimal(value)}
        assert bool(line.push(meter)[0]) is given_up


BEYOND = st.one_of(
    st.tuples(st.sampled_from(["31.7.0", "51.7.0", "71.7.0"]), st.integers(100, 655)),
    st.tuples(st.sampled_from(["1.7.0", "2.7.0"]), st.integers(50_000, 2**31)),
)
"""A current or a power that is more than a connection carries."""


@given(damaged=st.lists(BEYOND, min_size=3, unique_by=itemgetter(0)))
def test_loads_that_damage_makes_do_not_confirm_each_other(damaged: list[tuple[str, int]]) -> None:
    """Another value in each telegram of a row."""
    meter = SimulatedMeter(None, "kaifa", "netznoe")
    steady = {"1.7.0": 0, "2.7.0": 1700, "31.7.0": 3, "51.7.0": 3, "71.7.0": 2}
    meter.more = {code: Decimal(value) for code, value in steady.items()}
    line = line_of(meter)
    for code, value in damaged:
        meter.more = {one: Decimal(value if one == code else steady[one]) for one in steady}
        (reading,) = line.push(meter)
        assert not reading or code[0] in "357"
    meter.more = {code: Decimal(value) for code, value in steady.items()}
    assert all(line.push(meter, 3)[2:])
