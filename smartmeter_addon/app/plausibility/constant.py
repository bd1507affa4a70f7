"""The constant bits of a list's telegrams: codes, types and units, and texts that are repeated."""

from functools import lru_cache
from typing import Final

from app.meters.structure import Mask

_REPEATED: Final = 10
"""Telegrams in a row in which a text has to be the same before it is relied on."""


@lru_cache(maxsize=64)
def _union(texts: tuple[int, ...]) -> int:
    """Return the bits of some texts, which do not overlap; the same number for the same texts."""
    return sum(texts)


@lru_cache(maxsize=64)
def _shared(bits: int) -> int:
    """Return the one of all that are equal: P1 texts of many meters differ in digits alone."""
    return bits


class Constant:
    """The constant bits of the telegrams of one list that have the same size.

    Args:
        mask: of the first of them.
        bits: of it.
    """

    __slots__ = ("_bits", "_texts", "count", "mask")

    def __init__(self, mask: Mask, bits: int) -> None:
        self.mask = mask
        self._texts = _union(mask.texts)  # those that did not change
        self._bits = _shared(bits & (mask.fixed | self._texts))
        self.count = 0
        """Of telegrams."""

    def is_of(self, bits: int) -> bool:
        """Tell whether a telegram is of the list."""
        return not (self._bits ^ bits) & self.mask.fixed

    def texts_differ(self, bits: int) -> bool:
        """Tell whether a telegram does not repeat what was repeated so far."""
        return self.count >= _REPEATED and bool((self._bits ^ bits) & self._texts)

    def add(self, bits: int) -> None:
        """Take an accepted telegram."""
        if changed := (self._bits ^ bits) & self._texts:
            # A text that changed once in an accepted telegram may change again.
            kept = (one for one in self.mask.texts if one & self._texts and not one & changed)
            self._texts = _union(tuple(kept))
        self.count += 1
