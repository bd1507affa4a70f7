"""One meter's line: reads it, decodes it, watches it, and hands its readings on."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from app.config.options import MeterOptions
from app.cosem.obis import Obis
from app.decoder import Decoder
from app.dlms.ciphering import AUTHENTICATED
from app.fault import Fault, Kind
from app.line import diagnostics
from app.line.diagnostics import Diagnosis
from app.line.health import Line, Trouble
from app.line.reminders import Teller
from app.line.throttle import Pace
from app.log import NOTICE, TRACE
from app.meters import derived, identity, naming
from app.meters.interpreter import Telegram
from app.meters.profile import Profile
from app.meters.reading import Reading
from app.meters.recogniser import MOST_SENDERS
from app.meters.sensors import SENSORS
from app.mqtt.publisher import Publisher
from app.plausibility import Guard
from app.state import State
from app.transport import mode_search
from app.transport.serial_mode import SerialMode
from app.transport.source import (
    DELAYS,
    Event,
    GaveUp,
    Lost,
    OnlyAdapter,
    Opened,
    Settled,
    Source,
    source_for,
)

WATCH_INTERVAL: Final = 1.0
"""Seconds between two looks at a line's health."""

REPORT_AFTER: Final = 300.0
"""Seconds between two lines that say that all is well."""

PUSH_INTERVAL: Final = 10.0
"""Seconds between telegrams of a meter whose type is not known yet."""

METER_NUMBERS: Final = "meter numbers"
"""The section of the state in which meters' numbers are kept, by sender; each line has its own."""

MOST_UNNAMED: Final = 200
"""So many codes without a name are told; more than any meter has only an attacker invents."""

_REPORTED: Final = ("power", "energy_import", "energy_export")


def _now() -> datetime:
    return datetime.now(UTC)


LAST_SEEN: Final = "last seen"
"""The section of the state that tells what each sender said last; each line has its own."""

KEEP_AFTER: Final = 900.0
"""Seconds between two writings of what was said last: SD cards wear out."""

TELL_HELD_AFTER: Final = 60.0
"""Seconds between two lines on telegrams that are not believed."""


