"""The registers of a telegram as JSON, and those of telegrams that are all laid out alike."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from app import jsontext
from app.cosem.obis import Obis
from app.cosem.unit import scale
from app.meters.meaning import Meaning, Row
from app.meters.meter_clock import MeterClock
from app.meters.telegram import Register


def members(registers: Mapping[Obis, Register]) -> list[str]:
    """Return the members of a JSON object of registers, by their codes."""
    if isinstance(registers, Registers):
        return registers.members()
    return [_member(obis, register) for obis, register in registers.items()]


def _member(obis: Obis, register: Register) -> str:
    described: dict[str, Any] = {"value": register.value, "unit": register.unit}
    if register.at:
        described["at"] = register.at.isoformat()
    return jsontext.member(str(obis), described)


class RegisterLayout:
    """What is the same in the registers of all such telegrams.

    Args:
        known: the registers of one of them.
        meaning: of its plaintext.
    """

    def __init__(self, known: Mapping[Obis, Register], meaning: Meaning) -> None:
        self.known = known
        self.meaning = meaning

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Those of a JSON object; of registers that are `numbers`, what stands before these."""
        numbers = {place for place, *_ in self.numbers}
        return tuple(
            self._around(obis, register)[0] if place in numbers else _member(obis, register)
            for place, (obis, register) in enumerate(self.known.items())
        )

    @cached_property
    def numbers(self) -> tuple[tuple[int, int | None, Row, str], ...]:
        """The registers that hold a number and no time.

        Of each its place, the slot of the number or None, what it is made of, and what stands
        behind it.
        """
        moments, rows = self.meaning.moments, self.meaning.rows
        return tuple(
            (place, row.slot, row, self._around(obis, register)[1])
            for place, (obis, register) in enumerate(self.known.items())
            if (row := rows.get(("registers", obis))) and ("registers", obis) not in moments
        )

    @cached_property
    def dated(self) -> tuple[tuple[int, Obis], ...]:
        """Places and codes of registers that hold a time."""
        moments = self.meaning.moments
        return tuple(
            (place, obis)
            for place, obis in enumerate(self.known)
            if ("registers", obis) in moments or ("shown", obis) in moments
        )

    @staticmethod
    def _around(obis: Obis, register: Register) -> tuple[str, str]:
        """Return the JSON text of a register before and behind its value."""
        before, _, behind = _member(obis, register._replace(value=0)).partition("0, ")
        return before, f", {behind}"


class Registers(Mapping[Obis, Register]):
    """The registers of a telegram, made when they are first looked at.

    Args:
        layout: of the telegram.
        content: the plaintext.
        counts: the numbers at its slots.
        clock: of the sender, where registers hold times.
    """

    __slots__ = ("_clock", "_content", "_counts", "_layout", "_made")

    def __init__(
        self,
        layout: RegisterLayout,
        content: bytes,
        counts: tuple[int, ...],
        clock: MeterClock | None,
    ) -> None:
        self._layout = layout
        self._content = content
        self._counts = counts
        self._clock = clock
        self._made: dict[Obis, Register] | None = None

    def members(self) -> list[str]:
        """Return the members of a JSON object of these registers."""
        layout, counts = self._layout, self._counts
        members = list(layout.members)
        for place, slot, row, behind in layout.numbers:
            count = row.sum_of(counts) if slot is None else counts[slot]
            members[place] += jsontext.scaled(count, row.exponent) + behind
        for place, obis in layout.dated:
            members[place] = _member(obis, self._register(obis))
        return members

    def __getitem__(self, obis: Obis) -> Register:
        return self._registers()[obis]

    def __iter__(self) -> Iterator[Obis]:
        return iter(self._layout.known)

    def __len__(self) -> int:
        return len(self._layout.known)

    def _registers(self) -> dict[Obis, Register]:
        if self._made is None:
            self._made = {obis: self._register(obis) for obis in self._layout.known}
        return self._made

    def _register(self, obis: Obis) -> Register:
        """Make a register of that of the telegram of which the template was made."""
        register = self._layout.known[obis]
        meaning, clock = self._layout.meaning, self._clock
        if row := meaning.rows.get(("registers", obis)):
            register = register._replace(value=scale(row.sum_of(self._counts), row.exponent))
        if clock and (time := meaning.moments.get(("shown", obis))):
            register = register._replace(value=clock.shown(time.value_in(self._content)))
        if clock and (time := meaning.moments.get(("registers", obis))):
            register = register._replace(at=clock.moment(time.value_in(self._content)))
        return register
