"""Parity errors within frames: told where they are rare among good frames, and only there."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fault import Fault
from app.link import Frame, Scanner
from app.link.parity_errors import ParityErrors
from app.transport.parity import Received
from simulator.axdr import ber_length
from simulator.links import Hdlc, Link, MBus
from tests.support.examples import of_hundred

APDU = b"\xdb\x08LGZgs\x01\x02\x03" + ber_length(70, 1) + b"\x20" + bytes(range(69))
LINKS = {
    "mbus": MBus(),
    "mbus in segments": MBus(longest=40),
    "hdlc": Hdlc(),
    "hdlc in segments": Hdlc(longest=30),
}
SOME = 10  # good frames from which on it is known that errors are rare

links = pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)


def wire(link: Link) -> bytes:
    return b"".join(link.frames(APDU))


def scan(scanner: Scanner, data: bytes, errors: list[int], *cuts: int) -> list[Frame]:
    """Let bytes come in chunks, with errors at some places; give the frames."""
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    events: list[Frame | Fault] = []
    for begin, end in itertools.pairwise(places):
        inside = [place - begin for place in errors if begin <= place < end]
        events += scanner.feed(Received.of(data[begin:end], inside))
    return [event for event in events if isinstance(event, Frame)]


def clean_line(link: Link) -> Scanner:
    scanner = Scanner()
    for _ in range(SOME):
        (frame,) = scan(scanner, wire(link), [])
        assert frame.parity_errors == 0
    return scanner


@links
@settings(max_examples=of_hundred(30))
@given(st.data())
def test_a_frame_on_a_clean_line_has_its_errors_however_it_comes(
    link: Link, data: st.DataObject
) -> None:
    size = len(wire(link))
    errors = sorted(data.draw(st.sets(st.integers(1, size - 2), min_size=1, max_size=5)))
    cuts = data.draw(st.lists(st.integers(0, size), max_size=6))
    scanner = clean_line(link)
    (frame,) = scan(scanner, wire(link), errors, *cuts)
    assert frame.payload == APDU
    # A flag between two frames of HDLC belongs to one of them at most.
    lost = len(errors) - frame.parity_errors
    assert lost == 0 or (isinstance(link, Hdlc) and lost <= wire(link).count(b"\x7e"))
    (after,) = scan(scanner, wire(link), [])
    assert after.parity_errors == 0


@links
def test_errors_between_frames_are_no_frames_errors(link: Link) -> None:
    scanner = clean_line(link)
    noise = b"\x00" * 5
    found = scan(scanner, noise + wire(link) + noise, [0, 4, 5 + len(wire(link)) + 1])
    assert [frame.parity_errors for frame in found] == [0]


@links
@pytest.mark.parametrize("clean", [0, 2])
def test_errors_say_nothing_before_they_are_known_to_be_rare(link: Link, clean: int) -> None:
    scanner = Scanner()
    for _ in range(clean):
        scan(scanner, wire(link), [])
    (frame,) = scan(scanner, wire(link), [5])
    assert frame.parity_errors == 0


@links
def test_errors_say_nothing_where_each_good_frame_has_them(link: Link) -> None:
    scanner = Scanner()
    everywhere = list(range(len(wire(link))))
    for _ in range(50):
        (frame,) = scan(scanner, wire(link), everywhere)
        assert frame.parity_errors == 0


@given(st.lists(st.sets(st.integers(0, 9), max_size=2), max_size=150), st.booleans())
def test_errors_are_rare_among_the_last_32_frames(
    errors: list[set[int]],
    many: bool,  # noqa: FBT001 - by hypothesis
) -> None:
    kept = ParityErrors()
    latest: list[bool] = []
    for number, own in enumerate(errors):
        places = tuple(sorted(own)) if many or number % 8 == 0 else ()
        kept.add(10 * number, places)
        rare = len(latest) >= 8 and 8 * sum(latest) <= len(latest)
        assert kept.take(10 * number, 10 * number + 10, number + 1) == (len(places) if rare else 0)
        latest = [*latest, bool(places)][-32:]
        if number % 3 == 0:
            kept.forget(10 * number)


def test_errors_become_rare_again_after_enough_clean_frames() -> None:
    errors = ParityErrors()
    offset = frames = 0

    def frame(*places: int) -> int:
        nonlocal offset, frames
        errors.add(offset, places)
        offset += 10
        errors.forget(offset - 20)
        frames += 1
        return errors.take(offset - 10, offset, frames)

    assert [frame(1) for _ in range(32)] == [0] * 32
    assert [frame() for _ in range(27)] == [0] * 27
    assert frame(0) == 0  # five of the 32 before had some
    assert frame() == 0
    assert frame(1, 2, 9) == 3  # four had some


def test_places_before_an_offset_are_forgotten() -> None:
    errors = ParityErrors()
    errors.add(100, (1, 5, 9))
    errors.forget(105)
    assert errors.places == [105, 109]
