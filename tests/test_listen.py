"""The command `listen`: telegrams as text, and a block that may be posted."""

import asyncio
import io
import itertools
import json
import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app import cli
from app.commands import reading
from app.dlms.axdr import NAMES
from app.dlms.ciphering import Keys, parse_key
from app.listen import Report, listen, masked
from app.transport.mode_search import FAILED_BURSTS
from app.transport.recording import Chunk
from app.transport.serial_mode import SerialMode
from app.transport.source import Source, source_for
from simulator import axdr, links, wires
from simulator.ciphering import AUTH_KEY, KEY
from simulator.links import P1Checksum
from simulator.meters import obis_bytes
from simulator.wires import TcpServer
from tests.support.mosquitto import TIMEOUT
from tests.support.simulated import LISTS, Adapter, SimulatedMeter
from tests.support.telegrams import (
    BOTH_KEYS,
    KEYS,
    decode,
    decoder,
    notification,
    telegram,
    telegrams,
)

SHIPPED = json.loads(
    (Path(__file__).parent / "vectors" / "shippable.json").read_text(encoding="utf-8")
)
OTHER = Keys(bytes(range(0x40, 0x50)))
P1 = links.p1(
    "XMX5LGBBFG1009394887",
    [
        "0-0:1.0.0(260701120005S)",
        "0-0:96.1.1(4530303037303030303030303030303137)",
        "1-0:1.8.0(001234.567*kWh)",
        "0-0:96.13.0(hello)",
        "0-1:24.1.0(003)",
        "0-1:96.1.0(4730303533303033333738323839323137)",
        "0-1:24.2.1(260701115500S)(00107.123*m3)",
    ],
)


def report(data: bytes, keys: Keys = BOTH_KEYS) -> tuple[list[str], list[str]]:
    """The lines that are shown while a stream comes, and the block."""
    one = Report()
    reading = decoder(keys)
    one.received(len(data))
    events = [*reading.feed(data), *reading.finish()]
    shown = [line for event in events for line in one.event(event)]
    one.opened("/dev/ttyUSB0 (2400 8E1)")
    one.ended(reading.frames, reading.junk)
    return shown, list(one.block())


# --- What is shown ---


def test_a_telegram_is_shown_with_link_cipher_meter_and_registers() -> None:
    shown, _ = report(telegram("e450", "burgenland").data)
    assert shown[0] == (
        f"hdlc telegram of {len(telegram('e450', 'burgenland').apdu)} bytes, ciphered by"
        " 4c475a677012d687 (LGZ), security control 30, invocation counter 1, tag fits"
    )
    assert shown[1].startswith("  Landis+Gyr E450 (meter_type e450), number ")
    assert shown[1].endswith(", 2026-07-01 12:00:05+02:00")
    (volts,) = [line for line in shown if "1-0:32.7.0" in line]
    assert re.fullmatch(r"  1-0:32\.7\.0 +voltage L1 +\d+ V", volts)


@pytest.mark.parametrize(
    ("family", "variant", "said"),
    [
        ("kaifa", "netznoe", "list of 13 items named by OBIS codes"),
        ("am550", "swiss", "list of 26 items named by capture objects"),
        ("e450", "burgenland", "list of 14 items without names"),
    ],
)
def test_the_shape_of_a_list_is_shown(family: str, variant: str, said: str) -> None:
    shown, block = report(telegram(family, variant).data)
    assert f"  {said}" in shown
    assert [line for line in block if line.endswith(said)]


def test_the_block_holds_each_of_the_lists_that_one_meter_pushes() -> None:
    """A bug report with the first of them only could not tell what is wrong with the others."""
    lists = [telegram("kaifa-nordic", f"norway-{count}").data for count in (1, 13, 18)]
    _, block = report(b"".join([*lists, *lists]))
    headings = [line for line in block if "meter_type kaifa-nordic" in line]
    assert [heading.partition(", list of ")[2] for heading in headings] == [
        "1 items without names",
        "13 items without names",
        "18 items without names",
    ]


@pytest.mark.parametrize(
    ("keys", "variant", "said"),
    [
        (KEYS, "burgenland", "tag not checked"),
        (BOTH_KEYS, "burgenland", "tag fits"),
        (BOTH_KEYS, "wien", "no tag"),
        (Keys(KEY, KEY), "burgenland", "tag does not fit"),
    ],
)
def test_the_state_of_the_tag_is_shown(keys: Keys, variant: str, said: str) -> None:
    assert report(telegram("e450", variant).data, keys)[0][0].endswith(f", {said}")


