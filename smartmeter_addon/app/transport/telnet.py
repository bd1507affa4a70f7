"""Takes telnet out of the bytes of a gateway that should have sent them as they are.

A telnet server begins with a negotiation (RFC 854: FF, what it asks for, and an option), sends each
byte FF of the line twice, and can put commands between them. A client that never answers gets the
data all the same (ser2net 4.3.11). No frame of M-Bus, HDLC or P1 begins with FF, so a negotiation
as the first bytes of a connection is a sure sign; any other stream is left alone.
"""

from typing import Final

_IAC: Final = 0xFF
_LOWEST_COMMAND: Final = 0xEC
"""Commands run from EOF (RFC 1184) to DONT; a byte below cannot stand behind FF."""
_SUBNEGOTIATION: Final = 0xFA
_SUBNEGOTIATION_ENDS: Final = 0xF0
_NEGOTIATIONS: Final = range(0xFB, 0xFE + 1)
"""WILL, WONT, DO, DONT; a byte follows that names an option."""
_OPTIONS: Final = range(0x31 + 1)
"""Those of the IANA's list that a server opens with; RFC 2217, for serial lines, is 2C."""
_LONGEST_SUBNEGOTIATION: Final = 256


class Telnet:
    """Takes the chunks of one connection, and gives them without telnet if they are telnet."""

    def __init__(self) -> None:
        self.spoken = False
        """Whether the connection began with a negotiation."""
        self._decided = False
        self._held = bytearray()  # what may be a part of a command
        self._doubled = 0
        self._single = 0  # FF before what is neither FF nor a command

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; give those of the line that are certain."""
        if self._decided and not self.spoken:
            return chunk
        self._held += chunk
        if not self._decided and not self._decide():
            return b""
        return self._undone() if self.spoken else self.finish()

    def finish(self) -> bytes:
        """Take the end of the connection; give what was held back."""
        rest = bytes(self._held)
        self._held.clear()
        return rest

    def _decide(self) -> bool:
        """Look for a negotiation at the beginning; tell whether enough is there to know."""
        wanted = ((_IAC,), _NEGOTIATIONS, _OPTIONS)
        fits = all(byte in some for byte, some in zip(self._held, wanted, strict=False))
        self._decided = not fits or len(self._held) >= len(wanted)
        self.spoken = self._decided and fits
        return self._decided

    def _undone(self) -> bytes:
        data = bytearray()
        pos = 0
        while (found := self._held.find(_IAC, pos)) >= 0:
            data += self._held[pos:found]
            pos = found
            if self._single > self._doubled:
                break  # nothing is doubled here
            size = self._size(found)
            if not size:
                del self._held[:found]
                return bytes(data)
            if size == 1:
                self._single += 1
            elif self._held[found + 1] == _IAC:
                self._doubled += 1
            if size == 1 or self._held[found + 1] == _IAC:
                data.append(_IAC)
            pos = found + size
        data += self._held[pos:]
        self._held.clear()
        return bytes(data)

    def _size(self, pos: int) -> int:
        """Give how many bytes belong to the FF at a position; 0 when more are to come."""
        rest = len(self._held) - pos
        if rest < 2:  # noqa: PLR2004 - FF and what it means
            return 0
        command = self._held[pos + 1]
        if command in _NEGOTIATIONS:
            return 3 if rest >= 3 else 0  # noqa: PLR2004 - and the option
        if command == _SUBNEGOTIATION:
            return self._size_of_subnegotiation(pos)
        return 2 if command >= _LOWEST_COMMAND else 1

    def _size_of_subnegotiation(self, pos: int) -> int:
        end = pos + 2
        limit = pos + _LONGEST_SUBNEGOTIATION
        while (end := self._held.find(_IAC, end, limit)) >= 0:
            if end + 1 == len(self._held):
                return 0
            if self._held[end + 1] == _SUBNEGOTIATION_ENDS:
                return end + 2 - pos
            end += 2
        return 0 if len(self._held) < limit else 1
