"""Every fault that a line, a gateway, a broker or a computer can have, and how soon it is over.

The real program in a process of its own, real terminals, sockets and Mosquitto. Each test makes the
cause go away and measures the seconds to the next new reading at a second MQTT client, which has to
be what the meter said, digit for digit. The figures stand at the end of the run.
"""

import asyncio
import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from datetime import UTC
from pathlib import Path
from time import monotonic

import pytest

from simulator.ciphering import AUTH_KEY, KEY
from simulator.wires import TcpServer, settle
from tests.support import noise
from tests.support.garbage import BYTES_A_SECOND, GARBAGE, endless
from tests.support.mosquitto import TIMEOUT, Mosquitto, Watcher
from tests.support.program import Program, options, running
from tests.support.pushing import TOPICS, Pushing, pushing
from tests.support.relay import Relay
from tests.support.simulated import Adapter, SimulatedMeter, reset
from tests.support.supervised import TOKEN, FakeSupervisor, service

ONE_TELEGRAM = 5.0
"""Seconds between the telegrams of most meters: what may be lost once a cause is gone."""

ENOUGH = 1.5
"""Seconds that a machine may take on top that is busy with something else just then."""

Figure = Callable[[str], None]


@pytest.fixture
def over(figure: Figure) -> Callable[[str, float], None]:
    """Take the time in which a fault was over; see that it is at most one telegram."""

    def take(fault: str, seconds: float) -> None:
        figure(f"recovered after {seconds:5.2f} s: {fault}")
        assert seconds < ONE_TELEGRAM + ENOUGH

    return take


Over = Callable[[str, float], None]


@asynccontextmanager
async def household(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, before: str = ""
) -> AsyncGenerator[tuple[Program, Watcher, Pushing]]:
    """Give the program, a second client and a meter, all well."""
    meter = SimulatedMeter(adapter, "e450", zone=UTC)
    async with (
        running(options(broker, adapter.path), tmp_path, before=before) as program,
        broker.watch() as home,
        pushing(meter) as stream,
    ):
        await program.ready()
        await stream.recovery(home)
        yield program, home, stream


# The line


@pytest.mark.parametrize("family", ["kaifa", "e450"])
async def test_every_telegram_after_noise_is_read(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, over: Over, family: str
) -> None:
    meter = SimulatedMeter(adapter, family, zone=UTC)
    stream = Pushing(meter)
    other = SimulatedMeter(None, "sagemcom")
    chance = random.Random(6)  # noqa: S311 - noise is no cryptography
    async with (
        running(options(broker, adapter.path), tmp_path) as program,
        broker.watch() as home,
    ):
        await program.ready()
        await stream.once()
        await stream.published(home)
        for kind, make in noise.KINDS.items():
            for chunk in noise.chunks(make(meter, other, chance)):
                adapter.write(chunk)
                await settle(adapter)
            over(f"{kind} ({family})", await stream.next(home))


@pytest.mark.slow
async def test_a_silent_meter_is_read_from_its_next_telegram_on(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, over: Over
) -> None:
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    stream = Pushing(meter)
    hasty = "from app.line import health; health.SILENT_AFTER = 0.5; health.MISSED_PUSHES = 0"
    async with (
        running(options(broker, adapter.path), tmp_path, before=hasty) as program,
        broker.watch() as home,
    ):
        await program.ready()
        await stream.once()
        await home.wait(TOPICS.meter_status(meter.id), "online")
        await home.wait(TOPICS.meter_status(meter.id), "offline")
        assert "WARNING" in await program.logs("no bytes from the meter")
        over("silent meter", await stream.next(home))
        await home.wait(TOPICS.meter_status(meter.id), "online")


