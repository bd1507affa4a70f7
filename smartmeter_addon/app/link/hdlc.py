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

    name = "hdlc"
    starts = rb"[\xa0-\xaf]"
    checked = True
    mark = 0

    def __init__(self) -> None:
        self._segments = Joiner(self.name, "segment", 0)

    def probe(self, buffer: bytearray, pos: int) -> Probe:
        """See `Link.probe`."""
        if len(buffer) < pos + _SHORTEST:
            return More(pos + _SHORTEST)
        size = (buffer[pos] & _LENGTH_HIGH) << 8 | buffer[pos + 1]
        end = pos + size
        after = pos + 2
        for _ in range(2):
            after = _address_end(buffer, after)
            if not after:
                whole_header = pos + _LONGEST_HEADER
                return NOT_HERE if len(buffer) >= whole_header else More(whole_header)
        after += 1  # control
        if size < after + _CHECK_SIZE - pos:
            return NOT_HERE
        if after + _CHECK_SIZE > len(buffer):
            return More(after + _CHECK_SIZE)
        if not _checks(buffer, pos, after):
            flagged = pos > 0 and buffer[pos - 1] == FLAG
            if flagged and buffer[after - 1] in _UNNUMBERED_INFORMATION:
                return Refused(f"the header check of a frame of {size} bytes is wrong")
            return NOT_HERE
        if end > len(buffer):
            return More(end, begun=True)
        if not _checks(buffer, pos, end - _CHECK_SIZE):
            return Refused(f"the frame check of a frame of {size} bytes is wrong", end)
        segmented = bool(buffer[pos] & _SEGMENTED)
        information = bytes(buffer[after + _CHECK_SIZE : end - _CHECK_SIZE])
        return Found(end, information, 0, not segmented, buffer[pos + 2 : after - 1].hex())

    def accept(self, found: Found, offset: int) -> list[Frame | Fault]:
        """See `Link.accept`."""
        information = found.content
        if not information:
            return []  # a supervisory frame, nothing to read
        begins = information[:3] in LLC_HEADERS
        if begins:
            information = information[3:]
        # Segments bear no number; only the first has the LLC header. A whole frame without one
        # (a later block of block transfer) begins and ends itself.
        alone = begins or (found.last and not self._segments.under_way)
        number = 0 if alone else max(self._segments.expected, 1)
        segment = Frame(
            self.name,
            offset,
            information,
            found.address,
            _CHECKSUM,
            parity_errors=found.parity_errors,
        )
        return self._segments.feed(number, segment, last=found.last)

    def finish(self) -> list[Fault]:
        """See `Link.finish`."""
        return self._segments.finish()


def _address_end(buffer: bytearray, pos: int) -> int:
    """Give the position behind an address, whose last byte has its lowest bit set; 0 if none."""
    for size in (1, 2, _LONGEST_ADDRESS):
        if pos + size <= len(buffer) and buffer[pos + size - 1] & 1:
            return pos + size
    return 0


def _checks(buffer: bytearray, begin: int, end: int) -> bool:
    """Compare the check sequence at ``end``, low byte first, with that of what stands before."""
    return crc.x25(bytes(buffer[begin:end])) == buffer[end] | buffer[end + 1] << 8
