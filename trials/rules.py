"""The rules of the guard that are no check of their own, and how each is left out for a trial.

A check is left out by its name: what fails it does not count. A rule that a check, a confirmation
or what is learned follows is left out by a replacement of what decides it, which says the same of
each telegram. Nothing in the program knows of that. Here stands, too, which code is there for a
check or a rule alone.
"""

import ast
import inspect
import io
import math
import textwrap
import tokenize
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.cosem.unit import Number
from app.plausibility import (
    checks,
    clock,
    constant,
    currents,
    failures,
    guard,
    jumps,
    laws,
    limits,
    lists,
    memory,
    pending,
    relaxation,
    reports,
    rules,
    sender,
    track,
    units,
    values,
    withheld,
)
from app.plausibility.decision import Violation
from app.plausibility.known import Known, family_of


class Patch(NamedTuple):
    """What stands in place of something of the guard.

    Args:
        owner: a module or a class.
        name: of what is replaced in it.
        new: what stands there.
    """

    owner: Any
    name: str
    new: Any


class Rule(NamedTuple):
    """A rule of the guard.

    Args:
        code: the functions and classes that are there for it alone.
        patches: what leaves it out.
    """

    code: tuple[Any, ...]
    patches: tuple[Patch, ...]


def _says(*, answer: object) -> Callable[..., Any]:
    """Return a function that says the same of everything."""
    return lambda *_, **__: answer


def _off(owner: object, name: str, answer: object) -> Patch:
    return Patch(owner, name, _says(answer=answer))


def _without_floors(
    key: str, last: Number, value: Number, past: values.Past, walk: values.Walk
) -> Violation | None:
    without = walk._replace(floors={})
    found = _energy(key, last, value, past, without)
    return Violation("fall", "", key) if without.floors else found


def _confirmed_but_for_values(
    one: sender.Sender, of: pending.Pending, observation: track.Observation, *, is_alone: bool
) -> bool:
    confirmed = _is_confirmed(one, of, observation, is_alone=is_alone)
    return confirmed and not of.checks & {"possible", "unit"}


def _published_at_once(one: reports._Submeter, report: reports._Report, _: float) -> bool:
    return report.says_the_same(one.accepted) or report.goes_on_from(one.accepted)


def _restored_as_new(content: object, now: float, wall: float) -> tuple[Known, track.Track] | None:
    restored = memory.load(content, now, wall)
    if restored:
        restored[1].restored = False
    return restored


def _never_new(one: guard.Guard, name: str) -> sender.Sender:
    found = _new_sender(one, name)
    found.is_new = False
    return found


def _failed_but_for(
    names: tuple[str, ...],
    *given: Any,  # noqa: ANN401 - as `failures.failed`
    **named: Any,  # noqa: ANN401 - as well
) -> failures.Failed:
    found = failures.failed(*given, **named)
    counted = [one for one in found.violations if one.check not in names and one.name not in names]
    return found._replace(violations=counted)


def _newer_counter(observation: track.Observation, past: track.Track) -> bool:
    if observation.counter is None:
        return _is_replay(observation, past)
    return past.counter is not None and observation.counter <= past.counter


_energy = values._energy
_is_confirmed = sender.Sender._is_confirmed
_new_sender = guard.Guard._new_sender
_late = failures._late
_is_replay = checks.is_replay
_is_duplicate = sender.Sender._is_duplicate
_Past = values.Past

