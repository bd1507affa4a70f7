"""The diagnostics of a line that outputs get; both clocks are made up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.fault import Fault, Kind
from app.line.diagnostics import GONE_AFTER, INTERVAL, KNOWN_INTERVAL, Diagnostics, diagnose_unread
from app.line.health import Health
from app.line.line_ids import ALONE, Line
from app.line.trouble import Problem, Trouble
from app.meters.reading import Meter
from app.state import State
from app.transport.push_interval import PushInterval
from app.transport.serial_mode import SerialMode
from tests.support.memory import Memory
from tests.support.recorder import Recorder
from tests.support.withheld import ALL, ENERGIES, accepted, pending

KAIFA = Meter("1kfm02", "1KFM02", "kaifa", "Kaifa", "MA309M", "4b464d1020000011")
E450 = Meter("12345678", "12345678", "e450", "Landis+Gyr", "E450", None)
NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)
SILENT = Problem(Trouble.NO_BYTES, parameters={"seconds": "31"})
UNSTEADY = Problem(Trouble.BROKER, parameters={"count": 3})


class Watched:
    """A line, its diagnostics, and the time."""

    def __init__(
        self,
        state: State | None = None,
        interval: float = INTERVAL,
    ) -> None:
        self.now = 100.0
        self.line = Health(PushInterval(5.0), self.now)
        self.line.opened(SerialMode.parse("2400 8E1"), self.now)
        self.recorder = Recorder()
        self.diagnostics = Diagnostics(
            self.line,
            self.recorder,
            state or Memory(),
            line=ALONE,
            name="Keller",
            wall_clock=lambda: NOON + timedelta(seconds=self.now - 100),
            interval=interval,
        )

    def look(self, problem: Problem | None = None, after: float = 1.0) -> None:
        self.now += after
        self.diagnostics.look(problem, self.now)

    def heard(self, meter: Meter = KAIFA) -> None:
        self.line.telegram(self.now)
        self.diagnostics.heard(meter, self.now)

    def of_line(self) -> list[dict[str, Any]]:
        """Give what was told of the line itself since the last call."""
        told, self.recorder.lines = self.recorder.lines, []
        assert all(line == ALONE and name == "Keller" for line, _, _, name in told)
        return [
            {**values, "meters": [meter.id for meter in meters]} for _, values, meters, _ in told
        ]

    def said(self) -> list[tuple[str, dict[str, Any]]]:
        """Give what was published since the last call."""
        messages, self.recorder.diagnosed = self.recorder.diagnosed, []
        assert all(name == "Keller" for _, _, name in messages)
        return [(meter.id, dict(values)) for meter, values, _ in messages]


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_no_diagnostics_before_a_meter_is_heard(watched: Watched) -> None:
    watched.look(SILENT)
    assert watched.said() == []


def test_diagnostics_begin_with_the_first_telegram(watched: Watched) -> None:
    watched.heard()
    assert watched.said() == [
        (
            "1kfm02",
            {
                "silence": 0,
                "telegrams": 1,
                "errors": 0,
                "parity_errors": 0,
                "serial_mode": "2400 8E1",
                "problem": "OFF",
                "problem_details": {},
                "errors_details": {},
            },
        )
    ]


def test_figures_are_published_at_the_interval(watched: Watched) -> None:
    watched.heard()
    watched.said()
    for _ in range(int(3 * INTERVAL)):
        watched.heard()
        watched.look()
    assert [values["telegrams"] for _, values in watched.said()] == [61, 121, 181]


def test_a_longer_interval_delays_figures_but_no_problem() -> None:
    watched = Watched(interval=300.0)
    watched.heard()
    watched.said()
    watched.look(after=200.0)
    assert watched.said() == []
    watched.look(SILENT)
    assert len(watched.said()) == 1
    watched.look(SILENT, after=300.0)
    assert len(watched.said()) == 1


def test_a_problem_is_published_at_once_with_its_sentence_and_start(watched: Watched) -> None:
    watched.heard()
    watched.said()
    watched.look()
    assert watched.said() == []
    watched.look(SILENT)
    ((_, values),) = watched.said()
    assert values["problem"] == "ON"
    assert values["problem_details"] == {
        "kind": "no bytes",
        "message": str(SILENT.sentence),
        "since": "2026-06-21T12:00:02+00:00",
    }
    watched.look(SILENT)
    assert watched.said() == []
    watched.look(None)
    ((_, values),) = watched.said()
    assert (values["problem"], values["problem_details"]) == ("OFF", {})


def test_a_lasting_problem_keeps_its_start_and_gets_its_newest_sentence(watched: Watched) -> None:
    watched.heard()
    watched.look(SILENT)
    watched.said()
    watched.look(SILENT._replace(parameters={"seconds": "61"}), after=INTERVAL)
    ((_, values),) = watched.said()
    assert values["problem_details"]["message"].startswith("no bytes from the meter for 61 s")
    assert values["problem_details"]["since"] == "2026-06-21T12:00:01+00:00"


def test_errors_are_published_by_kind(watched: Watched) -> None:
    watched.line.fault(Fault(Kind.DAMAGED, "mbus", 0, "noise"), watched.now)
    watched.heard()
    ((_, values),) = watched.said()
    assert (values["errors"], values["errors_details"]) == (1, {"damaged": 1})


def test_an_unsteady_broker_connection_is_a_problem(watched: Watched) -> None:
    watched.heard()
    watched.look()
    watched.said()
    watched.recorder.own_problem = UNSTEADY
    watched.look()
    ((_, values),) = watched.said()
    assert values["problem_details"]["kind"] == "broker"
    assert "lost 3 times" in values["problem_details"]["message"]


def test_a_line_problem_comes_before_the_broker_s_and_the_clock_s(watched: Watched) -> None:
    watched.heard()
    watched.recorder.own_problem = UNSTEADY
    watched.line.said(NOON, NOON + timedelta(days=1), None)
    watched.look(SILENT)
    assert watched.said()[-1][1]["problem_details"]["kind"] == "no bytes"
    watched.look()
    assert watched.said()[-1][1]["problem_details"]["kind"] == "broker"
    watched.recorder.own_problem = None
    watched.look()
    assert watched.said()[-1][1]["problem_details"]["kind"] == "clock"


def test_values_that_are_withheld_are_a_problem_until_none_is(watched: Watched) -> None:
    watched.heard()
    watched.look()
    watched.said()
    watched.line.judged(accepted(ENERGIES))
    watched.look()
    ((_, values),) = watched.said()
    assert values["problem"] == "ON"
    assert values["problem_details"]["kind"] == "withheld"
    assert values["problem_details"]["message"].startswith("energy_import, energy_export withheld")
    assert values["problem_details"]["since"] == "2026-06-21T12:00:00+00:00"
    watched.line.judged(accepted(ENERGIES))
    watched.look()
    assert watched.said() == []
    watched.line.judged(accepted())
    watched.look()
    ((_, values),) = watched.said()
    assert (values["problem"], values["problem_details"]) == ("OFF", {})


def test_other_values_that_are_withheld_are_told_at_once(watched: Watched) -> None:
    watched.heard()
    watched.line.judged(accepted(ENERGIES, ALL))
    watched.look()
    watched.said()
    watched.line.judged(pending(ALL))
    watched.look()
    ((_, values),) = watched.said()
    assert values["problem_details"]["message"].startswith("all values withheld")
    assert values["problem_details"]["since"] == "2026-06-21T12:01:00+00:00"


def test_values_that_are_withheld_come_after_a_silent_line_and_before_the_broker(
    watched: Watched,
) -> None:
    watched.heard()
    watched.recorder.own_problem = UNSTEADY
    watched.line.judged(accepted(ENERGIES))
    watched.look(SILENT)
    assert watched.said()[-1][1]["problem_details"]["kind"] == "no bytes"
    watched.look()
    assert watched.said()[-1][1]["problem_details"]["kind"] == "withheld"
    watched.line.judged(accepted())
    watched.look()
    assert watched.said()[-1][1]["problem_details"]["kind"] == "broker"


def test_every_meter_of_a_line_has_diagnostics(watched: Watched) -> None:
    watched.heard(KAIFA)
    watched.heard(E450)
    watched.said()
    watched.look(SILENT)
    assert [meter for meter, _ in watched.said()] == ["1kfm02", "12345678"]


def test_a_meter_silent_since_the_restart_has_diagnostics() -> None:
    state = Memory()
    Watched(state).heard(KAIFA)
    again = Watched(state)
    again.look(SILENT)
    assert [(meter, values["problem"]) for meter, values in again.said()] == [("1kfm02", "ON")]


def test_a_replaced_meter_has_no_more_diagnostics() -> None:
    state = Memory()
    Watched(state).heard(KAIFA)
    again = Watched(state)
    again.heard(E450)
    assert [meter for meter, _ in again.said()] == ["12345678"]
    assert list(state.section("meters")) == ["12345678"]


def test_a_meter_replaced_while_the_program_runs_has_no_more_diagnostics() -> None:
    state = Memory()
    watched = Watched(state)
    watched.heard(KAIFA)
    watched.now += GONE_AFTER
    watched.heard(E450)
    watched.said()
    watched.look(after=INTERVAL)
    assert [meter for meter, _ in watched.said()] == ["1kfm02", "12345678"]
    watched.heard(E450)
    watched.look(after=INTERVAL)
    assert [meter for meter, _ in watched.said()] == ["12345678"]
    assert list(state.section("meters")) == ["12345678"]


# The line itself


def test_a_line_is_told_before_any_meter_is_heard(watched: Watched) -> None:
    watched.line.received(40, watched.now)
    watched.look()
    assert watched.of_line() == [
        {
            "line": "ON",
            "line_details": {"serial_mode": "2400 8E1", "being_tried": False},
            "bytes": 40,
            "frames": 0,
            "problem": "OFF",
            "problem_details": {},
            "meters": [],
        }
    ]


def test_a_problem_of_a_line_without_a_meter_is_told_at_once_then_at_the_interval(
    watched: Watched,
) -> None:
    watched.look()
    watched.of_line()
    watched.look(SILENT)
    (told,) = watched.of_line()
    assert told["problem"] == "ON"
    assert told["problem_details"] == {
        "kind": "no bytes",
        "message": str(SILENT.sentence),
        "since": "2026-06-21T12:00:02+00:00",
    }
    for _ in range(int(2 * INTERVAL)):
        watched.look(SILENT)
    assert len(watched.of_line()) == 2
    watched.look(None)
    (told,) = watched.of_line()
    assert (told["problem"], told["problem_details"]) == ("OFF", {})


def test_a_line_names_its_meters_as_soon_as_they_are_heard_and_then_says_less_often(
    watched: Watched,
) -> None:
    watched.look()
    watched.of_line()
    watched.heard()
    assert [told["meters"] for told in watched.of_line()] == [["1kfm02"]]
    for _ in range(int(2 * KNOWN_INTERVAL)):
        watched.heard()
        watched.look()
    assert len(watched.of_line()) == 2
    watched.look(SILENT)
    assert [told["problem"] for told in watched.of_line()] == ["ON"]
    watched.look(SILENT, after=INTERVAL)
    assert len(watched.of_line()) == 1


def test_a_line_names_the_meters_of_before_the_restart() -> None:
    state = Memory()
    Watched(state).heard(KAIFA)
    again = Watched(state)
    again.look(SILENT)
    assert [(told["meters"], told["problem"]) for told in again.of_line()] == [(["1kfm02"], "ON")]


def test_a_line_that_is_not_read_says_why() -> None:
    recorder = Recorder()
    diagnose_unread(Line("2", "Garage"), "it has no adapter", recorder, NOON)
    assert recorder.lines == [
        (
            Line("2", "Garage"),
            {
                "line": "OFF",
                "line_details": {},
                "bytes": 0,
                "frames": 0,
                "problem": "ON",
                "problem_details": {
                    "kind": "not open",
                    "message": "it has no adapter",
                    "since": "2026-06-21T12:00:00+00:00",
                },
            },
            (),
            None,
        )
    ]


def test_the_update_interval_of_readings_delays_nothing_of_a_line() -> None:
    watched = Watched(interval=3600.0)
    watched.look()
    watched.look(after=INTERVAL)
    assert len(watched.of_line()) == 2
