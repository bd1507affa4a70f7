"""OBIS codes, the names of registers (IEC 62056-61)."""

import re
from functools import lru_cache
from typing import Final, NamedTuple, Self

_TEXT: Final = re.compile(r"(\d{1,3})-(\d{1,3}):(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:[*.](\d{1,3}))?")
UNSAID: Final = -1
"""Stands for a group that a telegram leaves out."""

_ELECTRICITY: Final = 1
CURRENT: Final = 255
"""Group F of what counts now; others are past billing periods."""

_HIGHEST: Final = 255
_HIGHEST_MEDIUM: Final = 15


class Obis(NamedTuple):
    """One code: medium A, channel B, quantity C, processing D, tariff E, billing period F.

    A, B and E are `UNSAID` where a telegram leaves them out (``1.8.0`` or ``32.7``).
    """

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int = CURRENT

    def __str__(self) -> str:
        return _text(self)

    @property
    def cde(self) -> tuple[int, int, int]:
        """Quantity, processing and tariff, which mean the same on every channel."""
        return self.c, self.d, max(self.e, 0)

    @property
    def electrical(self) -> bool:
        """Whether it is a quantity of electricity."""
        return self.a in (_ELECTRICITY, UNSAID)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``A-B:C.D.E`` or ``A-B:C.D.E*F``.

        Raises:
            ValueError: it is none.
        """
        found = _TEXT.fullmatch(text)
        groups = [int(group) for group in found.groups(str(CURRENT))] if found else []
        if not groups or max(groups) > _HIGHEST:
            raise ValueError(f"{text!r} is no OBIS code; wanted is a form like 1-0:1.8.0")
        return cls(*groups)


@lru_cache(maxsize=1024)
def _text(code: Obis) -> str:
    text = f"{code.c}.{code.d}" if code.e == UNSAID else f"{code.c}.{code.d}.{code.e}"
    if code.a != UNSAID:
        text = f"{code.a}-{code.b}:{text}"
    return text if code.f == CURRENT else f"{text}*{code.f}"


@lru_cache(maxsize=1024)
def from_logical_name(raw: bytes) -> Obis | None:
    """Read the six bytes of a logical name; None for six bytes that are no OBIS code.

    Six-byte octet strings also occur as values, as a firmware version "160456" does (capture
    ``iskra-am550-3seg-obis``); media go up to 15 only, digits and letters begin far above.
    """
    if len(raw) != 6 or raw[0] > _HIGHEST_MEDIUM:  # noqa: PLR2004 - a logical name's size
        return None
    return Obis(*raw)
