"""The DLMS wrapper of IP profiles (Green Book 7.3): 0001 | source 2 | destination 2 | length 2."""

from typing import Final

from app.fault import Fault
from app.link.frame import NOT_HERE, Found, Frame, More, Probe, Refused

_HEADER: Final = 8
_MARK: Final = 6  # version and ports
_VERSION: Final = b"\x00\x01"
_LONGEST: Final = 4096
_APDU_START: Final = 2
_PLAIN: Final = 0x0F
_SHORTEST: Final = 8  # of a block with a byte in it; a ciphered APDU is longer
# data-notification, general-block-transfer; general-glo-ciphering and general-ded-ciphering with
# the length of a system title.
_APDU_STARTS: Final = (b"\x0f", b"\xe0", b"\xdb\x08", b"\xdc\x08")


class Wrapper:
    """The wrapper link of one line."""

    __slots__ = ()

    name = "wrapper"
    starts = rb"\x00"
    checked = False
    mark = _MARK

    def probe(self, buffer: bytearray, pos: int) -> Probe:
        """See `Link.probe`."""
        header = bytes(buffer[pos : pos + _HEADER + _APDU_START])
        if not _VERSION.startswith(header[:2]):
            return NOT_HERE
        if len(header) < _HEADER + _APDU_START:
            return More(pos + _HEADER + _APDU_START)
        # The ports are addresses of client and logical device, 127 at most; two bytes that look so
        # tell the header from an OBIS code and the value behind it.
        if header[2] or header[4] or not header.startswith(_APDU_STARTS, _HEADER):
            return NOT_HERE
        size = header[6] << 8 | header[7]
        shortest = _APDU_START if header[_HEADER] == _PLAIN else _SHORTEST
        if not shortest <= size <= _LONGEST:
            return NOT_HERE
        end = pos + _HEADER + size
        again = _begins_again(buffer, pos, end)
        if again >= 0:
            return Refused(f"a telegram of {size} bytes broke off", again)
        if end > len(buffer):
            return More(end, begun=True)
        return Found(end, bytes(buffer[pos + _HEADER : end]), address=header[2:_MARK].hex())

    def accept(self, found: Found, offset: int, parity_errors: int) -> list[Frame | Fault]:
        """See `Link.accept`."""
        content, address = found.content, found.address
        return [Frame(self.name, offset, content, address, parity_errors=parity_errors)]

    @property
    def under_way(self) -> bool:
        """See `Link.under_way`."""
        return False

    def finish(self) -> list[Fault]:
        """See `Link.finish`."""
        return []


def _begins_again(buffer: bytearray, pos: int, end: int) -> int:
    """Find the same header inside, which says that bytes were lost; -1 for none."""
    mark = buffer[pos : pos + _MARK]
    again = buffer.find(mark, pos + _HEADER, end)
    while again >= 0 and not buffer.startswith(_APDU_STARTS, again + _HEADER):
        again = buffer.find(mark, again + 1, end)
    return again
