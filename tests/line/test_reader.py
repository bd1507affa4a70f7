"""One meter's line: read over real ptys and sockets, watched with a clock that is made up."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from app.config.options import MeterOptions
from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.fault import Fault
from app.line import narrator, reader
from app.log import NOTICE, TRACE
from app.meters import profile_files
from app.meters.limits import MOST_SENDERS
from app.meters.telegram import Telegram
from app.run import line_reader
from app.state import State
from app.transport import adapters, serial_source
from app.transport.mode_search import FAILED_BURSTS, USUAL
from app.transport.serial_mode import SerialMode
from app.transport.serial_source import SERIAL_MODES
from app.transport.source import Event, Lost, Opened
from simulator import axdr, links
from simulator.ciphering import AUTH_KEY, KEY
from simulator.clock import VIENNA
from simulator.household import Household
from simulator.meters import Register, Shape, Truth, Unit, build
from simulator.wires import TcpServer
from tests.support.memory import Memory
from tests.support.mosquitto import TIMEOUT
from tests.support.recorder import Recorder
from tests.support.simulated import LISTS, START, Adapter, SimulatedMeter, published, reset

KEYS = Keys(KEY, AUTH_KEY)
OTHER_KEY = bytes(range(0x40, 0x50))
MODE = SerialMode.parse("2400 8E1")
PORT = Opened(f"/dev/ttyUSB0 ({MODE})", MODE)
GATEWAY = Opened("tcp://192.168.1.20:2000", remote=True)
PUSH = 5.0


class Told(logging.Handler):
    """What a line writes into the log."""

    def __init__(self) -> None:
        super().__init__(TRACE)
        self.records: list[logging.LogRecord] = []
        self._news = asyncio.Event()
        self._passed = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self._news.set()

    def at(self, level: str) -> list[str]:
        """Give what was written at a level so far."""
        return [record.getMessage() for record in self.records if record.levelname == level]

    @property
    def all(self) -> list[str]:
        """What was written so far, bytes apart."""
        return [record.getMessage() for record in self.records if record.levelno > TRACE]

    async def wait(self, text: str) -> str:
        """Wait for the next line that contains a text; those before it are passed over."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                self._news.clear()
                while self._passed < len(self.records):
                    message = self.records[self._passed].getMessage()
                    self._passed += 1
                    if text in message:
                        return message
                await self._news.wait()


@pytest.fixture
def told() -> Iterator[Told]:
    told, logger = Told(), logging.getLogger("app.line.narrator")
    logger.addHandler(told)
    logger.setLevel(TRACE)
    logging.addLevelName(NOTICE, "NOTICE")
    yield told
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(told)


@dataclass
class Reader:
    """A line's reader, its clock, and what it has handed on."""

    options: MeterOptions = field(default_factory=MeterOptions)
    label: str = ""
    now: float = 1000.0
    delays: tuple[float, ...] = (0.01,)
    recorder: Recorder = field(default_factory=Recorder)
    state: State = field(default_factory=Memory)

    def __post_init__(self) -> None:
        self.reader = line_reader(
            self.options,
            self.recorder,
            profiles=profile_files.load(),
            zone=VIENNA,
            state=self.state,
            label=self.label,
            clock=lambda: self.now,
            wall_clock=lambda: START + timedelta(seconds=self.now - 1000.0),
            delays=self.delays,
        )

    def take(self, *events: Event) -> None:
        """Let something happen on the line, now."""
        for event in events:
            self.reader._take(event)

    def after(self, seconds: float) -> None:
        """Let time pass, with a look at the line at its end."""
        self.now += seconds
        self.reader._look(self.now)

    def watch(self, seconds: int, each: Callable[[], object] = lambda: None) -> None:
        """Let time pass with something each second, and a look."""
        for _ in range(seconds):
            self.now += 1
            each()
            self.reader._look(self.now)


def opened(keys: Keys = KEYS, line: Opened = PORT, **options: object) -> Reader:
    """Give the reader of a line that has been opened."""
    made = Reader(replace(MeterOptions(keys=keys), **options))  # type: ignore[arg-type]
    made.take(line)
    return made


def lost(reason: str = "the adapter is gone; plug it in again") -> Lost:
    return Lost(PORT.line, reason, 1.0, MODE)


def pushes(meter: SimulatedMeter, made: Reader, count: int = 1) -> list[Truth]:
    """Let telegrams come at the meter's pace, with the looks in between; give what they say."""
    truths = []
    for _ in range(count):
        telegram = meter.telegram()
        truths.append(telegram.truth)
        made.take(telegram.data)
        made.watch(int(PUSH))
    return truths


@asynccontextmanager
async def running(made: Reader) -> AsyncGenerator[Reader]:
    task = asyncio.create_task(made.reader.run())
    try:
        yield made
    finally:
        task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError), outcome


def at(adapter: Adapter, **options: object) -> Reader:
    return Reader(replace(MeterOptions(keys=KEYS, device=str(adapter.path)), **options))  # type: ignore[arg-type]


# From bytes to readings


