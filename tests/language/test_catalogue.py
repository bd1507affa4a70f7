"""The sentences in every language."""

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.language import catalogue
from app.language.catalogue import (
    Catalogue,
    Sentence,
    changed,
    in_language,
    kept,
    restored,
)
from app.language.languages import ENGLISH, languages
from app.line.trouble import Problem
from app.meters.sensors import SENSORS
from app.transport.serial_mode import SerialMode
from tests.support.sentences import (
    PROBLEMS,
    keys,
    mistakes,
    parameters,
    sentences,
    text,
    unsaid,
    untranslated,
    written,
)

GERMAN = sentences("de")


# All languages


@pytest.mark.parametrize("language", languages())
def test_a_language_has_every_sentence_with_its_parameters(language: str) -> None:
    assert mistakes(sentences(language)) == []


@pytest.mark.parametrize("language", [one for one in languages() if one != ENGLISH])
def test_a_language_is_not_english(language: str) -> None:
    assert untranslated(sentences(language)) == []


def test_every_sentence_is_said_somewhere() -> None:
    assert unsaid() == []


@pytest.mark.parametrize("language", languages())
def test_no_sentence_is_left_with_a_brace(language: str) -> None:
    for key in keys(sentences(language)):
        if not key.startswith("words."):
            names = parameters(text(sentences(language), key))
            said = Sentence(key, dict.fromkeys(names, "as measured")).in_language(language)
            assert not set("{}") & set(said)
            assert said.count("as measured") >= len(names)


# One more language


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """A language that says everything backwards but for its parameters; two are there before."""

    def backwards(value: Any) -> Any:  # noqa: ANN401 - a text or a list of words
        if isinstance(value, list):
            return [one[::-1] for one in value]
        parts = re.split(r"(\{\w+\})", value)
        return "".join(part if part.startswith("{") else part.upper() for part in parts)

    for language in languages():
        (tmp_path / f"{language}.toml").write_text(written(sentences(language)), "utf-8")
    monkeypatch.setattr("app.language.languages.FOLDER", tmp_path)
    monkeypatch.setattr(catalogue, "_catalogue", Catalogue.load)
    return {
        group: {name: backwards(value) for name, value in some.items()}
        for group, some in sentences().items()
    }


def test_a_language_is_one_file_more(made_up: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "xx.toml").write_text(written(made_up), "utf-8")
    assert languages() == ("en", "de", "xx")
    assert mistakes(sentences("xx")) == []
    for trouble, case in PROBLEMS:
        names = parameters(text(made_up, Problem(trouble, case).sentence.key))
        problem = Problem(trouble, case, dict.fromkeys(names, "12"))
        assert problem.sentence.in_language("xx") == str(problem.sentence).upper()
    reason = Sentence("telegram.of_maker", {"maker": Sentence("article.a", {"name": "k"})})
    assert Catalogue.load("xx").words("yes") == ("y", "sey")
    with pytest.raises(KeyError):  # a parameter that is missing is a mistake of the program
        reason.in_language("xx")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(lambda group, name: group.pop(name), "missing: {}", id="missing"),
        pytest.param(
            lambda group, name: group.update({name: group[name] + " {more}"}),
            "other parameters: {}",
            id="one parameter more",
        ),
        pytest.param(lambda group, name: group.update({name: ""}), "empty: {}", id="empty"),
        pytest.param(
            lambda group, name: group.update({name: f"\t{group[name]}\t"}),
            "other blanks around it: {}",
            id="blanks",
        ),
        pytest.param(
            lambda group, name: group.update({name: [group[name]]}),
            "words where a text should be, or the reverse: {}",
            id="words",
        ),
    ],
)
def test_whatever_is_wrong_with_a_sentence_is_found(
    made_up: dict[str, dict[str, Any]],
    spoil: Callable[[dict[str, Any], str], object],
    said: str,
) -> None:
    spoilt = {group: dict(some) for group, some in made_up.items()}
    texts = [key for key in keys(made_up) if not key.startswith("words.")]
    for key in texts:
        group, name = key.split(".")
        spoil(spoilt[group], name)
    assert mistakes(spoilt) == sorted(said.format(key) for key in texts)


def test_each_lost_parameter_is_found(made_up: dict[str, dict[str, Any]]) -> None:
    texts = [key for key in keys(made_up) if not key.startswith("words.")]
    for number in range(4):
        spoilt = {group: dict(some) for group, some in made_up.items()}
        lost = []
        for key in texts:
            group, name = key.split(".")
            names = sorted(parameters(spoilt[group][name]))[number : number + 1]
            lost += [key for _ in names]
            for one in names:
                spoilt[group][name] = spoilt[group][name].replace(f"{{{one}}}", "it")
        assert mistakes(spoilt) == sorted(f"other parameters: {key}" for key in lost)


