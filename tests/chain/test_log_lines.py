"""What the log shows of telegrams: all values at debug, and at trace bytes that decode reads."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app import log
from app.language.catalogue import _catalogue
from app.line.narrator import Narrator
from app.meters.sensors import SENSORS
from app.recordings.decode import decode
from app.transport import capture
from app.transport.parity import Received
from app.transport.recording import Chunk, Recording
from simulator.clock import VIENNA
from tests.support.lines import WatchedLog, opened_line, pushes
from tests.support.simulated import EVERY_LIST, LISTS, SimulatedMeter
from tests.support.telegrams import decoder

NOON = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
PREFIXES = [
    "",
    "Jul 01 12:00:05 homeassistant addon_local_smartmeter[612]: ",
    "2026-07-01T10:00:05.123456789Z ",
    "smartmeter  | ",
]


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    level, factory = root.level, logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)
    root.setLevel(level)
    for handler in root.handlers[:]:
        if isinstance(handler, log._Handler):
            root.removeHandler(handler)


def recorded(family: str, name: str) -> Recording:
    """Three telegrams, each in two pieces, as they come over a line."""
    meter, chunks = SimulatedMeter(None, family, name), []
    for number in range(3):
        data = meter.telegram().data
        chunks += [
            Chunk(5.0 * number, data[: len(data) // 3]),
            Chunk(5.0 * number + 1, data[len(data) // 3 :]),
        ]
    return tuple(chunks)


def logged(recording: Recording, *, label: str = "", colour: bool = False) -> str:
    """What the program writes at the level trace while a recording comes."""
    stream = io.StringIO()
    log.setup("trace", stream=stream, colour=colour)
    now = NOON

    def record(*args: object, **more: object) -> logging.LogRecord:
        made = logging.LogRecord(*args, **more)  # type: ignore[arg-type]
        made.created = now.timestamp()
        return made

    logging.setLogRecordFactory(record)
    narrator = Narrator(label, lambda: 0.0)
    narrator.start("auto")
    for chunk in recording:
        now = NOON + timedelta(seconds=chunk.seconds)
        narrator.received(Received.of(chunk.data, (0,)))
        logging.getLogger("app").info("68 fa fa 68 is no line of it")
        logging.getLogger("app.mqtt.wire").log(log.TRACE, "Received PUBLISH (d0, q0, r0, m0)")
    return stream.getvalue()


def decoded(recording: Recording) -> list[object]:
    out, err = io.StringIO(), io.StringIO()
    decode(recording, decoder(), out, err)
    return [*map(json.loads, out.getvalue().splitlines()), err.getvalue()]


@pytest.mark.parametrize(("family", "name"), EVERY_LIST)
def test_what_trace_logs_is_read_back_with_its_times(
    family: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.localtime", lambda at: datetime.fromtimestamp(at, VIENNA).timetuple())
    recording = recorded(family, name)
    for number, prefix in enumerate(PREFIXES):
        text = logged(recording, label="cellar" * (number % 2), colour=number > 1)
        pasted = "\r\n".join(prefix + line for line in text.splitlines())
        found = capture.parse(pasted.encode())
        assert found.recording == recording
        assert found.begun_at(VIENNA) == NOON
        assert decoded(found.recording) == decoded(recording)
    assert len(decoded(recording)) == 4  # three telegrams, and what was wrong with none


@pytest.fixture
def watched() -> Iterator[WatchedLog]:
    handler = WatchedLog()
    logger = logging.getLogger("app.line")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize(("family", "name"), EVERY_LIST)
def test_debug_is_one_line_a_telegram_with_every_value(
    watched: WatchedLog, family: str, name: str
) -> None:
    line = opened_line()
    pushes(SimulatedMeter(None, family, name), line, 6)
    lines = watched.at("DEBUG")
    assert len(set(lines)) == 6  # of one that is not accepted, why
    said = [text for text in lines if text.startswith("telegram of ")]
    assert said
    assert not any("E+" in text for text in said)


def test_a_line_at_debug_names_readings_and_shows_the_rest_by_code(watched: WatchedLog) -> None:
    line = opened_line()
    pushes(SimulatedMeter(None, "dsmr"), line)
    (said,) = watched.at("DEBUG")
    assert said.startswith(
        "telegram of XMX P1 meter E0099000001234567, sent 2026-06-21T11:00:01+02:00:"
        " Energy import tariff 1 2754.257 kWh, Energy import tariff 2 2587.414 kWh, "
    )
    (reading, *_) = [one for one, _ in line.recorder.published]
    for key, value in reading.values.items():
        assert key in reading.derived or f"{SENSORS[key].name_en} {value}" in said
    assert "; 1-0:99.97.0 (0)(0-0:96.7.19); " in said
    assert said.endswith("; Gas meter G009931123456719: Gas 10507.982 m³")


def test_while_all_is_well_no_sentence_is_read() -> None:
    _catalogue.cache_clear()
    for family, name in LISTS:
        line = opened_line()
        pushes(SimulatedMeter(None, family, name), line, 3)
        assert line.recorder.diagnosed[-1][1]["problem"] == "OFF"
    assert _catalogue.cache_info().currsize == 0
