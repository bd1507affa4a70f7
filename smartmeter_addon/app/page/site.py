"""What is found at which path; all paths are relative, as ingress puts a prefix before them."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final, TypeVar

from app.jsontext import dumps
from app.meters.profile import Profile
from app.page.answers import JSON, TEXT, Answer, Answered, refusal
from app.page.files import Files
from app.page.history import History
from app.page.line import LineView

BINARY: Final = "application/octet-stream"

_T = TypeVar("_T")
_DAY: Final = 86400.0
_LONGEST: Final = 30  # minutes
_MOST_WAITING: Final = 4  # recordings that are asked for and not there yet

REST: Final = 4.0
"""Times that a recording took, until the next one is begun: as long as one is made, telegrams wait
a little each time."""


class Site:
    """Answers requests.

    Args:
        files: page, style, script.
        lines: all of them.
        facts: tells how a line is doing, for JSON; None where there is no line.
        profiles: every meter family there is.
    """

    def __init__(
        self,
        files: Files,
        lines: Sequence[LineView],
        facts: Callable[[LineView | None], dict[str, object]],
        profiles: Mapping[str, Profile],
    ) -> None:
        self._files = files
        self._lines = lines
        self._facts = facts
        self._profiles = profiles
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._rests_until = 0.0  # by the event loop's clock

    def respond(self, path: str, query: Mapping[str, str]) -> Answered:
        """Answer a request."""
        if file := self._files.get(path):
            return file
        line = _at(self._lines, query.get("line", "0"))
        if path == "facts":
            return _json(self._facts(line))
        if line is None:
            return refusal(HTTPStatus.NOT_FOUND)
        if path == "live":
            return line.stream()
        if path == "recording":
            return self._recording(line, query)
        if told := _OF_LINE.get(path):
            return told(line)
        meter = _at(line.meters, query.get("meter", "0"))
        if meter is None or meter.history is None:
            return refusal(HTTPStatus.NOT_FOUND)
        return _of_history(path, meter.history, query)

    async def _recording(self, line: LineView, query: Mapping[str, str]) -> Answer:
        """Make one recording at a time, and rest in between: it takes time of the processor.

        One that was begun goes on when nobody waits for it any more, so that who asks and hangs up
        again and again cannot have many made at once.
        """
        if self._waiting >= _MOST_WAITING:
            return refusal(HTTPStatus.SERVICE_UNAVAILABLE)
        minutes = _number(query.get("minutes", ""), _LONGEST)
        self._waiting += 1
        work = asyncio.ensure_future(self._in_turn(line, 60 * minutes))
        work.add_done_callback(self._made)
        name = {"Content-Disposition": 'attachment; filename="smartmeter.txt"'}
        return Answer((await asyncio.shield(work)).encode(), TEXT, headers=name)

    async def _in_turn(self, line: LineView, seconds: float) -> str:
        now = asyncio.get_running_loop().time
        async with self._turn:
            await asyncio.sleep(self._rests_until - now())
            begin = now()
            try:
                return await line.recording(seconds, self._profiles)
            finally:
                self._rests_until = now() + REST * (now() - begin)

    def _made(self, _: object) -> None:
        self._waiting -= 1


def _of_history(path: str, history: History, query: Mapping[str, str]) -> Answer:
    if path == "series":
        seconds = _number(query.get("seconds", ""), _DAY)
        return Answer(history.series(query.get("key", ""), seconds), BINARY)
    if path == "quarters":
        return Answer(json.dumps(history.quarters()).encode(), JSON)
    return refusal(HTTPStatus.NOT_FOUND)


def _json(value: object) -> Answer:
    return Answer(dumps(value).encode("utf-8", "replace"), JSON)


def _at(many: Sequence[_T], place: str) -> _T | None:
    """Give what is at a place, None where there is nothing."""
    found = place.isascii() and place.isdecimal() and len(place) < 4  # noqa: PLR2004 - none has 1000
    return many[int(place)] if found and int(place) < len(many) else None


def _number(text: str, most: float) -> float:
    """Read a number of a query; what is none is the most that there may be."""
    plain = text.isascii() and text.isdecimal() and len(text) < 7  # noqa: PLR2004 - more is more than most
    return min(float(text), most) if plain else most


_OF_LINE: Final[Mapping[str, Callable[[LineView], Answer]]] = {
    "events": lambda line: _json(line.told_events()),
    "health": lambda line: Answer(json.dumps(line.health.hours()).encode(), JSON),
    "report": lambda line: Answer(line.report().encode(), TEXT),
    "telegram": lambda line: _json(line.telegram()),
}
"""What is told of a line, by path."""
