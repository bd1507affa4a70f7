"""Sentences by their keys, in every language, with their parameters in place."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

from app.language.languages import ENGLISH, FOLDER


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the catalogue, or a part of one; as a str it is in English.

    Args:
        key: of the sentence, such as ``problem.no_bytes``: a group and a name.
        parameters: what the sentence takes, by name. A sentence among them, or a function that
            gives a text in a language, is put into the language of the whole.
    """

    key: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    def in_language(self, language: str) -> str:
        """Give the text in one of `languages`."""
        return _catalogue(language).text(self)

    def __str__(self) -> str:
        return self.in_language(ENGLISH)


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
        return cls(language, tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8")))

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
        return str(value(self.language)) if callable(value) else str(value)


@cache
def _catalogue(language: str) -> Catalogue:
    """Give the sentences of a language; they are read when the first one is needed."""
    return Catalogue.load(language)
