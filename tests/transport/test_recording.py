"""The text format of recordings, by examples and by properties."""

import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import __version__
from app.transport import recording
from app.transport.recording import Chunk, RecordingError, Writer, is_recording, read
from app.transport.serial_mode import SerialMode

BEGUN = datetime.fromisoformat("2026-07-01T12:00:05.123456+02:00")
MODE = SerialMode.parse("2400 8E1")

chunks = st.lists(
    st.builds(
        Chunk,
        st.integers(0, 10**9).map(lambda milliseconds: milliseconds / 1000),
        st.binary(min_size=1, max_size=40),
    ),
    max_size=6,
).map(lambda some: sorted(some, key=lambda chunk: chunk.seconds))


def written(chunks: Sequence[Chunk], *, begin: float = 0.0, mode: SerialMode | None = None) -> str:
    """Give the recording of chunks whose seconds were counted from a begin."""
    sink = io.StringIO()
    clock = iter([begin, *(begin + chunk.seconds for chunk in chunks)])
    writer = Writer(sink, clock.__next__, begun=BEGUN, mode=mode)
    for chunk in chunks:
        writer.write(chunk.data)
    return sink.getvalue()


# What is written


def test_a_recording_is_a_header_and_a_line_for_each_chunk() -> None:
    text = written(
        [Chunk(0.0, b"\x68\xfa\xfa\x68"), Chunk(12.3456, b"\x16")], begin=1000.0, mode=MODE
    )
    assert text == (
        "# smart meter recording, format 1\n"
        f"# program: smart meter reader {__version__}\n"
        "# serial mode: 2400 8E1\n"
        "# begun: 2026-07-01T12:00:05+02:00\n"
        "0.000 68 fa fa 68\n"
        "12.346 16\n"
    )


def test_an_unknown_serial_mode_is_left_out_of_the_header() -> None:
    assert "serial mode" not in written([])


@given(chunks, st.floats(0, 10**6))
def test_a_written_recording_is_read_back_unchanged(chunks: list[Chunk], begin: float) -> None:
    text = written(chunks, begin=begin)
    assert text.isascii()
    back = read(text.encode())
    assert [chunk.data for chunk in back] == [chunk.data for chunk in chunks]
    for chunk, given_chunk in zip(back, chunks, strict=True):
        assert chunk.seconds == pytest.approx(given_chunk.seconds, abs=0.00051)


@given(chunks)
def test_the_text_of_a_chunk_is_its_line(chunks: list[Chunk]) -> None:
    assert list(read("\n".join(map(str, chunks)).encode())) == chunks


# What is read


@given(chunks, st.data())
def test_a_recording_cut_between_two_lines_reads_as_the_rest(
    chunks: list[Chunk], data: st.DataObject
) -> None:
    lines = written(chunks).splitlines(keepends=True)
    begin = data.draw(st.integers(0, len(lines)))
    end = data.draw(st.integers(begin, len(lines)))
    header = len(lines) - len(chunks)
    rest = read("".join(lines[begin:end]).encode())
    assert [chunk.data for chunk in rest] == [
        chunk.data for chunk in chunks[max(begin - header, 0) : max(end - header, 0)]
    ]


@given(chunks, chunks)
def test_concatenated_recordings_are_read(first: list[Chunk], second: list[Chunk]) -> None:
    both = read((written(first) + written(second)).encode())
    assert [chunk.data for chunk in both] == [chunk.data for chunk in (*first, *second)]


@pytest.mark.parametrize(
    "text",
    [
        b"0.5 7ea0\n12.345 00ff\n",
        b"0.500 7e a0\r\n12.345 00 FF\r\n",
        b"\xef\xbb\xbf0.5 7ea0\n\xef\xbb\xbf12.345 00ff",
        b"# by hand\n\n0.5\t7E a0\n  \n# \xff\n   12.345   00  ff  \n\n",
        b"#\n#0.5 00\n00.50 7ea0\n000000012.3450 00ff",
    ],
)
def test_a_recording_is_read_after_edits_of_white_space_and_line_ends(text: bytes) -> None:
    assert is_recording(text)
    assert read(text) == (Chunk(0.5, b"\x7e\xa0"), Chunk(12.345, b"\x00\xff"))


