"""Tells a change of the unit of energies from energy used.

After a change of firmware, or with a guess that was wrong, energies are read ten, a hundred or a
thousand times too large or too small. Two things show it: the counters go on from such a multiple
of what they were, or they grow by such a multiple of what the power makes. Neither is accepted.
"""

import math
from collections.abc import Container, Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from app.cosem.unit import Number, scale, scaler_of
from app.meters.sensors import TARIFFS_OF
from app.plausibility.laws import Values
from app.plausibility.limits import JOULES_PER_KWH

MOST_DIGITS: Final = 6
"""Powers of ten between two units of energy: Wh and MWh."""

_CERTAIN: Final = 10
_CERTAIN_ROUNDED: Final = 300
"""Factors by which a number exceeds what it may miss the multiple by, as it rose and as it was
rounded, so that it is no chance."""

_STEPS: Final = 20
_SAMPLES: Final = 12
"""Units of an energy's last digit by which it has to grow, and telegrams with a power meanwhile,
before the two are compared."""

_SAMPLE_SECONDS: Final = 20.0
MEAN_SECONDS: Final = 40.0
"""Seconds from one power that is taken to the next, and from the mean of some to the next."""

_GAPS: Final = 3.0
"""Push intervals beside those of a mean without a power after which the mean power is not known: as
many as it takes until pending telegrams are confirmed, of which no power is taken."""

_LOADS: Final = 216_000
"""W: nine loads of 24 kW. Loads that come and go between two powers are in the energy alone. That
as many of them are, and none of another power, occurs once in some 10,000 times."""

_LEAST, _MOST = 1e-99, 1e99
"""Numbers between which a quotient of two is a float. No meter counts as little, or as much."""

_NEAR: Final = 0.12
"""By how much the logarithm may miss a power of ten: a quarter, as the power is sampled."""


def power_of_ten(last: Number, value: Number, allowed: float) -> int | None:
    """Tell by how many digits a counter moved its decimal point.

    Args:
        last: the last number.
        value: the new one.
        allowed: how far it can have risen, in its unit.

    Returns:
        None when it did not do that, or when the numbers are too small to tell.
    """
    if last <= 0 or value <= 0:
        return None
    digits = round(digits_between(last, value))
    if not 0 < abs(digits) <= MOST_DIGITS:
        return None
    times = Decimal(10) ** digits
    expected = last * times
    risen, rounded = Decimal(allowed) * times, step_of(last) * times + step_of(value)
    is_certain = max(risen * _CERTAIN, rounded * _CERTAIN_ROUNDED) <= expected
    return digits if is_certain and abs(value - expected) <= risen + rounded else None


def digits_between(last: Number | float, value: Number | float) -> float:
    """Return by how many digits a number is larger than another one; both are more than zero."""
    # The floats that some lists send make numbers, and quotients, that no float holds.
    now, then = (math.log10(min(max(_LEAST, one), _MOST)) for one in (value, last))
    return now - then


DIRECTIONS: Final = (("power_import", "energy_import"), ("power_export", "energy_export"))
"""Keys of the power and the energy of each direction."""


def counters_of(total: str, keys: Container[str]) -> list[str]:
    """Return what counts an energy in a list: its tariffs where the total is not sent."""
    return [total] if total in keys else [key for key in TARIFFS_OF[total] if key in keys]


class Flow(NamedTuple):
    """What a telegram says of one direction of energy.

    Args:
        power: in W; None where the telegram says none.
        energy: in kWh, the sum of its tariffs where the total is not sent; likewise.
        step: one unit of the energy's last digit, at most 1.
    """

    power: float | None
    energy: float | None
    step: float


def flows_of(values: Values) -> tuple[Flow, ...]:
    """Return what values say of each direction."""
    flows = []
    for power, total in DIRECTIONS:
        watts, parts = values.get(power), [values[key] for key in counters_of(total, values)]
        counted = sum(parts)
        energy = float(counted) if parts else None
        flows.append(Flow(None if watts is None else float(watts), energy, float(step_of(counted))))
    return tuple(flows)


