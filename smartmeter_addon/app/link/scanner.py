"""Finds the frames of any link layer in a stream of chunks, whatever stands between them.

Every byte that could begin a frame is looked at. A beginning that waits for more bytes hides
nothing: the search goes on behind it, and what is found there is weighed by what speaks for it.

- A frame that passes its checksum wins over every older beginning that still waits.
- A frame without a checksum is believed at once where no other frame claims its bytes. Where one of
  its own sort does, that one broke off if both begin alike, or if this one begins like the last
  frames of the line.
- Otherwise it is believed when the next one like it follows byte on byte, and given up when
  anything else does: the payload of a damaged frame looks just like a bare APDU, but is never
  followed so.

So damage and noise cost the frames that they hit, and the message that these are parts of. On a
line that has shown a checked link, links without a checksum are not looked for.
"""

import re
from bisect import insort
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from app.fault import Fault, Kind
from app.link import hdlc
from app.link.frame import NOT_HERE, Found, Frame, Link, Look, More, Probe, Refused
from app.link.hdlc import Hdlc
from app.link.layouts import Layouts
from app.link.mbus import MBus
from app.link.p1 import P1
from app.link.p1_checksum import Checksums
from app.link.parity_errors import ParityErrors
from app.link.raw import Raw
from app.link.wrapper import Wrapper
from app.transport.parity import Received

_DATA_NOTIFICATION: Final = b"\x0f"
# A readout by IEC 62056-21 lacks a P1 telegram's first line, and mostly its groups A and B.
_READOUT: Final = re.compile(rb"\s*((?:\d[\d.:*-]*\([^()]*\)\s*)+!)\s*")
_FLAG: Final = bytes((hdlc.FLAG,))
_LINE_END: Final = b"\r\n"
_LOOK_BEHIND: Final = 4  # how far back a link looks for a flag or an LLC header
_LONGEST_HEADER: Final = 16  # of a link without a checksum
_LONGEST_HEAD: Final = 4096

KINDS: Final[tuple[type[Link], ...]] = (MBus, Hdlc, Raw, Wrapper, P1)
_BY_START: Final = {
    byte: index
    for index, kind in enumerate(KINDS)
    for byte in range(256)
    if re.fullmatch(kind.starts, bytes((byte,)))
}
_ANY_START: Final = re.compile(b"|".join(kind.starts for kind in KINDS))
_CHECKED_START: Final = re.compile(b"|".join(kind.starts for kind in KINDS if kind.checked))
_UNCHECKED_START: Final = re.compile(b"|".join(kind.starts for kind in KINDS if not kind.checked))


class _Waiting(NamedTuple):
    """A beginning that waits for more bytes.

    Args:
        begin: where it stands in the stream.
        end: up to where the stream has to come before it is looked at again.
        more: what the link said.
    """

    begin: int
    end: int
    more: More


_FIELDS: Final = (
    *("_buffer", "_given", "_head", "_layouts", "_links", "_marks", "_offset"),
    *("_parity_errors", "_refused", "_scanned", "_starts", "_waiting", "frames", "junk"),
)


