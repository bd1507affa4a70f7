"""Counts damaged telegrams that are published with a wrong value: the corruption trial.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.corruption --telegrams 1000000

Simulated meters of simulated households push telegrams, of which two in five are damaged. What
decoder and guard accept is compared with what the same telegram says undamaged. There are three
questions:

- ``established``: telegrams of a meter that was read before, also over restarts of the program;
- ``first``: the first telegram of a meter that was never read before;
- ``clean``: good telegrams that are not accepted when none is damaged.
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
from app.meters.telegram import Telegram
from simulator import clock, meters
from simulator.ciphering import AUTH_KEY, KEY
from simulator.household import Household
from simulator.links import MBus
from tests.support.guarded import PROFILES, GuardedLine
from tests.support.quantities import CONNECTION, RANGES, range_key
from tests.support.simulated import SILENT
from trials.damage import Damage, compensated, damaged, differs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.meters.reading import Meter, Reading

START = datetime(2026, 3, 20, tzinfo=UTC)
SESSION = 1500
"""Telegrams of one session."""

STREAMS = 3
"""Households of each meter."""

CLEAN_HOUSEHOLDS = 4
"""Households of each list whose telegrams are not damaged."""

STUCK = 10
"""Good telegrams in a row that are not accepted, after which a session counts as stuck."""

READ_BEFORE = 20
"""Undamaged telegrams at the beginning of a session of an established meter."""

LATEST = 30
"""Telegrams after which one that a damaged length delayed has come."""

MOST_SHOWN = 8
"""Errors of each kind of session that are printed in full."""

DAMAGED_SHARE = 0.4
RESTART_SHARE = 1 / 500
LATE_SHARE = 1 / 100
"""Shares of the telegrams that are damaged, that come after a restart of the program, and that a
gateway delays."""

TRANSFER = 0.05
"""Seconds between two telegrams that a gateway delivers at once."""

FLOWS = {"gas": (25.0, 3600.0), "water": (16.0, 3600.0), "heat": (0.6, 3600.0)}
"""By reading of a submeter, the most that it counts in an hour, and seconds between its reports."""


class Case(NamedTuple):
    """One session, or several of the same kind.

    Its representation as text seeds all chance, so a change of it changes the figures.

    Args:
        family: of the meter.
        variant: of the family.
        repaired: whether the link's checksums are repaired after the damage.
        verified: whether tags are verified.
        question: ``established``, ``first`` or ``clean``.
        seed: one more seed of chance.
        amount: telegrams to be damaged; for ``clean``, telegrams.
        guarded: whether a guard decides about the telegrams; without, each is accepted.
        compensating: whether each damage is two flipped bits that cancel out in M-Bus's checksum.
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
    """A telegram on the line, what it says, and the second at which it comes."""

    segments: tuple[bytes, ...]
    readings: tuple[Reading, ...]  # of the meter, and of its submeters
    second: float


@dataclass(slots=True)
class Result:
    """What was counted.

    Args:
        damaged: damaged telegrams.
        good: telegrams that were not damaged.
        not_accepted: those of them that were pending or rejected.
        stuck: sessions that ended with good telegrams that were not accepted.
        published: damaged telegrams that were published, wrong or not.
        wrong: damaged telegrams that were published with anything wrong.
        mixed: damaged telegrams that were published with a part of the telegram before.
        errors: by kind of error and key.
        largest: the largest error below the limit, by key, as a share of that limit.
        shown: the first errors in full.
        by_list: by list, good telegrams that were not accepted, and all good telegrams.
    """

    damaged: int = 0
    good: int = 0
    not_accepted: int = 0
    stuck: int = 0
    published: int = 0
    wrong: int = 0
    mixed: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    largest: dict[str, float] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    by_list: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, other: Result) -> None:
        """Add what was counted in other sessions."""
        self.damaged += other.damaged
        self.good += other.good
        self.not_accepted += other.not_accepted
        self.stuck += other.stuck
        self.published += other.published
        self.wrong += other.wrong
        self.mixed += other.mixed
        self.errors.update(other.errors)
        for key, share in other.largest.items():
            self.largest[key] = max(share, self.largest.get(key, 0.0))
        self.shown = (self.shown + other.shown)[:MOST_SHOWN]
        for name, (not_accepted, good) in other.by_list.items():
            before = self.by_list.get(name, (0, 0))
            self.by_list[name] = before[0] + not_accepted, before[1] + good


