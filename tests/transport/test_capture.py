"""Captures in the forms in which people have them: recordings, logs, dumps, pasted text, bytes."""

import io
import logging
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import log
from app.line.narrator import Narrator
from app.log import TRACE
from app.transport import capture
from app.transport.capture import Capture, CaptureError
from app.transport.hex_text import HexTextError
from app.transport.recording import Chunk, RecordingError
from simulator.clock import VIENNA
from tests.support.telegrams import telegram

DATA = telegram("kaifa").data
SOME = DATA[:45]


def data_of(text: str | bytes) -> bytes:
    found = capture.parse(text.encode() if isinstance(text, str) else text)
    return b"".join(chunk.data for chunk in found.recording)


def rows(data: bytes, size: int = 16) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def characters(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)


def xxd(data: bytes) -> str:
    """As ``xxd`` writes it."""
    return "".join(
        f"{16 * at:08x}: {row.hex(' ', -2):<39}  {characters(row)}\n"
        for at, row in enumerate(rows(data))
    )


def hexdump(data: bytes) -> str:
    """As ``hexdump -C`` writes it, with the size at the end."""
    lines = (
        f"{16 * at:08x}  {row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}  |{characters(row)}|\n"
        for at, row in enumerate(rows(data))
    )
    return "".join(lines) + f"{len(data):08x}\n"


def wireshark(data: bytes) -> str:
    return "".join(
        f"{16 * at:04x}   {row.hex(' '):<47}   {characters(row)}\n"
        for at, row in enumerate(rows(data))
    )


def od(data: bytes) -> str:
    """As ``od -A d -t x1z`` writes it."""
    return "".join(
        f"{16 * at:07d} {row.hex(' '):<47}  >{characters(row)}<\n"
        for at, row in enumerate(rows(data))
    )


