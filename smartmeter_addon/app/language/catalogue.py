"""Sentences by their keys, in every language, with their parameters in place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self, TypeAlias

from app import shipped
from app.language.languages import ENGLISH, file_of


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the catalogue, or a part of one; as a str it is in English.

    Args:
        key: of the sentence, such as ``problem.no_bytes``: a group and a name.
        parameters: what the sentence takes, by name. A sentence among them, several in a tuple, or
            a function that gives a text in a language, is put into the language of the whole.
    """

    key: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    def in_language(self, language: str) -> str:
        """Give the text in one of `languages`."""
        return _catalogue(language).text(self)

    def __str__(self) -> str:
        return self.in_language(ENGLISH)


Text: TypeAlias = Sentence | str
"""A sentence of the catalogue, or one that there is in English only."""


def in_language(value: object, language: str) -> object:
    """Put the sentences into a language that are in a value, which may be a mapping."""
    if isinstance(value, Sentence):
        return value.in_language(language)
    if isinstance(value, Mapping):
        return {name: in_language(one, language) for name, one in value.items()}
    return value


def changed(text: Text, change: Callable[[str], str]) -> Text:
    """Give a text whose parameters are changed, such as by a redactor; they become texts."""
    if isinstance(text, str):
        return change(text)
    parameters: dict[str, object] = {}
    for name, value in text.parameters.items():
        parameters[name] = changed(value if isinstance(value, Sentence) else str(value), change)
    return Sentence(text.key, parameters)


def kept(text: Text) -> object:
    """Give what is kept of a text over a restart, as a JSON value."""
    if isinstance(text, str):
        return text
    return [text.key, {name: str(value) for name, value in text.parameters.items()}]


def restored(value: object) -> Text:
    """Restore a text of what was kept; a sentence that there is not any more is an empty text."""
    match value:
        case [str(key), dict(parameters)]:
            sentence = Sentence(key, {str(name): str(one) for name, one in parameters.items()})
            try:
                str(sentence)
            except (AttributeError, KeyError, IndexError, ValueError):  # of another version
                return ""
            return sentence
    return value if isinstance(value, str) else ""


class Catalogue:
    """The sentences of one language.

    Args:
        language: its code, such as ``de``.
        sentences: by their keys, in groups.
    """

    def __init__(self, language: str, sentences: Mapping[str, Mapping[str, Any]]) -> None:
        self.language = language
        self._sentences = sentences

    @classmethod
    def load(cls, language: str) -> Self:
        """Read the sentences of one of `languages`."""
        return cls(language, shipped.read(file_of(language)))

    def text(self, sentence: Sentence) -> str:
        """Give a sentence with its parameters in place."""
        group, _, name = sentence.key.partition(".")
        template: str = self._sentences[group][name]
        return template.format_map({k: self._shown(v) for k, v in sentence.parameters.items()})

    def words(self, name: str) -> tuple[str, ...]:
        """Give the words that mean something, such as ``yes``; the first is the one to show."""
        return tuple(self._sentences["words"][name])

    def _shown(self, value: object) -> str:
        if isinstance(value, Sentence):
            return self.text(value)
        if type(value) is tuple:  # not one with names, such as a serial mode
            separator: str = self._sentences["list"]["separator"]
            return separator.join(map(self._shown, value))
        return f"{value(self.language) if callable(value) else value}"


@cache
def _catalogue(language: str) -> Catalogue:
    """Give the sentences of a language; they are read when the first one is needed."""
    return Catalogue.load(language)
