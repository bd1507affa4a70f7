"""What energies count whose unit the telegram does not say, where meters of one family differ.

Kamstrup's energies count 10 Wh or 1 Wh, and a configuration of the operator changes that in
service. Nothing in a telegram tells (UtilitechAS/amsreader-firmware, issues 239, 421, 811, 970;
turbokongen/hass-AMS, issue 108). What tells is how the counts go on:

- Hours of power: the counts of a while, beside the power of that while. Each such comparison adds
  to the odds of each unit, until they are clear. So it is decided in a quiet house, too.
- A jump: counts that are ten times what they were, or a tenth, change their unit. What they stand
  for goes on.

Until the odds are clear nothing is published of a new meter's energies. A meter whose energies were
published before keeps their unit. If its power contradicts that, its energies are withheld, since
Home Assistant would count a fall of a counter as used energy.

A telegram is judged by `EnergyUnits.read`, and only one that is accepted is remembered.
"""

from collections.abc import Collection, Iterable, Mapping, MutableMapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from app.cosem.items import Item
from app.cosem.obis import Obis
from app.cosem.unit import Number, scale
from app.language.catalogue import Sentence, Text
from app.meters import catalogue
from app.meters.energy_counts import MOST_COUNTS, EnergyKind, Record, Sample, Shown
from app.meters.limits import NOTHING, has_room
from app.meters.profile import Profile
from app.meters.quantities import Quantity
from app.meters.telegram import Withheld

_COUNTERS: Final = {
    (1, 8, 0): EnergyKind.ACTIVE,
    (2, 8, 0): EnergyKind.ACTIVE,
    (3, 8, 0): EnergyKind.REACTIVE,
    (4, 8, 0): EnergyKind.REACTIVE,
}
_POWERS: Final = ((1, 7, 0), (2, 7, 0))
_VOLTAGES: Final = frozenset((32, 52, 72))
_CURRENTS: Final = frozenset((31, 51, 71))

_MOST_FACTOR: Final = 5
_MOST_SLACK: Final = 500
"""Factor and VA by which a power exceeds voltage times current that is itself in another unit: some
meters send ten times their power (UtilitechAS/amsreader-firmware, issue 421)."""

_LASTS: Final = 3 * 3600.0
"""Seconds after which energies that are not decided are a problem; two hours mostly decide."""

_KEPT_AFTER: Final = 900.0
"""Seconds between two changes of what is kept over a restart, unless there is news."""


class Counted(NamedTuple):
    """A telegram's values with the unit of its energies.

    Args:
        items: the values.
        undecided: codes of the energies whose unit is not known.
        told: what this telegram shows of the unit, for the log; None for nothing new.
        note: that the unit is the family's usual one, where nothing is remembered.
        shown: what `EnergyUnits.remember` takes when the telegram is accepted.
    """

    items: list[Item]
    undecided: AbstractSet[Obis] = frozenset()
    told: str | None = None
    note: str | None = None
    shown: Shown | None = None


