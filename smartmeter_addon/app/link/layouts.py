"""Chunks laid out like one before: whole messages, the same headers at the same places.

A meter sends the same headers again and again, and most sources give its telegram in one piece.
Then nothing has to be searched for or joined step by step, and a header needs no more than a
comparison, which takes half the time. Each frame is still checked by its checksum.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

from app.fault import Fault
from app.link.frame import Found, Frame, Link
from app.link.hdlc import FLAG, LLC_HEADERS, Hdlc
from app.link.mbus import MBus

CheckedLink: TypeAlias = MBus | Hdlc

_MOST: Final = 4
"""Meters send up to three lists, one of them each hour or so."""

_FLAG: Final = bytes((FLAG,))


class Place(NamedTuple):
    """Where a frame stands in a chunk.

    Args:
        gap: where the frame before it ends.
        start: the bytes from there to the content: flags and the header.
        begin: where the frame begins.
        end: where it ends.
        content: where its content stands.
        is_first: whether a message begins with it.
    """

    gap: int
    start: bytes
    begin: int
    end: int
    content: slice
    is_first: bool


class Message(NamedTuple):
    """A message in a chunk.

    Args:
        begin: where its first frame begins.
        contents: where the contents of its frames stand.
        like: what else is to be told of it.
    """

    begin: int
    contents: tuple[slice, ...]
    like: Frame

    def read(self, chunk: bytes, offset: int) -> Frame:
        """Give the message of a chunk, whose offset in the stream is given."""
        begin, contents, (link, _, _, address, checksum, parts, note, _) = self
        if parts == 1:
            payload = chunk[contents[0]]
        else:
            payload = b"".join([chunk[content] for content in contents])
        return Frame(link, offset + begin, payload, address, checksum, parts, note)


class Layout(NamedTuple):
    """Frames with nothing but flags around them, and the messages that they make.

    Args:
        link: of the frames.
        places: of the frames.
        messages: in order.
        rest: what stands behind the last frame, a flag or nothing.
    """

    link: CheckedLink
    places: tuple[Place, ...]
    messages: tuple[Message, ...]
    rest: bytes


class Layouts:
    """The layouts of one line's chunks, the last one of each size.

    Args:
        links: of the line.
    """

    def __init__(self, links: Iterable[Link]) -> None:
        self._links = {link.name: link for link in links if isinstance(link, CheckedLink)}
        self._by_size: dict[int, Layout] = {}

    def of(self, chunk: bytes) -> Layout | None:
        """Give the layout of a chunk, if it is known and the chunk has no damage."""
        layout = self._by_size.get(len(chunk))
        if layout is None:
            return None
        link, places, _, rest = layout
        if link.segments.under_way or not chunk.endswith(rest):
            return None
        for gap, start, begin, end, content, is_first in places:
            if not (chunk.startswith(start, gap) and link.is_intact(chunk, begin, end)):
                return None
            if not is_first and chunk.startswith(LLC_HEADERS, content.start):
                return None  # this time a message does begin with it
        return layout

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
        link = self._links.get(messages[0].link)
        if link is None or link.segments.under_way:
            return
        places = _places(chunk, link)
        rest = chunk[places[-1].end :] if places else chunk
        if rest not in (b"", _FLAG) or sum(message.parts for message in messages) != len(places):
            return
        contents = iter([place.content for place in places])
        cut = tuple(
            Message(
                message.offset - offset,
                tuple(next(contents) for _ in range(message.parts)),
                message._replace(payload=b""),
            )
            for message in messages
        )
        self._by_size[len(chunk)] = Layout(link, tuple(places), cut, rest)
        if len(self._by_size) > _MOST:
            del self._by_size[next(iter(self._by_size))]


def _places(chunk: bytes, link: CheckedLink) -> list[Place]:
    """Find the frames of a chunk up to the first byte that belongs to none."""
    places: list[Place] = []
    buffer = bytearray(chunk)
    gap = 0
    while rest := chunk[gap:].lstrip(_FLAG):
        begin = len(chunk) - len(rest)
        found = link.probe(buffer, begin)
        if not isinstance(found, Found) or not found.content:
            break
        check = found.end - link.check_size
        content = slice(check - len(found.content), check)
        start = chunk[gap : content.start]
        places.append(Place(gap, start, begin, found.end, content, found.number == 0))
        gap = found.end
    return places