@pytest.mark.parametrize("text", [b"", b"\n", b"# a word\n", written([]).encode()])
def test_a_recording_may_be_empty(text: bytes) -> None:
    assert read(text) == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"7ea0", "wanted are seconds with a decimal point"),
        (b"12 7ea0", "wanted are seconds with a decimal point"),
        (b"12,345 7ea0", "wanted are seconds with a decimal point"),
        (b"-1.0 7ea0", "wanted are seconds with a decimal point"),
        (b"1.0e5 7ea0", "wanted are seconds with a decimal point"),
        (b".5 7ea0", "wanted are seconds with a decimal point"),
        (b"1234567890.0 7ea0", "wanted are seconds with a decimal point"),
        (b"received 7ea0", "wanted are seconds with a decimal point"),
        (b"\xd9\xa1.\xd9\xa2 7ea0", "wanted are seconds with a decimal point"),
        (b"1.0", "there are no bytes behind the seconds"),
        (b"1.0 7ea", "there are 3 hex digits, an odd number: one is missing"),
        (b"1.0 7 ea 0", "a blank stands within a pair of hex digits"),
        (b"1.0 7e:a0", "there is something other than hex digits behind the seconds"),
        (b"1.0 7e a0 # flag", "there is something other than hex digits behind the seconds"),
        (b"1.0 7e\r7e", "there is something other than hex digits behind the seconds"),
        (b"1.0 7e\x0c7e", "there is something other than hex digits behind the seconds"),
    ],
)
def test_the_error_of_a_damaged_line_has_its_number_and_not_its_text(
    line: bytes, words: str
) -> None:
    with pytest.raises(RecordingError) as caught:
        read(b"# smart meter recording, format 1\n\n0.0 00\n" + line + b"\n0.1 00\n")
    assert str(caught.value).startswith(f"line 4: {words}")
    assert line.decode("latin-1") not in str(caught.value)


@pytest.mark.parametrize("number", [b"2", b"10", b"0", b"9" * 5000])
def test_another_format_is_refused(number: bytes) -> None:
    text = b"0.0 00\n# smart meter recording, format " + number + b"\n0.0 00\n"
    with pytest.raises(RecordingError, match=r"^line 2: this program reads recordings of format 1"):
        read(text)


@given(chunks, st.data())
def test_a_damaged_line_is_an_error_with_its_number_or_still_a_recording(
    chunks: list[Chunk], data: st.DataObject
) -> None:
    lines = written(chunks, mode=MODE).encode().splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    line = bytearray(lines[number])
    at = data.draw(st.integers(0, len(line)))
    match data.draw(st.sampled_from(["changed", "lost", "added", "cut"])):
        case "changed" if at < len(line):
            line[at] = data.draw(st.integers(0, 255))
        case "lost":
            del line[at : at + data.draw(st.integers(1, 4))]
        case "added":
            line[at:at] = data.draw(st.binary(max_size=4))
        case _:
            del line[at:]
    damaged = bytes(line)
    lines[number] = damaged
    try:
        found = read(b"\n".join(lines))
    except RecordingError as error:
        told = re.match(r"line ([0-9]+): ", str(error))
        assert told
        assert 0 <= int(told[1]) - 1 - number <= damaged.count(b"\n")
    else:
        assert len(found) <= len(chunks) + 1 + damaged.count(b"\n")
        assert all(chunk.data and 0 <= chunk.seconds < 10**9 for chunk in found)


@given(st.binary())
def test_any_bytes_are_a_recording_or_a_plain_error(data: bytes) -> None:
    is_recording(data)
    try:
        assert isinstance(read(data), tuple)
    except RecordingError as error:
        assert re.match(r"line [0-9]+: \w", str(error))  # noqa: PT017 - or nothing is raised


# What is recognised as a recording


@given(chunks)
def test_a_recording_is_recognised_by_its_header_or_its_first_line(chunks: list[Chunk]) -> None:
    text = written(chunks).encode()
    assert is_recording(text)
    if chunks:
        assert is_recording(text.partition(b"\n")[2])
        assert is_recording(str(chunks[0]).encode())


@pytest.mark.parametrize(
    "text", [b"# smart meter recording, format 1\n\0", b"12.345 nonsense", b"0.0\n7ea0"]
)
def test_a_damaged_recording_is_recognised_as_one(text: bytes) -> None:
    assert is_recording(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"68 fa fa 68\n12 34",
        b"1234567890",
        b"\x68\x03\x03\x68\x0d\x0a12.345 00",
        b"/XMX5meter\r\n\r\n1-0:1.8.0(001234.567*kWh)\r\n!\r\n",
        b"# a dump\n7ea0\n",
        b"# a word\n",
        b"1.8.0(001234.567*kWh)\r\n",
    ],
)
def test_other_bytes_are_not_recognised_as_a_recording(data: bytes) -> None:
    assert not is_recording(data)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        (b"2026-07-01T12:00:05+02:00", "2026-07-01T10:00:05+00:00"),
        (b"2026-07-01T12:00:05", None),
        (b"2026-13-01T12:00:05+02:00", None),
    ],
)
def test_when_a_recording_was_begun_is_an_aware_time_or_unknown(
    said: bytes, moment: str | None
) -> None:
    begun = recording.begun(b"# smart meter recording, format 1\n# begun: " + said + b"\n")
    assert (begun and begun.astimezone(UTC).isoformat()) == moment