@pytest.mark.slow
async def test_an_unplugged_adapter_is_read_again_as_another_device_behind_its_link(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, over: Over
) -> None:
    async with household(broker, adapter, tmp_path) as (program, home, stream):
        before = adapter.path.readlink()
        adapter.close()
        await program.logs("is gone")
        with ExitStack() as others:  # which take the numbers that are free, up to the old one
            taken = before
            for n in range(8):
                other = others.enter_context(closing(Adapter(tmp_path / f"tty{n}")))
                taken = other.path.readlink()
                if taken == before:
                    break
            assert taken == before
            adapter.plug_in()
        assert adapter.path.readlink() != before
        over("adapter pulled, replugged as another ttyUSB", await stream.recovery(home))


@pytest.mark.slow
async def test_the_only_adapter_is_read_again_under_another_name(
    broker: Mosquitto, tmp_path: Path, over: Over
) -> None:
    """None is chosen, and there is no lasting link."""
    found = tmp_path / "found"
    found.touch()
    look = f"""
import pathlib
from types import SimpleNamespace
from serial.tools import list_ports
def comports():
    return [
        SimpleNamespace(device=path, vid=1, description="x", manufacturer="x", product="x")
        for path in pathlib.Path({str(found)!r}).read_text().split()
    ]
list_ports.comports = comports
"""
    given = options(broker, "")
    del given["url"]
    first = Adapter(tmp_path / "ttyUSB0")
    meter = SimulatedMeter(first, "kaifa", zone=UTC)
    async with (
        running(given, tmp_path, before=look) as program,
        broker.watch() as home,
        pushing(meter) as stream,
    ):
        await program.logs("no serial adapter is there")
        found.write_text(str(first.path))
        over("no adapter there at the start", await stream.recovery(home))
        found.write_text("")
        first.close()
        await program.logs("is gone")
        await program.logs("no serial adapter is there")
        with closing(Adapter(tmp_path / "ttyUSB1")) as second:
            meter.wire = second
            found.write_text(str(second.path))
            over("only adapter replugged under another name", await stream.recovery(home))


@pytest.mark.slow
async def test_a_device_locked_by_another_process_is_waited_for(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, over: Over
) -> None:
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    device = os.open(adapter.path, os.O_RDONLY | os.O_NOCTTY)
    fcntl.flock(device, fcntl.LOCK_EX)
    async with (
        running(options(broker, adapter.path), tmp_path) as program,
        broker.watch() as home,
        pushing(meter) as stream,
    ):
        await program.logs("is in use by another program; stop that one")
        os.close(device)
        over("device busy", await stream.recovery(home))


