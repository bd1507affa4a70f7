"""One meter's line: its bytes are read and decoded, its readings handed on, its health watched."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final
from zlib import crc32

from app.config.options import ENERGY_UNIT_CHOICES, MeterOptions
from app.decoder import Decoder
from app.fault import Fault, Kind
from app.line import diagnostics
from app.line.diagnostics import Diagnostics, kept_meters
from app.line.health import Health
from app.line.line_ids import ALONE, Line
from app.line.narrator import Narrator
from app.line.output import Output
from app.line.sections import ENERGY_UNITS, HISTORY, METER_IDS, METER_NUMBERS, section
from app.line.throttle import Throttle
from app.line.ticks import tick
from app.line.trouble import Problem
from app.line.watcher import UNWATCHED, Watcher
from app.meters import derived, identity
from app.meters.energy_units import EnergyUnits
from app.meters.limits import MOST_SENDERS
from app.meters.meter_ids import MeterIds
from app.meters.profile import Profile
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.plausibility import Guard
from app.plausibility.memory import ids_with_energies
from app.state import State
from app.transport.parity import errors_in
from app.transport.push_interval import PushInterval
from app.transport.source import Event, Lost, Opened, Source

WATCH_INTERVAL: Final = 2.0
"""Seconds between two looks at a line's health."""

_CRC_RANGE: Final = 2**32

KEEP_AFTER: Final = 900.0
"""Seconds between two writings of the guard's memory: SD cards wear out."""


def now_utc() -> datetime:
    """Give the date and time, aware."""
    return datetime.now(UTC)


@dataclass(slots=True)
class _Heard:
    """A meter that the line leads to; one line can lead to several.

    Args:
        throttle: says when its readings are due.
        name: what the household calls it.
        reading: its newest one.
        at: when it was heard last; None while it is silent.
    """

    throttle: Throttle
    name: str | None
    reading: Reading
    at: float | None = None


