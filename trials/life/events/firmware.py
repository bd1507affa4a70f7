"""Firmwares: fields added, taken away, moved, sent as another type; other lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from simulator import meters
from simulator.axdr import Type
from simulator.links import Hdlc, MBus
from simulator.lists import Field, Item, Layout, Register, Unit
from trials.life.event import both, enroll, event, named, says, text
from trials.life.life import Life
from trials.life.subjects import Facts

_VALUES = (Register, Field)


def _coded(facts: Facts) -> bool:
    return facts.coded


def _new_field(facts: Facts) -> Item | None:
    """Return a value that the lists of a meter do not say yet."""
    said = {code.partition(":")[2].partition("*")[0] for code in facts.registers}
    for code, unit in (("4.7.0", Unit.VAR), ("2.7.0", Unit.W)):
        if code not in said and facts.text:
            return Field(f"1-0:{code}", f"k{unit.text}", 4, 3)
        if code not in said:
            return Register(f"1-0:{code}", Type.UINT32, unit)
    return None


@event(lambda facts: facts.coded and _new_field(facts) is not None)
def firmware_adds_a_field(life: Life) -> None:
    """A firmware adds a value to the list, behind the last one."""
    new = _new_field(life.about)
    assert new

    def add(layout: Layout) -> Layout:
        last = max(n for n, item in enumerate(layout.items) if isinstance(item, _VALUES))
        return replace(layout, items=(*layout.items[: last + 1], new, *layout.items[last + 1 :]))

    life.relayout(add)


@event(_coded)
def firmware_removes_a_field(life: Life) -> None:
    """A firmware takes the last value away from the list."""

    def remove(layout: Layout) -> Layout:
        last = max(n for n, item in enumerate(layout.items) if isinstance(item, _VALUES))
        return replace(layout, items=(*layout.items[:last], *layout.items[last + 1 :]))

    life.relayout(remove)


@event(_coded)
def firmware_moves_fields(life: Life) -> None:
    """A firmware sends its values in another order."""

    def turn(layout: Layout) -> Layout:
        turned = iter([item for item in reversed(layout.items) if isinstance(item, _VALUES)])
        items = tuple(next(turned) if isinstance(it, _VALUES) else it for it in layout.items)
        return replace(layout, items=items)

    life.relayout(turn)


@event(both(_coded, lambda facts: not facts.text, says("energy_")), hours=True)
def firmware_sends_energies_of_64_bits(life: Life) -> None:
    """A firmware sends energies as integers of 64 bits after 32."""

    def widen(item: Item) -> Iterable[Item]:
        if isinstance(item, Register) and item.unit in {Unit.WH, Unit.VARH}:
            return (replace(item, type=Type.UINT64 if item.type is Type.UINT32 else Type.UINT32),)
        return (item,)

    life.rewrite(widen)


@event(text)
def firmware_writes_more_digits(life: Life) -> None:
    """A firmware writes one decimal place more for voltages and currents."""

    def refine(item: Item) -> Iterable[Item]:
        if isinstance(item, Field) and item.unit in {"V", "A"}:
            return (replace(item, places=item.places + 1),)
        return (item,)

    life.rewrite(refine)


@event(_coded, hold=3)  # tariffs of which some are left out do not add up
def firmware_sends_a_short_list_for_a_while(life: Life) -> None:
    """A meter sends the first half of its values only, and all of them again."""
    layouts = [meter.layout for meter in life.meter.lists]

    def cut(layout: Layout) -> Layout:
        places = [n for n, item in enumerate(layout.items) if isinstance(item, _VALUES)]
        left_out = places[(len(places) + 1) // 2 :]
        items = tuple(item for n, item in enumerate(layout.items) if n not in left_out)
        return replace(layout, items=items)

    life.relayout(cut)
    life.push(40)
    for meter, layout in zip(life.meter.lists, layouts, strict=True):
        meter.layout = layout


def _framed(facts: Facts) -> bool:
    (link, *_) = (meters.build(facts.family, one).link for one in facts.variants)
    return isinstance(link, (MBus, Hdlc))


@event(_framed)
def frames_are_shorter(life: Life) -> None:
    """A firmware cuts its telegrams into more frames."""
    for meter in life.meter.lists:
        assert isinstance(meter.link, (MBus, Hdlc))
        meter.link = replace(meter.link, longest=120)


@event(both(_framed, named))
def addresses_change(life: Life) -> None:
    """A firmware sends from another address of its link. Some lists are known by that alone."""
    for meter in life.meter.lists:
        if isinstance(meter.link, MBus):
            meter.link = replace(meter.link, address=0x02, source=0x02)
        elif isinstance(meter.link, Hdlc):
            meter.link = replace(meter.link, source=b"\x23")


@event(lambda facts: facts.header_clock)
def firmware_counts_invoke_ids_otherwise(life: Life) -> None:
    """A firmware counts the invoke id in other steps."""
    for meter in life.meter.lists:
        meter.invoke_step = 3 if meter.invoke_step != 3 else 1  # noqa: PLR2004


_LISTS = (
    *(("e450", "burgenland", "burgenland-11"), ("e450", "burgenland-11", "burgenland")),
    *(("e450", "wien", "wien-10"), ("am550", "wien", "wien-10"), ("im350", "wien-9", "wien")),
    *(("sagemcom", "netznoe-unsigned", "netznoe"), ("sagemcom", "netznoe-wrapped", "netznoe")),
    *(("e450", "swiss", "swiss-power-factor"), ("kaifa-nordic", "norway-13", "norway-18")),
    ("im350", "wels", "kaernten"),
)
"""Lists of a family that a firmware or an operator sent in place of others."""

for _family, _old, _new in _LISTS:

    def _is_old(facts: Facts, family: str = _family, old: str = _old) -> bool:
        return (facts.family, facts.variants) == (family, (old,))

    def _replace(life: Life, family: str = _family, new: str = _new) -> None:
        (meter,) = life.meter.lists
        other = meters.build(family, new)
        meter.layout, meter.link, meter.identity = other.layout, other.link, other.identity

    enroll(
        f"list_{_family}_{_old}_becomes_{_new}",
        "Another list of the family takes the place of this one.",
        _replace,
        _is_old,
    )
