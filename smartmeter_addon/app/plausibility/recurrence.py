"""What a meter does now and then is told from noise, and learned.

Noise never does the same for long: its damage is doubted for many reasons. Telegrams that are
doubted for one and the same reason again and again are how a meter is.
"""

from typing import Final

_USUAL: Final = 6
_PROVEN: Final = 4
_FADES: Final = 20_000
"""Telegrams after which what was counted counts half."""


class Recurrence:
    """Counts why the telegrams of one sender were held back."""

    __slots__ = ("_alone", "_believed", "_held", "_proven")

    def __init__(self) -> None:
        self._held = 0
        self._alone: dict[str, int] = {}  # those of them with one reason only, by it
        self._proven: dict[str, int] = {}  # reasons of those that others confirmed
        self._believed = 0

    def hold(self, reason: str | None) -> bool:
        """Count a telegram that is held back after one that was not.

        Args:
            reason: the kind of doubt, if it is the only one and can be learned from.

        Returns:
            Whether this reason came so often, and so often alone, that it is no noise.
        """
        self._held += 1
        if reason is None:
            return False
        count = self._alone[reason] = self._alone.get(reason, 0) + 1
        if count < _USUAL or 3 * count <= 2 * self._held:
            return False
        self._held -= self._alone.pop(reason)
        return True

    def prove(self, kind: str) -> bool:
        """Count a doubt that proved to be unfounded; tell whether it did too often."""
        self._proven[kind] = (self._proven.get(kind, 0) + 1) % _PROVEN
        return not self._proven[kind]

    def believe(self) -> None:
        """Count a telegram that is believed."""
        self._believed += 1
        if not self._believed % _FADES:
            self._held //= 2
            self._alone = {kind: count // 2 for kind, count in self._alone.items()}