GRAVE = ("identity", "time", "older", "falls", "leaps", "tenth", "unknown key")
"""Beginnings of errors that must not occur even where the checksum is repaired."""


class List(NamedTuple):
    """A list of the simulator.

    Args:
        family: of the meter.
        variant: of the family.
        tagged: whether its telegrams have a tag.
        summed: whether its link has M-Bus's eight-bit checksum only.
        checked: whether its link has any checksum.
    """

    family: str
    variant: str
    tagged: bool
    summed: bool
    checked: bool


def lists() -> list[List]:
    """Return every list that says something that would be published."""
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
    """Return the telegrams of a simulated meter and household."""
    meter = meters.build(family, variant)
    # Each household begins at another time of the day, and each meter has households of its own.
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


class SessionLine:
    """The line of one session, and the time on it."""

    def __init__(self, case: Case, meter: Meter) -> None:
        self._line = GuardedLine(
            Keys(KEY, AUTH_KEY if case.verified else None),
            # A list without the meter's number does not wait for one that has it.
            waits_for_number=bool(meter.number),
            guarded=case.guarded,
        )
        self.move_to(0.0)

    @property
    def second(self) -> float:
        """The time on the line, in seconds."""
        return self._line.now

    def move_to(self, second: float) -> None:
        """Let time pass up to a second."""
        self._line.now, self._line.wall = second, 1.8e9 + second

    def restart(self) -> None:
        """Restart the program."""
        self._line.restart()

    def push(self, segments: Sequence[bytes]) -> tuple[list[tuple[Reading, ...]], bool]:
        """Let bytes come.

        Returns:
            The readings of each accepted telegram, and whether any was pending or rejected.
        """
        found: list[tuple[Reading, ...]] = []
        not_accepted = False
        for part in segments:
            for item in self._line.feed(part):
                if isinstance(item, Telegram) and item.fault is None:
                    own = (item.reading,) if item.reading else ()
                    found += [(*own, *item.others)] if own or item.others else []
                else:
                    fault = item.fault if isinstance(item, Telegram) else item
                    not_accepted |= bool(fault and fault.kind in {Kind.SUSPICIOUS, Kind.REPLAYED})
        return found, not_accepted


def run(case: Case, streams: int = STREAMS, length: int = SESSION) -> Result:
    """Run one case.

    Args:
        case: what to run.
        streams: households to choose from.
        length: telegrams of each household.
    """
    chance = random.Random(f"{case}")
    result = Result()
    if case.question == "clean":
        _clean(case, chance, result)
        result.by_list[f"{case.family} {case.variant}"] = result.not_accepted, result.good
        return result
    while result.damaged < case.amount:
        pushed = stream(case.family, case.variant, chance.randrange(streams), length)
        if case.question == "first":
            _first(case, pushed, chance, result)
        else:
            _session(case, pushed, chance, result)
    return result


def _clean(case: Case, chance: random.Random, result: Result) -> None:
    """Count the good telegrams that are not accepted over days without noise.

    Now and then the program is restarted, or does not run for a while, and a gateway delays
    telegrams.
    """
    pushed = stream.__wrapped__(case.family, case.variant, 1000 + case.seed, case.amount)
    line = SessionLine(case, pushed[0].readings[0].meter)
    away = in_a_row = 0
    latest: list[bool] = []
    for one in pushed:
        away -= 1
        if away > 0:
            continue
        late = chance.expovariate(1 / 4) if chance.random() < LATE_SHARE else chance.random() / 4
        line.move_to(max(line.second + TRANSFER, one.second + late))
        if chance.random() < RESTART_SHARE:
            away = chance.choice((0, 0, 0, chance.randrange(60)))
            line.restart()
        missing = line.push(one.segments)[0] != [one.readings]
        in_a_row = in_a_row + 1 if missing else 0
        latest = [*latest[-STUCK * STUCK :], missing]
        result.good += 1
        result.not_accepted += missing
        if missing:
            result.shown = [*result.shown, f"{case}: second {one.second:.0f}"][:MOST_SHOWN]
    result.stuck += in_a_row > STUCK or sum(latest) > STUCK


