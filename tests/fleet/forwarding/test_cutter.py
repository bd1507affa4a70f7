import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fleet.forwarding.cutter import MOST_BYTES, PAUSE_SECONDS, Cutter
from simulator import meters
from tests.support.telegrams import household

FAMILIES = [family for family in meters.FAMILIES if family not in ("e570", "kamstrup")]


@pytest.mark.parametrize("family", FAMILIES)
def test_each_telegram_is_a_message(family: str) -> None:
    cutter, meter = Cutter(), meters.build(family)
    for second in range(0, 50, 10):
        telegram = meter.telegram(household(meter))
        messages = []
        for number, segment in enumerate(telegram.segments):
            message, _ = cutter.feed(segment, second + number / 10)
            messages.append(message)
        messages.append(cutter.tick(second + 9))
        assert b"".join(messages) == telegram.data
        assert len(list(filter(None, messages))) == 1


def test_a_good_frame_is_told() -> None:
    meter = meters.build("kaifa")
    assert Cutter().feed(meter.telegram(household(meter)).segments[0], 0.0)[1]
    assert not Cutter().feed(b"noise", 0.0)[1]


def test_what_is_no_telegram_is_a_message_after_a_pause() -> None:
    cutter = Cutter()
    assert cutter.feed(b"noise", 0.0) == (b"", False)
    assert cutter.tick(PAUSE_SECONDS - 0.1) == b""
    assert cutter.tick(PAUSE_SECONDS) == b"noise"
    assert cutter.tick(2 * PAUSE_SECONDS) == b""


def test_a_line_that_is_opened_anew_begins_a_message() -> None:
    cutter = Cutter()
    cutter.feed(b"\x68\xfa", 0.0)
    assert cutter.restart() == b"\x68\xfa"
    assert cutter.restart() == b""


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=3000), st.floats(0, 3))))
def test_no_byte_is_left_out_or_changed(chunks: list[tuple[bytes, float]]) -> None:
    cutter, now, messages = Cutter(), 0.0, []
    for chunk, pause in chunks:
        messages.append(cutter.feed(chunk, now)[0])
        now += pause
        messages.append(cutter.tick(now))
    messages.append(cutter.restart())
    assert b"".join(messages) == b"".join(chunk for chunk, _ in chunks)
    assert all(len(message) < MOST_BYTES + 3000 for message in messages)
