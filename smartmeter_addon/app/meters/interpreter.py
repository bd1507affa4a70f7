"""Interprets what a meter pushed: which meter it is, its registers, and the readings in them."""

import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from collections.abc import Set as AbstractSet
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from app.cosem import items, p1
from app.cosem.items import Item
from app.cosem.obis import Obis
from app.cosem.unit import Number, scale
from app.dlms.receiver import Push
from app.fault import Fault, Kind
from app.meters import catalogue, derived, details, identity, states, submeters
from app.meters.energy_counts import Shown
from app.meters.energy_units import EnergyUnits
from app.meters.meter_clock import MeterClock, MeterClocks, is_clock
from app.meters.meter_ids import MeterIds
from app.meters.meter_numbers import MeterNumbers
from app.meters.profile import Profile
from app.meters.reading import Meter, Reading
from app.meters.recogniser import Recogniser, Unknown
from app.meters.telegram import Register, Telegram, Withheld

_AVERAGES: Final = ("ESO",)
"""Beginnings of the identifications of P1 meters that send an average current as 1-0:31.4.0: ESO in
Lithuania (esphome-libs/dsmr_parser#17). Others send the threshold of the fuse there."""


_WHOLE_CHECKSUM: Final = 16
"""Bits of a checksum that detects nearly all damage."""


class _Context(NamedTuple):
    """What a telegram is read by.

    Args:
        sender: see `Telegram`.
        mark: the identification of a P1 telegram, or the system title in hex digits.
        clock: of the sender.
        absent: codes of numbers that say that there is no value.
        withheld: codes of numbers that are no readings.
        is_p1: whether it is a P1 telegram.
        is_protected: whether a checksum of 16 bits or a tag protects it.
    """

    sender: str
    mark: str
    clock: MeterClock
    absent: AbstractSet[Obis]
    withheld: AbstractSet[Obis]
    is_p1: bool
    is_protected: bool

    @property
    def has_fuses(self) -> bool:
        """See `catalogue.conversion_of`."""
        return self.is_p1 and not self.mark.upper().startswith(_AVERAGES)


