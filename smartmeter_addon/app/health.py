"""How the line to a meter is doing, and the advice that follows from it.

A line's troubles hide one another, so the first that applies is the one to tell: it is not open; no
bytes come; bytes come but no frames; frames come but cannot be deciphered or understood.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from app.fault import Fault, Kind

SILENT_AFTER: Final = 30.0
"""Seconds without a byte, or of bytes without a good frame, that are worth a word; push intervals
of the meters known are 1 to 15 seconds."""

MISSED_PUSHES: Final = 3
"""A meter that let this many push intervals pass is offline."""

_DECODING: Final = (
    Kind.KEY_MISSING,
    Kind.KEY_WRONG,
    Kind.AUTH_KEY_WRONG,
    Kind.OTHER_METER,
    Kind.UNKNOWN_LIST,
    Kind.UNSUPPORTED,
    Kind.SUSPICIOUS,
    Kind.REPLAYED,
)
_LONGEST_LEARNED: Final = 3600.0


class Trouble(NamedTuple):
    """What is wrong with a line: a key that stays the same while it lasts, and the sentence."""

    key: str
    sentence: str


@dataclass(slots=True)
class Counts:
    """What came over a line since the program started."""

    bytes: int = 0
    frames: int = 0
    telegrams: int = 0
    faults: int = 0


class Line:
    """Keeps watch over one line; all times are of one steady clock, in seconds.

    Args:
        push_interval: seconds between telegrams, as far as known; the meter's own pace is learned.
        now: the time.
    """

    def __init__(self, push_interval: float, now: float) -> None:
        self.counts = Counts()
        self._interval = push_interval
        self._open_since: float | None = None
        self._lost: str | None = None
        self._last_byte = now
        self._noise_since: float | None = None
        self._last_telegram: float | None = None
        self._decoding: Fault | None = None
        self._mode: str | None = None

    def opened(self, mode: str | None, now: float) -> None:
        """The line is open.

        Opened again without having been lost, in another mode, it is as silent as it was before.

        Args:
            mode: the serial mode; None when that is a gateway's affair.
            now: the time.
        """
        if self._open_since is None:
            self._last_byte = now
        self._open_since = now
        self._lost = None
        self._mode = mode

    def lost(self, reason: str) -> None:
        """The line ended, for a reason that is a plain sentence."""
        self._open_since = self._noise_since = None
        self._lost = reason

    def received(self, size: int, now: float) -> None:
        """Bytes came."""
        self.counts.bytes += size
        # After a silence, bytes are a new beginning: they have yet to show what they are.
        if self._noise_since is None or now - self._last_byte > self._patience:
            self._noise_since = now
        self._last_byte = now

    def frames(self, count: int) -> None:
        """So many new frames came that passed their checks."""
        if count:
            self.counts.frames += count
            self._noise_since = None

    def fault(self, fault: Fault) -> None:
        """Something could not be decoded."""
        self.counts.faults += 1
        if fault.kind in _DECODING:
            self._decoding = fault

    def telegram(self, now: float) -> None:
        """A telegram was read."""
        self.counts.telegrams += 1
        self._decoding = None
        if self._last_telegram is not None:
            gap = now - self._last_telegram
            # A missed telegram doubles a gap, and must not make the watch less strict for long.
            pace = min(gap, 2 * self._interval, _LONGEST_LEARNED)
            self._interval += (pace - self._interval) / 8
        self._last_telegram = now

    def noise(self, now: float) -> float:
        """Seconds for which bytes have come in this mode and made no good frame."""
        if self._noise_since is None or self._open_since is None:
            return 0.0
        return now - max(self._noise_since, self._open_since)

    def overdue(self, now: float) -> bool:
        """Tell whether the line let too many pushes pass to be called alive."""
        return self._last_telegram is not None and self.silent(self._last_telegram, now)

    def silent(self, last: float, now: float) -> bool:
        """Tell whether a meter heard last at a time let too many pushes pass."""
        return now - last > self._patience

    def trouble(self, now: float) -> Trouble | None:
        """Tell what is wrong, None when nothing is."""
        if self._lost is not None:
            return Trouble(self._lost, self._lost)
        if self._open_since is None:
            return None
        if now - self._last_byte > self._patience:
            return Trouble(
                "silent",
                f"no bytes from the meter for {now - self._last_byte:.0f} s; check that the head"
                " sits on the meter or the cable in its socket, and that the grid operator has"
                " switched the customer interface on",
            )
        if self._noise_since is not None and now - self._noise_since > self._patience:
            return Trouble("no frames", self._no_frames(now - self._noise_since))
        # One bad telegram between good ones is noise that passed a link's weak check.
        if self._decoding is not None and (self._last_telegram is None or self.overdue(now)):
            return Trouble(self._decoding.kind.value, self._decoding.reason)
        return None

    def _no_frames(self, seconds: float) -> str:
        sentence = f"bytes come from the meter, but no whole frame for {seconds:.0f} s"
        if self._mode is None:
            return (
                f"{sentence}; the gateway may read with the wrong serial mode: set it there to what"
                " your grid operator says, mostly 2400 8E1, and see that the head sits well"
            )
        return (
            f"{sentence} with {self._mode}; the serial mode may be the wrong one: set serial_mode"
            " to what your grid operator says, or leave it empty to have the usual ones tried, and"
            " see that the head sits well"
        )

    @property
    def _patience(self) -> float:
        return max(SILENT_AFTER, MISSED_PUSHES * self._interval)
