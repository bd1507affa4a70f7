"""From a meter's line into a file and back: `record`, `decode` and `replay` give what was sent."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app import cli
from app.anonymous import AUTH_KEY, KEY, Anonymiser
from app.commands import reading
from app.dlms.ciphering import Keys
from app.meters.states import MESSAGES
from app.meters.telegram import Telegram
from app.recordings import recorder
from app.recordings.recorder import READ_OFF, Wanted
from app.transport import capture
from app.transport.serial_mode import SerialMode
from app.transport.source import source_for
from simulator import wires
from simulator.clock import VIENNA
from simulator.meters import Truth
from tests.support.captures import PROFILES
from tests.support.mosquitto import TIMEOUT, Mosquitto, free_port
from tests.support.program import bare_environment
from tests.support.program import options as program_options
from tests.support.simulated import (
    EVERY_LIST,
    SILENT,
    START,
    UNITS_TO_BE_FOUND,
    Adapter,
    SimulatedMeter,
    published,
    states,
)
from tests.support.telegrams import decode, decoder, expected_registers, registers, telegrams

ADDON = Path(cli.__file__).parents[1]
OWN = Keys(bytes(range(0x40, 0x50)), bytes(range(0x60, 0x70)))
MADE_UP = Keys(KEY, AUTH_KEY)
COUNT, MANY = 4, 20
NAMELESS = {("aidon", "sweden"), ("kaifa-nordic", "norway-1")}
"""Lists without the meter's number, which is waited for in others of the same meter."""

NUMBERS = {"1-1:0.0.0", "1-1:0.0.1"}
"""Registers whose numbers are the meter's."""

BEHIND = {"Gas meter", "Water meter", "Heat meter"}
Said = tuple[Decimal | int | str | bool, str]


def meter(wire: wires.Wire | None, family: str, variant: str | None = None) -> SimulatedMeter:
    assert OWN.encryption
    assert OWN.authentication
    return SimulatedMeter(
        wire, family, variant, key=OWN.encryption, auth_key=OWN.authentication, serial=7391846
    )


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> Callable[[Keys], None]:
    """Let the commands find the meter's keys, until others are set."""

    def use(keys: Keys) -> None:
        for name, key in (
            (reading.KEY_VARIABLE, keys.encryption),
            (reading.AUTH_KEY_VARIABLE, keys.authentication),
        ):
            monkeypatch.setenv(name, key.hex() if key else "")

    use(OWN)
    for name in ("decode", "listen", "record", "replay"):
        monkeypatch.setattr(f"app.commands.{name}.local_zone", lambda: VIENNA)
    return use


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@dataclass(frozen=True)
class Result:
    """What a command gave."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line, parse_float=Decimal) for line in self.out.splitlines()]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def command(*arguments: str | Path) -> Result:
        status: int | str | None
        try:
            status = cli.main(list(map(str, arguments)))
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        assert isinstance(status, int)
        return Result(status, said.out, said.err)

    return command


Run = Callable[..., Result]


class Words(io.StringIO):
    """A stream of which a test can wait for words."""

    def __init__(self) -> None:
        super().__init__()
        self._news = asyncio.Event()

    def write(self, text: str) -> int:
        self._news.set()
        return super().write(text)

    async def says(self, text: str) -> None:
        while text not in self.getvalue():
            self._news.clear()
            await self._news.wait()


async def recorded(
    adapter: Adapter, one: SimulatedMeter, anonymous: Keys | None, count: int
) -> tuple[str, list[Truth]]:
    """Record some telegrams from a terminal, by a clock that goes with the meter's."""
    now = 0.0
    out, err = io.StringIO(), Words()
    mode = SerialMode.parse("9600 8N1")  # a pseudo terminal has no parity
    source = source_for(str(adapter.path), mode=mode)
    anonymiser = Anonymiser(anonymous, PROFILES) if anonymous else None
    wanted = Wanted(telegrams=count, anonymiser=anonymiser)
    running = asyncio.create_task(
        recorder.record(
            source, decoder(OWN), wanted, out, err, clock=lambda: now, begun=lambda: START
        )
    )
    sent = []
    async with asyncio.timeout(TIMEOUT):
        await err.says("reading")
        for number in range(1, count + 1):
            sent.append((await one.push()).truth)
            await err.says(f"telegram {number}:")
            now += one.meter.interval
        assert await running == 0
    return out.getvalue(), sent


