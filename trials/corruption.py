"""How many damaged telegrams are published with a wrong value: the corruption trial.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.corruption --telegrams 1000000

Simulated meters that live push their telegrams; one in three is damaged. What comes out of decoder
and guard is compared with what the same telegram says undamaged. Three questions are asked:

- ``established``: what of a meter that has been read before, over restarts of the program, too;
- ``first``: what of the first telegram ever of a meter, in the moment that it is set up;
- ``clean``: how many good telegrams are refused when nothing is damaged.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.fault import Kind
from app.meters import profile
from app.meters.interpreter import Telegram
from app.meters.plausibility import Guard
from simulator import clock, meters
from simulator.ciphering import AUTH_KEY, KEY
from simulator.household import Household
from trials.damage import Damage, damaged, differs
from trials.text import TextMeter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.meters.reading import Reading

PROFILES = profile.load()
START = datetime(2026, 3, 20, tzinfo=UTC)
SESSION = 1500
"""Telegrams of one session."""

STREAMS = 4
"""Different households of each meter."""

DAMAGED_SHARE = 1 / 3
RESTART_SHARE = 1 / 500
CONNECTION = 3 * 63 * 230
RANGES = {
    "power_factor": 2.0,
    "power": CONNECTION,
    "reactive_power": CONNECTION,
    "apparent_power": CONNECTION,
    "voltage": 300.0,
    "current": 63.0,
    "phase_angle": 360.0,
    "frequency": 20.0,
}
"""What each quantity can be at a household's connection, from end to end."""

TEXT = "p1"
"""The family of meters that push text, which the simulator's table lacks."""


class Case(NamedTuple):
    """One session or several of the same sort.

    Args:
        family: of the meter.
        variant: of the family.
        repaired: whether the link's checksums fit after the damage.
        verified: whether the tag is checked.
        question: ``established``, ``first`` or ``clean``.
        seed: what chance begins with.
        amount: telegrams that are to be damaged; for ``clean``, telegrams.
        guarded: whether telegrams are judged; without, the link and the decoder are on their own.
    """

    family: str
    variant: str
    repaired: bool
    verified: bool
    question: str
    seed: int
    amount: int
    guarded: bool = True


class Pushed(NamedTuple):
    """A telegram on the wire, what it says, and when it comes."""

    segments: tuple[bytes, ...]
    reading: Reading
    second: float


@dataclass(slots=True)
class Result:
    """What came out.

    Args:
        damaged: telegrams that were damaged.
        good: telegrams that were not.
        held: good telegrams that were refused.
        stuck: sessions in which good telegrams were refused to the end.
        published: damaged telegrams of which something was published, wrong or not.
        wrong: damaged telegrams published with anything wrong.
        errors: by what is wrong.
        largest: the largest error of what stays within the goals, by key, in tenths of its range.
        shown: the first of what misses the goals, in words.
    """

    damaged: int = 0
    good: int = 0
    held: int = 0
    stuck: int = 0
    published: int = 0
    wrong: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    largest: dict[str, float] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)

    def add(self, other: Result) -> None:
        """Take in what came out elsewhere."""
        self.damaged += other.damaged
        self.good += other.good
        self.held += other.held
        self.stuck += other.stuck
        self.published += other.published
        self.wrong += other.wrong
        self.errors.update(other.errors)
        for key, share in other.largest.items():
            self.largest[key] = max(share, self.largest.get(key, 0.0))
        self.shown = (self.shown + other.shown)[:6]


GRAVE = ("identity", "time", "older", "falls", "leaps", "tenth", "unknown key")
"""Errors that the goals exclude even where noise fools the checksum."""


def lists() -> list[tuple[str, str, bool]]:
    """Give every meter that can be simulated, and whether it sends a tag."""
    found = [
        (family, variant, bool(meters.build(family, variant).ciphering.authenticated))  # type: ignore[union-attr]
        for family, variants in meters.FAMILIES.items()
        for variant in variants
        if meters.build(family, variant).ciphering
    ]
    return [*found, (TEXT, "dsmr", False)]


