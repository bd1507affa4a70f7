"""Meters behind the meter: gas, water, heat, cooling and electricity."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.cosem.obis import Obis
from app.meters import submeters
from app.meters.reading import Meter, Reading
from app.meters.telegram import Register

MAIN = Meter("e0007000000000017", "E0007000000000017", "dsmr", "Iskraemeco", "P1 meter", None)
MOMENT = datetime(2026, 7, 1, 9, 55, tzinfo=UTC)
NUMBER = "4730303533303033333738323839323137"


def registers(
    kind: object = "003",
    counter: object = Decimal("107.123"),
    unit: str = "m3",
    *,
    channel: int = 1,
    number: str | None = NUMBER,
    code: str = "24.2.1",
) -> dict[Obis, Register]:
    values: dict[str, Register] = {"24.1.0": Register(kind, "")}  # type: ignore[arg-type]
    if number is not None:
        values["96.1.0"] = Register(number, "")
    values[code] = Register(counter, unit, MOMENT)  # type: ignore[arg-type]
    return {Obis.parse(f"0-{channel}:{cde}"): value for cde, value in values.items()}


def only(found: dict[Obis, Register]) -> Reading:
    (reading,) = submeters.readings(found, MAIN, None)
    return reading


@pytest.mark.parametrize(
    ("kind", "unit", "key", "model", "value"),
    [
        ("003", "m3", "gas", "Gas meter", Decimal("107.123")),
        ("3", "m3", "gas", "Gas meter", Decimal("107.123")),
        (3, "m3", "gas", "Gas meter", Decimal("107.123")),
        ("006", "m3", "water", "Water meter", Decimal("107.123")),
        ("007", "m3", "water", "Water meter", Decimal("107.123")),
        ("004", "GJ", "heat", "Heat meter", Decimal("107.123")),
        ("012", "GJ", "heat", "Heat meter", Decimal("107.123")),
        ("012", "MJ", "heat", "Heat meter", Decimal("0.107123")),
        ("010", "GJ", "cooling", "Cooling meter", Decimal("107.123")),
        ("011", "GJ", "cooling", "Cooling meter", Decimal("107.123")),
        ("013", "MJ", "cooling", "Cooling meter", Decimal("0.107123")),
        ("002", "kWh", "energy", "Electricity meter", Decimal("107.123")),
        ("2", "Wh", "energy", "Electricity meter", Decimal("0.107123")),
    ],
)
def test_a_meter_is_what_its_kind_says(
    kind: object, unit: str, key: str, model: str, value: Decimal
) -> None:
    reading = only(registers(kind, unit=unit))
    assert reading.values == {key: value}
    assert reading.timestamp == MOMENT
    number = "G0053003378289217"
    assert reading.meter == Meter(number.lower(), number, "dsmr", "", model, None, via=MAIN.id)


@pytest.mark.parametrize("code", ["24.2.1", "24.2.3", "24.3.0"])
def test_a_counter_may_have_one_of_several_codes(code: str) -> None:
    assert only(registers(code=code)).values == {"gas": Decimal("107.123")}


def dated(at: datetime | None, counter: Decimal = Decimal(1)) -> dict[Obis, Register]:
    """Registers of a counter whose place for a time says one, or none that can be."""
    found = registers(counter=counter)
    return {
        obis: Register(one.value, one.unit, at, is_dated=True)
        if obis.c == 24 and obis.d == 2
        else one
        for obis, one in found.items()
    }


def test_a_report_whose_time_cannot_be_is_none() -> None:
    latest = MOMENT + submeters._LATEST
    for sent in (MOMENT, None):
        assert submeters.readings(dated(None), MAIN, sent) == []
        assert len(submeters.readings(dated(latest), MAIN, sent)) == 1
    assert submeters.readings(dated(latest + timedelta(seconds=1)), MAIN, MOMENT) == []
    assert len(submeters.readings(registers(), MAIN, MOMENT - timedelta(days=99))) == 1


def test_nothing_is_behind_a_channel_without_a_number_whose_counter_is_nought() -> None:
    nought = Decimal(0)
    assert submeters.readings(registers(counter=nought, number=None), MAIN, None) == []
    assert only(registers(counter=nought)).values == {"gas": 0}
    assert only(registers(number=None)).values == {"gas": Decimal("107.123")}


def test_a_meter_without_number_is_named_by_the_main_one_and_its_channel() -> None:
    reading = only(registers(number=None, channel=2))
    assert reading.meter.id == "e0007000000000017_2"
    assert reading.meter.number is None


@pytest.mark.parametrize(
    ("said", "state"),
    [("1", "ON"), ("0", "OFF"), ("2", "OFF"), (1, "ON"), (True, "ON"), ("ON", "ON")],
)
def test_a_meter_has_the_valve_of_its_channel(said: str | int, state: str) -> None:
    valve = {Obis.parse("0-1:24.4.0"): Register(said, "")}
    values = only({**valve, **registers()}).values
    assert values == {"gas": Decimal("107.123"), "valve": state}
    assert next(iter(values)) == "gas"  # what is judged comes first


@pytest.mark.parametrize("said", ["", "7", "open?"])
def test_a_valve_that_says_nothing_is_none(said: str) -> None:
    valve = {Obis.parse("0-1:24.4.0"): Register(said, "")}
    assert only({**registers(), **valve}).values == {"gas": Decimal("107.123")}


def test_each_channel_is_a_meter_of_its_own() -> None:
    found = submeters.readings(
        {
            **registers("007", channel=3, number="W1"),
            **registers("003", channel=1, number="G1"),
            Obis.parse("1-0:1.8.0"): Register(5, "kWh"),
        },
        MAIN,
        None,
    )
    assert [(reading.meter.id, dict(reading.values)) for reading in found] == [
        ("g1", {"gas": Decimal("107.123")}),
        ("w1", {"water": Decimal("107.123")}),
    ]


@pytest.mark.parametrize(("kind", "key"), [("003", "gas"), ("007", "water"), ("006", "water")])
def test_a_counter_of_gas_or_water_without_a_unit_counts_cubic_metres(kind: str, key: str) -> None:
    assert only(registers(kind, unit="")).values == {key: Decimal("107.123")}


@pytest.mark.parametrize("unit", ["m3", "Nm3", "dm3"])
def test_volumes_come_in_several_units(unit: str) -> None:
    factor = Decimal("0.001") if unit == "dm3" else 1
    assert only(registers(unit=unit)).values == {"gas": Decimal("107.123") * factor}


# --- Meters with one number ---


@pytest.mark.parametrize("newer", [1, 3])
@pytest.mark.parametrize("order", [(1, 3), (3, 1)])
def test_of_two_channels_with_one_number_the_newer_report_counts(
    order: tuple[int, int], newer: int
) -> None:
    found: dict[Obis, Register] = {}
    for channel in order:
        moment = MOMENT if channel == newer else datetime(2019, 5, 12, 11, 45, 58, tzinfo=UTC)
        counter = Register(Decimal(channel), "m3", moment, is_dated=True)
        found |= registers(channel=channel) | {Obis.parse(f"0-{channel}:24.2.1"): counter}
    reading = only(found)
    assert reading.values == {"gas": Decimal(newer)}
    assert reading.meter.id == "g0053003378289217"


def test_a_report_without_a_time_is_the_older_one() -> None:
    dated = Register(Decimal(3), "m3", MOMENT, is_dated=True)
    for channel in (1, 2):
        code = Obis.parse(f"0-{channel}:24.2.1")
        other = Obis.parse(f"0-{3 - channel}:24.2.1")
        undated = Register(Decimal(5), "m3")
        found = registers(channel=1) | registers(channel=2) | {code: dated, other: undated}
        assert only(found).values == {"gas": Decimal(3)}


def test_a_valve_makes_no_other_meter_of_a_channel() -> None:
    valve = {Obis.parse("0-2:24.4.0"): Register("1", "")}
    reading = only({**registers(), **registers(channel=2), **valve})
    assert reading.meter.id == "g0053003378289217"


def test_meters_of_different_kinds_with_one_number_stay_two() -> None:
    found = submeters.readings({**registers("003"), **registers("007", channel=2)}, MAIN, None)
    assert [(one.meter.id, list(one.values)) for one in found] == [
        ("g0053003378289217", ["gas"]),
        ("g0053003378289217_water", ["water"]),
    ]


def test_a_meter_with_the_number_of_the_main_one_stays_another() -> None:
    (reading,) = submeters.readings(registers(number=MAIN.number), MAIN, None)
    assert reading.meter.id == f"{MAIN.id}_gas"


@pytest.mark.parametrize(
    "found",
    [
        {},
        registers("002"),  # electricity
        registers("255"),
        registers(""),
        registers("three"),
        registers(unit="kWh"),
        registers("004", unit=""),
        registers("004", unit="m3"),
        registers(counter="()"),
        registers(channel=0),
        {code: value for code, value in registers().items() if code.c == 96},
        {code: value for code, value in registers().items() if code.d != 1 or code.c == 96},
        {Obis.parse("1-1:24.2.1"): Register(5, "m3")},
    ],
)
def test_what_is_not_certain_is_no_meter(found: dict[Obis, Register]) -> None:
    assert submeters.readings(found, MAIN, None) == []


@pytest.mark.parametrize("order", [(1, 3), (3, 1)])
def test_of_two_channels_with_one_number_and_time_the_greater_counter_counts(
    order: tuple[int, int],
) -> None:
    found: dict[Obis, Register] = {}
    for channel in order:
        value = Decimal("112.384") if channel == 1 else Decimal("0.000")
        found |= registers(channel=channel, counter=value)
    assert only(found).values == {"gas": Decimal("112.384")}


def test_of_two_channels_that_say_the_same_the_first_counts() -> None:
    valves = {Obis.parse(f"0-{n}:24.4.0"): Register(f"{n - 1}", "") for n in (1, 2)}
    first = only({**registers(), Obis.parse("0-1:24.4.0"): Register("0", "")})
    assert only({**registers(), **registers(channel=2), **valves}) == first
    assert len(first.values) == 2
