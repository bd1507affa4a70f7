"""Several outputs beside each other."""

from collections.abc import Mapping

import pytest

from app.line.line_ids import ALONE
from app.line.output import LineDiagnostics, Outputs
from app.line.trouble import Problem, Trouble
from app.meters.reading import Meter, Reading
from tests.support.publishing import KAIFA, reading
from tests.support.recorder import Recorder

BROKER = Problem(Trouble.BROKER, parameters={"count": 3})
DATABASE = Problem(Trouble.DATABASE, parameters={"reason": "it is away"})


class Faulty(Recorder):
    """An output with a mistake."""

    def publish(self, reading: Reading, *, name: str | None) -> None:
        raise RuntimeError(f"a mistake of ours with {reading.meter.id}, {name}")

    def diagnose(self, meter: Meter, values: Mapping[str, object], *, name: str | None) -> None:
        raise KeyError(meter.id, values, name)


def test_each_output_is_told_everything() -> None:
    first, second = Recorder(), Recorder()
    outputs = Outputs([first, second])
    outputs.publish(said := reading(KAIFA, power="1"), name="House")
    outputs.meter_online(KAIFA.id, online=False)
    outputs.diagnose(KAIFA, {"errors": 1}, name=None)
    outputs.diagnose_line(LineDiagnostics(ALONE, {"bytes": 7}, [KAIFA], "House"))
    for recorder in (first, second):
        assert recorder.published == [(said, "House")]
        assert recorder.statuses == [(KAIFA.id, False)]
        assert recorder.diagnosed == [(KAIFA, {"errors": 1}, None)]
        assert recorder.lines == [(ALONE, {"bytes": 7}, [KAIFA], "House")]


def test_the_problem_is_that_of_the_first_output_that_has_one() -> None:
    first, second = Recorder(), Recorder()
    outputs = Outputs([first, second])
    assert outputs.problem() is None
    second.own_problem = DATABASE
    assert outputs.problem() is DATABASE
    first.own_problem = BROKER
    assert outputs.problem() is BROKER
    assert Outputs([]).problem() is None


def test_a_mistake_in_one_output_keeps_nothing_from_the_others_and_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = Recorder()
    outputs = Outputs([Faulty(), other])
    for _ in range(3):
        outputs.publish(reading(KAIFA, power="1"), name="House")
        outputs.diagnose(KAIFA, {}, name=None)
    assert len(other.published) == len(other.diagnosed) == 3
    assert len(caplog.records) == 2
    assert "a mistake of ours with 1kfm02, House" in caplog.text
    assert "please report this" in caplog.messages[0]
