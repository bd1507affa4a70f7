"""The usual telegram: all of it goes on from the one before in the usual way.

Nearly each telegram has the list of the one before, comes one push interval later, keeps all its
constant bits and laws, and none of its values moves far. Such a telegram fails no check, which is
decided at once with what is prepared once for its list; the tests compare that with
`checks.failed`. Any other telegram is decided by all checks.
"""

from decimal import Decimal
from operator import itemgetter, le, sub
from typing import Final

from app.cosem.unit import Number
from app.plausibility import laws
from app.plausibility.checks import Failed
from app.plausibility.known import Known
from app.plausibility.track import Observation, Track

_LEAST: Final = -(10**9)
"""In the place of no limit."""

_PUNCTUAL: Final = 2.0
"""Seconds by which a usual telegram comes early or late at most."""


class Usual:
    """What the usual telegram of one list keeps to.

    Args:
        known: of the sender.
        observation: of a telegram of the list that was accepted.
        interval: its push interval, in seconds.
    """

    __slots__ = (
        "_energies",
        "_falls",
        "_interval",
        "_keys",
        "_known",
        "_laws",
        "_names",
        "_numbers",
        "_rises",
    )

    def __init__(self, known: Known, observation: Observation, interval: float) -> None:
        values = observation.values
        self._interval = interval
        self._known = known
        self._keys = tuple(values)
        self._laws = laws.applicable(self._keys)
        names = tuple(law.name for law in self._laws)
        self._names = names + laws.CLOCK_LAWS * bool(observation.found.clocks)
        compared = [key for key in values if known.limits.of(key).quantity is not None]
        self._numbers = itemgetter(*compared, compared[0])  # one more, as it takes one for itself
        limits = [known.limits.of(key) for key in (*compared, compared[0])]
        carried = Decimal(repr(known.limits.kwh(interval)))
        kinds = [int if isinstance(one, int) else Decimal for one in self._numbers(values)]
        falls = [0 if one.is_energy else max(one.fall, _LEAST) for one in limits]
        rises = [carried if one.is_energy else min(one.jump, -_LEAST) for one in limits]
        # Numbers of the same kind are compared sooner.
        self._falls = tuple(kind(fall) for kind, fall in zip(kinds, falls, strict=True))
        self._rises = tuple(kind(rise) for kind, rise in zip(kinds, rises, strict=True))
        self._energies = tuple(
            (n, key) for n, key in enumerate(compared) if known.limits.of(key).is_energy
        )

    def failed(self, observation: Observation, track: Track, last: Observation) -> Failed | None:
        """Return that a telegram fails nothing; None if it is not the usual one.

        Args:
            observation: the telegram.
            track: of the sender.
            last: the telegram before, which was accepted with all its values.
        """
        counter, time, found = observation.counter, observation.time, observation.found
        if not found.is_usual or found.known is not last.found.known:
            return None
        if observation.telegram.push.frame.parity_errors:
            return None
        if observation.meter is not track.meter or time is None or track.time is None:
            return None
        if any(one.meter.id not in self._known.reports.ids for one in observation.telegram.others):
            return None
        if counter is not None and (track.counter is None or counter <= track.counter):
            return None
        late = observation.now - track.timed_at - self._interval
        if time - track.time != self._interval or not -_PUNCTUAL <= late <= _PUNCTUAL:
            return None
        shown = {found.content[at + 5 : at + 8] for at in found.clocks}
        moved = self._moved(observation, last)
        if len(shown) > 1 or moved is None:
            return None
        keys = [key for n, key in self._energies if moved[n]]
        return Failed([], self._names, [], None, keys, {})

    def _moved(self, observation: Observation, last: Observation) -> tuple[Number, ...] | None:
        """Return how far each value moved; None if any went too far or broke a law."""
        values = observation.values
        if tuple(values) != self._keys:
            return None
        moved = tuple(map(sub, self._numbers(values), self._numbers(last.values)))
        if not (all(map(le, self._falls, moved)) and all(map(le, moved, self._rises))):
            return None
        if laws.broken(self._laws, values) or self._known.power.digits(values, observation.clock):
            return None
        return moved
