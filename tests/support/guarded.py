"""A line with decoder and guard, on which time passes as a test or trial says."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.fault import Fault
from app.meters import profile_files
from app.meters.reading import Reading
from app.meters.telegram import Telegram, Withheld
from app.plausibility import Guard
from simulator.ciphering import KEY
from simulator.clock import VIENNA
from tests.support.simulated import SimulatedMeter

PROFILES: Final = profile_files.load()

NO_TAG: Final = Keys(KEY)
"""Keys without the one that verifies tags."""


class CheckingGuard(Guard):
    """A guard that decides about no telegram at once."""

    def judge(self, telegram: Telegram) -> tuple[Telegram, str | None]:
        for sender in self._senders.values():
            sender.settle()
            sender.usual = None
        return super().judge(telegram)


class GuardedLine:
    """A line with decoder and guard.

    Args:
        keys: of the meter on the line.
        memory: what a guard's `memory` returned before.
        waits_for_number: whether a list without the meter's number waits for one that has it.
        guarded: False for a line whose telegrams are all accepted.
        now: the computer's clock, see `Decoder`.
        at_once: False for a guard whose checks all decide about each telegram, also a usual one.
    """

    def __init__(
        self,
        keys: Keys = NO_TAG,
        memory: dict[str, Any] | None = None,
        *,
        waits_for_number: bool = True,
        guarded: bool = True,
        now: Callable[[], datetime] | None = None,
        at_once: bool = True,
    ) -> None:
        self.now = 5000.0
        """Monotonic seconds."""
        self.wall = 1.8e9
        """Seconds since 1970, by the computer's clock."""
        self.faults: list[Fault] = []
        """Of all that came through `take`."""
        self.told: list[str] = []
        """Sentences for the log about telegrams that came through `take`."""
        self.withheld: tuple[Withheld, ...] = ()
        """What was withheld for long at the last telegram that came through `take`."""
        self.numbers: dict[str, str] = {}
        """The meters' numbers by sender."""
        self._waits_for_number = waits_for_number
        self._keys = keys
        self._guarded = guarded
        self._now = now
        self._guard = Guard if at_once else CheckingGuard
        self._start(memory)

    def _start(self, memory: dict[str, Any] | None) -> None:
        self.guard = self._guard(memory, lambda: self.now, lambda: self.wall)
        self._decoder = Decoder(
            self._keys,
            PROFILES,
            VIENNA,
            numbers=self.numbers if self._waits_for_number else None,
            guard=self.guard if self._guarded else None,
            now=self._now,
        )

    def memory(self) -> dict[str, Any]:
        """Return what the guard would know after a restart, as the state keeps it."""
        return json.loads(json.dumps(self.guard.memory()))  # type: ignore[no-any-return]

    def restart(self, memory: dict[str, Any] | None = None, keys: Keys | None = None) -> None:
        """Restart the program.

        Args:
            memory: None for what the guard knows now; an older one as of a backup.
            keys: in place of those until now.
        """
        self._keys = keys or self._keys
        self._start(self.memory() if memory is None else memory)

    def feed(self, data: bytes) -> list[Telegram | Fault]:
        """Decode the next bytes, without time passing."""
        return self._decoder.feed(data)

    def take(self, data: bytes, seconds: float = 5.0) -> Reading | None:
        """Let time pass and bytes come; return the reading of the last accepted telegram."""
        self.now += seconds
        self.wall += seconds
        reading = None
        for item in self.feed(data):
            fault = item if isinstance(item, Fault) else item.fault
            if isinstance(item, Telegram):
                self.withheld = item.withheld
            if fault:
                self.faults.append(fault)
            elif isinstance(item, Telegram):
                reading = item.reading
                self.told += [item.told] if item.told else []
        return reading

    def push(self, meter: SimulatedMeter, count: int = 1) -> list[Reading | None]:
        """Let a meter push telegrams at its push interval."""
        return [self.take(meter.telegram().data, meter.meter.interval) for _ in range(count)]


def line_of(meter: SimulatedMeter, keys: Keys = NO_TAG, count: int = 20) -> GuardedLine:
    """Return the line of a meter of which telegrams were accepted before."""
    line = GuardedLine(keys)
    assert all(line.push(meter, count))
    return line


def skip(meter: SimulatedMeter, passed: timedelta) -> None:
    """Let a meter push telegrams that are not read."""
    telegrams = int(passed.total_seconds()) // meter.meter.interval
    meter._now += telegrams * timedelta(seconds=meter.meter.interval)
    meter.meter.invocation_counter += telegrams
    meter.meter.invoke_id += telegrams * meter.meter.invoke_step


def accepted(readings: list[Reading | None]) -> list[bool]:
    """Tell which telegrams were accepted."""
    return [reading is not None for reading in readings]
