"""Values that are withheld although their telegram is accepted.

A value that cannot be, and energies in another unit than before, are never published. When the
telegrams show that they are no damage, the other values are published without them.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, Final, NamedTuple

from app.cosem.unit import Number
from app.meters.telegram import Withheld
from app.plausibility.held import OWN_INTERVALS
from app.plausibility.limits import Limits
from app.plausibility.track import Observation, Track
from app.plausibility.violation import Violation

_LATEST: Final = 2.0**35
"""Seconds since 1970: the year 3058. Later times cannot be written in words."""

_UNTIL: Final = {
    "possible": "a value that is possible",
    "unit": "energies that go on from those before in the same unit",
}
"""What ends it, by check."""


class _Said(NamedTuple):
    """A value that is withheld.

    Args:
        value: what the meter said last; None where no single value is wrong.
        at: when it did, by the monotonic clock, in seconds.
        violation: the check that it fails.
        since: when that began, in seconds since 1970.
        telegrams: in which it was said.
    """

    value: Number | None
    at: float
    violation: Violation
    since: float
    telegrams: int


class Withholding:
    """The values of one sender that are withheld, by key; `POWER` for all energies."""

    __slots__ = ("_said",)

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}

    def __bool__(self) -> bool:
        return bool(self._said)

    @property
    def keys(self) -> AbstractSet[str]:
        """The keys."""
        return self._said.keys()

    def begin(self, violations: Iterable[Violation], observation: Observation) -> None:
        """Withhold values whose check no telegram confirms, from a telegram on."""
        for one in violations:
            if one.check in _UNTIL and one.detail not in self._said:
                value = observation.values.get(one.detail)
                said = _Said(value, observation.now, one, observation.wall, 0)
                self._said[one.detail] = said

    def remaining(
        self, violations: list[Violation], observation: Observation, track: Track, limits: Limits
    ) -> list[Violation]:
        """Return the violations of a telegram but for those of values that are withheld."""
        return [one for one in violations if not self._covers(one, observation, track, limits)]

    def withheld(
        self,
        observation: Observation,
        violations: list[Violation],
        limits: Limits,
        *,
        as_power_says: bool,
    ) -> set[str]:
        """Return the keys of an accepted telegram that are withheld; what has ended is forgotten.

        Args:
            observation: the telegram.
            violations: all checks that it fails.
            limits: of the sender.
            as_power_says: whether its energies grow as the power says.
        """
        failed = {one.detail for one in violations}
        values = observation.values
        for key, said in list(self._said.items()):
            if key in failed:
                value = values.get(key)
                self._said[key] = said._replace(
                    value=value, at=observation.now, telegrams=said.telegrams + 1
                )
            elif key in values or as_power_says:
                del self._said[key]
        kept = set(self._said)
        if any(said.violation.check == "unit" for said in self._said.values()):
            kept |= {key for key in values if limits.of(key).is_energy}
        return kept

    def told(self) -> list[Withheld]:
        """Return what is withheld for longer than two of its own push intervals."""
        told: dict[str, list[str]] = {}
        for key, said in self._said.items():
            if said.telegrams >= OWN_INTERVALS:
                told.setdefault(said.violation.check, []).append(key)
        return [
            Withheld(
                what=", ".join(keys),
                why=self._said[keys[0]].violation.sentence,
                until=_UNTIL[check],
                since=min(self._said[key].since for key in keys),
            )
            for check, keys in told.items()
        ]

    def memory(self) -> list[list[str | float | None]]:
        """Return what is kept over a restart: value, check, sentence, key and beginning of each."""
        return [
            [None if said.value is None else str(said.value), *said.violation, said.since]
            for said in self._said.values()
        ]

    def restore(self, kept: Iterable[list[Any]], now: float) -> None:
        """Restore what `memory` returned before a restart.

        Raises:
            ArithmeticError, TypeError, ValueError: it cannot be understood.
        """
        for value, check, sentence, key, since in kept:
            number = None if value is None else Decimal(value)
            if not 0 <= float(since) < _LATEST or not (number is None or number.is_finite()):
                raise ValueError(since)
            violation = Violation(str(check), str(sentence), str(key))
            self._said[str(key)] = _Said(number, now, violation, float(since), OWN_INTERVALS)

    def _covers(
        self, one: Violation, observation: Observation, track: Track, limits: Limits
    ) -> bool:
        """Tell whether a violation is that of a value that is withheld, and that goes on."""
        said = self._said.get(one.detail)
        if said is None:
            return False
        if one.check == said.violation.check == "possible" or said.value is None:
            return True
        value, last = observation.values.get(one.detail), track.values.get(one.detail)
        if said.violation.check != "unit" or value is None or not last:
            return False
        times = max(1.0, float(said.value / last))
        allowed = limits.kwh(observation.now - said.at) * times + times / 1000
        return 0 <= float(value - said.value) <= allowed
