"""P1 telegrams: text between a slash and an exclamation mark."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fault import DecodeError, Fault, Kind
from app.link import Frame, Scanner, p1
from app.link.frame import NOT_HERE, More, Probe
from app.link.p1_checksum import Algorithm, Sort
from simulator import links
from simulator.links import P1Checksum
from tests.support.examples import of_hundred
from tests.support.telegrams import single_bytes

LINES = ["0-0:1.0.0(260701120005S)", "1-0:1.8.0(00001234*Wh)", "1-0:1.7.0(00321*W)"]
TELEGRAM = links.p1("SAG5SAG-METER", LINES)
TEXT = TELEGRAM[: TELEGRAM.index(b"!") + 1]
UNCHECKED = Sort(Algorithm.NONE).sentence


def sealed(text: bytes, kind: P1Checksum) -> bytes:
    return text + links.p1_digits(text, kind) + b"\r\n"


def scan(*chunks: bytes) -> list[Frame | Fault]:
    scanner = Scanner()
    return [*(event for chunk in chunks for event in scanner.feed(chunk)), *scanner.finish()]


def test_a_telegram_reaches_from_the_slash_to_the_exclamation_mark() -> None:
    assert scan(TELEGRAM) == [Frame("p1", 0, TEXT, checksum=16)]


def test_telegrams_that_follow_one_another_are_found() -> None:
    assert scan(TELEGRAM * 2) == [
        Frame("p1", 0, TEXT, checksum=16),
        Frame("p1", len(TELEGRAM), TEXT, checksum=16),
    ]


@pytest.mark.parametrize("first", range(1, 20))
def test_an_identification_may_come_in_pieces(first: int) -> None:
    assert scan(TELEGRAM[:first], TELEGRAM[first:]) == [Frame("p1", 0, TEXT, checksum=16)]


@pytest.mark.parametrize("before", [b"", b"\n", b"x\r\n", b"x\r"])
@pytest.mark.parametrize("name", [b"/SAGA", b"/SAG"])
def test_an_identification_without_the_standard_s_digit_begins_a_line(
    before: bytes, name: bytes
) -> None:
    telegram = sealed(TEXT.replace(b"/SAG5", name), P1Checksum.ARC)
    assert len(scan(before + telegram)) == 1
    assert scan(before + b"x" + telegram) == []


@pytest.mark.parametrize(
    "line", [b"/1", b"/SA1", b"/SAG\xff", b"/SAG5 /SAG5", b"/SAG5" + b"x" * 150]
)
def test_what_cannot_become_an_identification_is_not_waited_for(line: bytes) -> None:
    assert p1.P1().probe(bytearray(line), 0) is NOT_HERE


@pytest.mark.parametrize("line", [b"/", b"/SA", b"/SAG", b"/SAG5", b"/SAGA x", b"/SAG5 /SAG"])
def test_what_may_become_an_identification_is_waited_for(line: bytes) -> None:
    assert isinstance(p1.P1().probe(bytearray(line), 0), More)


def test_an_identification_without_end_is_noise() -> None:
    line = b"/SAG5" + b"x" * 150
    assert scan(line + b"\r\n" + TEXT[TEXT.index(b"0-0") :] + b"\r\n") == []
    assert scan(line[:60], line[60:], TELEGRAM) == [Frame("p1", len(line), TEXT, checksum=16)]


def test_a_telegram_without_a_checksum_is_taken() -> None:
    telegram = links.p1("ISK5", LINES, checksum=False)
    assert scan(telegram) == [Frame("p1", 0, telegram[:-2], note=UNCHECKED)]


@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("more", ["", "0", "01", "012", "0123456789abcdef"])
def test_a_telegram_that_comes_byte_by_byte_is_there_with_its_last_byte(
    *, checksum: bool, more: str
) -> None:
    telegram = links.p1("ISK5", [*LINES, f"0-0:96.13.0({more})"], checksum=checksum)
    scanner = Scanner()
    found = [scanner.feed(telegram[at : at + 1]) for at in range(len(telegram))]
    assert not any(found[:-1])
    assert len(found[-1]) == 1


@pytest.mark.parametrize("digits", range(1, 17))
def test_a_short_telegram_of_any_length_is_there_with_its_last_byte(digits: int) -> None:
    telegram = links.p1("SAG5", [f"1-0:1.8.0({0:0{digits}}*Wh)"])
    scanner = Scanner()
    found = [scanner.feed(telegram[at : at + 1]) for at in range(len(telegram))]
    assert not any(found[:-1])
    assert len(found[-1]) == 1


@pytest.mark.parametrize("noise", [b"", b"noise before it\r\n"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, 50])
def test_telegrams_that_follow_one_another_may_come_in_pieces(size: int, noise: bytes) -> None:
    data = noise + TELEGRAM * 3
    assert scan(*(data[at : at + size] for at in range(0, len(data), size))) == [
        Frame("p1", len(noise) + at * len(TELEGRAM), TEXT, checksum=16) for at in range(3)
    ]


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("checksum", [True, False])
def test_a_recorded_telegram_may_lack_its_last_line_end(*, checksum: bool, missing: int) -> None:
    telegram = links.p1("ISK5", LINES, checksum=checksum)[:-missing]
    text = telegram[: telegram.index(b"!") + 1]
    frame = Frame("p1", 0, text, checksum=16 * checksum, note="" if checksum else UNCHECKED)
    assert scan(telegram) == [frame]
    assert scan(*(telegram[at : at + 1] for at in range(len(telegram)))) == [frame]


@pytest.mark.parametrize("kind", P1Checksum)
def test_a_checksum_may_be_of_several_sorts(kind: P1Checksum) -> None:
    bits = 0 if kind in {P1Checksum.ZEROS, P1Checksum.NONE} else 16
    (frame,) = scan(sealed(TEXT, kind))
    assert isinstance(frame, Frame)
    assert frame._replace(note="") == Frame("p1", 0, TEXT, checksum=bits)


def test_how_a_telegram_is_checked_is_told_where_that_is_not_usual() -> None:
    (frame,) = scan(sealed(TEXT, P1Checksum.X25))
    assert isinstance(frame, Frame)
    assert "CRC-16/X.25" in frame.note


def test_a_checksum_in_small_letters_is_the_same() -> None:
    assert scan(TELEGRAM[:-6] + TELEGRAM[-6:].lower()) == [Frame("p1", 0, TEXT, checksum=16)]


def test_bare_line_feeds_end_lines_too() -> None:
    text = TEXT.replace(b"\r\n", b"\n")
    checksum = f"{links.crc_arc(text):04X}\n".encode("ascii")
    assert scan(text + checksum) == [Frame("p1", 0, text, checksum=16)]


def test_a_wrong_checksum_is_a_fault_and_no_telegram() -> None:
    damaged = TELEGRAM.replace(b"1234", b"1235")
    (fault,) = scan(damaged)
    assert isinstance(fault, Fault)
    assert fault.kind is Kind.CHECKSUM_WRONG
    assert str(fault) == f"p1: byte 0: the checksum of a telegram of {len(TEXT)} bytes is wrong"


def test_a_byte_that_is_no_text_is_told_where_no_checksum_is() -> None:
    damaged = links.p1("SAG5", LINES, checksum=False).replace(b"1234", b"12\x834")
    reason = "a telegram of text holds the byte 83"
    assert scan(damaged)[0] == Fault(Kind.DAMAGED, "p1", 0, reason)


def test_a_telegram_in_the_middle_of_which_another_begins_broke_off() -> None:
    broken = TELEGRAM[: TELEGRAM.index(b"1-0:1.7.0")]
    assert scan(broken + TELEGRAM) == [
        Fault(Kind.DAMAGED, "p1", 0, "a telegram broke off before another began"),
        Frame("p1", len(broken), TEXT, checksum=16),
    ]


@pytest.mark.parametrize("kept", [*range(10, len(TEXT) - 1), len(TEXT) + 2])
def test_a_telegram_that_broke_off_within_a_line_does_not_swallow_the_next(kept: int) -> None:
    """As after a cable was pulled: the next one's beginning stands in the same line."""
    *faults, whole = scan(TELEGRAM[:kept] + TELEGRAM)
    assert whole == Frame("p1", kept, TEXT, checksum=16)
    assert all(isinstance(fault, Fault) for fault in faults)


