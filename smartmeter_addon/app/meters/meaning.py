"""Finds by trial what the numbers and times in a telegram's plaintext mean.

In a copy of the telegram one number is made one more, and the general way reads that. What it then
says otherwise is what the number counts, and by how much is its scale. A number that moves anything
else, or not in proportion, is a constant. Times are found alike.

In the end all numbers are set to the least, to the most, and to something between, and the general
way has to say what was found. Where it does not, the numbers that cause that are bounded.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import cycle
from typing import Final, NamedTuple

from app.cosem.obis import Obis
from app.cosem.unit import Number, scale, scaler_of
from app.meters import catalogue, states, structure
from app.meters.meter_clock import MeterClock, is_clock
from app.meters.quantities import QUANTITIES, Quantity
from app.meters.reading import BEHIND_VALUES, Reading
from app.meters.slots import NumberSlot, TimeSlot, slots_in
from app.meters.telegram import Telegram

Name = tuple[object, ...]
"""What a telegram says, by where it stands: ``("values", key)``, ``("registers", obis)``,
``("others", index, key)``; of times ``("sent",)``, ``("others", index)``, ``("registers", obis)``,
and ``("shown", obis)`` for the text of a clock among the registers."""

_SHARES: Final = (0, 1000, 618, 237, 854)
"""Thousandths of their ranges to which all numbers are set in turn."""

_SHARES_AGAIN: Final = 3
"""How many of these serve where the meaning was found in the plaintext of another sender."""

_MOST_ROUNDS: Final = 8
"""Times that numbers are bounded and tried again before a telegram is given up."""


class Row(NamedTuple):
    """What a number that a telegram says is made of.

    Args:
        terms: indices of slots, each with the factor of its count.
        rest: what is added to their sum.
        exponent: the power of ten by which all that is multiplied.
    """

    terms: tuple[tuple[int, int], ...]
    rest: int
    exponent: int

    @property
    def slot(self) -> int | None:
        """The index of the one slot whose count it is; None where it is more than that."""
        is_plain = not self.rest and len(self.terms) == 1 and self.terms[0][1] == 1
        return self.terms[0][0] if is_plain else None

    def sum_of(self, counts: Sequence[int]) -> int:
        """Return the sum for the counts at all slots."""
        return sum([counts[index] * factor for index, factor in self.terms], self.rest)


class Meaning(NamedTuple):
    """What the plaintext of a telegram means.

    Args:
        numbers: the slots of numbers that are no constants.
        times: the slots of times that are none.
        rows: what each number that the telegram says is made of.
        moments: the slot of each time that it says; one that is missing is constant.
    """

    numbers: tuple[NumberSlot, ...]
    times: tuple[TimeSlot, ...]
    rows: Mapping[Name, Row]
    moments: Mapping[Name, TimeSlot]


_Slopes = dict[Name, tuple[int, int]]
"""What one number moves, each with the sign and the power of ten of its count."""


class Said(NamedTuple):
    """All that a telegram says.

    Args:
        numbers: by name.
        times: by name.
        own: what tells its sender from others: names, and the texts of registers.
        rest: all else.
    """

    numbers: dict[Name, Number]
    times: dict[Name, datetime | str]
    own: list[object]
    rest: list[object]


def is_steady(base: Telegram) -> bool:
    """Tell whether a telegram is read without a doubt that others like it may decide otherwise."""
    shown = base.evidence
    if base.fault or base.reading is None or base.told or base.waiting:
        return False
    return shown is None or (shown.family is None and (shown.volts is None or shown.volts[1]))


class Trial:
    """The trial of one telegram.

    Args:
        base: the telegram, read in the general way; see `is_steady`.
        read: reads another plaintext of the same sender in the general way.
        clock: of the sender.
    """

    def __init__(
        self, base: Telegram, read: Callable[[bytes], Telegram], clock: MeterClock
    ) -> None:
        self._base = base
        self._content = structure.content_of(base)
        self._read = read
        self._clock = clock
        self.said = said(base)
        """What it says."""
        self.numbers, self.times = slots_in(base)
        """All slots in its plaintext."""

    def meaning(self) -> Meaning | None:
        """Find what the plaintext means.

        Returns:
            None when the general way does not say the same of like telegrams.
        """
        times, moments = self._moving_times()
        if ("sent",) in self.said.times and ("sent",) not in moments:
            return None
        tried = ((slot, self._slopes(slot)) for slot in self.numbers)
        moving = [(self._bounded(slot, found), found) for slot, found in tried if found is not None]
        slopes = [found for _, found in moving]
        rows = {
            name: _row(name, value, [slot.number for slot, _ in moving], slopes)
            for name, value in self.said.numbers.items()
        }
        # A number of a register that is a constant is the sender's own, as a text is.
        rows = {name: row for name, row in rows.items() if row.terms or name[0] != "registers"}
        numbers = tuple(slot for slot, _ in moving)
        return self._proven(Meaning(numbers, times, rows, moments))

    def has(self, meaning: Meaning) -> bool:
        """Tell whether the plaintext has the meaning that was found in the one of another sender.

        That is proven as there, without looking for the number that moves each of the others; each
        reading tries one of the times, too.
        """
        slots = {slot.begin: slot for slot in self.numbers}
        numbers = []
        for slot in meaning.numbers:
            own = slots.get(slot.begin)
            if own is None or not slot.least <= own.number <= slot.most:
                return False
            numbers.append(slot._replace(number=own.number))
        sent = ("sent",)
        if sent in self.said.times and meaning.moments.get(sent) not in meaning.times:
            return False
        if not set(self.times).issuperset(meaning.times):
            return False
        meaning = meaning._replace(numbers=tuple(numbers))
        tries = self._tries(_SHARES_AGAIN)
        times = [*meaning.times, *[None] * (len(tries) - len(meaning.times))]
        return all(
            self._holds(meaning, [choose(slot) for slot in numbers], time)
            for time, choose in zip(times, cycle(tries), strict=False)
        )

    def _moving_times(self) -> tuple[tuple[TimeSlot, ...], dict[Name, TimeSlot]]:
        """Find the times that are no constants, and the one of each time that it says."""
        found = self._explained(self.times)
        moments = {name: time for time, names in found for name in names}
        return tuple(time for time, _ in found), moments

    def _tries(self, shares: int = len(_SHARES)) -> list[Callable[[NumberSlot], int]]:
        """Return what chooses the numbers of all slots, one try after the other."""
        exceptions = map(_exactly, sorted(_exceptions(self._base)))
        return [*map(_share_of, _SHARES[:shares]), *exceptions]

    def _explained(self, times: Iterable[TimeSlot]) -> list[tuple[TimeSlot, list[Name]]]:
        """Find which times of the plaintext are no constants, and what each of them is."""
        before, found = self.said, []
        for time in times:
            content = time.put_other(self._content)
            now = said(self._read(content))
            moved = [name for name in before.times if now.times.get(name) != before.times[name]]
            is_told = all(
                one.times.get(name) == self._time_of(name, time, plaintext)
                for one, plaintext in ((before, self._content), (now, content))
                for name in moved
            )
            # What is no time now may be one later, unless another one is asked before it.
            is_free = bool(moved) or (not time.is_text and ("sent",) in before.times)
            is_same = now._replace(times={}) == before._replace(times={})
            if is_same and is_told and is_free and not (moved and self._are_dead(moved)):
                found.append((time, moved))
        return found

    def _time_of(self, name: Name, time: TimeSlot, content: bytes) -> datetime | str | None:
        """Return what the general way makes of a time in a plaintext."""
        value = time.value_in(content)
        if name[0] == "shown":
            return self._clock.shown(value)
        return self._clock.moment(value)

    def _slopes(self, slot: NumberSlot) -> _Slopes | None:
        """Find what a number counts; None where that is nothing, or where it is a constant.

        A power factor of 1 can only be one less.
        """
        for step in (1, -1):
            if slot.least <= slot.number + step <= slot.most:
                slopes = self._moved(slot, step)
                if slopes is not None:
                    return slopes
        return None

    def _moved(self, slot: NumberSlot, step: int) -> _Slopes | None:
        """Find what a number moves that is one more or one less; as `_slopes`."""
        before = self.said
        now = said(self._read(slot.put(self._content, slot.number + step)))
        if now.numbers.keys() != before.numbers.keys() or now[1:] != before[1:]:
            return None
        slopes: _Slopes = {}
        for name, value in now.numbers.items():
            if moved := (value - before.numbers[name]) * step:
                sign, digits, exponent = Decimal(moved).normalize().as_tuple()
                if digits != (1,) or not isinstance(exponent, int) or _is_switch(name):
                    return None
                slopes[name] = -1 if sign else 1, exponent
        return None if self._are_dead(slopes) else slopes

    def _are_dead(self, names: Iterable[Name]) -> bool:
        """Tell whether all that a number or a time moves is of a submeter that is not read.

        Of two channels with one number, the one with the newer report is read.
        """
        of = [name[-1] for name in names]
        return self._base.push.is_text and all(
            isinstance(obis, Obis) and obis.a == 0 and obis.b > 0 for obis in of
        )

    def _bounded(self, slot: NumberSlot, slopes: _Slopes) -> NumberSlot:
        """Bound a voltage whose size tells its scale to those of a grid; see `ScaleFinder`."""
        if self._base.evidence is None:
            return slot
        for name, (_, exponent) in slopes.items():
            key = name[-1]
            if name[0] == "values" and catalogue.quantity_of_reading(str(key)) is Quantity.VOLTAGE:
                grid = QUANTITIES[Quantity.VOLTAGE].bounds
                least = math.ceil(scale(Decimal(grid.least), -exponent))
                most = math.floor(scale(Decimal(grid.most), -exponent))
                is_usual = least <= slot.number <= most
                return slot._replace(
                    least=least if is_usual else slot.number,
                    most=most if is_usual else slot.number,
                    is_bounded=True,
                )
        return slot

    def _proven(self, meaning: Meaning) -> Meaning | None:
        """Bound the numbers until the general way says the same for all of them at once."""
        for choose in self._tries():
            for _ in range(_MOST_ROUNDS):
                counts = [choose(slot) for slot in meaning.numbers]
                if self._holds(meaning, counts):
                    break
                bounded = tuple(self._bounds(meaning, n, count) for n, count in enumerate(counts))
                if bounded == meaning.numbers:
                    return None
                meaning = meaning._replace(numbers=bounded)
            else:
                return None
        return meaning

    def _bounds(self, meaning: Meaning, index: int, count: int) -> NumberSlot:
        """Bound the number at one slot so that the general way says what was found."""
        slot = meaning.numbers[index]
        counts = [one.number for one in meaning.numbers]

        def holds(number: int) -> bool:
            counts[index] = number
            return self._holds(meaning, counts)

        if count == slot.number or holds(count):
            return slot
        good, bad = slot.number, count
        while abs(bad - good) > 1:
            between = (good + bad) // 2
            good, bad = (between, bad) if holds(between) else (good, between)
        bounded = slot._replace(is_bounded=True)
        return bounded._replace(least=good) if bad < good else bounded._replace(most=good)

    def _holds(self, meaning: Meaning, counts: Sequence[int], time: TimeSlot | None = None) -> bool:
        """Tell whether the general way says what was found, with these numbers and another time."""
        content = self._content if time is None else time.put_other(self._content)
        for slot, count in zip(meaning.numbers, counts, strict=True):
            content = slot.put(content, count)
        now = said(self._read(content))
        moved = {
            name: scale(row.sum_of(counts), row.exponent) for name, row in meaning.rows.items()
        }
        shown = {
            name: self._time_of(name, of, content)
            for name, of in meaning.moments.items()
            if of == time
        }
        before = self.said
        are_same = now.numbers == before.numbers | moved and now.times == before.times | shown
        return are_same and now[2:] == before[2:]


def _is_switch(name: Name) -> bool:
    """Tell whether a reading may say that there is none of what it measures."""
    return name[0] == "values" and str(name[-1]).startswith(states.LIMITS)


def _exceptions(base: Telegram) -> set[int]:
    """Return the numbers with which lists of the meter's family say that they have no value."""
    lists = base.profile.lists if base.profile else ()
    absent = (place.absent for listed in lists for place in listed.places)
    return {number for number in absent if number is not None}


