"""The sentences of the dialogue, with their parameters in place."""

import tomllib
from collections.abc import Mapping
from typing import Any, Self

from app.configure.languages import FOLDER
from app.configure.steps import Say
from app.meters.sensors import Sensor


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

    def text(self, said: Say) -> str:
        """Give a sentence with its parameters in place."""
        group, _, name = said.key.partition(".")
        template: str = self._sentences[group][name]
        return template.format_map({k: self._shown(v) for k, v in said.parameters.items()})

    def words(self, name: str) -> tuple[str, ...]:
        """Give the words that mean something, such as ``yes``; the first is the one to show."""
        return tuple(self._sentences["words"][name])

    def _shown(self, value: object) -> str:
        if isinstance(value, Sensor):
            return value.name(self.language)
        return self.text(value) if isinstance(value, Say) else str(value)
