"""M-Bus long frames (EN 13757-2) that carry DLMS in segments (EN 13757-1, transport layer).

``68 L L 68 | C A CI STSAP DTSAP data | CS 16``: CS is the sum from C to the end of data modulo 256.
CI counts segments from 0 in its low nibble, bit 10 marks the last; the Kaifa and Sagemcom meters
send 00 then 11, Honeywell a single 10. Before firmware V0450 Sagemcom T210-D sent L modulo 256:
``68 01 01 68`` begins a frame of 257 bytes (capture ``sagemcom-t210d-netznoe-real``).
"""

from typing import Final
from zlib import adler32

from app.fault import Fault, Kind
from app.language.catalogue import Sentence
from app.link.frame import NOT_HERE, Found, Frame, More, Probe, Refused
from app.link.segments import Joiner

_HEADER: Final = 7  # up to and with CI
_UNSUMMED: Final = 4  # of it, before C
_SAPS: Final = 2
_TRAILER: Final = 2
_SHORTEST: Final = 5  # C A CI STSAP DTSAP
_SEND_USER_DATA: Final = (0x53, 0x73)
_STOP: Final = 0x16
_TRAILERS: Final = [bytes((checksum, _STOP)) for checksum in range(256)]
_CHECKSUM: Final = 8  # bits
_LAST: Final = 0x10
_HIGHEST_DLMS_CI: Final = 0x1F


class MBus:
    """The M-Bus link of one line."""

    __slots__ = ("_route", "segments")

    name = "mbus"
    starts = rb"\x68"
    checked = True
    mark = 0
    check_size = _TRAILER

    def __init__(self) -> None:
        self.segments = Joiner(self.name, "segment", 0)
        """Of the message under way."""
        self._route = ""  # addresses of the message's first segment

    def probe(self, buffer: bytearray, pos: int) -> Probe:
        """See `Link.probe`."""
        header = buffer[pos : pos + _HEADER]
        if len(header) < _HEADER:
            return _compare_start(header, pos)
        start, size, again, second, control, address, ci = header
        if size != again or start != second or control not in _SEND_USER_DATA:
            return NOT_HERE
        if size < _SHORTEST:
            size += 256
        end = pos + _UNSUMMED + size + _TRAILER
        if end > len(buffer):
            return More(end, begun=True)
        if not self.is_intact(buffer[pos:end]):
            if buffer[end - 1] != _STOP:
                return Refused(f"a frame of {size} bytes does not end with its stop byte 16", end)
            return Refused(f"the checksum of a frame of {size} bytes is wrong", end)
        if ci > _HIGHEST_DLMS_CI:
            # Siemens TD-3511 (AMIS) of Netz OÖ: OMS records behind CI 5B, no DLMS.
            reason = Sentence("telegram.no_dlms", {"ci": f"{ci:02X}"})
            return Refused(reason, end, Kind.UNSUPPORTED)
        begin = pos + _HEADER + _SAPS
        route = f"{address:02x}{buffer[begin - _SAPS : begin].hex()}"
        return Found(end, bytes(buffer[begin : end - _TRAILER]), ci & 0x0F, ci & _LAST != 0, route)

    def is_intact(self, frame: bytes | bytearray) -> bool:
        """Tell whether a frame fits its checksum, and ends."""
        header, rest = frame[: _HEADER + _SAPS], frame[_HEADER + _SAPS :]
        return self.fits(rest[:-_TRAILER], rest[-_TRAILER:], self.begun(header))

    @staticmethod
    def begun(header: bytes | bytearray) -> int:
        """Begin the checksum of a frame whose header is known, with the addresses behind CI."""
        return sum(header[_UNSUMMED:]) & 0xFF

    @staticmethod
    def fits(content: bytes | bytearray, trailer: bytes | bytearray, begun: int) -> bool:
        """Tell whether the rest of a frame fits its checksum, see `begun`, and ends.

        The low half of Adler-32 is its start and the sum of the bytes modulo 65521. A content has
        255 bytes at most, which never reach that from a start below 256.
        """
        return _TRAILERS[adler32(content, begun) & 0xFF] == trailer

    def accept(self, found: Found, offset: int, parity_errors: int) -> list[Frame | Fault]:
        """See `Link.accept`."""
        _, content, number, last, route, _, _ = found
        if number and route != self._route and self.segments.under_way:
            reason = "a segment bears other addresses than those before it"
            broken = Fault(Kind.DAMAGED, self.name, offset, reason)
            return [broken, *self.segments.finish()]
        self._route = route
        address = route[:2]
        segment = Frame(self.name, offset, content, address, _CHECKSUM, 1, "", parity_errors)
        return self.segments.feed(number, segment, last=last)

    @property
    def under_way(self) -> bool:
        """See `Link.under_way`."""
        return self.segments.under_way

    def finish(self) -> list[Fault]:
        """See `Link.finish`."""
        return self.segments.finish()


def _compare_start(header: bytearray, pos: int) -> Probe:
    """Refuse a beginning that its first bytes already contradict."""
    if len(header) > 2 and header[1] != header[2]:  # noqa: PLR2004 - both lengths present
        return NOT_HERE
    if len(header) > 3 and header[3] != header[0]:  # noqa: PLR2004 - second start byte present
        return NOT_HERE
    return More(pos + _HEADER)
