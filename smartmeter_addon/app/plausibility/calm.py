"""The usual telegram, decided at once: all of it goes on from the one before in the usual way.

Nearly each telegram has the list of the one before, comes one push interval later, keeps all its
constant bits and laws, and none of its values moves far. Such a telegram fails no check; the tests
compare that with `checks.failed`. All that a list says of this is prepared once. Any other telegram
goes the general way.
"""

from collections.abc import Mapping
from decimal import Decimal
from operator import le, sub
from typing import Final, cast

from app.cosem.unit import Number
from app.meters.telegram import Telegram
from app.plausibility import laws
from app.plausibility.known import Known
from app.plausibility.lists import KnownList
from app.plausibility.schedule import Moment
from app.plausibility.structure import content_of
from app.plausibility.track import Observation, Track

_LEAST: Final = -(10**9)
"""In the place of no limit."""

_PUNCTUAL: Final = 2.0
"""Seconds by which a usual telegram comes early or late at most."""


class Calm:
    """What the usual telegram of one list keeps to.

    Args:
        known: of the sender.
        listed: the list.
        observation: of a telegram of it that was accepted in the general way.
        interval: its push interval, in seconds.
        derived: whether the power was derived by this program.
    """

    __slots__ = (
        "_channel",
        "_energies",
        "_falls",
        "_interval",
        "_keys",
        "_known",
        "_last",
        "_laws",
        "_listed",
        "_names",
        "_rises",
        "_size",
    )

    def __init__(
        self,
        known: Known,
        listed: KnownList,
        observation: Observation,
        interval: float,
        *,
        derived: bool,
    ) -> None:
        limits, values = known.limits, observation.values
        self._known = known
        self._listed = listed
        self._interval = interval
        self._channel = observation.found.channel
        self._size = observation.found.size
        self._keys = tuple(values)
        self._last = tuple(values.values())
        self._laws = laws.applicable(self._keys, derived=derived)
        self._names = self._laws.names + laws.CLOCK_LAWS * bool(observation.found.clocks)
        of = [limits.of(key) for key in values]
        carried = Decimal(repr(limits.kwh(interval)))
        kinds = [int if isinstance(value, int) else Decimal for value in self._last]  # compare fast
        self._falls = tuple(
            kind(0 if one.is_energy else max(one.fall, _LEAST))
            for kind, one in zip(kinds, of, strict=True)
        )
        self._rises = tuple(
            kind(carried if one.is_energy else min(one.jump, -_LEAST))
            for kind, one in zip(kinds, of, strict=True)
        )
        self._energies = tuple(n for n, one in enumerate(of) if one.is_energy)

    def accepts(self, telegram: Telegram, track: Track, now: float, wall: float) -> bool:
        """Accept a telegram if it is a usual one; tell whether it is.

        Args:
            telegram: the next one of the sender.
            track: of the sender.
            now: by the monotonic clock, in seconds.
            wall: by this computer's clock, in seconds since 1970.
        """
        reading, sent = telegram.reading, telegram.timestamp
        if reading is None or sent is None or reading.meter is not track.meter:
            return False
        security = telegram.push.security
        counter = None if security is None else security.invocation_counter
        if counter is not None and (track.counter is None or counter <= track.counter):
            return False
        time, last = sent.timestamp(), track.time
        late = now - track.timed_at - self._interval
        if last is None or time - last != self._interval or not -_PUNCTUAL <= late <= _PUNCTUAL:
            return False
        values = cast("Mapping[str, Number]", reading.values)
        bits = self._usual_bits(telegram)
        moved = self._usual_moves(values)
        if not bits or moved is None:
            return False
        if telegram.others and not self._known.reports.repeat(telegram.others):
            return False
        for n in self._energies:
            if moved[n]:
                track.changed[self._keys[n]] = now, self._last[n]
        self._listed.bits[self._size].last = bits
        self._last = tuple(values.values())
        moment = Moment(time, counter)
        track.usual(self._listed, values, telegram, moment, late, now, wall)
        self._known.usual(self._listed, moment, self._names, values, now)
        return True

    def _usual_bits(self, telegram: Telegram) -> int:
        """Return the bits of a telegram of the list, whose constant ones are right; else zero."""
        push, content = telegram.push, content_of(telegram)
        control = None if push.security is None else push.security.security_control
        if len(content) != self._size or (push.frame.address, control) != self._channel:
            return 0
        constant = self._listed.bits[self._size]
        bits = int.from_bytes(content, "big")
        if (bits ^ constant.last) & constant.usual or not constant.clocks_agree(content):
            return 0
        return bits

    def _usual_moves(self, values: Mapping[str, Number]) -> tuple[Number, ...] | None:
        """Return how far each value moved; None if any went too far or broke a law."""
        if tuple(values) != self._keys:
            return None
        moved = tuple(map(sub, values.values(), self._last))
        if not (all(map(le, self._falls, moved)) and all(map(le, moved, self._rises))):
            return None
        if laws.broken(self._laws, values) or self._known.power.digits(values):
            return None
        return moved
