"""Tells a check that is not right for a meter from damage.

Damage fails many different checks. A check that is not right for a meter fails again and again, and
hardly any other does.
"""

from collections.abc import Mapping
from typing import Final

from app.meters.limits import NOTHING
from app.plausibility.evidence import Evidence

_ENOUGH: Final = 6
_ENOUGH_UNPROTECTED: Final = 10
"""Telegrams that fail one check alone before it is relaxed; more where nothing protects them.

Damage that fails a given check and no other in one telegram of seven reaches that once in 5,000
times by chance, and the larger number once in 500,000; in one of three, once in 50 and in 250.
"""

_MOST: Final = 64
"""Telegrams that failed any check before all counts are halved: noise of long ago is forgotten."""


class Relaxation:
    """Counts which checks the telegrams of one sender fail."""

    __slots__ = ("_alone", "_failed")

    def __init__(self) -> None:
        self._failed = 0  # telegrams that failed any check
        self._alone: Mapping[str, int] = NOTHING  # those that failed one check only, by name

    def is_due(self, names: set[str], evidence: Evidence) -> bool:
        """Count a telegram; tell whether it shows that what it fails is to be relaxed.

        Args:
            names: of the violations of the only check that it fails; empty if it fails several, or
                one that is never relaxed.
            evidence: what protects it.
        """
        self._failed += 1
        if self._failed > _MOST:
            self._failed //= 2
            self._alone = {name: count // 2 for name, count in self._alone.items() if count > 1}
        self._alone = {**self._alone, **{name: self._alone.get(name, 0) + 1 for name in names}}
        count = max((self._alone[name] for name in names), default=0)
        enough = _ENOUGH if evidence else _ENOUGH_UNPROTECTED
        if count < enough or 3 * count <= 2 * self._failed:
            return False
        self._failed -= count
        self._alone = {name: n for name, n in self._alone.items() if name not in names}
        return True