def _first(case: Case, pushed: Sequence[Pushed], chance: random.Random, result: Result) -> None:
    """Damage the first telegram of a meter; six good ones follow."""
    at = chance.randrange(1, len(pushed) - 7)
    line = SessionLine(case, pushed[0].readings[0].meter)
    judge = _Judge(case, pushed, result)
    line.move_to(pushed[at].second)
    judge.damaged(line, at, chance)
    right = []
    for n in range(at + 1, at + 7):
        line.move_to(pushed[n].second)
        found, _ = line.push(pushed[n].segments)
        told = [(one.meter, one.timestamp) for one in found[-1]] if found else []
        # Counters are not compared: one that was too high stays until the meter's has passed it.
        right.append(told == [(one.meter, one.timestamp) for one in pushed[n].readings])
    result.stuck += not any(right[-3:])


def _session(case: Case, pushed: Sequence[Pushed], chance: random.Random, result: Result) -> None:
    """Damage two in five telegrams of a meter that was read before."""
    line = SessionLine(case, pushed[0].readings[0].meter)
    judge = _Judge(case, pushed, result)
    in_a_row = 0
    for at, one in enumerate(pushed):
        line.move_to(one.second + chance.random() / 4)
        if chance.random() < RESTART_SHARE:
            line.restart()
        if at >= READ_BEFORE and chance.random() < DAMAGED_SHARE:
            judge.damaged(line, at, chance)
            continue
        found, not_accepted = line.push(one.segments)
        result.good += 1
        judge.judge(found, at, "none, but before")
        missing = not_accepted and not found
        in_a_row = in_a_row + 1 if missing else 0
        result.not_accepted += missing
    result.stuck += in_a_row > STUCK


class _Judge:
    """Compares what is published with what the meter said."""

    def __init__(self, case: Case, pushed: Sequence[Pushed], result: Result) -> None:
        self.result = result
        self._case = case
        self._pushed = pushed
        self._last: dict[str, Reading] = {}  # by the meter's id
        self._last_at = 0
        self._last_second = 0.0

    def damaged(self, line: SessionLine, at: int, chance: random.Random) -> None:
        """Damage a telegram, push it, and compare what is published."""
        good, before = self._pushed[at].segments, self._pushed[at - 1].segments
        if self._case.compensating:
            damage = "two bits that cancel out"
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
        """Count a telegram after which anything wrong is published.

        Args:
            found: the readings of each accepted telegram.
            at: the number of the telegram.
            damage: its damage, for people.
        """
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
            # A telegram may become complete only with the bytes of those that follow.
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
                errors[f"stale {key}"] += 1  # the value of the telegram before
            elif value != said and value == last.get(key) and range_key(key) is None:
                errors[f"kept {key}"] += 1  # of an earlier error: until the counter passes it
            elif value != said:
                errors[self._graded(key, float(value), float(said), pushed.second)] += 1
            shown = last.get(key)
            if range_key(key) is None and shown is not None and float(value) < float(shown):
                errors[f"falls {key}"] += 1
        return +errors  # without those counted zero times

    def _graded(self, key: str, value: float, said: float, second: float) -> str:
        off = abs(value - said)
        kind = range_key(key)
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


