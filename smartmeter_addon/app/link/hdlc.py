"""HDLC frames of type 3 (ISO/IEC 13239 as the Green Book uses it).

``7E | format 2 bytes | destination 1, 2 or 4 | source 1, 2 or 4 | control | HCS | information | FCS
| 7E``. Nothing is stuffed: 7E occurs inside, the length says where a frame ends. Between frames
stand two flags, one shared flag, or none (an AM550 of Wiener Netze was seen without the closing
flag), so a frame is known by its format byte and its header check sequence, and flags are no more
than filling.

Two ways of cutting a message are in use: Iskraemeco AM550 sets the segmentation bit, Landis+Gyr
E450 and E570 send blocks of general block transfer in frames that are whole each.
"""

from typing import Final

from app.fault import Fault
from app.link import crc
from app.link.frame import NOT_HERE, Found, Frame, More, Probe, Refused
from app.link.segments import Joiner

FLAG: Final = 0x7E
LLC_HEADERS: Final = (b"\xe6\xe7\x00", b"\xe6\xe6\x00")

_SEGMENTED: Final = 0x08
_LENGTH_HIGH: Final = 0x07
_CHECK_SIZE: Final = 2
_SHORTEST: Final = 7
_LONGEST_ADDRESS: Final = 4
_LONGEST_HEADER: Final = 2 + 2 * _LONGEST_ADDRESS
_UNNUMBERED_INFORMATION: Final = (0x13, 0x03)

_CHECKSUM: Final = 16  # bits


class Hdlc:
    """The HDLC link of one line."""

    __slots__ = ("segments",)

    name = "hdlc"
    starts = rb"[\xa0-\xaf]"
    checked = True
    mark = 0
    check_size = _CHECK_SIZE

    def __init__(self) -> None:
        self.segments = Joiner(self.name, "segment", 0)
        """Of the message under way."""

    def probe(self, buffer: bytearray, pos: int) -> Probe:
        """See `Link.probe`."""
        if len(buffer) < pos + _SHORTEST:
            return More(pos + _SHORTEST)
        try:
            source = _address_end(buffer, pos + 2)
            control = source and _address_end(buffer, source)
        except IndexError:
            control = 0
        if not control:
            whole_header = pos + _LONGEST_HEADER
            return NOT_HERE if len(buffer) >= whole_header else More(whole_header)
        size = (buffer[pos] & _LENGTH_HIGH) << 8 | buffer[pos + 1]
        begin, end = control + 1 + _CHECK_SIZE, pos + size
        if end < begin:
            return NOT_HERE
        if begin > len(buffer):
            return More(begin)
        if not self.is_intact(buffer[pos:begin]):
            if pos > 0 and buffer[pos - 1] == FLAG and buffer[control] in _UNNUMBERED_INFORMATION:
                return Refused(f"the header check of a frame of {size} bytes is wrong")
            return NOT_HERE
        if end > len(buffer):
            return More(end, begun=True)
        if not self.is_intact(buffer[pos:end]):
            return Refused(f"the frame check of a frame of {size} bytes is wrong", end)
        last = not buffer[pos] & _SEGMENTED
        address = buffer[pos + 2 : control].hex()
        information = bytes(buffer[begin : end - _CHECK_SIZE])
        # Segments bear no number; only the first has the LLC header.
        is_first = information.startswith(LLC_HEADERS)
        content = information[3:] if is_first else information
        return Found(end, content, 0 if is_first else 1, last, address)

    def is_intact(self, frame: bytes | bytearray) -> bool:
        """Tell whether a frame, or its header alone, fits the check sequence at its end."""
        return crc.ends_with_x25(frame)

    begun = staticmethod(crc.x25_begun)
    """Begins the check sequence of a frame whose header is known."""
    fits = staticmethod(crc.fits_x25)
    """Tells whether the rest of a frame, content and trailer, fits what `begun` gave."""

    def accept(self, found: Found, offset: int, parity_errors: int) -> list[Frame | Fault]:
        """See `Link.accept`."""
        _, content, number, last, address, _, _ = found
        if number:
            if not content:
                return []  # a supervisory frame, nothing to read
            # A whole frame without LLC header (a later block of block transfer) begins and ends
            # itself.
            under_way = self.segments.under_way
            number = 0 if last and not under_way else max(self.segments.expected, 1)
        segment = Frame(self.name, offset, content, address, _CHECKSUM, 1, "", parity_errors)
        return self.segments.feed(number, segment, last=last)

    @property
    def under_way(self) -> bool:
        """See `Link.under_way`."""
        return self.segments.under_way

    def finish(self) -> list[Fault]:
        """See `Link.finish`."""
        return self.segments.finish()


def _address_end(buffer: bytearray, pos: int) -> int:
    """Give the position behind an address of 1, 2 or 4 bytes, the last of them odd; 0 if none.

    Raises:
        IndexError: the bytes end before that is known.
    """
    if buffer[pos] & 1:
        return pos + 1
    if buffer[pos + 1] & 1:
        return pos + 2
    return pos + _LONGEST_ADDRESS if buffer[pos + _LONGEST_ADDRESS - 1] & 1 else 0
