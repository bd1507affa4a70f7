"""From what a meter pushed to what a household reads: which meter it is, and what it says."""

import re
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Final

from app.cosem import clock, items, p1
from app.cosem.items import Item
from app.cosem.obis import Obis
from app.cosem.unit import Number, scale
from app.dlms.receiver import Push
from app.fault import Fault, Kind
from app.meters import catalogue, identity, submeters
from app.meters.profile import Profile
from app.meters.reading import Meter, Reading
from app.meters.recogniser import Recogniser, Unknown
from app.meters.senders import MOST_SENDERS
from app.meters.telegram import Register, Telegram

_CLOCK: Final = (1, 0, 0)
_TIME: Final = (0, 9, 1)
_DATE: Final = (0, 9, 2)
_NO_DIGITS: Final = re.compile(r"\D")


class Interpreter:
    """Reads the telegrams of one line.

    Args:
        profiles: every meter family there is.
        meter_type: one of them, or ``auto``.
        zone: where the meter stands, for clocks that do not say their offset.
        line: tells this line from others, for meters that say neither number nor system title.
        numbers: the meters' numbers by sender as far as they are known; kept up to date here, and
            worth keeping over a restart, as some meters say their number only now and then. An
            empty one is of a sender that did not say any for long. Without this memory nothing is
            waited for.
        now: the computer's clock, for the hour that occurs twice in autumn, when a meter that does
            not say which one it means has not been heard before it.
    """

    def __init__(
        self,
        profiles: Mapping[str, Profile],
        meter_type: str,
        zone: tzinfo,
        *,
        line: str = "",
        numbers: MutableMapping[str, str] | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._now = now
        self._recogniser = Recogniser(profiles, meter_type)
        self._zone = zone
        self._before: dict[str, datetime] = {}  # the time that each sender sent last
        self._line = line
        self._numbers = {} if numbers is None else numbers
        self._patient = numbers is not None
        self._waited: dict[str, int] = {}  # telegrams of each sender whose number is to come

    def read(self, push: Push) -> Telegram:
        """Read one telegram and believe it."""
        telegram = self.interpret(push)
        self.remember(telegram)
        return telegram

    def interpret(self, push: Push) -> Telegram:
        """Read one telegram; what it says of its sender is not remembered."""
        if push.fault or push.content is None:
            return Telegram(push, fault=push.fault)
        title = push.security.system_title if push.security else None
        if is_text := isinstance(push.content, bytes):
            text = push.content.decode("ascii", "replace")
            header = None
            mark = p1.identification(text)
            understood = self._recogniser.text(text)
        else:
            header = push.content.date_time
            mark = title.hex().upper() if title else ""
            understood = self._recogniser.data(push.content.body, title, push.frame.address)
        sender = mark or push.frame.address
        before = self._before.get(sender) or (self._now() if self._now else None)
        timestamp = clock.parse(header, self._zone, before) if header else None
        if timestamp is None:
            timestamp = self._clock(understood.items, before)
        if isinstance(understood, Unknown):
            kind = understood.kind
            layer = "list" if kind is Kind.UNKNOWN_LIST else "meter"
            unknown = tuple(understood.items) if kind is Kind.UNKNOWN_LIST else ()
            fault = Fault(kind, layer, push.frame.offset, understood.reason)
            return Telegram(push, timestamp=timestamp, unknown=unknown, fault=fault, sender=sender)
        profile, listed, absent, note, _, evidence = understood
        manufacturer = understood.manufacturer or profile.manufacturer
        registers = self._registers(listed, before)
        # Some meters say their number in one list of several only.
        number = identity.number(listed, own_channel=is_text) or self._numbers.get(sender) or None
        # A number whose unit is not known is a register and no reading.
        bare = frozenset(item.obis for item in listed if item.obis and item.unit is None)
        values = _values(registers, absent | bare)
        derived = _balance(values)
        unsaid = frozenset(
            reading.key
            for obis in absent
            if (reading := catalogue.reading_of(obis, registers[obis].unit))
        )
        waiting = number is None and self._waits(sender, profile, push)
        model = profile.model_of(mark)
        shown = identity.readable(number) if is_text and number else number
        otherwise = f"{profile.type}_{self._line}" if self._line else profile.type
        meter = _meter(profile.type, manufacturer, model, title, shown, otherwise)
        return Telegram(
            push=push,
            profile=profile,
            manufacturer=manufacturer,
            model=model,
            reading=Reading(meter, timestamp, values, unsaid, derived)
            if values and not waiting
            else None,
            others=tuple(submeters.readings(registers, meter)) if is_text else (),
            number=number,
            timestamp=timestamp,
            registers=registers,
            note=note,
            waiting=waiting,
            sender=sender,
            evidence=evidence,
        )

    def remember(self, telegram: Telegram) -> None:
        """Take what a telegram says of its sender to be so, for those that follow."""
        sender = telegram.sender
        if telegram.timestamp and (sender in self._before or len(self._before) < MOST_SENDERS):
            self._before[sender] = telegram.timestamp
        if telegram.waiting:
            self._waited[sender] = self._waited.get(sender, 0) + 1
        elif sender in self._numbers or len(self._numbers) < MOST_SENDERS:
            if telegram.number:
                self._numbers[sender] = telegram.number
            elif self._waited.get(sender) and _number_within(telegram.profile, telegram.push):
                self._numbers[sender] = ""  # it does not come any more
        if telegram.evidence is not None:
            self._recogniser.learn(telegram.evidence)

    def _waits(self, sender: str, profile: Profile, push: Push) -> bool:
        """Tell whether a telegram without number is to be passed over, as one with it will come."""
        if not self._patient or sender in self._numbers or len(self._waited) >= MOST_SENDERS:
            return False
        return self._waited.get(sender, 0) < _number_within(profile, push)

    def _clock(self, listed: list[Item], before: datetime | None) -> datetime | None:
        """Find the clock among the values: by its code, or the first bare date-time."""
        texts = {}
        for item in listed:
            if item.obis is None or _is_clock(item.obis):
                moment = self._moment(item.value, before)
                if moment:
                    return moment
            elif item.obis.cde in (_TIME, _DATE):
                texts[item.obis.cde] = _NO_DIGITS.sub("", item.text)
        if len(texts) == len((_TIME, _DATE)):
            return clock.parse_text(texts[_DATE] + texts[_TIME], self._zone, before)
        return None

    def _moment(
        self, value: object, before: datetime | None, *, even_invalid: bool = False
    ) -> datetime | None:
        if isinstance(value, bytes):
            return clock.parse(value, self._zone, before, even_invalid=even_invalid)
        if isinstance(value, str):
            return clock.parse_text(value, self._zone, before)
        return None

    def _registers(self, listed: list[Item], before: datetime | None) -> dict[Obis, Register]:
        registers: dict[Obis, Register] = {}
        for obis, _, value, unit, at in listed:
            if obis is None or value is None or obis in registers:
                continue
            if _is_clock(obis):
                # Inside its lists an E450 calls a clock invalid that is right to the second; the
                # register shows what it says, the telegram's time is not taken from it.
                moment = self._moment(value, before, even_invalid=True)
                registers[obis] = Register(moment.isoformat() if moment else items.text(value), "")
            else:
                moment = self._moment(at, before) if at else None
                shown = items.text(value) if isinstance(value, (bytes, list, str)) else value
                registers[obis] = Register(shown, unit or "", moment)
        return registers


def _number_within(profile: Profile | None, push: Push) -> int:
    """Give the telegrams after one of this shape within which the number comes; 0 for none."""
    if profile is None or not profile.number_within:
        return 0
    if push.content is None or isinstance(push.content, bytes):
        return 0
    return profile.number_within.get(items.shape(push.content.body), 0)


def _is_clock(obis: Obis) -> bool:
    return obis.a == 0 and obis.cde == _CLOCK


@lru_cache(maxsize=64)
def _meter(  # noqa: PLR0917 - lru_cache counts keywords in another order as another call
    meter_type: str,
    manufacturer: str,
    model: str,
    title: bytes | None,
    number: str | None,
    otherwise: str,
) -> Meter:
    return Meter(
        id=identity.topic_id(number, title, otherwise),
        number=number,
        type=meter_type,
        manufacturer=manufacturer,
        model=model,
        system_title=title.hex() if title else None,
    )


def _values(registers: Mapping[Obis, Register], withheld: frozenset[Obis]) -> dict[str, Number]:
    """Name the registers that are readings; the first of two for the same reading counts."""
    values: dict[str, Number] = {}
    for obis, (value, unit, _) in registers.items():
        if isinstance(value, (str, bool)) or obis in withheld:
            continue
        reading = catalogue.reading_of(obis, unit)
        if reading and reading.key not in values:
            number = scale(value, reading.exponent)
            if catalogue.possible(reading.key, number):
                values[reading.key] = number
    return values


def _balance(values: dict[str, Number]) -> dict[str, str]:
    """Add the signed power to readings that have import and export only, and say so."""
    if "power" in values or "power_import" not in values or "power_export" not in values:
        return {}
    values["power"] = values["power_import"] - values["power_export"]
    return {"power": "power_import - power_export"}
