"""How far a telegram is trusted, by what protects it from damage.

The odds are those of a damaged telegram to pass as whole:

=========  ====================================================  =========
evidence   what protects the telegram                            odds
=========  ====================================================  =========
NOTHING    nothing: text without a checksum, raw and wrapper     1
           (DLMS); or as SUM, where bytes had parity errors
SUM        the 8-bit sum of M-Bus; or a checksum of each frame   1 in 256
           of a message, none of which covers the message
CHECKSUM   16 bits over all of it: one HDLC frame, a P1 text     1 in 65536
TAG        a verified authentication tag of 96 bits              none
=========  ====================================================  =========
"""

from enum import IntEnum
from typing import Final

from app.meters.telegram import Telegram

_WHOLE: Final = 16
"""Bits of a checksum that detects nearly all damage."""


class Evidence(IntEnum):
    """What protects a telegram, the weakest first."""

    NOTHING = 0
    SUM = 1
    CHECKSUM = 2
    TAG = 3


def evidence_of(telegram: Telegram) -> Evidence:
    """Tell what protects a telegram."""
    push = telegram.push
    if push.security is not None and push.security.authenticated:
        return Evidence.TAG
    frame = push.frame
    if not frame.checksum:
        return Evidence.NOTHING
    if frame.checksum >= _WHOLE and frame.parts == 1:
        return Evidence.CHECKSUM
    return Evidence.NOTHING if frame.parity_errors else Evidence.SUM
