"""Where the bytes of each message stand in a stream, so that they can be replaced there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from app.dlms import gbt
from app.fault import DecodeError, Fault
from app.link import crc, hdlc
from app.link.frame import Found, Frame, Link, Probe
from app.link.hdlc import Hdlc
from app.link.mbus import MBus
from app.link.p1 import P1
from app.link.p1_checksum import Checksums
from app.link.scanner import KINDS, Scanner
from app.link.segments import Joiner

_HDLC_CHECK: Final = 2
_MBUS_LENGTHS: Final = 4  # 68 L L 68, which the checksum does not cover
_MBUS_TRAILER: Final = 2
P1_END: Final = b"!"
"""Ends the text of a P1 telegram; its checksum follows."""
_P1_DIGITS: Final = re.compile(rb"[0-9A-Fa-f]{0,4}")
_FLAG: Final = bytes((hdlc.FLAG,))


class Part(NamedTuple):
    """A frame: its link's name, and from where to where it stands."""

    link: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Message:
    """A whole APDU or P1 text.

    Args:
        link: see `Frame`.
        address: likewise.
        parts: the frames that carry it.
        places: where each byte of the payload stands in the stream.
        payload: its bytes; of a P1 text those on the line, up to and with its ``!``.
    """

    link: str
    address: str
    parts: tuple[Part, ...]
    places: tuple[int, ...]
    payload: bytes


class _Watched:
    """A link that notes which frames were taken, and which messages they made whole."""

    def __init__(self, link: Link, taken: list[tuple[Link, int, Found, list[Frame]]]) -> None:
        self._link = link
        self._taken = taken
        self.name, self.starts = link.name, link.starts
        self.checked, self.mark = link.checked, link.mark

    def probe(self, buffer: bytearray, pos: int) -> Probe:
        return self._link.probe(buffer, pos)

    def accept(self, found: Found, offset: int, parity_errors: int) -> list[Frame | Fault]:
        events = self._link.accept(found, offset, parity_errors)
        frames = [event for event in events if isinstance(event, Frame)]
        self._taken.append((self._link, offset, found, frames))
        return events

    @property
    def under_way(self) -> bool:
        return self._link.under_way

    def finish(self) -> list[Fault]:
        return self._link.finish()


def messages(data: bytes, checksums: Checksums) -> Iterator[Message]:
    """Find the messages of a stream, blocks of general block transfer joined.

    Args:
        data: the stream.
        checksums: of its P1 meters; learned here.
    """
    blocks = Joiner(gbt.LAYER, "block", gbt.FIRST_BLOCK)
    pending: list[Message] = []
    for message in _framed(data, checksums):
        if message.payload[:1] != bytes((gbt.GENERAL_BLOCK_TRANSFER,)):
            yield message
            continue
        try:
            block = gbt.parse(message.payload)
        except DecodeError:
            blocks.finish()
            continue
        begin = len(message.payload) - len(block.data)
        pending.append(replace(message, places=message.places[begin:], payload=block.data))
        part = Frame(message.link, message.places[0], block.data)
        for whole in blocks.feed(block.number, part, last=block.last):
            if isinstance(whole, Frame) and (joined := _joined(pending, whole.payload)):
                yield joined
                pending.clear()


def _framed(data: bytes, checksums: Checksums) -> Iterator[Message]:
    """Find the messages of the link layers, segments joined."""
    taken: list[tuple[Link, int, Found, list[Frame]]] = []
    links = (P1(checksums) if kind is P1 else kind() for kind in KINDS)
    scanner = Scanner(links=[_Watched(link, taken) for link in links])
    scanner.feed(data)
    last = scanner.finish()
    if not taken:
        # Nothing but one telegram without a link.
        for frame in last:
            if isinstance(frame, Frame):
                begin = data.index(frame.payload)
                places = tuple(range(begin, begin + len(frame.payload)))
                whole = Part("", begin, places[-1] + 1)
                yield Message(frame.link, frame.address, (whole,), places, frame.payload)
        return
    buffer = bytearray(data + b"\r\n")  # as `Scanner.finish` adds to text
    pending: list[Message] = []
    for link, offset, found, frames in taken:
        # A link of its own, as what was learned of later frames may not fit this one.
        probe = type(link)().probe(buffer, offset)
        if not isinstance(probe, Found):
            continue
        part = Part(link.name, offset, min(probe.end, len(data)))
        if part.link == P1.name:
            yield _text(data, part)
            continue
        pending.append(_content(part, found))
        for frame in frames:
            if joined := _joined(pending, frame.payload):
                yield joined
                pending.clear()


def _text(data: bytes, part: Part) -> Message:
    """Find the text of a P1 telegram, with the line ends that it came with."""
    end = data.rindex(P1_END, part.begin, part.end) + 1
    places = tuple(range(part.begin, end))
    return Message(part.link, "", (part,), places, data[part.begin : end])


def _content(part: Part, found: Found) -> Message:
    """Find the content of a frame of another link."""
    content = found.content
    if part.link == MBus.name:
        begin = part.end - _MBUS_TRAILER - len(content)
    elif part.link == Hdlc.name:
        begin = part.end - _HDLC_CHECK - len(content)
        if content[:3] in hdlc.LLC_HEADERS:
            begin, content = begin + 3, content[3:]
    else:
        begin = part.end - len(content)
    places = tuple(range(begin, begin + len(content)))
    return Message(part.link, found.address, (part,), places, content)


def _joined(pieces: Sequence[Message], payload: bytes) -> Message | None:
    """Join the last pieces that make a payload; None where they do not."""
    parts: list[Part] = []
    places: list[int] = []
    joined = b""
    for piece in reversed(pieces):
        if len(joined) >= len(payload):
            break
        parts[:0], places[:0], joined = piece.parts, piece.places, piece.payload + joined
    if joined != payload or not payload:
        return None
    return replace(pieces[-1], parts=tuple(parts), places=tuple(places), payload=payload)


def remake_checksum(stream: bytearray, part: Part) -> None:
    """Make the checksum of a frame whose content was changed; its header was not."""
    begin, end = part.begin, part.end
    if part.link == MBus.name:
        covered = stream[begin + _MBUS_LENGTHS : end - _MBUS_TRAILER]
        stream[end - _MBUS_TRAILER] = sum(covered) & 0xFF
    elif part.link == Hdlc.name:
        check = crc.x25(bytes(stream[begin : end - _HDLC_CHECK]))
        stream[end - _HDLC_CHECK : end] = check.to_bytes(_HDLC_CHECK, "little")


def with_checksum(telegram: bytes, text: bytes, checksums: Checksums) -> bytes:
    """Give a P1 telegram another text; its checksum is of the same sort, and may be longer.

    Args:
        telegram: that was accepted, with what stands behind its ``!``.
        text: up to and with its ``!``, with the same line ends.
        checksums: of its meter.
    """
    before, mark, rest = telegram.rpartition(P1_END)
    digits = rest[: _end_of_digits(rest)]
    return text + checksums.remade(before + mark, digits, text) + rest[len(digits) :]


def _end_of_digits(rest: bytes) -> int:
    found = _P1_DIGITS.match(rest)
    return found.end() if found else 0


def flags_around(data: bytes, part: Part) -> Iterator[int]:
    """Give where the flags stand that belong to a frame of HDLC."""
    if part.link != Hdlc.name:
        return
    if data[part.begin - 1 : part.begin] == _FLAG:
        yield part.begin - 1
    if data[part.end : part.end + 1] == _FLAG:
        yield part.end
