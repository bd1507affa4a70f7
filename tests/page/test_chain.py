"""How far a line has come, in steps."""

from typing import Any

import pytest

from app.dlms.ciphering import Keys
from app.line.trouble import Trouble
from app.page.chain import Condition, Step
from app.page.files import sentences
from app.status import OutputState
from tests.support.lines import OTHER_KEY, PORT
from tests.support.paged import Paged, meter, opened, steps
from tests.support.telegrams import UNKNOWN_LIST


def test_each_step_waits_for_the_one_before() -> None:
    paged = Paged()
    assert list(steps(paged).values()) == ["waiting", *["later"] * 5]
    paged.take(PORT)
    assert list(steps(paged).values()) == ["done", "waiting", *["later"] * 4]
    paged.take(b"\x00\x01")
    assert list(steps(paged).values()) == ["done", "done", "waiting", *["later"] * 3]
    paged.push(meter(), 3)
    assert set(steps(paged).values()) == {"done"}


def test_nothing_that_arrives_is_told_from_what_cannot_be_read() -> None:
    silent, noisy = opened(), opened()
    silent.after(40)
    for _ in range(40):
        noisy.take(b"\x55\x11\x22" * 5)
        noisy.after(1)
    assert (steps(silent)[Step.BYTES], steps(silent)[Step.FRAMES]) == ("wrong", "later")
    assert (steps(noisy)[Step.BYTES], steps(noisy)[Step.FRAMES]) == ("done", "wrong")
    facts: Any = noisy.line.facts("en", published=True)
    assert facts["problem"]["kind"] == "no frames"
    assert "serial_mode" in facts["problem"]["text"]


@pytest.mark.parametrize(
    ("keys", "kind"), [(Keys(), "key missing"), (Keys(OTHER_KEY), "encryption key wrong")]
)
def test_a_key_that_is_missing_or_wrong_is_told(keys: Keys, kind: str) -> None:
    paged = opened(keys=keys)
    paged.push(meter(), 10)
    assert steps(paged)[Step.FRAMES] == Condition.DONE
    assert steps(paged)[Step.DECIPHERED] == Condition.WRONG
    facts: Any = paged.line.facts("en", published=True)
    assert facts["problem"]["kind"] == kind


def test_a_list_that_nobody_knows_is_told() -> None:
    paged = opened()
    for _ in range(10):
        paged.take(UNKNOWN_LIST)
        paged.after(5)
    assert steps(paged)[Step.DECIPHERED] == Condition.DONE
    assert steps(paged)[Step.RECOGNISED] == Condition.WRONG
    facts: Any = paged.line.facts("en", published=True)
    assert facts["problem"]["kind"] == "unknown list"


def test_an_output_that_does_not_work_is_told() -> None:
    paged = opened()
    paged.outputs = {"broker": OutputState(works=False, sentence="no broker is known")}
    paged.push(meter(), 3)
    assert steps(paged)[Step.RECOGNISED] == Condition.DONE
    assert steps(paged)[Step.PUBLISHED] == Condition.WRONG


def test_every_problem_has_words_in_each_language() -> None:
    for language in ("en", "de"):
        said = sentences(language)
        kinds = {trouble.value.replace(" ", "_") for trouble in Trouble} | {"output"}
        assert said["trouble"].keys() == kinds
        assert said["step"].keys() == said["waiting"].keys() == set(Step)
        assert said["condition"].keys() == set(Condition)
