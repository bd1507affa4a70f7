"""How bytes look on a serial line."""

import re
from typing import Final, NamedTuple, Self

_BAUDRATES: Final = range(300, 921600 + 1)
_MODE: Final = re.compile(r"\s*([0-9]{3,6})[\s,]+([5-8])([NEOMS])([12])\s*", re.IGNORECASE)


class SerialMode(NamedTuple):
    """How bytes look on a serial line; its text is like ``2400 8E1``.

    The letters of the parity are pySerial's: none, even, odd, mark (always 1), space (always 0).
    """

    baudrate: int
    bytesize: int
    parity: str
    stopbits: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a mode like ``2400 8E1``.

        Raises:
            ValueError: it is something else; the sentence says what is wanted.
        """
        match = _MODE.fullmatch(text)
        if not match or int(match[1]) not in _BAUDRATES:
            raise ValueError(
                "a serial mode is a baud rate from 300 to 921600, a blank, data bits (5 to 8),"
                " parity (N, E, O, M for mark or S for space) and stop bits (1 or 2), like 2400 8E1"
                " or 9600 8N1"
            )
        return cls(int(match[1]), int(match[2]), match[3].upper(), int(match[4]))

    def __str__(self) -> str:
        return f"{self.baudrate} {self.bytesize}{self.parity}{self.stopbits}"