def measured(telegram: Telegram) -> dict[str, Said]:
    """The registers that hold a number, but not one of the meter."""
    found = registers(telegram)
    return {
        code: said
        for code, said in found.items()
        if isinstance(said[0], (Decimal, int)) and code not in NUMBERS
    }


def household(truth: Truth) -> dict[str, Decimal | str]:
    """What a telegram says to a household."""
    return {**published(truth), **states(truth)}


def without_messages(readings: Mapping[str, Any]) -> dict[str, Any]:
    """Readings but what the operator writes to the customer, which nobody is to know."""
    return {key: value for key, value in readings.items() if key not in MESSAGES.values()}


@pytest.mark.parametrize("anonymous", [False, True], ids=["as it is", "anonymous"])
@pytest.mark.parametrize(("family", "variant"), EVERY_LIST)
def test_what_is_recorded_from_a_line_decodes_and_replays_to_what_was_sent(
    *,
    adapter: Adapter,
    tmp_path: Path,
    run: Run,
    keys: Callable[[Keys], None],
    family: str,
    variant: str,
    anonymous: bool,
) -> None:
    """Through a real terminal, for every list of every family."""
    one = meter(adapter, family, variant)
    count = MANY if (family, variant) in NAMELESS else COUNT
    text, sent = asyncio.run(recorded(adapter, one, OWN if anonymous else None, count))
    path = tmp_path / "recording.txt"
    path.write_text(text)
    own = MADE_UP if anonymous else OWN
    keys(own)
    found = telegrams(decode([chunk.data for chunk in capture.read(str(path)).recording], own))
    assert len(found) == count
    for telegram, truth in zip(found, sent, strict=True):
        expected = expected_registers(truth)
        assert telegram.fault is None
        assert list(registers(telegram)) == list(expected)
        assert measured(telegram) == {
            code: said
            for code, said in expected.items()
            if isinstance(said[0], Decimal) and code not in NUMBERS
        }
        assert anonymous or registers(telegram) == expected
        if truth.says_time and truth.timestamp.tzinfo:
            assert telegram.timestamp == truth.timestamp
    assert run("decode", path).status == 0
    replayed = run("replay", "--speed", "0", path)
    readings = [line for line in replayed.lines if line["model"] not in BEHIND]
    if (family, variant) in SILENT:
        assert readings == []
        return
    said, wanted = readings[-1]["readings"], household(sent[-1])
    if anonymous:
        said, wanted = without_messages(said), without_messages(wanted)
    if family in UNITS_TO_BE_FOUND:
        wanted = {key: wanted[key] for key in wanted if key in said or "energy" not in key}
    assert said == wanted
    assert len(readings) >= COUNT - 2  # the first ones may have to be confirmed
    times = {truth.timestamp.isoformat() for truth in sent}
    for line in readings if sent[0].says_time else []:
        assert line["timestamp"] in times


# --- record ---


def binary(tmp_path: Path, one: SimulatedMeter, count: int = 3) -> Path:
    path = tmp_path / "capture.bin"
    path.write_bytes(b"".join(one.telegram().data for _ in range(count)))
    return path


