"""Tells a change of the unit of energies from energy used.

After a change of firmware, or with a guess that was wrong, energies are read ten, a hundred or a
thousand times too large or too small. Two things show it: the counters go on from such a multiple
of what they were, or they grow by such a multiple of what the power makes. Neither is accepted.
"""

import math
from decimal import Decimal
from typing import Final, NamedTuple

from app.cosem.unit import Number
from app.plausibility.laws import Values

_MOST_DIGITS: Final = 6
"""Powers of ten between two units of energy: Wh and MWh."""

_ROUNDED: Final = 10
"""Units of its last digit by which the new number may be rounded: one unit of the digit before."""

_CERTAIN: Final = 10
"""Factor by which a number exceeds what it may miss the multiple by, so that it is no chance."""

_MILLIJOULES_PER_KWH: Final = 3_600_000_000

_STEPS: Final = 20
_SAMPLES: Final = 12
"""Units of an energy's last digit by which it has to grow, and telegrams with a power meanwhile,
before the two are compared."""

_SAMPLE_SECONDS: Final = 10.0
"""Seconds from one power that is taken to the next."""

_LONGEST_GAP: Final = 900.0
"""Seconds without a power after which nothing is known of the mean power."""

_NEAR: Final = 0.12
"""By how much the logarithm may miss a power of ten: a quarter, as the power is sampled."""

_WAYS: Final = (
    ("power_import", ("energy_import", *(f"energy_import_tariff_{n}" for n in range(1, 5)))),
    ("power_export", ("energy_export", *(f"energy_export_tariff_{n}" for n in range(1, 5)))),
)
"""Key of a power, those of its energies."""


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
    digits = round(math.log10(value / last))
    if not 0 < abs(digits) <= _MOST_DIGITS:
        return None
    scale = Decimal(10) ** digits
    expected = last * scale
    rest = (Decimal(allowed) + _step(last)) * scale + _step(value) * _ROUNDED
    return digits if abs(value - expected) <= rest and rest * _CERTAIN <= expected else None


class _Window(NamedTuple):
    """Where a comparison of energy and power began.

    Args:
        energy: the counter.
        used: what the power made until then, in mJ.
        samples: telegrams with a power until then.
        is_fresh: whether the counter had just moved.
    """

    energy: Number
    used: Number
    samples: int
    is_fresh: bool


class MeanPower:
    """Compares how energies grow with the mean power."""

    __slots__ = ("_at", "_energies", "_is_new", "_powers", "_samples", "_used", "_windows")

    def __init__(self) -> None:
        self._at = 0.0
        self._is_new = False  # whether a power was taken since the last comparison
        self._powers: dict[str, Number] = {}
        self._used: dict[str, Number] = {}  # mJ by key of the power
        self._energies: dict[str, Number] = {}  # the last ones, by key of the power
        self._samples = 0
        self._windows: dict[str, _Window] = {}  # by key of the power

    def add(self, values: Values, now: float) -> None:
        """Take the powers and energies of an accepted telegram.

        Args:
            values: by key.
            now: in seconds, by the meter's clock where it has one.
        """
        passed = now - self._at
        if 0 <= passed < _SAMPLE_SECONDS:
            return
        if not 0 <= passed <= _LONGEST_GAP:
            self.pause()
            self._at, passed = now, 0.0
        milliseconds = round(passed * 500)  # half, for the mean of two powers
        for key, energies in _WAYS:
            power = values.get(key)
            if power is not None:
                last = self._powers.get(key, power)
                self._used[key] = self._used.get(key, 0) + (last + power) * milliseconds
                self._powers[key] = power
            if (energy := _energy(values, energies)) is None:
                continue
            # Some counters are refreshed now and then only: a window begins when one was.
            window, before = self._windows.get(key), self._energies.get(key)
            if window is None and before != energy:
                used, is_fresh = self._used.get(key, 0), before is not None
                self._windows[key] = _Window(energy, used, self._samples, is_fresh)
            elif window and window.energy == energy and not window.is_fresh:
                del self._windows[key]
            self._energies[key] = energy
        if "power_import" in values:
            self._at = now
            self._samples += 1
            self._is_new = True

    def pause(self) -> None:
        """Begin anew, as nothing is known of the power meanwhile."""
        self._windows.clear()
        self._powers.clear()
        self._energies.clear()

    def digits(self, values: Values) -> int | None:
        """Tell by how many digits an energy grows too fast or too slowly.

        Returns:
            None where that cannot be told yet, 0 where it grows as the power says.
        """
        if not self._is_new:
            return None
        for key, energies in _WAYS:
            window = self._windows.get(key)
            if window is None or self._samples - window.samples < _SAMPLES:
                continue
            energy, used = _energy(values, energies), self._used.get(key, 0) - window.used
            if energy is None or used <= 0 or energy == self._energies.get(key):
                continue
            grown = energy - window.energy
            if grown < _STEPS * _step(energy):
                continue
            moved = math.log10(float(grown) * _MILLIJOULES_PER_KWH / float(used))
            digits = round(moved)
            if abs(moved - digits) <= _NEAR or not digits:
                if not digits:
                    del self._windows[key]  # a new comparison begins
                return digits
        self._is_new = False
        return None


def _energy(values: Values, keys: tuple[str, ...]) -> Number | None:
    """Return an energy; the sum of its tariffs where the total is not sent, None without any."""
    if keys[0] in values:
        return values[keys[0]]
    parts = [values[key] for key in keys[1:] if key in values]
    return sum(parts) if parts else None


def _step(number: Number) -> Decimal:
    """Return one unit of a number's last digit."""
    exponent = number.as_tuple().exponent if isinstance(number, Decimal) else 0
    return Decimal(10) ** int(exponent)
