"""What the problem sensor says in German, from bytes on: no half-sentence of it is English."""

import errno
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.config.influxdb import InfluxdbOptions
from app.config.options import MqttOptions
from app.dlms.ciphering import Keys
from app.influxdb.endpoint import Endpoint, endpoint
from app.influxdb.explain import explain, judge
from app.language.catalogue import Sentence
from app.line.trouble import Problem, Trouble
from app.meters.energy_counts import Record
from app.meters.energy_units import EnergyUnits
from app.meters.telegram import Withheld
from app.mqtt.explain import explain_unheard
from app.mqtt.layout import Layout
from app.mqtt.topics import Topics
from app.transport.adapters import Adapter, only_adapter
from app.transport.address import SerialPort, TcpGateway
from app.transport.events import Lost
from app.transport.explain import KNOWN_ERRORS, explain_gateway, explain_serial
from app.transport.http_request import Answer
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.guarded import line_of
from tests.support.lines import KEYS, MODE, OTHER_KEY, PORT, ReadLine, opened_line
from tests.support.sentences import ENGLISH_ONES, keys, parameters, text
from tests.support.simulated import START, SimulatedMeter
from tests.support.withheld import accepted

ENGLISH = re.compile(
    r"\b(?:the|and|of|is|are|to|with|not|or|from|for|it|its|this|that|which|by|no|has|meter|check"
    r"|values?|telegrams?|connection|key|error|device|database|nothing|energies)\b"
)
TERMS = re.compile(
    r"`[^`]*`"
    r"|[\w-]+:?//\S+|/\w[\w/.-]*|\b\w+(?:[._]\w+)+"
    r"|Option(?:en)? \w+(?: oder \w+)?|System Title|\(i\w+ counter\)"
)


def is_german(message: str) -> bool:
    return not ENGLISH.search(TERMS.sub("", message)) and len(message) > 20


def message(problem: Problem | None) -> str:
    """Give the message as it goes to Home Assistant."""
    assert problem
    layout = Layout(Topics("smartmeter", "homeassistant"), language="de", version="1")
    details = {"kind": problem.trouble.value, "message": problem.sentence}
    (sent,) = layout.diagnostics("1", {"problem": "ON", "problem_details": details})
    said: Mapping[str, Any] = json.loads(sent.payload)
    assert said["problem_details"]["kind"] == problem.trouble.value
    return str(said["problem_details"]["message"])


def read(line: ReadLine) -> Problem | None:
    return line.reader.health.problem(line.now)


@pytest.mark.parametrize(
    ("keys", "meter_type", "family", "trouble"),
    [
        (Keys(), "auto", "kaifa", Trouble.KEY_MISSING),
        (Keys(OTHER_KEY), "auto", "kaifa", Trouble.KEY_WRONG),
        (Keys(OTHER_KEY, AUTH_KEY), "auto", "e450", Trouble.KEY_WRONG),
        (Keys(KEY, OTHER_KEY), "auto", "e450 steiermark", Trouble.AUTH_KEY_WRONG),
        (KEYS, "sagemcom", "kaifa", Trouble.OTHER_METER),
        (KEYS, "e450", "im350", Trouble.OTHER_METER),
    ],
)
def test_what_keeps_telegrams_from_being_read(
    keys: Keys, meter_type: str, family: str, trouble: Trouble
) -> None:
    line = opened_line(keys, meter_type=meter_type)
    line.take(SimulatedMeter(None, *family.split()).telegram().data)
    found = read(line)
    assert found
    assert found.trouble is trouble
    assert is_german(message(found))


def test_a_list_that_nobody_knows() -> None:
    for meter_type in ("auto", "e450"):
        line = opened_line(meter_type=meter_type)
        meter = SimulatedMeter(None, "e450")
        meter.meter.layout = replace(meter.meter.layout, items=meter.meter.layout.items[2:])
        line.take(meter.telegram().data)
        found = read(line)
        assert found
        assert found.trouble is Trouble.UNKNOWN_LIST
        assert is_german(message(found))


def test_what_no_program_reads() -> None:
    line = opened_line()
    frame = bytes.fromhex("53ff5b0102030405")
    line.take(b"h" + 2 * bytes((len(frame),)) + b"h" + frame + bytes((sum(frame) % 256, 0x16)))
    found = read(line)
    assert found
    assert found.trouble is Trouble.UNSUPPORTED
    assert is_german(message(found))


def test_checksums_that_are_wrong() -> None:
    line = opened_line()
    text = SimulatedMeter(None, "dsmr").telegram().data.replace(b"!", b"!0", 1)[:-3] + b"\r\n"
    for _ in range(5):
        line.take(text)
        line.after(10)
    found = read(line)
    assert found
    assert found.trouble is Trouble.CHECKSUM_WRONG
    assert is_german(message(found))


@pytest.mark.parametrize("bytes_come", [True, False])
@pytest.mark.parametrize("searching", [True, False])
@pytest.mark.parametrize("errors", [0, 1, 900])
def test_a_line_that_gives_no_frames(errors: int, *, bytes_come: bool, searching: bool) -> None:
    line = opened_line()
    line.take(PORT._replace(searching=searching))
    for _ in range(40):
        if bytes_come:
            line.reader.health.received(1000, line.now, errors)
        line.watch(1)
    found = read(line)
    assert found
    assert found.trouble is (Trouble.NO_FRAMES if bytes_come else Trouble.NO_BYTES)
    assert is_german(message(found))


