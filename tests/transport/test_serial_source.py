"""Serial devices, with real ptys: in one mode after the other until one proves right."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing, closing
from pathlib import Path

import pytest
import serial
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from app.language.catalogue import Sentence
from app.state import State
from app.transport import serial_source
from app.transport.mode_search import FAILED_BURSTS, GAP, LOYAL_PUSHES, LOYALTY
from app.transport.parity import Received, errors_in
from app.transport.reopening import Feed
from app.transport.serial_mode import SerialMode
from app.transport.serial_source import SERIAL_MODES, SerialSource
from app.transport.source import Cause, Event, GaveUp, Lost, OnlyAdapter, Opened, Settled
from tests.support.memory import Memory
from tests.support.mosquitto import TIMEOUT
from tests.support.simulated import Adapter
from tests.support.sources import Events, lost, reading, receive
from tests.support.standins import InProcessAdapter

FIRST, SECOND, KEPT = map(SerialMode.parse, ("2400 8E1", "9600 8N1", "300 7E1"))
MODE = FIRST
EVERY_BYTE = bytes(range(256))


def source(path: object, *modes: SerialMode) -> SerialSource:
    return SerialSource(str(path), modes or (MODE,), delays=(0.0,))


def opened(adapter: Adapter, mode: SerialMode = MODE, *, searching: bool = False) -> Opened:
    return Opened(f"{adapter.path} ({mode})", mode, searching=searching)


def open_files() -> list[str]:
    return sorted(entry.name for entry in Path("/proc/self/fd").iterdir())


# One device


async def test_every_byte_of_a_serial_line_arrives_as_it_was_sent(adapter: Adapter) -> None:
    async with reading(source(adapter.path)) as events:
        assert await anext(events) == opened(adapter)
        for _ in range(20):
            adapter.write(EVERY_BYTE)
            assert await receive(events, 256) == EVERY_BYTE


async def test_an_unplugged_adapter_is_read_again_once_it_is_back(adapter: Adapter) -> None:
    async with reading(source(adapter.path)) as events:
        await anext(events)
        adapter.write(b"before")
        assert await receive(events, 6) == b"before"
        adapter.close()
        end = await lost(events)
        assert end.line == f"{adapter.path} ({MODE})"
        assert end.mode == MODE
        assert "is gone" in str(end.reason)
        assert str(end.reason).endswith("plug it in again")
        adapter.plug_in()
        while isinstance(event := await anext(events), Lost):
            pass
        assert event == opened(adapter)
        adapter.write(b"after")
        assert await receive(events, 5) == b"after"


async def test_a_missing_device_is_waited_for(adapter: Adapter) -> None:
    target = adapter.path.readlink()
    adapter.path.unlink()
    async with reading(source(adapter.path)) as events:
        for _ in range(3):
            assert f"{adapter.path} is missing; plug the adapter in" in str(
                (await lost(events)).reason
            )
        adapter.path.symlink_to(target)
        while isinstance(event := await anext(events), Lost):
            pass
        assert isinstance(event, Opened)


async def test_a_device_in_use_is_waited_for(adapter: Adapter) -> None:
    async with reading(source(adapter.path)) as events:
        with serial.Serial(str(adapter.path), exclusive=True):
            assert "is in use by another program; stop that one" in str((await lost(events)).reason)
        while isinstance(event := await anext(events), Lost):
            pass
        assert isinstance(event, Opened)


async def test_permission_denied_has_its_sentence(adapter: Adapter) -> None:
    # Root may open anything, so the test is somebody else for a moment.
    device, user = adapter.path.resolve(), os.geteuid()
    device.chmod(0)
    async with reading(source(device)) as events:
        if user == 0:
            os.seteuid(65534)
        try:
            reason = str((await lost(events)).reason)
        finally:
            os.seteuid(user)
    assert "permission denied for the serial device" in reason
    assert "restart the app (add-on)" in reason
    assert "group dialout" in reason


@pytest.mark.parametrize("kind", ["null", "file", "directory", "fifo"])
async def test_a_path_that_is_no_serial_device_has_its_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    match kind:
        case "null":
            path = Path(os.devnull)
        case "file":
            path.touch()
        case "directory":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
    async with reading(source(path)) as events:
        assert str((await lost(events)).reason) == f"{path} is no serial device; choose one"


async def test_an_error_in_listing_adapters_does_not_end_the_waiting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail() -> None:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a strange product name")

    monkeypatch.setattr(list_ports, "comports", fail)
    async with reading(source(tmp_path / "missing")) as events:
        assert str((await lost(events)).reason).endswith("(adapters found: none)")


async def test_cancelling_closes_the_port(adapter: Adapter) -> None:
    was_opened = asyncio.Event()

    def take(event: Event) -> None:
        assert isinstance(event, Opened)
        was_opened.set()

    before = open_files()
    task = asyncio.create_task(source(adapter.path).run(take))
    async with asyncio.timeout(TIMEOUT):
        await was_opened.wait()
        assert open_files() != before
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert open_files() == before


async def test_a_silent_serial_line_has_no_timeout(adapter: Adapter) -> None:
    timers = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    async with reading(source(adapter.path)) as events:
        assert await anext(events) == opened(adapter)
        before = len(timers)
        waiting = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(timers) == before
        adapter.write(b"x")
        assert await waiting == b"x"


# The search for the mode


class SteppedPort:
    """A serial source that a test reads event by event, with a clock that only the test moves."""

    def __init__(
        self,
        adapter: Adapter,
        *modes: SerialMode,
        chosen: bool = True,
        state: State | None = None,
        fixed: bool | None = None,
        delays: Sequence[float] = (0.0,),
    ) -> None:
        self.adapter = adapter
        self.now = 0.0
        self.source = SerialSource(
            str(adapter.path) if chosen else None,
            modes,
            state=state,
            fixed=fixed,
            clock=lambda: self.now,
            delays=delays,
        )
        self.events = Events(self.source)

    async def next(self) -> Event:
        async with asyncio.timeout(TIMEOUT):
            return await anext(self.events)

    async def burst(self) -> Event:
        self.now += 2 * GAP
        self.adapter.write(b"\0")
        return await self.next()

    async def in_vain(self) -> Event:
        """Give what comes after the bursts that show that the mode is wrong."""
        for _ in range(FAILED_BURSTS):
            assert await self.burst() == b"\0"
        self.now += 2 * GAP
        return await self.next()


async def test_a_mode_without_frames_gives_way_to_the_next(adapter: Adapter) -> None:
    port = SteppedPort(adapter, FIRST, SECOND)
    async with aclosing(port.events):
        for mode in (FIRST, SECOND):
            assert await port.next() == opened(adapter, mode, searching=True)
            assert await port.in_vain() == GaveUp(mode, was_right=False)
        assert await port.next() == opened(adapter, FIRST, searching=True)


async def test_a_frame_settles_the_mode_once(adapter: Adapter) -> None:
    port = SteppedPort(adapter, FIRST, SECOND)
    async with aclosing(port.events):
        await port.next()
        assert await port.burst() == b"\0"
        port.source.framed()
        assert await port.next() == Settled(FIRST, searched=True)
        assert await port.burst() == b"\0"
        port.source.framed()
        assert await port.burst() == b"\0"
        adapter.close()
        assert isinstance(await port.next(), Lost)
        adapter.plug_in()
        while not isinstance(event := await port.next(), Opened):
            assert isinstance(event, Lost)
        assert event == opened(adapter, FIRST)  # no longer searching
        assert await port.burst() == b"\0"
        port.source.framed()
        assert await port.burst() == b"\0"


async def test_a_mode_that_was_right_is_given_up_late_and_reported_as_right(
    adapter: Adapter,
) -> None:
    port = SteppedPort(adapter, FIRST, SECOND)
    async with aclosing(port.events):
        await port.next()
        await port.burst()
        port.source.framed()
        assert await port.next() == Settled(FIRST, searched=True)
        for _ in range(LOYAL_PUSHES + 1):
            assert await port.burst() == b"\0"
        port.now += LOYALTY
        assert await port.burst() == b"\0"
        gave_up = await port.next()
        assert await port.next() == opened(adapter, SECOND, searching=True)
    assert gave_up == GaveUp(FIRST, was_right=True)
    assert str(gave_up) == "no whole frame any more with 2400 8E1, trying another mode"


async def test_a_single_mode_is_kept(adapter: Adapter) -> None:
    port = SteppedPort(adapter, FIRST)
    async with aclosing(port.events):
        assert await port.next() == opened(adapter)
        for _ in range(3 * FAILED_BURSTS):
            assert await port.burst() == b"\0"
        port.source.framed()
        assert await port.next() == Settled(FIRST, searched=False)


async def test_a_lost_line_does_not_count_against_the_mode(adapter: Adapter) -> None:
    port = SteppedPort(adapter, FIRST, SECOND)
    async with aclosing(port.events):
        await port.next()
        adapter.close()
        assert isinstance(await port.next(), Lost)
        adapter.plug_in()
        while not isinstance(event := await port.next(), Opened):
            assert isinstance(event, Lost)
    assert event == opened(adapter, FIRST, searching=True)


async def test_a_frame_before_the_first_byte_is_ignored(adapter: Adapter) -> None:
    port = SteppedPort(adapter, FIRST)
    port.source.framed()
    async with aclosing(port.events):
        assert await port.next() == opened(adapter)
        assert await port.burst() == b"\0"
        assert await port.burst() == b"\0"


# The mode that was found last time


async def begins_with(port: SteppedPort) -> Event:
    async with aclosing(port.events):
        return await port.next()


async def test_the_mode_that_was_found_is_tried_first_the_next_time(
    adapter: Adapter, tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    port = SteppedPort(adapter, FIRST, SECOND, state=State(file))
    async with aclosing(port.events):
        await port.next()
        assert await port.in_vain() == GaveUp(FIRST, was_right=False)
        await port.next()
        await port.burst()
        port.source.framed()
        assert await port.next() == Settled(SECOND, searched=True)
    kept = State(file)
    assert kept.get(SERIAL_MODES, str(adapter.path)) == str(SECOND)
    port = SteppedPort(adapter, FIRST, SECOND, state=kept)
    async with aclosing(port.events):
        for mode in (SECOND, FIRST, SECOND):
            assert await port.next() == opened(adapter, mode, searching=True)
            assert await port.in_vain() == GaveUp(mode, was_right=False)


async def test_a_mode_kept_for_another_adapter_is_not_tried_first(adapter: Adapter) -> None:
    state = Memory()
    state.set(SERIAL_MODES, "/dev/other", str(SECOND))
    port = SteppedPort(adapter, FIRST, SECOND, state=state)
    assert await begins_with(port) == opened(adapter, FIRST, searching=True)


async def test_an_invalid_mode_in_the_state_is_ignored(adapter: Adapter) -> None:
    state = Memory()
    state.set(SERIAL_MODES, str(adapter.path), "fast")
    port = SteppedPort(adapter, FIRST, SECOND, state=state)
    assert await begins_with(port) == opened(adapter, FIRST, searching=True)


@pytest.mark.parametrize(
    ("modes", "fixed", "first", "searching"),
    [
        ([FIRST, SECOND], None, KEPT, True),
        ([FIRST], None, FIRST, False),
        ([FIRST], True, FIRST, False),  # as the user set it
        ([FIRST], False, KEPT, True),  # a meter type that has one mode only
        ([FIRST, SECOND], True, FIRST, True),
    ],
)
async def test_a_kept_mode_is_tried_first_unless_the_modes_are_fixed(
    adapter: Adapter,
    modes: list[SerialMode],
    first: SerialMode,
    *,
    fixed: bool | None,
    searching: bool,
) -> None:
    state = Memory()
    state.set(SERIAL_MODES, str(adapter.path), str(KEPT))
    port = SteppedPort(adapter, *modes, state=state, fixed=fixed)
    async with aclosing(port.events):
        assert await port.next() == opened(adapter, first, searching=searching)
        await port.burst()
        port.source.framed()
        assert await port.next() == Settled(first, searched=searching)
    assert state.get(SERIAL_MODES, str(adapter.path)) == str(first)


# The only adapter


def plugged(monkeypatch: pytest.MonkeyPatch) -> list[ListPortInfo]:
    """Give the list of ports, to be changed."""
    ports: list[ListPortInfo] = []
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    monkeypatch.setattr(serial_source, "ADAPTER_INTERVAL", 0.01)
    return ports


def on_usb(path: object, description: str = "FT232R") -> ListPortInfo:
    port = ListPortInfo(str(path))
    port.vid, port.description = 0x0403, description
    return port


async def test_the_only_adapter_is_read_when_none_is_chosen(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = plugged(monkeypatch)
    async with reading(SerialSource(None, [MODE], delays=[0.0])) as events:
        missing = await lost(events)
        assert missing == Lost(
            "the only serial adapter",
            Sentence("serial.none"),
            0.01,
            cause=Cause.UNCHOSEN,
        )
        assert str(missing.reason) == "no serial adapter is there; plug it in, or set device or url"
        ports.extend([on_usb("/dev/a"), on_usb("/dev/b", "CP2102")])
        assert str((await lost(events)).reason) == (
            "several serial adapters are there, choose one as device: /dev/a (FT232R),"
            " /dev/b (CP2102)"
        )
        ports[:] = [on_usb("/dev/stick", "Sonoff Zigbee 3.0 USB Dongle Plus")]
        assert str((await lost(events)).reason) == (
            "the serial adapters that are there look like radio sticks of other programs and are"
            " left alone; plug the meter's in, or choose one: /dev/stick (Sonoff Zigbee 3.0 USB"
            " Dongle Plus)"
        )
        ports.append(on_usb(adapter.path))
        assert await anext(events) == OnlyAdapter(str(adapter.path))
        assert await anext(events) == opened(adapter)


async def test_the_only_adapter_is_found_again_under_another_name(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = plugged(monkeypatch)
    ports.append(on_usb(adapter.path))
    port = SteppedPort(adapter, FIRST, SECOND, chosen=False, delays=[60.0])
    async with aclosing(port.events):
        assert await port.next() == OnlyAdapter(str(adapter.path))
        assert await port.next() == opened(adapter, searching=True)
        assert await port.in_vain() == GaveUp(FIRST, was_right=False)
        assert await port.next() == opened(adapter, SECOND, searching=True)
        await port.burst()
        port.source.framed()
        assert await port.next() == Settled(SECOND, searched=True)
        ports.clear()
        adapter.close()
        gone = await port.next()
        assert isinstance(gone, Lost)
        assert "is gone" in str(gone.reason)
        looking = await port.next()
        assert isinstance(looking, Lost)
        assert str(looking.reason).startswith("no serial adapter is there")
        with closing(Adapter(adapter.path.with_name("ttyOther"))) as other:
            ports.append(on_usb(other.path))
            while isinstance(event := await port.next(), Lost):
                assert event == looking
            assert event == OnlyAdapter(str(other.path))
            assert await port.next() == opened(other, SECOND, searching=True)


async def test_the_only_adapter_is_waited_for_while_it_is_in_use(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugged(monkeypatch).append(on_usb(adapter.path))
    port = SteppedPort(adapter, MODE, chosen=False)
    async with aclosing(port.events):
        with serial.Serial(str(adapter.path), exclusive=True):
            assert await port.next() == OnlyAdapter(str(adapter.path))
            for _ in range(2):
                event = await port.next()
                assert isinstance(event, Lost)
                assert "is in use by another program" in str(event.reason)
        while isinstance(event := await port.next(), Lost):
            pass
        assert event == opened(adapter)


# Parity errors


class ErroneousAdapter(InProcessAdapter):
    """An adapter on a line of a meter at 2400 8N1; in 8E1 each byte comes, with an error."""

    def give(self, feed: Feed, data: bytes) -> None:
        even = str(self.reading).endswith("E1")
        super().give(feed, Received.of(data, range(len(data)) if even else ()))

    def push(self, data: bytes) -> None:
        self.mode = str(self.reading)  # in each mode the bytes are right
        self.write(data)


def erroneous(
    *modes: SerialMode, state: State | None = None
) -> tuple[ErroneousAdapter, SerialSource]:
    adapter = ErroneousAdapter("2400 8N1")
    source = SerialSource("/dev/x", modes, state=state, delays=(0.0,), opening=adapter.open)
    return adapter, source


TELEGRAM = b"\x68" * 100
WITHOUT_PARITY = SerialMode.parse("2400 8N1")


async def test_a_meter_without_parity_read_with_one_is_read_on_without() -> None:
    state = Memory()
    state.set(SERIAL_MODES, "/dev/x", str(FIRST))  # as a version before kept it
    adapter, one = erroneous(FIRST, SECOND, WITHOUT_PARITY, state=state)
    async with reading(one) as events:
        assert await anext(events) == Opened(f"/dev/x ({FIRST})", FIRST, searching=True)
        adapter.push(TELEGRAM)
        chunk = await anext(events)
        assert (chunk, len(errors_in(chunk))) == (TELEGRAM, 100)  # type: ignore[arg-type]
        one.framed()
        gave_up = await anext(events)
        assert gave_up == GaveUp(FIRST, was_right=False, doubted=True)
        assert str(gave_up) == (
            "most bytes have parity errors with 2400 8E1, trying it without parity"
        )
        line = f"/dev/x ({WITHOUT_PARITY})"
        assert await anext(events) == Opened(line, WITHOUT_PARITY, searching=True)
        adapter.push(TELEGRAM)
        assert await anext(events) == TELEGRAM
        one.framed()
        waiting = asyncio.create_task(anext(events))
        assert await waiting == Settled(WITHOUT_PARITY, searched=True)
    assert state.get(SERIAL_MODES, "/dev/x") == str(WITHOUT_PARITY)


async def test_a_meter_without_parity_is_read_on_with_one_that_the_user_has_set() -> None:
    adapter, one = erroneous(FIRST)
    async with reading(one) as events:
        assert await anext(events) == Opened(f"/dev/x ({FIRST})", FIRST)
        adapter.push(TELEGRAM)
        assert await anext(events) == TELEGRAM
        one.framed()
        assert await anext(events) == Settled(FIRST, searched=False)
        for _ in range(3):
            adapter.push(TELEGRAM)
            assert await anext(events) == TELEGRAM
            one.framed()


async def test_the_end_of_a_burst_shows_that_a_mode_is_wrong_without_waiting_for_the_next() -> None:
    adapter, one = erroneous(FIRST, SECOND)
    async with reading(one) as events:
        await anext(events)
        await asyncio.sleep(1.2 * GAP)  # so the burst that follows was not cut
        adapter.push(TELEGRAM)
        assert await anext(events) == TELEGRAM
        assert await anext(events) == GaveUp(FIRST, was_right=False)
        await anext(events)
        for _ in range(FAILED_BURSTS):
            await asyncio.sleep(1.05 * GAP)
            adapter.push(TELEGRAM)
            assert await anext(events) == TELEGRAM
        assert await anext(events) == GaveUp(SECOND, was_right=False)