@cache
def stream(family: str, variant: str, number: int, length: int) -> tuple[Pushed, ...]:
    """Let a meter live, and give its telegrams."""
    meter = TextMeter() if family == TEXT else meters.build(family, variant)
    # Each household begins at another time of the day.
    begin = START + timedelta(hours=7 * number + number // 3)
    household = Household(number, begin, phases=meter.phases)
    decoder = Decoder(Keys(KEY), PROFILES, clock.VIENNA)
    pushed = []
    for n in range(1, length + 1):
        passed = timedelta(seconds=meter.interval * n)
        segments = meter.telegram(household.at(begin + passed)).segments
        found = [item for part in segments for item in decoder.feed(part)]
        (telegram,) = found
        if not isinstance(telegram, Telegram) or telegram.reading is None:
            raise ValueError(f"{family} {variant}: a good telegram cannot be read")
        pushed.append(Pushed(segments, telegram.reading, passed.total_seconds()))
    return tuple(pushed)


class Line:
    """Decoder and guard of one line as `LineReader` has them, and time that is made up."""

    def __init__(self, case: Case) -> None:
        verified = case.verified
        self._guarded = case.guarded
        self._keys = Keys(KEY, AUTH_KEY if verified else None)
        self._numbers: dict[str, str] = {}
        self.now = 0.0
        self._guard = Guard()
        self.restart()

    def restart(self) -> None:
        """Begin the program again."""
        self._memory = self._guard.memory()
        self._guard = Guard(self._memory, lambda: self.now, lambda: 1.8e9 + self.now)
        self._decoder = Decoder(
            self._keys,
            PROFILES,
            clock.VIENNA,
            numbers=self._numbers,
            guard=self._guard if self._guarded else None,
        )

    def push(self, segments: Sequence[bytes]) -> tuple[list[Reading], bool]:
        """Let bytes come; give what would be published, and whether anything was held back."""
        readings, held = [], False
        for part in segments:
            for item in self._decoder.feed(part):
                if isinstance(item, Telegram) and item.fault is None:
                    readings += [item.reading] if item.reading else []
                    readings += item.others
                else:
                    fault = item.fault if isinstance(item, Telegram) else item
                    held |= bool(fault and fault.kind in {Kind.SUSPICIOUS, Kind.REPLAYED})
        return readings, held


def run(case: Case, streams: int = STREAMS, length: int = SESSION) -> Result:
    """Run one case, on so many households for so many telegrams each."""
    chance = random.Random(f"{case}")
    result = Result()
    if case.question == "clean":
        _clean(case, result)
        return result
    while result.damaged < case.amount:
        pushed = stream(case.family, case.variant, chance.randrange(streams), length)
        if case.question == "first":
            _first(case, pushed, chance, result)
        else:
            _session(case, pushed, chance, result)
    return result


def _clean(case: Case, result: Result) -> None:
    """Count the good telegrams that are refused over days without noise."""
    line = Line(case)
    for one in stream.__wrapped__(case.family, case.variant, case.seed, case.amount):
        line.now = one.second
        readings, _ = line.push(one.segments)
        result.good += 1
        result.held += readings != [one.reading]


def _first(case: Case, pushed: Sequence[Pushed], chance: random.Random, result: Result) -> None:
    """Damage the first telegram ever of a meter; six good ones follow."""
    at = chance.randrange(1, len(pushed) - 7)
    line = Line(case)
    judge = _Judge(case, pushed, result)
    line.now = pushed[at].second
    judge.damaged(line, at, chance)
    for n in range(at + 1, at + 7):
        line.now = pushed[n].second
        readings, _ = line.push(pushed[n].segments)
    if readings != [pushed[at + 6].reading]:
        judge.result.stuck += _energies_apart(readings, pushed[at + 6].reading)


def _session(case: Case, pushed: Sequence[Pushed], chance: random.Random, result: Result) -> None:
    """Damage one telegram in three of a meter that has been read before."""
    line = Line(case)
    judge = _Judge(case, pushed, result)
    held_in_a_row = 0
    for at, one in enumerate(pushed):
        line.now = one.second + chance.random() / 4
        if chance.random() < RESTART_SHARE:
            line.restart()
        if at and chance.random() < DAMAGED_SHARE:
            judge.damaged(line, at, chance)
            continue
        readings, held = line.push(one.segments)
        result.good += 1
        judge.compare(readings, at)
        refused = held and not readings
        held_in_a_row = held_in_a_row + 1 if refused else 0
        result.held += refused
    result.stuck += held_in_a_row > 10  # noqa: PLR2004 - by then the guard must have given in


def _energies_apart(readings: list[Reading], truth: Reading) -> bool:
    """Tell whether a meter is not read rightly again; a counter may wait to be passed."""
    if len(readings) != 1 or readings[0].meter != truth.meter:
        return True
    return readings[0].timestamp != truth.timestamp


class _Judge:
    """Compares what is published with the truth."""

    def __init__(self, case: Case, pushed: Sequence[Pushed], result: Result) -> None:
        self.result = result
        self._case = case
        self._pushed = pushed
        self._last: Reading | None = None
        self._last_at = 0
        self._last_second = 0.0

    def damaged(self, line: Line, at: int, chance: random.Random) -> None:
        """Damage a telegram, push it, and judge what comes out."""
        damage = chance.choice(list(Damage))
        good, before = self._pushed[at].segments, self._pushed[at - 1].segments
        bad = damaged(good, before, damage, chance, repaired=self._case.repaired)
        if not differs(good, bad):
            bad = [good[0][:-3], *good[1:]]
        self.result.damaged += 1
        readings, _ = line.push(bad)
        self.result.published += bool(readings)
        errors = self.compare(readings, at)
        if errors:
            self.result.wrong += 1

    def compare(self, readings: list[Reading], at: int) -> Counter[str]:
        """Count what is wrong about what is published after a telegram."""
        errors: Counter[str] = Counter()
        for reading in readings:
            # A telegram may become whole only with the bytes of the next.
            near = (at, at - 1) if at else (at,)
            exact = [n for n in near if self._pushed[n].reading == reading]
            if exact:
                if self._last is not None and exact[0] < self._last_at:
                    errors["older"] += 1
                at_truth = exact[0]
            else:
                timed = [n for n in near if self._pushed[n].reading.timestamp == reading.timestamp]
                at_truth = timed[0] if timed else at
                errors += self._errors(reading, self._pushed[at_truth])
            self._last, self._last_at = reading, at_truth
            self._last_second = self._pushed[at_truth].second
        self.result.errors.update(errors)
        if any(kind.startswith(GRAVE) for kind in errors):
            self.result.shown.append(f"{self._case}: telegram {at}: {dict(errors)}")
        return errors

    def _errors(self, reading: Reading, pushed: Pushed) -> Counter[str]:
        truth = pushed.reading
        errors: Counter[str] = Counter()
        if reading.meter != truth.meter:
            errors["identity"] += 1
        if reading.timestamp != truth.timestamp and reading.timestamp is not None:
            errors["time"] += 1
        for key, value in reading.values.items():
            said = truth.values.get(key)
            if said is None:
                errors[f"unknown key {key}"] += 1
            elif value != said and isinstance(value, (int, Decimal)):
                errors[self._graded(key, float(value), float(said), pushed.second)] += 1
            if "energy" in key and self._last and key in self._last.values:
                last = self._last.values[key]
                if float(value) < float(last):
                    errors[f"falls {key}"] += 1
        return errors

    def _graded(self, key: str, value: float, said: float, second: float) -> str:
        off = abs(value - said)
        if "energy" in key:
            allowed = CONNECTION * (second - self._last_second) / 3.6e6 + 0.002
            grave, share = f"leaps {key}", off / allowed
        else:
            kind = next(name for name in RANGES if key.startswith(name))
            if kind == "phase_angle":
                off = min(off % 360, 360 - off % 360)
            grave, share = f"tenth {key}", off / RANGES[kind] * 10
        if share > 1:
            return grave
        self.result.largest[key] = max(share, self.result.largest.get(key, 0.0))
        return f"small {key}"


def cases(telegrams: int, seed: int, only: str | None = None) -> Iterator[Case]:
    """Spread telegrams over meters, kinds of damage and keys."""
    rows = [
        (family, variant, repaired, verified)
        for family, variant, tagged in lists()
        for repaired in (False, True)
        for verified in ((False, True) if tagged else (False,))
        if only is None or family == only
    ]
    each = max(1, telegrams // len(rows))
    for number, (family, variant, repaired, verified) in enumerate(rows):
        row = (family, variant, repaired, verified)
        yield Case(*row, "established", seed, each)
        yield Case(*row, "first", seed, max(1, each // 50))
        if not repaired:
            yield Case(*row, "clean", 1000 * seed + number, max(100, each // 4))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trial and print its figures."""
    parser = argparse.ArgumentParser(description="Counts damaged telegrams that are published.")
    parser.add_argument("--telegrams", type=int, default=20_000, help="to be damaged in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument(
        "--unguarded", action="store_true", help="believe every telegram, to compare"
    )
    parser.add_argument("--family", help="only this one")
    given = parser.parse_args(arguments)
    begun = time.monotonic()
    totals: dict[tuple[str, bool, bool], Result] = {}
    with multiprocessing.Pool(given.processes) as pool:
        by_meter: dict[tuple[str, str], list[Case]] = {}
        for case in cases(given.telegrams, given.seed, given.family):
            todo = by_meter.setdefault((case.family, case.variant), [])
            todo.append(case._replace(guarded=not given.unguarded))
        # A meter's cases share its telegrams, which take longer to make than to read.
        for found in pool.imap_unordered(_run_all, by_meter.values()):
            for case, result in found:
                key = (case.question, case.repaired, case.verified)
                totals.setdefault(key, Result()).add(result)
            sys.stderr.write(f"{time.monotonic() - begun:.0f} s: {found[0][0].family} done\n")
    missed = False
    for (question, repaired, verified), total in sorted(totals.items()):
        missed |= _tell(question, total, repaired=repaired, verified=verified)
    sys.stdout.write(f"{time.monotonic() - begun:.0f} s\n")
    return int(missed)


def _run_all(todo: list[Case]) -> list[tuple[Case, Result]]:
    found = [(case, run(case)) for case in todo]
    stream.cache_clear()
    return found


def _tell(question: str, total: Result, *, repaired: bool, verified: bool) -> bool:
    """Print the figures of one sort; tell whether they miss a goal."""
    tag = "tag verified" if verified else "no tag checked"
    if question == "clean":
        missed = total.held * 10_000 > total.good
        sys.stdout.write(f"\nclean, {tag}: {total.held} of {total.good} good telegrams refused\n")
        return missed
    kind = "checksums repaired" if repaired else "as noise leaves them"
    sys.stdout.write(
        f"\n{question}, {kind}, {tag}: {total.damaged} damaged, {total.published} of them gave"
        f" something, {total.wrong} something wrong; {total.held} of {total.good} good ones"
        f" refused, {total.stuck} for good\n"
    )
    for error, count in sorted(total.errors.items()):
        sys.stdout.write(f"  {count:6} {error}\n")
    if total.largest:
        key = max(total.largest, key=lambda one: total.largest[one])
        sys.stdout.write(f"  largest small error: {total.largest[key]:.2f} of a goal, {key}\n")
    for line in total.shown:
        sys.stdout.write(f"  {line}\n")
    if question == "first":
        return bool(total.stuck)
    grave = sum(n for error, n in total.errors.items() if error.startswith(GRAVE))
    allowed = 0 if verified else total.damaged // 1_000_000
    return bool(total.stuck or grave or (total.wrong > allowed and (verified or not repaired)))


if __name__ == "__main__":
    sys.exit(main())
