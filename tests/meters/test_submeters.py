"""Meters behind the meter: gas, water and heat."""

from datetime import UTC, datetime
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
        ("013", "MJ", "heat", "Heat meter", Decimal("0.107123")),
    ],
)
def test_a_meter_is_what_its_kind_says(
    kind: object, unit: str, key: str, model: str, value: Decimal
) -> None:
    reading = only(registers(kind, unit=unit))
    assert reading.values == {key: value}
    assert reading.timestamp == MOMENT
    assert reading.meter == Meter("g0053003378289217", "G0053003378289217", "dsmr", "", model, None)


@pytest.mark.parametrize("code", ["24.2.1", "24.2.3", "24.3.0"])
def test_a_counter_may_have_one_of_several_codes(code: str) -> None:
    assert only(registers(code=code)).values == {"gas": Decimal("107.123")}


def test_a_meter_without_number_is_named_by_the_main_one_and_its_channel() -> None:
    reading = only(registers(number=None, channel=2))
    assert reading.meter.id == "e0007000000000017_2"
    assert reading.meter.number is None


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


@pytest.mark.parametrize(
    "found",
    [
        {},
        registers("002"),  # electricity
        registers("255"),
        registers(""),
        registers("three"),
        registers(unit="kWh"),
        registers(unit=""),
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
