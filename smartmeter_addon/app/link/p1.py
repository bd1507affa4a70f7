"""P1 telegrams: text from ``/`` to ``!`` and a checksum (DSMR P1 companion standard).

``/`` three letters of the maker, a digit, an identification, an empty line, lines of OBIS code and
values in brackets, ``!``, and since DSMR 4 the CRC-16/ARC over all from ``/`` to ``!`` in four hex
digits. Meters of DSMR 2 and 3 and some later ones (Iskraemeco AM550 in Slovenia) send none.
"""

import re
from typing import Final

from app.fault import DecodeError, Fault
from app.link import crc
from app.link.frame import NOT_HERE, Found, Frame, More, Probe, Refused

_IDENTIFICATION: Final = re.compile(rb"/[A-Za-z]{3}[ -~]*\r?\n")
_BEGINNING: Final = re.compile(rb"/(?:[A-Za-z]{0,3}$|[A-Za-z]{3}[ -~]*\r?$)")
_NO_TEXT: Final = re.compile(rb"[^\t\r\n -~]")
# A telegram that broke off within a line has the next one's beginning behind it in the same line.
_END: Final = re.compile(rb"\n[!/]|/(?=[A-Za-z]{3}[0-9])")
_CHECKSUM: Final = re.compile(rb"([0-9A-Fa-f]{4})?[ \t]*\r?\n")
_END_MARK: Final = ord("!")
_LONGEST_IDENTIFICATION: Final = 128
_LONGEST: Final = 16384
_CHECKSUM_BITS: Final = 16
_CHECKSUM_LINE: Final = 6  # four digits, carriage return, line feed


def whole(data: bytes) -> Found:
    """Take a telegram that came by another way, such as deciphered, up to and with its ``!``.

    Raises:
        DecodeError: it is none, or its checksum is wrong.
    """
    probe = P1().probe(bytearray(data.strip() + b"\r\n"), 0)
    if isinstance(probe, Found):
        return probe
    reason = probe.reason if isinstance(probe, Refused) else None
    raise DecodeError(P1.name, 0, reason or "no whole telegram of text")


class P1:
    """The P1 link of one line."""

    name = "p1"
    starts = rb"/"
    checked = False
    mark = len(b"/ISK5")

    def probe(self, buffer: bytearray, pos: int) -> Probe:
        """See `Link.probe`."""
        line = bytes(buffer[pos : pos + _LONGEST_IDENTIFICATION])
        identified = _IDENTIFICATION.match(line)
        if not identified:
            if len(line) < _LONGEST_IDENTIFICATION and _BEGINNING.match(line):
                return More(len(buffer) + 1)
            return NOT_HERE
        text_end = min(len(buffer), pos + _LONGEST)
        stop = _END.search(buffer, pos + 1, text_end)
        strange = _NO_TEXT.search(buffer, pos, stop.start() if stop else text_end)
        if strange:
            what = f"a telegram of text holds the byte {strange.group()[0]:02X}"
            return Refused(what, strange.start())
        if not stop:
            if text_end == pos + _LONGEST:
                return Refused(f"a telegram has no end within {_LONGEST} bytes", text_end)
            # The end is a line that begins with an exclamation mark, and its line end.
            missing = 2 if buffer.endswith(b"\n") else 3
            return More(len(buffer) + missing, begun=True)
        if buffer[stop.end() - 1] != _END_MARK:
            return Refused("a telegram broke off before another began", stop.end() - 1)
        checksum = _CHECKSUM.match(buffer, stop.end())
        if not checksum:
            if len(buffer) - stop.end() < _CHECKSUM_LINE:
                return More(len(buffer) + 1, begun=True)
            return Refused("a telegram ends without a checksum or a line end", stop.end())
        text = bytes(buffer[pos : stop.end()])
        if checksum.group(1) and int(checksum.group(1), 16) != crc.arc(text):
            return Refused(f"the checksum of a telegram of {len(text)} bytes is wrong", stop.end())
        bits = _CHECKSUM_BITS if checksum.group(1) else 0
        return Found(checksum.end(), text, checksum=bits)

    def accept(self, found: Found, offset: int) -> list[Frame | Fault]:
        """See `Link.accept`."""
        return [Frame(self.name, offset, found.content, checksum=found.checksum)]

    def finish(self) -> list[Fault]:
        """See `Link.finish`."""
        return []
