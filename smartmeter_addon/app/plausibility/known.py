"""What was learned of one sender."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Final

from app.cosem.unit import Number
from app.meters.reading import Meter
from app.plausibility.clock import schedule_slack
from app.plausibility.laws import Learned
from app.plausibility.limits import Limits
from app.plausibility.lists import KnownList, Lists
from app.plausibility.reports import Reports
from app.plausibility.schedule import Moment
from app.plausibility.track import Observation, Track
from app.plausibility.units import MeanPower
from app.plausibility.violation import Violation
from app.plausibility.withholding import Withholding

_YOUNG: Final = 3
"""Telegrams from which on what was accepted outweighs a single telegram that contradicts it."""


class Known:
    """What was learned of one sender, in accepted telegrams."""

    __slots__ = (
        "count",
        "family",
        "ids",
        "laws",
        "limits",
        "lists",
        "power",
        "reports",
        "withholding",
    )

    def __init__(self) -> None:
        self.count = 0
        """Accepted telegrams."""
        self.ids: set[str] = set()
        """Of its meter."""
        self.family = ""
        """Type, manufacturer and model of the meter."""
        self.laws = Learned()
        self.limits = Limits()
        self.lists = Lists()
        self.power = MeanPower()
        self.reports = Reports()
        self.withholding = Withholding()

    @property
    def is_grown(self) -> bool:
        """Whether what was accepted outweighs a single telegram that contradicts it."""
        return self.count >= _YOUNG

    def check_identity(
        self, observation: Observation, track: Track, violations: list[Violation]
    ) -> None:
        """Check that a telegram is of the meter that was read before, and of its submeters."""
        meter, last = observation.meter, track.meter
        if (
            meter is not last
            and meter is not None
            and meter != last
            and not self._is_own(meter, last)
        ):
            sentence = "it comes from another meter than those before"
            violations.append(Violation("identity", sentence, meter.id))
        for other in observation.telegram.others:
            if self.count and other.meter.id not in self.reports.ids:
                sentence = "a submeter reports that was not heard before"
                violations.append(Violation("identity", sentence, other.meter.id))

    def add(
        self,
        listed: KnownList,
        observation: Observation,
        accepted: Mapping[str, Number],
        laws: tuple[tuple[str, ...], list[str]],
        withheld: AbstractSet[str],
    ) -> None:
        """Learn from an accepted telegram.

        Args:
            listed: its list.
            observation: the telegram.
            accepted: its values that are published.
            laws: names of those that say something of it, and of those that it does not keep.
            withheld: ids of the submeters whose reports are not published.
        """
        now, moment, meter = observation.now, observation.moment, observation.meter
        self.count += 1
        if meter is not None:
            self.ids.add(meter.id)
            self.family = family_of(meter)
        regular = listed.arrived(now)
        listed.schedule.add(moment, schedule_slack(self.limits))
        self.laws.add(*laws)
        if moment is None and not regular:
            self.power.pause()
        self.power.add(accepted, moment.time if moment else now)
        for other in observation.telegram.others:
            if other.meter.id not in withheld:
                self.reports.accept(other, moment.time if moment else None, now)

    def usual(
        self,
        listed: KnownList,
        moment: Moment,
        laws: tuple[str, ...],
        values: Mapping[str, Number],
        now: float,
    ) -> None:
        """Learn from a telegram that goes on from the one before in the usual way."""
        self.count += 1
        listed.count += 1
        listed.seen_at = now
        listed.schedule.keep(moment)
        self.laws.add(laws, ())
        self.power.add(values, moment.time)

    def relax(self, check: str, name: str) -> None:
        """Give up a check, or widen its limit, that is not right for this meter.

        Args:
            check: its name.
            name: with the detail.
        """
        if check == "law":
            self.limits.factors[name] = 0
        elif check in {"jump", "clock", "schedule"}:
            self.limits.widen(name)
        if check == "schedule":
            self.lists.distrust()

    def _is_own(self, meter: Meter, last: Meter | None) -> bool:
        """Tell whether a meter is the known one, and read as of the same family.

        The addresses of a link may decide the family, and no tag covers them.
        """
        if last is not None:
            # Some lists of a meter say its number, some do not.
            return last.number is None and meter.number is not None
        return not self.ids or (meter.id in self.ids and self.family in {"", family_of(meter)})


@lru_cache(maxsize=64)
def family_of(meter: Meter) -> str:
    """Return type, manufacturer and model of a meter."""
    return f"{meter.type} {meter.manufacturer} {meter.model}"
