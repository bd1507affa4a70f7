"""What the demo shows of what is published."""

import json

import pytest

from simulator.demo_view import HEAD_EVERY, View

CONFIG = "homeassistant/device/smartmeter_17/config"
STATE = "smartmeter/17/state"


def announced(**names: str) -> str:
    units = {"kWh": 3, "W": 0, "V": 1}
    components = {
        key: {
            "name": name,
            "value_template": f"{{{{ value_json.{key} }}}}",
            "unit_of_measurement": unit,
            "suggested_display_precision": units[unit],
        }
        for key, (name, unit) in ((key, text.rsplit(" ", 1)) for key, text in names.items())
    }
    components["errors"] = {
        "name": "Errors",
        "value_template": "{{ value_json.errors }}",
        "entity_category": "diagnostic",
    }
    device = {"name": "House", "manufacturer": "Kaifa", "model": "MA309", "serial_number": "17"}
    return json.dumps({"dev": device, "cmps": components})


METER = announced(energy_import="Energy import kWh", power="Power W", voltage_l1="Voltage L1 V")


def shown(view: View, *messages: tuple[str, str]) -> list[str]:
    return [line for topic, payload in messages for line in view.lines(topic, payload, "17:00:00")]


def test_a_meter_is_shown_as_home_assistant_would_and_then_in_rows_under_a_head() -> None:
    said = '{"energy_import": 5341.6, "power": -505, "voltage_l1": 233.14, "timestamp": "x"}'
    assert shown(View(100), (CONFIG, METER), (STATE, said)) == [
        "Home Assistant would show the device House (Kaifa MA309 17):",
        "  Energy import  5341.600 kWh",
        "  Power              -505 W",
        "  Voltage L1        233.1 V",
        "  and 1 in the section Diagnostic; 0 more wait to be enabled",
        "          Import kWh  Power W    L1 V",
        "17:00:00    5341.600     -505   233.1",
    ]


def test_rows_stay_under_one_head_and_the_head_comes_again() -> None:
    view = View(100)
    shown(view, (CONFIG, METER), (STATE, '{"energy_import": 1, "power": 1}'))
    rows = [
        line
        for power in range(2, HEAD_EVERY + 2)
        for line in shown(view, (STATE, f'{{"energy_import": 1, "power": {power}}}'))
    ]
    assert len({len(row) for row in rows}) == 1
    assert [row for row in rows if "Import" in row] == [rows[HEAD_EVERY - 1]]


def test_a_narrow_terminal_gets_the_most_wanted_columns() -> None:
    said = '{"energy_import": 1, "power": 2, "voltage_l1": 3}'
    lines = shown(View(30), (CONFIG, METER), (STATE, said))
    assert lines[-2:] == [f"{'':8}  Import kWh  Power W", "17:00:00       1.000        2"]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("smartmeter/status", "online"),
        ("smartmeter/17/status", "online"),
        (STATE, '{"power": 1}'),
        ("smartmeter/17/diagnostics", '{"errors": 0}'),
        (CONFIG, ""),
        (CONFIG, "[]"),
    ],
)
def test_other_messages_are_not_shown(topic: str, payload: str) -> None:
    assert shown(View(100), (topic, payload)) == []


def test_a_message_that_is_sent_once_more_is_one_row() -> None:
    view = View(100)
    said = (STATE, '{"power": 1}')
    assert len(shown(view, (CONFIG, METER), said)) == 7
    assert shown(view, said, (CONFIG, METER), said) == []
    assert len(shown(view, (STATE, '{"power": 2}'))) == 1


def test_a_gas_meter_says_one_sentence() -> None:
    view = View(100)
    gas = METER.replace("House", "Gas meter").replace("energy_import", "gas")
    shown(view, (CONFIG, METER), (STATE, '{"power": 1}'))
    lines = shown(
        view,
        ("homeassistant/device/smartmeter_18/config", gas),
        ("smartmeter/18/state", '{"gas": 2}'),
    )
    assert lines[-1] == "17:00:00  Gas meter: Energy import 2.000 kWh"
