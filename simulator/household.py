"""A household that lives behind the meter: load, sun, voltages, and counters that add up.

Everything is a whole number (W, var, 0.1 V, 0.01 A, W·µs), so that the counters are exactly the
integral of the powers shown, however often and whenever the household is looked at. The same
seed and start time give the same household.
"""

from __future__ import annotations

import cmath
import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from simulator.clock import VIENNA
from simulator.loads import APPLIANCES, Circumstances

if TYPE_CHECKING:
    from collections.abc import Mapping

_MICROSECOND = timedelta(microseconds=1)
_WATT_HOUR = 3_600_000_000
_MINUTE = 60
_HOUR = timedelta(hours=1)
_DAY_TARIFF = range(6, 22)
_BY_TARIFF = range(1, 9)
_PHASES = 3
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

# What gas, water and heat meters count in each hour of a day: litres, litres, MJ.
_HOURLY = {
    "gas": (9, 8, 8, 8, 60, 99, 94, 80, 50, 20, 9, 9, 30, 20, 9, 9, 20, 70, 99, 90, 80, 60, 30, 9),
    "water": (2, 0, 0, 0, 0, 14, 62, 45, 20, 8, 6, 12, 24, 10, 4, 4, 8, 22, 38, 30, 18, 14, 35, 9),
    "heat": (3, 3, 3, 3, 4, 9, 12, 9, 6, 5, 5, 5, 5, 4, 4, 4, 5, 7, 9, 9, 8, 6, 5, 4),
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a meter could measure at one moment.

    Args:
        time: The moment, aware.
        values: Values by the last three groups of their OBIS code ("1.8.0"), in Wh, varh, W,
            var, VA, V, A, Hz, degrees or without unit. A phase angle is None where no current
            flows. Beside them "gas", "water" (m³) and "heat" (GJ), as they were counted when the
            hour began.
        reports: What meters behind this one reported last, where that is anything else than what
            they counted when the hour began: by one of these three, or for one channel by the
            code of its counter.
    """

    time: datetime
    values: Mapping[str, Decimal | None]
    reports: Mapping[str, Report] = field(default_factory=dict)


class Report(NamedTuple):
    """What a meter behind the meter reported.

    Args:
        time: When, aware; as it is written when it is no time.
        value: Its counter.
        number: Its number; None for the one made of the meter's own.
    """

    time: datetime | str
    value: Decimal
    number: str | None = None


_NOMINAL = 230
_MOST_DISPLACED = 50.0
"""V by which the star point is displaced at most: a broken neutral still has some earth."""


class Counter:
    """An energy counter for one direction, in whole Wh (or varh), split over two tariffs.

    What is left below one Wh is carried on, over a change of tariff too, so that the tariffs
    always add up to the total.
    """

    __slots__ = ("_rest", "tariffs")

    def __init__(self, first: int, second: int) -> None:
        self.tariffs = [first, second]
        self._rest = 0

    @property
    def total(self) -> int:
        """The counter over both tariffs."""
        return sum(self.tariffs)

    def add(self, power: int, duration: int, tariff: int) -> None:
        """Count a power in W over a duration in µs."""
        whole, self._rest = divmod(self._rest + power * duration, _WATT_HOUR)
        self.tariffs[tariff] += whole


# Reactive energy by quadrant, and real energy of each phase taken and given.
_FINER_GROUPS = (5, 6, 7, 8, 21, 22, 41, 42, 61, 62)


class Household:
    """Three phases (or one), a roof with solar panels, and its energy counters.

    The real power of the phases is summed before it is counted, as Austrian meters do it: at any
    moment the household either takes or gives. Reactive energy is counted by direction, and by
    quadrant beside that; real energy also by phase.

    Args:
        seed: Names the household.
        start: When it begins, aware.
        phases: 3, or 1 with everything on the first.
        solar: Peak power of the solar panels in W.
        step: Seconds for which loads and voltages stay as they are.

    Attributes:
        step: The same; longer steps let long times pass faster.
        counters: By OBIS group C, such as 1 for the real energy taken.
    """

    def __init__(
        self,
        seed: int,
        start: datetime,
        *,
        phases: int = _PHASES,
        solar: int = 6000,
        step: int = 1,
    ) -> None:
        if start.utcoffset() is None:
            raise ValueError("the start of a household needs a time zone")
        self._random = random.Random(seed)
        self._phases = phases
        self.step = step
        self._circumstances = Circumstances(solar)
        draw = self._random.randrange
        # By OBIS group C: real power taken and given, reactive power taken and given.
        self.counters = {
            1: Counter(draw(500_000, 9_000_000), draw(200_000, 4_000_000)),
            2: Counter(draw(3_000_000), draw(10_000)),
            3: Counter(draw(900_000), draw(300_000)),
            4: Counter(draw(2_000_000), draw(900_000)),
        }
        # Drawn apart, so that what is added here does not make another household of the rest.
        draw_more = random.Random(~seed).randrange
        self.counters |= {
            group: Counter(draw_more(900_000), draw_more(300_000)) for group in _FINER_GROUPS
        }
        self._hourly = {name: draw_more(100_000, 2_000_000) for name in _HOURLY}
        self._runs = [0] * len(APPLIANCES)
        self._base = [draw(60, 160) for _ in range(phases)]
        self._grid = [draw(2280, 2341) for _ in range(phases)]
        self._cloud = draw(300, 1001)
        self._watts = [0] * _PHASES
        self._vars = [0] * _PHASES
        self._volts = [0] * _PHASES  # in tenths
        self._tariff = 0
        self._sun = 0
        self._minute_left = 0
        self._shown: tuple[tuple[int, int], ...] = ()
        self._now = start.astimezone(UTC)
        self._change = self._now
        self._live()

    def at(self, moment: datetime) -> Snapshot:
        """Let the household live up to a moment and look at it.

        Args:
            moment: Aware; not before the moment asked for last.

        Raises:
            ValueError: When time would run backwards.
        """
        until = moment.astimezone(UTC)
        if until < self._now:
            raise ValueError(f"the household is already at {self._now}, {moment} is before that")
        while self._change <= until:
            self._count(self._change)
            self._live()
        self._count(until)
        return Snapshot(moment, self._values())

    @property
    def tariff(self) -> int:
        """The tariff that counts now, 1 by day or 2 by night."""
        return self._tariff + 1

    @property
    def circumstances(self) -> Circumstances:
        """What is out of the ordinary; it can be set at any moment."""
        return self._circumstances

    @circumstances.setter
    def circumstances(self, value: Circumstances) -> None:
        self._circumstances = value
        self._measure()

    # --- Time passing ---

    def _count(self, until: datetime) -> None:
        """Let the counters run up to a moment, over which the powers stay."""
        duration = (until - self._now) // _MICROSECOND
        self._now = until
        for group, power in self._shown:
            if power:
                self.counters[group].add(power, duration, self._tariff)

    def _live(self) -> None:
        """Change loads, sun and voltages for the next step."""
        self._change += timedelta(seconds=self.step)
        if self._minute_left <= 0:
            self._minute_left += _MINUTE
            self._look_at_the_clock()
        self._minute_left = max(0, self._minute_left - self.step)
        draw = self._random.randrange
        for number, appliance in enumerate(APPLIANCES):
            if self._runs[number] > 0:
                self._runs[number] -= self.step
            elif draw(appliance.pause) < self.step:
                self._runs[number] = draw(appliance.shortest, appliance.longest)
        self._cloud = _within(150, self._cloud + draw(-6, 7), 1000)
        for phase in range(self._phases):
            self._base[phase] = _within(25, self._base[phase] + draw(-3, 4), 220)
            away = self._grid[phase] - 2300
            pull = (draw(100) < -away) - (draw(100) < away)
            self._grid[phase] = _within(2200, self._grid[phase] + draw(-2, 3) + pull, 2400)
        self._measure()

    def _measure(self) -> None:
        """Sum up what is drawn from each phase, and what voltage that leaves."""
        now = self._circumstances
        running = [APPLIANCES[number] for number, left in enumerate(self._runs) if left > 0]
        feeding = now.neutral and not now.dead
        solar = now.solar * self._sun * self._cloud // 1_000_000 if feeding else 0
        for phase in range(self._phases):
            base = self._base[phase]
            watts, shift = sum(one.watts[phase] for one in now.loads), 0
            if not now.idle:
                watts += base + sum(one.watts[phase] for one in running)
                # Even the panels' inverter shifts a little, so that no phase is ever quite pure.
                shift = sum(one.vars[phase] for one in running) - base // 3
            shift += sum(one.vars[phase] for one in now.loads)
            alive = phase not in now.dead
            self._watts[phase] = (watts - solar // self._phases) * alive
            self._vars[phase] = shift * alive
            # What the house draws lowers the voltage at its end of the line, feeding lifts it.
            volts = self._grid[phase] + 10 * now.volts - self._watts[phase] // 90
            self._volts[phase] = volts * alive
        if not now.neutral:
            self._displace()
        self._shown = self._powers()

    def _displace(self) -> None:
        """Move the star point to where the currents of the phases add up to nothing."""
        phases = [cmath.rect(_NOMINAL, -2 * math.pi * n / _PHASES) for n in range(_PHASES)]
        total = max(1, sum(self._watts))
        star = sum(
            (volts * watts / total for volts, watts in zip(phases, self._watts, strict=True)), 0j
        )
        star *= min(1.0, _MOST_DISPLACED / max(1.0, abs(star)))
        for phase, volts in enumerate(phases):
            left = abs(volts - star)
            self._volts[phase] = round(10 * left)
            share = (left / _NOMINAL) ** 2  # heaters and lamps; the rest does not last long
            self._watts[phase] = round(self._watts[phase] * share)
            self._vars[phase] = round(self._vars[phase] * share)

    def _look_at_the_clock(self) -> None:
        """Set the tariff and the height of the sun, in thousandths."""
        local = self._now.astimezone(VIENNA)
        self._tariff = 0 if local.hour in _DAY_TARIFF else 1
        # Half a day's length in minutes: about eight hours in winter, sixteen in summer.
        half = 240 + 40 * (6 - abs(local.month - 6 if local.month < 12 else 6))  # noqa: PLR2004
        away = abs(local.hour * 60 + local.minute - 13 * 60)
        self._sun = max(0, 1000 - 1000 * away * away // (half * half))

    # --- What a meter measures ---

    def _powers(self) -> tuple[tuple[int, int], ...]:
        """Return the powers that are counted, by OBIS group C."""
        watts, reactive = sum(self._watts), sum(self._vars)
        # Quadrants go round against the clock: taking and inductive, giving and inductive, ...
        quadrant = (5 if watts >= 0 else 6) if reactive >= 0 else (8 if watts >= 0 else 7)
        return (
            (1, max(0, watts)),
            (2, max(0, -watts)),
            (3, max(0, reactive)),
            (4, max(0, -reactive)),
            *((group, abs(reactive) if group == quadrant else 0) for group in range(5, 9)),
            *((20 * phase + 1, max(0, self._watts[phase - 1])) for phase in (1, 2, 3)),
            *((20 * phase + 2, max(0, -self._watts[phase - 1])) for phase in (1, 2, 3)),
        )

    def _values(self) -> dict[str, Decimal | None]:
        values: dict[str, Decimal | None] = {}
        for group, power in self._shown:
            counter = self.counters[group]
            values[f"{group}.7.0"] = Decimal(power)
            values[f"{group}.8.0"] = Decimal(counter.total)
            if group in _BY_TARIFF:
                values[f"{group}.8.1"] = Decimal(counter.tariffs[0])
                values[f"{group}.8.2"] = Decimal(counter.tariffs[1])
                values[f"{group}.8.3"] = values[f"{group}.8.4"] = Decimal(0)
        for phase in range(_PHASES):
            self._add_phase(values, phase)
        watts, reactive = sum(self._watts), sum(self._vars)
        values["13.7.0"] = _power_factor(watts, reactive)
        values["9.7.0"] = Decimal(math.isqrt(watts * watts + reactive * reactive))
        values["16.7.0"] = Decimal(watts)
        values["15.8.0"] = Decimal(self.counters[1].total + self.counters[2].total)
        values["14.7.0"] = Decimal(5000 + self._cloud % 7 - 3).scaleb(-2)
        for name, first in self._hourly.items():
            values[name] = Decimal(first + _counted_hourly(name, self._now)).scaleb(-3)
        return values

    def _add_phase(self, values: dict[str, Decimal | None], phase: int) -> None:
        """Add voltage, current, power and angle of one phase."""
        watts, reactive = self._watts[phase], self._vars[phase]
        voltage = current = 0
        if phase < self._phases:
            voltage = self._volts[phase]
            apparent = math.isqrt((watts * watts + reactive * reactive) * 10**8)
            thousandths = apparent // voltage if voltage else 0
            current = (thousandths + 5) // 10
        group = 20 * (phase + 1)
        values[f"{group + 12}.7.0"] = Decimal(voltage).scaleb(-1)
        values[f"{group + 11}.7.0"] = Decimal(current).scaleb(-2)
        values[f"{group + 1}.7.0"] = Decimal(max(0, watts))
        values[f"{group + 2}.7.0"] = Decimal(max(0, -watts))
        values[f"{group + 3}.7.0"] = Decimal(max(0, reactive))
        values[f"{group + 4}.7.0"] = Decimal(max(0, -reactive))
        values[f"{group + 13}.7.0"] = _power_factor(watts, reactive)
        angle = Decimal(round(math.degrees(math.atan2(reactive, watts))) % 360) if current else None
        values[f"81.7.{(40, 51, 62)[phase]}"] = angle


def _power_factor(watts: int, reactive: int) -> Decimal:
    """Return real through apparent power, negative while giving; 1 where there is no power."""
    apparent = math.isqrt(watts * watts + reactive * reactive)
    factor = 1000 * watts // apparent if apparent else 1000
    return Decimal(_within(-1000, factor, 1000)).scaleb(-3)


def _counted_hourly(name: str, moment: datetime) -> int:
    """Return what was counted up to the last full hour, in thousandths, since long ago."""
    days, hour = divmod((moment - _EPOCH) // _HOUR, len(_HOURLY[name]))
    return days * sum(_HOURLY[name]) + sum(_HOURLY[name][:hour])


def _within(low: int, value: int, high: int) -> int:
    """Return the value, or the bound that it oversteps."""
    return max(low, min(value, high))