@pytest.mark.parametrize("chosen", [True, False], ids=["chosen", "auto"])
@pytest.mark.parametrize(("family", "name"), LISTS)
async def test_a_simulated_meter_s_telegrams_say_exactly_its_truth(
    adapter: Adapter, told: Told, family: str, name: str, *, chosen: bool
) -> None:
    meter = SimulatedMeter(adapter, family, name)
    async with running(at(adapter, meter_type=family if chosen else "auto")) as made:
        await told.wait("reading ")
        for _ in range(3):
            truth = (await meter.push()).truth
            reading = await made.recorder.reading()
            assert reading.values == published(truth)
            assert reading.timestamp is not None
            assert reading.timestamp.isoformat() == truth.timestamp.isoformat()
            assert reading.meter.type == family
            assert reading.meter.id == meter.id
            assert reading.meter.number == truth.meter_id
            assert reading.meter.system_title == truth.system_title.hex()
    assert told.at("WARNING") == []


async def test_a_meter_that_ciphers_nothing_needs_no_key(adapter: Adapter, told: Told) -> None:
    meter = SimulatedMeter(adapter, "kaifa", encrypted=False)
    async with running(at(adapter, keys=Keys())) as made:
        await told.wait("reading ")
        truth = (await meter.push()).truth
        assert (await made.recorder.reading()).values == published(truth)


def test_bytes_may_come_one_by_one_and_with_noise_in_between() -> None:
    made, meter = opened(), SimulatedMeter(None, "sagemcom", "netznoe-wrapped")
    first, second = meter.telegram(), meter.telegram()
    stream = b"\x16\x68\xff" + first.data + b"\x00\x10" + second.data
    made.take(*(bytes((byte,)) for byte in stream))
    said = [reading.values for reading, _ in made.recorder.published]
    assert said == [published(first.truth), published(second.truth)]


def test_a_damaged_telegram_is_left_out_and_the_next_one_read() -> None:
    made, meter = opened(), SimulatedMeter(None, "e450")
    damaged = bytearray(meter.telegram().data)
    damaged[40] ^= 1
    whole = meter.telegram()
    made.take(bytes(damaged), whole.data)
    assert [reading.values for reading, _ in made.recorder.published] == [published(whole.truth)]


def test_what_came_before_the_line_was_lost_is_not_joined_with_what_comes_after() -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    first, second = meter.telegram().segments
    made.take(first, lost(), PORT, second)
    assert made.recorder.published == []
    whole = meter.telegram()
    made.take(whole.data)
    assert [reading.values for reading, _ in made.recorder.published] == [published(whole.truth)]


def test_the_household_s_name_for_the_meter_is_handed_on() -> None:
    made = opened(name="Keller")
    made.take(SimulatedMeter(None, "kaifa").telegram().data)
    assert [name for _, name in made.recorder.published] == ["Keller"]


# Lines that come and go


async def test_an_adapter_that_was_pulled_is_read_again(
    adapter: Adapter, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "WATCH_INTERVAL", 0.01)
    meter = SimulatedMeter(adapter, "kaifa")
    async with running(at(adapter)) as made:
        await told.wait("reading ")
        await meter.push()
        await made.recorder.reading()
        adapter.close()
        await told.wait(f"the serial adapter {adapter.path} is gone")
        await told.wait(f"the serial device {adapter.path} is missing; plug the adapter in")
        adapter.plug_in()
        await told.wait("reading ")
        truth = (await meter.push()).truth
        assert (await made.recorder.reading()).values == published(truth)
        await told.wait("the meter is read again")


async def test_a_gateway_that_resets_the_connection_is_called_again(told: Told) -> None:
    with closing(await TcpServer.listen(0)) as gateway:
        meter = SimulatedMeter(gateway, "e450", "klagenfurt")
        url = f"tcp://127.0.0.1:{gateway.port}"
        async with running(Reader(MeterOptions(keys=KEYS, url=url))) as made:
            await told.wait(f"reading {url}")
            await meter.push()
            await made.recorder.reading()
            reset(gateway)
            assert "(connection reset by peer)" in await told.wait("ended the connection")
            await told.wait(f"reading {url}")
            async with asyncio.timeout(TIMEOUT):
                await gateway.clients(1)
            truth = (await meter.push()).truth
            assert (await made.recorder.reading()).values == published(truth)


def test_a_line_lost_and_opened_between_two_looks_is_told(told: Told) -> None:
    made = opened()
    made.take(lost("the adapter is gone; plug it in again"), PORT)
    made.after(1)
    assert told.all == [
        "reading /dev/ttyUSB0 (2400 8E1)",
        "the adapter is gone; plug it in again",
        "reading /dev/ttyUSB0 (2400 8E1)",
    ]


