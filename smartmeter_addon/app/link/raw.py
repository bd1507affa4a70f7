"""general-glo-ciphering APDUs that follow one another without any link layer.

The ciphered P1 ports send this (Sagemcom T210-D-r in Styria, the meters of Luxembourg): nothing
but ``DB 08``, the system title and a length. With no checksum to lean on, the header must look
right in every byte, and the same header showing up inside says that bytes were lost.
"""

from typing import Final

from app.fault import Fault
from app.link.frame import NOT_HERE, Found, Frame, More, Probe, Refused
from app.link.hdlc import LLC_HEADERS

_START: Final = b"\xdb\x08"
_TITLE_END: Final = 10
_MAKER: Final = 3  # letters at the beginning of the title
_LONGEST: Final = 16384
_SECURITY_BITS: Final = 0x30
_KNOWN_SECURITY_BITS: Final = 0x3F
_LONGEST_LENGTH: Final = 5
_SHORTEST_CONTENT: Final = 6


class Raw:
    """The bare APDUs of one line."""

    __slots__ = ()

    name = "raw"
    starts = rb"\xdb"
    checked = False
    mark = len(_START) + _MAKER

    def probe(self, buffer: bytearray, pos: int) -> Probe:
        """See `Link.probe`."""
        head = bytes(buffer[pos : pos + _TITLE_END])
        if not _START.startswith(head[:2]):
            return NOT_HERE
        if len(head) < _TITLE_END:
            return More(pos + _TITLE_END)
        maker = head[2:5]
        if not (maker.isalpha() and maker.isupper()):
            return NOT_HERE
        if pos > len(LLC_HEADERS[0]) and bytes(buffer[pos - 3 : pos]) in LLC_HEADERS:
            return NOT_HERE  # what is left of a damaged HDLC frame
        begin = pos + _TITLE_END
        if begin + _LONGEST_LENGTH + 1 > len(buffer):
            return More(begin + _LONGEST_LENGTH + 1)
        size, begin = _length(buffer, begin)
        control = buffer[begin]
        if not control & _SECURITY_BITS or control & ~_KNOWN_SECURITY_BITS:
            return NOT_HERE
        if not _SHORTEST_CONTENT <= size <= _LONGEST:
            return NOT_HERE
        end = begin + size
        # Its maker is enough to know a beginning by: one that breaks off within the title has the
        # next one's in place of a title. It may also reach over the end, as far as it is there.
        mark = head[: self.mark]
        again = buffer.find(mark, pos + self.mark, end + self.mark - 1)
        if again >= 0:
            return Refused(f"a telegram of {size} bytes broke off", again)
        if end > len(buffer):
            return More(end, begun=True)
        return Found(end, bytes(buffer[pos:end]))

    def accept(self, found: Found, offset: int, parity_errors: int) -> list[Frame | Fault]:
        """See `Link.accept`."""
        return [Frame(self.name, offset, found.content, parity_errors=parity_errors)]

    @property
    def under_way(self) -> bool:
        """See `Link.under_way`."""
        return False

    def finish(self) -> list[Fault]:
        """See `Link.finish`."""
        return []


def _length(buffer: bytearray, pos: int) -> tuple[int, int]:
    """Read a BER length of up to five bytes and the position behind it; 0 for a longer one."""
    size = buffer[pos]
    if size < 0x80:  # noqa: PLR2004 - the long form of BER begins here
        return size, pos + 1
    octets = size & 0x7F
    if octets >= _LONGEST_LENGTH:
        return 0, pos
    begin = pos + 1
    return int.from_bytes(buffer[begin : begin + octets], "big"), begin + octets
