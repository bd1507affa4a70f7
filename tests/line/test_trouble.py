"""The sentences of problems, and spans of time in them."""

import time

import pytest

from app.language.languages import languages
from app.line.trouble import Case, Problem, Trouble, duration, moment
from tests.support.sentences import PROBLEMS, parameters, sentences, text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (2 * 3600 + 5 * 60 + 9, "2 h 5 min"),
        (86400, "1 d"),
        (86400 + 3599, "1 d"),
        (90 * 86400 + 7200, "90 d 2 h"),
    ],
)
def test_a_span_of_time_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_moment_is_in_local_time_as_the_log_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    assert moment(1782043200.7) == "2026-06-21 14:00:00"
    monkeypatch.undo()
    time.tzset()


def test_each_trouble_and_each_case_has_sentences() -> None:
    assert {trouble for trouble, _ in PROBLEMS} == set(Trouble)
    assert {case for _, case in PROBLEMS} == set(Case)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("trouble", "case"), PROBLEMS)
def test_a_sentence_is_complete_with_its_parameters(
    trouble: Trouble, case: Case, language: str
) -> None:
    names = parameters(text(sentences(language), Problem(trouble, case).sentence.key))
    problem = Problem(trouble, case, dict.fromkeys(names, "as measured"))
    said = problem.sentence.in_language(language)
    assert said.count("as measured") == len(names)
    assert "{" not in said


def test_a_parameter_is_not_read_as_a_template() -> None:
    problem = Problem(Trouble.NOT_OPEN, parameters={"reason": "{seconds} {0}"})
    assert str(problem.sentence) == "{seconds} {0}"


def test_another_reason_for_a_line_that_is_not_open_is_another_problem() -> None:
    first, second = (
        Problem(Trouble.NOT_OPEN, parameters={"reason": reason}) for reason in ("gone", "busy")
    )
    assert first.key != second.key


def test_a_problem_with_other_parameters_is_the_same_problem() -> None:
    first, second = (
        Problem(Trouble.NO_BYTES, parameters={"seconds": seconds}) for seconds in ("31", "99")
    )
    assert first.key == second.key == "no bytes"


def test_other_values_that_are_withheld_are_another_problem() -> None:
    def withheld(what: str, since: str) -> Problem:
        parameters = {"what": what, "since": since, "why": "it falls", "until": "a day"}
        return Problem(Trouble.WITHHELD, parameters=parameters)

    assert withheld("gas", "12:00").key == withheld("gas", "12:05").key
    assert withheld("gas", "12:00").key != withheld("power", "12:00").key
    assert str(withheld("gas", "12:00").sentence) == (
        "gas withheld since 12:00: it falls; this ends with a day"
    )
