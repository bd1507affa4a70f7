"""What an OBIS code measures."""

import pytest

from app.cosem.obis import Obis
from app.meters import quantity
from app.meters.quantities import QUANTITIES, Quantity


@pytest.mark.parametrize(
    ("code", "measured", "unit"),
    [
        ("1-0:1.7.0", Quantity.ACTIVE, "W"),
        ("1-0:2.7.0", Quantity.ACTIVE, "W"),
        ("1-0:16.7.0", Quantity.ACTIVE, "W"),
        ("1-0:21.7.0", Quantity.ACTIVE, "W"),
        ("1-0:62.7.0", Quantity.ACTIVE, "W"),
        ("1-0:1.6.0", Quantity.ACTIVE, "W"),
        ("1-0:1.4.0", Quantity.ACTIVE, "W"),
        ("1-0:3.7.0", Quantity.REACTIVE, "var"),
        ("1-0:64.7.0", Quantity.REACTIVE, "var"),
        ("1-0:9.7.0", Quantity.APPARENT, "VA"),
        ("1-0:29.7.0", Quantity.APPARENT, "VA"),
        ("1-0:1.8.0", Quantity.ACTIVE_ENERGY, "Wh"),
        ("1-1:2.8.2", Quantity.ACTIVE_ENERGY, "Wh"),
        ("1-0:1.9.0", Quantity.ACTIVE_ENERGY, "Wh"),
        ("1-0:5.8.0", Quantity.REACTIVE_ENERGY, "varh"),
        ("1-0:10.8.0", Quantity.APPARENT_ENERGY, "VAh"),
        ("1-0:31.7.0", Quantity.CURRENT, "A"),
        ("1-0:91.7.0", Quantity.CURRENT, "A"),
        ("1-0:72.7.0", Quantity.VOLTAGE, "V"),
        ("1-0:92.7.0", Quantity.VOLTAGE, "V"),
        ("1-0:13.7.0", Quantity.POWER_FACTOR, ""),
        ("1-0:53.7.0", Quantity.POWER_FACTOR, ""),
        ("1-0:14.7.0", Quantity.FREQUENCY, "Hz"),
        ("1-0:81.7.40", Quantity.ANGLE, "deg"),
    ],
)
def test_a_code_measures_something_in_a_unit(code: str, measured: Quantity, unit: str) -> None:
    assert quantity.of(Obis.parse(code)) is measured
    assert QUANTITIES[measured].unit == unit


@pytest.mark.parametrize("phase", [0, 20, 40, 60])
def test_a_sum_and_its_phases_measure_the_same(phase: int) -> None:
    measured = {group: quantity.of(Obis(1, 0, phase + group, 7, 0)) for group in range(1, 21)}
    assert measured == {
        **dict.fromkeys([1, 2, 15, 16, 17, 18, 19, 20], Quantity.ACTIVE),
        **dict.fromkeys([3, 4, 5, 6, 7, 8], Quantity.REACTIVE),
        **dict.fromkeys([9, 10], Quantity.APPARENT),
        11: Quantity.CURRENT,
        12: Quantity.VOLTAGE,
        13: Quantity.POWER_FACTOR,
        14: Quantity.FREQUENCY,
    }


@pytest.mark.parametrize(
    "code",
    [
        "0-0:1.7.0",  # not electricity
        "7-0:3.8.0",
        "1-0:1.2.0",  # not a value of now
        "1-0:32.8.0",  # there is no energy of a voltage
        "1-0:81.8.40",
        "1-0:96.7.0",
        "1-0:0.2.0",
        "0-0:96.1.0",
    ],
)
def test_other_codes_measure_nothing_known(code: str) -> None:
    assert quantity.of(Obis.parse(code)) is None