async def test_the_only_adapter_is_read_when_none_is_chosen(
    adapter: Adapter, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_source, "ADAPTER_INTERVAL", 0.01)
    monkeypatch.setattr(reader, "WATCH_INTERVAL", 0.01)
    found: list[adapters.Adapter] = []
    monkeypatch.setattr(adapters, "adapters", lambda: found)
    meter = SimulatedMeter(adapter, "kaifa")
    async with running(Reader(MeterOptions(keys=KEYS))) as made:
        await told.wait("no serial adapter is there; plug it in, or set device or url")
        found.extend([adapters.Adapter("/dev/a", "FT232R"), adapters.Adapter("/dev/b", "CP2102")])
        assert await told.wait("several") == (
            "several serial adapters are there, choose one as device: /dev/a (FT232R),"
            " /dev/b (CP2102)"
        )
        found[:] = [adapters.Adapter(str(adapter.path), "FT232R")]
        await told.wait(f"reading the only serial adapter, {adapter.path}")
        await told.wait(f"reading {adapter.path} (2400 8E1)")
        truth = (await meter.push()).truth
        assert (await made.recorder.reading()).values == published(truth)


async def test_the_only_adapter_is_found_again_under_another_name(
    adapter: Adapter, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_source, "ADAPTER_INTERVAL", 0.01)
    found = [adapters.Adapter(str(adapter.path), "FT232R")]
    monkeypatch.setattr(adapters, "adapters", lambda: found)
    meter = SimulatedMeter(adapter, "am550")
    async with running(Reader(MeterOptions(keys=KEYS))) as made:
        await told.wait("reading ")
        while (mode := made.state.get(SERIAL_MODES, str(adapter.path))) is None:
            await meter.push()
            await told.wait("received")
        found.clear()
        adapter.close()
        await told.wait("is gone")
        with closing(Adapter(adapter.path.with_name("ttyOther"))) as other:
            found[:] = [adapters.Adapter(str(other.path), "FT232R")]
            await told.wait(f"reading the only serial adapter, {other.path}")
            await told.wait(f"reading {other.path} ({mode})")
            meter.wire = other
            made.recorder.published.clear()
            truth = (await meter.push()).truth
            while not made.recorder.published:
                last = await made.recorder.reading()
            assert last.values == published(truth)


def test_a_line_that_invents_meters_or_codes_without_end_is_believed_a_few() -> None:
    made = opened()
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
        made.take(meter.telegram().data)
    known = {reading.meter.id for reading, _ in made.recorder.published}
    assert 0 < len(known) <= MOST_SENDERS
    assert {one.id for one, _, _ in made.recorder.diagnosed} <= known
    assert len(made.reader._diagnostics._heard) <= MOST_SENDERS
    assert len(made.reader._narrator._unnamed) <= narrator.MOST_UNNAMED


async def test_radio_sticks_of_other_programs_are_left_alone(
    adapter: Adapter, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_source, "ADAPTER_INTERVAL", 0.01)
    monkeypatch.setattr(reader, "WATCH_INTERVAL", 0.01)
    stick = adapters.Adapter("/dev/stick", "Sonoff Zigbee 3.0 USB Dongle Plus", foreign=True)
    found = [stick]
    monkeypatch.setattr(adapters, "adapters", lambda: found)
    async with running(Reader(MeterOptions(keys=KEYS))):
        assert await told.wait("radio sticks") == (
            "the serial adapters that are there look like radio sticks of other programs and are"
            " left alone; plug the meter's in, or choose one: /dev/stick (Sonoff Zigbee 3.0 USB"
            " Dongle Plus)"
        )
        found.append(adapters.Adapter(str(adapter.path), "FT232R"))
        await told.wait(f"reading the only serial adapter, {adapter.path}")
    assert not any("reading /dev/stick" in text for text in told.all)


async def test_a_radio_stick_that_was_chosen_is_read(adapter: Adapter, told: Told) -> None:
    """What looks like a stick may be a meter's head all the same."""
    async with running(at(adapter)):
        await told.wait(f"reading {adapter.path}")


async def test_a_url_wins_over_a_device(adapter: Adapter, told: Told) -> None:
    async with running(at(adapter, device="/dev/nowhere", url=str(adapter.path))):
        await told.wait(f"reading {adapter.path} (2400 8E1)")


# Serial modes


async def noise(adapter: Adapter, told: Told) -> None:
    """Send bytes that are no frame, and wait until they are read."""
    adapter.write(b"\x55\xaa")
    await told.wait("received")


async def modes(adapter: Adapter, told: Told, made: Reader, count: int) -> list[str]:
    """Send bursts of noise, as a push in the wrong mode; give the modes the line is read with."""
    found = []
    for _ in range(count):
        found.append((await told.wait("reading ")).partition("(")[2].rstrip(")"))
        await noise(adapter, told)
        for _ in range(FAILED_BURSTS):
            made.now += 5
            await noise(adapter, told)
    return found


@pytest.mark.parametrize(
    ("meter_type", "expected"),
    [
        ("auto", [*map(str, USUAL), "2400 8E1"]),
        ("e450", ["9600 8N1", "2400 8E1", "9600 8N1"]),
    ],
)
async def test_modes_are_tried_in_turn_while_bytes_make_no_frame(
    adapter: Adapter, told: Told, meter_type: str, expected: list[str]
) -> None:
    async with running(at(adapter, meter_type=meter_type)) as made:
        assert await modes(adapter, told, made, len(expected)) == expected
    assert f"no whole frame with {expected[0]}, trying another mode" in told.at("INFO")