class LineReader:
    """Reads one line for as long as its source lasts.

    Args:
        options: of the meter.
        source: where the bytes come from.
        output: takes readings, availability and diagnostics.
        profiles: every meter family there is.
        zone: where the meter stands.
        state: what is known from before the last restart.
        push_interval: of the meter; `Health` learns it.
        line: this one; its label tells it from others in the log and in the state.
        watcher: sees all that the line does.
        clock: a steady one, in seconds.
        wall_clock: gives the date and time, aware.
    """

    def __init__(
        self,
        options: MeterOptions,
        source: Source,
        output: Output,
        *,
        profiles: Mapping[str, Profile],
        zone: tzinfo,
        state: State,
        push_interval: PushInterval,
        line: Line = ALONE,
        watcher: Watcher = UNWATCHED,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self._options = options
        self._source = source
        self._output = output
        self._state = state
        label = self._label = line.label
        self._watcher = watcher
        self._clock = clock
        self._wall_clock = wall_clock
        self._narrator = Narrator(label, clock)
        self.health: Final = Health(push_interval, clock())
        """How the line is doing: what was counted so far, and the drift of the meter's clock."""
        self._diagnostics = Diagnostics(
            self.health,
            output,
            state,
            line=line,
            name=options.name,
            wall_clock=wall_clock,
            interval=max(diagnostics.INTERVAL, options.update_interval),
        )
        self._numbers_section = section(METER_NUMBERS, label)
        self._numbers = state.section(self._numbers_section)
        self._history_section = section(HISTORY, label)
        history = state.section(self._history_section)
        self._units_section = section(ENERGY_UNITS, label)
        self._kept_units = state.section(self._units_section)
        chosen = ENERGY_UNIT_CHOICES[options.energy_unit]
        units = EnergyUnits(chosen, self._kept_units, ids_with_energies(history))
        history = _comparable(history, units)
        # Where the user says what energies count, the power does not contradict it.
        self._guard = Guard(
            history, clock, lambda: wall_clock().timestamp(), compares_power=chosen is None
        )
        self._kept_at = clock()
        self._decoder = Decoder(
            options.keys,
            profiles,
            zone,
            options.meter_type,
            label=identity.slug(label),
            numbers=self._numbers,
            ids=MeterIds(state.view(METER_IDS), _nameless(state, label)),
            energy_units=units,
            guard=self._guard,
            now=wall_clock,
        )
        self._heard: dict[str, _Heard] = {}
        self._newest: Reading | None = None
        self._address: str | None = None

    @property
    def hears(self) -> bool:
        """Whether a meter is heard on this line."""
        return any(meter.at is not None for meter in self._heard.values())

    @property
    def problem(self) -> Problem | None:
        """What is wrong with the line, or with what is published of it."""
        return self._diagnostics.problem

    async def run(self) -> None:
        """Read and keep watch until the source ends; ports and gateways never do."""
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch())
            await self._read()
            watching.cancel()

    def flush(self) -> None:
        """Publish the readings that the update interval delayed: the last ones before the end."""
        for meter in self._heard.values():
            for reading in meter.throttle.flush():
                self._output.publish(reading, name=meter.name)

    def keep(self) -> None:
        """Keep the guard's memory, for after the restart."""
        self._state.update(self._history_section, self._guard.memory())
        self._kept_at = self._clock()

    def status(self) -> dict[str, Any]:
        """Give how the line is doing, for whoever asks the running program.

        Returns:
            Values that JSON can hold: ``label``, ``line`` (None before it was open), ``problem``
            (a sentence or None), ``meters`` with the newest readings of those that are heard, and
            by their keys the diagnostics that are known.
        """
        problem = self._diagnostics.problem
        return {
            "label": self._label,
            "line": self._address,
            "problem": str(problem.sentence) if problem else None,
            **self.health.diagnostics(self._clock()),
            "meters": [_told(meter) for meter in self._heard.values() if meter.at is not None],
        }

    async def _read(self) -> None:
        self._narrator.start(self._options.meter_type)
        await self._source.run(self._take)
        for item in self._decoder.finish():  # only a recording ends
            self._handle(item, self._clock())

    def _take(self, event: Event) -> None:
        """Take what the source gives: bytes, or what became of it."""
        now = self._clock()
        self._watcher.event(event, now)
        if isinstance(event, bytes):
            self.health.received(len(event), now, len(errors_in(event)))
            self._narrator.received(event)
            self._decode(event, now)
            return
        if isinstance(event, Opened):
            self._decoder.restart()
            self._address = event.line
            self.health.opened(
                event.mode,
                now,
                line=event.line,
                remote=event.remote,
                searching=event.searching,
            )
        elif isinstance(event, Lost):
            self.health.lost(event.reason)
        self._narrator.source(event)
        if isinstance(event, Lost):
            self._look(now)  # it may be open again before the next look

    def _decode(self, chunk: bytes, now: float) -> None:
        frames = self._decoder.frames
        try:
            decoded = self._decoder.feed(chunk)
        except Exception:  # noqa: BLE001 - one telegram that shows a mistake of ours must not end the program
            self._narrator.crashed(chunk)
            self._decoder.restart()
            return
        if count := self._decoder.frames - frames:
            self.health.frames(count, now)
            self._narrator.framed()
            self._source.framed()
        for item in decoded:
            self._handle(item, now)

    def _handle(self, item: Telegram | Fault, now: float) -> None:
        """Take a telegram, or what was damaged or not accepted."""
        self._watcher.decoded(item, now)
        fault = item if isinstance(item, Fault) else item.fault
        if fault:
            if fault.kind is Kind.CHECKSUM_WRONG:
                self._source.framed()  # no wrong serial mode gives a whole text
            self.health.fault(fault, now)
            self._narrator.fault(fault, now)
        if isinstance(item, Fault):
            return
        self.health.judged(item)
        if item.fault:
            return
        security = item.push.security
        counter = security.invocation_counter if security else None
        self.health.telegram(now)
        self.health.said(self._wall_clock(), item.timestamp, counter)
        self._state.update(self._numbers_section, self._numbers)
        self._state.update(self._units_section, self._kept_units)
        self._narrator.telegram(item)
        if item.reading and self._hand_on(item, item.reading, self._options.name, now):
            self._newest = item.reading
            self._diagnostics.heard(item.reading.meter, now)
        for reading in item.others:  # the option names the meter itself, not those behind it
            self._hand_on(item, reading, None, now)

    def _hand_on(self, telegram: Telegram, reading: Reading, name: str | None, now: float) -> bool:
        """Hand a reading on if it is due; tell whether its meter is one of this line's."""
        meter_id = reading.meter.id
        meter = self._heard.get(meter_id)
        if meter is None:
            if len(self._heard) >= MOST_SENDERS:
                self._narrator.note(
                    f"more than {MOST_SENDERS} meters on one line cannot be; no more are taken"
                )
                return False
            meter = _Heard(Throttle(self._options.update_interval), name, reading)
            self._heard[meter_id] = meter
            self._narrator.introduce(telegram, reading)
        reading = derived.completed(reading)
        meter.name, meter.reading, meter.at = name, reading, now
        self._watcher.read(reading, now, name)
        due = meter.throttle.offer(reading, now)
        if due:
            self._output.publish(due, name=name)
        else:
            self._output.meter_online(meter_id, online=True)
        return True

    async def _watch(self) -> None:
        # Hundreds of lines that look together would hold up their telegrams.
        phase = crc32(self._label.encode()) / _CRC_RANGE
        while True:
            await tick(WATCH_INTERVAL, phase)
            self._look(self._clock())

    def _look(self, now: float) -> None:
        """Tell what is wrong or fine again, and which meters are no longer heard."""
        if now - self._kept_at >= KEEP_AFTER:
            self.keep()
        for meter_id, meter in self._heard.items():
            if meter.at is not None and self.health.silent(meter.at, now):
                self._output.meter_online(meter_id, online=False)
                self._watcher.silent(meter_id, now)
                meter.throttle.fell_silent()
                meter.at = None
        problem = self.health.problem(now)
        self._narrator.look(
            problem,
            self.health.advice(),
            self.health.counts,
            self._newest,
            withheld=self.health.withheld(),
        )
        self._diagnostics.look(problem, now)


def _told(meter: _Heard) -> dict[str, Any]:
    """Give a meter's newest reading, for `LineReader.status`."""
    title = meter.name or meter.reading.meter.called()
    return {"meter": title, "values": {**meter.reading.values}}


def _nameless(state: State, label: str) -> dict[str, str]:
    """Return the ids of a line's meters that say neither number nor system title, by type."""
    return {
        meter.type: meter.id
        for meter in kept_meters(state, label)
        if meter.number is None and meter.system_title is None
    }


def _comparable(history: Mapping[str, Any], units: EnergyUnits) -> dict[str, Any]:
    """Leave out what goes on in another unit, because the user says so."""
    return {
        sender: kept
        for sender, kept in history.items()
        if not any(map(units.changes, ids_with_energies({sender: kept})))
    }
