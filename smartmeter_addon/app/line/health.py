"""How the line to a meter is doing: what is counted, and what is wrong.

Of several troubles only the first that applies is the problem, as it causes the others: the line is
not open; no bytes come; bytes come but no frames; frames come but cannot be deciphered or
understood; values are withheld.
"""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.fault import Fault, Kind
from app.language.catalogue import Text
from app.line.trouble import Case, Problem, Trouble, duration, moment
from app.meters.telegram import Telegram, Withheld
from app.transport.parity import Share
from app.transport.push_interval import PushInterval
from app.transport.serial_mode import SerialMode

SILENT_AFTER: Final = 30.0
"""Seconds without a byte, or of bytes without a good frame, after which that is a problem; the push
intervals of the meters known are 1 to 15 seconds."""

MISSED_PUSHES: Final = 3
"""A meter that let this many push intervals pass is offline."""

_DECODING: Final = frozenset(Kind) - {Kind.DAMAGED}
"""Faults that are a problem when no telegram is read; damage alone is not, as lines are noisy."""

_OF_LINE: Final = frozenset({Kind.DAMAGED, Kind.CHECKSUM_WRONG})
"""Faults that tell how good the line is."""

NOT_ACCEPTED: Final = frozenset({Kind.SUSPICIOUS, Kind.REPLAYED})
"""Faults of telegrams that can be read."""

DRIFT_TOLERATED: Final = 900
"""Seconds that a meter's clock may differ from this computer's before that is told.

Meters' clocks are minutes wrong and nobody mends them (users report 8 minutes); a time zone or a
daylight-saving rule that is wrong makes a whole hour or a half."""

_HOUR: Final = 3600

_LARGEST_ZONE: Final = 14
"""Hours by which a time zone is off UTC at most; a clock that is days off is none."""


@dataclass(slots=True)
class Counts:
    """What came over a line since the program started."""

    bytes: int = 0
    parity_errors: int = 0
    frames: int = 0
    telegrams: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)

    @property
    def faults(self) -> int:
        """Everything that could not be decoded or was not accepted."""
        return self.kinds.total()