def test_a_telegram_that_was_deciphered_is_taken_with_or_without_its_line_end() -> None:
    for data in (TELEGRAM, TELEGRAM.rstrip(), b"\r\n" + TELEGRAM):
        assert p1.whole(data).content == TEXT


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (TELEGRAM.replace(b"(", b"[", 1), Kind.CHECKSUM_WRONG, "checksum"),
        (TELEGRAM[: len(TELEGRAM) // 2], Kind.DAMAGED, "no whole telegram of text"),
        (b"no slash", Kind.DAMAGED, "no whole telegram of text"),
    ],
)
def test_a_deciphered_text_that_is_no_whole_telegram_is_refused(
    data: bytes, kind: Kind, reason: str
) -> None:
    with pytest.raises(DecodeError, match=reason) as caught:
        p1.whole(data)
    assert (caught.value.layer, caught.value.offset, caught.value.kind) == ("p1", 0, kind)


def test_the_telegram_behind_a_damaged_one_is_found() -> None:
    damaged = TELEGRAM.replace(b"1234", b"1235")
    assert scan(damaged + TELEGRAM)[-1] == Frame("p1", len(TELEGRAM), TEXT, checksum=16)


def test_the_line_end_of_a_recorded_telegram_may_be_missing() -> None:
    assert scan(TELEGRAM[:-2]) == [Frame("p1", 0, TEXT, checksum=16)]


