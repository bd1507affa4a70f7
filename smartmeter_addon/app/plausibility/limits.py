"""What the values of one sender can be, and how far they move: as usual, and as learned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from app.cosem.unit import Number
from app.meters.catalogue import bounds_of_reading, quantity_of_reading
from app.meters.limits import NOTHING
from app.meters.quantities import CONNECTION_WATTS, QUANTITIES, Quantity

_WIDEST: Final = 64
"""Largest factor of a limit: six doublings, which exceed the range of each quantity."""

_MOST_WATTS: Final = 1_000_000
"""W of the largest connection that is learned: a factory's."""

_LONGEST_REFRESH: Final = 86400.0
"""Seconds: no meter refreshes its counters more rarely than once a day."""

JOULES_PER_KWH: Final = 3_600_000

LEAST_STEP: Final = 0.002
"""kWh: two units of the last digit of most meters."""

SUPPLY_VOLTS: Final = 40
"""V of one phase without which no meter runs."""

BALANCED: Final = 20
"""A up to which panels, batteries and loads of different phases balance: 4.6 kVA of one phase, the
most by which an inverter may load one more than the others (VDE-AR-N 4105)."""

_MOST_COUNTS: Final = (1 << 63) - 1
"""Of 64 bits. Who counts more has his telegrams decided by all checks."""

ENERGIES: Final = frozenset(
    (Quantity.ACTIVE_ENERGY, Quantity.REACTIVE_ENERGY, Quantity.APPARENT_ENERGY)
)


class Limit(NamedTuple):
    """The limits of one reading.

    Args:
        quantity: what it measures; None for what is not compared.
        is_energy: whether it only rises.
        least: the least that is possible.
        most: the most that is possible.
        by_connection: whether these depend on the size of the connection.
        jump: how far it may move without a cause in the same telegram.
    """

    quantity: Quantity | None
    is_energy: bool = False
    least: Number = Decimal("-Infinity")
    most: Number = Decimal("Infinity")
    by_connection: bool = False
    jump: Number = Decimal("Infinity")

    @property
    def is_limited(self) -> bool:
        """Whether it is compared with these limits."""
        return self.quantity is not None and not self.is_energy

    def allows(self, value: Number, last: Number | None) -> bool:
        """Tell whether a value is possible, and does not move far from the last one."""
        is_possible = self.least <= value <= self.most
        return is_possible and (last is None or -self.jump <= value - last <= self.jump)

    def in_counts(self, exponent: int) -> tuple[int, int, int]:
        """Return the least, the most and the jump as counts of a power of ten, cut off."""
        least = self.least
        # Which phases may lack a voltage is decided beside the others.
        if self.quantity is Quantity.VOLTAGE:
            least = max(least, SUPPLY_VOLTS)
        below, most, jump = (
            int(min(number.scaleb(-exponent), Decimal(_MOST_COUNTS)))
            for number in map(Decimal, (-least, self.most, self.jump))
        )
        return -below, most, jump


@dataclass(slots=True)
class Limits:
    """The limits of one sender.

    Args:
        connection_watts: the most that its connection carries.
        refresh_seconds: the longest time for which its counters stood still and then caught up.
        factors: by check and detail, how many times wider than usual a limit is; 0 for a check that
            is no longer made.
    """

    connection_watts: float = CONNECTION_WATTS
    refresh_seconds: float = 0.0
    factors: Mapping[str, float] = field(default_factory=lambda: NOTHING)

    def of(self, key: str) -> Limit:
        """Return the limits of a reading."""
        return _limit(key, self.connection_watts, tuple(self.factors.items()))

    def factor(self, check: str) -> float:
        """Return how many times wider than usual the limit of a check is."""
        return self.factors.get(check, 1.0)

    def relax(self, check: str, *, give_up: bool = False) -> None:
        """Double the limit of a check, or give it up."""
        factor = 0 if give_up else min(2 * self.factor(check), _WIDEST)
        self.factors = {**self.factors, check: factor}

    def enlarge_connection(self, watts: float) -> None:
        """Take a load that was confirmed for what the connection carries."""
        self.connection_watts = min(max(self.connection_watts, watts), _MOST_WATTS)

    def slow_refresh(self, seconds: float) -> None:
        """Take a time for which the counters stood still before they caught up."""
        self.refresh_seconds = min(max(self.refresh_seconds, seconds), _LONGEST_REFRESH)

    def kwh(self, seconds: float) -> float:
        """Return what the connection carries in a time, in kWh."""
        return self.connection_watts * seconds / JOULES_PER_KWH


@lru_cache(maxsize=1024)
def _limit(key: str, connection_watts: float, factors: tuple[tuple[str, float], ...]) -> Limit:
    """Return the limits of a reading, of which many senders have the same; see `Limits`."""
    quantity = quantity_of_reading(key)
    if quantity is None or quantity in ENERGIES:
        return Limit(quantity, is_energy=quantity is not None)
    bounds = bounds_of_reading(key, connection_watts)
    return Limit(
        quantity,
        # A phase that was lost shows anything from zero on.
        least=_decimal(min(bounds.least, 0.0)),
        most=_decimal(bounds.most),
        by_connection=QUANTITIES[quantity].bounds.per_unit is not None,
        jump=_decimal(bounds.jump * dict(factors).get(f"jump {quantity}", 1.0)),
    )


def _decimal(number: float) -> Decimal:
    return Decimal(repr(number))
