"""Scales and units that a telegram does not say.

A profile says what the values of its family count. Where several families come into question whose
values count differently (whole volts or tenths; hundredths of an ampere or whole amperes), what is
physically possible decides; and where that decides nothing, a value stays a bare number.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from app.cosem.items import Item
from app.cosem.unit import Number, scale
from app.meters import catalogue
from app.meters.profile import Profile
from app.meters.quantities import QUANTITIES, USUAL_VOLTAGE, Quantity

_GRID: Final = QUANTITIES[Quantity.VOLTAGE].bounds
_LEAST_POWER: Final = Decimal(100)  # W; below, rounding and the moments of measuring blur all
_POWER_CODES: Final = ((1, 7, 0), (2, 7, 0))
_CURRENT_CODES: Final = frozenset((31, 51, 71))
_MOST_FACTOR: Final = Decimal("1.3")
_USUAL_FACTOR: Final = Decimal("0.02")

VOLT_SCALES: Final = {0: "whole volts", -1: "tenths of volts", -2: "hundredths of volts"}
"""Powers of ten that voltages count, in words."""

_USUAL_VOLT_SCALES: Final = (0, -1)
"""Firmwares of any family differ between these; hundredths are for its profile to name."""


def unscaled(listed: Iterable[Item]) -> list[tuple[Item, Quantity]]:
    """Give the electrical quantities whose unit the telegram does not say."""
    return [
        (item, measured)
        for item in listed
        if item.unit is None
        and item.obis is not None
        and item.number is not None
        and (measured := catalogue.quantity_of(item.obis)) is not None
    ]


def possible(profile: Profile, open_items: Sequence[tuple[Item, Quantity]]) -> bool:
    """Tell whether values are physically possible when they count what a profile says.

    Voltages must be those of a grid, and power cannot be much more than voltage times current. Of
    that nothing is known where the list leaves out a phase's current: the power is the sum of all.
    """
    return _judge(profile, open_items, least_factor=Decimal(0))


def plausible(profile: Profile, open_items: Sequence[tuple[Item, Quantity]]) -> bool:
    """Tell whether values are likely, too, when they count what a profile says.

    Power is seldom much less than voltage times current. It can be: phases that draw and phases
    that feed in cancel each other out.
    """
    return _judge(profile, open_items, least_factor=_USUAL_FACTOR)


def _judge(
    profile: Profile, open_items: Sequence[tuple[Item, Quantity]], least_factor: Decimal
) -> bool:
    power = current = Decimal(0)
    powers = 0
    phases = set()
    for item, measured in open_items:
        exponent = profile.scaler_of(measured)
        number = item.number
        if exponent is None or number is None or item.obis is None:
            continue
        value = Decimal(scale(number, exponent))
        if measured is Quantity.VOLTAGE and not _GRID.allow(value):
            return False
        if item.obis.cde in _POWER_CODES:
            power += value
            powers += 1
        if measured is Quantity.CURRENT and item.obis.c in _CURRENT_CODES:
            current += value
            phases.add(item.obis.c)
    apparent = current * USUAL_VOLTAGE
    if not current or not powers or max(power, apparent) < _LEAST_POWER:
        return True
    if phases == _CURRENT_CODES and power > _MOST_FACTOR * apparent:
        return False
    return power >= least_factor * apparent


def volt_scale(
    profile: Profile, open_items: Sequence[tuple[Item, Quantity]], before: int | None = None
) -> int | None:
    """Tell what the voltages of a telegram count; None if none of them fits in any way.

    A voltage fits that a grid can have. Phases may be dead, so where the highest one fits, the
    others need not. Where it does not, it may be damaged: most of them decide.

    Args:
        profile: the meter family.
        open_items: the values without a unit.
        before: what they counted in earlier telegrams, which is asked first.
    """
    usual = profile.scaler_of(Quantity.VOLTAGE)
    if usual is None:
        return None
    first = usual if before is None else before
    voltages = _voltages(open_items)
    if not voltages or _GRID.allow(max(voltages).scaleb(first)):
        return first

    def fitting(exponent: int) -> int:
        return sum(_GRID.allow(number.scaleb(exponent)) for number in voltages)

    best = max((first, usual, *_USUAL_VOLT_SCALES, *profile.volt_scales), key=fitting)
    return best if fitting(best) else None


def any_voltage(open_items: Sequence[tuple[Item, Quantity]]) -> bool:
    """Tell whether there is any voltage by whose size its scale can be judged."""
    return bool(_voltages(open_items))


def _voltages(open_items: Sequence[tuple[Item, Quantity]]) -> list[Decimal]:
    """Give the numbers of the voltages that there are."""
    return [Decimal(item.number) for item, m in open_items if m is Quantity.VOLTAGE and item.number]


def scaled(item: Item, measured: Quantity, exponent: int | None) -> Item:
    """Give a value its quantity's unit and the scale that was found; as it is if none was."""
    number = item.number
    if exponent is None or number is None:
        return item
    value: Number = scale(number, exponent)
    return item._replace(value=value, unit=QUANTITIES[measured].unit)
