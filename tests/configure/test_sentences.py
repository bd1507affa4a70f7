"""The sentences of the set-up: whatever there is to tell or to ask has one."""

import tomllib

import pytest

from app.configure.hearing import Outcome
from app.configure.line_dialogue import AfterSilence
from app.configure.steps import Form
from app.language.languages import ENGLISH, FOLDER
from app.link.hdlc import Hdlc
from app.link.mbus import MBus
from app.link.p1 import P1
from app.link.raw import Raw
from app.link.wrapper import Wrapper
from app.mqtt import explain
from app.transport.events import Cause

SENTENCES = tomllib.loads((FOLDER / f"{ENGLISH}.toml").read_text())


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("line", {cause.name.lower() for cause in Cause}),
        ("broker", {cause.name.lower() for cause in explain.Cause}),
        ("heard", {one.name.lower() for one in Outcome} - {"telegram", "not_open"}),
        ("choice", {str(one) for one in AfterSilence}),
        ("link", {link.name for link in (MBus, Hdlc, Raw, Wrapper, P1)}),
    ],
)
def test_whatever_there_is_to_tell_has_a_sentence(group: str, names: set[str]) -> None:
    assert names <= SENTENCES[group].keys()


def test_every_question_says_how_an_answer_has_to_be() -> None:
    asked = set(SENTENCES["ask"])
    wrong = set(SENTENCES["wrong"])
    assert asked - wrong == {"another_meter", "mqtt_tls", "confirm"}  # answered by yes or no
    assert wrong - asked == {Form.YES_NO.name.lower()}
