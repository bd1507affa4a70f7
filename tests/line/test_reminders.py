"""Troubles in the log: all times are made up here."""

import logging

import pytest

from app.line.reminders import Teller

HOUR = 3600


@pytest.fixture
def teller() -> Teller:
    return Teller(logging.getLogger("told"))


def test_a_trouble_is_told_at_once_and_not_again_soon(
    teller: Teller, caplog: pytest.LogCaptureFixture
) -> None:
    for now in range(0, 600, 5):
        teller.trouble("no bytes", "no bytes come", now)
    assert caplog.messages == ["no bytes come"]
    assert teller.telling


def test_a_trouble_that_lasts_is_told_ever_more_seldom(
    teller: Teller, caplog: pytest.LogCaptureFixture
) -> None:
    for now in range(0, 72 * HOUR, 60):
        teller.trouble("no bytes", "no bytes come", now)
    assert caplog.messages == [
        "no bytes come",
        "still, for 11 min: no bytes come",
        "still, for 1 h 12 min: no bytes come",
        "still, for 7 h 13 min: no bytes come",
        "still, for 1 d 7 h: no bytes come",
        "still, for 2 d 7 h: no bytes come",
    ]


def test_what_happened_meanwhile_is_counted(
    teller: Teller, caplog: pytest.LogCaptureFixture
) -> None:
    for count in range(1, 1442):
        teller.trouble("no broker", "no broker answers", 5 * count, count + 7)
    assert caplog.messages[1:] == [
        "still, for 10 min 5 s, 121 times: no broker answers",
        "still, for 1 h 10 min, 842 times: no broker answers",
    ]


def test_another_trouble_is_news(teller: Teller, caplog: pytest.LogCaptureFixture) -> None:
    teller.trouble("no bytes", "no bytes come", 0)
    teller.trouble("no frames", "no frames come", 1)
    assert caplog.messages == ["no bytes come", "no frames come"]


def test_a_trouble_that_comes_back_is_news(
    teller: Teller, caplog: pytest.LogCaptureFixture
) -> None:
    teller.trouble("no bytes", "no bytes come", 0)
    teller.over()
    assert not teller.telling
    teller.trouble("no bytes", "no bytes come", 1)
    assert caplog.messages == ["no bytes come", "no bytes come"]