@pytest.mark.parametrize("kept", [40, 60, len(TEXT) - 1, len(TEXT) + 2])
def test_a_telegram_that_is_cut_short_gives_nothing_but_a_fault(kept: int) -> None:
    (fault,) = scan(TELEGRAM[:kept])
    assert isinstance(fault, Fault)
    in_checksum = kept > len(TEXT)
    assert fault.kind is (Kind.CHECKSUM_WRONG if in_checksum else Kind.DAMAGED)
    assert fault.layer == "p1"


# --- Line ends ---


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\r\n", b"\r\n\r\n", b"\n\n"])
def test_telegrams_whose_line_ends_were_changed_are_read(line_end: bytes, size: int) -> None:
    data = TELEGRAM.replace(b"\r\n", line_end) * 3
    events = scan(*(data[at : at + size] for at in range(0, len(data), size)))
    note = Sort(Algorithm.ARC, restored=True).sentence
    assert [event._replace(offset=0) for event in events if isinstance(event, Frame)] == [
        Frame("p1", 0, TEXT, checksum=16, note=note)
    ] * 3
    assert len(events) == 3


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"])
def test_a_telegram_is_there_with_its_last_byte_whatever_its_line_ends(line_end: bytes) -> None:
    data = TELEGRAM.replace(b"\r\n", line_end)
    scanner = Scanner()
    found = [scanner.feed(data[at : at + 1]) for at in range(len(data))]
    assert not any(found[:-1])
    assert len(found[-1]) == 1


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("digits", range(1, 9))
def test_a_telegram_without_a_checksum_is_there_with_its_last_byte(
    line_end: bytes, digits: int
) -> None:
    data = links.p1("ISK5", [f"1-0:1.8.0({0:0{digits}}*Wh)"], checksum=False)
    scanner = Scanner()
    found = [scanner.feed(byte) for byte in single_bytes(data.replace(b"\r\n", line_end))]
    assert not any(found[:-1])
    assert len(found[-1]) == 1


# --- What is no text ---

