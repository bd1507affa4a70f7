"""Whoever watches a line sees all that it does, and changes nothing."""

# ruff: noqa: ARG002 - watchers take all that a line tells, and use some of it

import pytest

from app.fault import Fault
from app.line.watcher import MOST_NOTES, UNWATCHED, Notes, Watcher
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.transport.source import Event, Opened
from tests.support.lines import PORT
from tests.support.paged import Paged
from tests.support.simulated import SimulatedMeter


class Seeing(Watcher):
    """Writes down what it sees."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def event(self, event: Event, at: float) -> None:
        self.seen.append("bytes" if isinstance(event, bytes) else event)

    def decoded(self, item: Telegram | Fault, at: float) -> None:
        self.seen.append(type(item))

    def read(self, reading: Reading, at: float, name: str | None) -> None:
        self.seen.append((name, "apparent_power" in reading.values))

    def silent(self, meter_id: str, at: float) -> None:
        self.seen.append(meter_id)


def test_it_sees_bytes_telegrams_readings_and_silence_in_their_order() -> None:
    line, seeing = Paged(), Seeing()
    line.reader._watcher = seeing
    meter = SimulatedMeter(None, "kaifa")
    line.take(PORT)
    line.push(meter, 2)
    line.after(60)
    assert isinstance(seeing.seen[0], Opened)
    assert seeing.seen[1:] == [*["bytes", Telegram, ("House", True)] * 2, meter.id]


def test_it_sees_readings_that_are_not_due_to_be_published() -> None:
    line, seeing = Paged(), Seeing()
    line.reader._watcher = seeing
    line.reader._options = line.options
    object.__setattr__(line.options, "update_interval", 3600)
    line.take(PORT)
    line.push(SimulatedMeter(None, "kaifa"), 3)
    assert seeing.seen.count(("House", True)) == 3


def test_nobody_need_watch() -> None:
    line = Paged()
    line.reader._watcher = UNWATCHED
    line.take(PORT)
    line.push(SimulatedMeter(None, "kaifa"), 2)
    line.after(60)
    assert line.reader.health.counts.telegrams == 2


def test_a_watcher_s_mistakes_are_told_once_each_and_keeps_nothing_from_the_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Mistaken(Watcher):
        def event(self, event: Event, at: float) -> None:
            raise ZeroDivisionError

        def decoded(self, item: Telegram | Fault, at: float) -> None:
            raise ZeroDivisionError

        def read(self, reading: Reading, at: float, name: str | None) -> None:
            raise ZeroDivisionError

        def silent(self, meter_id: str, at: float) -> None:
            raise ZeroDivisionError

    line = Paged()
    notes = line.reader._watcher = Notes(Mistaken())
    line.take(PORT)
    line.push(SimulatedMeter(None, "kaifa"), 3)
    line.after(60)
    assert line.reader.health.counts.telegrams == 3
    notes.hand_on()
    assert caplog.text.count("could not be shown through a mistake") == 4


def test_notes_are_handed_on_in_order_when_they_are_wanted_or_many() -> None:
    line, seeing = Paged(), Seeing()
    waiting: list[None] = []
    notes = Notes(seeing, waiting)
    line.reader._watcher = notes
    line.take(PORT)
    assert len(seeing.seen) == 1  # what becomes of the line is told at once
    meter = SimulatedMeter(None, "kaifa")
    line.push(meter, MOST_NOTES // 3 - 1)
    assert len(seeing.seen) == 1
    notes.hand_on()
    one = ["bytes", Telegram, ("House", True)]
    assert seeing.seen[1:] == one * (MOST_NOTES // 3 - 1)
    line.push(meter, 20)
    assert MOST_NOTES + 1 <= len(seeing.seen) < 3 * (MOST_NOTES // 3 + 20)
    waiting.append(None)
    line.push(meter)
    assert seeing.seen[1:] == one * (MOST_NOTES // 3 + 20)
    line.after(60)
    assert seeing.seen[-1] == meter.id


def test_each_note_has_the_time_at_which_it_came() -> None:
    times: list[float] = []

    class Timing(Watcher):
        def event(self, event: Event, at: float) -> None:
            times.append(at)

        def read(self, reading: Reading, at: float, name: str | None) -> None:
            times.append(at)

    line = Paged()
    notes = line.reader._watcher = Notes(Timing())
    line.push(SimulatedMeter(None, "kaifa"), 3)
    notes.hand_on()
    assert times == [1000.0, 1000.0, 1005.0, 1005.0, 1010.0, 1010.0]


def test_bytes_of_which_nothing_is_read_do_not_pile_up() -> None:
    seeing = Seeing()
    notes = Notes(seeing)
    for n in range(10 * MOST_NOTES):
        notes.event(b"noise", n)
        assert len(notes._notes) < MOST_NOTES
    assert len(seeing.seen) == 10 * MOST_NOTES


def test_mistakes_whose_texts_differ_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Mistaken(Watcher):
        def silent(self, meter_id: str, at: float) -> None:
            raise KeyError(meter_id)

    watcher = Notes(Mistaken())
    for n in range(1000):
        watcher.silent(str(n), 0.0)
    assert caplog.text.count("could not be shown through a mistake") == 1