FORMS = {
    "xxd": xxd,
    "hexdump -C": hexdump,
    "Wireshark": wireshark,
    "od": od,
    "two dumps": lambda data: hexdump(data[:20]) + hexdump(data[20:]),
    "colons": lambda data: data.hex(":"),
    "dashes": lambda data: data.hex("-").upper(),
    "commas": lambda data: data.hex(","),
    "dots and a count": lambda data: data.hex("."),
    "0x": lambda data: " ".join(f"0x{byte:02x}" for byte in data),
    "0X and commas": lambda data: ", ".join(f"0X{byte:02X}" for byte in data),
    "C": lambda data: "{" + ",".join(f"0x{byte:02X}" for byte in data) + "};",
    "escapes": lambda data: "".join(f"\\x{byte:02x}" for byte in data),
    "h behind": lambda data: " ".join(f"{byte:02X}h" for byte in data),
    "line numbers": lambda data: "\n".join(
        f"{number}: {row.hex(' ')}" for number, row in enumerate(rows(data, 3), 1)
    ),
    "bare line numbers": lambda data: "\n".join(
        f"{number} {row.hex(' ')}" for number, row in enumerate(rows(data, 7), 1)
    ),
    "line numbers in the middle": lambda data: "\n".join(
        f"{number:4d} | {row.hex(':')}" for number, row in enumerate(rows(data, 7), 98)
    ),
    "arrows": lambda data: "\n".join(f"-> {row.hex(' ')}" for row in rows(data)),
    "a quotation": lambda data: "\n".join(f"> {row.hex(' ')}" for row in rows(data)),
    "RX": lambda data: "\n".join(f"RX: {row.hex(' ').upper()}" for row in rows(data)),
    "received": lambda data: "\n".join(f"Received {row.hex(' ')}" for row in rows(data)),
    "times": lambda data: "\n".join(f"12:00:05.123 {row.hex(' ')}" for row in rows(data)),
    "times and arrows": lambda data: "\n".join(
        f"2026-07-01T12:00:05+02:00 -> {row.hex()}" for row in rows(data)
    ),
    "ESPHome": lambda data: "\n".join(
        f"[12:00:05][D][uart_debug:114]: <<< {row.hex(':').upper()}" for row in rows(data)
    ),
    "a code block": lambda data: f"```\n{data.hex(' ')}\n```\n",
    "a forum's tags": lambda data: f"[code]{data.hex(' ')}[/code]",
    "comments": lambda data: f"# my meter\n\n{data.hex(' ')}\n// the end\n",
    "UTF-16": lambda data: data.hex(" ").encode("utf-16"),
    "digits broken anywhere": lambda data: data.hex()[:7] + "\n" + data.hex()[7:],
    "bytes": bytes,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("size", [45, 48, len(DATA)])
def test_bytes_are_found_in_what_people_paste(form, size: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - of two types
    assert data_of(form(DATA[:size])) == DATA[:size]


@given(st.binary(min_size=1, max_size=70), st.sampled_from([xxd, hexdump, wireshark, od]))
def test_any_dump_is_read_exactly_or_refused(data: bytes, form) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - a function
    try:
        assert data_of(form(data)) == data
    except HexTextError:
        # The characters of such a line are hex digits themselves.
        assert form in {xxd, wireshark, od}


@given(st.binary(min_size=20, max_size=70), st.data())
def test_a_dump_with_a_line_lost_or_doubled_is_refused(data: bytes, drawn: st.DataObject) -> None:
    lines = hexdump(data).splitlines()
    at = drawn.draw(st.integers(0, len(lines) - 3)) if len(lines) > 3 else 0
    if drawn.draw(st.booleans()):
        del lines[at + 1 if at + 1 < len(lines) - 1 else at]
    else:
        lines.insert(at, lines[at])
    if lines == hexdump(data).splitlines():
        return
    try:
        found = data_of("\n".join(lines))
    except HexTextError:
        return
    # A dump may begin anew, or have lost its beginning or its end, and what is there is right.
    assert found in data or found == data[:16] + data


JUNK = [
    "hello world",
    "68 fa fa 68 hello",
    "the meter sent this: 68 fa",
    "68 fa fa 68\nthank you for your help",
    "68 fa zz",
    "7e:a0:g1",
    "<html><body>not found</body></html>",
    '{"link": "mbus", "meter_type": "kaifa"}',
    "0000 68 fa\n0010 68 fa",
    "1: 68 fa\n2: 68 fa\n4: 68 fa\nx",
    "12,5 68 fa",
    "0x6",
]


@pytest.mark.parametrize("text", JUNK)
def test_junk_is_an_error_that_names_the_line_and_what_to_do(text: str) -> None:
    with pytest.raises((HexTextError, RecordingError)) as caught:
        data_of(text)
    said = str(caught.value)
    assert "line " in said or "odd number" in said
    assert "leave only" in said or "doubled" in said or "one is missing" in said
    assert not any(word in said for word in ("hello", "thank", "html"))


@given(st.text())
def test_any_text_is_a_capture_or_a_plain_error(text: str) -> None:
    try:
        found = capture.parse(text.encode())
    except (HexTextError, RecordingError) as error:
        assert str(error)  # noqa: PT017 - or nothing is raised
    else:
        assert all(chunk.data for chunk in found.recording)


@given(st.binary())
def test_any_bytes_are_a_capture_or_a_plain_error(data: bytes) -> None:
    try:
        assert isinstance(capture.parse(data), Capture)
    except (HexTextError, RecordingError) as error:
        assert str(error)  # noqa: PT017 - or nothing is raised


@pytest.mark.parametrize(
    "text",
    [
        "/XMX5LGBBFG1009394887\r\n\r\n1-0:1.8.0(001234.567*kWh)\r\n!\r\n",
        "\r\n/ISK5\\2MT382\r\n",
        "1.8.0(001234.567*kWh)\r\n!\r\n",
    ],
)
def test_the_text_of_a_meter_is_taken_as_it_is(text: str) -> None:
    assert data_of(text) == text.encode()


# --- Times ---


def test_times_before_the_bytes_are_their_times() -> None:
    text = "23:59:58.500 68 fa\n23:59:59.500 fa 68\n00:00:01.250 53\n"
    assert capture.parse(text.encode()).recording == (
        Chunk(0.0, b"\x68\xfa"),
        Chunk(1.0, b"\xfa\x68"),
        Chunk(2.75, b"\x53"),
    )


def test_without_a_time_in_every_line_all_came_at_once() -> None:
    text = "23:59:58.500 68 fa\nfa 68\n"
    assert capture.parse(text.encode()).recording == (Chunk(0.0, b"\x68\xfa\xfa\x68"),)


@pytest.mark.parametrize(
    ("text", "begun"),
    [
        (b"# begun: 2026-07-01T12:00:05+02:00\n0.0 00\n", "2026-07-01T12:00:05+02:00"),
        (b"# begun: yesterday\n0.0 00\n", None),
        (b"# begun: 2026-07-01T12:00:05\n0.0 00\n", None),
        (b"0.0 00\n", None),
    ],
)
def test_when_a_recording_was_begun_is_read(text: bytes, begun: str | None) -> None:
    found = capture.parse(text)
    if begun is None:
        assert found.begun is None
        assert abs((found.begun_at(VIENNA) - datetime.now(UTC)).total_seconds()) < 60
    else:
        assert found.begun_at(VIENNA).isoformat() == begun


# --- The program's own log ---


def logged(label: str = "", *, colour: bool = False) -> str:
    """What the program writes at the level trace, with other lines in between."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        log.setup("trace", stream=stream, colour=colour)
        narrator = Narrator(label, lambda: 0.0)
        chance = random.Random(1)  # noqa: S311 - no cryptography
        at = 0
        narrator.start("auto")
        while at < len(DATA):
            size = chance.randint(1, 40)
            narrator.received(DATA[at : at + size])
            at += size
            logging.getLogger("app").info("68 fa fa 68 is no line of it")
        logging.getLogger("app").log(TRACE, "received by the broker")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    lines = stream.getvalue().splitlines()
    return "\n".join(line for line in lines if "by the broker" not in line)


@pytest.mark.parametrize("label", ["", "cellar", "tcp://10.0.0.1:2000", "a: b"])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("before", ["", "Jul 01 12:00:05 pi smartmeter[123]: ", "smart-meter  | "])
def test_the_lines_of_the_log_with_bytes_are_read(*, label: str, colour: bool, before: str) -> None:
    text = "\n".join(before + line for line in logged(label, colour=colour).splitlines())
    found = capture.parse(text.encode())
    assert b"".join(chunk.data for chunk in found.recording) == DATA
    assert found.begun is not None
    assert found.begun.tzinfo is None
    assert found.begun_at(VIENNA).tzinfo is VIENNA


def test_the_times_of_the_log_are_kept() -> None:
    text = (
        "2026-07-01 12:00:05 TRACE   received 68 fa\n"
        "2026-07-01 12:00:05 NOTICE  reading /dev/ttyUSB0\n"
        "2026-07-01 12:00:10 TRACE   received fa\n"
        "2026-07-01 12:00:09 TRACE   received 68\n"
    )
    found = capture.parse(text.encode())
    assert found.recording == (Chunk(0.0, b"\x68\xfa"), Chunk(5.0, b"\xfa"), Chunk(4.0, b"\x68"))
    assert str(found.begun) == "2026-07-01 12:00:05"


@pytest.mark.parametrize("end", ["", " 6", " 68 f", " 68 ***", " 68 zz"])
def test_a_line_of_the_log_that_is_cut_is_an_error(end: str) -> None:
    text = f"2026-07-01 12:00:05 TRACE   received 68\n2026-07-01 12:00:06 TRACE   received{end}\n"
    with pytest.raises(HexTextError, match="line 2: the bytes that were received are cut; copy"):
        data_of(text)


def test_a_log_of_several_meters_is_an_error() -> None:
    text = (
        "2026-07-01 12:00:05 TRACE   cellar: received 68\n"
        "2026-07-01 12:00:05 TRACE   attic: received 7e\n"
    )
    with pytest.raises(HexTextError, match="log of several meters; leave only the lines of one"):
        data_of(text)


def test_the_bytes_of_a_telegram_that_the_program_failed_at_are_read() -> None:
    text = (
        "2026-07-01 12:00:05 ERROR   a telegram could not be decoded through a mistake in this"
        f" program; please report. The bytes: {DATA.hex()} | Traceback (most recent call last)\n"
    )
    assert data_of(text) == DATA


# --- Files ---


def test_the_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("hello")
    with pytest.raises(CaptureError, match=f"the capture {path} cannot be read: line 1: there is"):
        capture.read(str(path))
    path.write_text("1.0 7ea")
    with pytest.raises(CaptureError, match=f"the recording {path} cannot be read: line 1: there"):
        capture.read(str(path))
    with pytest.raises(CaptureError, match="no such file"):
        capture.read(str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        (["68fafa", "685", "ffff"], ", in line 2;"),
        (["68fafa6"], ", in line 1;"),
        (["68fafa6", "85", "3ff", "f"], ";"),  # a byte may be broken over two lines
    ],
)
def test_a_hex_digit_that_is_missing_is_told_with_its_line(lines: list[str], where: str) -> None:
    with pytest.raises(HexTextError, match=f"an odd number: one is missing{where} copy all"):
        capture.parse("\n".join(lines).encode())


@pytest.mark.parametrize(
    "time", ["2026-13-01 12:00:05", "2026-02-30 12:00:05", "2026-01-01 24:00:05"]
)
def test_a_time_of_the_log_that_is_none_is_told_with_its_line(time: str) -> None:
    lines = ["2026-07-01 12:00:00 TRACE   received 68", f"{time} TRACE   received 68 fa fa 68"]
    with pytest.raises(HexTextError, match="line 2: there is no such time"):
        capture.parse("\n".join(lines).encode())


def test_what_is_no_time_of_day_is_no_byte_either() -> None:
    with pytest.raises(HexTextError, match="line 1"):
        capture.parse(b"99:99:99 rx: 68 fa fa 68\n")


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\u2009", " \u200b"])
def test_the_blanks_of_a_page_of_the_web_are_white_space(blank: str) -> None:
    assert data_of(SOME.hex(" ").replace(" ", blank)) == SOME
