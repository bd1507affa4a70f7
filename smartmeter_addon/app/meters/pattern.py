"""Patterns: what the templates of all senders of a list have in common.

Meters of one type push lists of the same structure, and their telegrams differ in the same places.
Finding what stands there takes as long as reading some dozens of telegrams, and what was found
takes more memory than all else of a template. So both is done once: a sender whose telegram says
what one of another sender said, but for names, texts of registers, numbers and times, is given the
pattern of that one, when the general way reads its numbers and times as the pattern does.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from app.meters import slots, structure
from app.meters.meaning import Meaning, Name, Row, Trial
from app.meters.meter_clock import time_in
from app.meters.reading import BEHIND_VALUES, Reading
from app.meters.registers import constants_of
from app.meters.slots import TimeSlot
from app.meters.telegram import Telegram
from app.meters.values import Layout, layout_of

_MOST: Final = 8
"""Patterns of telegrams with numbers at the same places: of meters of other types, or in another
state."""

_PAIR: Final = 2  # import without export, two tariffs

_new: Final = tuple.__new__  # makes a named tuple in half the time that its class takes


class Part:
    """How one reading of a telegram is made.

    Args:
        layout: of its values.
        pick: takes their counts from those of the telegram.
        constants: what stands behind its values.
        time: where its time stands; None where that is constant, or the time of the telegram.
    """

    # Not a named tuple, whose fields take Python several times as long to read as slots.
    __slots__ = ("constants", "layout", "pick", "time")

    def __init__(
        self,
        layout: Layout,
        pick: Callable[[tuple[int, ...]], tuple[int, ...]],
        constants: tuple[Any, ...],
        time: TimeSlot | None,
    ) -> None:
        self.layout = layout
        self.pick = pick
        self.constants = constants
        self.time = time


class Pattern:
    """What is the same in the telegrams of all senders of a list.

    Args:
        base: one of them, read in the general way.
        reading: of it.
        trial: of it.
        meaning: of its plaintext.
    """

    __slots__ = (
        *("_rest", "bits", "bounds", "constant", "fixed", "has_times", "main", "meaning"),
        *("names", "others", "registers", "sums", "time", "unpack"),
    )

    def __init__(self, base: Telegram, reading: Reading, trial: Trial, meaning: Meaning) -> None:
        self.meaning = meaning
        self._rest = trial.said.rest
        content = structure.content_of(base)
        self.unpack = slots.unpacker(content, meaning.numbers)
        """Takes the numbers of a plaintext; see `slots.unpacker`."""
        self.constant = _constant_bits(base, meaning)
        """The bits of the plaintext that are the same in all telegrams of a sender, but names."""
        self.bits = int.from_bytes(content, "big") & self.constant
        """These bits of the first sender, which are mostly those of the others, too."""
        names = slots.names_in(content) if base.push.is_text else []
        self.names = slots.parts_taker((one.start, one.stop) for one in names) if names else None
        """Takes the names of a plaintext; None where they are among the constant bits."""
        self.bounds = [
            (n, slot.least, slot.most) for n, slot in enumerate(meaning.numbers) if slot.is_bounded
        ]
        """The least and the most of the numbers that could be more, each with its place."""
        places = self._place_rows()
        sent = meaning.moments.get(("sent",))
        self.time = time_in(len(content), sent.begin, sent.end) if sent else None
        """Takes the time of the telegram out of a plaintext; None where that is constant."""
        self.has_times = any(
            name[0] == "registers" or (name[0] == "shown" and time != sent)
            for name, time in meaning.moments.items()
        )
        """Whether registers have times that are not the telegram's."""
        self.main = _part(("values",), reading, meaning, places)
        self.others = [
            _part(("others", n), one, meaning, places) for n, one in enumerate(base.others)
        ]
        self.registers = constants_of(base.registers or {}, meaning)
        """Those of the first sender, without what is another in each telegram."""

    def is_of(self, base: Telegram, trial: Trial) -> bool:
        """Tell whether this is the pattern of a telegram, too; for the arguments see there."""
        return (
            trial.said.rest == self._rest
            and self.unpack is slots.unpacker(structure.content_of(base), self.meaning.numbers)
            and self.constant == _constant_bits(base, self.meaning)
            and trial.has(self.meaning)
        )

    def _place_rows(self) -> dict[Name, int]:
        """Give each number that is not the one of a slot a place behind those."""
        rows = self.meaning.rows
        wanted = {name: row for name, row in rows.items() if name[0] != "registers"}
        fixed = {name: row.rest for name, row in wanted.items() if not row.terms}
        sums = {name: row for name, row in wanted.items() if row.terms and row.slot is None}
        self.fixed = tuple(fixed.values())
        """Those of these numbers that are constant."""
        self.sums = tuple(map(_sum_of, sums.values()))
        """Makes each of the others of the numbers at the slots."""
        places = {name: row.slot for name, row in wanted.items() if row.slot is not None}
        size = len(self.meaning.numbers)
        return places | {name: size + n for n, name in enumerate((*fixed, *sums))}


def pattern_of(base: Telegram, reading: Reading, trial: Trial) -> Pattern | None:
    """Find the pattern of a telegram: that of another sender, or one of its own.

    Args:
        base: the telegram, read in the general way.
        reading: of it.
        trial: of it.

    Returns:
        None when the general way does not say the same of like telegrams.
    """
    size = len(structure.content_of(base))
    known = patterns_like(size, tuple((one.begin, one.end, one.form) for one in trial.numbers))
    for one in known:
        if one.is_of(base, trial):
            return one
    meaning = trial.meaning()
    if meaning is None:
        return None
    known.append(Pattern(base, reading, trial, meaning))
    del known[:-_MOST]
    return known[-1]


@lru_cache(maxsize=64)
def patterns_like(
    size: int,  # noqa: ARG001 - tells lists apart
    numbers: tuple[tuple[int, int, str], ...],  # noqa: ARG001 - as before
) -> list[Pattern]:
    """Return the patterns found so far of telegrams of a size with numbers at some places.

    `pattern_of` adds to the list, which is the same one for the same arguments.
    """
    return []


def _constant_bits(base: Telegram, meaning: Meaning) -> int:
    return slots.constant_bits(
        structure.content_of(base), meaning.numbers, meaning.times, is_text=base.push.is_text
    )


def _sum_of(row: Row) -> Callable[[tuple[int, ...]], int]:
    """Return what adds up the terms of a row."""
    if len(row.terms) != _PAIR:
        return row.sum_of
    (one, factor), (other, other_factor) = row.terms
    rest = row.rest
    return lambda counts: counts[one] * factor + counts[other] * other_factor + rest


def _part(where: Name, reading: Reading, meaning: Meaning, places: Mapping[Name, int]) -> Part:
    """Find how a reading is made; for the arguments see `Pattern` and `meaning`."""
    texts = {key: value for key, value in reading.values.items() if isinstance(value, str)}
    numbers = [key for key in reading.values if key not in texts]
    exponents = tuple(meaning.rows[*where, key].exponent for key in numbers)
    layout = layout_of(tuple(reading.values), exponents, tuple(texts.items()))
    pick = slots.picker([places[*where, key] for key in numbers])
    return Part(layout, pick, tuple(reading)[BEHIND_VALUES], meaning.moments.get(where))