def test_a_sentence_that_no_program_says_is_found(made_up: dict[str, dict[str, Any]]) -> None:
    made_up["problem"]["of_another_version"] = "GONE"
    assert mistakes(made_up) == ["unknown: problem.of_another_version"]


# German

_WITHOUT_UMLAUT = re.compile(
    r"\b\w*(?:fuer|ueber|waehl|zaehl|pruef|schluessel|koenn|moegl|oeffn|naech|gross|heiss|ausser|"
    r"schliess|muess|waer|gehoer|stoer|laeuf|laess|geraet|uebl|aender|fehler haft|spaet|enthaelt)"
    r"\w*|\b(?:ae|oe|ue)\w+",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    r"\b(?:the|and|of|is|are|to|with|not|or|from|for|it|this|that|which|by|no|has|meter|check)\b",
    re.IGNORECASE,
)
_TERMS = re.compile(r"`[^`]*`|\{\w+\}|--[\w-]+|\b\w+[._]\w+|Smart meter reader|/\w+|[\w-]+:?//\S+")


@pytest.mark.parametrize("key", [key for key in keys(GERMAN) if not key.startswith("words.")])
def test_german_is_german(key: str) -> None:
    said = text(GERMAN, key)
    assert unicodedata.is_normalized("NFC", said)
    assert not _WITHOUT_UMLAUT.search(said)
    assert not re.search("[^a-zA-Z0-9äöüÄÖÜß„“\\s.,:;!?()/{}_`$=^*#%\\[\\]\"'+-]", said)
    plain = _TERMS.sub("", said)
    if key not in {"end.service", "end.by_hand"}:
        assert not _ENGLISH.search(plain)


# Sentences as values


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


def test_several_sentences_are_listed_as_the_language_does() -> None:
    reasons = (Sentence("check.clock_back"), Sentence("check.another_meter"))
    said = Sentence("check.rejected", {"reasons": reasons})
    assert str(said) == (
        "a telegram was rejected: its clock goes back;"
        " it comes from another meter than those before"
    )
    assert said.in_language("de") == (
        "Ein Telegramm wurde abgelehnt: Seine Uhr geht zurück."
        " Es kommt von einem anderen Zähler als die davor"
    )


def test_a_tuple_with_names_is_one_text() -> None:
    said = Sentence("serial.mode_unknown", {"path": "x", "mode": SerialMode.parse("2400 8E1")})
    assert "does not know the mode 2400 8E1;" in str(said)


def test_a_parameter_is_not_read_as_a_template() -> None:
    said = Sentence("problem.not_open", {"reason": "{seconds} {0} {reason.__class__}"})
    assert str(said) == "{seconds} {0} {reason.__class__}"


def test_the_sentences_in_a_value_are_put_into_a_language() -> None:
    details = {"message": Sentence("withheld.all_values"), "kind": "withheld", "since": 3}
    assert in_language({"problem": "ON", "details": details, "none": None}, "de") == {
        "problem": "ON",
        "details": {"message": "Alle Werte", "kind": "withheld", "since": 3},
        "none": None,
    }


def test_a_redactor_changes_the_parameters_and_leaves_the_sentence() -> None:
    words = Sentence("database.says", {"words": "secret, of the database"})
    said = Sentence("database.fails", {"where": "h", "said": words, "status": 500})
    safe = changed(said, lambda one: one.replace("secret", "***").replace("database", "***"))
    assert str(safe) == ('h fails (HTTP status 500) (it says "***, of the ***"); look into its log')
    assert changed("a secret", lambda one: one.replace("secret", "***")) == "a ***"


# Over a restart


@pytest.mark.parametrize(
    "said",
    [
        "energy_import falls from 5 to 3",
        Sentence("check.clock_back"),
        Sentence("check.fall", {"key": "energy_import", "last": 5, "value": 3}),
    ],
)
def test_a_text_is_the_same_after_a_restart(said: Sentence | str) -> None:
    again = restored(kept(said))
    assert str(again) == str(said)
    assert isinstance(again, type(said))
    assert isinstance(said, str) or again == Sentence(
        said.key, {name: str(one) for name, one in said.parameters.items()}
    )


@pytest.mark.parametrize(
    "damaged",
    [
        *(None, 3, [], ["check.fall"], ["check.fall", {}], ["check", {}], [3, {}]),
        *(["check.of_another_version", {}], ["nothing.fall", {}], ["words.yes", {}], {}),
        ["check.fall", ["key"]],
    ],
    ids=repr,
)
def test_what_cannot_be_restored_is_an_empty_text(damaged: object) -> None:
    assert restored(damaged) == ""
