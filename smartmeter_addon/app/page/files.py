"""The page's own files, with the sentences of the household's language put in."""

import html
import json
import re
from pathlib import Path
from typing import Any, Final

from app import __version__, shipped
from app.language.languages import ENGLISH
from app.page.answers import Answer

FOLDER: Final = Path(__file__).parent
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_FOR_AUTHORS: Final = re.compile(r"^[ ]+(?:// .*\n)?|^// .*\n|^/\* .* \*/\n", re.MULTILINE)
"""Of the files: indentation, and comments that have lines of their own."""

_PLACE: Final = re.compile(r"\{\{([a-z_]+)\.([a-z_0-9]+)\}\}")


class Files:
    """Reads the files when they are first asked for; they have less than 60 kB.

    Args:
        language: of the sentences; one that the page is not in gives English.
    """

    def __init__(self, language: str) -> None:
        self._language = language if _file_of(language).is_file() else ENGLISH
        self._paths = {path.name: path for path in (FOLDER / "assets").iterdir()}
        self._paths[""] = self._paths["index.html"]
        self._read: dict[Path, Answer] = {}

    def get(self, name: str) -> Answer | None:
        """Give a file; None where there is none of this name."""
        path = self._paths.get(name)
        if path is None:
            return None
        if path not in self._read:
            self._read[path] = self._made(path)
        return self._read[path]

    def _made(self, path: Path) -> Answer:
        text = _FOR_AUTHORS.sub("", path.read_text("utf-8"))
        if path.suffix == ".html":
            text = filled(text, sentences(self._language), self._language)
        return Answer(text.encode(), TYPES[path.suffix])


def _file_of(language: str) -> Path:
    return FOLDER / "sentences" / f"{language}.toml"


def sentences(language: str) -> dict[str, dict[str, Any]]:
    """Read the sentences of a language, by group and name."""
    return shipped.read(_file_of(language))


def filled(text: str, said: dict[str, dict[str, Any]], language: str) -> str:
    """Put sentences into the page: those that it names, and all for the script.

    Args:
        text: has ``{{group.name}}`` where a sentence is to be.
        said: the sentences.
        language: of them.
    """
    program = {"program": {"language": language, "version": __version__}}
    known = said | program
    text = _PLACE.sub(lambda found: html.escape(known[found[1]][found[2]]), text)
    # Within a script element, only "<" could end it.
    data = json.dumps(known, ensure_ascii=False).replace("<", "\\u003c")
    return text.replace("{{words}}", data)