def cases(telegrams: int, seed: int, only: str | None = None) -> Iterator[Case]:
    """Distribute telegrams over lists, repaired or not, and keys.

    Args:
        telegrams: to be damaged in all.
        seed: of chance.
        only: the family whose lists to take; None for all.
    """
    rows = [
        (one.family, one.variant, repaired, verified)
        for one in lists()
        # Without a checksum no damage can be detected by the link: it counts as repaired.
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
    """Distribute damage that M-Bus's checksum cannot detect over the lists that have no other."""
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
    parser.add_argument("--telegrams", type=int, default=20_000, help="how many to damage in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument(
        "--unguarded", action="store_true", help="accept every telegram, to compare"
    )
    parser.add_argument("--family", help="only the lists of this family")
    parser.add_argument(
        "--compensating",
        action="store_true",
        help="flip two bits that cancel out in the checksum of M-Bus, and damage nothing else",
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
        # The cases of a list share its telegrams, as these take longer to make than to read. Lists
        # come in random order, so that an interrupted trial has done some of each kind.
        todos = list(by_meter.values())
        random.Random(given.seed).shuffle(todos)
        try:
            for found in pool.imap_unordered(_run_all, todos):
                for case, result in found:
                    key = (case.question, case.repaired, case.verified)
                    totals.setdefault(key, Result()).add(result)
                sys.stderr.write(f"{time.monotonic() - begun:.0f} s: {_briefly(found)}\n")
        except KeyboardInterrupt:
            sys.stderr.write("interrupted; the figures are of what was done until now\n")
    missed = False
    for (question, repaired, verified), total in sorted(totals.items()):
        missed |= _tell(question, total, repaired=repaired, verified=verified)
    sys.stdout.write(f"{time.monotonic() - begun:.0f} s\n")
    return int(missed)


def _briefly(found: list[tuple[Case, Result]]) -> str:
    """Return the figures of one list in short."""
    first, _ = found[0]
    parts = [
        f"{case.question}{' repaired' * case.repaired}{' verified' * case.verified}:"
        f" {result.wrong} wrong, {result.not_accepted} not accepted, {result.stuck} stuck"
        for case, result in found
        if result.wrong or result.not_accepted or result.stuck
    ]
    shown = [line for case, result in found if case.question != "first" for line in result.shown]
    return "\n  ".join((f"{first.family} {first.variant} done", *parts, *shown))


def _run_all(todo: list[Case]) -> list[tuple[Case, Result]]:
    found = [(case, run(case)) for case in todo]
    stream.cache_clear()
    return found


def _tell(question: str, total: Result, *, repaired: bool, verified: bool) -> bool:
    """Print the figures of one kind of session; tell whether they miss a goal."""
    tag = "tag verified" if verified else "no tag"
    if question == "clean":
        missed = total.not_accepted * 10_000 > total.good or bool(total.stuck)
        sys.stdout.write(
            f"\nclean, {tag}: {total.not_accepted} of {total.good} good telegrams not accepted,"
            f" {total.stuck} households stuck\n"
        )
        for name, (not_accepted, good) in sorted(total.by_list.items()):
            if not_accepted * 10_000 > good:
                sys.stdout.write(f"  {name}: {not_accepted} of {good}\n")
        for line in total.shown:
            sys.stdout.write(f"  {line}\n")
        return missed
    kind = "checksums repaired" if repaired else "checksums not repaired"
    sys.stdout.write(
        f"\n{question}, {kind}, {tag}: {total.damaged} damaged, {total.published} of them"
        f" published, {total.wrong} with anything wrong, {total.mixed} with a part of the telegram"
        f" before; {total.not_accepted} of {total.good} good ones not accepted,"
        f" {total.stuck} sessions stuck\n"
    )
    for error, count in sorted(total.errors.items()):
        sys.stdout.write(f"  {count:6} {error}\n")
    if total.largest:
        key = max(total.largest, key=lambda one: total.largest[one])
        sys.stdout.write(f"  largest small error: {total.largest[key]:.2f} of the limit, {key}\n")
    for line in total.shown:
        sys.stdout.write(f"  {line}\n")
    if question == "first":
        return bool(total.stuck)
    grave = sum(n for error, n in total.errors.items() if error.startswith(GRAVE))
    allowed = 0 if verified else total.damaged // 1_000_000
    return bool(total.stuck or grave or (total.wrong > allowed and (verified or not repaired)))


if __name__ == "__main__":
    sys.exit(main())