class _Direction:
    """How one direction of energy grows, and what its power makes.

    What it keeps are floats, as a Decimal takes 104 bytes.
    """

    __slots__ = (
        *("at", "before", "begun", "energy", "gap", "longest", "power", "samples", "used"),
    )

    def __init__(self) -> None:
        self.longest = 0.0  # seconds without a power after which nothing is known of it
        self.power = 0.0  # the last one
        self.pause()

    def pause(self) -> None:
        """Begin anew, as nothing is known of the power meanwhile."""
        self.at = -math.inf  # when the last power was taken
        self.energy: float | None = None  # the last one
        self._begin(None)

    def _begin(self, energy: float | None) -> None:
        """Begin a comparison; None to wait for a counter that moves."""
        self.begun = energy
        self.used = 0.0  # J that the power made since then
        self.before = 0.0  # the same with the power before each time
        self.samples = 0  # telegrams with a power since then
        self.gap = 0.0  # the longest time between two powers since then

    def add(self, flow: Flow, now: float, interval: float, samples: int) -> None:
        """See `MeanPower.add`."""
        power, energy, passed = flow.power, flow.energy, now - self.at
        if power is not None and not 0 <= passed < _SAMPLE_SECONDS:
            self.longest = MEAN_SECONDS + _GAPS * interval
            if 0 <= passed <= self.longest:
                self.used, self.before = self._made(power, passed)
                self.gap = max(self.gap, passed / samples)
            else:
                self.pause()
            self.power, self.at = power, now
            self.samples += samples
        if energy is None:
            return
        # Some counters are refreshed now and then only: a comparison begins when one was.
        if self.begun is None and self.energy not in {None, energy}:
            self._begin(energy)
        self.energy = energy

    def digits(self, flow: Flow, now: float) -> int | None:
        """See `MeanPower.digits`."""
        power, energy, step = flow
        passed = now - self.at
        if self.begun is None or self.samples < _SAMPLES or not 0 <= passed <= self.longest:
            return None
        if energy is None or energy == self.energy:
            return None
        made = self._made(self.power if power is None else power, passed)
        grown = energy - self.begun
        if min(made) <= 0 or grown < (_STEPS - 0.5) * step:
            return None
        joules = grown * JOULES_PER_KWH
        moved = [digits_between(one, joules) for one in made]
        digits, before = map(round, moved)
        if digits != before:
            return None  # a load that came or went makes most of it
        if not digits:
            self._begin(None)
            return 0
        is_certain = abs(joules - made[0]) >= _LOADS * self.gap
        return digits if is_certain and abs(moved[0] - digits) <= _NEAR else None

    def _made(self, power: float, passed: float) -> tuple[float, float]:
        """Return what `used` and `before` become with a power after so many seconds."""
        return self.used + power * passed, self.before + self.power * passed


class MeanPower:
    """Compares how energies grow with the mean power."""

    __slots__ = ("_directions",)

    def __init__(self) -> None:
        self._directions = tuple(_Direction() for _ in DIRECTIONS)

    def add(self, flows: Iterable[Flow], now: float, interval: float, samples: int = 1) -> None:
        """Take the powers and energies of an accepted telegram.

        Args:
            flows: what it says of each direction.
            now: in seconds, by the meter's clock where it has one.
            interval: the usual seconds from one telegram of the list to the next.
            samples: telegrams since the last one that was taken, whose mean the powers are.
        """
        for one, flow in zip(self._directions, flows, strict=True):
            one.add(flow, now, interval, samples)

    def pause(self) -> None:
        """Begin anew, as nothing is known of the power meanwhile."""
        for one in self._directions:
            one.pause()

    def digits(self, flows: Iterable[Flow], now: float) -> int | None:
        """Tell by how many digits an energy grows too fast or too slowly; see `add`.

        Returns:
            None where that cannot be told yet, 0 where it grows as the power says.
        """
        both = zip(self._directions, flows, strict=True)
        taken, given = (one.digits(flow, now) for one, flow in both)
        return given if taken is None else taken


def step_of(number: Number) -> Number:
    """Return one unit of a number's last digit, at most 1: no zeros at its end are left out."""
    return scale(1, min(scaler_of(number), 0))