class LineReader:
    """Reads one meter for ever.

    Args:
        options: of this meter.
        profiles: every meter family there is.
        zone: where the meter stands.
        publisher: takes the readings.
        state: what is known from before the last restart.
        label: begins each line of the log, to tell several meters apart; may be empty.
        clock: a steady one, in seconds.
        wall_clock: gives the date and time, aware.
        delays: seconds to wait before opening the line again, as `source_for` takes them.
    """

    def __init__(
        self,
        options: MeterOptions,
        profiles: Mapping[str, Profile],
        zone: tzinfo,
        publisher: Publisher,
        state: State,
        *,
        label: str = "",
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], datetime] = _now,
        delays: Sequence[float] = DELAYS,
    ) -> None:
        self._options = options
        self._profiles = profiles
        self._zone = zone
        self._publisher = publisher
        self._state = state
        self._clock = clock
        self._wall_clock = wall_clock
        self._delays = delays
        self._log = _Log(logging.getLogger(__name__), {"label": label})
        family = profiles.get(options.meter_type)
        self._line = Line(family.push_interval if family else PUSH_INTERVAL, clock())
        self._names: dict[str, str | None] = {}
        self._paces: dict[str, Pace] = {}  # one line can carry several meters
        self._numbers_section = f"{METER_NUMBERS} {label}".strip()
        self._numbers = state.section(self._numbers_section)
        self._seen_section = f"{LAST_SEEN} {label}".strip()
        self._guard = Guard(state.section(self._seen_section), clock)
        self._kept_at = clock()
        self._held_told_at = -TELL_HELD_AFTER
        self._decoder = Decoder(
            options.keys,
            profiles,
            zone,
            options.meter_type,
            line=identity.slug(label),
            numbers=self._numbers,
            guard=self._guard,
            now=wall_clock,
        )
        self._source: Source | None = None
        self._heard: dict[str, float] = {}  # when each meter that is online was heard last
        self._introduced: set[str] = set()
        self._noted: set[str] = set()
        self._unnamed: set[Obis] = set()
        self._tried: set[str] = set()  # opened or given up since the last frame
        self._newest: Reading | None = None
        self._teller = Teller(self._log)
        self._adviser = Teller(self._log)
        self._read_when_told = 0
        self._reported_at = clock()
        self._diagnosis = Diagnosis(
            self._line,
            publisher,
            state,
            label=label,
            name=options.name,
            wall_clock=wall_clock,
            interval=max(diagnostics.INTERVAL, options.update_interval),
        )

    @property
    def hears(self) -> bool:
        """Whether a meter is heard on this line."""
        return bool(self._heard)

    async def run(self) -> None:
        """Read and keep watch, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read())
            group.create_task(self._watch())

    def publish_held(self) -> None:
        """Publish the readings that the update interval held back: the last ones before the end."""
        for pace in self._paces.values():
            reading = pace.held()
            if reading:
                self._publisher.publish(reading, name=self._names[reading.meter.id])

    def keep(self) -> None:
        """Keep what was said last, for after the restart."""
        self._state.update(self._seen_section, self._guard.memory())
        self._kept_at = self._clock()

    async def _read(self) -> None:
        self._log.info("meter type %s", self._options.meter_type)
        source = self._source = source_for(
            self._options.url or self._options.device,
            self._modes(),
            state=self._state,
            fixed=self._options.serial_mode is not None,
            clock=self._clock,
            delays=self._delays,
        )
        async with contextlib.aclosing(source.events()) as events:
            async for event in events:
                self._take(event)

    def _modes(self) -> Sequence[SerialMode]:
        """Give the serial modes that come into question, the likeliest first."""
        if self._options.serial_mode:
            return (self._options.serial_mode,)
        family = self._profiles.get(self._options.meter_type)
        if family and family.serial_modes:
            return family.serial_modes
        return mode_search.USUAL

    def _take(self, event: Event) -> None:
        now = self._clock()
        match event:
            case Opened(line, mode, searching, anew):
                self._decoder.restart()
                self._line.opened(str(mode) if mode else None, now, trying=searching)
                if anew:
                    self._log.debug("called %s anew, as it was silent", line)
                else:
                    self._log.log(self._once(line, NOTICE), "reading %s", line)
            case Lost(line, reason, _, mode):
                self._line.lost(reason)
                if mode:  # a serial device: plugged in again, it is worth a word
                    self._tried.discard(line)
                self._look(now)  # it may be open again before the next look
            case GaveUp():
                self._log.log(self._once(str(event), logging.INFO), "%s", event)
            case Settled(mode, searched):
                if searched:
                    self._log.info("the serial mode is %s", mode)
            case OnlyAdapter(path):
                self._log.info("reading the only serial adapter, %s", path)
            case _:
                self._line.received(len(event), now)
                if self._log.isEnabledFor(TRACE):  # digits for every byte are made for nobody else
                    self._log.log(TRACE, "received %s", event.hex(" "))
                self._decode(event, now)

    def _decode(self, chunk: bytes, now: float) -> None:
        frames = self._decoder.frames
        try:
            decoded = self._decoder.feed(chunk)
        except Exception:  # noqa: BLE001 - one telegram that shows a mistake of ours must not end the program
            self._log.exception(
                "a telegram could not be decoded through a mistake in this program; please report"
                " this line with what `listen` shows. Reading goes on. The bytes: %s",
                chunk.hex(),
            )
            self._decoder.restart()
            return
        self._framed(self._decoder.frames - frames, now)
        for item in decoded:
            self._handle(item, now)

    def _once(self, what: str, level: int) -> int:
        """Give the level at which to tell of a trial: in vain again, it is no news."""
        if what in self._tried:
            return logging.DEBUG
        self._tried.add(what)
        return level

    def _framed(self, count: int, now: float) -> None:
        """Frames came that passed their checks: the serial mode is right."""
        self._line.frames(count, now)
        if count:
            self._tried.clear()
            if self._source:
                self._source.framed()

    def _handle(self, item: Telegram | Fault, now: float) -> None:
        fault = item if isinstance(item, Fault) else item.fault
        if fault:
            self._line.fault(fault, now)
            self._log.debug("%s", fault)
            self._tell_held(fault, now)
        if isinstance(item, Fault) or item.fault:
            return
        self._line.telegram(now)
        security = item.push.security
        counter = security.invocation_counter if security else None
        self._line.said(self._wall_clock(), item.timestamp, counter)
        for sender, number in self._numbers.items():
            self._state.set(self._numbers_section, sender, number)
        self._note(item.note)
        if item.told:
            self._log.log(NOTICE, "%s", item.told)
        self._tell_unnamed(item)
        if item.reading and self._publish(item, item.reading, self._options.name, now):
            self._newest = item.reading
            self._diagnosis.heard(item.reading.meter, now)
        for reading in item.others:  # the option names the meter itself, not those behind it
            self._publish(item, reading, None, now)
        if not item.reading and not item.others and not item.waiting:
            self._note(
                "the meter's telegrams hold no value that is published; some meters send those once"
                " an hour only. If none come, report the meter as the documentation says, with what"
                " `listen` shows"
            )

    def _tell_held(self, fault: Fault, now: float) -> None:
        """Say that a telegram is not believed; with steady noise not each time."""
        held = fault.kind in (Kind.SUSPICIOUS, Kind.REPLAYED)
        if held and now - self._held_told_at >= TELL_HELD_AFTER:
            self._held_told_at = now
            self._log.info("%s", fault.reason)

    def _note(self, note: str | None) -> None:
        """Say something once."""
        if note and note not in self._noted:
            self._noted.add(note)
            self._log.log(NOTICE, "%s", note)

    def _publish(self, telegram: Telegram, reading: Reading, name: str | None, now: float) -> bool:
        """Hand a reading on; tell whether it is taken."""
        meter_id = reading.meter.id
        if meter_id not in self._introduced and len(self._introduced) >= MOST_SENDERS:
            self._note(f"more than {MOST_SENDERS} meters on one line cannot be; no more are taken")
            return False
        self._names[meter_id] = name
        self._heard[meter_id] = now
        if meter_id not in self._introduced:
            self._introduced.add(meter_id)
            self._introduce(telegram, reading)
        pace = self._paces.setdefault(meter_id, Pace(self._options.update_interval))
        due = pace.offer(derived.completed(reading), now)
        if due:
            self._publisher.publish(due, name=name)
        else:
            self._publisher.meter_online(meter_id, online=True)
        return True

    def _introduce(self, telegram: Telegram, reading: Reading) -> None:
        """Show a meter's first telegram in full, and say how far it can be trusted."""
        meter = reading.meter
        title = meter.system_title if reading is telegram.reading else None
        self._log.log(
            NOTICE,
            "first telegram of %s: %s",
            " ".join(filter(None, (meter.manufacturer, meter.model, meter.number or title))),
            ", ".join(_shown(key, value) for key, value in reading.values.items()),
        )
        security = telegram.push.security
        if security and security.authenticated is None:
            has_tag = security.security_control & AUTHENTICATED
            reason = "no auth_key is set" if has_tag else "this meter sends no tag to check"
            self._log.info("the telegrams are deciphered but not authenticated: %s", reason)

    def _tell_unnamed(self, telegram: Telegram) -> None:
        """Name registers that are no reading, once."""
        room = MOST_UNNAMED - len(self._unnamed)
        unnamed = [
            obis
            for obis, register in (telegram.registers or {}).items()
            if obis.electrical and obis not in self._unnamed and not naming.of(obis, register.unit)
        ][:room]
        if unnamed:
            self._unnamed.update(unnamed)
            listed = ", ".join(map(str, unnamed))
            self._log.info("the meter also sends what is not published: %s", listed)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_INTERVAL)
            self._look(self._clock())

    def _look(self, now: float) -> None:
        """Tell what is wrong or fine again, and which meters are no longer heard."""
        if now - self._kept_at >= KEEP_AFTER:
            self.keep()
        for meter_id, last in list(self._heard.items()):
            if self._line.silent(last, now):
                self._publisher.meter_online(meter_id, online=False)
                del self._heard[meter_id]
        trouble = self._line.trouble(now)
        self._tell(trouble, now)
        self._diagnosis.look(trouble, now)

    def _tell(self, trouble: Trouble | None, now: float) -> None:
        counts = self._line.counts
        if trouble:
            if not self._teller.telling:
                self._read_when_told = counts.telegrams
            self._teller.trouble(trouble.key, trouble.sentence, now, counts.faults)
        elif not self._teller.telling:
            if now - self._reported_at > REPORT_AFTER and counts.telegrams:
                self._report(now)
        elif counts.telegrams > self._read_when_told:  # not when the line is merely open again
            self._log.log(NOTICE, "the meter is read again")
            self._teller.over()
        advice = self._line.advice()
        if advice:
            self._adviser.trouble(advice.key, advice.sentence, now)
        else:
            self._adviser.over()

    def _report(self, now: float) -> None:
        """Say that all is well, with the newest values."""
        counts = self._line.counts
        values = self._newest.values if self._newest else {}
        shown = [_shown(key, values[key]) for key in _REPORTED if key in values]
        self._log.info(
            "%d telegrams read, %d errors since the start%s",
            counts.telegrams,
            counts.faults,
            f"; now {', '.join(shown)}" if shown else "",
        )
        self._reported_at = now


def _shown(key: str, value: object) -> str:
    sensor = SENSORS[key]
    return f"{sensor.name_en} {value} {sensor.unit or ''}".rstrip()


class _Log(logging.LoggerAdapter[logging.Logger]):
    """Begins each message with the meter's label."""

    def process(
        self, msg: str, kwargs: MutableMapping[str, Any]
    ) -> tuple[str, MutableMapping[str, Any]]:
        label = (self.extra or {}).get("label")
        return (f"{label}: {msg}" if label else msg), kwargs