NOBODY = """
import argparse, encodings.idna, encodings.utf_8_sig, os, app.cli, app.commands.run, app.run
if os.geteuid() == 0:  # who is denied nothing
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that all may read and only this user write to."""
    folder = Path(tempfile.mkdtemp(prefix="smartmeter-test-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


async def test_reading_recovers_from_permission_denied_and_an_unwritable_folder(
    broker: Mosquitto, folder: Path, over: Over
) -> None:
    with closing(Adapter(folder / "ttyMeter")) as adapter:
        device = adapter.path.resolve()
        device.chmod(0)
        given = options(broker, adapter.path)
        (folder / "options.json").write_text(json.dumps(given))
        folder.chmod(0o555)  # noqa: ASYNC240 - once, and quick
        async with (
            running(given, folder, before=NOBODY) as program,
            broker.watch() as home,
            pushing(SimulatedMeter(adapter, "kaifa", zone=UTC)) as stream,
        ):
            await program.logs("permission denied for the serial device")
            await program.logs("state.json cannot be written (permission denied); going on without")
            device.chmod(0o666)
            over("permission denied, and /data read-only all the time", await stream.recovery(home))
            assert (await program.stop()).status == 0


@pytest.mark.slow
async def test_minutes_of_garbage_take_little_memory_and_processor_time(
    broker: Mosquitto, tmp_path: Path, over: Over, figure: Figure
) -> None:
    size = 3_000_000 // len(GARBAGE)
    with closing(await TcpServer.listen(0)) as gateway:
        stream = Pushing(SimulatedMeter(gateway, "sagemcom", zone=UTC))
        given = options(broker, f"tcp://127.0.0.1:{gateway.port}")
        async with broker.watch() as home, running(given, tmp_path) as program:
            await program.ready()
            async with asyncio.timeout(TIMEOUT):
                await gateway.clients(1)
            await stream.next(home)
            sizes, busy, written = [], program.busy, 0
            for _ in range(3):
                for kind in GARBAGE:
                    for chunk in endless(kind, size):
                        gateway.write(chunk)
                        written += len(chunk)
                        if gateway.pending():
                            await settle(gateway)
                    await asyncio.sleep(0)
                over("minutes of garbage", await stream.next(home))
                sizes.append(program.resident)
            busy = program.busy - busy
    minutes = written / BYTES_A_SECOND / 60
    figure(
        f"{written / 1e6:.0f} MB of garbage of {len(GARBAGE)} kinds, {minutes:.0f} minutes at"
        f" 115200 baud: resident {sizes} kB after each third, a processor busy for"
        f" {100 * busy / (60 * minutes):.1f} % of that time"
    )
    assert sizes[-1] - sizes[0] < 2000
    assert busy < 60 * minutes / 4


# Gateways


@pytest.mark.slow
async def test_a_gateway_that_stalls_or_is_slow_or_resets_or_forgets_is_read_again(
    broker: Mosquitto, tmp_path: Path, over: Over
) -> None:
    hasty = (
        "from app.transport.tcp_source import TcpSource;"
        " TcpSource.__init__.__kwdefaults__['silences'] = (1.5,)"
    )
    with closing(await TcpServer.listen(0)) as gateway:
        meter = SimulatedMeter(gateway, "kaifa", zone=UTC)
        url = f"tcp://127.0.0.1:{gateway.port}"
        stream = Pushing(meter)
        async with (
            running(options(broker, url), tmp_path, before=hasty) as program,
            broker.watch() as home,
        ):
            await program.ready()
            async with asyncio.timeout(TIMEOUT):
                await gateway.clients(1)
            data = meter.telegram().data
            for at in range(0, len(data), 7):  # slowly: each segment of TCP holds a few bytes
                gateway.write(data[at : at + 7])
                await settle(gateway)
            over("gateway that sends slowly", await stream.next(home))
            # Stalls in the middle of a telegram, for longer than is waited for.
            gateway.write(data[:100])
            gateway._clients.clear()  # the connection stays open, nobody writes to it any more
            async with pushing(meter) as stream:
                over("gateway that forgot us, connection open (*)", await stream.recovery(home))
                reset(gateway)
                over("gateway that resets the connection", await stream.recovery(home))
                port = gateway.port
                gateway.close()
                await program.logs("refuses the connection")
                with closing(await TcpServer.listen(port)) as again:
                    meter.wire = again
                    over("gateway restarted", await stream.recovery(home))
        assert "anew" not in program.output


# The broker


@pytest.mark.slow
async def test_a_broker_that_is_restarted_or_stalls_gets_the_next_reading(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, over: Over
) -> None:
    async with household(broker, adapter, tmp_path) as (program, home, stream):
        with broker.stalled():
            await asyncio.sleep(1.0)
        over("broker stalled for a second", await stream.recovery(home))
        with suppress(AssertionError):
            broker.restart()
        async with broker.watch() as later:
            over("broker restarted", await stream.recovery(later))
        broker.stop()
        await program.logs("where the MQTT broker should be")
        broker.start()
        async with broker.watch() as later:
            over("broker refusing connections", await stream.recovery(later))


@pytest.mark.slow
async def test_after_a_long_absence_reading_resumes_within_one_telegram(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, over: Over
) -> None:
    async with household(broker, adapter, tmp_path) as (program, home, stream):
        adapter.close()
        await asyncio.sleep(12)
        adapter.plug_in()
        over("adapter away for 12 s", await stream.recovery(home))
        with broker.stalled():
            await asyncio.sleep(20)
        async with broker.watch() as later:
            over("broker stalled for 20 s", await stream.recovery(later))
        broker.stop()
        await asyncio.sleep(12)
        await program.logs("where the MQTT broker should be")
        broker.start()
        async with broker.watch() as later:
            over("broker away for 12 s", await stream.recovery(later))


class Distant(Mosquitto):
    """A Mosquitto that is reached through a cable."""

    host = "10.253.77.1"


@pytest.fixture
def cable() -> Iterator[tuple[tuple[str, ...], Callable[[str], None]]]:
    """Give what starts a program at the far end of a network cable, and what pulls that cable."""
    name = f"meter{os.getpid()}"
    near = f"m{os.getpid()}"

    def ip(arguments: str) -> None:
        subprocess.run(("ip", *arguments.split()), check=True, capture_output=True)

    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("only root can make a network, with the command ip")
    try:
        ip(f"netns add {name}")
    except subprocess.CalledProcessError:
        pytest.skip("no network can be made here")
    try:
        ip(f"link add {near} type veth peer name far netns {name}")
        ip(f"addr add {Distant.host}/30 dev {near}")
        ip(f"link set {near} up")
        ip(f"-n {name} addr add 10.253.77.2/30 dev far")
        ip(f"-n {name} link set far up")
        yield ("ip", "netns", "exec", name), lambda state: ip(f"link set {near} {state}")
    finally:
        ip(f"netns del {name}")


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [2, 20])
async def test_reading_recovers_from_a_network_without_packets(
    cable: tuple[tuple[str, ...], Callable[[str], None]],
    adapter: Adapter,
    tmp_path: Path,
    over: Over,
    seconds: int,
) -> None:
    prefix, set_cable = cable
    directory = tmp_path / "mosquitto"
    directory.mkdir()
    broker = Distant(directory).start()
    try:
        async with (
            running(options(broker, adapter.path), tmp_path, prefix=prefix) as program,
            broker.watch() as home,
            pushing(SimulatedMeter(adapter, "e450", zone=UTC)) as stream,
        ):
            await program.ready()
            await stream.recovery(home)
            set_cable("down")
            await asyncio.sleep(seconds)
            set_cable("up")
            over(f"network without packets for {seconds} s", await stream.recovery(home))
    finally:
        broker.kill()


@pytest.mark.slow
async def test_an_interrupted_publication_is_followed_by_the_next_reading(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, over: Over
) -> None:
    async with Relay(broker) as relay:
        given = options(broker, adapter.path)
        given["mqtt"]["port"] = relay.options.port
        meter = SimulatedMeter(adapter, "e450", zone=UTC)
        async with (
            running(given, tmp_path) as program,
            broker.watch() as home,
            pushing(meter) as stream,
        ):
            await program.ready()
            await stream.recovery(home)
            relay.lose_answers_from('"timestamp"')
            await stream.published(home)
            relay.cut()
            over("broker dropping the connection mid-publish", await stream.recovery(home))


async def test_an_absent_supervisor_is_asked_again(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, over: Over
) -> None:
    supervisor = FakeSupervisor()
    supervisor.replies({"result": "ok", "data": service(broker)})
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    environment = {"SUPERVISOR_URL": f"http://127.0.0.1:{port}", "SUPERVISOR_TOKEN": TOKEN}
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    given = options(broker, adapter.path, mqtt={})
    async with (
        running(given, tmp_path, environment) as program,
        broker.watch() as home,
        pushing(meter) as stream,
    ):
        await program.logs("WARNING ")
        await program.logs("first telegram of")
        async with await asyncio.start_server(supervisor.serve, "127.0.0.1", port):
            over("Supervisor absent", await stream.recovery(home))
            supervisor.hang_up()


@pytest.mark.slow
async def test_while_the_broker_is_away_only_the_newest_reading_is_kept(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, figure: Figure
) -> None:
    meter = SimulatedMeter(adapter, "e450", zone=UTC)
    stream = Pushing(meter)
    async with running(options(broker, adapter.path), tmp_path) as program:
        await program.ready()
        await stream.once()
        await program.logs("first telegram of")
        broker.stop()
        await program.logs("was lost")
        sizes = []
        for _ in range(4):
            for _ in range(100):
                await stream.once()
                await settle(adapter)
            sizes.append(program.resident)
        broker.start()
        async with broker.watch() as home:
            begin = monotonic()
            begun = await stream.published(home)
            seconds = monotonic() - begin
        figure(
            f"broker away for {len(stream.said) - 1} telegrams: resident {sizes} kB after each 100;"
            f" the newest reading {seconds:.2f} s after its return"
        )
        assert begun == stream.said[max(stream.said)][0]
        assert seconds < ONE_TELEGRAM + ENOUGH
        assert sizes[-1] - sizes[0] < 1024


# The computer


async def test_readings_go_on_when_the_computer_s_clock_jumps(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, over: Over
) -> None:
    offset = tmp_path / "offset"
    offset.write_text("0")
    jumping = f"""
import datetime, time
real, real_ns = time.time, time.time_ns
def now():
    return real() + int(open({str(offset)!r}).read() or 0)
time.time, time.time_ns = now, lambda: int(now() * 1e9)
class Moment(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(now(), tz)
class Day(datetime.date):
    @classmethod
    def today(cls):
        return cls.fromtimestamp(now())
datetime.datetime, datetime.date = Moment, Day
"""
    async with household(broker, adapter, tmp_path, before=jumping) as (_, home, stream):
        for what, seconds in {"a year ahead": 31536000, "to 1990": -1153000000, "back": 0}.items():
            offset.write_text(str(seconds))
            over(f"clock jumps {what}", await stream.recovery(home))
        status = TOPICS.meter_status(stream.meter.id)
        assert "offline" not in home.payloads(status)[1:]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk that is full but for what an options file needs."""
    if os.geteuid():
        pytest.skip("only root can make a small disk")
    disk = tmp_path / "data"
    disk.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk))
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        (disk / "options.json").write_text("x" * 1000)  # keeps its page
        with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(1024))
        yield disk
    finally:
        subprocess.run(("umount", str(disk)), check=True)


async def test_readings_go_on_when_the_disk_is_full(
    broker: Mosquitto, adapter: Adapter, full_disk: Path, tmp_path: Path, over: Over
) -> None:
    given = options(broker, adapter.path)
    opened = (
        f"import app.commands.run; app.commands.run.STATE_FILE = {str(full_disk / 'state.json')!r}"
    )
    async with (
        running(given, tmp_path, before=opened) as program,
        broker.watch() as home,
        pushing(SimulatedMeter(adapter, "kaifa", zone=UTC)) as stream,
    ):
        await program.logs("state.json cannot be written (no space left on device)")
        over("disk full all the time", await stream.recovery(home))
        assert (await program.stop()).status == 0
    assert sorted(os.listdir(full_disk)) == ["filler", "options.json"]  # noqa: PTH208 - as good


async def ended_at(
    broker: Mosquitto, adapter: Adapter, folder: Path, after: float
) -> tuple[int, bool]:
    """Start the program, end it so many seconds later; give status, and whether it had begun."""
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    async with (
        running(options(broker, adapter.path), folder) as program,
        pushing(meter),
    ):
        await asyncio.sleep(after)
        status = (await program.stop()).status
        begun = "smart meter reader" in program.output
    state = folder / "state.json"
    if state.exists():
        assert json.loads(state.read_text("utf-8"))["version"] == 2
    assert not (folder / "state.new").exists()
    return status, begun


async def see_it_ends_well(
    broker: Mosquitto, adapter: Adapter, folder: Path, moments: list[float]
) -> None:
    for moment in moments:
        status, begun = await ended_at(broker, adapter, folder, moment)
        assert status == 0 if begun else status in (0, -signal.SIGTERM), moment
        async with broker.watch(TOPICS.status, TOPICS.meter_status("+")) as late:
            await late.publish("end", "")
            assert "online" not in [seen.payload for seen in late.messages], moment


async def test_the_program_ends_at_a_signal_at_three_moments(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    await see_it_ends_well(broker, adapter, tmp_path, [0.05, 0.35, 0.7])


@pytest.mark.slow
async def test_the_program_ends_at_a_signal_at_many_moments(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    chance = random.Random(1)  # noqa: S311 - the same
    moments = [chance.uniform(0.0, 1.5) for _ in range(60)]
    await see_it_ends_well(broker, adapter, tmp_path, moments)


# Exceptions of this program

MISTAKE = """
import app.decoder
read = app.decoder.Interpreter.interpret
def mistaken(self, push):
    telegram = read(self, push)
    if telegram.profile and telegram.profile.type == "kaifa":
        raise ZeroDivisionError("a mistake in the decoder")
    return telegram
app.decoder.Interpreter.interpret = mistaken
"""
MISTAKE_BEYOND = """
import app.line.lasting, app.run, app.line.reader, app.mqtt.publisher
app.line.lasting.RESTART_AFTER = 0.2
heard = app.line.reader.Diagnostics.heard
def mistaken(self, meter, now):
    if meter.type == "kaifa":
        raise ZeroDivisionError("a mistake beyond the decoder")
    heard(self, meter, now)
app.line.reader.Diagnostics.heard = mistaken
"""
MISTAKE_AT_THE_BROKER = """
import app.line.lasting, app.run, app.mqtt.conversation
app.line.lasting.RESTART_AFTER = 0.2
receive = app.mqtt.conversation.Conversation._receive
left = [1, 1]
async def mistaken(self):
    if left:
        left.pop()
        raise ZeroDivisionError("a mistake while publishing")
    await receive(self)
app.mqtt.conversation.Conversation._receive = mistaken
"""

MISTAKES = {
    "Keller: a telegram could not be decoded": MISTAKE,
    "reading a meter failed": MISTAKE_BEYOND,
    "publishing failed": MISTAKE_AT_THE_BROKER,
}


@pytest.mark.parametrize(
    "where",
    ["Keller: a telegram could not be decoded", "reading a meter failed", "publishing failed"],
)
async def test_an_exception_with_one_meter_does_not_stop_the_other(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, over: Over, where: str
) -> None:
    mistake = MISTAKES[where]
    with closing(await TcpServer.listen(0)) as gateway:
        kaifa, e450 = (
            SimulatedMeter(adapter, "kaifa", zone=UTC),
            SimulatedMeter(gateway, "e450", zone=UTC),
        )
        second = {"url": f"tcp://127.0.0.1:{gateway.port}", "key": KEY.hex(), "name": "Stall"}
        both = options(broker, adapter.path, name="Keller", additional_meters=[second])
        async with (
            running(both, tmp_path, before=mistake, may_fail=True) as program,
            broker.watch() as home,
            pushing(kaifa) as failing,
            pushing(e450) as well,
        ):
            line = await program.logs(f"{where} through a mistake in this program")
            over(f"mistake of ours with another meter: {where}", await well.recovery(home))
            over("the same, once more", await well.recovery(home))
            if mistake is MISTAKE:
                data = line.partition("The bytes: ")[2].split()[0]
                assert bytes.fromhex(data)
                assert home.payloads(failing.topic) == []
            assert KEY.hex() not in program.output
            assert AUTH_KEY.hex() not in program.output
            assert (await program.stop()).status == 0
