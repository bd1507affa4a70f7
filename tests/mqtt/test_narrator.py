"""What the log is told of the broker."""

import logging

import pytest

from app.log import NOTICE
from app.mqtt.narrator import Narrator
from app.mqtt.publisher import Connected, Disconnected, RightsMissing


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    return [(record.levelno, record.getMessage()) for record in caplog.records]


def test_the_broker_s_state_is_logged_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    tell = Narrator()
    tell(Disconnected("nothing answers at h:1", 2.0))
    tell(Connected("h", 1))
    assert told(caplog) == [
        (logging.WARNING, "nothing answers at h:1 (next attempt in 2 s)"),
        (NOTICE, "connected to the MQTT broker h:1"),
    ]


def test_an_absent_broker_is_logged_again_after_ten_minutes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    now = 0.0
    tell = Narrator(lambda: now)
    for _ in range(21):
        tell(Disconnected("nothing answers at h:1", 60.0))
        now += 60.0
    assert [message for _, message in told(caplog)] == [
        "nothing answers at h:1 (next attempt in 60 s)",
        "still, for 11 min, 11 times: nothing answers at h:1 (next attempt in 60 s)",
    ]


def test_another_problem_with_the_broker_is_logged_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    tell = Narrator()
    for reason in ("a", "a", "b"):
        tell(Disconnected(reason, 1.0))
    tell(Connected("h", 1))
    tell(Disconnected("b", 1.0))
    assert [message.partition(" (")[0] for _, message in told(caplog)] == [
        *("a", "b", "connected to the MQTT broker h:1", "b"),
    ]


def test_rights_that_are_missing_are_logged_once_until_they_are_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    tell = Narrator()
    for reasons in ([], ["a"], ["a", "b"], ["a"], [], [], ["a"]):
        tell(RightsMissing(reasons))
        tell(Connected("h", 1))
    lines = [line for line in told(caplog) if "connected" not in line[1]]
    there = (NOTICE, "the MQTT broker hands on what is published")
    assert lines == [
        *((logging.WARNING, reason) for reason in "ab"),
        there,
        (logging.WARNING, "a"),
    ]
