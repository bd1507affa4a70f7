"""What happened on a line, also before a restart."""

import json
from pathlib import Path

import pytest

from app import __version__
from app.language.catalogue import Sentence
from app.line.sections import LINE_EVENTS
from app.page.events import KEEP_AFTER, LONGEST, MOST, Events
from app.page.files import sentences
from app.page.hidden import Hider
from app.state import State
from app.transport.events import (
    GatewaySaid,
    GaveUp,
    Lost,
    OnlyAdapter,
    Opened,
    Settled,
    SpeaksTelnet,
)
from app.transport.serial_mode import SerialMode
from tests.support.memory import Memory

NUMBER = "1KFM0200012345"
BEGIN = 1_795_000_000.0


class Line:
    """A line's events, with clocks that are moved by hand."""

    def __init__(self, state: State | None = None, language: str = "en") -> None:
        self.now = 0.0
        self.state = state or Memory()
        self.hide = Hider(lambda text: text.replace("open sesame", "***"), language)
        self.events = Events(
            self.state,
            "",
            self.hide,
            clock=lambda: self.now,
            wall_clock=lambda: BEGIN + self.now,
        )

    @property
    def kinds(self) -> list[str]:
        return [kind for _, kind, _ in self.events.told()]


def keep_if_due(line: Line) -> None:
    if line.events.is_due:
        line.events.keep()


def test_the_newest_comes_first() -> None:
    line = Line()
    line.events.take(Opened("/dev/ttyUSB0"))
    line.now += 1
    line.events.take(Lost("/dev/ttyUSB0", "the adapter is gone", 1.0))
    assert line.events.told() == [
        ["2026-11-18T11:06:41.000+00:00", "lost", "the adapter is gone"],
        ["2026-11-18T11:06:40.000+00:00", "opened", "/dev/ttyUSB0"],
        ["2026-11-18T11:06:40.000+00:00", "started", __version__],
    ]


def test_every_event_has_words_in_each_language() -> None:
    line = Line()
    mode = SerialMode.parse("2400 8E1")
    for event in (
        OnlyAdapter("/dev/ttyUSB0"),
        Opened("/dev/ttyUSB0"),
        GaveUp(mode, was_right=False),
        Settled(mode, searched=True),
        SpeaksTelnet("tcp://a:1"),
        GatewaySaid("tcp://a:1", "busy"),
        Lost("/dev/ttyUSB0", "the adapter is gone", 1.0),
    ):
        line.events.take(event)
    assert not any("(" in text for _, _, text in line.events.told())
    own = {"silent", "problem", "well"}  # of `LineView`
    for language in ("en", "de"):
        assert sentences(language)["event"].keys() == {*line.kinds, *own}


def test_the_same_again_is_told_once() -> None:
    line = Line()
    for _ in range(3):
        line.events.take(Lost("/dev/ttyUSB0", "the adapter is gone", 1.0))
    assert line.kinds == ["lost", "started"]


def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    line = Line(State(path))
    line.events.take(Opened("/dev/ttyUSB0"))
    line.events.keep()
    again = Line(State(path))
    assert again.kinds == ["started", "opened", "started"]
    again.events.keep()
    assert Line(State(path)).kinds == ["started", "started", "opened", "started"]


def test_nothing_that_is_not_for_everybody_is_kept() -> None:
    line = Line(language="de")
    line.hide.learn(NUMBER)
    line.events.take(GatewaySaid("tcp://a:1", f"open sesame {NUMBER}"))
    line.events.happened("problem", Sentence("problem.no_bytes", {"seconds": "30"}))
    line.events.keep()
    kept = json.dumps(line.state.section(LINE_EVENTS))
    assert NUMBER not in kept
    assert "sesame" not in kept
    assert "1KFM" in kept
    told = Line(line.state).events.told()
    assert [row[1:] for row in told[1:]] == [row[1:] for row in line.events.told()]


def test_it_is_written_seldom_and_only_if_there_is_news() -> None:
    line = Line()

    def kept() -> int:
        return len((line.state.get(LINE_EVENTS, "newest")) or ())

    for n in range(10):
        line.events.happened("said", str(n))
        keep_if_due(line)
        line.now += KEEP_AFTER / 20
    assert kept() == 0
    line.now += KEEP_AFTER
    keep_if_due(line)
    assert kept() == 11
    line.events.happened("said", "more")
    keep_if_due(line)
    assert kept() == 11


def test_it_is_bounded() -> None:
    line = Line()
    for n in range(3 * MOST):
        line.events.happened("said", f"{n} " + "x" * 10_000)
    line.events.keep()
    assert len(line.events.told()) == MOST
    kept = json.dumps(line.state.section(LINE_EVENTS))
    assert len(kept) < MOST * (LONGEST + 50)
    assert len(Line(line.state).events.told()) == MOST


@pytest.mark.parametrize(
    "kept",
    [
        "x",
        {"a": 1},
        [1],
        [[1, "said"]],
        [["1", "said", "x"]],
        [[-1, "said", "x"]],
        [[1e300, "said", "x"], [10**30, "said", "x"]],
        [[1, 2, 3], [1, "said", None]],
    ],
)
def test_what_is_damaged_is_left_out(kept: object) -> None:
    state = Memory()
    state.update(LINE_EVENTS, {"newest": kept})  # type: ignore[dict-item]
    assert Line(state).kinds == ["started"]