class EnergyUnits:
    """Finds the unit of the energies of one line's meters.

    Args:
        chosen: the power of ten of Wh that the user says they count; None for what is found.
        kept: what is known, by the meter's id, as JSON values; kept up to date here, and worth
            keeping over a restart. Without it, each telegram is read by itself.
        published: ids of the meters whose energies were published before.
    """

    __slots__ = ("_chosen", "_kept", "_kept_at", "_published", "records")

    def __init__(
        self,
        chosen: int | None = None,
        kept: MutableMapping[str, Any] | None = None,
        published: Collection[str] = (),
    ) -> None:
        self._chosen = chosen
        self._kept = kept
        self._published = published
        self.records: dict[str, Record] = {}
        """Of the meters whose telegrams do not say what their energies count, by the meter's id."""
        self._kept_at: Mapping[str, float] = NOTHING
        for meter_id, content in (kept or {}).items():
            if record := Record.from_state(content):
                self.records[meter_id] = record

    def read(
        self,
        meter_id: str,
        profile: Profile,
        listed: list[Item],
        energies: Mapping[Obis, int],
        moment: datetime | None,
    ) -> Counted:
        """Give the energies of a telegram the unit that they count.

        Args:
            meter_id: of the meter.
            profile: its family.
            listed: the telegram's values.
            energies: codes of those whose unit it does not say, each with the power of ten of Wh
                with which it is listed.
            moment: when the telegram was sent; None when that is not known.
        """
        units = profile.energy_scales
        if self._chosen is not None:
            return self._read_as_chosen(meter_id, units, listed, energies)
        if not units:
            return Counted(listed)
        if self._kept is None:
            usual = (
                f"the telegram does not say whether its energies count {_either(units)}; shown is"
                f" what most meters of this family count, {_unit(units[0])}"
            )
            return Counted(listed, note=usual if energies else None)
        before = self.records.get(meter_id)
        if before is None:
            known = units[0] if meter_id in self._published else None
            before = Record.new(units, known)
        if moment is None:
            shown = Shown(meter_id, before, is_news=False, energies=energies)
            return _counted(listed, energies, shown, units)
        numbers = ((item.obis, item.number) for item in listed if item.obis)
        record, news = before.after(_sample(numbers, energies, moment))
        told = _told(news, before, record)
        if energies and told is None and record.active is None and record.since is None:
            record = replace(record, since=moment.timestamp())
            told = (
                f"the telegrams do not say whether their energies count {_either(units)}; no energy"
                " is published until the power of some hours has shown that, or the option"
                " energy_unit says it"
            )
        is_news = bool(told) or meter_id not in self.records or record.units != before.units
        shown = Shown(meter_id, record, is_news, energies)
        return _counted(listed, energies, shown, units)._replace(told=told)

    def goes_on(
        self, shown: Shown, numbers: Iterable[tuple[Obis, Number]], moment: datetime
    ) -> Shown | None:
        """Take a telegram that is read like one before; None if its energies have another unit.

        Args:
            shown: by the telegram before.
            numbers: of the telegram, with the unit that `read` takes them for, by code.
            moment: when it was sent.
        """
        before = self.records.get(shown.meter_id)
        if before is None:
            return None
        record, news = before.after(_sample(numbers, shown.energies, moment))
        is_first = bool(shown.energies) and record.active is None and record.since is None
        if news or is_first or record.units != before.units:
            return None
        if before.is_contradicted != record.is_contradicted:
            return None
        return shown._replace(record=record, is_news=False)

    def remember(self, shown: Shown) -> None:
        """Take what an accepted telegram shows."""
        meter_id, record, is_news, _ = shown
        if not has_room(self.records, meter_id):
            return
        self.records[meter_id] = record
        since = record.watts_at - self._kept_at.get(meter_id, 0.0)
        if self._kept is not None and (is_news or not 0 <= since < _KEPT_AFTER):
            self._kept_at = {**self._kept_at, meter_id: record.watts_at}
            self._kept[meter_id] = record.to_state()

    def changes(self, meter_id: str) -> bool:
        """Tell whether the user says another unit than that in which a meter was published."""
        record = self.records.get(meter_id)
        return self._chosen is not None and (record is None or record.units != (self._chosen, None))

    def withheld(self, at: float) -> Iterable[Withheld]:
        """Tell of the energies that are not published for long.

        Args:
            at: the time, in seconds since 1970.
        """
        if self._chosen is not None:
            return
        for record in self.records.values():
            if record.is_contradicted and record.best is not None and record.active is not None:
                best, before = _unit(record.best), _unit(record.active)
                yield Withheld(
                    Sentence("energies.energies"),
                    Sentence("energies.contradicted", {"best": best, "before": before}),
                    Sentence("energies.until_set", {"best": best}),
                    record.since or at,
                )
            elif record.active is None and record.since and at - record.since >= _LASTS:
                yield Withheld(
                    Sentence("energies.energies"),
                    Sentence("energies.unclear"),
                    Sentence("energies.until_clear", {"units": _alternatives(record.odds)}),
                    record.since,
                )

    def _read_as_chosen(
        self,
        meter_id: str,
        units: tuple[int, ...],
        listed: list[Item],
        energies: Mapping[Obis, int],
    ) -> Counted:
        """Read energies as the user says."""
        chosen = self._chosen or 0
        items = _rescaled(listed, {code: chosen - assumed for code, assumed in energies.items()})
        before = self.records.get(meter_id)
        if self._kept is None or not energies or (before and before.units == (chosen, None)):
            return Counted(items)
        told = f"the energies of this meter count {_unit(chosen)}, as energy_unit says"
        shown = Shown(meter_id, Record.chosen(chosen, units), is_news=True)
        return Counted(items, told=told, shown=shown)


