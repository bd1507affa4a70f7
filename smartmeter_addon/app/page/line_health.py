"""How good a line was, by the hour: kept for 30 days, also over a restart.

The state has one short text a day, so that its file stays small and is written once an hour.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from app.line.health import NOT_ACCEPTED, Counts
from app.line.sections import LINE_HEALTH, section
from app.state import State

DAYS: Final = 30

_HOUR: Final = 3600
_HOURS: Final = 24
_DAY: Final = _HOUR * _HOURS


class Hour(NamedTuple):
    """What came within an hour.

    Args:
        good: frames that passed their checks.
        damaged: telegrams and frames that could not be decoded.
        rejected: telegrams that could be read and were not accepted.
        parity: bytes with parity errors.
        gaps: how often the meter fell silent.
        drift: seconds by which the meter's clock was ahead, at its end; None when it is not known.
    """

    good: int = 0
    damaged: int = 0
    rejected: int = 0
    parity: int = 0
    gaps: int = 0
    drift: int | None = None

    def __str__(self) -> str:
        return ",".join("" if part is None else str(part) for part in self)

    @classmethod
    def read(cls, text: str) -> "Hour":
        """Read what ``str`` gave.

        Raises:
            ValueError: it is damaged.
        """
        good, damaged, rejected, parity, gaps, drift = text.split(",")
        ahead = int(drift) if drift else None
        return cls(int(good), int(damaged), int(rejected), int(parity), int(gaps), ahead)


class LineHealth:
    """Counts by the hour.

    Args:
        state: keeps what was counted.
        label: of the line.
        wall_clock: seconds since 1970.
    """

    def __init__(self, state: State, label: str, wall_clock: Callable[[], float]) -> None:
        self._state = state
        self._section = section(LINE_HEALTH, label)
        self._wall_clock = wall_clock
        self._hours = dict(_kept(state.section(self._section)))
        self._counted = Counts()  # at the begin of this hour
        self._counts: Counts | None = None  # now
        self._drift: int | None = None
        self._hour = self._now()
        self._before = self._hours.get(self._hour, Hour())
        self._gaps = 0

    def gap(self) -> None:
        """The meter fell silent."""
        self._gaps += 1

    def look(self, counts: Counts, drift: int | None) -> None:
        """Take what was counted since the program started; once a minute is often enough.

        Args:
            counts: of the line, which go on; they are read when they are asked for.
            drift: see `Hour`.
        """
        self._counts, self._drift = counts, drift
        if (hour := self._now()) != self._hour:
            self.keep()
            self._hour = hour
            self._before = self._hours.get(hour, Hour())
            self._counted = replace(counts, kinds=counts.kinds.copy())
            self._counts = None
            self._gaps = 0

    def keep(self) -> None:
        """Write this day into the state, and forget what is too old."""
        self._count()
        day = self._hour // _HOURS
        begin = day * _HOURS
        hours = (self._hours.get(hour) for hour in range(begin, begin + _HOURS))
        self._state.set(self._section, str(day), ";".join(str(h) if h else "" for h in hours))
        for hour in [hour for hour in self._hours if hour // _HOURS <= day - DAYS]:
            del self._hours[hour]
        kept = self._state.section(self._section)
        old = [key for key in kept if not key.isdecimal() or int(key) <= day - DAYS]
        self._state.forget(self._section, *old)

    def hours(self) -> list[list[int | None]]:
        """Give what is known of each hour: its begin in seconds since 1970, then an `Hour`.

        Hours of another time are left out: of before a pause, or of a clock that was wrong.
        """
        self._count()
        now = self._now()
        return [
            [hour * _HOUR, *told]
            for hour, told in sorted(self._hours.items())
            if now - DAYS * _HOURS <= hour <= now
        ]

    def _count(self) -> None:
        """Reckon what came within this hour."""
        counts, was, before = self._counts, self._counted, self._before
        if counts is None:
            return
        self._hours[self._hour] = Hour(
            before.good + counts.frames - was.frames,
            before.damaged + _damaged(counts) - _damaged(was),
            before.rejected + _rejected(counts) - _rejected(was),
            before.parity + counts.parity_errors - was.parity_errors,
            before.gaps + self._gaps,
            self._drift,
        )

    def _now(self) -> int:
        return int(self._wall_clock() // _HOUR)


def _kept(days: Mapping[str, object]) -> Iterator[tuple[int, Hour]]:
    """Read what the state kept, and leave out what is damaged."""
    for day, text in days.items():
        if not day.isdecimal() or not isinstance(text, str):
            continue
        for n, hour in enumerate(text.split(";")[:_HOURS]):
            try:
                if hour:
                    yield int(day) * _HOURS + n, Hour.read(hour)
            except ValueError:
                continue


def _rejected(counts: Counts) -> int:
    return sum(counts.kinds[kind] for kind in NOT_ACCEPTED)


def _damaged(counts: Counts) -> int:
    return counts.faults - _rejected(counts)