def test_an_unknown_register_is_flagged_in_both_places() -> None:
    strange = axdr.structure(axdr.octet_string(obis_bytes("0-5:200.1.0")), axdr.uint16(5))
    shown, block = report(b"".join(links.Hdlc().frames(notification(strange))))
    assert "  0-5:200.1.0      ? unknown register               5" in shown
    assert "  0-5:200.1.0 number  (unknown)" in block


def test_the_items_of_an_unknown_list_are_shown_with_their_types() -> None:
    body = notification(axdr.uint16(236), axdr.octet_string(b"30100007"))
    shown, block = report(b"".join(links.Hdlc().frames(body)))
    assert shown[0].endswith("not ciphered")
    assert shown[1] == "  list of 2 items without names"
    assert shown[2].split() == ["-", "long-unsigned", "236"]
    assert shown[3].split() == ["-", "octet-string", "30100007"]
    assert shown[4].startswith("  ! list: byte ")
    assert "  octet-string(8)" in block
    assert "  long-unsigned" in block
    heading = "hdlc ceff03, meter_type unknown, list of 2 items without names, unknown list"
    assert heading in block
    assert "1 x list: unknown list" in block


def test_damaged_telegrams_are_shown_and_counted() -> None:
    data = bytearray(telegram("kaifa").data)
    data[60] ^= 1
    shown, block = report(bytes(data) * 2)
    assert shown[0].startswith("  ! mbus: byte 0: the checksum")
    assert [line for line in block if " x mbus" in line] == [f"{len(shown)} x mbus: damaged"]
    assert "no telegram" in block


def test_the_age_of_the_value_of_a_meter_behind_is_shown() -> None:
    (line,) = [line for line in report(P1)[0] if "0-1:24.2.1" in line]
    assert line.endswith("107.123 m3 (since 2026-07-01 11:55:00+02:00)")


def test_a_telegram_in_hundreds_is_one_shape_in_the_block() -> None:
    block = report(P1 * 100)[1]
    assert sum("meter_type dsmr" in line for line in block) == 1
    assert f"{100 * len(P1)} bytes, 100 good frames, 0 bytes that belong to no frame" in block


def test_what_is_passed_over_is_shown_and_counted() -> None:
    lines = ["1-0:1.8.0(001234.567*kWh)", "0-0:96.13.0(\\)", "nothing", "1-0:99.9.9(5*kWh)"]
    text = links.p1("XMX5LGBBFG1009394887", lines).replace(b"\\)", b"\xff" * 100 + b")")
    text = text[: text.index(b"!") + 1]
    shown, block = report((text + links.p1_digits(text, P1Checksum.ARC) + b"\r\n") * 2)
    shown_bytes = "\\xff" * 48
    assert [line for line in shown if "passed over" in line] == [
        f"  passed over      '0-0:96.13.0({shown_bytes}'",
        "  passed over      'nothing'",
    ] * 2
    assert "4 x p1: line without sense" in block
    assert "1 x meter: register without meaning" in block


# --- What the block leaves out ---

_HEAD = 4
_HEADING = re.compile(
    r"(mbus|hdlc|raw|wrapper|p1)( [0-9a-f]+)?, meter_type [a-z0-9-]+"
    r"(, security control [0-9A-F]{2}, title [0-9a-f]{8}\.\.\.)?"
    r"(, list of \d{1,3} items (without names|named by (OBIS codes|capture objects)))?(, [a-z ]+)?"
)
_SHAPE = re.compile(
    rf"  ([0-9.:*-]+)? ?(number|text|[ -~]{{0,4}}x*|({'|'.join(NAMES.values())})(\(\d+\))?)"
    r"( [A-Za-z0-9°/]+)?(  \(unknown\))?"
)
_FAULT = re.compile(r"\d+ x [a-z0-9-]+: [a-z ]+")


def assert_says_nothing_private(block: list[str]) -> None:
    assert block[0].startswith("----- paste from here")
    assert block[-1] == "----- to here -----"
    for line in block[_HEAD:-1]:
        assert (
            _HEADING.fullmatch(line)
            or _SHAPE.fullmatch(line)
            or _FAULT.fullmatch(line)
            or line == "no telegram"
        ), line


@pytest.mark.parametrize("keys", [Keys(), OTHER, KEYS, BOTH_KEYS], ids=["none", "wrong", "1", "2"])
@pytest.mark.parametrize(("family", "variant"), LISTS)
def test_the_block_holds_no_key_no_number_and_no_value(
    family: str, variant: str, keys: Keys
) -> None:
    sent = telegram(family, variant)
    _, block = report(sent.data, keys)
    assert_says_nothing_private(block)
    text = "\n".join(block).lower()
    secrets = [KEY.hex(), AUTH_KEY.hex(), sent.truth.system_title.hex(), sent.truth.meter_id]
    for secret in filter(None, secrets):
        assert secret.lower() not in text
    for value, _ in sent.truth.registers.values():
        if len(str(value)) > 4:
            assert str(value).lower() not in text


