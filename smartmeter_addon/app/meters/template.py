"""Templates: a telegram like one before is read by the places of its values.

A meter says the same in each telegram of a list, but for its values and its clock. So when some
telegrams of a list were read in the general way and accepted, a template is made of the last one.
A telegram that has the same constant bits is read by it: all constants are compared at once, all
numbers are unpacked at once, and they stay integers.

What the numbers mean is found by trial, see `meaning`: a template knows no codes, no units and no
profiles, and never says what the general way would not say. Whatever misses it goes the general
way: another list, another text or state, an hour without a time, a number out of bounds. It is
valid as long as what the general way remembers of the meter stays what it is
(`Interpreter.revision`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from app.cosem.obis import Obis
from app.cosem.unit import scale
from app.dlms.receiver import Push
from app.meters import slots, structure
from app.meters.energy_counts import Shown
from app.meters.interpreter import Interpreter
from app.meters.meaning import Meaning, Name, find
from app.meters.reading import Meter, Reading
from app.meters.registers import RegisterLayout, Registers
from app.meters.slots import TimeSlot
from app.meters.telegram import Telegram
from app.meters.values import Layout, Values

_AFTER: Final = 3
_TIMES: Final = 4
_WORTH: Final = 500
"""Telegrams of a channel that are read in the general way before a template is made; and how many
times more before the next one, unless so many were read by templates meanwhile. Making one takes as
long as reading some dozens."""

_MOST: Final = 8
"""Templates of one channel: lists of a meter that have the same size, and states it is in."""

_MOST_CHANNELS: Final = 32
"""Channels that are remembered; a hostile sender makes up others."""


_CONSTANTS: Final = slice(Telegram._fields.index("template") + 1, None)
"""Fields of a `Telegram` that are the same in all that a template reads."""

_BEHIND_VALUES: Final = slice(Reading._fields.index("values") + 1, None)
"""The same of a `Reading`."""


class _Part(NamedTuple):
    """How one reading of a telegram is made.

    Args:
        meter: whose it is.
        layout: of its values.
        pick: takes their counts from those of the telegram.
        constants: what stands behind its values.
        time: where its time stands; None where that is constant.
        at: its time where that is constant.
    """

    meter: Meter
    layout: Layout
    pick: Callable[[tuple[int, ...]], tuple[int, ...]]
    constants: tuple[Any, ...]
    time: TimeSlot | None
    at: datetime | None

    def read(self, counts: tuple[int, ...], at: datetime | None) -> Reading:
        """Make the reading of a telegram."""
        return Reading(self.meter, at, Values(self.layout, self.pick(counts)), *self.constants)


class Template:
    """Reads telegrams that are like one before.

    Args:
        base: that telegram, read in the general way.
        reading: of it.
        meaning: of its plaintext.
        interpreter: of the line.
    """

    __slots__ = (
        *("_base", "_bounds", "_clocks", "_constants", "_energies", "_has_times", "_interpreter"),
        *("_made", "_main", "_meaning", "_others", "_registers", "_reported", "_sender", "_unpack"),
        *("_when", "bits", "constant"),
    )

    def __init__(
        self, base: Telegram, reading: Reading, meaning: Meaning, interpreter: Interpreter
    ) -> None:
        content = structure.content_of(base)
        self._base = base
        self._sender = base.sender
        self._constants: tuple[Any, ...] = tuple(base)[_CONSTANTS]
        self._meaning = meaning
        self._interpreter = interpreter
        self._clocks = interpreter.clocks
        self._unpack = slots.unpacker(content, meaning.numbers)
        self._bounds = [
            (n, slot.least, slot.most) for n, slot in enumerate(meaning.numbers) if slot.is_bounded
        ]
        places = self._place_rows()
        sent = meaning.moments.get(("sent",))
        self._when = slice(sent.begin, sent.end) if sent else None
        self._main = _part(("values",), reading, meaning, places)
        self._others = [
            _part(("others", n), one, meaning, places) for n, one in enumerate(base.others)
        ]
        self._registers = RegisterLayout(base.registers or {}, meaning, interpreter.clocks.zone)
        self._reported: dict[bytes, datetime | None] = {}  # times of the last reports
        self._has_times = any(
            name[0] == "registers" or (name[0] == "shown" and time != sent)
            for name, time in meaning.moments.items()
        )
        self._energies = self._rows_of_energies() if base.shown else ()
        self.bits = int.from_bytes(content, "big")
        """The plaintext of that telegram."""
        self.constant = slots.constant_bits(
            content, meaning.numbers, meaning.times, is_text=base.push.is_text
        )
        """Its bits that are the same in all telegrams that are read by this template."""

    def read(self, push: Push, content: bytes) -> Telegram | None:
        """Read a telegram that has the same constant bits.

        Returns:
            None if it is to be read in the general way.
        """
        try:
            counts = self._unpack(content)
        except ValueError:
            return None
        for n, least, most in self._bounds:
            if not least <= counts[n] <= most:
                return None
        when, sender, clocks, sent = self._when, self._sender, self._clocks, self._base.timestamp
        if when is not None:
            sent = clocks.moment(sender, content[when])
            if sent is None:
                return None
        before = clocks.before(sender) if self._has_times else None
        registers = Registers(self._registers, content, counts, sent, before)
        shown = self._base.shown
        if shown is not None:
            shown = self._go_on(shown, counts, sent)
            if shown is None:
                return None
        numbers = counts + self._made_of(counts) if self._made else counts
        others = self._read_others(content, numbers, sent) if self._others else ()
        if len(others) < len(self._others):
            return None
        reading = self._main.read(numbers, sent)
        return Telegram(push, reading, others, sent, registers, shown, self, *self._constants)

    def _go_on(self, shown: Shown, counts: tuple[int, ...], sent: datetime | None) -> Shown | None:
        """Take energies whose unit is known by how they go on; see `EnergyUnits.goes_on`."""
        if sent is None:
            return None
        numbers = [(obis, scale(counts[n], exponent)) for obis, n, exponent in self._energies]
        return self._interpreter.energies_go_on(shown, numbers, sent)

    def _made_of(self, counts: tuple[int, ...]) -> tuple[int, ...]:
        """Return the numbers that are more than the one of a slot, see `_place_rows`."""
        made = []
        for terms, rest in self._made:
            number = rest
            for index, factor in terms:
                number += counts[index] * factor
            made.append(number)
        return tuple(made)

    def _read_others(
        self, content: bytes, counts: tuple[int, ...], sent: datetime | None
    ) -> tuple[Reading, ...]:
        """Read what submeters report; leave out one whose time may be no time of a report."""
        others = []
        known, self._reported = self._reported, {}
        for part in self._others:
            at, time = part.at, part.time
            if time is not None:
                raw = time.of(content)
                at = known[raw] if raw in known else self._moment(time, content)
                self._reported[raw] = at
                if at is None or sent is None or at > sent:
                    continue
            others.append(part.read(counts, at))
        return tuple(others)

    def _moment(self, time: TimeSlot, content: bytes) -> datetime | None:
        clock = self._interpreter.clocks.of(self._sender)
        return clock.moment(time.value_in(content))

    def _place_rows(self) -> dict[Name, int]:
        """Give each number that is more than the one of a slot a place behind those."""
        wanted = {name: row for name, row in self._meaning.rows.items() if name[0] != "registers"}
        made = {name: row for name, row in wanted.items() if row.slot is None}
        self._made = tuple((row.terms, row.rest) for row in made.values())
        places = {name: row.slot for name, row in wanted.items() if row.slot is not None}
        size = len(self._meaning.numbers)
        return places | {name: size + n for n, name in enumerate(made)}

    def _rows_of_energies(self) -> tuple[tuple[Obis, int, int], ...]:
        """Find what `EnergyUnits` looks at: registers, as the telegram counts them.

        Returns:
            The code, the slot and the power of ten of each.
        """
        energies = self._base.shown.energies if self._base.shown else {}
        return tuple(
            (name[1], row.slot, energies.get(name[1], row.exponent))
            for name, row in self._meaning.rows.items()
            if name[0] == "registers" and isinstance(name[1], Obis) and row.slot is not None
        )


def _part(where: Name, reading: Reading, meaning: Meaning, places: Mapping[Name, int]) -> _Part:
    """Find how a reading is made; for the arguments see `Template` and `meaning`."""
    texts = {key: value for key, value in reading.values.items() if isinstance(value, str)}
    keys = tuple(reading.values)
    exponents = {key: meaning.rows[*where, key].exponent for key in keys if key not in texts}
    layout = Layout(keys, exponents, texts)
    pick = slots.picker([places[*where, key] for key in layout.numbers])
    constants = tuple(reading)[_BEHIND_VALUES]
    time = meaning.moments.get(where)
    return _Part(reading.meter, layout, pick, constants, time, reading.timestamp)


@dataclass(slots=True)
class _Channel:
    """How telegrams come that are like each other.

    Args:
        templates: of their lists, the latest last.
        accepted: telegrams that were read in the general way since the last template was made.
        read: telegrams that were read by templates since then.
        after: telegrams until the next one is made.
    """

    templates: list[Template] = field(default_factory=list)
    accepted: int = 0
    read: int = 0
    after: int = _AFTER

    def is_due(self) -> bool:
        """Take one more telegram that was accepted; tell whether to make a template of it."""
        self.accepted += 1
        if self.accepted < (_AFTER if self.read >= _WORTH else self.after):
            return False
        self.after = _AFTER if self.read >= _WORTH else self.after * _TIMES
        self.accepted = self.read = 0
        return True


class Templates:
    """The templates of one line.

    Args:
        interpreter: of the line, the general way.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._channels: dict[tuple[object, ...], _Channel] = {}
        self._revision = interpreter.revision

    def read(self, push: Push) -> Telegram | None:
        """Read a telegram; None if it is to be read in the general way."""
        content = push.plaintext
        channel = self._channels.get(_channel_of(push))
        if content is None or channel is None or not channel.templates:
            return None
        bits = int.from_bytes(content, "big")
        for template in channel.templates:
            if not (bits ^ template.bits) & template.constant:
                channel.read += 1
                return template.read(push, content)
        return None

    def learn(self, telegram: Telegram) -> None:
        """Take a telegram that was accepted; make a template of it when that is due."""
        if self._revision != self._interpreter.revision:
            self._revision = self._interpreter.revision
            for one in self._channels.values():
                one.templates.clear()
        if telegram.template is not None or telegram.reading is None or telegram.told:
            return
        key = _channel_of(telegram.push)
        channel = self._channels.get(key)
        if channel is None:
            if len(self._channels) >= _MOST_CHANNELS:
                del self._channels[next(iter(self._channels))]
            channel = self._channels[key] = _Channel()
        if channel.is_due() and (template := self._made(telegram.push)):
            del channel.templates[: 1 - _MOST]
            channel.templates.append(template)

    def _made(self, push: Push) -> Template | None:
        """Make a template of a telegram."""

        def read(content: bytes) -> Telegram:
            return self._interpreter.interpret(push.with_plaintext(content), energies_go_on=False)

        base = read(push.plaintext or b"")
        reading, shown = base.reading, base.evidence
        meaning = find(base, read, self._interpreter.clocks.of(base.sender))
        if meaning is None or reading is None:
            return None
        if shown and not (shown.family or shown.volts):
            base = base._replace(evidence=None)
        return Template(base, reading, meaning, self._interpreter)


def _channel_of(push: Push) -> tuple[object, ...]:
    """Return what all telegrams of a template have in common besides the plaintext."""
    link, _, _, address, checksum, parts, note, _ = push.frame
    security, size = push.security, len(push.plaintext or b"")
    if security is None:
        return size, link, address, checksum, parts, note, push.is_text
    title, control, _, authenticated = security
    return size, link, address, checksum, parts, note, push.is_text, title, control, authenticated
