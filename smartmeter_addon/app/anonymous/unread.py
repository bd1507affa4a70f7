"""Bytes in which no telegram was found, without the numbers and texts that can be seen in them.

A P1 text whose checksum is wrong is such a case: no link takes it, and the meter's number stands in
it. What stays is what tells how the line is doing: lengths, times, brackets, line ends, and OBIS
codes, of which no part has more than three characters. What nobody can see may still be in it, as
when the serial mode is wrong.
"""

import re
from typing import Final

_SEVEN_BITS: Final = bytes(byte & 0x7F for byte in range(256))
"""Takes the highest bit away: the parity of text of seven bits that is read as eight."""

_TEXT: Final = re.compile(rb"[\t\r\n -~]{24,}")
_WORD_IN_TEXT: Final = re.compile(rb"[0-9A-Za-z]{4,}")
_WORD: Final = re.compile(rb"[0-9A-Za-z]{5,}")
"""Elsewhere shorter ones come about by chance too often; a meter's number has at least eight."""

_SAME: Final = bytes(
    ord("0") if byte in b"0123456789" else ord("X") if chr(byte).isalpha() else byte
    for byte in range(128)
) + bytes(range(128, 256))


def masked(data: bytes) -> bytes:
    """Replace each digit by 0 and each letter by X in what looks like a number or a word."""
    seven = data.translate(_SEVEN_BITS)
    return _WORD.sub(_hidden, _masked_where(seven, data))


def masked_texts(data: bytes) -> bytes:
    """Do so in texts alone: in ciphered telegrams 24 printable characters never stand together."""
    return _masked_where(data, data)


def _masked_where(seen: bytes, data: bytes) -> bytes:
    """Mask the words of the texts that are seen."""
    changed = bytearray(data)
    for text in _TEXT.finditer(seen):
        for word in _WORD_IN_TEXT.finditer(seen, *text.span()):
            changed[slice(*word.span())] = _hidden(word)
    return bytes(changed)


def _hidden(word: re.Match[bytes]) -> bytes:
    return word[0].translate(_SAME)
