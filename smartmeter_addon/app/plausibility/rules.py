"""What the usual telegrams of a list keep to, prepared once for all its senders: see `usual`."""

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from typing import Final

from app.cosem import clock
from app.meters.slots import parts_taker, picker
from app.meters.values import Layout
from app.plausibility import laws
from app.plausibility.laws import Keeps
from app.plausibility.limits import Limits
from app.plausibility.units import DIRECTIONS, Flow, counters_of

_DATE: Final = 5
_TIME: Final = 8
"""Bytes of a date-time: up to the day of week, and up to the seconds."""

Counts = tuple[int, ...]
"""The numbers of a telegram, see `Values`."""

_same: Final = lru_cache(maxsize=1024)(int)
"""Returns the one of all integers that are equal, for the sake of memory."""


class Rules:
    """What the usual telegrams of one list keep to, whoever sends them.

    Args:
        layout: of their values.
        clocks: where their date-times stand, in bytes.
        interval: seconds from one to the next.
        limits: of the sender.
    """

    def __init__(
        self, layout: Layout, clocks: tuple[int, ...], interval: float, limits: Limits
    ) -> None:
        self.interval = interval
        self.step = timedelta(seconds=interval)
        self.clocks = len(clocks)
        times = [(at + _DATE, at + _TIME) for at in clocks]
        beside = [((at, at + _DATE), (at + _TIME, at + clock.SIZE)) for at in clocks]
        self.times, self.beside_times = parts_taker(times), parts_taker(chain(*beside))
        """What takes of a content the times of its clocks, and what of these is beside."""
        of = laws.applicable(layout.keys)
        names = [*(law.name for law in of), *(laws.CLOCK_LAWS if clocks else ())]
        self.kept = dict.fromkeys(names, True)
        """The laws that say something of them."""
        self.laws: list[Keeps] = []
        """What tells whether each of these is kept."""
        for law in of:
            places = tuple(layout.places[key] for key in law.keys)
            exponents = tuple(layout.exponents[place] for place in places)
            self.laws.append(law.of_counts(places, exponents))
        by_number = [limits.of(key) for key in layout.numbers]
        limited = [n for n, limit in enumerate(by_number) if limit.is_limited]
        self.pick_limited = picker(limited)
        self.ranges = [by_number[n].in_counts(layout.exponents[n]) for n in limited]
        carried = limits.kwh(interval)
        self.energies = [
            (layout.numbers[n], n, exponent, int(carried / 10.0**exponent))
            for n, exponent in enumerate(layout.exponents)
            if by_number[n].is_energy
        ]
        """All energies: key, place, power of ten, and the most by which it rises."""
        powers = [power for power, _ in DIRECTIONS if power in layout.places]
        self.pick_powers = picker([layout.places[power] for power in powers])
        self.flows = [_flow_maker(layout, powers, *keys) for keys in DIRECTIONS]
        """What makes of counts, of the sums of the powers and of how many these are `Flow`s."""


def _flow_maker(
    layout: Layout, powers: list[str], power: str, total: str
) -> Callable[[Counts, Counts, int], Flow]:
    """Return what makes the flow of a direction, in less time than with Decimals."""
    exponents = {key: layout.exponents[place] for key, place in layout.places.items()}
    keys = counters_of(total, layout.places)
    least = min((exponents[key] for key in keys), default=0)
    parts = [(layout.places[key], 10 ** (exponents[key] - least)) for key in keys]
    nth = powers.index(power) if power in powers else None
    kwh, kwh_parts = (Fraction(10) ** least).as_integer_ratio()
    watt, watt_parts = (Fraction(10) ** exponents.get(power, 0)).as_integer_ratio()

    def flow(counts: Counts, sums: Counts, taken: int) -> Flow:
        energy = 0
        for place, factor in parts:
            energy += counts[place] * factor
        return Flow(
            None if nth is None else sums[nth] // taken * watt / watt_parts,
            energy * kwh / kwh_parts if parts else None,
            1 / kwh_parts,
        )

    return flow


def near(count: int, least: int, most: int, jump: int) -> tuple[int, int]:
    """Return between which counts all are possible, and none moves too far to another one.

    Args:
        count: one of them.
        least: the least that is possible.
        most: the most that is possible.
        jump: how far one moves at most.
    """
    step = jump // 4  # so that these are the same of many meters
    low = count - count % step - step if step else count
    return _same(max(least, low)), _same(min(most, low + 3 * step))


@lru_cache(maxsize=256)
def rules_of(
    layout: Layout,
    clocks: tuple[int, ...],
    interval: float,
    connection_watts: float,
    factors: tuple[tuple[str, float], ...],
) -> Rules:
    """Return rules, the same ones for the same arguments; see `Rules` and `Limits`."""
    return Rules(layout, clocks, interval, Limits(connection_watts, factors=dict(factors)))


@lru_cache(maxsize=64)
def shared(still: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return the one of all that are equal: the clocks of all meters show the same date."""
    return still