async def test_modes_that_are_tried_in_vain_again_are_not_told_again(
    adapter: Adapter, told: Told
) -> None:
    async with running(at(adapter, meter_type="e450")) as made:
        await modes(adapter, told, made, 8)
        assert sum("trying another mode" in text for text in told.at("INFO")) == 2
        assert sum("reading " in text for text in told.at("NOTICE")) == 2
        assert sum("trying another mode" in text for text in told.at("DEBUG")) >= 5


async def test_the_next_mode_is_not_tried_before_its_time(adapter: Adapter, told: Told) -> None:
    async with running(at(adapter)) as made:
        await told.wait("reading ")
        await noise(adapter, told)
        made.now += 20
        await noise(adapter, told)
        await noise(adapter, told)
    assert told.at("INFO")[1:] == []


async def test_a_silent_line_is_no_reason_to_try_another_mode(adapter: Adapter, told: Told) -> None:
    """It takes an hour until the grid operator switches the interface on."""
    async with running(at(adapter)) as made:
        await told.wait("reading ")
        made.now += 3600
        await noise(adapter, told)
        made.now += 10
        await noise(adapter, told)
        await noise(adapter, told)
    assert told.at("INFO")[1:] == []


async def test_a_mode_that_was_set_is_kept(adapter: Adapter, told: Told) -> None:
    mode = SerialMode.parse("9600 8N1")
    async with running(at(adapter, serial_mode=mode)) as made:
        assert "(9600 8N1)" in await told.wait("reading ")
        for _ in range(4):
            await noise(adapter, told)
            made.now += 15
    assert told.at("INFO")[1:] == []


async def test_a_mode_that_gave_a_telegram_is_kept(adapter: Adapter, told: Told) -> None:
    meter = SimulatedMeter(adapter, "kaifa")
    async with running(at(adapter)) as made:
        await told.wait("reading ")
        await meter.push()
        await made.recorder.reading()
        for _ in range(5):
            await noise(adapter, told)
            made.now += 25
    assert not any("trying another mode" in text for text in told.all)


