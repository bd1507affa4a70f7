"""Templates: a telegram like one before is read by the places of its values.

A meter says the same in each telegram of a list, but for its values and its clock. So when some
telegrams of a list were read in the general way and accepted, a template is made of the last one,
see `templates`.
A telegram that has the same constant bits is read by it: all constants are compared at once, all
numbers are unpacked at once, and they stay integers.

What the numbers mean is found by trial, see `meaning`, and shared by all senders of the same list,
see `pattern`: a template knows no codes, no units and no profiles, and never says what the general
way would not say. Whatever misses it goes the general way: another list, another text or state, an
hour without a time, a number out of bounds. It is valid as long as what the general way remembers
of the meter stays what it is (`Interpreter.revision`).
"""

from datetime import datetime
from typing import Any, Final

from app.cosem.obis import Obis
from app.cosem.unit import scale
from app.dlms.receiver import Push
from app.meters import structure
from app.meters.energy_counts import Shown
from app.meters.interpreter import Interpreter
from app.meters.meaning import Trial, is_steady
from app.meters.meter_clock import SenderClock
from app.meters.pattern import Pattern, pattern_of
from app.meters.reading import Reading
from app.meters.registers import RegisterLayout, Registers
from app.meters.slots import TimeSlot
from app.meters.telegram import Telegram
from app.meters.values import Values

_CONSTANTS: Final = slice(Telegram._fields.index("template") + 1, None)
"""Fields of a `Telegram` that are the same in all that a template reads."""

_new: Final = tuple.__new__  # makes a named tuple in half the time that its class takes


class Template:
    """Reads telegrams that are like one before.

    Args:
        base: that telegram, read in the general way.
        reading: of it.
        pattern: of it.
        interpreter: of the line.
        clock: of the sender.
    """

    __slots__ = (
        *("_clock", "_constants", "_energies", "_interpreter", "_meter", "_pattern"),
        *("_registers", "_reported", "_sent", "_shown", "_shows", "_told_by", "bits"),
        *("constant", "names", "pick_names"),
    )

    def __init__(
        self,
        base: Telegram,
        reading: Reading,
        pattern: Pattern,
        interpreter: Interpreter,
        clock: SenderClock,
    ) -> None:
        self._pattern = pattern
        self._interpreter = interpreter
        self._clock = clock
        self._constants: tuple[Any, ...] = tuple(base)[_CONSTANTS]
        self._meter = reading.meter
        # Whose each other reading is; and the times of the last ones, as they are written, unless
        # they are constant, and as they are.
        self._told_by = tuple(one.meter for one in base.others)
        self._reported = tuple((b"", one.timestamp) for one in base.others)
        self._sent = base.timestamp
        self._registers = RegisterLayout(
            pattern.registers, pattern.meaning, base.registers or {}, interpreter.clocks.zone
        )
        self._shown = base.shown
        self._shows = base.shown is not None or base.evidence is not None
        self._energies = self._rows_of_energies(base.shown) if base.shown else ()
        self.constant = pattern.constant
        """Which bits of a plaintext are the same in all that are read by this template."""
        content = structure.content_of(base)
        bits = int.from_bytes(content, "big") & self.constant
        self.bits = pattern.bits if bits == pattern.bits else bits  # as they take much memory
        """These bits."""
        self.pick_names = pattern.names
        self.names = b"".join(pattern.names(content)) if pattern.names else b""
        """The names one after the other, which are the same in all of them, too."""

    def read(self, push: Push, content: bytes) -> Telegram | None:
        """Read a telegram that has the same constant bits and names.

        Returns:
            None if it is to be read in the general way.
        """
        pattern = self._pattern
        try:
            counts = pattern.unpack(content)
        except ValueError:
            return None
        for n, least, most in pattern.bounds:
            if not least <= counts[n] <= most:
                return None
        sent = self._sent
        if pattern.time is not None:
            sent = self._clock.moment(pattern.time(content))
            if sent is None:
                return None
        before = self._clock.before if pattern.has_times else None
        registers = Registers(self._registers, content, counts, sent, before)
        shown = self._shown
        if shown is not None:
            shown = self._go_on(shown, counts, sent)
            if shown is None:
                return None
        numbers = counts + pattern.fixed
        for sum_of in pattern.sums:
            numbers += (sum_of(counts),)
        others = self._read_others(content, numbers, sent) if pattern.others else ()
        if others is None:
            return None
        main = pattern.main
        said = self._meter, sent, Values(main.layout, main.pick(numbers))
        reading = _new(Reading, said + main.constants)
        fields = push, reading, others, sent, registers, shown, self
        return _new(Telegram, fields + self._constants)

    def remember(self, telegram: Telegram) -> None:
        """See `Reader.remember`."""
        if (sent := telegram.timestamp) is not None:
            self._clock.last = sent
        if self._shows:
            self._interpreter.take_values(telegram)

    def _go_on(self, shown: Shown, counts: tuple[int, ...], sent: datetime | None) -> Shown | None:
        """Take energies whose unit is known by how they go on; see `EnergyUnits.goes_on`."""
        if sent is None:
            return None
        numbers = [(obis, scale(counts[n], exponent)) for obis, n, exponent in self._energies]
        return self._interpreter.energies_go_on(shown, numbers, sent)

    def _read_others(
        self, content: bytes, counts: tuple[int, ...], sent: datetime | None
    ) -> tuple[Reading, ...] | None:
        """Read what submeters report; None where a time may be no time of a report."""
        others, reported = [], []
        told = zip(self._pattern.others, self._told_by, self._reported, strict=True)
        for part, meter, (known, moment) in told:
            time, raw, at = part.time, known, moment
            if time is not None:
                raw = time.of(content)
                if raw != known:
                    at = self._moment(time, content)
                if at is None or sent is None or at > sent:
                    return None
            reported.append((raw, at))
            said = meter, at, Values(part.layout, part.pick(counts))
            others.append(_new(Reading, said + part.constants))
        self._reported = tuple(reported)
        return tuple(others)

    def _moment(self, time: TimeSlot, content: bytes) -> datetime | None:
        return self._clock.next.moment(time.value_in(content))

    def _rows_of_energies(self, shown: Shown) -> tuple[tuple[Obis, int, int], ...]:
        """Find what `EnergyUnits` looks at: registers, as the telegram counts them.

        Returns:
            The code, the slot and the power of ten of each.
        """
        return tuple(
            (name[1], row.slot, shown.energies.get(name[1], row.exponent))
            for name, row in self._pattern.meaning.rows.items()
            if name[0] == "registers" and isinstance(name[1], Obis) and row.slot is not None
        )


def made(push: Push, interpreter: Interpreter) -> Template | None:
    """Make a template of a telegram.

    Args:
        push: the telegram.
        interpreter: of the line.

    Returns:
        None if telegrams like it have to be read in the general way.
    """

    def read(content: bytes) -> Telegram:
        return interpreter.interpret(push.with_plaintext(content), energies_go_on=False)

    base = read(push.plaintext or b"")
    reading, shown = base.reading, base.evidence
    if reading is None or not is_steady(base):
        return None
    trial = Trial(base, read, interpreter.clocks.of(base.sender).next)
    pattern = pattern_of(base, reading, trial)
    clock = interpreter.clocks.kept(base.sender) if pattern else None
    if pattern is None or clock is None:
        return None
    if shown and not shown.volts:
        base = base._replace(evidence=None)
    base = base._replace(sender=clock.sender)  # one text for both
    return Template(base, reading, pattern, interpreter, clock)
