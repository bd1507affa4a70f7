"""The sessions of the trial: telegrams come, some of them damaged, and the program is restarted."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from app.dlms.ciphering import Keys
from app.fault import Kind
from app.meters.telegram import Telegram
from app.transport.parity import Received
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.guarded import GuardedLine
from trials.corruption.cases import BYTES, CLEAN, FIRST, KINDS, PARITY, ROWS, SESSION, VALUE, Case
from trials.corruption.judge import PROMISED, Judge, Result
from trials.corruption.places import flipped, places_of
from trials.corruption.streams import Pushed, latest_stream, stream
from trials.damage import USUAL, Damage, StuckBit, compensated, damaged, differs, garbled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.meters.reading import Meter, Reading

STREAMS: Final = 3
"""Households of each meter."""

STUCK: Final = 10
"""Good telegrams in a row that are not accepted, after which a session counts as stuck."""

READ_BEFORE: Final = 20
"""Undamaged telegrams at the beginning of a session of an established meter."""

READ_AFTER: Final = 30
"""Undamaged telegrams after those of a row."""

_SPARE: Final = READ_BEFORE + READ_AFTER
"""Telegrams beyond those of a session, for the good ones around those whose bytes are damaged."""

_DAMAGED_SHARE: Final = 0.4
_MARKED_SHARE: Final = 0.05
_RESTART_SHARE: Final = 1 / 500
_LATE_SHARE: Final = 1 / 100
"""Shares of the telegrams that are damaged (the second where parity errors are tried), that come
after a restart of the program, and that a gateway delays."""

_TRANSFER: Final = 0.05
"""Seconds between two telegrams that a gateway delivers at once."""

_FOLLOWING: Final = 6
"""Good telegrams after a damaged first one."""


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


class Noise:
    """Damages the telegrams of one session, as its case says."""

    def __init__(self, case: Case, chance: random.Random) -> None:
        self._case = case
        self._chance = chance
        self._repaired = case.repaired and case.repairable
        self._stuck = StuckBit(chance, repaired=self._repaired)

    @property
    def goes_on(self) -> bool:
        """Whether the next telegram has to be damaged, too."""
        return self._stuck.goes_on

    def damage(self, good: Sequence[bytes], before: Sequence[bytes]) -> tuple[list[bytes], str]:
        """Damage a telegram.

        Args:
            good: its segments.
            before: those of the telegram before it.

        Returns:
            Its damaged segments, and the damage, for people. Bytes that are damaged with a
            probability and stuck bits may leave the segments as they are.
        """
        case, chance = self._case, self._chance
        if probability := BYTES.get(case.question):
            return garbled(good, probability, chance), case.question
        if case.question == Damage.STUCK:
            return self._stuck.damage(good), case.question
        if case.question == PARITY:
            bad, told = damaged(good, before, Damage.FLIPS, chance, repaired=self._repaired), PARITY
            bad = [_marked(*one) for one in zip(good, bad, strict=True)]
        elif case.question == VALUE:
            place = chance.choice(chance.choice(places_of(case.family, case.variant)))
            bad, told = flipped(good, place, repaired=self._repaired), VALUE
        elif case.compensating:
            bad, told = compensated(good, chance), "two bits that cancel out"
        else:
            kind = KINDS.get(case.question) or chance.choice(USUAL)
            bad, told = damaged(good, before, kind, chance, repaired=self._repaired), str(kind)
        return (bad if differs(good, bad) else [good[0][:-3], *good[1:]]), told


class Session:
    """One session: what the meter pushes, the line that reads it, and what is counted."""

    def __init__(
        self,
        case: Case,
        pushed: Sequence[Pushed],
        chance: random.Random,
        result: Result,
    ) -> None:
        self.case, self.pushed, self.chance, self.result = case, pushed, chance, result
        self.line = SessionLine(case, pushed[0].readings[0].meter)
        self.noise = Noise(case, chance)
        self.judge = Judge(case, pushed, result)

    def pass_time(self, at: int) -> None:
        """Let time pass up to a telegram, and restart the program now and then."""
        self.line.move_to(self.pushed[at].second + self.chance.random() / 4)
        if self.chance.random() < _RESTART_SHARE:
            self.line.restart()

    def push_damaged(self, at: int) -> None:
        """Push a telegram that is damaged first."""
        good = self.pushed[at].segments
        bad, told = self.noise.damage(good, self.pushed[at - 1].segments)
        if not differs(good, bad):
            self.push_good(at)
            return
        self.result.damaged += 1
        found, _ = self.line.push(bad)
        self.result.published += bool(found)
        self.judge.judge(found, at, told)

    def push_good(self, at: int) -> bool:
        """Push a telegram as it is; tell whether it was not accepted."""
        found, not_accepted = self.line.push(self.pushed[at].segments)
        self.judge.judge(found, at, "none, but before")
        missing = not_accepted and not found
        self.result.good += 1
        self.result.not_accepted += missing
        return missing


def _marked(good: bytes, bad: bytes) -> Received:
    """Return damaged bytes as a UART gives them: an odd number of flipped bits is an error."""
    pairs = enumerate(zip(good, bad, strict=False))  # a flipped length can move the checksum
    return Received.of(bad, [at for at, (one, other) in pairs if (one ^ other).bit_count() % 2])


def run(
    case: Case,
    streams: int = STREAMS,
    length: int = SESSION,
) -> Result:
    """Run one case.

    Args:
        case: what to run.
        streams: households to choose from.
        length: telegrams of each household.
    """
    chance = random.Random(f"{case}")
    result = Result()
    if case.question == CLEAN:
        _clean(case, chance, result)
        result.by_list[f"{case.family} {case.variant}"] = result.not_accepted, result.good
        return result
    length = max(length, ROWS.get(case.question, 0))
    while result.damaged < case.amount:
        number = chance.randrange(streams)
        pushed = stream(case.family, case.variant, number, length + _SPARE)
        in_rows = case.question in ROWS or case.question in BYTES
        pushed = pushed if in_rows else pushed[:length]
        session = Session(case, pushed, chance, result)
        if in_rows:
            _rows(session)
        elif case.question == FIRST:
            _first(session)
        else:
            _established(session)
        if case.question in BYTES:
            break
    return result


def _clean(case: Case, chance: random.Random, result: Result) -> None:
    """Count the good telegrams that are not accepted over days without noise.

    Now and then the program is restarted, or does not run for a while, and a gateway delays
    telegrams.
    """
    pushed = latest_stream(case.family, case.variant, 1000 + case.seed, case.amount)
    line = SessionLine(case, pushed[0].readings[0].meter)
    away = in_a_row = 0
    latest: list[bool] = []
    for one in pushed:
        away -= 1
        if away > 0:
            continue
        late = chance.expovariate(1 / 4) if chance.random() < _LATE_SHARE else chance.random() / 4
        line.move_to(max(line.second + _TRANSFER, one.second + late))
        if chance.random() < _RESTART_SHARE:
            away = chance.choice((0, 0, 0, chance.randrange(60)))
            line.restart()
        missing = line.push(one.segments)[0] != [one.readings]
        in_a_row = in_a_row + 1 if missing else 0
        latest = [*latest[-STUCK * STUCK :], missing]
        result.good += 1
        result.not_accepted += missing
        if missing:
            result.show(f"{case}: second {one.second:.0f}")
    result.stuck += in_a_row > STUCK or sum(latest) > STUCK


def _first(session: Session) -> None:
    """Damage the first telegram of a meter; some good ones follow."""
    pushed, line = session.pushed, session.line
    at = session.chance.randrange(1, len(pushed) - _FOLLOWING - 1)
    line.move_to(pushed[at].second)
    session.push_damaged(at)
    right = []
    for one in pushed[at + 1 : at + 1 + _FOLLOWING]:
        line.move_to(one.second)
        found, _ = line.push(one.segments)
        told = [(one.meter, one.timestamp) for one in found[-1]] if found else []
        # Counters are not compared: one that was too high stays until the meter's has passed it.
        right.append(told == [(one.meter, one.timestamp) for one in one.readings])
    session.result.stuck += not any(right[-3:])


def _established(session: Session) -> None:
    """Damage two in five telegrams of a meter that was read before."""
    in_a_row = 0
    share = _MARKED_SHARE if session.case.question == PARITY else _DAMAGED_SHARE
    for at in range(len(session.pushed)):
        session.pass_time(at)
        is_damaged = session.noise.goes_on or (
            at >= READ_BEFORE and session.chance.random() < share
        )
        if is_damaged:
            session.push_damaged(at)
        else:
            in_a_row = in_a_row + 1 if session.push_good(at) else 0
    session.result.stuck += in_a_row > STUCK


def _rows(session: Session) -> None:
    """Damage rows of telegrams of a meter that was read before, with good ones between them.

    The bytes that are damaged with a probability are one row.
    """
    case, total = session.case, len(session.pushed)
    size = ROWS.get(case.question) or min(case.amount, total - _SPARE)
    for at in range(READ_BEFORE):
        session.pass_time(at)
        session.push_good(at)
    for begin in range(READ_BEFORE, total - size - READ_AFTER + 1, size + READ_AFTER):
        for at in range(begin, begin + size):
            session.pass_time(at)
            session.push_damaged(at)
        _recover(session, begin + size)
        if case.question in BYTES or session.result.damaged >= case.amount:
            return


def _recover(session: Session, begin: int) -> None:
    """Push the good telegrams after a row; count with which the right values are published."""
    recovered = 0
    for n in range(1, READ_AFTER + 1):
        at = begin + n - 1
        session.pass_time(at)
        session.push_good(at)
        if not recovered and session.judge.right_at == at:
            recovered = n
    session.result.recovered[recovered] += 1
    session.result.stuck += not recovered
    if not 0 < recovered <= PROMISED:
        told = f"with good telegram {recovered}" if recovered else "not at all"
        session.result.show(f"{session.case}: from telegram {begin} on, right {told}")
