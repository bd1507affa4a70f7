"""Times guard and derived values of one program, slice by slice, when its parent process asks.

The program is the package ``app`` that is found first on PYTHONPATH. It is imported by name only,
as an earlier version has some names elsewhere.
"""

import gc
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from time import process_time_ns
from typing import Any, Final, NamedTuple

from simulator import meters
from simulator.ciphering import KEY
from simulator.clock import VIENNA
from simulator.household import Household
from tests.support.history import find

START: Final = datetime(2026, 3, 20, tzinfo=UTC)
WALL: Final = 1.8e9
"""Seconds since 1970 of the computer's clock, at the first telegram."""

WARM_UP: Final = 200
"""Telegrams that a new guard judges before the first slice."""

SLICE: Final = 100
"""Telegrams of one slice."""

SLICES: Final = 20
"""Slices of one household, after which a new guard begins at its first telegram."""


class Slice(NamedTuple):
    """Nanoseconds that one slice took, and how many of its telegrams were not accepted."""

    guard: int
    derived: int
    not_accepted: int


# --- What depends on the version of the program ---

_GUARD: Final = ("app.plausibility.Guard", "app.meters.plausibility.Guard")
_PROFILES: Final = ("app.meters.profile_files.load", "app.meters.profile.load")
_SIGNED: Final = ("app.meters.derived.add_signed_power", "app.meters.interpreter._balance")
_COMPLETED: Final = ("app.meters.derived.completed",)
_DECODER: Final = ("app.decoder.Decoder",)
_KEYS: Final = ("app.dlms.ciphering.Keys",)


class _Collector:
    """Stands where a guard does, and keeps the telegrams as a guard is given them."""

    def __init__(self) -> None:
        self.telegrams: list[Any] = []

    def judge(self, telegram: object) -> tuple[Any, None]:
        self.telegrams.append(telegram)
        return telegram, None


# --- Measuring ---


def decoded(family: str, variant: str | None, count: int) -> list[tuple[float, Any]]:
    """Return the telegrams of a simulated meter, each with the second at which it comes."""
    meter = meters.build(family, variant)
    household = Household(1, START, phases=meter.phases)
    collector = _Collector()
    decoder = find(*_DECODER)(find(*_KEYS)(KEY), find(*_PROFILES)(), VIENNA, guard=collector)
    seconds = [float(meter.interval * n) for n in range(1, count + 1)]
    for second in seconds:
        decoder.feed(meter.telegram(household.at(START + timedelta(seconds=second))).data)
    return list(zip(seconds, collector.telegrams, strict=True))


class _Line:
    """A guard, and the time on its line."""

    def __init__(self) -> None:
        self.now = 0.0
        guard = find(*_GUARD)(None, lambda: self.now, lambda: WALL + self.now)
        self.judge: Callable[[Any], Any] = guard.judge


def slices(telegrams: list[tuple[float, Any]]) -> Iterator[Slice]:
    """Time guard and derived values, one slice after the other, without end."""
    add_signed_power, completed = find(*_SIGNED), find(*_COMPLETED)
    while True:
        line = _Line()
        for line.now, telegram in telegrams[:WARM_UP]:
            line.judge(telegram)
        for begin in range(WARM_UP, len(telegrams), SLICE):
            part = telegrams[begin : begin + SLICE]
            decided = []
            started = process_time_ns()
            for line.now, telegram in part:
                decided.append(line.judge(telegram))
            judged = process_time_ns() - started
            readings = [
                reading
                for telegram, _ in decided
                for reading in (telegram.reading, *telegram.others)
                if reading
            ]
            sent = [
                {key: value for key, value in reading.values.items() if key not in reading.derived}
                for reading in readings
            ]
            started = process_time_ns()
            for values in sent:
                add_signed_power(values)
            for reading in readings:
                completed(reading)
            derived = process_time_ns() - started
            yield Slice(judged, derived, sum(bool(one.fault) for one, _ in decided))


def main(family: str, variant: str) -> None:
    """Print a slice for each line of standard input."""
    telegrams = decoded(family, variant or None, WARM_UP + SLICES * SLICE)
    gc.collect()
    gc.freeze()  # what was decoded beforehand is no work of the guard's
    measured = slices(telegrams)
    for _ in chain([next(measured)], sys.stdin):  # the first one says that all is decoded
        sys.stdout.write(" ".join(map(str, next(measured))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