ERRORS: list[Exception | None] = [
    *(OSError(number, "in other words") for number in sorted(KNOWN_ERRORS)),
    *(OSError(errno.EBUSY, ""), OSError(errno.ENOTTY, ""), OSError(errno.EAGAIN, "")),
    *(ValueError("mode"), TimeoutError(), UnicodeError(), OSError(), None),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("opened", [True, False])
def test_a_line_that_is_not_open(error: Exception | None, *, opened: bool) -> None:
    gateway = TcpGateway("10.0.0.2", 2010)
    reasons = [explain_serial(SerialPort("/dev/ttyUSB0", MODE), error, opened=opened)]
    reasons += [
        explain_gateway(gateway, error, opened=opened, said=said)
        for said in (None, "ttyUSB0: Port busy", "ttyUSB0: No such device", "Ende")
    ]
    for reason in reasons:
        line = opened_line()
        line.take(Lost("/dev/ttyUSB0", reason, 1.0, MODE))
        said_of_it = message(read(line)).replace("Port busy", "").replace("No such device", "")
        assert is_german(said_of_it)


@pytest.mark.parametrize("there", [(), ("Zigbee stick",), ("FT232R", "CP2102")], ids=len)
def test_no_adapter_that_can_be_a_meter_s(
    there: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Adapter(f"/dev/ttyUSB{n}", name, "Zig" in name) for n, name in enumerate(there)]
    monkeypatch.setattr("app.transport.adapters.adapters", lambda: found)
    reason = only_adapter()
    assert isinstance(reason, Sentence)
    line = ReadLine()
    line.take(Lost("device", reason, 1.0))
    assert is_german(message(read(line)).replace("stick", ""))


# Values that are withheld


CHECKS = [key for key in keys(ENGLISH_ONES) if key.startswith("check.")]


@pytest.mark.parametrize("key", CHECKS)
def test_values_that_are_withheld(key: str) -> None:
    why = Sentence(key, dict.fromkeys(parameters(text(ENGLISH_ONES, key)), "4.2"))
    line = opened_line()
    for what in ("all_values", "energies"):
        of = {"all_values": "withheld", "energies": "energies"}[what]
        for until in ("telegrams", "possible", "same_unit", "report"):
            ends = Sentence(f"withheld.until_{until}")
            withheld = Withheld(Sentence(f"{of}.{what}"), why, ends, 1782043200.0)
            line.reader.health.judged(accepted(withheld))
            (found,) = line.reader.health.withheld()
            assert is_german(message(found).replace("invocation counter", ""))


def test_energies_in_another_unit_are_told_in_german_also_after_a_restart() -> None:
    meter = SimulatedMeter(None, "e450", "burgenland")
    line = line_of(meter)
    for _ in range(30):
        meter.more = {}
        shown = meter._household._values()
        meter.more = {code: 100 * Decimal(shown[code] or 0) for code in ("1.8.0", "2.8.0")}
        line.push(meter)
    (before,) = line.withheld
    line.restart()
    line.push(meter, 3)
    (after,) = line.withheld
    for one in (before, after):
        assert isinstance(one.why, Sentence)
        assert "Die Einheit hat sich geändert" in one.why.in_language("de")
    assert str(after.why) == str(before.why)


def test_energies_whose_unit_is_not_known() -> None:
    units = EnergyUnits()
    units.records["1"] = Record({0: 0.0, 1: 0.0, 2: 0.0}, since=1.0)
    (found,) = units.withheld(1e9)
    problem = Problem(Trouble.WITHHELD, parameters={**found._asdict(), "since": "2026"})
    assert is_german(message(problem))
    assert "energy_unit = 1 Wh oder 10 Wh oder 100 Wh" in message(problem)


# The meter's clock, the broker and the database


@pytest.mark.parametrize("hours", [1, -1, 5.3, -5.3])
def test_a_clock_that_is_wrong(hours: float) -> None:
    line = opened_line()
    line.reader.health.said(START, START + timedelta(hours=hours), None)
    assert is_german(message(line.reader.health.advice()))


def test_a_broker_that_hands_nothing_on() -> None:
    broker = MqttOptions(host="10.0.0.2")
    reason = explain_unheard(broker, "smartmeter/#", "smartmeter/1/state")
    assert is_german(message(Problem(Trouble.BROKER_RIGHTS, parameters={"reason": reason})))
    assert is_german(message(Problem(Trouble.BROKER, parameters={"count": 3})))


def database() -> Endpoint:
    return endpoint(InfluxdbOptions(url="http://10.0.0.2:8086", database="smartmeter"))


@pytest.mark.parametrize("words", ["", "so nicht", "partial write", "retention policy not found"])
@pytest.mark.parametrize(
    "status", [200, 204, 301, 400, 401, 403, 404, 413, 418, 422, 429, 500, 502, 503]
)
def test_what_a_database_answers(status: int, words: str) -> None:
    verdict = judge(Answer(status, {"Location": "http://10.0.0.3"}, words.encode()), database())
    if verdict.reason:
        problem = Problem(Trouble.DATABASE, parameters={"reason": verdict.reason})
        assert is_german(message(problem).replace(words, ""))


@pytest.mark.parametrize("error", ERRORS[:-1], ids=repr)
def test_a_database_that_does_not_answer(error: Exception) -> None:
    reason = explain(error, database())
    problem = Problem(Trouble.DATABASE, parameters={"reason": reason})
    assert is_german(message(problem).replace("in other words", ""))
