"""The command ``record``: what comes over a line into a file, anonymous if that is wanted.

What happens meanwhile is told in words beside it. No key is written anywhere.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TextIO

from app.anonymous import AUTH_KEY, KEY, Anonymised, Anonymiser
from app.decoder import Decoder
from app.fault import Fault, Kind
from app.language.counting import counted
from app.meters.sensors import SENSORS
from app.meters.telegram import Telegram
from app.transport.recording import Chunk, Writer
from app.transport.sentences import Sentences
from app.transport.serial_mode import SerialMode
from app.transport.source import Event, Opened, Source
from app.transport.until import until_stopped

READ_OFF: Final = "read off the meter: "
"""Begins the lines in which a person confirms what the meter's display said."""

_NO_KEY: Final = (
    "the meter's telegrams are ciphered, and only with their key can they be made anonymous: give"
    " it in SMARTMETER_KEY (it is not written anywhere). Nothing was recorded"
)
_WRONG_KEY: Final = (
    "the telegrams cannot be deciphered with this key, so they cannot be made anonymous: check"
    " SMARTMETER_KEY. Nothing was recorded"
)
_NOTHING_LEFT: Final = "nothing that was read could be made anonymous, so nothing was recorded"


class _EnoughError(Exception):
    """Nothing more is wanted."""


