"""One line's reader over real ptys and sockets: lost lines, adapters, serial modes."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from app.config.options import MeterOptions
from app.line import reader
from app.state import State
from app.transport import adapters, serial_source
from app.transport.mode_search import FAILED_BURSTS, USUAL
from app.transport.serial_mode import SerialMode
from app.transport.serial_source import SERIAL_MODES
from app.transport.source import Event
from simulator import links
from simulator.wires import TcpServer
from tests.support.lines import (
    KEYS,
    ReadLine,
    WatchedLog,
    line_at,
    running_line,
)
from tests.support.mosquitto import TIMEOUT
from tests.support.simulated import Adapter, SimulatedMeter, published, reset

# Lost lines and adapters


async def test_an_unplugged_adapter_is_read_again(
    adapter: Adapter, log: WatchedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "WATCH_INTERVAL", 0.01)
    meter = SimulatedMeter(adapter, "kaifa")
    async with running_line(line_at(adapter)) as line:
        await log.wait("reading ")
        await meter.push()
        await line.recorder.reading()
        adapter.close()
        await log.wait(f"the serial adapter {adapter.path} is gone")
        await log.wait(f"the serial device {adapter.path} is missing; plug the adapter in")
        adapter.plug_in()
        await log.wait("reading ")
        truth = (await meter.push()).truth
        assert (await line.recorder.reading()).values == published(truth)
        await log.wait("the meter is read again")


async def test_a_gateway_that_resets_the_connection_is_reconnected(log: WatchedLog) -> None:
    with closing(await TcpServer.listen(0)) as gateway:
        meter = SimulatedMeter(gateway, "e450", "klagenfurt")
        url = f"tcp://127.0.0.1:{gateway.port}"
        async with running_line(ReadLine(MeterOptions(keys=KEYS, url=url))) as line:
            await log.wait(f"reading {url}")
            await meter.push()
            await line.recorder.reading()
            reset(gateway)
            assert "(connection reset by peer)" in await log.wait("ended the connection")
            await log.wait(f"reading {url}")
            async with asyncio.timeout(TIMEOUT):
                await gateway.clients(1)
            truth = (await meter.push()).truth
            assert (await line.recorder.reading()).values == published(truth)


async def test_the_only_adapter_is_read_when_none_is_chosen(
    adapter: Adapter, log: WatchedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_source, "ADAPTER_INTERVAL", 0.01)
    monkeypatch.setattr(reader, "WATCH_INTERVAL", 0.01)
    found: list[adapters.Adapter] = []
    monkeypatch.setattr(adapters, "adapters", lambda: found)
    meter = SimulatedMeter(adapter, "kaifa")
    async with running_line(ReadLine(MeterOptions(keys=KEYS))) as line:
        await log.wait("no serial adapter is there; plug it in, or set device or url")
        found.extend([adapters.Adapter("/dev/a", "FT232R"), adapters.Adapter("/dev/b", "CP2102")])
        assert await log.wait("several") == (
            "several serial adapters are there, choose one as device: /dev/a (FT232R),"
            " /dev/b (CP2102)"
        )
        found[:] = [adapters.Adapter(str(adapter.path), "FT232R")]
        await log.wait(f"reading the only serial adapter, {adapter.path}")
        await log.wait(f"reading {adapter.path} (2400 8E1)")
        truth = (await meter.push()).truth
        assert (await line.recorder.reading()).values == published(truth)


async def test_the_only_adapter_is_found_again_under_another_name(
    adapter: Adapter, log: WatchedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_source, "ADAPTER_INTERVAL", 0.01)
    found = [adapters.Adapter(str(adapter.path), "FT232R")]
    monkeypatch.setattr(adapters, "adapters", lambda: found)
    meter = SimulatedMeter(adapter, "am550")
    async with running_line(ReadLine(MeterOptions(keys=KEYS))) as line:
        await log.wait("reading ")
        while (mode := line.state.get(SERIAL_MODES, str(adapter.path))) is None:
            await meter.push()
            await log.wait("received")
        found.clear()
        adapter.close()
        await log.wait("is gone")
        with closing(Adapter(adapter.path.with_name("ttyOther"))) as other:
            found[:] = [adapters.Adapter(str(other.path), "FT232R")]
            await log.wait(f"reading the only serial adapter, {other.path}")
            await log.wait(f"reading {other.path} ({mode})")
            meter.wire = other
            line.recorder.published.clear()
            truth = (await meter.push()).truth
            while not line.recorder.published:
                last = await line.recorder.reading()
            assert last.values == published(truth)


async def test_radio_sticks_of_other_programs_are_not_read(
    adapter: Adapter, log: WatchedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_source, "ADAPTER_INTERVAL", 0.01)
    monkeypatch.setattr(reader, "WATCH_INTERVAL", 0.01)
    stick = adapters.Adapter("/dev/stick", "Sonoff Zigbee 3.0 USB Dongle Plus", foreign=True)
    found = [stick]
    monkeypatch.setattr(adapters, "adapters", lambda: found)
    async with running_line(ReadLine(MeterOptions(keys=KEYS))):
        assert await log.wait("radio sticks") == (
            "the serial adapters that are there look like radio sticks of other programs and are"
            " left alone; plug the meter's in, or choose one: /dev/stick (Sonoff Zigbee 3.0 USB"
            " Dongle Plus)"
        )
        found.append(adapters.Adapter(str(adapter.path), "FT232R"))
        await log.wait(f"reading the only serial adapter, {adapter.path}")
    assert not any("reading /dev/stick" in text for text in log.all)


async def test_a_chosen_radio_stick_is_read(adapter: Adapter, log: WatchedLog) -> None:
    """What looks like a stick may be a meter's head all the same."""
    async with running_line(line_at(adapter)):
        await log.wait(f"reading {adapter.path}")