def test_a_line_is_recorded_by_the_command_until_there_is_enough(
    adapter: Adapter, tmp_path: Path
) -> None:
    """The real command in a process of its own, and the meter at its own pace."""
    path = tmp_path / "recording.txt"

    async def both() -> tuple[int, str]:
        arguments = ["record", str(adapter.path), "--telegrams", "2", "-o", str(path)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", *arguments, "--meter-type", "kaifa"),
            cwd=ADDON,
            env={**bare_environment(), reading.KEY_VARIABLE: own_key()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        assert process.stdout is not None
        first = (await process.stderr.readline()).decode()
        one = meter(adapter, "kaifa")
        for _ in range(2):
            await one.push(baud=115200)
        rest = (await process.stderr.read()).decode()
        assert await process.stdout.read() == b""
        return await process.wait(), first + rest

    async def timed() -> tuple[int, str]:
        async with asyncio.timeout(TIMEOUT):
            return await both()

    status, said = asyncio.run(timed())
    assert status == 0
    lines = said.splitlines()
    assert f"reading {adapter.path} (2400 8E1); Ctrl-C ends" in lines[0]
    assert "telegram 1: mbus, 260 bytes, ciphered, Kaifa MA309, 11 values" in lines[1]
    assert (
        "recorded 564 bytes, 4 good frames: 2 telegrams, 2 of them could be read; 0 bytes belong"
        " to no frame" in lines[-1]
    )
    text = path.read_text("ascii")
    assert "# serial mode: 2400 8E1\n" in text
    assert own_key() not in text.lower().replace(" ", "")
    assert own_key() not in said.lower()
    assert len(capture.read(str(path)).recording) > 4


def own_key() -> str:
    assert OWN.encryption
    return OWN.encryption.hex()


def test_a_recording_goes_to_standard_output_and_words_beside_it(tmp_path: Path, run: Run) -> None:
    result = run("record", binary(tmp_path, meter(None, "kaifa")))
    assert result.status == 0
    assert result.out.startswith("# smart meter recording, format 1\n")
    assert "telegram" not in result.out
    assert "3 telegrams, 3 of them could be read" in result.err
    assert f"# {READ_OFF}energy_import = ? kWh\n" in result.out


def test_a_recording_without_a_key_is_told_to_be_ciphered(
    tmp_path: Path, run: Run, keys: Callable[[Keys], None]
) -> None:
    keys(Keys())
    result = run("record", binary(tmp_path, meter(None, "kaifa")))
    assert result.status == 0
    assert "3 telegrams, 0 of them could be read" in result.err
    assert "whoever has the key can read the recording, and nobody else" in result.err
    assert READ_OFF not in result.out


def test_a_copy_keeps_the_times_of_a_recording(tmp_path: Path, run: Run) -> None:
    data = meter(None, "kaifa").telegram().data
    path = tmp_path / "first.txt"
    path.write_text(
        f"# begun: 2026-07-01T12:00:05+02:00\n1.500 {data[:99].hex()}\n9.250 {data[99:].hex()}\n"
    )
    for more in ([], ["--anonymous"]):
        lines = run("record", path, *more).out.splitlines()
        assert "# begun: 2026-07-01T12:00:05+02:00" in lines
        times = [line.partition(" ")[0] for line in lines if not line.startswith("#")]
        assert times == ["0.000", "7.750"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Keys(), "only with their key can they be made anonymous: give it in SMARTMETER_KEY"),
        (MADE_UP, "cannot be deciphered with this key, so they cannot be made anonymous"),
    ],
)
def test_ciphered_telegrams_are_not_made_anonymous_without_their_key(
    tmp_path: Path, run: Run, keys: Callable[[Keys], None], given: Keys, why: str
) -> None:
    keys(given)
    path = tmp_path / "anonymous.txt"
    source = binary(tmp_path, meter(None, "kaifa"))
    result = run("record", source, "--anonymous", "-o", path)
    assert (result.status, result.out) == (1, "")
    assert why in result.err
    assert result.err.rstrip().endswith("Nothing was recorded")
    assert not path.exists()


