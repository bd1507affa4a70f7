"""Parts of messages are joined in order, or the message is dropped and the reason said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fault import Fault, Kind
from app.link.frame import Frame
from app.link.segments import Joiner


def joiner(first: int = 0) -> Joiner:
    return Joiner("mbus", "segment", first)


def part(payload: bytes, offset: int = 0, parts: int = 1) -> Frame:
    return Frame("mbus", offset, payload, "ff", parts=parts)


def fault(offset: int, reason: str) -> Fault:
    return Fault(Kind.DAMAGED, "mbus", offset, reason)


def test_a_single_part_is_a_message() -> None:
    assert joiner().feed(0, part(b"one", 7), last=True) == [part(b"one", 7)]


def test_parts_are_joined_and_stand_where_the_first_stood() -> None:
    parts = joiner()
    assert parts.feed(0, part(b"a", 10), last=False) == []
    assert parts.feed(1, part(b"b", 20), last=False) == []
    assert parts.feed(2, part(b"c", 30), last=True) == [part(b"abc", 10, 3)]


def test_the_first_number_may_be_another_than_0() -> None:
    parts = joiner(first=1)
    assert parts.feed(1, part(b"a"), last=False) == []
    assert parts.feed(2, part(b"b"), last=True) == [part(b"ab", parts=2)]


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=8), st.sampled_from([0, 1]))
def test_any_number_of_parts_gives_what_was_cut(payloads: list[bytes], first: int) -> None:
    parts = joiner(first)
    for _ in range(2):  # the second message is joined like the first
        events = [
            event
            for at, payload in enumerate(payloads)
            for event in parts.feed(at + first, part(payload), last=at == len(payloads) - 1)
        ]
        assert events == [part(b"".join(payloads), parts=len(payloads))]
        assert not parts.under_way


def test_a_lost_part_drops_the_message_and_says_which_part_was_due() -> None:
    parts = joiner()
    parts.feed(0, part(b"a", 10), last=False)
    reason = "segment 2 came where segment 1 was due"
    assert parts.feed(2, part(b"c", 30), last=True) == [fault(30, reason)]
    assert parts.feed(0, part(b"x", 40), last=True) == [part(b"x", 40)]


def test_a_doubled_part_drops_the_message() -> None:
    parts = joiner()
    parts.feed(0, part(b"a"), last=False)
    parts.feed(1, part(b"b"), last=False)
    events = parts.feed(1, part(b"b", 5), last=False)
    assert events == [fault(5, "segment 1 came where segment 2 was due")]
    events = parts.feed(2, part(b"c", 9), last=True)
    assert events == [fault(9, "segment 2 arrived without the beginning of its message")]


@pytest.mark.parametrize(
    ("size", "gap", "is_whole"),
    [(3, 96, True), (3, 97, False), (200, 200, True), (200, 201, False)],
)
def test_a_gap_as_long_as_the_beginning_drops_the_message(
    size: int, gap: int, *, is_whole: bool
) -> None:
    """The beginning of another message may have been there, to which the next part belongs."""
    parts, begun = joiner(), bytes(size)
    parts.feed(0, part(begun, 10), last=False)
    dropped = [fault(10, "a message broke off before its segment 1")]
    whole = [part(begun + b"d", 10, 2)]
    offset = 10 + size + gap
    assert parts.feed(1, part(b"d", offset), last=True) == (whole if is_whole else dropped)
    assert parts.feed(0, part(b"x", 900), last=True) == [part(b"x", 900)]


def test_a_part_that_was_joined_itself_has_a_gap_for_each_of_its_parts() -> None:
    parts = joiner()
    parts.feed(0, part(b"abc", 10, parts=4), last=False)
    assert parts.feed(1, part(b"d", 10 + 3 + 4 * 96), last=True) == [part(b"abcd", 10, 2)]


def test_a_later_part_alone_is_no_message() -> None:
    events = joiner().feed(1, part(b"b", 3), last=True)
    assert events == [fault(3, "segment 1 arrived without the beginning of its message")]


def test_a_new_first_part_ends_the_message_under_way_and_begins_its_own() -> None:
    parts = joiner()
    parts.feed(0, part(b"old", 10), last=False)
    events = parts.feed(0, part(b"new", 50), last=False)
    assert events == [fault(10, "a message broke off before its segment 1")]
    assert parts.feed(1, part(b"er", 60), last=True) == [part(b"newer", 50, 2)]


def test_a_new_message_of_one_part_comes_after_the_complaint_about_the_old_one() -> None:
    parts = joiner()
    parts.feed(0, part(b"old", 10), last=False)
    events = parts.feed(0, part(b"new", 50), last=True)
    assert events == [
        fault(10, "a message broke off before its segment 1"),
        part(b"new", 50),
    ]
    assert not parts.under_way


def test_the_end_of_the_stream_tells_of_a_message_under_way_once() -> None:
    parts = joiner()
    parts.feed(0, part(b"a", 10), last=False)
    assert parts.finish() == [fault(10, "a message broke off before its segment 1")]
    assert parts.finish() == []


def test_the_end_of_the_stream_says_nothing_between_messages() -> None:
    assert joiner().finish() == []


def test_a_message_without_end_is_dropped() -> None:
    parts = joiner()
    block = bytes(16384)
    for number in range(4):
        assert parts.feed(number, part(block, 10), last=False) == []
    assert parts.feed(4, part(b"x"), last=False) == [
        fault(10, "a message is longer than 65536 bytes")
    ]
    assert not parts.under_way