class _LastHour:
    """How many frames were good, of those that came within the last hour, by the minute."""

    _MINUTE = 60
    _MINUTES = 60

    def __init__(self) -> None:
        self._minute = 0  # the newest
        # By the minute, modulo an hour.
        self._good = array("I", (0,)) * self._MINUTES
        self._all = array("I", (0,)) * self._MINUTES

    def count(self, good: int, bad: int, now: float) -> None:
        minute = self._turn(now)
        self._good[minute] += good
        self._all[minute] += good + bad

    def share(self, now: float) -> Decimal | None:
        """Give the share in per cent, with one decimal place; None when nothing came."""
        self._turn(now)
        total = sum(self._all)
        return Decimal(1000 * sum(self._good) // total) / 10 if total else None

    def _turn(self, now: float) -> int:
        """Forget what is older than an hour; return where the minute of now is counted."""
        minute = int(now // self._MINUTE)
        if minute > self._minute:
            for passed in range(max(self._minute, minute - self._MINUTES) + 1, minute + 1):
                self._good[passed % self._MINUTES] = self._all[passed % self._MINUTES] = 0
            self._minute = minute
        return minute % self._MINUTES


class Health:
    """Keeps watch over one line; all times are of one steady clock, in seconds.

    Args:
        push_interval: of the meter; each telegram that is read is told to it.
        now: the time.
    """

    def __init__(self, push_interval: PushInterval, now: float) -> None:
        self.counts = Counts()
        self._push_interval = push_interval
        self._open = False
        self._lost: Text | None = None
        self._last_byte = now
        self._noise_since: float | None = None
        self._last_telegram: float | None = None
        self._decoding: Fault | None = None
        self._decoding_since = now
        self._withheld: tuple[Withheld, ...] = ()
        self._mode: str | None = None
        self._line: str | None = None
        self._framed = False  # since the line was opened
        self._remote = self._searching = False
        self._parity = self._knows_errors = False
        self._recent = Share()  # of bytes with parity errors, since the last frame
        self._last_hour = _LastHour()
        self._received_at: datetime | None = None
        self.clock_drift: int | None = None
        """Seconds by which the meter's clock is ahead; None while it does not say its time."""
        self._counter: int | None = None

    def opened(
        self,
        mode: SerialMode | None,
        now: float,
        *,
        line: str | None = None,
        remote: bool = False,
        searching: bool = False,
    ) -> None:
        """The line is open.

        Opened again without having been lost, in another mode, it is as silent as it was before.

        Args:
            mode: the serial mode; None where there is none to choose here.
            now: the time.
            line: which one, for people.
            remote: whether the serial mode is set elsewhere, at a gateway.
            searching: whether other modes will be tried when this one gives no frames.
        """
        self._line, self._remote, self._searching = line, remote, searching
        self._framed = False
        self._parity = mode is not None and mode.parity != "N"
        self._knows_errors = self._parity and not searching
        self._recent = Share()
        if not self._open:
            self._last_byte = now
        self._open = True
        self._lost = None
        self._mode = str(mode) if mode else None

    def lost(self, reason: Text) -> None:
        """The line ended, for a reason that is a plain sentence."""
        self._open = False
        self._noise_since = None
        self._lost = reason

    def received(self, size: int, now: float, parity_errors: int = 0) -> None:
        """Bytes came, so many of them with a parity or framing error."""
        self.counts.bytes += size
        self.counts.parity_errors += parity_errors
        self._recent.bytes += size
        self._recent.errors += parity_errors
        # After a silence, the time without a good frame begins anew.
        if self._noise_since is None or now - self._last_byte > self._patience:
            self._noise_since = now
        self._last_byte = now

    def frames(self, count: int, now: float) -> None:
        """So many new frames came that passed their checks."""
        if count:
            self.counts.frames += count
            self._last_hour.count(count, 0, now)
            self._noise_since = None
            self._framed = True
            # A meter without parity may be read with one for a moment.
            if self._parity and not self._knows_errors:
                self._knows_errors = not self._recent.mode_is_wrong
            self._recent.bytes = self._recent.errors = 0

    def fault(self, fault: Fault, now: float) -> None:
        """Something could not be decoded."""
        self.counts.kinds[fault.kind] += 1
        if fault.kind in _OF_LINE:
            self._last_hour.count(0, 1, now)
        if fault.kind is Kind.CHECKSUM_WRONG:
            self._noise_since = None  # no wrong serial mode gives a whole text
        if fault.kind in _DECODING:
            if self._decoding is None or self._decoding.kind is not fault.kind:
                self._decoding_since = now
            self._decoding = fault

    def judged(self, telegram: Telegram) -> None:
        """Take what is withheld; a telegram that no guard has judged does not say."""
        pending = telegram.fault is not None and telegram.fault.kind is Kind.SUSPICIOUS
        accepted = telegram.fault is None and bool(telegram.reading or telegram.others)
        if pending or accepted or telegram.withheld:
            self._withheld = telegram.withheld

    def said(self, received: datetime, timestamp: datetime | None, counter: int | None) -> None:
        """Take what a telegram says beside its values.

        Args:
            received: when it came, by this computer's clock.
            timestamp: when it was sent, by the meter's; None when it does not say.
            counter: its invocation counter; None when it is not ciphered.
        """
        self._received_at = received
        self._counter = counter
        if timestamp is not None:
            self.clock_drift = round((timestamp - received).total_seconds())

    def telegram(self, now: float) -> None:
        """A telegram was read."""
        self.counts.telegrams += 1
        self._decoding = None
        self._push_interval.arrived(now)
        self._last_telegram = now

    def overdue(self, now: float) -> bool:
        """Tell whether the line let too many pushes pass to be called alive."""
        return self._last_telegram is not None and self.silent(self._last_telegram, now)

    def silent(self, last: float, now: float) -> bool:
        """Tell whether a meter heard last at a time let too many pushes pass."""
        return now - last > self._patience

    def problem(self, now: float) -> Problem | None:
        """Tell what keeps the meter from being read, None when nothing does.

        Where telegrams are not accepted, `withheld` says more as soon as it says anything.
        """
        if self._lost is not None:
            return Problem(Trouble.NOT_OPEN, parameters={"reason": self._lost})
        if not self._open:
            return None
        if now - self._last_byte > self._patience:
            return Problem(Trouble.NO_BYTES, parameters=_seconds(now - self._last_byte))
        if self._noise_since is not None and now - self._noise_since > self._patience:
            return self._no_frames(now - self._noise_since)
        if self._decoding is None or (self._decoding.kind in NOT_ACCEPTED and self._withheld):
            return None
        if self._decoding.kind in _OF_LINE and now - self._decoding_since <= self._patience:
            return None
        # One bad telegram between good ones is noise that passed a link's weak check.
        if self._last_telegram is None or self.overdue(now):
            parameters = {"reason": self._decoding.reason}
            return Problem(Trouble(self._decoding.kind.value), parameters=parameters)
        return None

    def withheld(self) -> list[Problem]:
        """Tell which values are withheld, the longest first; others may be read meanwhile."""
        return [
            Problem(
                Trouble.WITHHELD,
                parameters={
                    "what": one.what,
                    "since": moment(one.since),
                    "why": one.why,
                    "until": one.until,
                },
                since=one.since,
            )
            for one in sorted(self._withheld, key=lambda one: one.since)
        ]

    def advice(self) -> Problem | None:
        """Tell what is odd although all values can be relied on: the meter's clock."""
        drift = self.clock_drift
        if drift is None or abs(drift) <= DRIFT_TOLERATED:
            return None
        hours = round(2 * drift / _HOUR) / 2
        off = abs(drift - hours * _HOUR)
        if off < DRIFT_TOLERATED / 3 and abs(hours) <= _LARGEST_ZONE:
            case = Case.AHEAD_BY_ZONE if drift > 0 else Case.BEHIND_BY_ZONE
        else:
            case = Case.AHEAD if drift > 0 else Case.BEHIND
        return Problem(Trouble.CLOCK, case, {"duration": duration(abs(drift))})

    def diagnostics(self, now: float) -> dict[str, Decimal | int | str]:
        """Give the values of ``sensors.DIAGNOSTICS`` that are known, the problem apart."""
        known = {
            "last_telegram": at.isoformat("T", "seconds") if (at := self._received_at) else None,
            "silence": self._silence(now),
            "telegrams": self.counts.telegrams,
            "errors": self.counts.faults,
            "signal_health": self._last_hour.share(now),
            "parity_errors": self.counts.parity_errors if self._knows_errors else None,
            "clock_drift": self.clock_drift,
            "serial_mode": self._mode,
            "invocation_counter": self._counter,
        }
        return {key: value for key, value in known.items() if value is not None}

    def line_diagnostics(self) -> dict[str, object]:
        """Give the values of ``sensors.LINE_DIAGNOSTICS`` that are known, the problem apart."""
        details: dict[str, object] = {}
        if self._line:
            details["address"] = self._line
        if self._mode:
            details["serial_mode"] = self._mode
            details["being_tried"] = self._searching and not self._framed
        return {
            "line": "ON" if self._open else "OFF",
            "line_details": details,
            "bytes": self.counts.bytes,
            "frames": self.counts.frames,
        }

    def _silence(self, now: float) -> int | None:
        """Give the seconds since the last telegram; 0 while the meter is heard."""
        if self._last_telegram is None:
            return None
        return round(now - self._last_telegram) if self.overdue(now) else 0

    def _no_frames(self, seconds: float) -> Problem:
        parameters = _seconds(seconds)
        if self._mode is None:
            case = Case.GATEWAY if self._remote else Case.NO_MODE
            return Problem(Trouble.NO_FRAMES, case, parameters)
        parameters |= {"mode": self._mode, "share": self._recent.percent}
        case = Case.SEARCHING if self._searching else Case.DEFAULT
        if case is Case.DEFAULT and self._recent.mode_is_wrong:
            case = Case.MODE_WRONG
        elif case is Case.DEFAULT and self._recent.is_disturbed:
            case = Case.DISTURBED
        return Problem(Trouble.NO_FRAMES, case, parameters)

    @property
    def _patience(self) -> float:
        return max(SILENT_AFTER, MISSED_PUSHES * self._push_interval.seconds)


def _seconds(seconds: float) -> dict[str, object]:
    return {"seconds": f"{seconds:.0f}"}
