"""A chunk laid out like one before gives just what a search through it would give."""

import random
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fault import Fault
from app.link import Frame, Scanner
from app.link.layouts import Layouts
from app.transport.parity import Received
from simulator import links
from simulator.links import Flags, Hdlc, Link, MBus
from tests.support.lateness import line, names
from tests.support.telegrams import frames, single_bytes

LINKS = {
    "mbus": MBus(),
    "mbus in segments": MBus(longest=40),
    "hdlc": Hdlc(),
    "hdlc in segments": Hdlc(longest=30),
    "hdlc with shared flags": Hdlc(longest=30, flags=Flags.SHARED),
    "hdlc without the last flag": Hdlc(flags=Flags.OPEN_END),
    "hdlc in blocks": Hdlc(blocks=(30,)),
}
every_link = pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)


def apdu(seed: int, size: int = 80) -> bytes:
    return b"\xdb\x08" + random.Random(seed).randbytes(size - 2)  # noqa: S311 - no cryptography


def wire(link: Link, seed: int = 1, size: int = 80) -> bytes:
    return b"".join(link.frames(apdu(seed, size)))


def searching() -> Scanner:
    """A scanner that learns no layouts, so that it searches each chunk."""
    scanner = Scanner()
    scanner._layouts = Layouts(())
    return scanner


def assert_as_searched(chunks: Iterable[bytes]) -> Scanner:
    """Compare all that a scanner gives and counts with what a search through it all gives."""
    scanner, plain = Scanner(), searching()
    for chunk in chunks:
        assert scanner.feed(chunk) == plain.feed(chunk)
        assert (scanner.junk, scanner.frames) == (plain.junk, plain.frames)
        assert scanner._buffer == plain._buffer
    assert scanner.finish() == plain.finish()
    assert (scanner.junk, scanner.frames) == (plain.junk, plain.frames)
    return scanner


def is_known(scanner: Scanner, chunk: bytes) -> bool:
    """Tell whether a chunk is not searched."""
    known = scanner._layouts.known
    return any(one.frames.size == len(chunk) and one.read(chunk, 0) is not None for one in known)


def without_search(scanner: Scanner, chunk: bytes) -> list[Frame | Fault]:
    """Feed a chunk that must not be searched."""
    assert is_known(scanner, chunk)
    return scanner.feed(chunk)


# --- What is known ---


@every_link
def test_a_telegram_in_one_piece_is_searched_only_the_first_time(link: Link) -> None:
    scanner = Scanner()
    first = scanner.feed(wire(link, 1))
    second = without_search(scanner, wire(link, 2))
    size = len(wire(link))
    assert [frame.offset for frame in frames(second)] == [
        frame.offset + size for frame in frames(first)
    ]
    assert second == searching().feed(b"\0" * size + wire(link, 2))


@every_link
def test_several_telegrams_may_share_a_chunk(link: Link) -> None:
    chunks = [wire(link, n) + wire(link, n + 1) for n in range(3)]
    scanner = assert_as_searched(chunks)
    assert is_known(scanner, chunks[0])


@every_link
def test_telegrams_of_several_sizes_take_turns(link: Link) -> None:
    sizes = [60, 80, 100]
    scanner = Scanner()
    for n in range(3):
        for size in sizes:
            data = wire(link, n, size)
            assert n == 0 or is_known(scanner, data)
            scanner.feed(data)


@every_link
def test_few_layouts_are_kept(link: Link) -> None:
    scanner = assert_as_searched(wire(link, 1, size) for size in range(40, 120))
    assert len(scanner._layouts.known) == 4


@every_link
@pytest.mark.parametrize("errors", [(), (5,), (5, 50)])
def test_parity_errors_are_told_all_the_same(link: Link, errors: tuple[int, ...]) -> None:
    clean = [Received.of(wire(link, n), ()) for n in range(20)]
    assert_as_searched([*clean, Received.of(wire(link, 99), errors), *clean])


# --- What is not taken for it ---


@every_link
def test_damage_at_any_byte_is_found(link: Link) -> None:
    good = wire(link)
    for at in range(len(good)):
        for change in (0x01, 0x80, 0xFF):
            damaged = good[:at] + bytes((good[at] ^ change,)) + good[at + 1 :]
            assert_as_searched([good, damaged, good])