async def test_the_mode_that_was_found_is_tried_first_after_a_restart(
    adapter: Adapter, told: Told, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    meter = SimulatedMeter(adapter, "e450")
    before = at(adapter)
    before.state = State(file)
    before.__post_init__()
    async with running(before) as made:
        assert await modes(adapter, told, made, 1) == ["2400 8E1"]
        await told.wait("reading ")
        await meter.push()
        await made.recorder.reading()
        assert await told.wait("the serial mode is") == "the serial mode is 9600 8N1"
    kept = State(file)
    assert kept.get(SERIAL_MODES, str(adapter.path)) == "9600 8N1"
    again = at(adapter)
    again.state = kept
    again.__post_init__()
    async with running(again) as made:
        assert await modes(adapter, told, made, 3) == ["9600 8N1", "2400 8E1", "115200 8N1"]


async def test_a_mode_that_was_kept_for_another_adapter_is_not_tried_first(
    adapter: Adapter, told: Told
) -> None:
    made = at(adapter)
    made.state.set(SERIAL_MODES, "/dev/other", "9600 8N1")
    async with running(made):
        assert "(2400 8E1)" in await told.wait("reading ")


@pytest.mark.parametrize(
    ("options", "first"),
    [({}, "300 7E1"), ({"serial_mode": SerialMode.parse("2400 8N1")}, "2400 8N1")],
    ids=["no mode set", "mode set"],
)
async def test_a_mode_that_was_set_wins_over_the_one_that_was_kept(
    adapter: Adapter, told: Told, options: dict[str, object], first: str
) -> None:
    made = at(adapter, **options)
    made.state.set(SERIAL_MODES, str(adapter.path), "300 7E1")
    async with running(made):
        assert f"({first})" in await told.wait("reading ")


async def test_what_was_kept_and_is_no_mode_is_left_aside(adapter: Adapter, told: Told) -> None:
    made = at(adapter)
    made.state.set(SERIAL_MODES, str(adapter.path), "fast")
    async with running(made):
        assert "(2400 8E1)" in await told.wait("reading ")


async def test_even_a_mode_that_was_right_is_doubted_after_ten_minutes_of_noise(
    adapter: Adapter, told: Told
) -> None:
    meter = SimulatedMeter(adapter, "kaifa")
    async with running(at(adapter)) as made:
        await told.wait("reading ")
        await meter.push()
        await made.recorder.reading()
        for _ in range(25):
            await noise(adapter, told)
            made.now += 30
    assert told.at("INFO").count("no whole frame any more with 2400 8E1, trying another mode") == 1
    assert told.at("NOTICE")[-1].endswith("(9600 8N1)")


async def test_a_gateway_has_no_mode_to_try(told: Told) -> None:
    with closing(await TcpServer.listen(0)) as gateway:
        url = f"tcp://127.0.0.1:{gateway.port}"
        async with running(Reader(MeterOptions(url=url))) as made:
            await told.wait("reading ")
            async with asyncio.timeout(TIMEOUT):
                await gateway.clients(1)
            for _ in range(4):
                gateway.write(b"\x55")
                await told.wait("received")
                made.now += 15
    assert told.at("INFO")[1:] == []


class EnoughError(Exception):
    """The test has seen enough."""


async def test_a_device_that_is_missing_is_waited_for_with_growing_delays(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not in a tight loop over all serial modes, as it once was."""
    made = Reader(MeterOptions(device=str(tmp_path / "missing")), delays=(1.0, 20.0, 30.0))
    take = made.reader._take
    slept: list[float] = []
    taken: list[object] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        made.now += seconds
        if made.now > 2000:
            raise EnoughError

    def count(event: Event) -> None:
        taken.append(event)
        assert len(taken) == len(slept) + 1
        take(event)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(made.reader, "_take", count)
    with pytest.raises(EnoughError):
        await made.reader._read()
    assert slept[:2] == [1.0, 20.0]
    assert set(slept[2:]) == {30.0}
    assert told.at("INFO")[1:] == []
    assert len(told.at("WARNING")) == 2
    assert told.at("WARNING")[1].startswith("still, for 10 min 21 s: the serial device")


# Troubles


def test_a_silent_line_is_told_with_what_to_look_at(told: Told) -> None:
    made = opened()
    made.watch(30)
    assert told.at("WARNING") == []
    made.watch(10)
    (sentence,) = told.at("WARNING")
    assert sentence.startswith("no bytes from the meter for 31 s; check that the head sits on")


def test_bytes_without_frames_are_told_with_what_to_change(told: Told) -> None:
    made = opened()
    made.watch(40, lambda: made.take(b"\x55\xaa\x55"))
    (sentence,) = told.at("WARNING")
    assert sentence.startswith(
        "bytes come from the meter, but no whole frame for 31 s with 2400 8E1; the serial mode may"
        " be the wrong one: set serial_mode"
    )


def test_behind_a_gateway_the_mode_is_to_be_set_there(told: Told) -> None:
    made = opened(line=GATEWAY)
    made.watch(40, lambda: made.take(b"\x55\xaa\x55"))
    (sentence,) = told.at("WARNING")
    assert "the gateway may read with the wrong serial mode: set it there" in sentence


def strange(meter: SimulatedMeter) -> SimulatedMeter:
    """Let an E450 send a list without codes that nobody has described."""
    layout = meter.meter.layout
    assert layout.shape is Shape.POSITIONAL
    meter.meter.layout = replace(layout, items=layout.items[2:])
    return meter


@pytest.mark.parametrize(
    ("keys", "meter_type", "meter", "sentence"),
    [
        pytest.param(
            Keys(),
            "auto",
            SimulatedMeter(None, "kaifa"),
            "the meter with system title 4b464d655012d687 (KFM) sends ciphered telegrams and no"
            " key is given; enter the encryption key (GUEK) that your grid operator hands out",
            id="key missing",
        ),
        pytest.param(
            Keys(OTHER_KEY),
            "auto",
            SimulatedMeter(None, "kaifa"),
            "deciphering gives no telegram: the encryption key is not this meter's; compare the"
            " option key with the one that your grid operator hands out for this very meter, and"
            " see that it is not exchanged with the authentication key",
            id="encryption key wrong",
        ),
        pytest.param(
            Keys(OTHER_KEY, AUTH_KEY),
            "auto",
            SimulatedMeter(None, "e450"),
            "deciphering gives no telegram: the encryption key is not this meter's; compare the"
            " option key with the one that your grid operator hands out for this very meter, and"
            " see that it is not exchanged with the authentication key",
            id="encryption key wrong, tag present",
        ),
        pytest.param(
            Keys(KEY, OTHER_KEY),
            "auto",
            SimulatedMeter(None, "e450", "steiermark"),
            "the authentication key does not fit, though the encryption key does: check auth_key,"
            " or leave it empty to read without checking",
            id="authentication key wrong",
        ),
        pytest.param(
            KEYS,
            "sagemcom",
            SimulatedMeter(None, "kaifa"),
            "the telegram comes from a Kaifa meter, but meter_type is sagemcom (Sagemcom T210-D);"
            " choose the right type, or auto",
            id="other meter",
        ),
        pytest.param(
            KEYS,
            "e450",
            strange(SimulatedMeter(None, "e450")),
            "a list that meters of the type e450 do not send; try auto; if the newest version of"
            " this program says the same, report the meter as the documentation says, with what"
            " `listen` shows",
            id="list unknown to the type",
        ),
        pytest.param(
            KEYS,
            "auto",
            strange(SimulatedMeter(None, "e450")),
            "no profile knows what the values of this list mean; if the newest version of this"
            " program says the same, report the meter as the documentation says, with what `listen`"
            " shows",
            id="list unknown",
        ),
    ],
)
def test_telegrams_that_cannot_be_read_are_explained_once(
    told: Told, keys: Keys, meter_type: str, meter: SimulatedMeter, sentence: str
) -> None:
    made = opened(keys, meter_type=meter_type)
    pushes(meter, made, 20)
    assert told.at("WARNING") == [sentence]
    assert made.recorder.published == []


def test_a_trouble_that_lasts_is_told_again_after_ten_minutes(told: Told) -> None:
    made = opened(Keys())
    meter = SimulatedMeter(None, "kaifa")
    pushes(meter, made, 121)
    first, second = told.at("WARNING")
    assert second == f"still, for 10 min 1 s, 120 times: {first}"
    pushes(meter, made, 100)
    assert len(told.at("WARNING")) == 2


def test_one_trouble_that_follows_another_is_told(told: Told) -> None:
    made = opened(Keys())
    pushes(SimulatedMeter(None, "kaifa"), made)
    made.watch(40)
    assert [text[:8] for text in told.at("WARNING")] == ["the mete", "no bytes"]


def test_a_meter_that_is_read_again_is_told_once(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    made.watch(40)
    pushes(meter, made, 3)
    assert told.at("NOTICE").count("the meter is read again") == 1
    assert len(told.at("WARNING")) == 1


def test_a_line_that_is_merely_open_again_is_not_called_read(told: Told) -> None:
    made = opened()
    for _ in range(3):
        made.take(lost(), PORT)
        made.watch(10)
    assert len(told.at("WARNING")) == 1
    assert "the meter is read again" not in told.all
    pushes(SimulatedMeter(None, "kaifa"), made)
    assert "the meter is read again" in told.all


def test_one_bad_telegram_between_good_ones_raises_no_alarm(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    pushes(meter, made, 3)
    pushes(SimulatedMeter(None, "kaifa", key=OTHER_KEY), made)
    pushes(meter, made, 3)
    assert told.at("WARNING") == []
    assert any("not this meter's" in text for text in told.at("DEBUG"))


def test_the_first_bytes_after_a_long_silence_raise_no_second_alarm(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    made.watch(1000)
    first, second = meter.telegram().segments
    made.take(first[:100])
    made.watch(1)
    made.take(first[100:], second)
    made.watch(1)
    assert len([text for text in told.at("WARNING") if text.startswith("no bytes")]) == 1


# Online and offline


def test_a_meter_that_is_not_heard_any_more_goes_offline_once(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    pushes(meter, made)
    made.watch(20)
    assert made.recorder.statuses == []
    made.watch(60)
    assert made.recorder.statuses == [(meter.id, False)]
    assert len(told.at("WARNING")) == 1


def test_a_lost_line_takes_its_meter_offline(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    pushes(meter, made)
    made.take(lost())
    made.watch(60)
    assert made.recorder.statuses == [(meter.id, False)]
    assert told.at("WARNING") == ["the adapter is gone; plug it in again"]


def test_a_meter_that_comes_back_is_published_again() -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    pushes(meter, made)
    made.watch(60)
    pushes(meter, made)
    made.watch(60)
    assert len(made.recorder.published) == 2
    assert made.recorder.statuses == [(meter.id, False)] * 2


def test_a_reading_that_is_held_back_keeps_its_meter_online() -> None:
    made, meter = opened(update_interval=3600), SimulatedMeter(None, "kaifa")
    pushes(meter, made)
    made.watch(60)
    pushes(meter, made)
    assert len(made.recorder.published) == 1
    assert made.recorder.statuses == [(meter.id, False), (meter.id, True)]


# The update interval


def test_readings_are_published_at_the_update_interval() -> None:
    made, meter = opened(update_interval=60), SimulatedMeter(None, "kaifa")
    pushes(meter, made, 25)
    moments = [reading.timestamp for reading, _ in made.recorder.published]
    gaps = [
        (after - before).total_seconds() for before, after in pairwise(moments) if before and after
    ]
    assert gaps == [60, 60]


def test_the_reading_held_back_is_published_at_the_end() -> None:
    made, meter = opened(update_interval=3600, name="Keller"), SimulatedMeter(None, "kaifa")
    made.take(meter.telegram().data, meter.telegram().data)
    last = meter.telegram()
    made.take(last.data)
    made.reader.flush()
    made.reader.flush()
    assert len(made.recorder.published) == 2
    reading, name = made.recorder.published[-1]
    assert reading.values == published(last.truth)
    assert name == "Keller"


def test_each_of_several_meters_on_a_line_has_its_own_interval() -> None:
    made = opened(update_interval=60)
    meters = [SimulatedMeter(None, "kaifa", serial=serial) for serial in (1, 2)]
    for _ in range(13):
        for meter in meters:
            made.take(meter.telegram().data)
        made.watch(int(PUSH))
    made.reader.flush()
    ids = [reading.meter.id for reading, _ in made.recorder.published]
    assert ids == [meter.id for meter in meters] * 2
    assert len(set(ids)) == 2


# What is told of a meter that is well


def test_the_first_telegram_is_shown_and_later_ones_are_not(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "sagemcom")
    first = meter.telegram()
    made.take(first.data)
    pushes(meter, made, 3)
    shown = [text for text in told.at("NOTICE") if text.startswith("first telegram")]
    assert len(shown) == 1
    said = published(first.truth)
    assert shown[0].startswith(
        f"first telegram of Sagemcom T210-D {meter.meter.identity.number}: Energy import"
        f" {said['energy_import']} kWh, Energy export {said['energy_export']} kWh, Power import"
        f" {said['power_import']} W,"
    )
    assert shown[0].endswith(f", Power {said['power']} W")


def test_a_meter_without_a_number_is_shown_with_its_system_title(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "e450", "wien")
    made.take(meter.telegram().data)
    assert told.at("NOTICE")[1].startswith(f"first telegram of Landis+Gyr E450 {meter.id}: ")


@pytest.mark.parametrize(
    ("keys", "meter", "expected"),
    [
        (Keys(KEY), SimulatedMeter(None, "e450"), "no auth_key is set"),
        (KEYS, SimulatedMeter(None, "kaifa"), "this meter sends no tag to check"),
        (KEYS, SimulatedMeter(None, "e450"), None),
        (Keys(), SimulatedMeter(None, "e450", encrypted=False), None),
    ],
    ids=["no key", "no tag", "checked", "in the clear"],
)
def test_telegrams_that_are_not_authenticated_are_told_once(
    told: Told, keys: Keys, meter: SimulatedMeter, expected: str | None
) -> None:
    made = opened(keys)
    pushes(meter, made, 3)
    prefix = "the telegrams are deciphered but not authenticated: "
    assert told.at("INFO") == ([prefix + expected] if expected else [])
    assert len(made.recorder.published) == 3


def test_a_register_that_has_no_name_yet_is_told_once(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    new = Register("1-0:15.7.0", axdr.Type.UINT32, Unit.W)
    *items, number = meter.meter.layout.items
    meter.meter.layout = replace(meter.meter.layout, items=(*items, new, number))
    meter.more["15.7.0"] = Decimal(4321)
    pushes(meter, made, 3)
    found = [text for text in told.at("INFO") if "is not published" in text]
    assert found == ["the meter also sends what is not published: 1-0:15.7.0"]
    assert len(made.recorder.published) == 3


def test_registers_without_a_name_that_never_end_are_not_told_for_ever(told: Told) -> None:
    made = opened(Keys())
    lines = [f"1-0:{200 + n // 10}.{n % 10}.0(00{n % 10}*W)" for n in range(300)]
    made.take(links.p1("XMX5LGBBFG1009394887", ["1-0:1.7.0(01.000*kW)", *lines]))
    (told_of,) = (text for text in told.at("INFO") if "what is not published" in text)
    assert told_of.count(",") == narrator.MOST_UNNAMED - 1


@pytest.mark.parametrize("hour", [0, 1], ids=["the first time", "the second time"])
def test_after_a_restart_the_computer_s_clock_says_which_of_two_hours_it_is(hour: int) -> None:
    meter = build("e450", "burgenland")
    begin = datetime(2026, 10, 25, hour, 20, tzinfo=UTC)  # 2:20 twice, and the meter says no offset
    made = Reader(MeterOptions(keys=KEYS), now=1000.0 + (begin - START).total_seconds())
    made.take(PORT, meter.telegram(Household(1, begin).at(begin)).data)
    ((reading, _),) = made.recorder.published
    assert reading.timestamp == begin


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


def test_a_meter_behind_the_meter_is_published_as_a_device_of_its_own(told: Told) -> None:
    made = opened(Keys(), name="Keller")
    made.take(p1_telegram(321, 107123))
    (main, name), (gas, gas_name) = made.recorder.published
    assert (name, gas_name) == ("Keller", None)
    assert main.values == {"power_import": 321, "power_export": 0, "power": 321}
    assert gas.values == {"gas": Decimal("107.123")}
    assert main.meter.id == "e0007000000000017"
    assert gas.meter.id == "g0053003378289217"
    shown = [text for text in told.at("NOTICE") if text.startswith("first telegram")]
    assert len(shown) == 2
    assert shown[1].startswith("first telegram of Gas meter G0053003378289217: Gas 107.123")


def test_the_meters_of_a_line_go_offline_together() -> None:
    made = opened(Keys())
    made.take(p1_telegram(321, 107123))
    made.watch(120)
    assert sorted(made.recorder.statuses) == [
        ("e0007000000000017", False),
        ("g0053003378289217", False),
    ]


def test_how_values_were_understood_is_told_once(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "e450", "klagenfurt")
    meter.meter.link = links.Hdlc(source=b"\x41")
    pushes(meter, made, 3)
    assert len(made.recorder.published) == 3
    (note,) = [text for text in told.at("NOTICE") if "do not say" in text]
    assert note == (
        "the telegrams do not say what their values count; by their size they are those of a"
        " Landis+Gyr E450"
    )


def test_telegrams_that_hold_nothing_to_publish_are_told_once(told: Told) -> None:
    made = opened(Keys())
    for _ in range(3):
        made.take(links.p1("XMX5LGBBFG1009394887", ["0-0:96.14.0(0002)"]))
    assert made.recorder.published == []
    assert told.at("NOTICE")[1:] == [
        (
            "the meter's telegrams hold no value that is published; some meters send those once an"
            " hour only. If none come, report the meter as the documentation says, with what"
            " `listen` shows"
        )
    ]


def test_that_all_is_well_is_told_every_five_minutes(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    truths = pushes(meter, made, 130)
    reports = [text for text in told.at("INFO") if "since the start" in text]
    assert reports == [
        f"{count} telegrams read, 0 errors since the start; now Power {said['power']} W,"
        f" Energy import {said['energy_import']} kWh, Energy export {said['energy_export']} kWh"
        for count, said in zip((61, 121), map(published, (truths[60], truths[120])), strict=True)
    ]


def test_a_line_that_never_gave_a_telegram_has_nothing_to_report(told: Told) -> None:
    Reader().watch(1000)
    assert told.all == []


def test_what_is_told_of_one_of_several_meters_begins_with_its_label(told: Told) -> None:
    made = Reader(MeterOptions(keys=KEYS), label="Keller")
    made.take(PORT, SimulatedMeter(None, "kaifa").telegram().data)
    made.watch(40)
    assert len(told.all) == 4
    assert all(text.startswith("Keller: ") for text in told.all)


def test_the_meter_s_clock_is_compared_with_the_computer_s(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    made.take(meter.telegram().data)  # which the meter sent 5 s after START, and it came at START
    (_, values, _) = made.recorder.diagnosed[-1]
    assert values["clock_drift"] == 5
    assert values["last_telegram"] == "2026-06-21T09:00:00+00:00"
    made.watch(3600)
    made.take(meter.telegram().data)
    made.watch(1)
    (advice,) = (text for text in told.at("WARNING") if "clock" in text)
    assert "the meter's clock is 59 min 50 s behind this computer's" in advice
    assert "time zone" in advice
    (_, values, _) = made.recorder.diagnosed[-1]
    assert values["problem_details"]["kind"] == "clock"  # type: ignore[index]


async def test_a_mistake_of_this_program_costs_one_chunk_and_is_told(
    adapter: Adapter, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_decoder: Decoder, _chunk: bytes) -> list[Telegram | Fault]:
        raise RuntimeError("never thought of that")

    meter = SimulatedMeter(adapter, "kaifa")
    async with running(at(adapter)) as made:
        await told.wait("reading ")
        with monkeypatch.context() as patched:
            patched.setattr(Decoder, "feed", fail)
            adapter.write(b"\x01\x02\x03")
            assert "The bytes: 0102" in await told.wait("a mistake in this program; please report")
        truth = (await meter.push()).truth
        assert (await made.recorder.reading()).values == published(truth)


# Telegrams that are not believed


def test_a_telegram_that_is_not_believed_is_counted_and_told_but_not_each_time(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    pushes(meter, made, 3)
    old = meter.telegram().data
    made.take(old)
    for _ in range(3):
        made.take(old)
    assert len(made.recorder.published) == 4
    assert made.reader._health.counts.faults == 3
    (rejected,) = (text for text in told.at("INFO") if "rejected" in text)
    assert rejected == (
        "a telegram was rejected: its invocation counter is not newer than that of a telegram"
        " before it"
    )


def test_what_telegrams_that_were_held_back_turned_out_to_be_is_told(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    pushes(meter, made, 5)
    meter.more = {"1.8.0": Decimal(0)}
    pushes(meter, made, 3)
    assert len(made.recorder.published) == 6
    assert told.at("NOTICE")[-1] == (
        "the pending telegrams confirm each other: a counter of the meter was set back"
    )


def test_that_every_telegram_is_refused_becomes_the_line_s_trouble(told: Told) -> None:
    made, meter = opened(), SimulatedMeter(None, "kaifa")
    recorded = [meter.telegram().data for _ in range(20)]
    for data in (*recorded, *recorded):
        made.take(data)
        made.watch(5)
    assert any("a telegram was rejected" in text for text in told.at("WARNING"))


def test_what_was_said_last_outlives_a_restart(tmp_path: Path) -> None:
    meter, file = SimulatedMeter(None, "kaifa"), tmp_path / "state.json"
    before = Reader(MeterOptions(keys=KEYS), state=State(file))
    last = meter.telegram().data
    before.take(PORT, last)
    before.reader.keep()
    again = Reader(MeterOptions(keys=KEYS), state=State(file))
    again.take(PORT, last)
    assert again.recorder.published == []
    again.take(meter.telegram().data)
    assert len(again.recorder.published) == 1


def test_what_was_said_last_is_written_each_quarter_of_an_hour(tmp_path: Path) -> None:
    meter, file = SimulatedMeter(None, "kaifa"), tmp_path / "state.json"
    made = Reader(MeterOptions(keys=KEYS), state=State(file))
    made.take(PORT)
    written = set()
    for _ in range(360):
        pushes(meter, made)
        written.add(str(State(file).section(reader.HISTORY)))
    assert len(written) == 3  # nothing yet, and twice in half an hour
