"""A meter that comes on two lines is published from one of them."""

import pytest

from app.line.line_ids import Line
from app.line.one_line import OneLineEach
from app.line.output import LineDiagnostics, Output
from tests.support.publishing import E450, KAIFA, reading
from tests.support.recorder import Recorder

FIRST, SECOND = reading(KAIFA, power="1"), reading(KAIFA, power="2")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def lines(recorder: Recorder) -> tuple[Output, Output]:
    each = OneLineEach(recorder)
    return each.of_line("/dev/ttyUSB0"), each.of_line("tcp://gateway:2000")


def test_it_is_published_from_the_first_line_and_told_once(
    recorder: Recorder, lines: tuple[Output, Output], caplog: pytest.LogCaptureFixture
) -> None:
    one, other = lines
    for _ in range(3):
        one.publish(FIRST, name="House")
        one.diagnose(KAIFA, {"errors": 1}, name=None)
        other.publish(SECOND, name=None)
        other.meter_online(KAIFA.id, online=True)
        other.diagnose(KAIFA, {"errors": 2}, name=None)
    assert recorder.published == [(FIRST, "House")] * 3
    assert recorder.diagnosed == [(KAIFA, {"errors": 1}, None)] * 3
    assert recorder.statuses == []
    assert caplog.messages == [
        (
            f"the same meter, {KAIFA.number}, is read on two lines, /dev/ttyUSB0 and"
            " tcp://gateway:2000; it is published from the first one. Take the second out of the"
            " options, or leave it as a spare"
        )
    ]


def test_the_first_line_of_the_options_publishes_also_if_it_is_heard_later(
    recorder: Recorder, lines: tuple[Output, Output]
) -> None:
    one, other = lines
    for output, said in ((other, SECOND), (one, FIRST), (other, SECOND)):
        output.publish(said, name=None)
    assert [said for said, _ in recorder.published] == [SECOND, FIRST]


def test_the_second_line_takes_over_while_the_first_is_silent(
    recorder: Recorder, lines: tuple[Output, Output]
) -> None:
    one, other = lines
    one.publish(FIRST, name=None)
    other.publish(SECOND, name=None)
    one.meter_online(KAIFA.id, online=False)
    other.publish(SECOND, name=None)
    assert [said for said, _ in recorder.published] == [FIRST, SECOND]
    assert recorder.statuses == []
    other.meter_online(KAIFA.id, online=False)
    assert recorder.statuses == [(KAIFA.id, False)]


def test_a_line_that_was_never_heard_is_diagnosed(
    recorder: Recorder, lines: tuple[Output, Output]
) -> None:
    lines[1].diagnose(KAIFA, {"problem": "ON"}, name=None)
    assert len(recorder.diagnosed) == 1


def test_a_line_that_is_a_spare_tells_how_it_is_doing_itself(
    recorder: Recorder, lines: tuple[Output, Output]
) -> None:
    told = [(Line("1", "a"), {"bytes": 1}, [KAIFA], None), (Line("2", "b"), {}, [KAIFA], None)]
    for output, (line, values, meters, name) in zip(lines, told, strict=True):
        output.publish(FIRST, name=None)
        output.diagnose_line(LineDiagnostics(line, values, meters, name))
    assert recorder.lines == told


def test_meters_of_two_lines_do_not_meet(
    recorder: Recorder, lines: tuple[Output, Output], caplog: pytest.LogCaptureFixture
) -> None:
    other = reading(E450, power="3")
    lines[0].publish(FIRST, name=None)
    lines[1].publish(other, name=None)
    assert [said for said, _ in recorder.published] == [FIRST, other]
    assert caplog.messages == []
