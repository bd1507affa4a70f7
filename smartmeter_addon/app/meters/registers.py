"""The registers of a telegram as JSON, and those of telegrams that are all laid out alike."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

from app import jsontext
from app.cosem.obis import Obis
from app.cosem.unit import scale
from app.jsontext import dumps
from app.meters.meaning import Meaning
from app.meters.meter_clock import MeterClock
from app.meters.slots import picker
from app.meters.telegram import Register


def members(registers: Mapping[Obis, Register]) -> str:
    """Return the members of a JSON object of registers, by their codes."""
    if isinstance(registers, Registers):
        return registers.members()
    return ", ".join(_member(obis, register) for obis, register in registers.items())


def _member(obis: Obis, register: Register) -> str:
    value, unit, at, _ = register
    text = f'{jsontext.name(str(obis))}{{"value": {dumps(value)}, "unit": {dumps(unit)}'
    return text + (f', "at": {dumps(at.isoformat())}}}' if at else "}")


def constants_of(registers: Mapping[Obis, Register], meaning: Meaning) -> dict[Obis, Register]:
    """Return registers without the values and times that are others in each telegram.

    Args:
        registers: of a telegram.
        meaning: of its plaintext.
    """
    rows, moments = meaning.rows, meaning.moments
    constants = {}
    for obis, (value, unit, at, is_dated) in registers.items():
        moves = ("registers", obis) in rows or ("shown", obis) in moments
        is_timed = ("registers", obis) in moments
        constants[obis] = Register(
            "" if moves else value, unit, None if is_timed else at, is_dated=is_dated
        )
    return constants


class RegisterLayout:
    """What is the same in the registers of all such telegrams of a sender.

    Args:
        constants: of a sender of the same list, see `constants_of`.
        meaning: of the plaintext of all senders of the list.
        registers: of one telegram of this sender.
        zone: where the meter stands.
    """

    __slots__ = ("_constants", "_json", "_own", "_own_codes", "meaning", "zone")

    def __init__(
        self,
        constants: Mapping[Obis, Register],
        meaning: Meaning,
        registers: Mapping[Obis, Register],
        zone: tzinfo,
    ) -> None:
        own = constants_of(registers, meaning)
        self._constants = constants
        # The same moment in another zone is equal, and is written otherwise.
        codes = [obis for obis, of in constants.items() if repr(own[obis]) != repr(of)]
        # Those of this sender alone, and their codes, which are others' too: a dict takes more.
        self._own = tuple(own[obis] for obis in codes)
        self._own_codes = _shared(tuple(codes))
        self._json: _Json | None = None
        self.meaning = meaning
        self.zone = zone

    def __getitem__(self, obis: Obis) -> Register:
        """Return what is the same of a register."""
        if obis in self._own_codes:
            return self._own[self._own_codes.index(obis)]
        return self._constants[obis]

    @property
    def codes(self) -> Collection[Obis]:
        """The codes of the registers, in order."""
        return self._constants.keys()

    @property
    def json(self) -> "_Json":
        """How they are written as JSON."""
        if self._json is None:
            self._json = self._written()
        return self._json

    def _written(self) -> "_Json":
        moments, rows = self.meaning.moments, self.meaning.rows
        parts, slots, exponents, others = [""], list[int](), list[int](), list[tuple[int, Obis]]()
        for place, obis in enumerate(self.codes):
            register = self[obis]
            parts[-1] += ", " if place else ""
            row = rows.get(("registers", obis))
            is_dated = ("registers", obis) in moments or ("shown", obis) in moments
            if not is_dated and row is None:
                parts[-1] += _member(obis, register)
            elif is_dated or row is None or row.slot is None:
                others.append((len(parts) - 1, obis))
                parts.append("")
            else:
                before, _, behind = _member(obis, register._replace(value=0)).partition("0, ")
                parts[-1] += before
                parts.append(f", {behind}")
                slots.append(row.slot)
                exponents.append(row.exponent)
        return _Json(jsontext.Form(parts), picker(slots), tuple(exponents), tuple(others))


@lru_cache(maxsize=64)
def _shared(codes: tuple[Obis, ...]) -> tuple[Obis, ...]:
    """Return the one tuple of all that are equal."""
    return codes


class _Json(NamedTuple):
    """How registers are written as JSON.

    Args:
        form: the members of an object, with gaps.
        pick: takes the counts of the numbers from those at all slots.
        exponents: their powers of ten.
        others: gaps of the registers that are more than such a number, and their codes.
    """

    form: jsontext.Form
    pick: Callable[[tuple[int, ...]], tuple[int, ...]]
    exponents: tuple[int, ...]
    others: tuple[tuple[int, Obis], ...]


class Registers(Mapping[Obis, Register]):
    """The registers of a telegram, made when they are first looked at.

    Args:
        layout: of the telegram.
        content: the plaintext.
        counts: the numbers at its slots.
        sent: when the telegram was sent.
        before: when the one before it was sent; see `MeterClock`.
    """

    __slots__ = ("_before", "_content", "_counts", "_layout", "_made", "_sent")

    def __init__(
        self,
        layout: RegisterLayout,
        content: bytes,
        counts: tuple[int, ...],
        sent: datetime | None,
        before: datetime | None,
    ) -> None:
        self._layout = layout
        self._content = content
        self._counts = counts
        self._sent = sent
        self._before = before
        self._made: dict[Obis, Register] | None = None

    def members(self) -> str:
        """Return the members of a JSON object of these registers."""
        form, pick, exponents, others = self._layout.json
        texts = list(map(jsontext.scaled, pick(self._counts), exponents))
        for gap, obis in others:
            texts.insert(gap, _member(obis, self._register(obis)))
        return form.filled(tuple(texts))

    def __getitem__(self, obis: Obis) -> Register:
        return self._registers()[obis]

    def __iter__(self) -> Iterator[Obis]:
        return iter(self._layout.codes)

    def __len__(self) -> int:
        return len(self._layout.codes)

    def _registers(self) -> dict[Obis, Register]:
        if self._made is None:
            self._made = {obis: self._register(obis) for obis in self._layout.codes}
        return self._made

    def _register(self, obis: Obis) -> Register:
        """Make a register of that of the telegram of which the template was made."""
        register = self._layout[obis]
        rows, moments = self._layout.meaning.rows, self._layout.meaning.moments
        clock = MeterClock(self._layout.zone, self._before)
        if row := rows.get(("registers", obis)):
            register = register._replace(value=scale(row.sum_of(self._counts), row.exponent))
        if time := moments.get(("shown", obis)):
            if self._sent and time == moments.get(("sent",)):
                shown = self._sent.isoformat()
            else:
                shown = clock.shown(time.value_in(self._content))
            register = register._replace(value=shown)
        if time := moments.get(("registers", obis)):
            register = register._replace(at=clock.moment(time.value_in(self._content)))
        return register
