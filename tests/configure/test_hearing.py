"""What is made of a line: a telegram, or why there is none."""

from collections.abc import Iterable

import pytest

from app.configure import hearing
from app.configure.hearing import Heard, Hearing, Outcome
from app.dlms.ciphering import Keys
from app.fault import Kind
from app.transport.events import Cause, Event, GatewaySaid, GaveUp, Lost, Opened, SpeaksTelnet
from app.transport.mode_search import USUAL
from app.transport.serial_mode import SerialMode
from simulator import meters
from simulator.meters import FAMILIES
from tests.support.telegrams import BOTH_KEYS, KEYS, NOON, decoder, household, telegram

MODE = SerialMode.parse("2400 8E1")
LINE = "/dev/ttyUSB0 (2400 8E1)"


class Line:
    """A line, and what is made of it."""

    def __init__(self, modes: int = 1, longest: float | None = None) -> None:
        self.hearing = Hearing(
            "/dev/ttyUSB0", decoder(Keys()), modes=modes, now=0.0, longest=longest
        )
        self.framed = 0

    def take(self, *events: Event, now: float = 0.0) -> Heard | None:
        heard = None
        for event in events:
            assert heard is None
            heard = self.hearing.take(event, now, self._frame)
        return heard

    def _frame(self) -> None:
        self.framed += 1


def opened(line: Line | None = None) -> Line:
    line = line or Line()
    assert line.take(Opened(LINE, MODE)) is None
    return line


@pytest.mark.parametrize(
    ("family", "variant"), [(f, v) for f, some in FAMILIES.items() for v in some]
)
def test_the_first_telegram_of_every_meter_is_heard(family: str, variant: str) -> None:
    line = opened()
    meter = meters.build(family, variant)
    data = meter.telegram(household(meter, NOON)).data
    heard = line.take(data) or line.take(meter.telegram(household(meter, NOON)).data)
    assert heard
    assert heard.outcome is Outcome.TELEGRAM
    assert (heard.target, heard.mode) == ("/dev/ttyUSB0", MODE)
    assert heard.telegram
    assert line.framed
    ciphered = FAMILIES[family][variant].ciphered
    assert hearing.is_ciphered(heard.telegram) == ciphered
    read = hearing.read_again(heard.chunks, decoder(BOTH_KEYS))
    assert read
    assert read.fault is None
    if ciphered:
        wrong = hearing.read_again(heard.chunks, decoder(Keys(bytes(16))))
        assert wrong
        assert wrong.fault
        assert wrong.fault.kind is Kind.KEY_WRONG


def test_a_tag_is_seen_without_a_key() -> None:
    for variant, tagged in (("burgenland", True), ("wien", False)):
        heard = opened().take(telegram("e450", variant).data)
        assert heard
        assert heard.telegram
        assert hearing.has_tag(heard.telegram) == tagged


def test_noise_before_a_telegram_is_passed_over() -> None:
    line = opened()
    data = telegram("kaifa").data
    damaged = bytearray(data)
    damaged[50] ^= 1
    assert line.take(bytes(range(200)), data[100:], bytes(damaged)) is None
    heard = line.take(data)
    assert heard
    assert heard.outcome is Outcome.TELEGRAM
    read = hearing.read_again(heard.chunks, decoder(KEYS))
    assert read
    assert read.fault is None


def test_what_came_in_another_mode_is_forgotten() -> None:
    line = opened(Line(modes=2))
    line.take(b"\x00" * 40, GaveUp(MODE, was_right=False), Opened("x (9600 8N1)", USUAL[1]))
    progress = line.hearing.progress(1.0)
    assert progress
    assert (progress.count, progress.tail, progress.mode) == (0, b"", USUAL[1])


def test_no_progress_is_shown_before_the_line_is_open() -> None:
    assert Line().hearing.progress(1.0) is None


def test_progress_shows_the_newest_bytes() -> None:
    line = opened()
    line.take(b"\x01\x02\x03", b"\x04" * 7)
    progress = line.hearing.progress(2.5)
    assert progress
    assert (progress.count, progress.seconds) == (10, 2.5)
    assert progress.tail == b"\x03" + b"\x04" * 7


def test_a_line_without_a_byte_is_silent_after_a_while() -> None:
    line = opened()
    assert line.hearing.look(hearing.SILENCE - 1) is None
    heard = line.hearing.look(hearing.SILENCE)
    assert heard
    assert heard.outcome is Outcome.SILENT


def test_the_user_says_how_long_to_wait() -> None:
    line = opened(Line(longest=5))
    assert line.hearing.look(4.9) is None
    heard = line.hearing.look(5.0)
    assert heard
    assert heard.outcome is Outcome.SILENT


def look_all(line: Line, seconds: Iterable[int], chunk: bytes) -> float | None:
    """Let bytes come every second; give when it was given up, if it was."""
    for now in seconds:
        line.take(chunk, now=now)
        heard = line.hearing.look(now)
        if heard:
            assert heard.outcome is Outcome.UNREADABLE
            return now
    return None


def test_bytes_without_a_telegram_are_given_up_when_the_modes_are_tried() -> None:
    line = opened(Line(modes=len(USUAL)))
    for mode in USUAL[:-1]:
        assert line.take(b"\x00\x11", GaveUp(mode, was_right=False), Opened(LINE, mode)) is None
    heard = line.take(GaveUp(USUAL[-1], was_right=False))
    assert heard
    assert heard.outcome is Outcome.UNREADABLE


def test_bytes_without_a_telegram_are_given_up_after_a_while() -> None:
    alone = look_all(opened(), range(1000), b"\x00\x11")
    assert alone == hearing.SILENCE + hearing.UNREADABLE
    searched = look_all(opened(Line(modes=11)), range(1000), b"\x00\x11")
    assert searched == hearing.LONGEST


def test_wrong_checksums_are_told_from_a_wrong_mode() -> None:
    line = opened()
    data = bytearray(telegram("dsmr").data)
    data[-6:-2] = b"0123"
    assert line.take(bytes(data), bytes(data)) is None
    heard = line.take(bytes(data))
    assert heard
    assert heard.outcome is Outcome.CHECKSUM
    assert line.framed


def test_a_lost_line_is_told_at_once_with_its_cause() -> None:
    heard = Line().take(Lost(LINE, "in use; stop it", 1.0, MODE, Cause.BUSY))
    assert heard
    assert (heard.outcome, heard.cause, heard.reason) == (
        Outcome.NOT_OPEN,
        Cause.BUSY,
        "in use; stop it",
    )


def test_what_a_gateway_says_is_no_telegram() -> None:
    assert opened().take(GatewaySaid("tcp://h:1", "hello"), SpeaksTelnet("tcp://h:1")) is None
