"""The languages: each is a file of sentences, and nothing else.

Whoever adds a language adds one file to the folder ``sentences``, with the keys of ``en.toml``.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

ENGLISH: Final = "en"
FOLDER: Final = Path(__file__).parent / "sentences"

_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Of these the first one that is set counts (POSIX, Base Definitions, 8.2)."""


def file_of(language: str) -> Path:
    """Give the file with the sentences of a language."""
    return FOLDER / f"{language}.toml"


def languages() -> tuple[str, ...]:
    """Give the languages that there are sentences in, English first."""
    others = sorted({path.stem for path in FOLDER.glob("*.toml")} - {ENGLISH})
    return ENGLISH, *others


def language_of(environment: Mapping[str, str], known: Iterable[str]) -> str:
    """Give the user's language, as far as it is known; else English.

    Args:
        environment: may hold a locale such as ``de_AT.UTF-8``.
        known: the languages to choose from.
    """
    locale = next(filter(None, (environment.get(name) for name in _VARIABLES)), "")
    language = locale.partition("_")[0].partition(".")[0].partition("@")[0].lower()
    return language if language in set(known) else ENGLISH
