"""Chunks laid out like one before: whole messages, the same headers at the same places.

A meter sends the same headers again and again, and most sources give its telegram in one piece.
Then nothing has to be searched for or joined step by step, and a header needs no more than a
comparison, which takes half the time. Each frame is still checked by its checksum.
"""

from collections.abc import Iterable, Sequence
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


class Place(NamedTuple):
    """Where a frame stands in a chunk.

    Args:
        gap: where the frame before it ends.
        start: the bytes from there to the content: flags and the header.
        frame: where the frame stands.
        content: where its content begins, if that tells whether a message begins; else 0.
    """

    gap: int
    start: bytes
    frame: slice
    content: int


class Message(NamedTuple):
    """A message in a chunk.

    Args:
        begin: where its first frame begins.
        contents: where the contents of its frames stand.
        constants: what stands behind its payload in a `Frame`.
    """

    begin: int
    contents: tuple[slice, ...]
    constants: tuple[Any, ...]


class Frames(NamedTuple):
    """Frames with nothing but flags around them, and the messages that they make.

    Args:
        size: of the chunk in bytes.
        places: of the frames.
        messages: in order.
        rest: what stands behind the last frame, a flag or nothing.
    """

    size: int
    places: tuple[Place, ...]
    messages: tuple[Message, ...]
    rest: bytes


class Layout(NamedTuple):
    """How a line's chunks of one size are laid out.

    Args:
        link: of the line.
        frames: in a chunk, the same for all lines with meters of one type.
    """

    link: CheckedLink
    frames: Frames

    def read(self, chunk: bytes, offset: int) -> list[Frame | Fault] | None:
        """Give the messages of a chunk of the same size.

        Args:
            chunk: the bytes.
            offset: of it in the stream.

        Returns:
            None if it is not laid out so, or has damage.
        """
        link, (_, places, cut, rest) = self
        if link.segments.under_way or not chunk.endswith(rest):
            return None
        for gap, start, frame, content in places:
            if not (chunk.startswith(start, gap) and link.is_intact(chunk[frame])):
                return None
            if content and chunk.startswith(LLC_HEADERS, content):
                return None  # this time a message does begin with it
        messages: list[Frame | Fault] = []
        for begin, contents, constants in cut:
            payload = b""
            for stands in contents:
                payload += chunk[stands]
            messages.append(Frame(link.name, offset + begin, payload, *constants))
        return messages


class Layouts:
    """The layouts of one line's chunks, the last one of each size.

    Args:
        links: of the line.
    """

    __slots__ = ("_known", "_links")

    def __init__(self, links: Iterable[Link]) -> None:
        self._links = tuple(link for link in links if isinstance(link, CheckedLink))
        self._known: tuple[Layout, ...] = ()  # a dict of one takes 224 bytes

    def of(self, size: int) -> Layout | None:
        """Return the layout of chunks of a size."""
        for one in self._known:
            if one.frames.size == size:
                return one
        return None

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
        places, contents = _places(chunk, link)
        rest = chunk[places[-1][2][1] :] if places else chunk
        if rest not in (b"", _FLAG) or sum(message.parts for message in messages) != len(places):
            return
        standing = iter(contents)
        cut = tuple(
            (
                message.offset - offset,
                tuple(next(standing) for _ in range(message.parts)),
                tuple(message._replace(parity_errors=0))[_CONSTANTS],
            )
            for message in messages
        )
        layout = Layout(link, _frames(len(chunk), places, cut, rest))
        others = (one for one in self._known if one.frames.size != len(chunk))
        self._known = (*others, layout)[-_MOST:]


_Span = tuple[int, int]
"""Where something begins and ends in a chunk."""


@lru_cache(maxsize=256)
def _frames(
    size: int,
    places: tuple[tuple[int, bytes, _Span, int], ...],
    messages: tuple[tuple[int, tuple[_Span, ...], tuple[Any, ...]], ...],
    rest: bytes,
) -> Frames:
    """Return frames, the same ones for the same arguments; see `Frames`."""
    return Frames(
        size,
        tuple(Place(gap, start, slice(*frame), content) for gap, start, frame, content in places),
        tuple(
            Message(begin, tuple(slice(*one) for one in contents), constants)
            for begin, contents, constants in messages
        ),
        rest,
    )


def _places(
    chunk: bytes, link: CheckedLink
) -> tuple[tuple[tuple[int, bytes, _Span, int], ...], list[_Span]]:
    """Find the frames of a chunk up to the first byte that belongs to none, and their contents."""
    places: list[tuple[int, bytes, _Span, int]] = []
    contents: list[_Span] = []
    buffer = bytearray(chunk)
    gap = 0
    while rest := chunk[gap:].lstrip(_FLAG):
        begin = len(chunk) - len(rest)
        found = link.probe(buffer, begin)
        if not isinstance(found, Found) or not found.content:
            break
        check = found.end - link.check_size
        content = check - len(found.content)
        is_shown = isinstance(link, Hdlc) and found.number > 0
        start = chunk[gap:content]
        places.append((gap, start, (begin, found.end), content if is_shown else 0))
        contents.append((content, check))
        gap = found.end
    return tuple(places), contents