class Interpreter:
    """Reads the telegrams of one line.

    Args:
        profiles: every meter family there is.
        meter_type: one of them, or ``auto``.
        zone: where the meter stands, for clocks that do not say their offset.
        label: of the line, in the characters of an id, for meters that say neither number nor
            system title; may be empty.
        numbers: the meters' numbers by sender as far as they are known, see `MeterNumbers`.
        ids: the names that meters keep, see `MeterIds`.
        energy_units: finds what energies count; None takes what is usual for a family.
        now: the computer's clock, for the hour that occurs twice in autumn, when a meter that does
            not say which one it means has not been heard before it.
    """

    __slots__ = (
        "_clocks",
        "_energy_units",
        "_ids",
        "_label",
        "_now",
        "_numbers",
        "_recogniser",
        "_totals",
        "_unprotected",
        "records",
        "revision",
    )

    def __init__(
        self,
        profiles: Mapping[str, Profile],
        meter_type: str,
        zone: tzinfo,
        *,
        label: str = "",
        numbers: MutableMapping[str, str] | None = None,
        ids: MeterIds | None = None,
        energy_units: EnergyUnits | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._recogniser = Recogniser(profiles, meter_type)
        self._clocks = MeterClocks(zone, now)
        self._numbers = MeterNumbers(numbers)
        self._ids = ids or MeterIds()
        self._energy_units = energy_units or EnergyUnits()
        self.records = self._energy_units.records
        """Of the meters whose energies may be withheld; mostly none."""
        self._now = now
        self._totals = derived.Totals()
        self._unprotected = states.Unprotected()
        self._label = label
        self.revision = 0
        """Grows when telegrams that are the same are read in another way from now on."""

    def read(self, push: Push) -> Telegram:
        """Read one telegram and take it to be right."""
        telegram = self.interpret(push)
        self.remember(telegram)
        return telegram

    def interpret(self, push: Push, *, energies_go_on: bool = True) -> Telegram:
        """Read one telegram; what it says of its sender is not remembered.

        Args:
            push: the telegram.
            energies_go_on: whether its energies go on from the last ones, and may show their unit.
        """
        if push.fault or push.content is None:
            return Telegram(push, fault=push.fault)
        title = push.security.system_title if push.security else None
        is_text = push.is_text
        if isinstance(push.content, bytes):
            text = p1.decode(push.content)
            header = None
            mark = p1.identification(text)
            understood = self._recogniser.text(text)
        else:
            header = push.content.date_time
            mark = title.hex().upper() if title else ""
            understood = self._recogniser.data(push.content.body, title, push.frame.address)
        sender = mark or push.frame.address
        clock = self._clocks.of(sender).next
        timestamp = clock.sent(header, understood.items)
        if isinstance(understood, Unknown):
            return _not_understood(push, understood, timestamp, sender)
        profile, listed = understood.profile, understood.items
        manufacturer = sys.intern(understood.manufacturer or profile.manufacturer)
        model = profile.model_of(mark)
        before = self._numbers.of(sender)
        said = understood.number
        number = said or identity.number(listed, own_channel=is_text) or before
        if number == before:
            number = before  # one text for all telegrams
        kept_id = self._ids.of(said, before) if said else None
        shown = identity.readable(number) if is_text and number else number
        otherwise = self._ids.without_number(profile.type) or "_".join(
            filter(None, (profile.type, self._label))
        )
        meter = _meter(profile.type, manufacturer, model, title, shown, kept_id, otherwise)
        sent = timestamp or (self._now() if self._now else None)
        counted = self._energy_units.read(
            meter.id, profile, listed, understood.energies, sent if energies_go_on else None
        )
        registers = _registers(counted.items, clock)
        waiting = number is None and self._numbers.awaited(sender, profile, push)
        # A number whose unit is not known is a register and no reading.
        bare = {item.obis for item in counted.items if item.obis and item.unit is None}
        context = _Context(
            sender,
            mark,
            clock,
            absent=understood.absent,
            withheld=understood.absent | bare | counted.undecided,
            is_p1=is_text,
            is_protected=_is_protected(push),
        )
        reading = None if waiting else self._reading(meter, timestamp, registers, context)
        return Telegram(
            push=push,
            profile=profile,
            manufacturer=manufacturer,
            model=model,
            reading=reading,
            others=tuple(submeters.readings(registers, meter, timestamp)) if is_text else (),
            number=number,
            timestamp=timestamp,
            registers=registers,
            note="; ".join(filter(None, (push.frame.note, understood.note, counted.note))) or None,
            told=counted.told,
            waiting=waiting,
            sender=sender,
            kept_id=(said, meter.id) if said else None,
            evidence=understood.evidence,
            shown=counted.shown,
        )

    @property
    def clocks(self) -> MeterClocks:
        """The clocks of the line's senders."""
        return self._clocks

    def energies_go_on(
        self, shown: Shown, numbers: Iterable[tuple[Obis, Number]], moment: datetime
    ) -> Shown | None:
        """See `EnergyUnits.goes_on`."""
        return self._energy_units.goes_on(shown, numbers, moment)

    def withheld(self, telegram: Telegram) -> tuple[Withheld, ...]:
        """Tell of the energies of this line that are not published for long, see `EnergyUnits`."""
        sent = telegram.timestamp or (self._now() if self._now else None)
        return tuple(self._energy_units.withheld(sent.timestamp())) if sent else ()

    def remember(self, telegram: Telegram) -> None:
        """Take what a telegram says of its sender to be so, for those that follow.

        One that was read by a template is remembered by that.
        """
        self._clocks.remember(telegram.sender, telegram.timestamp)
        self.take_values(telegram)
        known = self._known_of(telegram)
        self._learn(telegram)
        self.revision += known != self._known_of(telegram) or telegram.told is not None

    def take_values(self, telegram: Telegram) -> None:
        """Take what the values of an accepted telegram show of units and scales."""
        if telegram.evidence is not None:
            self._recogniser.learn(telegram.evidence)
        if telegram.shown is not None:
            self._energy_units.remember(telegram.shown)

    def _known_of(self, telegram: Telegram) -> tuple[object, ...]:
        """Return what is known of a sender by which its next telegrams are read."""
        sender = telegram.sender
        return (
            self._numbers.of(sender),
            self._totals.of(sender),
            self._unprotected.of(sender),
            self._recogniser.known_of(telegram.evidence),
        )

    def _learn(self, telegram: Telegram) -> None:
        """Take what a telegram says of its sender beside its values."""
        self._numbers.remember(telegram)
        if telegram.kept_id is not None:
            self._ids.remember(*telegram.kept_id)
        if telegram.reading is not None:
            self._totals.learn(telegram.sender, telegram.reading)
        if telegram.registers and not _is_protected(telegram.push):
            is_p1 = telegram.push.is_text
            self._unprotected.learn(telegram.sender, states.read(telegram.registers, is_p1=is_p1))

    def _reading(
        self,
        meter: Meter,
        timestamp: datetime | None,
        registers: Mapping[Obis, Register],
        context: _Context,
    ) -> Reading | None:
        """Give what a telegram says to a household; None if that is nothing."""
        values, unknown = _values(registers, context.withheld, has_fuses=context.has_fuses)
        said = states.read(registers, is_p1=context.is_p1)
        if not context.is_protected:
            said = self._unprotected.agreed(context.sender, said)
        unknown |= said.unknown
        if not (values or said.values):
            return None
        formulas = derived.add_signed_power(values)
        totals = self._totals.add(context.sender, values)
        for obis in context.absent:
            if named := catalogue.conversion_of(obis, registers[obis].unit):
                unknown.add(named.key)
        said_beside = details.read(registers, context.clock, timestamp, is_p1=context.is_p1)
        return Reading(
            meter,
            timestamp,
            {**values, **said.values},
            frozenset(unknown),
            {**formulas, **totals},
            said_beside,
            identity.type_code(code.value) if (code := registers.get(identity.TYPE_CODE)) else None,
        )


def _is_protected(push: Push) -> bool:
    tagged = push.security is not None and push.security.authenticated is True
    return tagged or (push.frame.checksum >= _WHOLE_CHECKSUM and push.frame.parts == 1)


def _not_understood(
    push: Push, found: Unknown, timestamp: datetime | None, sender: str
) -> Telegram:
    """Give a telegram whose values are not known, with its items where nobody knows their list."""
    is_list = found.kind is Kind.UNKNOWN_LIST
    layer = "list" if is_list else "meter"
    fault = Fault(found.kind, layer, push.frame.offset, found.reason)
    unknown = tuple(found.items) if is_list else ()
    return Telegram(push, timestamp=timestamp, unknown=unknown, fault=fault, sender=sender)


def _registers(listed: list[Item], clock: MeterClock) -> dict[Obis, Register]:
    """Give the values by their codes; the first of two for the same code counts."""
    registers: dict[Obis, Register] = {}
    for obis, _, value, unit, at in listed:
        if obis is None or value is None or obis in registers:
            continue
        if is_clock(obis):
            registers[obis] = Register(clock.shown(value), "")
        else:
            moment = clock.moment(at) if at else None
            shown = items.text(value) if isinstance(value, (bytes, list, str)) else value
            registers[obis] = Register(shown, unit or "", moment, is_dated=bool(at))
    return registers


@lru_cache(maxsize=64)
def _meter(  # noqa: PLR0917 - lru_cache counts keywords in another order as another call
    meter_type: str,
    manufacturer: str,
    model: str,
    title: bytes | None,
    number: str | None,
    kept_id: str | None,
    otherwise: str,
) -> Meter:
    return Meter(
        id=kept_id or identity.topic_id(number, title, otherwise),
        number=number,
        type=meter_type,
        manufacturer=manufacturer,
        model=model,
        system_title=title.hex() if title else None,
    )


def _values(
    registers: Mapping[Obis, Register], withheld: AbstractSet[Obis], *, has_fuses: bool
) -> tuple[dict[str, Number], set[str]]:
    """Name the registers that are readings; the first of two for the same reading counts.

    Returns:
        The values by key, and the keys of limits that are none.
    """
    values: dict[str, Number] = {}
    unlimited: set[str] = set()
    for obis, (value, unit, *_) in registers.items():
        if isinstance(value, (str, bool)) or obis in withheld:
            continue
        named = catalogue.conversion_of(obis, unit, has_fuses=has_fuses)
        if named and named.key not in values:
            number = scale(value, named.exponent)
            if states.is_no_limit(named.key, number):
                unlimited.add(named.key)
            elif catalogue.possible(named.key, number):
                values[named.key] = number
    return values, unlimited
