"""Parity and framing errors, as Linux tells of them.

With PARMRK and INPCK the terminal driver gives a byte x that came with a parity or framing error as
FF 00 x, a break as FF 00 00, and a byte FF that came without as FF FF (POSIX, termios; n_tty.c). A
pseudo terminal has no errors but doubles FF just so, with PARMRK alone.

What an error says depends on the adapter (Linux, drivers/usb/serial, as read and not as tried):

- cp210x marks each byte exactly, while INPCK is set.
- ftdi_sio and pl2303 know an error for a packet at a time, and mark all bytes of it.
- ch341 marks nothing.

So an error is evidence and no proof of which byte is damaged, and none proves nothing.
"""

from collections.abc import Iterable
from typing import Final, Self

from app.language.catalogue import Sentence, Text

MODE_WRONG: Final = 0.25
"""A share of bytes with errors above which the serial mode is the wrong one: in a model of a UART
(trials/mode_search.py) it is 0.43 and more in each wrong mode with a parity, and 0.99 where a meter
without parity is read with one."""

DISTURBED: Final = 0.005
"""A share above which the line is bad."""

ENOUGH: Final = 16
"""Bytes from which on a share says anything."""

_MARK: Final = 0xFF
_ERROR: Final = 0x00
_PAIR: Final = bytes((_MARK, _MARK))


class Received(bytes):
    """Bytes of a line, and which of them came with a parity or framing error."""

    errors: tuple[int, ...] = ()
    """Their places, in order."""

    @classmethod
    def of(cls, data: bytes | bytearray, errors: Iterable[int]) -> Self:
        """Give bytes with the places of those that came with an error."""
        received = cls(data)
        received.errors = tuple(errors)
        return received


def errors_in(chunk: bytes) -> tuple[int, ...]:
    """Give the places of the bytes that came with an error, as far as that is known."""
    return chunk.errors if isinstance(chunk, Received) else ()


class Share:
    """How many of some bytes came with an error, and what that says."""

    def __init__(self) -> None:
        self.bytes = 0
        self.errors = 0

    def add(self, size: int, errors: int) -> None:
        """Take bytes, and how many of them came with an error."""
        self.bytes += size
        self.errors += errors

    @property
    def mode_is_wrong(self) -> bool:
        """Whether the serial mode is likely the wrong one."""
        return self.bytes >= ENOUGH and self.errors > MODE_WRONG * self.bytes

    @property
    def is_disturbed(self) -> bool:
        """Whether the line is likely bad."""
        return self.bytes >= ENOUGH and self.errors > DISTURBED * self.bytes

    @property
    def percent(self) -> Text:
        """The share in whole per cent; a smaller one that is not 0 has words of its own."""
        per_cent = 100 * self.errors / max(self.bytes, 1)
        if per_cent >= 1 or not per_cent:
            return f"{per_cent:.0f} %"
        return Sentence("serial.less_than_one_percent")


class Marks:
    """Takes the marks out of the chunks of a terminal that was set to INPCK and PARMRK."""

    def __init__(self) -> None:
        self._held = b""  # the beginning of a mark

    def feed(self, chunk: bytes) -> Received:
        """Take the next bytes; give those of the line that are certain, perhaps none."""
        raw = self._held + chunk
        # Nearly always there are none, and where all come in pairs, each pair is a byte.
        if raw.count(_MARK) == 2 * raw.count(_PAIR):
            self._held = b""
            return Received(raw.replace(_PAIR, _PAIR[:1]))
        data = bytearray()
        errors: list[int] = []
        pos = 0
        while (found := raw.find(_MARK, pos)) >= 0:
            data += raw[pos:found]
            pos = found
            if found + 1 == len(raw):
                break
            meaning = raw[found + 1]
            if meaning == _ERROR:
                if found + 2 == len(raw):
                    break
                errors.append(len(data))
                data.append(raw[found + 2])
                pos = found + 3
            else:
                # Anything else than FF stands there only where marking began in between.
                data.append(_MARK)
                pos = found + 1 + (meaning == _MARK)
        else:
            data += raw[pos:]
            pos = len(raw)
        self._held = raw[pos:]
        return Received.of(data, errors)
