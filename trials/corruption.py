"""How many damaged telegrams are published with a wrong value: the corruption trial.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.corruption --telegrams 1000000

Simulated meters that live push their telegrams; two in five are damaged. What comes out of decoder
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
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.fault import Kind
from app.meters import profile_files
from app.meters.telegram import Telegram
from app.plausibility import Guard
from simulator import clock, meters
from simulator.ciphering import AUTH_KEY, KEY
from simulator.household import Household
from simulator.links import MBus
from trials.damage import Damage, compensated, damaged, differs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.meters.reading import Meter, Reading

PROFILES = profile_files.load()
START = datetime(2026, 3, 20, tzinfo=UTC)
SESSION = 1500
"""Telegrams of one session."""

STREAMS = 3
"""Different households of each meter."""

CLEAN_HOUSEHOLDS = 4
"""Households of each list whose telegrams are not damaged."""

STUCK = 10
"""Good telegrams refused in a row after which the guard must have given in."""

READ_BEFORE = 20
"""Telegrams that were read of an established meter."""

LATEST = 30
"""Telegrams after which one that was held up by a damaged length has come."""

MOST_SHOWN = 8
DAMAGED_SHARE = 0.4
RESTART_SHARE = 1 / 500
LATE_SHARE = 1 / 100
TRANSFER = 0.05
"""Seconds between two telegrams that arrive one right after the other."""

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

FLOWS = {"gas": (25.0, 3600.0), "water": (16.0, 3600.0), "heat": (0.6, 3600.0)}
"""The most of what is counted behind the meter, in an hour, and seconds between two reports."""


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
        compensating: whether each damage is two bits that make up for each other in M-Bus's sum.
    """

    family: str
    variant: str
    repaired: bool
    verified: bool
    question: str
    seed: int
    amount: int
    guarded: bool = True
    compensating: bool = False