def _counted(
    listed: list[Item],
    energies: Mapping[Obis, int],
    shown: Shown,
    units: tuple[int, ...],
) -> Counted:
    """Give energies the units that are known, or withhold them where none are."""
    record = shown.record
    if record.active is None or record.is_contradicted:
        return Counted(listed, frozenset(energies), shown=shown)
    active = record.active - units[0]
    reactive = active if record.reactive is None else record.reactive - units[0]
    moves = {
        code: reactive if catalogue.quantity_of(code) is Quantity.REACTIVE_ENERGY else active
        for code in energies
    }
    return Counted(_rescaled(listed, moves), shown=shown)


def _rescaled(listed: list[Item], moves: Mapping[Obis, int]) -> list[Item]:
    """Move the decimal point of some values by so many digits."""
    if not any(moves.values()):
        return listed
    return [
        item._replace(value=_plain(scale(item.number, digits)))
        if item.obis and item.number is not None and (digits := moves.get(item.obis))
        else item
        for item in listed
    ]


def _plain(number: Number) -> Number:
    """Give a whole number without decimal places."""
    return int(number) if number == int(number) else number


def _sample(
    numbers: Iterable[tuple[Obis, Number | None]], energies: Mapping[Obis, int], moment: datetime
) -> Sample:
    """Give what a telegram says of power and energy, the energies as they are counted."""
    powers: dict[tuple[int, int, int], float] = {}
    counts: dict[EnergyKind, dict[str, int]] = {}
    volts: dict[int, float] = {}
    amperes: dict[int, float] = {}
    for obis, number in numbers:
        if number is None:
            continue
        code = obis.cde
        if code in _POWERS:
            powers[code] = float(number)
        elif obis in energies and (kind := _COUNTERS.get(code)):
            raw = int(scale(number, -energies[obis]))
            if 0 <= raw < MOST_COUNTS:
                counts.setdefault(kind, {})[str(code[0])] = raw
        elif code[1] == 7 and code[0] in _VOLTAGES:  # noqa: PLR2004 - group D: at this moment
            volts[code[0]] = float(number)
        elif code[1] == 7 and code[0] in _CURRENTS:  # noqa: PLR2004 - as before
            amperes[code[0] + 1] = float(number)
    apparent = sum(volts[phase] * amperes[phase] for phase in volts if phase in amperes)
    total = sum(powers.values())
    is_believed = not apparent or total <= _MOST_FACTOR * apparent + _MOST_SLACK
    watts = (powers.get(_POWERS[0], 0.0), powers.get(_POWERS[1], 0.0))
    return Sample(
        moment.timestamp(),
        watts if powers and is_believed else None,
        counts,
    )


def _told(news: AbstractSet[EnergyKind], before: Record, after: Record) -> str | None:
    """Say what a telegram shows of the unit; None for nothing new."""
    if EnergyKind.ACTIVE in news and before.active is not None and after.active is not None:
        return (
            f"the energies of this meter count {_unit(after.active)} from now on, and"
            f" {_unit(before.active)} before: their digits moved at once, and go on from what they"
            " were. None of that is used energy"
        )
    if before.active is None and after.active is not None:
        return (
            f"the energies of this meter count {_unit(after.active)}, as the power of some hours"
            " shows; the option energy_unit overrules that"
        )
    if after.is_contradicted and not before.is_contradicted and after.best is not None:
        return (
            f"the energies of this meter count {_unit(after.best)}, as the power of some hours"
            f" shows, and were read as {_unit(after.active or 0)} so far. They are not published"
            f" any more until energy_unit is set to {_unit(after.best)}; see DOCS, as Home"
            " Assistant takes the fall for a new meter"
        )
    if before.is_contradicted and not after.is_contradicted:
        return f"the energies of this meter count {_unit(after.active or 0)}, as before"
    return None


def _unit(exponent: int) -> str:
    return f"{10**exponent} Wh"


def _alternatives(units: Iterable[int]) -> Text:
    """Name units of which one is meant."""
    first, *others = map(_unit, units)
    named: Text = first
    for other in others:
        named = Sentence("energies.either", {"one": named, "other": other})
    return named


def _either(units: Iterable[int]) -> str:
    return " or ".join(_unit(one) for one in units)