RULES: Final = {
    "replay by checksum": Rule((track.Track.remember,), (_off(track.Track, "remember", None),)),
    "replay recordings": Rule(
        (track.Track.is_before,),
        (_off(track.Track, "is_before", answer=True),),
    ),
    "replay repeated counters": Rule((), (Patch(failures, "is_replay", _newer_counter),)),
    "replay duplicates": Rule(
        (sender.Sender._is_duplicate,),
        (_off(sender.Sender, "_is_duplicate", answer=False),),
    ),
    "identity new senders": Rule((), (Patch(guard.Guard, "_new_sender", _never_new),)),
    "identity beside another": Rule((), (Patch(sender, "_BESIDE_ANOTHER", 2),)),
    "identity unprotected": Rule((), (Patch(sender, "_UNPROTECTED", 2),)),
    "structure nearest": Rule(
        (lists.Lists.may_hold,), (_off(lists.Lists, "may_hold", answer=False),)
    ),
    "structure others": Rule((), (_off(lists.Lists, "may_hold", answer=True),)),
    "structure decimals": Rule(
        (lists.Lists._of_other_decimals,), (_off(lists.Lists, "_of_other_decimals", None),)
    ),
    "structure kept": Rule(
        (lists.Lists.memory, lists.Lists.restore), (_off(lists.Lists, "memory", []),)
    ),
    "clock delay": Rule(
        (track.Track.late, failures._late),
        (_off(track.Track, "late", 0.0), _off(failures, "_late", 0.0)),
    ),
    "clock counted": Rule((clock._is_counted,), (_off(clock, "_is_counted", answer=False),)),
    "clock restored": Rule((), (Patch(guard, "load", _restored_as_new),)),
    "possible currents": Rule(
        (currents.in_their_unit, currents.agree, currents._said, currents._moved_their_point),
        (Patch(currents, "in_their_unit", lambda found, *_: found),),
    ),
    "possible unpowered": Rule((values._unpowered,), (_off(values, "_unpowered", []),)),
    "clock followed": Rule((sender.Sender.miss,), (_off(sender.Sender, "miss", None),)),
    "connection learned": Rule(
        (values.connection_watts, limits.Limits.enlarge_connection),
        (_off(limits.Limits, "enlarge_connection", None),),
    ),
    "connection loads": Rule((), (Patch(failures, "_LOADS", frozenset()),)),
    "fall floors": Rule((), (Patch(values, "_energy", _without_floors),)),
    "rise late": Rule((failures._late,), (_off(failures, "_late", 0.0),)),
    "rise early": Rule((), (Patch(failures, "_late", lambda *given: max(0.0, _late(*given))),)),
    "rise refresh": Rule(
        (limits.Limits.slow_refresh,), (_off(limits.Limits, "slow_refresh", None),)
    ),
    "unit by power": Rule(
        (units.Flow, units.flows_of, units._Direction, units.MeanPower, rules._flow_maker),
        (_off(units.MeanPower, "digits", None),),
    ),
    "unit by point": Rule((units.power_of_ten,), (_off(values, "power_of_ten", None),)),
    "unit another meter": Rule((), (Patch(values, "Past", lambda *given: _Past(*given[:5])),)),
    "unit agrees": Rule(
        (withheld.Withholding.forget_units,),
        (_off(withheld.Withholding, "forget_units", None),),
    ),
    "unit set back": Rule(
        (),
        (Patch(withheld.Withholding, "_covers", lambda one, of, _: of.detail in one.keys),),
    ),
    "jump causes": Rule(
        (jumps.is_explained, jumps._Moves), (_off(jumps, "is_explained", answer=False),)
    ),
    "jump counted": Rule(
        (jumps._Moves.counted,),
        (_off(jumps._Moves, "counted", 0.0),),
    ),
    "jump periods": Rule((jumps._begins_or_ends,), (Patch(jumps, "OF_A_PERIOD", ()),)),
    "jump neutral": Rule((), (Patch(jumps, "_NEUTRAL_SHARE", math.inf),)),
    "jump factor": Rule((jumps._Moves.factors,), (_off(jumps._Moves, "factors", [0.0, math.inf]),)),
    "jump another load": Rule(
        (jumps._Moves.is_another_load,), (_off(jumps._Moves, "is_another_load", answer=False),)
    ),
    "jump phases": Rule((jumps._Moves.of_phase,), (_off(jumps._Moves, "of_phase", None),)),
    "jump reactive share": Rule((), (Patch(jumps, "_REACTIVE_SHARE", jumps._SHARE),)),
    "jump flow share": Rule((), (Patch(jumps, "_FLOW_SHARE", jumps._SHARE),)),
    "jump parted": Rule((jumps._Moves.parted,), (_off(jumps._Moves, "parted", 0.0),)),
    "jump together": Rule((jumps._move_together,), (_off(jumps, "_move_together", answer=False),)),
    "law learned": Rule((laws.Learned,), (_off(laws.Learned, "hold", answer=True),)),
    "law clocks first": Rule(
        (), (_off(laws, "kept_by_clocks", dict.fromkeys(laws.CLOCK_LAWS, True)),)
    ),
    "identity lost numbers": Rule(
        (reports.Reports.lost_a_number,), (_off(reports.Reports, "lost_a_number", answer=False),)
    ),
    "reports": Rule(
        (reports._Report, reports._Submeter, reports.Reports),
        (_off(reports.Reports, "pending", set()),),
    ),
    "reports said twice": Rule(
        (reports._Submeter.accepts,), (Patch(reports._Submeter, "accepts", _published_at_once),)
    ),
    "pending repeated": Rule(
        (pending.Pending.is_repeated_by,), (_off(pending.Pending, "is_repeated_by", answer=False),)
    ),
    "pending contradicted": Rule(
        (pending.Pending.contradicted_by,),
        (_off(pending.Pending, "contradicted_by", answer=False),),
    ),
    "young senders": Rule((), (Patch(Known, "is_grown", property(_says(answer=True))),)),
    "relaxation": Rule(
        (relaxation.Relaxation, sender.Sender._relax, limits.Limits.relax),
        (_off(relaxation.Relaxation, "is_due", answer=False),),
    ),
    "withholding": Rule(
        (withheld.Withholding,),
        (Patch(sender.Sender, "_is_confirmed", _confirmed_but_for_values),),
    ),
}
"""By name: the first word is the check of which it is a part, if it is one of a check."""

