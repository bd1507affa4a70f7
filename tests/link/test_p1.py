"""P1 telegrams: text between a slash and an exclamation mark."""

import pytest

from app.fault import Fault, Kind
from app.link import Frame, Scanner
from simulator import links

LINES = ["0-0:1.0.0(260701120005S)", "1-0:1.8.0(00001234*Wh)", "1-0:1.7.0(00321*W)"]
TELEGRAM = links.p1("SAG5SAG-METER", LINES)
TEXT = TELEGRAM[: TELEGRAM.index(b"!") + 1]


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


def test_an_identification_without_end_is_noise() -> None:
    line = b"/SAG5" + b"x" * 150
    assert scan(line + b"\r\n" + TEXT[TEXT.index(b"0-0") :] + b"\r\n") == []
    assert scan(line[:60], line[60:], TELEGRAM) == [Frame("p1", len(line), TEXT, checksum=16)]


def test_a_telegram_without_a_checksum_is_taken() -> None:
    telegram = links.p1("ISK5", LINES, checksum=False)
    assert scan(telegram) == [Frame("p1", 0, telegram[:-2])]


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


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, 50])
def test_telegrams_that_follow_one_another_may_come_in_pieces(size: int) -> None:
    data = TELEGRAM * 3
    assert scan(*(data[at : at + size] for at in range(0, len(data), size))) == [
        Frame("p1", at * len(TELEGRAM), TEXT, checksum=16) for at in range(3)
    ]


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("checksum", [True, False])
def test_a_recorded_telegram_may_lack_its_last_line_end(*, checksum: bool, missing: int) -> None:
    telegram = links.p1("ISK5", LINES, checksum=checksum)[:-missing]
    text = telegram[: telegram.index(b"!") + 1]
    frame = Frame("p1", 0, text, checksum=16 * checksum)
    assert scan(telegram) == [frame]
    assert scan(*(telegram[at : at + 1] for at in range(len(telegram)))) == [frame]


def test_a_checksum_in_small_letters_is_the_same() -> None:
    assert scan(TELEGRAM[:-6] + TELEGRAM[-6:].lower()) == [Frame("p1", 0, TEXT, checksum=16)]


def test_bare_line_feeds_end_lines_too() -> None:
    text = TEXT.replace(b"\r\n", b"\n")
    checksum = f"{links.crc_arc(text):04X}\n".encode("ascii")
    assert scan(text + checksum) == [Frame("p1", 0, text, checksum=16)]


def test_a_wrong_checksum_is_a_fault_and_no_telegram() -> None:
    damaged = TELEGRAM.replace(b"1234", b"1235")
    reason = f"the checksum of a telegram of {len(TEXT)} bytes is wrong"
    assert scan(damaged) == [Fault(Kind.DAMAGED, "p1", 0, reason)]


def test_a_byte_that_is_no_text_is_a_fault_and_no_telegram() -> None:
    damaged = TELEGRAM.replace(b"1234", b"12\x834")
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


def test_the_telegram_behind_a_damaged_one_is_found() -> None:
    damaged = TELEGRAM.replace(b"1234", b"1235")
    assert scan(damaged + TELEGRAM)[-1] == Frame("p1", len(TELEGRAM), TEXT, checksum=16)


def test_the_line_end_of_a_recorded_telegram_may_be_missing() -> None:
    assert scan(TELEGRAM[:-2]) == [Frame("p1", 0, TEXT, checksum=16)]


@pytest.mark.parametrize("kept", [40, 60, len(TEXT) - 1, len(TEXT) + 2])
def test_a_telegram_that_is_cut_short_gives_nothing_but_a_fault(kept: int) -> None:
    events = scan(TELEGRAM[:kept])
    assert [(event.kind, event.layer) for event in events if isinstance(event, Fault)] == [
        (Kind.DAMAGED, "p1")
    ]
    assert len(events) == 1


@pytest.mark.parametrize("text", [b"/", b"/SA", b"/1234\r\n", b"/S1G5\r\n", b"// comment\r\n"])
def test_a_slash_that_begins_no_identification_is_noise(text: bytes) -> None:
    assert scan(text) == []


def test_a_telegram_without_end_is_given_up() -> None:
    events = scan(b"/SAG5\r\n" + b"1-0:1.8.0(00001234*Wh)\r\n" * 1000)
    assert events[0] == Fault(Kind.DAMAGED, "p1", 0, "a telegram has no end within 16384 bytes")
    assert [event for event in events if isinstance(event, Frame)] == []