@pytest.mark.parametrize("capture", SHIPPED, ids=lambda capture: str(capture["id"]))
def test_the_block_of_a_real_capture_holds_no_number_and_no_value(
    capture: dict[str, str],
) -> None:
    keys = Keys(*(parse_key(capture[name]) if capture[name] else None for name in ("key",)))
    data = bytes.fromhex(capture["raw_hex"])
    _, block = report(data, keys)
    assert_says_nothing_private(block)
    text = "\n".join(block)
    for one in telegrams(decode([data], keys)):
        for number in (one.number, *(other.meter.number for other in one.others)):
            assert not number or number not in text


def test_the_number_of_a_meter_behind_is_masked_too() -> None:
    _, block = report(P1)
    assert "  0-1:96.1.0 4730" + "x" * 30 in block
    assert "  0-0:96.13.0 text" in block
    assert "  0-1:24.2.1 number m3" in block


@pytest.mark.parametrize(
    ("number", "shown"),
    [("1KFM0200000011", "1KFMxxxxxxxxxx"), ("12345", "1234x"), ("1234", "1234"), ("", "")],
)
def test_only_the_beginning_of_a_number_is_shown(number: str, shown: str) -> None:
    assert masked(number) == shown


# --- Live ---


class WatchedStream(io.StringIO):
    """A text stream that calls a function when a word is written."""

    def __init__(self, **on: Callable[[], object]) -> None:
        super().__init__()
        self._on = on

    def write(self, text: str) -> int:
        written = super().write(text)
        for word, then in self._on.items():
            if word in text:
                then()
        return written


def source(
    target: object, *modes: SerialMode, clock: Callable[[], float] = time.monotonic
) -> Source:
    return source_for(str(target), usual=modes or [SerialMode.parse("2400 8E1")], clock=clock)


def end(number: int = signal.SIGINT) -> Callable[[], None]:
    """What ends the program, as Ctrl-C does."""
    return lambda: os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_serial_line_is_shown_until_ctrl_c(adapter: Adapter, number: int) -> None:
    opened = asyncio.Event()
    out = WatchedStream(reading=opened.set, telegram=end(number))
    line = f"{adapter.path} (2400 8E1)"
    meter = SimulatedMeter(adapter, "kaifa")
    listening = asyncio.create_task(listen(source(adapter.path), decoder(), out))
    async with asyncio.timeout(TIMEOUT):
        await opened.wait()
        await meter.push()
        assert await listening == 0
    lines = out.getvalue().splitlines()
    assert lines[0] == f"reading {line}; Ctrl-C ends"
    assert re.match(r"\d\d:\d\d:\d\d mbus telegram of ", lines[1])
    assert lines[2].startswith("           Kaifa ")
    assert f"line: {line}" in lines
    assert lines[-1] == "----- to here -----"


async def test_modes_are_tried_in_turn_until_one_gives_frames(adapter: Adapter) -> None:
    """A pseudo terminal knows no modes; that the first are wrong is shown by what comes."""
    first, second = map(SerialMode.parse, ("2400 8E1", "9600 8N1"))
    path = str(adapter.path)
    opened = {mode: asyncio.Event() for mode in (first, second)}
    words = {f"reading {path} ({mode})": event.set for mode, event in opened.items()}
    out = WatchedStream(**words, telegram=end())
    meter = SimulatedMeter(adapter, "kaifa")
    listening = asyncio.create_task(
        listen(
            # A second between any two looks at the clock.
            source(path, first, second, clock=map(float, itertools.count()).__next__),
            decoder(),
            out,
        )
    )
    async with asyncio.timeout(TIMEOUT):
        await opened[first].wait()
        for _ in range(FAILED_BURSTS):
            adapter.write(b"\0\xfe\0")
            await wires.settle(adapter)
        await opened[second].wait()
        await meter.push()
        assert await listening == 0
    lines = out.getvalue().splitlines()
    assert lines[1] == "no whole frame with 2400 8E1, trying another mode"
    assert f"line: {path} (9600 8N1)" in lines
    assert "tried in vain: 2400 8E1" in lines
    (counted,) = [line for line in lines if "good frames" in line]
    assert " 2 good frames, " in counted


async def test_a_silent_line_ends_with_a_failure_after_the_given_time() -> None:
    with closing(await TcpServer.listen(0)) as gateway:
        out = io.StringIO()
        one = source(f"tcp://127.0.0.1:{gateway.port}")
        assert await listen(one, decoder(), out, seconds=0.1) == 1
    assert "no telegram" in out.getvalue().splitlines()