def test_the_made_up_key_is_printed_and_the_own_one_is_not(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "anonymous.txt"
    result = run("record", binary(tmp_path, meter(None, "kaifa")), "--anonymous", "-o", path)
    assert result.status == 0
    for text in (result.err, path.read_text()):
        assert KEY.hex().upper() in text
        assert own_key() not in text.lower().replace(" ", "")


def test_what_is_left_out_is_told(tmp_path: Path, run: Run) -> None:
    one = meter(None, "kaifa")
    path = tmp_path / "capture.bin"
    damaged = bytearray(one.telegram().data)
    damaged[60] ^= 1
    path.write_bytes(b"181227391846" + damaged + one.telegram().data)
    result = run("record", path, "--anonymous")
    assert result.status == 0
    assert "anonymous: 1 telegram with made-up numbers" in result.err
    assert f"left out: {12 + len(damaged)} bytes in all" in result.err


@pytest.mark.parametrize("more", [[], ["--anonymous"]])
def test_a_file_that_holds_no_bytes_gives_no_recording(
    tmp_path: Path, run: Run, more: list[str]
) -> None:
    (tmp_path / "empty").write_bytes(b"")
    result = run("record", tmp_path / "empty", *more, "-o", tmp_path / "new")
    assert (result.status, result.out) == (1, "")
    assert "no telegram came" in result.err or "no whole telegram came" in result.err
    assert not (tmp_path / "new").exists()


def test_a_device_may_be_named_from_the_folder_that_it_stands_in(
    adapter: Adapter, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(adapter.path.parent)
    result = run("record", adapter.path.name, "--seconds", "0.05")
    assert f"reading {adapter.path} (" in result.err


def test_a_recording_never_takes_the_place_of_a_file(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "there.txt"
    path.write_text("precious")
    result = run("record", binary(tmp_path, meter(None, "kaifa")), "-o", path)
    assert (result.status, result.out) == (2, "")
    assert "is there already; choose another name" in result.err
    assert path.read_text() == "precious"
    result = run("record", binary(tmp_path, meter(None, "kaifa")), "-o", tmp_path / "no" / "x")
    assert result.status == 2
    assert "cannot be written: no such file or directory" in result.err


def test_a_line_on_which_nothing_comes_gives_no_recording(
    adapter: Adapter, tmp_path: Path, run: Run
) -> None:
    result = run("record", adapter.path, "--seconds", "0.05", "-o", tmp_path / "x.txt")
    assert result.status == 1
    assert "no telegram came; `listen` shows what is wrong" in result.err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["record", "/no/such/device", "--telegrams", "0"], "must be 1 or more"),
        (["record", "gibberish"], "there is no file or device gibberish"),
        (["record", "/no/such/file"], "there is no file or device /no/such/file"),
        (["record", "/dev"], "/dev is a folder"),
        (["record", "tcp://nowhere"], "tcp://nowhere: the port is missing"),
        (["record", "--telegrams", "few"], "must be 1 or more"),
        (["replay", "--speed", "fast"], "must be 0 or more"),
        (["replay", "/dev"], "the capture /dev cannot be read: is a directory"),
        (["record", "/dev/null", "--options", "/no/such/file"], "the file of options"),
        (["replay", "--publish", "/dev/null"], "--publish needs --options"),
        (["replay", "--speed", "-1"], "must be 0 or more"),
        (["replay", "/no/such/file"], "no such file or directory"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], why: str) -> None:
    result = run(*arguments)
    assert (result.status, result.out) == (2, "")
    assert why in result.err


def test_line_type_and_keys_are_taken_from_the_options(
    adapter: Adapter, tmp_path: Path, run: Run, keys: Callable[[Keys], None]
) -> None:
    keys(Keys())
    path = tmp_path / "options.json"
    other = {"url": str(adapter.path), "meter_type": "e450", "serial_mode": "9600 8N1"}
    path.write_text(json.dumps({"url": "/dev/none", "additional_meters": [other]}))
    result = run("record", "--options", path, "--meter", "2", "--seconds", "0.05")
    assert f"reading {adapter.path} (9600 8N1)" in result.err
    result = run("record", "--options", path, "--meter", "3", "--seconds", "0.05")
    assert (result.status, "--meter 3: the options name 2 only" in result.err) == (2, True)
    path.write_text(json.dumps({"url": "/dev/none", "key": own_key()}))
    result = run("record", binary(tmp_path, meter(None, "kaifa")), "--options", path)
    assert "3 of them could be read" in result.err


# --- replay ---


def recording(tmp_path: Path, one: SimulatedMeter, count: int, interval: float) -> Path:
    path = tmp_path / "recording.txt"
    lines = [f"{at * interval:.3f} {one.telegram().data.hex()}" for at in range(count)]
    path.write_text("\n".join(["# begun: 2026-06-21T11:00:05+02:00", *lines]))
    return path


@pytest.mark.parametrize(("family", "variant"), [("kaifa", None), ("dsmr", None), ("aidon", None)])
def test_the_pace_changes_nothing(
    tmp_path: Path, run: Run, family: str, variant: str | None
) -> None:
    path = recording(tmp_path, meter(None, family, variant), 6, 5.0)
    at_once, quick = (run("replay", "--speed", speed, path) for speed in ("0", "500"))
    assert at_once.out == quick.out
    assert at_once.status == quick.status == 0


def test_the_guard_is_part_of_it(tmp_path: Path, run: Run) -> None:
    """`decode` shows a telegram that comes again, `replay` does what the program does."""
    one = meter(None, "kaifa")
    first, second = one.telegram().data, one.telegram().data
    path = tmp_path / "recording.txt"
    lines = [f"{at}.0 {data.hex()}" for at, data in enumerate((first, second, first, first))]
    path.write_text("\n".join(lines))
    assert len(run("decode", path).lines) == 4
    result = run("replay", "--speed", "0", path)
    assert (result.status, len(result.lines)) == (1, 2)


@pytest.mark.parametrize(("family", "variant"), [("kaifa", None), ("dsmr", None), ("xt211", None)])
def test_bytes_without_times_have_those_of_their_telegrams(
    tmp_path: Path, run: Run, family: str, variant: str | None
) -> None:
    """As they came at once, the checks would find them odd; the last one has no line end."""
    one = meter(None, family, variant)
    sent = [one.telegram() for _ in range(4)]
    path = tmp_path / "x.txt"
    path.write_bytes(b"".join(one.data for one in sent).rstrip())
    result = run("replay", "--speed", "0", path)
    readings = [line["readings"] for line in result.lines if line["model"] not in BEHIND]
    assert readings == [household(one.truth) for one in sent]


def test_nothing_of_a_replay_is_kept(tmp_path: Path, run: Run) -> None:
    path = recording(tmp_path, meter(None, "kaifa"), 2, 5.0)
    options = tmp_path / "options.json"
    options.write_text(json.dumps({"key": own_key()}))
    for _ in range(2):
        assert run("replay", "--speed", "0", "--options", options, path).status == 0
    assert sorted(found.name for found in tmp_path.iterdir()) == ["options.json", path.name]


def test_an_empty_capture_gives_no_reading(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    result = run("replay", path)
    assert result.status == 1
    assert "no reading in 0 bytes; `decode` shows what is in them" in result.err


def test_readings_go_to_the_broker_if_that_is_asked_for(
    broker: Mosquitto, tmp_path: Path, run: Run
) -> None:
    one = meter(None, "kaifa")
    path = recording(tmp_path, one, 3, 5.0)
    options = tmp_path / "options.json"
    options.write_text(json.dumps(program_options(broker, "/dev/none", key=own_key())))
    result = run("replay", "--speed", "0", "--options", options, "--publish", path)
    assert (result.status, len(result.lines)) == (0, 3)
    assert "connected to the MQTT broker" in result.err
    assert broker.password not in result.err

    async def published_at(topic: str) -> str:
        async with asyncio.timeout(TIMEOUT), broker.watch(topic) as watcher:
            return (await watcher.wait(topic)).payload

    topic = f"homeassistant/device/smartmeter_{one.id}/config"
    assert one.id in asyncio.run(published_at(topic))


def test_a_broker_that_is_away_is_a_failure(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.recordings.player._PATIENCE", 0.1)
    options = tmp_path / "options.json"
    mqtt = {"host": "127.0.0.1", "port": free_port()}
    options.write_text(json.dumps({"key": own_key(), "mqtt": mqtt}))
    path = recording(tmp_path, meter(None, "kaifa"), 2, 5.0)
    result = run("replay", "--speed", "0", "--options", options, "--publish", path)
    assert (result.status, len(result.lines)) == (1, 2)
    assert "127.0.0.1" in result.err


def test_a_log_is_made_anonymous_from_standard_input(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = meter(None, "kaifa")
    lines = [
        f"2026-07-01 12:00:{5 * at:02} TRACE   received {one.telegram().data.hex(' ')}\n"
        for at in range(3)
    ]
    text = "2026-07-01 12:00:00 NOTICE  reading /dev/ttyUSB0\n" + "".join(lines)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    result = run("record", "-", "--anonymous")
    assert result.status == 0
    assert "# begun: 2026-07-01T12:00:00+02:00\n" in result.out
    found = capture.parse(result.out.encode()).recording
    assert [chunk.seconds for chunk in found] == [0.0, 5.0, 10.0]
    assert len(telegrams(decode([chunk.data for chunk in found], MADE_UP))) == 3
