"""What events happen to: the lists of a meter, and whether its tags are verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from simulator import meters
from simulator.axdr import Type
from simulator.household import Household
from simulator.lists import Behind, Field, Item, Register, Shape
from tests.support.simulated import readings
from trials.corruption.cases import lists

HOURLY = (
    ("kamstrup", "nordic", "nordic-hourly"),
    ("aidon", "norway", "norway-hourly"),
    ("kaifa-nordic", "norway-13", "norway-18"),
    ("kaifa-nordic", "norway-9", "norway-14"),
)
"""Meters that push a longer list once an hour in place of the usual one, with their energies."""

_MOMENT = datetime(2026, 6, 21, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Subject:
    """A meter with the lists that it pushes.

    Args:
        family: of the simulator.
        variant: the list that it pushes at its interval.
        hourly: the list that it pushes at the full hour instead; empty for none.
        verified: whether tags are verified.
    """

    family: str
    variant: str
    hourly: str = ""
    verified: bool = False

    def __str__(self) -> str:
        hourly = f" + {self.hourly}" * bool(self.hourly)
        return f"{self.family} {self.variant}{hourly}{', tag verified' * self.verified}"

    @property
    def variants(self) -> tuple[str, ...]:
        """The lists."""
        return (self.variant, self.hourly) if self.hourly else (self.variant,)

    @property
    def about(self) -> Facts:
        """What its lists say."""
        return _facts(self.family, self.variants)


@dataclass(frozen=True)
class Facts:
    """What the lists of a meter say.

    Args:
        family: of the simulator.
        variants: its lists.
        keys: of the readings.
        interval: seconds between two telegrams.
        phases: of the household behind it.
        text: whether it sends text.
        scaled: whether each value comes with its unit, in all its lists.
        coded: whether each value comes with its code.
        ciphered: whether telegrams are ciphered, so that they have an invocation counter.
        dated: whether each telegram says the time.
        header_clock: whether the time stands in the header of the telegram.
        tagged: whether telegrams have a tag.
        named: whether the telegram tells the meter from another one of its family.
        behind: what meters behind it count, in the order of its list.
        registers: the codes of all its values, texts included.
        voltage_scalers: the powers of ten of its voltages.
        full: Wh at which the counter of the energy taken begins at zero; None where it never does.
        hourly: whether it pushes a list of its own once an hour.
    """

    family: str
    variants: tuple[str, ...]
    keys: frozenset[str]
    interval: int
    phases: int
    text: bool
    scaled: bool
    coded: bool
    ciphered: bool
    tagged: bool
    dated: bool
    header_clock: bool
    named: bool
    behind: tuple[str, ...]
    registers: frozenset[str]
    voltage_scalers: frozenset[int]
    full: int | None
    hourly: bool


_SCALED = {Shape.FLAT, Shape.NESTED, Shape.ROWS, Shape.TEXT}


def _full(item: Item) -> int | None:
    if isinstance(item, Field) and item.obis.startswith("1-0:1.8.0"):
        return int(10 ** (item.whole + 3 * item.unit.startswith("k")))
    if isinstance(item, Register) and item.obis.endswith(":1.8.0") and item.type is Type.UINT32:
        return int(2**32 * 10**item.scaler)
    return None


@cache
def _facts(family: str, variants: tuple[str, ...]) -> Facts:
    built = [meters.build(family, variant) for variant in variants]
    house = Household(1, _MOMENT, phases=built[0].phases)
    truths = [meter.telegram(house.at(_MOMENT)).truth for meter in built]
    layouts = [meter.layout for meter in built]
    items = [item for layout in layouts for item in layout.items]
    text = layouts[0].shape is Shape.TEXT
    return Facts(
        family=family,
        variants=variants,
        keys=frozenset().union(*(readings(truth) for truth in truths)),
        interval=built[0].interval,
        phases=built[0].phases,
        text=text,
        scaled=all(one.shape in _SCALED or one.scaled for one in layouts),
        coded=all(one.shape is not Shape.POSITIONAL for one in layouts),
        ciphered=all(meter.ciphering is not None for meter in built),
        tagged=all(meter.ciphering and meter.ciphering.authenticated for meter in built),
        dated=all(truth.says_time for truth in truths),
        header_clock=not text and all(meter.header_time is not None for meter in built),
        named=all(truth.meter_id or truth.system_title for truth in truths),
        behind=tuple(item.device.name for item in items if isinstance(item, Behind)),
        registers=frozenset(item.obis for item in items if item.obis),
        voltage_scalers=frozenset(
            item.scaler
            for item in items
            if isinstance(item, Register) and item.obis.endswith("2.7.0") and item.unit.text == "V"
        ),
        full=next((_full(item) for item in items if _full(item)), None),
        hourly=len(variants) > 1,
    )


def subjects(family: str | None = None) -> Iterator[Subject]:
    """Give all that events are tried on, or those of a family."""
    for one in lists():
        if family in {None, one.family}:
            yield Subject(one.family, one.variant)
            if one.tagged:
                yield Subject(one.family, one.variant, verified=True)
    for name, usual, hourly in HOURLY:
        if family in {None, name}:
            yield Subject(name, usual, hourly)