checked = st.sampled_from(
    [P1Checksum.ARC, P1Checksum.UNPADDED, P1Checksum.X25, P1Checksum.X25_SWAPPED]
)
unchecked = st.sampled_from([P1Checksum.ZEROS, P1Checksum.NONE])
strange = st.binary(min_size=1, max_size=3).filter(lambda one: not p1._STRANGE.sub(b"", one))
places = st.integers(len(b"/SAG5"), len(TEXT) - 2)
chunk_sizes = st.sampled_from([1, 3, 16, 100, 1 << 20])


@settings(max_examples=of_hundred(200))
@given(strange, places, checked, chunk_sizes, st.booleans())
def test_what_is_no_text_is_read_at_any_place_with_a_right_checksum(
    odd: bytes,
    at: int,
    kind: P1Checksum,
    size: int,
    replaces: bool,  # noqa: FBT001 - by hypothesis
) -> None:
    text = TEXT[:at] + odd + TEXT[at + (len(odd) if replaces else 0) :]
    if not text.endswith(b"!"):
        text = TEXT[:at] + odd + TEXT[at:]
    data = sealed(text, kind)
    if p1.P1()._find_stop(bytearray(text), 0, 1, len(text) - 1):
        return  # a line that begins like the end
    found = scan(*(data[pos : pos + size] for pos in range(0, len(data), size)))
    (frame,) = (event for event in found if isinstance(event, Frame))
    assert (frame.payload, frame.checksum) == (text, 16)
    assert len(found) == 1


