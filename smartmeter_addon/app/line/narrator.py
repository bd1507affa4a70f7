"""All that the log is told of one line: what was found, and what is wrong and what to do."""

import logging
from collections.abc import Callable, MutableMapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from app.cosem.obis import Obis
from app.fault import Fault
from app.line.health import NOT_ACCEPTED, Counts
from app.line.reminders import Reminder
from app.line.trouble import Problem
from app.log import NOTICE, TRACE
from app.meters import catalogue, states
from app.meters.reading import Reading
from app.meters.sensors import SENSORS
from app.meters.telegram import Telegram
from app.transport.source import (
    GatewaySaid,
    GaveUp,
    Lost,
    OnlyAdapter,
    Opened,
    Settled,
    SpeaksTelnet,
)

REPORT_AFTER: Final = 300.0
"""Seconds between two lines that say that all is well."""

NOT_ACCEPTED_AFTER: Final = 60.0
"""Seconds between two lines on telegrams that are not accepted."""

MOST_UNNAMED: Final = 200
"""So many codes without a name are told; more than any meter has only an attacker invents."""

_REPORTED: Final = ("power", "energy_import", "energy_export")


@lru_cache(maxsize=64)
def _shared(listed: tuple[tuple[Obis, str], ...]) -> tuple[tuple[Obis, str], ...]:
    """Return the one of all that are equal, as many lines have meters of one type."""
    return listed


class Narrator:
    """Writes one line's story.

    Args:
        label: begins each message, to tell several meters apart; may be empty.
        clock: a steady one, in seconds.
    """

    def __init__(self, label: str, clock: Callable[[], float]) -> None:
        self._log = _Labelled(logging.getLogger(__name__), {"label": label})
        self._clock = clock
        self._problem = Reminder(self._log)
        self._withheld: dict[str, Reminder] = {}  # by the problem's key
        self._advice = Reminder(self._log)
        self._read_before_problem = 0
        self._reported_at = clock()
        self._not_accepted_told_at = -NOT_ACCEPTED_AFTER
        self._notes: frozenset[str] = frozenset()
        self._unnamed: frozenset[Obis] = frozenset()
        self._listed: tuple[tuple[Obis, str], ...] = ()  # registers of the last one, with units
        self._attempts: frozenset[str] = frozenset()  # told since the last frame

    # --- the source ---

    def start(self, meter_type: str) -> None:
        """Say what is about to be read."""
        self._log.info("meter type %s", meter_type)

    def source(
        self,
        event: Opened | Lost | GaveUp | Settled | OnlyAdapter | SpeaksTelnet | GatewaySaid,
    ) -> None:
        """Say what became of the source; why it was lost is said as a problem."""
        match event:
            case Opened(anew=True):
                self._log.debug("called %s anew, as it was silent", event.line)
            case Opened():
                self._attempt(event.line, NOTICE, f"reading {event.line}")
            case Lost(mode=mode) if mode is not None:
                self._attempts -= {event.line}  # plugged in again, it is told again
            case GaveUp() | GatewaySaid():
                self._attempt(str(event), logging.INFO, str(event))
            case SpeaksTelnet():
                self.note(str(event))
            case Settled(searched=True):
                self._log.info("the serial mode is %s", event.mode)
            case OnlyAdapter():
                self._log.info("reading the only serial adapter, %s", event.path)

    def _attempt(self, what: str, level: int, message: str) -> None:
        """Tell of an attempt; once more without a frame in between, only to developers."""
        self._log.log(logging.DEBUG if what in self._attempts else level, "%s", message)
        self._attempts |= {what}

    def received(self, chunk: bytes) -> None:
        """Show bytes, if the log level wants them."""
        if self._log.logger.isEnabledFor(TRACE):  # digits for every byte are made for nobody else
            self._log.log(TRACE, "received %s", chunk.hex(" "))

    # --- telegrams ---

    def framed(self) -> None:
        """Take that a good frame came: the next attempt is told again."""
        self._attempts = frozenset()

    def crashed(self, chunk: bytes) -> None:
        """Say that decoding raised an exception, with its trace."""
        self._log.exception(
            "a telegram could not be decoded through a mistake in this program; please report"
            " this line with what `listen` shows. Reading goes on. The bytes: %s",
            chunk.hex(),
        )

    def fault(self, fault: Fault, now: float) -> None:
        """Tell developers of every fault, and users now and then of what is not accepted."""
        self._log.debug("%s", fault)
        not_accepted = fault.kind in NOT_ACCEPTED
        if not_accepted and now - self._not_accepted_told_at >= NOT_ACCEPTED_AFTER:
            self._not_accepted_told_at = now
            self._log.info("%s", fault.reason)

    def telegram(self, telegram: Telegram) -> None:
        """Say what is new in a telegram that was accepted; to developers, all of it."""
        if self._log.logger.isEnabledFor(logging.DEBUG):
            self._log.debug("telegram of %s", _whole(telegram))
        if telegram.note:
            self.note(telegram.note)
        if telegram.told:
            self._log.log(NOTICE, "%s", telegram.told)
        if telegram.template is None:  # else the one that it was made of has been looked at
            self._unnamed_registers(telegram)
        if not telegram.reading and not telegram.others and not telegram.waiting:
            self.note(
                "the meter's telegrams hold no value that is published; some meters send those once"
                " an hour only. If none come, report the meter as the documentation says, with what"
                " `listen` shows"
            )

    def note(self, sentence: str) -> None:
        """Say something once."""
        if sentence not in self._notes:
            self._notes |= {sentence}
            self._log.log(NOTICE, "%s", sentence)

    def introduce(self, telegram: Telegram, reading: Reading) -> None:
        """Show a meter's first telegram in full, and say how far it can be trusted."""
        title = reading.meter.system_title if reading is telegram.reading else None
        self._log.log(
            NOTICE, "first telegram of %s: %s", reading.meter.called(title), _values(reading)
        )
        security = telegram.push.security
        if security and security.authenticated is None:
            untagged = "this meter sends no tag to check"
            reason = "no auth_key is set" if security.has_tag else untagged
            self._log.info("the telegrams are deciphered but not authenticated: %s", reason)

    def _unnamed_registers(self, telegram: Telegram) -> None:
        """Name registers that are no reading, once."""
        registers = telegram.registers or {}
        listed = tuple((obis, register.unit) for obis, register in registers.items())
        if listed == self._listed:
            return
        self._listed = _shared(listed)
        left = MOST_UNNAMED - len(self._unnamed)
        unnamed = [
            obis
            for obis, unit in listed
            if obis.electrical
            and obis not in self._unnamed
            and not (catalogue.is_abstract(obis) or states.is_read(obis))
            and not catalogue.conversion_of(obis, unit)
        ][:left]
        if unnamed:
            self._unnamed |= {*unnamed}
            codes = ", ".join(map(str, unnamed))
            self._log.info("the meter also sends what is not published: %s", codes)

    # --- how the line is doing ---

    def look(
        self,
        problem: Problem | None,
        advice: Problem | None,
        counts: Counts,
        newest: Reading | None,
        *,
        withheld: Sequence[Problem],
    ) -> None:
        """Tell what is wrong or fine again, and from time to time that all is well.

        Args:
            problem: what keeps the meter from being read.
            advice: what is odd although the meter is read.
            counts: what came so far.
            newest: the meter's last reading.
            withheld: problems of values that are withheld, each told by itself.
        """
        now = self._clock()
        if problem:
            if not self._problem.active:
                self._read_before_problem = counts.telegrams
            self._problem.tell(problem.key, problem.sentence, now, counts.faults)
        elif not self._problem.active:
            if now - self._reported_at > REPORT_AFTER and counts.telegrams and not withheld:
                self._report(counts, newest)
                self._reported_at = now
        elif counts.telegrams > self._read_before_problem:  # an open line alone is not enough
            self._log.log(NOTICE, "the meter is read again")
            self._problem.over()
        if not problem:
            self._tell_withheld(withheld, now)
        if advice:
            self._advice.tell(advice.key, advice.sentence, now)
        else:
            self._advice.over()

    def _tell_withheld(self, withheld: Sequence[Problem], now: float) -> None:
        """Tell which values are withheld, and when none is any more."""
        for one in withheld:
            reminder = self._withheld.setdefault(one.key, Reminder(self._log))
            reminder.tell(one.key, one.sentence, now)
        if self._withheld and not withheld:
            self._log.info("no value is withheld any more")
            self._withheld.clear()

    def _report(self, counts: Counts, newest: Reading | None) -> None:
        """Say that all is well, with the newest values."""
        values = newest.values if newest else {}
        shown = [_shown(key, values[key]) for key in _REPORTED if key in values]
        self._log.info(
            "%d telegrams read, %d errors since the start%s",
            counts.telegrams,
            counts.faults,
            f"; now {', '.join(shown)}" if shown else "",
        )