def _share_of(share: int) -> Callable[[NumberSlot], int]:
    return lambda slot: slot.least + (slot.most - slot.least) * share // 1000


def _exactly(number: int) -> Callable[[NumberSlot], int]:
    return lambda slot: number if slot.least <= number <= slot.most else slot.number


def _row(name: Name, value: Number, counts: Sequence[int], slopes: Sequence[_Slopes]) -> Row:
    """Return what a number that the telegram says is made of."""
    parts = [(n, *found[name]) for n, found in enumerate(slopes) if name in found]
    own = scaler_of(value)
    exponent = min((part[2] for part in parts), default=own)
    rest = scale(value, -exponent)
    if rest != int(rest):
        exponent = min(exponent, own)
        rest = scale(value, -exponent)
    terms = tuple((n, sign * 10 ** (of - exponent)) for n, sign, of in parts)
    return Row(terms, int(rest) - sum(counts[n] * factor for n, factor in terms), exponent)


def said(telegram: Telegram) -> Said:
    """Take what a telegram says apart."""
    found = Said({}, {}, [], [])
    found.own.extend((telegram.manufacturer, telegram.model, telegram.number, telegram.kept_id))
    found.own.append(telegram.sender)
    found.rest.extend((telegram.fault, telegram.profile, telegram.unknown, telegram.note))
    found.rest.extend((telegram.told, telegram.waiting))
    _take_moment(found, ("sent",), telegram.timestamp)
    if telegram.reading:
        found.rest.append(telegram.reading.timestamp == telegram.timestamp)
        _take_reading(found, ("values",), telegram.reading)
    for index, other in enumerate(telegram.others):
        _take_moment(found, ("others", index), other.timestamp)
        _take_reading(found, ("others", index), other)
    for obis, (value, unit, at, is_dated) in (telegram.registers or {}).items():
        is_number = not isinstance(value, (str, bool))
        found.rest.append((obis, unit, is_dated, is_number))
        _take_moment(found, ("registers", obis), at)
        if is_clock(obis) and isinstance(value, str):
            found.times["shown", obis] = value
        elif isinstance(value, (str, bool)):
            found.own.append(value)
        else:
            found.numbers["registers", obis] = value
    return found


def _take_moment(found: Said, name: Name, moment: datetime | None) -> None:
    found.rest.append(moment is None)
    if moment:
        found.times[name] = moment


def _take_reading(found: Said, where: Name, reading: Reading) -> None:
    found.own.append(reading.meter)
    found.rest.append(reading[BEHIND_VALUES])
    for key, value in reading.values.items():
        found.rest.append((key, value if isinstance(value, str) else None))
        if not isinstance(value, str):
            found.numbers[*where, key] = value