async def test_a_missing_device_is_shown_at_once(tmp_path: Path) -> None:
    out = WatchedStream(**{"tried again": end()})
    path = tmp_path / "missing"
    async with asyncio.timeout(TIMEOUT):
        assert await listen(source(path), decoder(), out) == 1
    assert f"the serial device {path} is missing" in out.getvalue()
    assert f"line: {path} (2400 8E1)" in out.getvalue().splitlines()


async def test_a_closed_output_ends_listen(adapter: Adapter) -> None:
    """As ``listen ... | head`` does; it once went on for ever without a word."""

    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(text)

    async with asyncio.timeout(TIMEOUT):
        with pytest.raises(BrokenPipeError):
            await listen(source(adapter.path), decoder(), Closed())


@pytest.mark.parametrize(
    ("arguments", "mode"),
    [
        ([], "2400 8E1"),
        (["--meter-type", "e450"], "9600 8N1"),
        (["--meter-type", "e450", "--serial-mode", "2400 8N1"], "2400 8N1"),
    ],
)
def test_the_command_begins_with_the_mode_of_the_meter_type(
    adapter: Adapter, capsys: pytest.CaptureFixture[str], arguments: list[str], mode: str
) -> None:
    given = ["listen", str(adapter.path), "--seconds", "0.05", *arguments]
    assert cli.main(given) == 1
    said = capsys.readouterr().out
    assert f"reading {adapter.path} ({mode})" in said
    assert "no telegram" in said


def recorded(data: bytes) -> bytes:
    """Give a recording that was made in two chunks an hour apart."""
    return "\n".join(map(str, (Chunk(0.0, data[:100]), Chunk(3600.0, data[100:])))).encode()


@pytest.mark.parametrize("kind", [recorded, bytes, lambda data: data.hex().encode()])
def test_a_recording_or_another_capture_is_shown_to_its_end(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: Callable[[bytes], bytes],
) -> None:
    monkeypatch.setenv(reading.KEY_VARIABLE, KEY.hex())
    monkeypatch.chdir(tmp_path)
    data = telegram("kaifa").data
    Path("x.txt").write_bytes(kind(data))
    assert cli.main(["listen", "x.txt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "reading the recording x.txt; Ctrl-C ends"
    assert re.match(r"\d\d:\d\d:\d\d mbus telegram of ", lines[1])
    assert "line: the recording x.txt" in lines
    assert f"{len(data)} bytes, 2 good frames, 0 bytes that belong to no frame" in lines
    assert lines[-1] == "----- to here -----"


def test_a_telegram_cut_off_by_the_end_of_a_recording_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.txt"
    file.write_bytes(recorded(telegram("kaifa").data[:-10]))
    assert cli.main(["listen", str(file)]) == 1
    out = capsys.readouterr().out
    assert "! mbus: byte 256: the bytes end inside a frame" in out
    assert "no telegram" in out.splitlines()


def test_a_damaged_recording_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.txt"
    file.write_bytes(b"0.0 7ea0\n0.1 7e a\n")
    with pytest.raises(SystemExit) as end:
        cli.main(["listen", str(file)])
    assert end.value.code == 2
    assert f"the recording {file} cannot be read: line 2: there are 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["listen"],
        ["listen", "tcp://" + "x" * 5000],
        ["listen", "/dev/tty\0"],
        ["listen", "somewhere"],
        ["listen", "/dev/ttyUSB0", "--serial-mode", "fast"],
        ["listen", "/dev/ttyUSB0", "--meter-type", "nonsense"],
        ["listen", "/dev/ttyUSB0", "--key", "36C6"],
    ],
)
def test_wrong_usage_has_its_message(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2
    assert "usage: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("errors", "frames", "line"),
    [
        (0, 1, None),
        (1, 1, "less than 1 % of bytes with parity errors (1 of 1000)"),
        (30, 9, "3 % of bytes with parity errors (30 of 1000): the head sits badly, or the cable"),
        (500, 0, "50 % of bytes with parity errors (500 of 1000): the serial mode is wrong"),
        (990, 9, "99 % of bytes with parity errors (990 of 1000), though frames are good: the"),
    ],
)
def test_the_block_says_what_parity_errors_mean(errors: int, frames: int, line: str | None) -> None:
    one = Report()
    one.received(10, 10)
    one.opened("/dev/ttyUSB0 (2400 8E1)")  # in another mode before
    one.received(1000, errors)
    one.ended(frames, 0)
    found = [text for text in one.block() if "parity" in text]
    assert len(found) == (line is not None)
    assert line is None or found[0].startswith(line)