class Scanner:
    """Takes chunks of a stream and gives the frames that became whole.

    It never raises on noise, and holds at most about one frame of bytes.

    Args:
        checksums: of the P1 meters on the line, kept up to date here.
        links: one of each of `KINDS`, in their order; they are made where there are none.
    """

    __slots__ = _FIELDS

    def __init__(self, checksums: Checksums | None = None, links: Sequence[Link] = ()) -> None:
        self.junk = 0
        """Bytes so far that belong to no frame."""
        self.frames = 0
        """Frames so far that passed their link's checks."""
        self._links = tuple(links or _links(checksums))
        self._buffer = bytearray()
        # Places are bytes since the start of the stream; only links count from the buffer's.
        self._offset = 0  # of the buffer's first byte
        self._scanned = 0  # no beginning before this is left to be looked at
        self._waiting: list[_Waiting] = []  # in order
        self._refused = 0  # up to here a frame that was refused claimed the bytes
        self._given = 0  # up to here the bytes belong to a frame that was given
        self._marks = (b"", b"")  # with which the line's last frames without a checksum began
        self._starts = _ANY_START  # until the line has shown a checked link
        self._layouts = Layouts(self._links)
        self._head = b""  # the stream's first bytes, until a frame was found
        self._parity_errors = ParityErrors()

    @property
    def under_way(self) -> bool:
        """Whether bytes are held that may be the beginning of a frame or of a message."""
        return bool(self._waiting) or any(link.under_way for link in self._links)

    def feed(self, chunk: bytes) -> list[Frame | Fault]:
        """Take the next bytes; give what became whole and what turned out to be damaged."""
        buffer = self._buffer
        offset = self._offset + len(buffer)
        if isinstance(chunk, Received) and chunk.errors:
            self._parity_errors.add(offset, chunk.errors)
        if (buffer and buffer != _FLAG) or self._parity_errors.places:  # a flag waits for nothing
            return self._search(chunk)
        for layout in self._layouts.known:
            frames = layout.frames
            if frames.size == len(chunk) and (messages := layout.read(chunk, offset)) is not None:
                # Go on behind the chunk, which held frames and nothing else.
                if buffer != frames.rest:  # mostly what stood behind the chunk before, too
                    buffer[:] = frames.rest
                self.frames += frames.count
                self._scanned = end = offset + frames.size
                self._offset = self._given = end - len(buffer)
                return messages
        events = self._search(chunk)
        self._layouts.learn(chunk, offset, events)
        return events

    def _search(self, chunk: bytes) -> list[Frame | Fault]:
        """Look at each byte with which a frame may begin."""
        buffer = self._buffer
        buffer += chunk
        if not self.frames and len(self._head) <= _LONGEST_HEAD:
            self._head += chunk
        events: list[Frame | Fault] = []
        while self._waiting and (ready := _next_ready(self._waiting, self._offset + len(buffer))):
            self._look(ready.begin, ready.more.again, events)
        while start := self._starts.search(buffer, self._scanned - self._offset):
            begin = self._offset + start.start()
            self._scanned = begin + 1
            self._look(begin, None, events)
        self._scanned = self._offset + len(buffer)
        undecided = self._waiting[0].begin if self._waiting else self._scanned
        self._discard(undecided - _LOOK_BEHIND)
        self._parity_errors.forget(self._offset)
        return events

    def finish(self) -> list[Frame | Fault]:
        """Take the end of the stream; tell of what it cut off."""
        if not self.frames and (whole := self._whole_stream()):
            return [whole]
        events: list[Frame | Fault] = []
        first = self._waiting[0] if self._waiting else None
        end = self._offset + len(self._buffer)
        if first and first.more.begun and self._link_at(first.begin).name == P1.name:
            self._waiting[0] = first._replace(end=0)
            # A recorded telegram may lack its last line end, or half of it, which never came.
            events += self.feed(_LINE_END[self._buffer.endswith(b"\r") :])
            del self._buffer[max(end - self._offset, 0) :]
            self._offset, self._given = min(self._offset, end), min(self._given, end)
            self._scanned = end
        if (cut := self._cut_off()) is not None:
            reason = f"the bytes end inside a frame, {end - cut} are there"
            events.append(self._damaged(cut, reason))
        for link in self._links:
            events += link.finish()
        self._waiting.clear()
        self._discard(self._offset + len(self._buffer))
        return events

    def _look(self, begin: int, again: Look | None, events: list[Frame | Fault]) -> None:
        """Look whether a frame begins here, perhaps once more."""
        link = self._link_at(begin)
        probe = (again or link.probe)(self._buffer, begin - self._offset)
        if probe is NOT_HERE:
            return
        if isinstance(probe, Found) and not (link.checked or probe.checksum):
            probe = self._weigh(link, begin, probe)
        if isinstance(probe, Found):
            self._take(link, begin, probe, events)
        elif isinstance(probe, More):
            insort(self._waiting, _Waiting(begin, self._offset + probe.end, probe), key=_begin_of)
        else:
            self._refuse(link, begin, probe, events)

    def _link_at(self, place: int) -> Link:
        return self._links[_BY_START[self._buffer[place - self._offset]]]

    def _claimant(self, place: int) -> int | None:
        """Give the oldest beginning of a frame that claims this place and waits for its end."""
        for begin, _, more in self._waiting:
            if more.begun and begin < place and not self._is_inside(begin):
                return begin
        return None

    def _cut_off(self) -> int | None:
        """Give the beginning of the frame in which the stream ends."""
        cut = self._claimant(self._offset + len(self._buffer))
        if cut is None:
            # Or of a text that holds what is no text, which claims nothing.
            cut = next((begin for begin, _, more in self._waiting if more.again), None)
        return cut

    def _is_inside(self, begin: int) -> bool:
        """Tell whether this is likely the content of a frame that was given or refused."""
        return begin < self._given or (begin < self._refused and not self._link_at(begin).checked)

    def _weigh(self, link: Link, begin: int, found: Found) -> Probe:
        """Believe a whole frame without a checksum, wait for the one behind it, or give it up."""
        if not self._waiting and begin >= max(self._refused, self._given):
            return found
        mark = self._mark_of(link, begin)
        if not self._contested(link, begin, mark):
            return found
        behind = self._mark_of(link, self._offset + found.end)
        if behind == mark:
            return found
        return More(found.end + link.mark, begun=True) if mark.startswith(behind) else NOT_HERE

    def _contested(self, link: Link, begin: int, mark: bytes) -> bool:
        """Tell whether a frame that does not begin like this one claims its bytes."""
        claimant = self._claimant(begin)
        if begin < self._refused or (claimant is not None and self._link_at(claimant).checked):
            # Text is never the payload of a damaged frame.
            return link.name != P1.name
        if claimant is None:
            return begin < self._given and mark not in self._marks
        return mark not in self._marks and mark != self._mark_of(link, claimant)

    def _mark_of(self, link: Link, begin: int) -> bytes:
        return bytes(self._buffer[begin - self._offset :][: link.mark])

    def _take(self, link: Link, begin: int, found: Found, events: list[Frame | Fault]) -> None:
        end = self._offset + found.end
        is_checked = link.checked or found.checksum
        after = end if is_checked else self._after_unchecked(link, begin, end)
        if self._waiting:
            if (earlier := self._claimant(begin)) is not None:
                events.append(self._damaged(earlier, "a frame broke off before another began"))
            self._waiting = [one for one in self._waiting if one.begin >= after]
        self.frames += 1
        self._head = b""
        if link.checked:
            self._starts = _CHECKED_START
        events += link.accept(found, begin, self._parity_errors.take(begin, end, self.frames))
        self._discard(begin)
        del self._buffer[: after - begin]
        self._offset = after
        self._scanned = max(self._scanned, after)
        self._given = max(self._given, end)

    def _after_unchecked(self, link: Link, begin: int, end: int) -> int:
        """Give where the search goes on behind a frame without a checksum, mostly at its end.

        It may have lost bytes, or be none. Then the next one begins inside, and reaches over its
        end, passes its checksum, or is followed by another like it.
        """
        mark = self._mark_of(link, begin)
        if mark in self._marks:
            # The line's frames begin so, and the link has seen that no other does inside.
            first, pattern = max(begin + 1, end - _LONGEST_HEADER), _UNCHECKED_START
        else:
            self._marks = mark, self._marks[0]
            first, pattern = begin + 1, _ANY_START
        for start in pattern.finditer(self._buffer, first - self._offset, end - self._offset):
            place = self._offset + start.start()
            if self._may_be_next(place, end):
                return place
        return end

    def _may_be_next(self, begin: int, end: int) -> bool:
        """Tell whether the frame up to ``end`` may have taken bytes of one that begins inside."""
        link = self._link_at(begin)
        probe = link.probe(self._buffer, begin - self._offset)
        if isinstance(probe, Refused):
            return False
        if isinstance(probe, More) or self._offset + probe.end > end or link.checked:
            return True
        behind = self._mark_of(link, self._offset + probe.end)
        return behind != b"" and self._mark_of(link, begin).startswith(behind)

    def _refuse(
        self, link: Link, begin: int, refused: Refused, events: list[Frame | Fault]
    ) -> None:
        if refused.reason and not self._looks_so_by_chance(link, begin):
            events.append(Fault(refused.kind, link.name, begin, refused.reason))
            # Another protocol's frame is a whole frame: the line is read the right way.
            self.frames += refused.kind is Kind.UNSUPPORTED
            self._refused = max(self._refused, self._offset + refused.end)

    def _looks_so_by_chance(self, link: Link, begin: int) -> bool:
        """Tell whether this only looks like a frame, as another holds its place."""
        claimant = self._claimant(begin)
        if claimant is None:
            return self._is_inside(begin)
        return not (link.checked and self._link_at(claimant).checked)

    def _damaged(self, begin: int, reason: str) -> Fault:
        return Fault(Kind.DAMAGED, self._link_at(begin).name, begin, reason)

    def _whole_stream(self) -> Frame | None:
        """Take a stream that is nothing but one telegram without a link."""
        frame = _bare_telegram(self._head)
        if frame:
            self._waiting.clear()
            self._discard(self._offset + len(self._buffer))
            self.frames += 1
            self.junk = 0
        return frame

    def _discard(self, end: int) -> None:
        """Let go of bytes that belong to no frame; flags only fill the gap between frames."""
        if end <= self._offset:
            return
        begin = max(self._given, self._offset)
        if end > begin:
            flags = self._buffer.count(_FLAG, begin - self._offset, end - self._offset)
            self.junk += end - begin - flags
        del self._buffer[: end - self._offset]
        self._offset = end


def _next_ready(waiting: list[_Waiting], there: int) -> _Waiting | None:
    """Take out the oldest beginning that waits no longer; None for none."""
    for index, (_, end, _) in enumerate(waiting):
        if end <= there:
            return waiting.pop(index)
    return None


def _begin_of(waiting: _Waiting) -> int:
    return waiting.begin


def _bare_telegram(data: bytes) -> Frame | None:
    """Read a telegram without a link, as programs log it."""
    if len(data) > _LONGEST_HEAD:
        return None
    begin = 3 if data[:3] in hdlc.LLC_HEADERS else 0
    if data[begin : begin + 1] == _DATA_NOTIFICATION:
        return Frame(Raw.name, 0, data[begin:])
    readout = _READOUT.fullmatch(data)
    return Frame(P1.name, 0, readout[1]) if readout else None


def _links(checksums: Checksums | None) -> Iterator[Link]:
    """Make one of each of `KINDS`."""
    for kind in KINDS:
        yield P1(checksums) if kind is P1 else kind()
