"""Finds the frames of any link layer in a stream of chunks, whatever stands between them.

Every byte that could begin a frame is looked at. A beginning that waits for more bytes does not
stop the search: a frame further on that passes its checksum wins over an older beginning that is
still waiting, so noise that looks like a beginning costs nothing. Links without a checksum are
accepted only where no checked link claims the bytes, and never on a line that has shown a checked
link, because the payload of a damaged frame looks just like a bare APDU.
"""

import bisect
import re
from typing import Final

from app.fault import Fault, Kind
from app.link import hdlc
from app.link.frame import Found, Frame, Link, More, Refused
from app.link.hdlc import Hdlc
from app.link.mbus import MBus
from app.link.p1 import P1
from app.link.raw import Raw
from app.link.wrapper import Wrapper

_DATA_NOTIFICATION: Final = b"\x0f"
# A readout by IEC 62056-21 lacks a P1 telegram's first line, and mostly its groups A and B.
_READOUT: Final = re.compile(rb"\s*((?:\d[\d.:*-]*\([^()]*\)\s*)+!)\s*")
_FLAG: Final = bytes((hdlc.FLAG,))
_LINE_END: Final = b"\r\n"
_LOOK_BEHIND: Final = 4  # how far back a link looks for a flag or an LLC header
_LONGEST_HEAD: Final = 4096
_MOST_HELD: Final = 32768  # twice the longest frame of an unchecked link
_NOWHERE: Final = 1 << 62


_KINDS: Final[tuple[type[Link], ...]] = (MBus, Hdlc, Raw, Wrapper, P1)
_BY_START: Final = {
    byte: index
    for index, kind in enumerate(_KINDS)
    for byte in range(256)
    if re.fullmatch(kind.starts, bytes((byte,)))
}
_ANY_START: Final = re.compile(b"|".join(kind.starts for kind in _KINDS))
_CHECKED_START: Final = re.compile(b"|".join(kind.starts for kind in _KINDS if kind.checked))


