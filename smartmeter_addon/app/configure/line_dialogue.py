"""The part of the dialogue about a line: which one it is, and what comes over it."""

from collections.abc import Collection, MutableMapping, Sequence
from enum import StrEnum
from typing import Final

from app.config import checks
from app.configure import raw
from app.configure.hearing import Heard, Outcome
from app.configure.interview import Interview, Question
from app.configure.steps import Ask, FindAdapters, Listen, Say, Steps
from app.transport.adapters import Adapter
from app.transport.serial_mode import SerialMode

_FLAGS: Final = "--device, --url"


class AfterSilence(StrEnum):
    """What to do when no telegram came."""

    AGAIN = "again"
    OTHER = "other"
    """Choose another line."""
    SKIP = "skip"
    """Go on without."""


def choose(
    interview: Interview, given: MutableMapping[str, str], known: str, taken: Collection[str]
) -> Steps[str]:
    """Ask which line it is, after a look at the adapters that are there.

    Args:
        interview: asks.
        given: answers by the names of questions.
        known: the line in the file; empty for none.
        taken: the lines of other meters.

    Returns:
        ``tcp://host:port`` or a path.
    """
    while True:
        found: list[Adapter] = yield FindAdapters()
        adapters = sorted(found, key=lambda adapter: adapter.foreign)
        free = [one.path for one in adapters if not one.foreign and one.path not in taken]
        enter = known or (free[0] if len(free) == 1 else None)
        if "line" not in given and interview.asks(has_usual=enter is not None):
            yield Say("adapters.found" if adapters else "adapters.none")
        target = yield from interview.ask(_question(adapters, enter), given)
        if target:
            return target


def hear(
    interview: Interview,
    given: MutableMapping[str, str],
    target: str,
    *,
    mode: SerialMode | None,
    first: SerialMode | None,
) -> Steps[Heard | None]:
    """Listen until there is a telegram, or the user does without.

    Args:
        interview: asks.
        given: answers by the names of questions.
        target: the line.
        mode: the only serial mode to read with; None to try those that occur.
        first: the mode that is tried first.

    Returns:
        What was heard; None when another line is to be chosen.
    """
    while True:
        heard: Heard = yield Listen(target, mode, first)
        if heard.outcome is Outcome.TELEGRAM:
            return heard
        key = f"heard.{heard.outcome.name.lower()}"
        if heard.outcome is Outcome.NOT_OPEN:
            key = f"line.{heard.cause.name.lower()}"
        said = Say(key, {"line": heard.target, "reason": heard.reason})
        if "after_silence" in given:
            yield said
        else:
            yield from interview.tell(said)
        answer = yield from interview.ask(_after_silence(), given)
        if answer is AfterSilence.SKIP:
            return heard
        if answer is AfterSilence.OTHER:
            return None


def _question(adapters: Sequence[Adapter], enter: str | None) -> Question[str]:
    """Make the question for the line; without an adapter, Enter has them looked for again."""
    paths = [one.path for one in adapters]

    def parse(text: str) -> str:
        if not text and not paths:
            return ""
        if text.isdecimal():
            return paths[raw.number(text, paths)]
        return raw.checked(checks.url, text)

    shown = str(paths.index(enter) + 1) if enter in paths else enter
    choices = [
        Say(
            "choice.foreign" if one.foreign else "choice.adapter",
            {"path": one.path, "what": one.description},
        )
        for one in adapters
    ]
    missing = Say("given.line_missing", {"flag": _FLAGS})
    if paths:
        listed = ", ".join(f"{one.path} ({one.description})" for one in adapters)
        missing = Say("given.line_unclear", {"flag": _FLAGS, "listed": listed})
    ask = Ask("line", enter=shown, choices=choices)
    return Question(ask, parse, _FLAGS, enter, missing=missing)


def _after_silence() -> Question[AfterSilence]:
    every = list(AfterSilence)

    def parse(text: str) -> AfterSilence:
        return every[raw.number(text, every)] if text.isdecimal() else AfterSilence(text)

    choices = [Say(f"choice.{one}") for one in every]
    ask = Ask("after_silence", enter="1", choices=choices)
    return Question(ask, parse, "--accept-silence", "1", usual=False)