def test_a_frame_that_begins_a_message_by_the_look_of_its_content_is_seen_to_do_so() -> None:
    frame = links.hdlc_frame
    first, second, third = (
        frame(content, destination=b"\xcf", source=b"\x03", segmented=segmented)
        for content, segmented in (
            (b"\xe6\xe7\x00first", True),
            (b"the second.", False),
            (b"\xe6\xe7\x00 a third", False),
        )
    )
    assert len(second) == len(third)
    scanner = assert_as_searched([first + second, first + third, first + second])
    assert is_known(scanner, first + second)


@every_link
def test_a_message_under_way_is_ended_by_a_whole_one(link: Link) -> None:
    good = wire(link)
    begun = link.frames(apdu(1))[0]
    assert_as_searched([good, begun, good, good])


def test_frames_that_end_an_earlier_message_are_not_taken_for_a_whole_one() -> None:
    first, second = MBus(longest=45).frames(apdu(1))
    stray = MBus().frame(b"stray", 0x02)
    assert_as_searched([first, second + stray] * 3)


@every_link
def test_a_telegram_that_begins_in_a_chunk_is_ended_in_the_next_one(link: Link) -> None:
    chunks = [wire(link, 1) + wire(link, 2)[:10], wire(link, 2)[10:]] * 3
    assert_as_searched(chunks)
    scanner, whole = Scanner(), frames(Scanner().feed(b"".join(chunks)))
    assert len(whole) >= 6
    assert frames(event for chunk in chunks for event in scanner.feed(chunk)) == whole


def test_noise_between_frames_is_counted_each_time() -> None:
    scanner = assert_as_searched([b"\0" + wire(MBus()), wire(Hdlc()) + b"\0\0", b""] * 3)
    assert scanner.junk == 9


def test_a_frame_that_carries_nothing_is_searched_each_time() -> None:
    nothing = links.hdlc_frame(b"", destination=b"\xcf", source=b"\x03")
    assert_as_searched([nothing + wire(Hdlc(), n) for n in range(3)])


# --- Any stream ---

BEGINNINGS = [
    *(b"~", b"~~~", b"\xa0", b"\x68\xfa\xfa\x68\x53\xff\x00\x01\x67", b"\x7e\xa0\x15"),
    *(b"\x7e\xa8\x20\xce\xff\x03\x13", b"\xdb\x08LGZ12345\x20\x30", b"/ISK5\r\n", b"\r\n!"),
    links.hdlc_frame(b"", destination=b"\xcf", source=b"\x03"),
    links.hdlc_frame(bytes(9), destination=b"\xcf", source=b"\x03", segmented=True),
]


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """Draw the chunks of a stream: telegrams of one or more meters, some damaged, and noise."""
    some_lines = [line(name) for name in draw(st.lists(st.sampled_from(names()), min_size=1))[:3]]
    pieces: list[bytes] = []
    for _ in range(draw(st.integers(2, 10))):
        telegrams = draw(st.sampled_from(some_lines))
        data = draw(st.sampled_from(telegrams))
        match draw(st.integers(0, 9)):
            case 0:
                at = draw(st.integers(0, len(data) - 1))
                data = data[:at] + draw(st.binary(max_size=3)) + data[at + 1 :]
            case 1:
                data = data[: draw(st.integers(0, len(data)))]
            case 2:
                data += draw(st.binary(max_size=20) | st.sampled_from(BEGINNINGS))
        pieces.append(data)
    return list(cut(draw, pieces))


def cut(draw: st.DrawFn, pieces: list[bytes]) -> Iterator[bytes]:
    match draw(st.sampled_from(["as they are", "some in two", "one size"])):
        case "as they are":
            yield from pieces
        case "some in two":
            for piece in pieces:
                at = draw(st.sampled_from([0, len(piece) // 2]) | st.integers(0, len(piece)))
                yield piece[:at]
                yield piece[at:]
        case _:
            stream, size = b"".join(pieces), draw(st.integers(20, 1500))
            for at in range(0, len(stream), size):
                yield stream[at : at + size]


@settings(deadline=None)
@given(streams(), st.data())
def test_any_stream_gives_what_a_search_gives(chunks: list[bytes], data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        places = st.sets(st.integers(0, 500), max_size=3)
        chunks = [
            Received.of(chunk, sorted(at for at in data.draw(places) if at < len(chunk)))
            for chunk in chunks
        ]
    assert_as_searched(chunks)


@every_link
def test_single_bytes_between_whole_telegrams_change_nothing(link: Link) -> None:
    assert_as_searched([wire(link, 1), *single_bytes(wire(link, 2)), wire(link, 3)])
