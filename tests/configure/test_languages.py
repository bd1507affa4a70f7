"""The languages of the dialogue."""

import string
import tomllib

import pytest

from app.configure.catalogue import Catalogue
from app.configure.hearing import Outcome
from app.configure.languages import ENGLISH, FOLDER, language_of, languages
from app.configure.line_dialogue import AfterSilence
from app.configure.steps import Form, Say
from app.link.hdlc import Hdlc
from app.link.mbus import MBus
from app.link.p1 import P1
from app.link.raw import Raw
from app.link.wrapper import Wrapper
from app.meters.sensors import SENSORS
from app.mqtt import explain
from app.transport.events import Cause

SENTENCES = {one: tomllib.loads((FOLDER / f"{one}.toml").read_text()) for one in languages()}
KEYS = [(group, name) for group, some in SENTENCES[ENGLISH].items() for name in some]


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "de"}, "de"),
        ({"LANG": "DE_DE@euro"}, "de"),
        ({"LANG": "de_AT.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "de_CH.UTF-8"}, "de"),
        ({"LANG": "de_AT.UTF-8", "LC_ALL": ""}, "de"),
        ({"LANG": "de_AT.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "."}, "en"),
    ],
)
def test_the_language_is_that_of_the_locale(variables: dict[str, str], language: str) -> None:
    assert language_of(variables, languages()) == language


def parameters(template: object) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(str(template)) if name}


def test_there_is_english_and_german() -> None:
    assert languages() == ("de", "en")


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_sentence_with_its_parameters(language: str) -> None:
    own = SENTENCES[language]
    assert [(group, name) for group, some in own.items() for name in some] == KEYS
    for group, name in KEYS:
        english, other = SENTENCES[ENGLISH][group][name], own[group][name]
        assert parameters(other) == parameters(english), (group, name)
        assert other if group == "words" else str(other).strip() == other
        if language != ENGLISH and group not in ("words", "choice", "meter", "link"):
            assert other != english or len(other) < 40, (group, name)


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
    assert names <= SENTENCES[ENGLISH][group].keys()


def test_every_question_says_how_an_answer_has_to_be() -> None:
    asked = {name for group, name in KEYS if group == "ask"}
    wrong = {name for group, name in KEYS if group == "wrong"}
    assert asked - wrong == {"another_meter", "mqtt_tls", "confirm"}  # answered by yes or no
    assert wrong - asked == {Form.YES_NO.name.lower()}


def test_names_of_sensors_are_in_the_language_too() -> None:
    said = Say("meter.value", {"name": SENSORS["energy_import"], "value": 3, "unit": "kWh"})
    assert Catalogue.load("de").text(said) == "Bezug 3 kWh"
    assert Catalogue.load("en").text(said) == "Energy import 3 kWh"
