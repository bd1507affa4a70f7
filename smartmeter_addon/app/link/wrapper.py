"""The DLMS wrapper of IP profiles (Green Book 7.3): 0001 | source 2 | destination 2 | length 2."""

from typing import Final

from app.fault import Fault
from app.link.frame import NOT_HERE, Found, Frame, More, Probe

_HEADER: Final = 8
_VERSION: Final = b"\x00\x01"
_LONGEST: Final = 4096
# data-notification, general-glo-ciphering, general-ded-ciphering, general-block-transfer
_APDU_TAGS: Final = b"\x0f\xdb\xdc\xe0"


class Wrapper:
    """The wrapper link of one line."""

    name = "wrapper"
    starts = rb"\x00"
    checked = False

    def probe(self, buffer: bytearray, pos: int) -> Probe:
        """See `Link.probe`."""
        header = buffer[pos : pos + _HEADER + 1]
        if not _VERSION.startswith(header[:2]) and header[:2] != _VERSION:
            return NOT_HERE
        if len(header) <= _HEADER:
            return More(pos + _HEADER + 1)
        size = header[6] << 8 | header[7]
        if header[8] not in _APDU_TAGS or not 0 < size <= _LONGEST:
            return NOT_HERE
        end = pos + _HEADER + size
        if end > len(buffer):
            return More(end, begun=True)
        return Found(end, bytes(buffer[pos + _HEADER : end]), address=header[2:6].hex())

    def accept(self, found: Found, offset: int) -> list[Frame | Fault]:
        """See `Link.accept`."""
        return [Frame(self.name, offset, found.content, found.address)]

    def finish(self) -> list[Fault]:
        """See `Link.finish`."""
        return []