@pytest.mark.parametrize("size", [1, 100, 1 << 20])
@pytest.mark.parametrize(
    "odd", [b"\xff" * 1024, b"\0" * 300, "Zähler".encode("latin-1"), b"\xff\n" * 9]
)
def test_a_long_run_of_what_is_no_text_is_read_with_a_right_checksum(odd: bytes, size: int) -> None:
    text = TEXT[:-1] + b"0-0:96.13.0(" + odd + b")\r\n!"
    data = sealed(text, P1Checksum.ARC) * 2
    found = scan(*(data[pos : pos + size] for pos in range(0, len(data), size)))
    assert found == [Frame("p1", at, text, checksum=16) for at in (0, len(data) // 2)]


@given(strange, places, unchecked, st.integers(1, 4))
def test_what_is_no_text_is_not_read_without_a_checksum(
    odd: bytes, at: int, kind: P1Checksum, count: int
) -> None:
    data = sealed(TEXT[:at] + odd + TEXT[at:], kind)
    found = scan(data * count)
    assert not any(isinstance(event, Frame) for event in found)
    assert all(isinstance(event, Fault) and event.kind is Kind.DAMAGED for event in found)


def test_the_first_byte_that_is_no_text_is_told_however_it_comes() -> None:
    damaged = links.p1("SAG5", LINES, checksum=False)
    damaged = damaged.replace(b"1234", b"12\x834").replace(b"321", b"3\x8421")
    fault = Fault(Kind.DAMAGED, "p1", 0, "a telegram of text holds the byte 83")
    assert scan(damaged)[0] == scan(*single_bytes(damaged))[0] == fault


def test_without_the_standard_s_digit_no_checksum_makes_a_telegram_of_what_is_no_text() -> None:
    text = TEXT.replace(b"/SAG5", b"/SAGA").replace(b"1234", b"12\x834")
    fault = Fault(Kind.DAMAGED, "p1", 0, "a telegram of text holds the byte 83")
    assert scan(sealed(text, P1Checksum.ARC)) == [fault]


def test_a_byte_that_is_no_text_beside_a_wrong_checksum_is_no_wrong_serial_mode() -> None:
    (fault,) = scan(TELEGRAM.replace(b"1234", b"12\x834"))
    assert isinstance(fault, Fault)
    assert fault.kind is Kind.CHECKSUM_WRONG


def test_a_text_that_never_ends_is_told_at_the_end_of_the_stream() -> None:
    """As the enciphered telegrams of Elgama do behind their first line."""
    (fault,) = scan(b"/EGM5G35\r\n\x00\x82\x02" + bytes(200))
    assert isinstance(fault, Fault)
    assert fault.reason == "the bytes end inside a frame, 213 are there"


def test_a_telegram_with_a_right_checksum_is_there_at_once_whatever_is_before_it() -> None:
    beginning = b"\xdb\x08SAG\x59\x05\xed\x33\x12\x82\x20\x00\x30\0\0\0\1"
    scanner = Scanner()
    *_, frame = scanner.feed(beginning + TELEGRAM)
    assert frame == Frame("p1", len(beginning), TEXT, checksum=16)


# --- Long telegrams ---


def long(size: int) -> bytes:
    lines = [f"1-0:{c}.{d}.{e}({c:06}*Wh)" for c in range(99) for d in range(9) for e in range(9)]
    text = "\r\n".join(("/SAG5", "", *lines)).encode("ascii")[: size - 9]
    return sealed(text + b"\r\n!", P1Checksum.ARC)


@pytest.mark.parametrize("size", [7, 50, 1 << 20])
def test_a_telegram_of_32_kb_is_read(size: int) -> None:
    data = long(32768)
    assert len(data) == 32768
    found = scan(*(data[pos : pos + size] for pos in range(0, len(data), size)))
    assert found == [Frame("p1", 0, data[:-6], checksum=16)]


@pytest.mark.parametrize("strange", [b"", b"\xff"])
def test_no_byte_of_a_telegram_is_searched_twice_for_its_end(strange: bytes) -> None:
    data = long(8192).replace(b"(", b"(" + strange, 1)
    buffer = bytearray()
    left: list[int] = []
    look: Callable[[bytearray, int], Probe] = p1.P1().probe
    for byte in data[:-9]:
        buffer.append(byte)
        probe = look(buffer, 0)
        assert isinstance(probe, More)
        if probe.again:
            look = probe.again
            left.append(len(buffer) - look.keywords["before"].size)  # type: ignore[attr-defined]
    assert len(left) > 8000
    assert max(left) <= p1._END_SIZE
    assert all(b <= a + 1 for a, b in pairwise(left))


@pytest.mark.parametrize("text", [b"/", b"/SA", b"/1234\r\n", b"/S1G5\r\n", b"// comment\r\n"])
def test_a_slash_that_begins_no_identification_is_noise(text: bytes) -> None:
    assert scan(text) == []


marks = st.sampled_from([b"!", b"/", b"\r", b"\n", b"\xff\xff", b"/SAG5", b"/ABC4", b"x", b"\t"])


@settings(max_examples=of_hundred(300))
@given(st.lists(marks, max_size=20).map(b"".join), st.integers(1, 40), st.integers(0, 40))
def test_the_end_of_a_text_is_where_a_pattern_finds_it(text: bytes, begin: int, cut: int) -> None:
    stop = re.compile(rb"[\r\n][^\t\r\n -~]{0,4}([!/])|(/)(?=[A-Za-z]{3}[0-9])")
    data = bytearray(b"/SAG5" + text)
    end = max(len(data) - cut, 0)
    found = stop.search(data, begin, end)
    while found and found[2] and not data.startswith(b"/SAG5", found.start()):
        found = stop.search(data, found.end(), end)
    expected = found.end() - 1 if found else None
    assert p1.P1()._find_stop(data, 0, begin, end) == expected


def test_a_telegram_without_end_is_given_up() -> None:
    events = scan(b"/SAG5\r\n" + b"1-0:1.8.0(00001234*Wh)\r\n" * 2000)
    assert events[0] == Fault(Kind.DAMAGED, "p1", 0, "a telegram has no end within 32768 bytes")
    assert [event for event in events if isinstance(event, Frame)] == []


@pytest.mark.parametrize("name", [b"HLY5/ABC5-METER", b"HLY5/DTS545", b"HLY5/D545-METER"])
def test_a_slash_in_an_identification_begins_no_telegram(name: bytes) -> None:
    text = b"/" + name + TEXT[TEXT.index(b"\r\n") :]
    data = sealed(text, P1Checksum.ARC)
    assert scan(data) == [Frame("p1", 0, text, checksum=16)]
    assert scan(*(data[n : n + 1] for n in range(len(data)))) == [Frame("p1", 0, text, checksum=16)]
