"""Mistakes of the program itself do not fill the log."""

import logging

import pytest

from app.line.mistakes import MOST, Mistakes

_logger = logging.getLogger(__name__)


def tell(mistakes: Mistakes, code: str, of: str = "") -> None:
    try:
        exec(compile(code, "made up", "exec"))  # noqa: S102 - it is ours
    except Exception as error:  # noqa: BLE001 - whatever it is
        mistakes.tell(error, of)


def test_a_mistake_is_told_once_with_its_place_whatever_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mistakes = Mistakes(_logger, "a thing could not be done")
    for n in range(100):
        tell(mistakes, f"raise KeyError({n})")
    (record,) = caplog.records
    assert record.getMessage().startswith("a thing could not be done through a mistake in this")
    assert "made up" in caplog.text


def test_mistakes_at_other_places_of_other_kinds_or_of_others_are_told_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mistakes = Mistakes(_logger, "a thing could not be done")
    for _ in range(2):
        tell(mistakes, "1 / 0")
        tell(mistakes, "\n1 / 0")
        tell(mistakes, "{}[0]")
        tell(mistakes, "1 / 0", "another")
    assert len(caplog.records) == 4


def test_no_more_than_some_are_told(caplog: pytest.LogCaptureFixture) -> None:
    mistakes = Mistakes(_logger, "a thing could not be done")
    for n in range(10 * MOST):
        tell(mistakes, "\n" * n + "1 / 0")
    assert len(caplog.records) == len(mistakes._told) == MOST
