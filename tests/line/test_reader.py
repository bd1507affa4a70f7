"""One line's reader: its readings, their throttle, its meters' availability, its state."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from app.config.options import MeterOptions
from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.fault import Fault
from app.line import narrator, reader
from app.line.sections import HISTORY
from app.meters.limits import MOST_SENDERS
from app.meters.telegram import Telegram
from app.state import State
from app.transport.parity import Received
from simulator import axdr, links
from simulator.household import Household
from simulator.meters import Register, Unit, build
from tests.support.lines import (
    KEYS,
    PORT,
    PUSH,
    ReadLine,
    WatchedLog,
    line_at,
    lost_line,
    opened_line,
    pushes,
    running_line,
)
from tests.support.simulated import LISTS, START, Adapter, SimulatedMeter, published
from tests.support.withheld import ENERGIES, accepted, pending

# From bytes to readings


@pytest.mark.parametrize("chosen", [True, False], ids=["chosen", "auto"])
@pytest.mark.parametrize(("family", "name"), LISTS)
async def test_readings_equal_the_truth_of_a_simulated_meter(
    adapter: Adapter, log: WatchedLog, family: str, name: str, *, chosen: bool
) -> None:
    meter = SimulatedMeter(adapter, family, name)
    async with running_line(line_at(adapter, meter_type=family if chosen else "auto")) as line:
        await log.wait("reading ")
        for _ in range(3):
            truth = (await meter.push()).truth
            reading = await line.recorder.reading()
            assert reading.values == published(truth)
            assert reading.timestamp is not None
            assert reading.timestamp.isoformat() == truth.timestamp.isoformat()
            assert reading.meter.type == family
            assert reading.meter.id == meter.id
            assert reading.meter.number == truth.meter_id
            assert reading.meter.system_title == truth.system_title.hex()
    assert log.at("WARNING") == []


async def test_a_meter_without_ciphering_needs_no_key(adapter: Adapter, log: WatchedLog) -> None:
    meter = SimulatedMeter(adapter, "kaifa", encrypted=False)
    async with running_line(line_at(adapter, keys=Keys())) as line:
        await log.wait("reading ")
        truth = (await meter.push()).truth
        assert (await line.recorder.reading()).values == published(truth)


def test_telegrams_are_read_byte_by_byte_and_with_noise_between_them() -> None:
    line, meter = opened_line(), SimulatedMeter(None, "sagemcom", "netznoe-wrapped")
    first, second = meter.telegram(), meter.telegram()
    stream = b"\x16\x68\xff" + first.data + b"\x00\x10" + second.data
    line.take(*(bytes((byte,)) for byte in stream))
    said = [reading.values for reading, _ in line.recorder.published]
    assert said == [published(first.truth), published(second.truth)]


def test_a_damaged_telegram_is_dropped_and_the_next_one_read() -> None:
    line, meter = opened_line(), SimulatedMeter(None, "e450")
    damaged = bytearray(meter.telegram().data)
    damaged[40] ^= 1
    whole = meter.telegram()
    line.take(bytes(damaged), whole.data)
    assert [reading.values for reading, _ in line.recorder.published] == [published(whole.truth)]


def test_segments_before_and_after_a_lost_line_are_not_joined() -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    first, second = meter.telegram().segments
    line.take(first, lost_line(), PORT, second)
    assert line.recorder.published == []
    whole = meter.telegram()
    line.take(whole.data)
    assert [reading.values for reading, _ in line.recorder.published] == [published(whole.truth)]


def test_the_configured_name_is_handed_on() -> None:
    line = opened_line(name="Keller")
    line.take(SimulatedMeter(None, "kaifa").telegram().data)
    assert [name for _, name in line.recorder.published] == ["Keller"]


def test_the_status_tells_the_line_its_problem_and_the_newest_readings() -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    assert line.reader.status() == {
        "label": "",
        "line": PORT.line,
        "problem": None,
        "telegrams": 0,
        "errors": 0,
        "parity_errors": 0,
        "serial_mode": "2400 8E1",
        "meters": [],
    }
    truth = (meter.telegram(), meter.telegram())
    line.take(*(one.data for one in truth))
    status = line.reader.status()
    assert status["telegrams"] == 2
    (heard,) = status["meters"]
    assert heard["meter"] == f"Kaifa MA309 {truth[0].truth.meter_id}"
    assert heard["values"].items() >= published(truth[1].truth).items()
    line.after(reader.WATCH_INTERVAL)
    line.take(lost_line())
    assert line.reader.status()["problem"] == lost_line().reason


def test_the_status_names_a_meter_as_the_household_does_until_it_is_silent() -> None:
    line = opened_line(name="Keller")
    line.take(SimulatedMeter(None, "kaifa").telegram().data)
    assert [heard["meter"] for heard in line.reader.status()["meters"]] == ["Keller"]
    line.after(3600)
    assert line.reader.status()["meters"] == []
    assert "no bytes from the meter" in line.reader.status()["problem"]


def test_withheld_values_are_a_problem_and_the_other_values_are_handed_on() -> None:
    line = opened_line()
    for telegram, problem in ((accepted(ENERGIES), "ON"), (accepted(), "OFF")):
        line.reader._handle(telegram, line.now)
        line.after(1)
        _, values, _ = line.recorder.diagnosed[-1]
        assert values["problem"] == problem
    assert len(line.recorder.published) == 2


def test_withheld_values_of_a_pending_telegram_are_a_problem() -> None:
    line = opened_line()
    line.reader._handle(accepted(), line.now)
    line.reader._handle(pending(ENERGIES), line.now)
    line.after(1)
    _, values, _ = line.recorder.diagnosed[-1]
    assert values["problem"] == "ON"
    assert len(line.recorder.published) == 1


# Meters behind the meter, and bounds


def p1_telegram(power: int, counter: int) -> bytes:
    return links.p1(
        "XMX5LGBBFG1009394887",
        [
            "0-0:1.0.0(260701120005S)",
            "0-0:96.1.1(4530303037303030303030303030303137)",
            f"1-0:1.7.0({power / 1000:06.3f}*kW)",
            "1-0:2.7.0(00.000*kW)",
            "0-1:24.1.0(003)",
            "0-1:96.1.0(4730303533303033333738323839323137)",
            f"0-1:24.2.1(260701115500S)({counter / 1000:09.3f}*m3)",
        ],
    )


def test_a_meter_behind_the_meter_is_published_as_its_own_device(log: WatchedLog) -> None:
    line = opened_line(Keys(), name="Keller")
    line.take(p1_telegram(321, 107123))
    (main, name), (gas, gas_name) = line.recorder.published
    assert (name, gas_name) == ("Keller", None)
    assert main.values == {"power_import": 321, "power_export": 0, "power": 321}
    assert gas.values == {"gas": Decimal("107.123")}
    assert main.meter.id == "e0007000000000017"
    assert gas.meter.id == "g0053003378289217"
    shown = [text for text in log.at("NOTICE") if text.startswith("first telegram")]
    assert len(shown) == 2
    assert shown[1].startswith("first telegram of Gas meter G0053003378289217: Gas 107.123")


def test_the_numbers_of_meters_and_codes_on_a_line_are_bounded() -> None:
    line = opened_line()
    meter = SimulatedMeter(None, "kaifa", "tinetz")
    *items, number = meter.meter.layout.items
    for n in range(300):
        code = f"1-0:{150 + n // 200}.7.{n % 200}"
        new = Register(code, axdr.Type.UINT32, Unit.W)
        meter.more[code.partition(":")[2]] = Decimal(n)
        meter.meter.layout = replace(meter.meter.layout, items=(*items, new, number))
        meter.meter.identity = replace(
            meter.meter.identity, number=f"1KFM02{n:08d}", name=f"KFM1200{n:09d}"
        )
        line.take(meter.telegram().data)
    known = {reading.meter.id for reading, _ in line.recorder.published}
    assert 0 < len(known) <= MOST_SENDERS
    assert {one.id for one, _, _ in line.recorder.diagnosed} <= known
    assert len(line.reader._diagnostics._heard) <= MOST_SENDERS
    assert len(line.reader._narrator._unnamed) <= narrator.MOST_UNNAMED


# Online and offline


def test_a_meter_no_longer_heard_goes_offline_once(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    pushes(meter, line)
    line.watch(20)
    assert line.recorder.statuses == []
    line.watch(60)
    assert line.recorder.statuses == [(meter.id, False)]
    assert len(log.at("WARNING")) == 1


def test_a_meter_on_a_lost_line_goes_offline(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    pushes(meter, line)
    line.take(lost_line())
    line.watch(60)
    assert line.recorder.statuses == [(meter.id, False)]
    assert log.at("WARNING") == ["the adapter is gone; plug it in again"]


def test_a_meter_that_comes_back_is_published_again() -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    pushes(meter, line)
    line.watch(60)
    pushes(meter, line)
    line.watch(60)
    assert len(line.recorder.published) == 2
    assert line.recorder.statuses == [(meter.id, False)] * 2


def test_a_throttled_meter_that_comes_back_is_published_at_once_and_kept_online() -> None:
    line, meter = opened_line(update_interval=3600), SimulatedMeter(None, "kaifa")
    pushes(meter, line)
    line.watch(60)
    for _ in range(2):
        pushes(meter, line)
        assert len(line.recorder.published) == 2
    assert line.recorder.statuses == [(meter.id, False), (meter.id, True)]


def test_the_meters_of_a_line_go_offline_together() -> None:
    line = opened_line(Keys())
    line.take(p1_telegram(321, 107123))
    line.watch(120)
    assert sorted(line.recorder.statuses) == [
        ("e0007000000000017", False),
        ("g0053003378289217", False),
    ]


# The update interval


def test_readings_are_published_at_the_update_interval() -> None:
    line, meter = opened_line(update_interval=60), SimulatedMeter(None, "kaifa")
    pushes(meter, line, 25)
    moments = [reading.timestamp for reading, _ in line.recorder.published]
    gaps = [
        (after - before).total_seconds() for before, after in pairwise(moments) if before and after
    ]
    assert gaps == [60, 60]


def test_the_last_throttled_reading_is_published_at_the_end() -> None:
    line, meter = opened_line(update_interval=3600, name="Keller"), SimulatedMeter(None, "kaifa")
    line.take(meter.telegram().data, meter.telegram().data)
    last = meter.telegram()
    line.take(last.data)
    line.reader.flush()
    line.reader.flush()
    assert len(line.recorder.published) == 2
    reading, name = line.recorder.published[-1]
    assert reading.values == published(last.truth)
    assert name == "Keller"


def test_each_of_several_meters_on_a_line_has_its_own_interval() -> None:
    line = opened_line(update_interval=60)
    meters = [SimulatedMeter(None, "kaifa", serial=serial) for serial in (1, 2)]
    for _ in range(13):
        for meter in meters:
            line.take(meter.telegram().data)
        line.watch(int(PUSH))
    line.reader.flush()
    ids = [reading.meter.id for reading, _ in line.recorder.published]
    assert ids == [meter.id for meter in meters] * 2
    assert len(set(ids)) == 2


# Clocks


def test_the_meter_s_clock_is_compared_with_the_computer_s(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    line.take(meter.telegram().data)  # which the meter sent 5 s after START, and it came at START
    (_, values, _) = line.recorder.diagnosed[-1]
    assert values["clock_drift"] == 5
    assert values["last_telegram"] == "2026-06-21T09:00:00+00:00"
    line.watch(3600)
    line.take(meter.telegram().data)
    line.watch(1)
    (advice,) = (text for text in log.at("WARNING") if "clock" in text)
    assert "the meter's clock is 59 min 50 s behind this computer's" in advice
    assert "time zone" in advice
    (_, values, _) = line.recorder.diagnosed[-1]
    assert values["problem_details"]["kind"] == "clock"  # type: ignore[index]


@pytest.mark.parametrize("hour", [0, 1], ids=["the first time", "the second time"])
def test_after_a_restart_the_computer_s_clock_tells_the_two_equal_hours_apart(hour: int) -> None:
    meter = build("e450", "burgenland")
    begin = datetime(2026, 10, 25, hour, 20, tzinfo=UTC)  # 2:20 twice, and the meter says no offset
    line = ReadLine(MeterOptions(keys=KEYS), now=1000.0 + (begin - START).total_seconds())
    line.take(PORT, meter.telegram(Household(1, begin).at(begin)).data)
    ((reading, _),) = line.recorder.published
    assert reading.timestamp == begin


# State over a restart


def test_a_replay_is_rejected_after_a_restart(tmp_path: Path) -> None:
    meter, file = SimulatedMeter(None, "kaifa"), tmp_path / "state.json"
    before = ReadLine(MeterOptions(keys=KEYS), state=State(file))
    last = meter.telegram().data
    before.take(PORT, last)
    before.reader.keep()
    again = ReadLine(MeterOptions(keys=KEYS), state=State(file))
    again.take(PORT, last)
    assert again.recorder.published == []
    again.take(meter.telegram().data)
    assert len(again.recorder.published) == 1


def test_the_guard_s_memory_is_written_each_quarter_of_an_hour(tmp_path: Path) -> None:
    meter, file = SimulatedMeter(None, "kaifa"), tmp_path / "state.json"
    line = ReadLine(MeterOptions(keys=KEYS), state=State(file))
    line.take(PORT)
    written = set()
    for _ in range(360):
        pushes(meter, line)
        written.add(str(State(file).section(HISTORY)))
    assert len(written) == 3  # nothing yet, and twice in half an hour


# Exceptions of the decoder


async def test_an_exception_of_the_decoder_costs_one_chunk_and_is_logged(
    adapter: Adapter, log: WatchedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_decoder: Decoder, _chunk: bytes) -> list[Telegram | Fault]:
        raise RuntimeError("never thought of that")

    meter = SimulatedMeter(adapter, "kaifa")
    async with running_line(line_at(adapter)) as line:
        await log.wait("reading ")
        with monkeypatch.context() as patched:
            patched.setattr(Decoder, "feed", fail)
            adapter.write(b"\x01\x02\x03")
            assert "The bytes: 0102" in await log.wait("a mistake in this program; please report")
        truth = (await meter.push()).truth
        assert (await line.recorder.reading()).values == published(truth)


def test_parity_errors_are_counted_and_the_telegram_is_read_all_the_same() -> None:
    line = opened_line()
    meter = SimulatedMeter(None, "kaifa")
    for _ in range(2):
        data = meter.telegram().data
        line.take(Received.of(data, [3, 9, 200]))
        line.after(PUSH)
    counts = line.reader.health.counts
    assert (counts.parity_errors, counts.telegrams, counts.faults) == (6, 2, 0)
    assert line.reader.health.diagnostics(line.now)["parity_errors"] == 6