class Pushed(NamedTuple):
    """A telegram on the wire, what it says, and when it comes."""

    segments: tuple[bytes, ...]
    readings: tuple[Reading, ...]  # of the meter, and of those behind it
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
        mixed: damaged telegrams published of which a part was of the telegram before.
        errors: by what is wrong.
        largest: the largest error of what stays within the goals, by key, in tenths of its range.
        shown: the first of what misses the goals, in words.
        by_list: good telegrams refused, and all of them, by list.
    """

    damaged: int = 0
    good: int = 0
    held: int = 0
    stuck: int = 0
    published: int = 0
    wrong: int = 0
    mixed: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    largest: dict[str, float] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    by_list: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, other: Result) -> None:
        """Take in what came out elsewhere."""
        self.damaged += other.damaged
        self.good += other.good
        self.held += other.held
        self.stuck += other.stuck
        self.published += other.published
        self.wrong += other.wrong
        self.mixed += other.mixed
        self.errors.update(other.errors)
        for key, share in other.largest.items():
            self.largest[key] = max(share, self.largest.get(key, 0.0))
        self.shown = (self.shown + other.shown)[:MOST_SHOWN]
        for name, (held, good) in other.by_list.items():
            before = self.by_list.get(name, (0, 0))
            self.by_list[name] = before[0] + held, before[1] + good


GRAVE = ("identity", "time", "older", "falls", "leaps", "tenth", "unknown key")
"""Errors that the goals exclude even where noise fools the checksum."""


class List(NamedTuple):
    """A list that can be simulated.

    Args:
        family: of the meter.
        variant: of the family.
        tagged: whether it bears a tag.
        summed: whether its link has nothing but M-Bus's sum of eight bits.
        checked: whether its link has a checksum; without, no noise can be told by the link.
    """

    family: str
    variant: str
    tagged: bool
    summed: bool
    checked: bool


SILENT = {("energomera", "event")}
"""Lists in which nothing is that would be published."""


def lists() -> list[List]:
    """Give every list that there is and that says something."""
    found = []
    for family, variants in meters.FAMILIES.items():
        for variant in variants:
            if (family, variant) in SILENT:
                continue
            meter = meters.build(family, variant)
            tagged = bool(meter.ciphering and meter.ciphering.authenticated)
            checked = meter.layout.shape is not meters.Shape.TEXT or meter.layout.checksum
            found.append(List(family, variant, tagged, isinstance(meter.link, MBus), checked))
    return found


@cache
def stream(family: str, variant: str, number: int, length: int) -> tuple[Pushed, ...]:
    """Let a meter live, and give its telegrams."""
    meter = meters.build(family, variant)
    # Each household begins at another time of the day, and no two meters have the same.
    begin = START + timedelta(hours=7 * number + number // 3)
    seed = zlib.crc32(f"{family} {variant} {number}".encode())
    household = Household(seed, begin, phases=meter.phases)
    decoder = Decoder(Keys(KEY), PROFILES, clock.VIENNA)
    pushed = []
    for n in range(1, length + 1):
        passed = timedelta(seconds=meter.interval * n)
        segments = meter.telegram(household.at(begin + passed)).segments
        found = [item for part in segments for item in decoder.feed(part)]
        (telegram,) = found
        if not isinstance(telegram, Telegram) or telegram.reading is None:
            raise ValueError(f"{family} {variant}: a good telegram cannot be read")
        readings = (telegram.reading, *telegram.others)
        pushed.append(Pushed(segments, readings, passed.total_seconds()))
    return tuple(pushed)


class Line:
    """Decoder and guard of one line as `LineReader` has them, and time that is made up."""

    def __init__(self, case: Case, meter: Meter) -> None:
        self._guarded = case.guarded
        self._keys = Keys(KEY, AUTH_KEY if case.verified else None)
        # A list without the meter's number is not made to wait for one that bears it.
        self._numbers: dict[str, str] | None = {} if meter.number else None
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

    def push(self, segments: Sequence[bytes]) -> tuple[list[tuple[Reading, ...]], bool]:
        """Let bytes come; give what each telegram publishes, and whether any was held back."""
        found: list[tuple[Reading, ...]] = []
        held = False
        for part in segments:
            for item in self._decoder.feed(part):
                if isinstance(item, Telegram) and item.fault is None:
                    own = (item.reading,) if item.reading else ()
                    found += [(*own, *item.others)] if own or item.others else []
                else:
                    fault = item.fault if isinstance(item, Telegram) else item
                    held |= bool(fault and fault.kind in {Kind.SUSPICIOUS, Kind.REPLAYED})
        return found, held


def run(case: Case, streams: int = STREAMS, length: int = SESSION) -> Result:
    """Run one case, on so many households for so many telegrams each."""
    chance = random.Random(f"{case}")
    result = Result()
    if case.question == "clean":
        _clean(case, chance, result)
        result.by_list[f"{case.family} {case.variant}"] = result.held, result.good
        return result
    while result.damaged < case.amount:
        pushed = stream(case.family, case.variant, chance.randrange(streams), length)
        if case.question == "first":
            _first(case, pushed, chance, result)
        else:
            _session(case, pushed, chance, result)
    return result


def _clean(case: Case, chance: random.Random, result: Result) -> None:
    """Count the good telegrams that are refused over days without noise.

    Life goes on, though: the program is restarted, and away for a while now and then; a gateway
    holds telegrams up.
    """
    pushed = stream.__wrapped__(case.family, case.variant, 1000 + case.seed, case.amount)
    line = Line(case, pushed[0].readings[0].meter)
    away = refused_in_a_row = 0
    latest: list[bool] = []
    for one in pushed:
        away -= 1
        if away > 0:
            continue
        late = chance.expovariate(1 / 4) if chance.random() < LATE_SHARE else chance.random() / 4
        line.now = max(line.now + TRANSFER, one.second + late)
        if chance.random() < RESTART_SHARE:
            away = chance.choice((0, 0, 0, chance.randrange(60)))
            line.restart()
        refused = line.push(one.segments)[0] != [one.readings]
        refused_in_a_row = refused_in_a_row + 1 if refused else 0
        latest = [*latest[-STUCK * STUCK :], refused]
        result.good += 1
        result.held += refused
        if refused:
            result.shown = [*result.shown, f"{case}: second {one.second:.0f}"][:MOST_SHOWN]
    result.stuck += refused_in_a_row > STUCK or sum(latest) > STUCK


def _first(case: Case, pushed: Sequence[Pushed], chance: random.Random, result: Result) -> None:
    """Damage the first telegram ever of a meter; six good ones follow."""
    at = chance.randrange(1, len(pushed) - 7)
    line = Line(case, pushed[0].readings[0].meter)
    judge = _Judge(case, pushed, result)
    line.now = pushed[at].second
    judge.damaged(line, at, chance)
    right = []
    for n in range(at + 1, at + 7):
        line.now = pushed[n].second
        found, _ = line.push(pushed[n].segments)
        told = [(one.meter, one.timestamp) for one in found[-1]] if found else []
        # A counter that was too high may wait to be passed.
        right.append(told == [(one.meter, one.timestamp) for one in pushed[n].readings])
    result.stuck += not any(right[-3:])


def _session(case: Case, pushed: Sequence[Pushed], chance: random.Random, result: Result) -> None:
    """Damage two telegrams in five of a meter that has been read before."""
    line = Line(case, pushed[0].readings[0].meter)
    judge = _Judge(case, pushed, result)
    held_in_a_row = 0
    for at, one in enumerate(pushed):
        line.now = one.second + chance.random() / 4
        if chance.random() < RESTART_SHARE:
            line.restart()
        if at >= READ_BEFORE and chance.random() < DAMAGED_SHARE:
            judge.damaged(line, at, chance)
            continue
        found, held = line.push(one.segments)
        result.good += 1
        judge.judge(found, at, "none, but before")
        refused = held and not found
        held_in_a_row = held_in_a_row + 1 if refused else 0
        result.held += refused
    result.stuck += held_in_a_row > STUCK


class _Judge:
    """Compares what is published with the truth."""

    def __init__(self, case: Case, pushed: Sequence[Pushed], result: Result) -> None:
        self.result = result
        self._case = case
        self._pushed = pushed
        self._last: dict[str, Reading] = {}  # by the meter's id
        self._last_at = 0
        self._last_second = 0.0

    def damaged(self, line: Line, at: int, chance: random.Random) -> None:
        """Damage a telegram, push it, and judge what comes out."""
        good, before = self._pushed[at].segments, self._pushed[at - 1].segments
        if self._case.compensating:
            damage = "two bits that make up for each other"
            bad = compensated(good, chance)
        else:
            damage = chance.choice(list(Damage))
            bad = damaged(good, before, damage, chance, repaired=self._case.repaired)
        if not differs(good, bad):
            bad = [good[0][:-3], *good[1:]]
        self.result.damaged += 1
        found, _ = line.push(bad)
        self.result.published += bool(found)
        self.judge(found, at, damage)

    def judge(self, found: list[tuple[Reading, ...]], at: int, damage: str) -> None:
        """Count a telegram after which anything wrong is published."""
        errors = self._compare(found, at)
        if any(kind.startswith("stale") for kind in errors):
            self.result.mixed += all(kind.startswith(("stale", "kept")) for kind in errors)
        if any(not kind.startswith(("kept", "stale")) for kind in errors):
            self.result.wrong += 1
            if not self._case.repaired or any(kind.startswith(GRAVE) for kind in errors):
                told = f"{self._case}: telegram {at}, {damage}: {dict(errors)}"
                self.result.shown = [*self.result.shown, told][:MOST_SHOWN]

    def _compare(self, found: list[tuple[Reading, ...]], at: int) -> Counter[str]:
        errors: Counter[str] = Counter()
        for readings in found:
            # A telegram may become whole only with the bytes of those that follow.
            near = range(at, max(-1, at - LATEST), -1)
            n = next((n for n in near if self._pushed[n].readings == readings), None)
            if n is not None and n < self._last_at:
                errors["older"] += 1
            elif n is None:
                time = readings[0].timestamp
                n = next((n for n in near[:2] if self._pushed[n].readings[0].timestamp == time), at)
                for reading in readings:
                    errors += self._errors(reading, n, at)
            self._last |= {reading.meter.id: reading for reading in readings}
            self._last_at, self._last_second = n, self._pushed[n].second
        self.result.errors.update(errors)
        return errors

    def _errors(self, reading: Reading, n: int, at: int) -> Counter[str]:
        errors: Counter[str] = Counter()
        pushed = self._pushed[n]
        truth = next((one for one in pushed.readings if one.meter == reading.meter), None)
        if truth is None:
            errors["identity"] += 1
            return errors
        near = self._pushed[max(0, n - 1) : min(n + 1, at) + 1]
        olds = [one for other in near for one in other.readings if one.meter == reading.meter]
        if reading.timestamp not in {truth.timestamp, None}:
            stale = reading.timestamp in {one.timestamp for one in olds}
            errors["stale time" if stale else "time"] += 1
        last = self._last.get(reading.meter.id, truth).values
        for key, value in reading.values.items():
            said = truth.values.get(key)
            if said is None:
                errors[f"unknown key {key}"] += 1
            elif isinstance(value, str) or isinstance(said, str):
                errors[f"text {key}"] += value != said
            elif value != said and any(value == one.values.get(key) for one in olds):
                errors[f"stale {key}"] += 1  # of the telegram before, as it was said there
            elif value != said and value == last.get(key) and kind_of(key) is None:
                errors[f"kept {key}"] += 1  # by an earlier error: the counter waits to be passed
            elif value != said:
                errors[self._graded(key, float(value), float(said), pushed.second)] += 1
            shown = last.get(key)
            if kind_of(key) is None and shown is not None and float(value) < float(shown):
                errors[f"falls {key}"] += 1
        return +errors  # those that were counted at all

    def _graded(self, key: str, value: float, said: float, second: float) -> str:
        off = abs(value - said)
        kind = kind_of(key)
        if kind is None:
            flow, rest = FLOWS.get(key, (CONNECTION / 1000, 0.0))
            allowed = flow * (second - self._last_second + rest) / 3600 + 0.002
            grave, share = f"leaps {key}", off / allowed
        else:
            if kind == "phase_angle":
                off = min(off % 360, 360 - off % 360)
            grave, share = f"tenth {key}", off / RANGES[kind] * 10
        if share > 1:
            return grave
        self.result.largest[key] = max(share, self.result.largest.get(key, 0.0))
        return f"small {key}"


def kind_of(key: str) -> str | None:
    """Give the key of `RANGES` that is a reading's; None for a counter's."""
    return next((name for name in RANGES if key.startswith(name)), None)


def cases(telegrams: int, seed: int, only: str | None = None) -> Iterator[Case]:
    """Spread telegrams over meters, kinds of damage and keys."""
    rows = [
        (one.family, one.variant, repaired, verified)
        for one in lists()
        # Without a checksum each damage is one that the link cannot see.
        for repaired in ((False, True) if one.checked else (True,))
        for verified in ((False, True) if one.tagged else (False,))
        if only is None or one.family == only
    ]
    each = max(1, telegrams // len(rows))
    cleaned = set()
    for row in rows:
        yield Case(*row, "established", seed, each)
        yield Case(*row, "first", seed, max(1, each // 50))
        if row[:2] not in cleaned:
            cleaned.add(row[:2])
            for household in range(CLEAN_HOUSEHOLDS):
                clean = max(100, each // CLEAN_HOUSEHOLDS)
                yield Case(*row, "clean", CLEAN_HOUSEHOLDS * seed + household, clean)


def compensating(telegrams: int, seed: int) -> Iterator[Case]:
    """Spread damage that M-Bus's sum does not see over the lists that have nothing but this sum."""
    rows = [one for one in lists() if one.summed]
    for one in rows:
        each = max(1, telegrams // len(rows))
        case = Case(
            *one[:2], repaired=False, verified=False, question="established", seed=seed, amount=each
        )
        yield case._replace(compensating=True)


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
    parser.add_argument(
        "--compensating",
        action="store_true",
        help="flip two bits that make up for each other in the sum of M-Bus, and nothing else",
    )
    given = parser.parse_args(arguments)
    begun = time.monotonic()
    totals: dict[tuple[str, bool, bool], Result] = {}
    with multiprocessing.Pool(given.processes) as pool:
        by_meter: dict[tuple[str, str], list[Case]] = {}
        todo_cases = (
            compensating(given.telegrams, given.seed)
            if given.compensating
            else cases(given.telegrams, given.seed, given.family)
        )
        for case in todo_cases:
            todo = by_meter.setdefault((case.family, case.variant), [])
            todo.append(case._replace(guarded=not given.unguarded))
        # A meter's cases share its telegrams, which take longer to make than to read; what is
        # done when the trial is interrupted shall be of all sorts.
        todos = list(by_meter.values())
        random.Random(given.seed).shuffle(todos)
        try:
            for found in pool.imap_unordered(_run_all, todos):
                for case, result in found:
                    key = (case.question, case.repaired, case.verified)
                    totals.setdefault(key, Result()).add(result)
                sys.stderr.write(f"{time.monotonic() - begun:.0f} s: {_briefly(found)}\n")
        except KeyboardInterrupt:
            sys.stderr.write("interrupted: what follows is what was done until now\n")
    missed = False
    for (question, repaired, verified), total in sorted(totals.items()):
        missed |= _tell(question, total, repaired=repaired, verified=verified)
    sys.stdout.write(f"{time.monotonic() - begun:.0f} s\n")
    return int(missed)


def _briefly(found: list[tuple[Case, Result]]) -> str:
    """Tell what came out of one list, for those who wait."""
    first, _ = found[0]
    parts = [
        f"{case.question}{' repaired' * case.repaired}{' verified' * case.verified}:"
        f" {result.wrong} wrong, {result.held} refused, {result.stuck} stuck"
        for case, result in found
        if result.wrong or result.held or result.stuck
    ]
    shown = [line for case, result in found if case.question != "first" for line in result.shown]
    return "\n  ".join((f"{first.family} {first.variant} done", *parts, *shown))


def _run_all(todo: list[Case]) -> list[tuple[Case, Result]]:
    found = [(case, run(case)) for case in todo]
    stream.cache_clear()
    return found


def _tell(question: str, total: Result, *, repaired: bool, verified: bool) -> bool:
    """Print the figures of one sort; tell whether they miss a goal."""
    tag = "tag verified" if verified else "no tag checked"
    if question == "clean":
        missed = total.held * 10_000 > total.good or bool(total.stuck)
        sys.stdout.write(
            f"\nclean, {tag}: {total.held} of {total.good} good telegrams refused,"
            f" {total.stuck} households for good\n"
        )
        for name, (held, good) in sorted(total.by_list.items()):
            if held * 10_000 > good:
                sys.stdout.write(f"  {name}: {held} of {good}\n")
        for line in total.shown:
            sys.stdout.write(f"  {line}\n")
        return missed
    kind = "checksums repaired" if repaired else "as noise leaves them"
    sys.stdout.write(
        f"\n{question}, {kind}, {tag}: {total.damaged} damaged, {total.published} of them gave"
        f" something, {total.wrong} something wrong,"
        f" {total.mixed} a part of the telegram before; {total.held} of {total.good} good ones"
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
