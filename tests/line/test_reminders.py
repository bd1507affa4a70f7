"""When problems are logged again; all times are made up."""

import logging

import pytest

from app.line.reminders import Reminder

HOUR = 3600


@pytest.fixture
def reminder() -> Reminder:
    return Reminder(logging.getLogger("told"))


def test_a_problem_is_logged_at_once_and_not_again_soon(
    reminder: Reminder, caplog: pytest.LogCaptureFixture
) -> None:
    for now in range(0, 600, 5):
        reminder.tell("no bytes", "no bytes come", now)
    assert caplog.messages == ["no bytes come"]
    assert reminder.active


def test_a_lasting_problem_is_logged_at_growing_intervals(
    reminder: Reminder, caplog: pytest.LogCaptureFixture
) -> None:
    for now in range(0, 72 * HOUR, 60):
        reminder.tell("no bytes", "no bytes come", now)
    assert caplog.messages == [
        "no bytes come",
        "still, for 11 min: no bytes come",
        "still, for 1 h 12 min: no bytes come",
        "still, for 7 h 13 min: no bytes come",
        "still, for 1 d 7 h: no bytes come",
        "still, for 2 d 7 h: no bytes come",
    ]


def test_faults_between_two_reminders_are_counted(
    reminder: Reminder, caplog: pytest.LogCaptureFixture
) -> None:
    for count in range(1, 1442):
        reminder.tell("no broker", "no broker answers", 5 * count, count + 7)
    assert caplog.messages[1:] == [
        "still, for 10 min 5 s, 121 times: no broker answers",
        "still, for 1 h 10 min, 842 times: no broker answers",
    ]


def test_another_problem_is_logged_at_once(
    reminder: Reminder, caplog: pytest.LogCaptureFixture
) -> None:
    reminder.tell("no bytes", "no bytes come", 0)
    reminder.tell("no frames", "no frames come", 1)
    assert caplog.messages == ["no bytes come", "no frames come"]


def test_a_problem_that_comes_back_is_logged_at_once(
    reminder: Reminder, caplog: pytest.LogCaptureFixture
) -> None:
    reminder.tell("no bytes", "no bytes come", 0)
    reminder.over()
    assert not reminder.active
    reminder.tell("no bytes", "no bytes come", 1)
    assert caplog.messages == ["no bytes come", "no bytes come"]