def _whole(telegram: Telegram) -> str:
    """Show all that a telegram says: readings by their names, everything else by its code."""
    reading = telegram.reading
    who = reading.meter.called(reading.meter.system_title) if reading else telegram.sender
    sent = f", sent {telegram.timestamp.isoformat()}" if telegram.timestamp else ""
    shown = [_values(reading)] if reading else []
    shown += [
        f"{obis} {register.value} {register.unit}".rstrip()
        for obis, register in (telegram.registers or {}).items()
        if not (catalogue.conversion_of(obis, register.unit) or states.is_read(obis))
    ]
    shown += [f"{other.meter.called()}: {_values(other)}" for other in telegram.others]
    return f"{who}{sent}: {'; '.join(shown)}"


def _values(reading: Reading) -> str:
    return ", ".join(_shown(key, value) for key, value in reading.values.items())


def _shown(key: str, value: object) -> str:
    sensor = SENSORS[key]
    text = f"{value:f}" if isinstance(value, Decimal) else value
    return f"{sensor.name_en} {text} {sensor.unit or ''}".rstrip()


class _Labelled(logging.LoggerAdapter[logging.Logger]):
    """Begins each message with the meter's label."""

    def process(
        self, msg: str, kwargs: MutableMapping[str, Any]
    ) -> tuple[str, MutableMapping[str, Any]]:
        label = (self.extra or {}).get("label")
        return (f"{label}: {msg}" if label else msg), kwargs