class Scanner:
    """Takes chunks of a stream and gives the frames that became whole.

    It never raises on noise, and holds at most about one frame of bytes.
    """

    def __init__(self) -> None:
        self.junk = 0
        """Bytes so far that belong to no frame."""
        self.frames = 0
        """Frames so far that passed their link's checks."""
        self._links: tuple[Link, ...] = tuple(kind() for kind in _KINDS)
        self._buffer = bytearray()
        self._offset = 0  # of the buffer's first byte in the stream
        self._scanned = 0  # no beginning before this is left to be looked at
        self._waiting: list[tuple[int, More]] = []  # beginnings, in order
        self._again = _NOWHERE  # from here on, unchecked links were passed over
        self._shadow = 0  # up to here a refused frame of a checked link claimed the bytes
        self._on_checked_line = False
        self._head = bytearray()  # the stream's first bytes, until a frame was found

    def feed(self, chunk: bytes) -> list[Frame | Fault]:
        """Take the next bytes; give what became whole and what turned out to be damaged."""
        self._buffer += chunk
        if not self.frames and len(self._head) <= _LONGEST_HEAD:
            self._head += chunk
        events: list[Frame | Fault] = []
        while self._step(events):
            pass
        if len(self._buffer) > _MOST_HELD:
            # Where one beginning always waits behind the other, the second look would never come.
            self._again = _NOWHERE
        undecided = self._waiting[0][0] if self._waiting else self._scanned
        self._discard(min(undecided, self._scanned, self._again) - _LOOK_BEHIND)
        return events

    def finish(self) -> list[Frame | Fault]:
        """Take the end of the stream; tell of what it cut off."""
        if not self.frames and (whole := self._whole_stream()):
            return [whole]
        events: list[Frame | Fault] = []
        begin, waiting = self._waiting[0] if self._waiting else (0, More(0))
        if waiting.begun and self._link_at(begin).name == P1.name:
            self._waiting[0] = begin, waiting._replace(end=0)
            # A recorded telegram may lack its last line end, or half of it.
            events += self.feed(_LINE_END[self._buffer.endswith(b"\r") :])
        for begin, waiting in self._waiting:
            if waiting.begun:
                reason = f"the bytes end inside a frame, {len(self._buffer) - begin} are there"
                events.append(self._damaged(begin, reason))
                break
        for link in self._links:
            events += link.finish()
        self._waiting.clear()
        self._discard(len(self._buffer))
        return events

    def _step(self, events: list[Frame | Fault]) -> bool:
        """Look at one beginning; tell whether there was one to look at."""
        size = len(self._buffer)
        for index, (_, waiting) in enumerate(self._waiting):
            if waiting.end <= size:
                begin, _ = self._waiting.pop(index)
                break
        else:
            begin = self._next_start()
            if begin < 0:
                return False
            self._scanned = begin + 1
        link = self._link_at(begin)
        probe = link.probe(self._buffer, begin)
        if isinstance(probe, Found):
            self._take(link, begin, probe, events)
        elif isinstance(probe, More):
            bisect.insort(self._waiting, (begin, probe))
        else:
            self._refuse(link, begin, probe, events)
        return True

    def _next_start(self) -> int:
        """Find the next byte that may begin a frame, -1 for none."""
        checked_only = self._on_checked_line or bool(self._waiting)
        pattern = _CHECKED_START if checked_only else _ANY_START
        while found := pattern.search(self._buffer, self._scanned):
            begin = found.start()
            link = self._link_at(begin)
            # Text is never the payload of a damaged frame.
            if begin >= self._shadow or link.checked or link.name == P1.name:
                return begin
            self._scanned = begin + 1
        self._scanned = len(self._buffer)
        return -1

    def _link_at(self, pos: int) -> Link:
        return self._links[_BY_START[self._buffer[pos]]]

    def _take(self, link: Link, begin: int, found: Found, events: list[Frame | Fault]) -> None:
        for earlier, waiting in self._waiting:
            if earlier < begin and waiting.begun:
                events.append(self._damaged(earlier, "a frame broke off before another began"))
                break
        self.frames += 1
        self._on_checked_line = self._on_checked_line or link.checked
        events += link.accept(found, self._offset + begin)
        self._waiting.clear()
        self._again = _NOWHERE
        self._discard(begin)
        self._drop(found.end - begin)

    def _refuse(
        self, link: Link, begin: int, refused: Refused, events: list[Frame | Fault]
    ) -> None:
        if refused.reason and not self._within_unchecked(link, begin):
            fault = Fault(refused.kind, link.name, self._offset + begin, refused.reason)
            events.append(fault)
            # Another protocol's frame is a whole frame: the line is read the right way.
            self.frames += refused.kind is Kind.UNSUPPORTED
            if link.checked:
                self._shadow = max(self._shadow, refused.end)
            elif refused.end:
                self._scanned = refused.end
                return
        # What stood behind it was searched for checked links only.
        self._again = min(self._again, begin + 1)
        if not self._waiting:
            self._scanned, self._again = self._again, _NOWHERE

    def _within_unchecked(self, link: Link, begin: int) -> bool:
        """Tell whether an unchecked frame that has begun holds this place: then chance looks so."""
        return link.checked and any(
            waiting.begun and earlier < begin and not self._link_at(earlier).checked
            for earlier, waiting in self._waiting
        )

    def _damaged(self, begin: int, reason: str) -> Fault:
        name = self._link_at(begin).name
        return Fault(Kind.DAMAGED, name, self._offset + begin, reason)

    def _whole_stream(self) -> Frame | None:
        """Take a stream that is nothing but one telegram without a link, as programs log it."""
        data = bytes(self._head)
        if len(data) > _LONGEST_HEAD:
            return None
        begin = 3 if data[:3] in hdlc.LLC_HEADERS else 0
        if data[begin : begin + 1] == _DATA_NOTIFICATION:
            frame = Frame(Raw.name, 0, data[begin:])
        elif readout := _READOUT.fullmatch(data):
            frame = Frame(P1.name, 0, readout[1])
        else:
            return None
        self._waiting.clear()
        self._drop(len(self._buffer))
        self.frames += 1
        self.junk = 0
        return frame

    def _discard(self, end: int) -> None:
        """Let go of bytes that belong to no frame; flags only fill the gap between frames."""
        if end > 0:
            self.junk += end - self._buffer.count(_FLAG, 0, end)
            self._drop(end)

    def _drop(self, end: int) -> None:
        """Let go of the buffer's bytes before ``end``."""
        del self._buffer[:end]
        self._offset += end
        self._scanned = max(self._scanned - end, 0)
        self._shadow = max(self._shadow - end, 0)
        if self._again < _NOWHERE:
            self._again = max(self._again - end, 0)
        self._waiting = [
            (begin - end, waiting._replace(end=waiting.end - end))
            for begin, waiting in self._waiting
        ]
