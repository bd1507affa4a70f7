"""Makes the checksums of damaged telegrams fit: the damage that a link cannot detect."""

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from simulator.axdr import ber_length
from simulator.ciphering import GENERAL_GLO, KEY
from simulator.links import P1Checksum, crc_x25, p1_digits

HDLC_FLAG: Final = 0x7E
MBUS_START: Final = 0x68
MBUS_HEADER: Final = 4
"""Bytes of an M-Bus long frame before the control field."""

MBUS_TRAILER: Final = 2
"""Bytes of an M-Bus long frame after the user data: checksum and stop byte."""

P1_START: Final = b"/"
_HOLLEY: Final = b"/HLY"

_MBUS_STOP: Final = 0x16
_HDLC_LENGTH: Final = 0x07
"""Bits of an HDLC frame's first byte that belong to its length."""

_CRC: Final = 2
"""Bytes of HDLC's header and frame check sequences."""

_P1_END: Final = b"!"
_TITLED: Final = 10
"""Bytes of general-glo-ciphering up to and with the system title."""

_LONG_LENGTH: Final = 0x80
"""From this byte on, a length is the number of bytes that the length follows in."""

_SECURITY: Final = 5
"""Bytes of security control and invocation counter."""

_AUTHENTICATED: Final = 0x10
"""Bit of the security control: a tag follows."""

_TAG: Final = 12
"""Bytes of a tag."""

_FIRST_BLOCK: Final = b"\x00\x00\x00\x02"
"""GCM's counter of the first block of text; that of the tag is 1."""


def repair(frame: bytes) -> bytes:
    """Make the checksums and the length of one frame fit."""
    if frame[:1] == P1_START:
        return _repair_text(frame)
    if frame[:1] == bytes((MBUS_START,)):
        body = frame[MBUS_HEADER:-MBUS_TRAILER]
        size = len(body) & 0xFF
        header = bytes((MBUS_START, size, size, MBUS_START))
        return header + body + bytes((sum(body) & 0xFF, _MBUS_STOP))
    if frame[:1] == bytes((GENERAL_GLO,)):
        return _repair_inside(frame)
    if bytes((HDLC_FLAG,)) in (frame[:1], frame[-1:]):
        return _repair_hdlc(frame)
    return frame  # nothing that a reader could take for a frame


def with_flipped_bit(data: bytes, at: int, bit: int) -> bytes:
    """Flip a bit of a telegram of one frame, and make its checksums fit."""
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return repair(bytes(changed))


def _repair_text(text: bytes) -> bytes:
    """Make the checksum of a P1 telegram fit, if it has one; of Holley it is another."""
    body, end, checksum = text.rpartition(_P1_END)
    if not end or not checksum.strip(b"0\r\n"):
        return text
    kind = P1Checksum.X25 if text.startswith(_HOLLEY) else P1Checksum.ARC
    return body + end + p1_digits(body + end, kind) + b"\r\n"


def _repair_inside(apdu: bytes) -> bytes:
    """Make the checksum of a ciphered P1 telegram fit, and the length around it."""
    begin = _TITLED + 1 + max(0, apdu[_TITLED] - _LONG_LENGTH)
    security, sealed = apdu[begin : begin + _SECURITY], apdu[begin + _SECURITY :]
    end = len(sealed) - (_TAG if security[0] & _AUTHENTICATED else 0)
    nonce = apdu[2:_TITLED] + security[1:]
    text = _repair_text(_cipher(nonce, sealed[:end]))
    content = security + _cipher(nonce, text) + sealed[end:]
    return apdu[:_TITLED] + ber_length(len(content)) + content


def _cipher(nonce: bytes, data: bytes) -> bytes:
    """Cipher or decipher, which are the same without the tag."""
    stream = Cipher(algorithms.AES(KEY), modes.CTR(nonce + _FIRST_BLOCK)).encryptor()
    return stream.update(data) + stream.finalize()


def _repair_hdlc(frame: bytes) -> bytes:
    begin = int(frame[0] == HDLC_FLAG)  # two frames may share a flag, and the last go without
    end = len(frame) - (frame[-1] == HDLC_FLAG)
    inner = bytearray(frame[begin:end])
    after = 2
    for _ in range(2):
        while after < len(inner) and not inner[after] & 1:
            after += 1
        after += 1
    after += 1
    if len(inner) < after + 2 * _CRC:
        return frame
    inner[0] = inner[0] & ~_HDLC_LENGTH | len(inner) >> 8 & _HDLC_LENGTH
    inner[1] = len(inner) & 0xFF
    inner[after : after + _CRC] = crc_x25(bytes(inner[:after]))
    inner[-_CRC:] = crc_x25(bytes(inner[:-_CRC]))
    return frame[:begin] + bytes(inner) + frame[end:]
