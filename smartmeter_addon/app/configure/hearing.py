"""What comes over a line until a telegram is there, and what it says with one key or another."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from app.decoder import Decoder
from app.fault import Fault, Kind
from app.language.catalogue import Text
from app.meters.telegram import Telegram
from app.transport.serial_mode import SerialMode
from app.transport.source import Cause, Event, GaveUp, Lost, Opened

SILENCE: Final = 70.0
"""Seconds without a byte after which a line is called silent: meters push every 1 to 60 seconds."""

UNREADABLE: Final = 60.0
"""Seconds of bytes without a telegram, on a line whose mode is not searched for."""

LONGEST: Final = 600.0
"""Seconds after which the search for the serial mode is broken off."""

WRONG_CHECKSUMS: Final = 3
"""So many telegrams with a wrong checksum are no damage."""

_MOST_CHUNKS: Final = 4096
_TAIL: Final = 8
PASSING: Final = frozenset({Kind.DAMAGED, Kind.CHECKSUM_WRONG})
"""Faults after which the next telegram may be a good one."""


class Outcome(StrEnum):
    """What came of listening."""

    TELEGRAM = "telegram"
    SILENT = "silent"
    UNREADABLE = "unreadable"
    """Bytes came, but no telegram."""
    CHECKSUM = "checksum"
    """Telegrams came whose checksum is wrong."""
    UNSUPPORTED = "unsupported"
    """Telegrams came that this program does not read."""
    NOT_OPEN = "not open"


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of listening to a line.

    Args:
        outcome: in a word.
        target: the line, by the name that lasts.
        mode: the serial mode of the last bytes; None for a gateway.
        chunks: the bytes since the line was opened in this mode.
        telegram: what was read without a key; None for none.
        cause: why the line is not open.
        reason: a sentence on that, or on what is not supported.
    """

    outcome: Outcome
    target: str
    mode: SerialMode | None = None
    chunks: tuple[bytes, ...] = ()
    telegram: Telegram | None = None
    cause: Cause = Cause.OTHER
    reason: Text = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """What has come so far, in one mode.

    Args:
        line: what is being read, in people's words.
        mode: the serial mode; None for a gateway.
        count: of the bytes.
        seconds: since the line was opened.
        tail: the newest bytes.
    """

    line: str
    mode: SerialMode | None
    count: int
    seconds: float
    tail: bytes


class Hearing:
    """Takes what a source gives until there is a telegram, or none is to be expected.

    Args:
        target: the line, by the name that lasts.
        decoder: of this line, without keys.
        modes: how many serial modes are tried.
        now: of a steady clock, in seconds, as for what follows.
        longest: seconds after which to give up; None for the usual patience.
    """

    def __init__(
        self, target: str, decoder: Decoder, *, modes: int, now: float, longest: float | None = None
    ) -> None:
        self._target = target
        self._decoder = decoder
        self._modes = modes
        self._longest = longest
        self._begun = now
        self._opened: float | None = None
        self._line = target
        self._mode: SerialMode | None = None
        self._chunks: deque[bytes] = deque(maxlen=_MOST_CHUNKS)
        self._count = self._total = 0
        self._last_byte = now
        self._wrong_checksums = 0
        self._given_up: set[SerialMode] = set()

    def take(self, event: Event, now: float, framed: Callable[[], None]) -> Heard | None:
        """Take an event; give what came of listening, once that is known.

        Args:
            event: of the source.
            now: see above.
            framed: the source's, called when the bytes held a good frame.
        """
        match event:
            case bytes():
                return self._received(event, now, framed)
            case Opened(line, mode):
                self._decoder.restart()
                self._line, self._mode, self._opened = line, mode, now
                self._chunks.clear()
                self._count = 0
            case GaveUp(mode):
                self._given_up.add(mode)
                if len(self._given_up) >= self._modes:
                    return self._heard(Outcome.UNREADABLE)
            case Lost(reason=reason, cause=cause):
                return Heard(Outcome.NOT_OPEN, self._target, self._mode, cause=cause, reason=reason)
        return None

    def look(self, now: float) -> Heard | None:
        """Give what came of listening, once time has shown it."""
        waited = now - self._begun
        if self._longest is not None:
            patient = waited < self._longest
        elif now - self._last_byte >= SILENCE:
            patient = False
        else:
            patient = waited < (LONGEST if self._modes > 1 else SILENCE + UNREADABLE)
        if patient:
            return None
        return self._heard(Outcome.UNREADABLE if self._total else Outcome.SILENT)

    def progress(self, now: float) -> Progress | None:
        """Give what has come so far; None before the line was open."""
        if self._opened is None:
            return None
        tail = b"".join(list(self._chunks)[-_TAIL:])[-_TAIL:]
        return Progress(self._line, self._mode, self._count, now - self._opened, tail)

    def _received(self, chunk: bytes, now: float, framed: Callable[[], None]) -> Heard | None:
        self._last_byte = now
        self._chunks.append(chunk)
        self._count += len(chunk)
        self._total += len(chunk)
        frames = self._decoder.frames
        decoded = self._decoder.feed(chunk)
        wrong = sum(_kind(item) is Kind.CHECKSUM_WRONG for item in decoded)
        if self._decoder.frames > frames or wrong:
            framed()
        for item in decoded:
            if isinstance(item, Telegram) and _kind(item) not in PASSING:
                return self._heard(Outcome.TELEGRAM, item)
            if isinstance(item, Fault) and item.kind is Kind.UNSUPPORTED:
                return replace(self._heard(Outcome.UNSUPPORTED), reason=item.reason)
        self._wrong_checksums += wrong
        if self._wrong_checksums >= WRONG_CHECKSUMS:
            return self._heard(Outcome.CHECKSUM)
        return None

    def _heard(self, outcome: Outcome, telegram: Telegram | None = None) -> Heard:
        return Heard(outcome, self._target, self._mode, tuple(self._chunks), telegram)


def read_again(chunks: Sequence[bytes], decoder: Decoder) -> Telegram | None:
    """Read what was heard once more, by a decoder with keys; give the last telegram, if any."""
    telegrams = [
        item for chunk in chunks for item in decoder.feed(chunk) if isinstance(item, Telegram)
    ]
    return telegrams[-1] if telegrams else None


def is_ciphered(telegram: Telegram) -> bool:
    """Tell whether a key is needed to read a telegram."""
    security = telegram.push.security
    return security is not None and security.is_ciphered


def has_tag(telegram: Telegram) -> bool:
    """Tell whether a telegram has a tag that an authentication key can check."""
    security = telegram.push.security
    return security is not None and security.has_tag


def _kind(item: Telegram | Fault) -> Kind | None:
    fault = item if isinstance(item, Fault) else item.fault
    return fault.kind if fault else None
