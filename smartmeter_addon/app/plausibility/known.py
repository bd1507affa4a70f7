"""What was learned of one sender."""

import sys
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from app.language.catalogue import Sentence
from app.meters.limits import MOST_SENDERS
from app.meters.reading import Meter
from app.plausibility import clock
from app.plausibility.decision import Violation
from app.plausibility.laws import Learned
from app.plausibility.limits import Limits
from app.plausibility.lists import KnownList, Lists
from app.plausibility.reports import Reports
from app.plausibility.track import Observation, Track
from app.plausibility.units import MeanPower, flows_of
from app.plausibility.withheld import Withholding

_YOUNG: Final = 3
"""Telegrams from which on what was accepted outweighs a single telegram that contradicts it."""


@dataclass(slots=True)
class Known:
    """What was learned of one sender, in accepted telegrams.

    Args:
        count: of these telegrams.
        numbers: of its meter, each behind its id; mostly one, and a dict takes 224 bytes.
        family: type, manufacturer and model of the meter.
    """

    count: int = 0
    numbers: tuple[tuple[str, str | None], ...] = ()
    family: str = ""
    laws: Learned = field(default_factory=Learned)
    limits: Limits = field(default_factory=Limits)
    lists: Lists = field(default_factory=Lists)
    power: MeanPower = field(default_factory=MeanPower)
    reports: Reports = field(default_factory=Reports)
    withholding: Withholding = field(default_factory=Withholding)

    @property
    def is_grown(self) -> bool:
        """Whether what was accepted outweighs a single telegram that contradicts it."""
        return self.count >= _YOUNG

    def check_identity(self, observation: Observation, track: Track) -> list[Violation]:
        """Check that a telegram is of the meter that was read before, and of its submeters."""
        violations = []
        meter, last = observation.meter, track.meter
        if meter and meter is not last and meter != last and (last or not self._is_own(meter)):
            sentence = Sentence("check.another_meter")
            violations.append(Violation("identity", sentence, meter.id))
        for other in observation.telegram.others:
            if self.count and not self.reports.know(other.meter):
                sentence = Sentence("check.new_submeter")
                violations.append(Violation("identity", sentence, other.meter.id))
        return violations

    def add(
        self,
        observation: Observation,
        laws: Mapping[str, bool],
        withheld: AbstractSet[str],
    ) -> KnownList:
        """Learn from an accepted telegram; return its list.

        Args:
            observation: the telegram.
            laws: that say something of it, and whether it keeps each.
            withheld: ids of the submeters whose reports are not published.
        """
        now, time, meter = observation.now, observation.time, observation.meter
        self.count += 1
        if meter is not None:
            others = (one for one in self.numbers if one[0] != meter.id)
            self.numbers = (*others, (meter.id, meter.number))[-MOST_SENDERS:]
            self.family = family_of(meter)
        listed = self.lists.add(observation.found)
        regular = listed.arrived(now, time, observation.offset, clock.slack(self.limits))
        self.laws.add(laws)
        if time is None and not regular:
            self.power.pause()
        flows = flows_of(observation.values)
        self.power.add(flows, observation.clock, listed.interval or listed.gap)
        for other in observation.telegram.others:
            if other.meter.id not in withheld:
                self.reports.accept(other, now)
        return listed

    def _is_own(self, meter: Meter) -> bool:
        """Tell whether a meter is the one from before a restart, and read as of the same family.

        The addresses of a link may decide the family, and no tag covers them.
        """
        if not self.numbers:
            return True
        is_known = not {(meter.id, None), (meter.id, meter.number)}.isdisjoint(self.numbers)
        return is_known and self.family in {"", family_of(meter)}


@lru_cache(maxsize=64)
def family_of(meter: Meter) -> str:
    """Return type, manufacturer and model of a meter."""
    return sys.intern(f"{meter.type} {meter.manufacturer} {meter.model}")
