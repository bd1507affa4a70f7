"""Chunks laid out like one before: whole messages, the same headers at the same places.

A meter sends the same headers again and again, and most sources give its telegram in one piece.
Then nothing has to be searched for or joined step by step, and a header needs no more than a
comparison, which takes half the time. Each frame is still checked by its checksum, from where the
known header leaves it.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from app.fault import Fault
from app.link.frame import Found, Frame, Link
from app.link.hdlc import FLAG, LLC_HEADERS, Hdlc
from app.link.mbus import MBus

CheckedLink: TypeAlias = MBus | Hdlc

_MOST: Final = 4
"""Meters send up to three lists, one of them each hour or so."""

_FLAG: Final = bytes((FLAG,))
_CONSTANTS: Final = slice(Frame._fields.index("payload") + 1, None)
_new: Final = tuple.__new__  # makes a named tuple in half the time that its class takes


class _Place(NamedTuple):
    """Where a frame stands in a chunk.

    Args:
        start: flags and header, up to the content.
        begun: what the link's `begun` gives for its header.
        content: where its content begins.
        check: where its checksum begins, behind the content.
        end: where it ends.
        is_telling: whether its content tells by how it begins that a message begins.
    """

    start: bytes
    begun: int
    content: int
    check: int
    end: int
    is_telling: bool


class Frames:
    """Frames with nothing but flags around them, and the messages that they make.

    Args:
        places: of the frames.
        messages: of each its link, where it begins, of how many frames it is, and what stands
            behind its payload in a `Frame`.
        rest: what stands behind the last frame, a flag or nothing.
    """

    # Not a named tuple, whose fields take Python several times as long to read as slots.
    __slots__ = ("around", "contents", "count", "messages", "rest", "size", "split", "telling")

    def __init__(
        self,
        places: Sequence[_Place],
        messages: Iterable[tuple[str, int, int, tuple[Any, ...]]],
        rest: bytes,
    ) -> None:
        forms = [
            f"{len(one.start)}s {one.check - one.content}s {one.end - one.check}s" for one in places
        ]
        chunk = struct.Struct(" ".join((*forms, f"{len(rest)}s")))
        self.size = chunk.size
        """Of the chunk in bytes."""
        self.split: Callable[[bytes], tuple[bytes, ...]] = chunk.unpack
        """Takes a chunk apart: of each frame the flags and the header, the content, the checksum;
        then what stands behind the last frame."""
        self.around = (*(one.start for one in places), rest)
        """All of that but contents and checksums."""
        self.rest = rest
        self.count = len(places)
        """Of the frames."""
        self.contents = tuple((3 * n + 1, one.begun) for n, one in enumerate(places))
        """Which parts are the contents, each with its checksum behind it, and what `begun` of the
        link gave for its header."""
        self.telling = tuple(3 * n + 1 for n, one in enumerate(places) if one.is_telling)
        """Which parts tell by how they begin that a message begins."""
        self.messages: list[tuple[str, int, int, slice | None, tuple[Any, ...]]] = []
        """As above, but for which part is the content of its frame, and which are those of its
        frames; None where it is of one."""
        part = 1
        for link, begin, count, constants in messages:
            end = part + 3 * count
            parts = slice(part, end, 3) if count > 1 else None
            self.messages.append((link, begin, part, parts, constants))
            part = end


class Layout:
    """How a line's chunks of one size are laid out.

    Args:
        link: of the line.
        frames: in a chunk, the same for all lines with meters of one type.
    """

    __slots__ = ("_link", "frames")

    def __init__(self, link: CheckedLink, frames: Frames) -> None:
        self._link = link
        self.frames = frames

    def read(self, chunk: bytes, offset: int) -> list[Frame | Fault] | None:
        """Give the messages of a chunk of the same size.

        Args:
            chunk: the bytes.
            offset: of it in the stream.

        Returns:
            None if it is not laid out so, or has damage.
        """
        link, frames = self._link, self.frames
        parts = frames.split(chunk)
        # A segment is expected that is not the first one, 0, while a message is under way.
        if parts[::3] != frames.around or link.segments.expected:
            return None
        fits = link.fits
        for n, begun in frames.contents:
            if not fits(parts[n], parts[n + 1], begun):
                return None
        for n in frames.telling:
            if parts[n].startswith(LLC_HEADERS):
                return None  # this time a message does begin with it
        messages: list[Frame | Fault] = []
        for name, begin, content, contents, constants in frames.messages:
            payload = b"".join(parts[contents]) if contents else parts[content]
            fields = name, offset + begin, payload
            messages.append(_new(Frame, fields + constants))
        return messages


class Layouts:
    """The layouts of one line's chunks, the last one of each size.

    Args:
        links: of the line.
    """

    __slots__ = ("_links", "known")

    def __init__(self, links: Iterable[Link]) -> None:
        self._links = tuple(link for link in links if isinstance(link, CheckedLink))
        self.known: tuple[Layout, ...] = ()  # a dict of one takes 224 bytes
        """Each is of another size, the latest last."""

    def learn(self, chunk: bytes, offset: int, events: Sequence[Frame | Fault]) -> None:
        """Remember how a chunk is laid out, if whole messages are all that it holds.

        Args:
            chunk: the bytes, before which nothing was held.
            offset: of the chunk in the stream.
            events: all that was found in it.
        """
        messages = [event for event in events if isinstance(event, Frame)]
        if not messages or len(messages) < len(events):
            return
        link = next((one for one in self._links if one.name == messages[0].link), None)
        if link is None or link.segments.under_way:
            return
        places = _places(chunk, link)
        rest = chunk[places[-1].end :] if places else chunk
        if rest not in (b"", _FLAG) or sum(message.parts for message in messages) != len(places):
            return
        cut = tuple(
            (
                message.link,
                message.offset - offset,
                message.parts,
                tuple(message._replace(parity_errors=0))[_CONSTANTS],
            )
            for message in messages
        )
        layout = Layout(link, _frames(places, cut, rest))
        others = (one for one in self.known if one.frames.size != len(chunk))
        self.known = (*others, layout)[-_MOST:]


@lru_cache(maxsize=256)
def _frames(
    places: tuple[_Place, ...],
    messages: tuple[tuple[str, int, int, tuple[Any, ...]], ...],
    rest: bytes,
) -> Frames:
    """Return frames, the same ones for the same arguments; see there for these."""
    return Frames(places, messages, rest)


def _places(chunk: bytes, link: CheckedLink) -> tuple[_Place, ...]:
    """Find the frames of a chunk up to the first byte that belongs to none."""
    places: list[_Place] = []
    buffer = bytearray(chunk)
    gap = 0
    while rest := chunk[gap:].lstrip(_FLAG):
        begin = len(chunk) - len(rest)
        found = link.probe(buffer, begin)
        if not isinstance(found, Found) or not found.content:
            break
        check = found.end - link.check_size
        content = check - len(found.content)
        is_telling = isinstance(link, Hdlc) and found.number > 0
        begun = link.begun(chunk[begin:content])
        places.append(_Place(chunk[gap:content], begun, content, check, found.end, is_telling))
        gap = found.end
    return tuple(places)
