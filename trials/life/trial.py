"""Runs events on subjects, in parallel over subjects, and adds up what became of them."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import Pool
from typing import NamedTuple

from trials.life import events as _  # noqa: F401 - they register themselves
from trials.life.event import EVENTS, Event
from trials.life.judge import Verdict
from trials.life.life import Life
from trials.life.subjects import Subject

AROUND = {
    "restarted before": 0,
    "restarted after the next telegram": 1,
    "damage before and after the next telegram": 0,
}
"""What else is done around an event, and how many telegrams more may be withheld for it: what is
pending when the program is restarted is pending anew."""


class Run(NamedTuple):
    """One event on one subject.

    Args:
        event: its name.
        subject: to which it happens.
        around: what else is done around it, one of `AROUND`; empty for nothing.
        guarded: False to publish everything.
    """

    event: str
    subject: Subject
    around: str = ""
    guarded: bool = True

    def __str__(self) -> str:
        return f"{self.subject}{', ' * bool(self.around)}{self.around}"


@dataclass
class Total:
    """What became of an event on all subjects.

    Args:
        event: the event.
        runs: how many.
        wrong: wrong values.
        good: telegrams that had to be published.
        held: those of which not everything was.
        longest: the longest hold in telegrams of a list, less those of `AROUND`.
        shown: the first wrong values of each run in full.
        over: where the hold was longer than the goal.
        not_right: where not everything right is published in the end.
    """

    event: Event
    runs: int = 0
    wrong: int = 0
    good: int = 0
    held: int = 0
    longest: int = 0
    shown: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    not_right: list[str] = field(default_factory=list)

    @property
    def missed(self) -> bool:
        """Whether a goal is missed."""
        return bool(self.wrong or self.over or self.not_right)

    def add(self, run: Run, verdict: Verdict) -> None:
        """Add one run."""
        self.runs += 1
        self.wrong += verdict.wrong
        self.shown += [f"{run}: {told}" for told in verdict.shown]
        for name, hold in verdict.holds.items():
            self.good += hold.good
            self.held += hold.held
            more = AROUND.get(run.around, 0)
            self.longest = max(self.longest, hold.longest - more)
            if hold.longest > self.event.hold + more:
                self.over.append(f"{run}: {hold.longest} of {name}: {hold.missing}")
            if hold.run > self.event.hold + more:  # else it is just being confirmed
                self.not_right.append(f"{run}: {name}: {hold.missing}")


def play(run: Run) -> Verdict:
    """Let an event happen to a subject."""
    life = Life(EVENTS[run.event], run.subject, guarded=run.guarded)
    life.read_before()
    if run.around == "restarted before":
        life.restart()
    elif run.around == "restarted after the next telegram":
        life.after_the_next = life.restart
    elif run.around:
        life.damage()
        life.after_the_next = life.damage
    life.event.happen(life)
    life.settle()
    return life.end()


def runs_of(subject: Subject, events: Iterable[Event], *, guarded: bool = True) -> list[Run]:
    """Return the runs of all events on a subject.

    Each event is run by itself, and every second time once more with one of `AROUND`.
    """
    found = []
    for event in events:
        if event.applies(subject.about):
            found.append(Run(event.name, subject, guarded=guarded))
            turn = zlib.crc32(f"{event.name} {subject}".encode()) % (2 * len(AROUND))
            found += [Run(event.name, subject, one, guarded) for one in [*AROUND][turn : turn + 1]]
    return found


def run_all(
    subjects: Iterable[Subject], events: list[Event], processes: int, *, guarded: bool = True
) -> Iterator[list[tuple[Run, Verdict]]]:
    """Run events on subjects; give the verdicts of each subject when it is done."""
    # The longest first, so that no process is left with one at the end.
    todo = sorted(subjects, key=lambda one: (not one.hourly, one.about.interval, str(one)))
    runs = [runs_of(subject, events, guarded=guarded) for subject in todo]
    if processes == 1:
        yield from map(_play_all, runs)
        return
    with Pool(processes) as pool:
        yield from pool.imap(_play_all, runs)


def _play_all(runs: list[Run]) -> list[tuple[Run, Verdict]]:
    return [(run, play(run)) for run in runs]