async def test_the_option_url_overrides_device(adapter: Adapter, log: WatchedLog) -> None:
    async with running_line(line_at(adapter, device="/dev/nowhere", url=str(adapter.path))):
        await log.wait(f"reading {adapter.path} (2400 8E1)")


# Serial modes


async def noise(adapter: Adapter, log: WatchedLog) -> None:
    """Send bytes that are no frame, and wait until they are read."""
    adapter.write(b"\x55\xaa")
    await log.wait("received")
    for _ in range(5):  # turns of the loop in which the port may be opened in another mode
        await asyncio.sleep(0)


async def modes(adapter: Adapter, log: WatchedLog, line: ReadLine, count: int) -> list[str]:
    """Send bursts of noise, as a push in the wrong mode; give the modes the line is read with."""
    found = []
    for _ in range(count):
        found.append((await log.wait("reading ")).partition("(")[2].rstrip(")"))
        await noise(adapter, log)
        for _ in range(FAILED_BURSTS):
            line.now += 5
            await noise(adapter, log)
    return found


@pytest.mark.parametrize(
    ("meter_type", "expected"),
    [
        ("auto", [*map(str, USUAL), "2400 8E1"]),
        ("e450", ["9600 8N1", "2400 8E1", "9600 8N1"]),
    ],
)
async def test_serial_modes_are_tried_in_turn_while_bytes_make_no_frame(
    adapter: Adapter, log: WatchedLog, meter_type: str, expected: list[str]
) -> None:
    async with running_line(line_at(adapter, meter_type=meter_type)) as line:
        assert await modes(adapter, log, line, len(expected)) == expected
    assert f"no whole frame with {expected[0]}, trying another mode" in log.at("INFO")


async def test_a_repeated_attempt_at_a_serial_mode_is_logged_at_debug_level(
    adapter: Adapter, log: WatchedLog
) -> None:
    async with running_line(line_at(adapter, meter_type="e450")) as line:
        await modes(adapter, log, line, 8)
        assert sum("trying another mode" in text for text in log.at("INFO")) == 2
        assert sum("reading " in text for text in log.at("NOTICE")) == 2
        assert sum("trying another mode" in text for text in log.at("DEBUG")) >= 5


async def test_a_serial_mode_is_kept_until_enough_bursts_have_failed(
    adapter: Adapter, log: WatchedLog
) -> None:
    async with running_line(line_at(adapter)) as line:
        await log.wait("reading ")
        await noise(adapter, log)
        line.now += 20
        await noise(adapter, log)
        await noise(adapter, log)
    assert log.at("INFO")[1:] == []


async def test_a_silent_line_keeps_its_serial_mode(adapter: Adapter, log: WatchedLog) -> None:
    """It takes an hour until the grid operator switches the interface on."""
    async with running_line(line_at(adapter)) as line:
        await log.wait("reading ")
        line.now += 3600
        await noise(adapter, log)
        line.now += 10
        await noise(adapter, log)
        await noise(adapter, log)
    assert log.at("INFO")[1:] == []


async def test_a_serial_mode_of_the_options_is_kept(adapter: Adapter, log: WatchedLog) -> None:
    mode = SerialMode.parse("9600 8N1")
    async with running_line(line_at(adapter, serial_mode=mode)) as line:
        assert "(9600 8N1)" in await log.wait("reading ")
        for _ in range(4):
            await noise(adapter, log)
            line.now += 15
    assert log.at("INFO")[1:] == []