CHECKS: Final[Mapping[str, tuple[Any, ...]]] = {
    "replay": (
        checks._came_before,
        _is_replay,
        track.Track.remember,
        track.Track.is_before,
        _is_duplicate,
    ),
    "identity": (checks._comes_from_another, Known.check_identity, Known._is_own, family_of),
    "structure": (checks._has_another_list, lists.Lists.may_hold, lists.Lists._by_structure),
    "repeated": (checks._has_another_text, constant, vars(lists.Found)["texts_differ"].fget),
    "parity": (checks._had_parity_errors,),
    "clock": (
        *(checks._shows_another_time, clock.slack, clock.check, clock._is_counted),
        *(lists.KnownList.misses, lists.KnownList.arrived, track.Track.late, failures._late),
    ),
    "possible": (values._unpowered, currents, withheld),
    "connection": (values.connection_watts, limits.Limits.enlarge_connection),
    "fall": (values._energy,),
    "rise": (values._energy, limits.Limits.slow_refresh, limits.Limits.kwh),
    "unit": (units, withheld, failures._by_unit),
    "jump": (jumps,),
    "law": (laws, failures._laws, checks._breaks_laws),
}
"""What is there for a check alone, or for it and another one: functions, classes, modules."""


@contextmanager
def left_out(name: str, *violations: str) -> Iterator[None]:
    """Leave a rule or a check out meanwhile.

    Args:
        name: of the rule or check; another one leaves nothing out.
        violations: names of checks, or of violations, that do not count.
    """
    names = (name, *violations)
    counted = Patch(sender, "failed", partial(_failed_but_for, names))
    patches = RULES[name].patches if name in RULES else (counted,)
    before = [(one, inspect.getattr_static(one.owner, one.name)) for one in patches]
    for one in patches:
        setattr(one.owner, one.name, one.new)
    try:
        yield
    finally:
        for one, old in before:
            setattr(one.owner, one.name, old)


def lines_of(source: str) -> int:
    """Count the lines of code in a text, without comments, docstrings and blank lines."""
    source = textwrap.dedent(source)
    texts = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    beside = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in beside:
            found.update(range(token.start[0], token.end[0] + 1))
    for node in texts:
        found -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(found) - 1  # the end of the text


def lines(name: str) -> int:
    """Count the lines of code that are there for a check or a rule, but for single ones."""
    code = RULES[name].code if name in RULES else CHECKS.get(name, ())
    return sum(lines_of(inspect.getsource(part)) for part in code)


def all_lines() -> tuple[int, int]:
    """Count the lines of the whole guard: all of them, and those of code."""
    files = Path(guard.__file__).parent.glob("*.py")
    texts = [one.read_text("utf-8") for one in files]
    return sum(len(one.splitlines()) for one in texts), sum(map(lines_of, texts))
