"""The figures of the trial, and its goals.

No question may leave a session stuck, with good telegrams that are not accepted. Beside that:

- ``clean``: at most one good telegram in 10,000 is not accepted.
- ``first``: nothing more, as the first telegram can be compared with nothing.
- With a verified tag nothing wrong is published.
- ``established``: no grave error.
- ``established`` and kinds of damage, where a checksum of 16 bits is not repaired: at most one in a
  million damaged telegrams is published with something wrong. The 8-bit sum of M-Bus lets one in
  256 pass, and where no checksum tells a kind of damage, as a bit that is stuck for telegrams, the
  meter could say the same again: there the small errors have no goal.
- Rows, and bytes damaged with a probability: no meter that does not exist is published, no energy
  is off by more than the connection moves, and the third good telegram afterwards brings the right
  values at the latest. A power may be off by much: none was accepted for long.
"""

from __future__ import annotations

import sys
from typing import Final, NamedTuple

from trials.corruption.cases import (
    BYTES,
    CLEAN,
    ESTABLISHED,
    FIRST,
    QUESTIONS,
    ROWS,
    Case,
    Protection,
    describe,
)
from trials.corruption.judge import PROMISED, Result

_CLEAN_SHARE: Final = 10_000
_WRONG_SHARE: Final = 1_000_000
"""Telegrams of which one may be not accepted, and wrong."""

_LEVELS: Final = tuple(Protection)


class Kind(NamedTuple):
    """Cases that are counted together; they are told in this order.

    Args:
        question: its index in `QUESTIONS`.
        level: the index of the protection; -1 for the questions that are not told by level.
        repaired: whether checksums are repaired; by level, only where there are any.
        verified: whether tags are verified.
    """

    question: int
    level: int
    repaired: bool
    verified: bool


def kind_of(case: Case) -> Kind:
    """Return the kind of a case."""
    question = QUESTIONS.index(case.question)
    if case.question in {FIRST, CLEAN}:
        return Kind(question, -1, case.repaired, case.verified)
    repaired = case.repaired and describe(case.family, case.variant).checked
    return Kind(question, _LEVELS.index(case.protection), repaired, case.verified)


def briefly(found: list[tuple[Case, Result]]) -> str:
    """Return the figures of one list in short."""
    first, _ = found[0]
    parts = [
        f"{case.question}{' repaired' * case.repaired}{' verified' * case.verified}:"
        f" {result.wrong} wrong, {result.not_accepted} not accepted, {result.stuck} stuck"
        for case, result in found
        if result.wrong or result.not_accepted or result.stuck
    ]
    shown = [line for case, result in found if case.question != FIRST for line in result.shown]
    return "\n  ".join((f"{first.family} {first.variant} done", *parts, *shown))


def tell(kind: Kind, total: Result) -> bool:
    """Print the figures of one kind of session; tell whether they miss a goal."""
    question = QUESTIONS[kind.question]
    tag = "tag verified" if kind.verified else "no tag"
    if question == CLEAN:
        _tell_clean(tag, total)
        return total.not_accepted * _CLEAN_SHARE > total.good or bool(total.stuck)
    in_rows = question in ROWS or question in BYTES
    checksums = "checksums repaired" if kind.repaired else "checksums not repaired"
    told = f"{checksums}, {tag}"
    if kind.level >= 0:
        told = f"{_LEVELS[kind.level]}{', checksums repaired' * kind.repaired}"
    sys.stdout.write(
        f"\n{question}, {told}: {total.damaged} damaged, {total.published} of them"
        f" published, {total.wrong} with anything wrong, {total.mixed} with a part of the telegram"
        f" before; {total.not_accepted} of {total.good} good ones not accepted,"
        f" {total.stuck} sessions stuck\n"
    )
    if in_rows:
        sys.stdout.write(
            f"  {total.ghosts} meters that do not exist, {_energies(total)} energies beyond what"
            f" the connection moves, {total.grave} grave errors;"
            f" right values {_recovered(total)}\n"
        )
    for error, count in sorted(total.errors.items()):
        sys.stdout.write(f"  {count:6} {error}\n")
    if total.largest:
        key = max(total.largest, key=lambda one: total.largest[one])
        sys.stdout.write(f"  largest small error: {total.largest[key]:.2f} of the limit, {key}\n")
    for line in total.shown:
        sys.stdout.write(f"  {line}\n")
    return _misses(question, kind, total)


def _misses(question: str, kind: Kind, total: Result) -> bool:
    """Tell whether figures miss a goal."""
    if total.stuck or question == FIRST:
        return bool(total.stuck)
    if kind.verified and total.wrong:
        return True
    if question in ROWS or question in BYTES:
        return bool(total.ghosts or total.late or _energies(total))
    if question == ESTABLISHED and total.grave:
        return True
    weak = kind.repaired or _LEVELS[kind.level] in {Protection.SUM, Protection.NONE}
    return not weak and total.wrong > total.damaged // _WRONG_SHARE


def _tell_clean(tag: str, total: Result) -> None:
    sys.stdout.write(
        f"\nclean, {tag}: {total.not_accepted} of {total.good} good telegrams not accepted,"
        f" {total.stuck} households stuck\n"
    )
    for name, (not_accepted, good) in sorted(total.by_list.items()):
        if not_accepted * _CLEAN_SHARE > good:
            sys.stdout.write(f"  {name}: {not_accepted} of {good}\n")
    for line in total.shown:
        sys.stdout.write(f"  {line}\n")


def _energies(total: Result) -> int:
    """Return how many energies and volumes were off by more than can be."""
    return sum(count for error, count in total.errors.items() if error.startswith("leaps"))


def _recovered(total: Result) -> str:
    """Say how often with which good telegram the right values came."""
    counts = [f"{total.recovered[n]} times with good telegram {n}" for n in range(1, PROMISED + 1)]
    later = [n for n in total.recovered if n > PROMISED]
    often = sum(total.recovered[n] for n in later)
    counts.append(f"{often} times later" + (f" (up to {max(later)})" if later else ""))
    return ", ".join((*counts, f"{total.recovered[0]} times not at all"))