async def test_a_serial_mode_that_gave_a_telegram_is_kept(
    adapter: Adapter, log: WatchedLog
) -> None:
    meter = SimulatedMeter(adapter, "kaifa")
    async with running_line(line_at(adapter)) as line:
        await log.wait("reading ")
        await meter.push()
        await line.recorder.reading()
        for _ in range(5):
            await noise(adapter, log)
            line.now += 25
    assert not any("trying another mode" in text for text in log.all)


async def test_whole_text_with_a_wrong_checksum_shows_the_serial_mode(
    adapter: Adapter, log: WatchedLog
) -> None:
    text = links.p1("WSE5Wasion--Meter---", ["1-0:1.8.0(001234.567*kWh)"])
    async with running_line(line_at(adapter)) as line:
        assert await modes(adapter, log, line, 1) == ["2400 8E1"]
        await log.wait("reading ")
        adapter.write(text.replace(b"1234", b"1235"))
        assert await log.wait("the serial mode is") == "the serial mode is 9600 8N1"


async def test_the_serial_mode_found_is_tried_first_after_a_restart(
    adapter: Adapter, log: WatchedLog, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    meter = SimulatedMeter(adapter, "e450")
    before = line_at(adapter)
    before.state = State(file)
    before.__post_init__()
    async with running_line(before) as line:
        assert await modes(adapter, log, line, 1) == ["2400 8E1"]
        await log.wait("reading ")
        await meter.push()
        await line.recorder.reading()
        assert await log.wait("the serial mode is") == "the serial mode is 9600 8N1"
    kept = State(file)
    assert kept.get(SERIAL_MODES, str(adapter.path)) == "9600 8N1"
    again = line_at(adapter)
    again.state = kept
    again.__post_init__()
    async with running_line(again) as line:
        assert await modes(adapter, log, line, 3) == ["9600 8N1", "2400 8E1", "115200 8N1"]


@pytest.mark.parametrize(
    ("options", "first"),
    [({}, "300 7E1"), ({"serial_mode": SerialMode.parse("2400 8N1")}, "2400 8N1")],
    ids=["no mode set", "mode set"],
)
async def test_a_serial_mode_of_the_options_overrides_the_one_in_the_state(
    adapter: Adapter, log: WatchedLog, options: dict[str, object], first: str
) -> None:
    line = line_at(adapter, **options)
    line.state.set(SERIAL_MODES, str(adapter.path), "300 7E1")
    async with running_line(line):
        assert f"({first})" in await log.wait("reading ")


async def test_a_serial_mode_that_was_right_is_given_up_after_ten_minutes_of_noise(
    adapter: Adapter, log: WatchedLog
) -> None:
    meter = SimulatedMeter(adapter, "kaifa")
    async with running_line(line_at(adapter)) as line:
        await log.wait("reading ")
        await meter.push()
        await line.recorder.reading()
        for _ in range(24):
            await noise(adapter, log)
            line.now += 30
    assert log.at("INFO").count("no whole frame any more with 2400 8E1, trying another mode") == 1
    assert log.at("NOTICE")[-1].endswith("(9600 8N1)")


async def test_no_serial_modes_are_tried_on_a_gateway(log: WatchedLog) -> None:
    with closing(await TcpServer.listen(0)) as gateway:
        url = f"tcp://127.0.0.1:{gateway.port}"
        async with running_line(ReadLine(MeterOptions(url=url))) as line:
            await log.wait("reading ")
            async with asyncio.timeout(TIMEOUT):
                await gateway.clients(1)
            for _ in range(4):
                gateway.write(b"\x55")
                await log.wait("received")
                line.now += 15
    assert log.at("INFO")[1:] == []


class EnoughError(Exception):
    """The test has seen enough."""


async def test_a_missing_device_is_opened_again_after_growing_delays(
    tmp_path: Path, log: WatchedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not in a tight loop over all serial modes, as it once was."""
    line = ReadLine(MeterOptions(device=str(tmp_path / "missing")), delays=(1.0, 20.0, 30.0))
    take = line.reader._take
    slept: list[float] = []
    taken: list[object] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        line.now += seconds
        if line.now > 2000:
            raise EnoughError

    def count(event: Event) -> None:
        taken.append(event)
        assert len(taken) == len(slept) + 1
        take(event)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(line.reader, "_take", count)
    with pytest.raises(EnoughError):
        await line.reader._read()
    assert slept[:2] == [1.0, 20.0]
    assert set(slept[2:]) == {30.0}
    assert log.at("INFO")[1:] == []
    assert len(log.at("WARNING")) == 2
    assert log.at("WARNING")[1].startswith("still, for 10 min 21 s: the serial device")