@dataclass(slots=True)
class _Seen:
    """What came so far."""

    bytes: int = 0
    frames: int = 0
    junk: int = 0
    telegrams: int = 0
    readable: int = 0
    last: Telegram | None = None
    faults: Counter[Kind] = field(default_factory=Counter)

    def ended(self, decoder: Decoder) -> None:
        """Take what a decoder counted from an opening of the line to its end."""
        self.frames += decoder.frames
        self.junk += decoder.junk


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be recorded.

    Args:
        seconds: when to end; None for no such limit.
        telegrams: after how many to end; None for no such limit.
        anonymiser: makes the recording anonymous; None to leave it as it is.
    """

    seconds: float | None = None
    telegrams: int | None = None
    anonymiser: Anonymiser | None = None


class _Recorder:
    """Takes what a source gives, and writes it or keeps it to be made anonymous.

    Args:
        source: of the line's bytes.
        decoder: of this line.
        wanted: how much, and whether anonymous.
        out: where the recording goes.
        err: where is told what happens.
        clock: a steady one, in seconds; that of the recording where one is copied.
        begun: the time now, aware.
    """

    def __init__(
        self,
        source: Source,
        decoder: Decoder,
        wanted: Wanted,
        out: TextIO,
        err: TextIO,
        *,
        clock: Callable[[], float],
        begun: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._decoder = decoder
        self._wanted = wanted
        self._out = out
        self._err = err
        self._clock = clock
        self._begun = begun
        self._sentences = Sentences()
        self._writer: Writer | None = None
        self._mode: SerialMode | None = None
        self._begin = 0.0
        self._begun_at: datetime | None = None
        self._kept: list[Chunk] = []
        self.seen = _Seen()

    async def read(self) -> None:
        """Record until the source ends or there is enough."""
        with contextlib.suppress(_EnoughError):
            await self._source.run(self._take_event)
            self._show(self._decoder.finish())

    def finish(self) -> int:
        """Write what is not written yet, and tell how it went; give the exit status."""
        seen = self.seen
        seen.ended(self._decoder)
        if self._wanted.anonymiser is not None:
            result = self._wanted.anonymiser.anonymise(self._kept)
            if not result.telegrams:
                self._say(self._why_nothing(result))
                return 1
            self._write_anonymous(result)
        self._write_questions()
        self._out.flush()
        verb = "recorded" if self._wanted.anonymiser is None else "read"
        self._say(
            f"{verb} {counted(seen.bytes, 'byte')}, {counted(seen.frames, 'good frame')}:"
            f" {counted(seen.telegrams, 'telegram')}, {seen.readable} of them could be read;"
            f" {counted(seen.junk, 'byte')} belong to no frame"
        )
        if seen.faults[Kind.KEY_MISSING] and self._wanted.anonymiser is None:
            self._say(
                "the telegrams are ciphered: whoever has the key can read the recording, and"
                " nobody else"
            )
        if not seen.telegrams:
            self._say("no telegram came; `listen` shows what is wrong")
        return 0 if seen.telegrams else 1

    def _take_event(self, event: Event) -> None:
        """Take what the source gives.

        Raises:
            _EnoughError: nothing more is wanted.
        """
        if sentence := self._sentences.about(event):
            self._say(sentence)
        match event:
            case bytes():
                self._take(event)
            case Opened():
                self._opened(event)
        if self._enough:
            raise _EnoughError

    @property
    def _enough(self) -> bool:
        wanted = self._wanted
        if wanted.anonymiser is not None and wanted.anonymiser.keys.encryption is None:
            return bool(self.seen.faults[Kind.KEY_MISSING])  # waiting longer changes nothing
        return wanted.telegrams is not None and self.seen.telegrams >= wanted.telegrams

    def _opened(self, event: Opened) -> None:
        self.seen.ended(self._decoder)
        self._decoder.restart()
        if self._begun_at is None:
            self._begin, self._begun_at = self._clock(), self._begun()
            if self._wanted.anonymiser is None:
                self._writer = Writer(self._out, self._clock, begun=self._begun_at, mode=event.mode)
        elif self._writer and event.mode != self._mode:
            self._writer.note(f"serial mode: {event.mode}")
        self._mode = event.mode

    def _take(self, data: bytes) -> None:
        self.seen.bytes += len(data)
        if self._writer:
            self._writer.write(data)
            self._out.flush()  # a recording is whole up to its end, whatever ends it
        else:
            self._kept.append(Chunk(self._clock() - self._begin, data))
        frames = self._decoder.frames
        self._show(self._decoder.feed(data))
        if self._decoder.frames > frames:
            self._source.framed()

    def _show(self, decoded: Iterable[Telegram | Fault]) -> None:
        for item in decoded:
            fault = item if isinstance(item, Fault) else item.fault
            if isinstance(item, Telegram):
                self.seen.telegrams += 1
                self.seen.readable += fault is None
                self.seen.last = item if item.reading else self.seen.last
                self._say(f"telegram {self.seen.telegrams}: {_described(item)}")
            elif fault:
                self._say(f"! {fault}")
            if fault:
                self.seen.faults[fault.kind] += 1

    def _write_anonymous(self, result: Anonymised) -> None:
        now = 0.0
        begun = self._begun_at or self._begun()
        writer = Writer(self._out, lambda: now, begun=begun, mode=self._mode)
        writer.note("anonymous: numbers, names and texts are made up, values and times are not")
        if result.ciphered:
            writer.note(f"ciphered with the made-up key {KEY.hex().upper()}")
            writer.note(f"and the made-up authentication key {AUTH_KEY.hex().upper()}")
        for chunk in result.recording:
            now = chunk.seconds
            writer.write(chunk.data)
        self._writer = writer
        self._say(f"anonymous: {counted(result.telegrams, 'telegram')} with made-up numbers")
        if result.ciphered:
            self._say(
                f"their key is the made-up {KEY.hex().upper()}, the authentication key"
                f" {AUTH_KEY.hex().upper()}"
            )
        for reason, count in result.left_out.items():
            self._say(f"left out: {counted(count, 'telegram')}: {reason}")
        if result.bytes_left_out:
            self._say(f"left out: {counted(result.bytes_left_out, 'byte')} in all")

    def _write_questions(self) -> None:
        """Ask for what the display says, which makes a test of a recording."""
        reading = self.seen.last.reading if self.seen.last else None
        if self._writer is None or reading is None:
            return
        for key in reading.values:
            if key.startswith("energy_"):
                self._writer.note(f"{READ_OFF}{key} = ? {SENSORS[key].unit}")

    def _why_nothing(self, result: Anonymised) -> str:
        if result.keyless:
            anonymiser = self._wanted.anonymiser
            has_key = anonymiser is not None and anonymiser.keys.encryption is not None
            return _WRONG_KEY if has_key else _NO_KEY
        reasons = "; ".join(result.left_out) or "no whole telegram came"
        return f"{_NOTHING_LEFT}: {reasons}"

    def _say(self, text: str) -> None:
        moment = time.strftime("%H:%M:%S")
        print(f"{moment} {text}", file=self._err, flush=True)


async def record(
    source: Source,
    decoder: Decoder,
    wanted: Wanted,
    out: TextIO,
    err: TextIO,
    *,
    clock: Callable[[], float] = time.monotonic,
    begun: Callable[[], datetime],
) -> int:
    """Record a line until there is enough, or to Ctrl-C.

    Args:
        source: see `_Recorder`, as for what follows.
        decoder: as there.
        wanted: as there.
        out: as there.
        err: as there.
        clock: as there.
        begun: as there.

    Returns:
        The exit status: 0 when at least one telegram was recorded, else 1.
    """
    recorder = _Recorder(source, decoder, wanted, out, err, clock=clock, begun=begun)
    await until_stopped(recorder.read(), wanted.seconds)
    return recorder.finish()


def _described(telegram: Telegram) -> str:
    """Tell of a telegram what identifies nobody."""
    push = telegram.push
    size = f"{push.frame.link}, {counted(len(push.frame.payload), 'byte')}"
    if push.security:
        size += ", ciphered"
    if telegram.fault and telegram.fault.kind is Kind.KEY_MISSING:
        return f"{size}, and no key is given to read it"
    if telegram.fault:
        return f"{size}; {telegram.fault.reason}"
    values = counted(len(telegram.registers or ()), "value")
    return f"{size}, {telegram.manufacturer} {telegram.model}, {values}"
