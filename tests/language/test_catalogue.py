"""The sentences in every language."""

import string
import tomllib

import pytest

from app.language.catalogue import Catalogue, Sentence
from app.language.languages import ENGLISH, FOLDER, languages
from app.meters.sensors import SENSORS

SENTENCES = {one: tomllib.loads((FOLDER / f"{one}.toml").read_text()) for one in languages()}
KEYS = [(group, name) for group, some in SENTENCES[ENGLISH].items() for name in some]


def parameters(template: object) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(str(template)) if name}


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


def test_a_sentence_is_in_english_unless_a_language_is_asked_for() -> None:
    said = Sentence("heard.unsupported", {"reason": Sentence("meter.plain")})
    assert str(said) == Catalogue.load("en").text(said) == said.in_language("en")
    assert "no key is needed" in str(said)
    assert "braucht es keinen Schlüssel" in said.in_language("de")


def test_a_parameter_can_depend_on_the_language() -> None:
    name = SENSORS["energy_import"].name
    said = Sentence("meter.value", {"name": name, "value": 3, "unit": "kWh"})
    assert said.in_language("de") == "Bezug 3 kWh"
    assert said.in_language("en") == "Energy import 3 kWh"
