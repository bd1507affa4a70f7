"""Whoever watches a line sees all that it does, and changes nothing."""

import pytest

from app.fault import Fault
from app.line.watcher import UNWATCHED, Guarded, Watcher
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.transport.source import Event, Opened
from tests.support.lines import PORT
from tests.support.paged import Paged
from tests.support.simulated import SimulatedMeter


class Notes(Watcher):
    """Writes down what it sees."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def event(self, event: Event) -> None:
        self.seen.append("bytes" if isinstance(event, bytes) else event)

    def decoded(self, item: Telegram | Fault) -> None:
        self.seen.append(type(item))

    def read(self, reading: Reading, *, name: str | None) -> None:
        self.seen.append((name, "apparent_power" in reading.values))

    def silent(self, meter_id: str) -> None:
        self.seen.append(meter_id)


def test_it_sees_bytes_telegrams_readings_and_silence_in_their_order() -> None:
    line, notes = Paged(), Notes()
    line.reader._watcher = notes
    meter = SimulatedMeter(None, "kaifa")
    line.take(PORT)
    line.push(meter, 2)
    line.after(60)
    assert isinstance(notes.seen[0], Opened)
    assert notes.seen[1:] == [*["bytes", Telegram, ("House", True)] * 2, meter.id]


def test_it_sees_readings_that_are_not_due_to_be_published() -> None:
    line, notes = Paged(), Notes()
    line.reader._watcher = notes
    line.reader._options = line.options
    object.__setattr__(line.options, "update_interval", 3600)
    line.take(PORT)
    line.push(SimulatedMeter(None, "kaifa"), 3)
    assert notes.seen.count(("House", True)) == 3


def test_nobody_need_watch() -> None:
    line = Paged()
    line.reader._watcher = UNWATCHED
    line.take(PORT)
    line.push(SimulatedMeter(None, "kaifa"), 2)
    line.after(60)
    assert line.reader.health.counts.telegrams == 2


def test_a_watcher_s_mistake_is_told_once_and_keeps_nothing_from_the_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Mistaken(Watcher):
        def event(self, event: Event) -> None:  # noqa: ARG002 - as the line calls it
            raise ZeroDivisionError

        def decoded(self, item: Telegram | Fault) -> None:  # noqa: ARG002 - likewise
            raise ZeroDivisionError

        def read(self, reading: Reading, *, name: str | None) -> None:  # noqa: ARG002 - likewise
            raise ZeroDivisionError

        def silent(self, meter_id: str) -> None:  # noqa: ARG002 - likewise
            raise ZeroDivisionError

    line = Paged()
    line.reader._watcher = Guarded(Mistaken())
    line.take(PORT)
    line.push(SimulatedMeter(None, "kaifa"), 3)
    line.after(60)
    assert line.reader.health.counts.telegrams == 3
    assert caplog.text.count("could not be shown through a mistake") == 1


def test_mistakes_whose_texts_differ_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Mistaken(Watcher):
        def silent(self, meter_id: str) -> None:
            raise KeyError(meter_id)

    watcher = Guarded(Mistaken())
    for n in range(1000):
        watcher.silent(str(n))
    assert caplog.text.count("could not be shown through a mistake") == 20
