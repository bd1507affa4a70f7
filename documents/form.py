"""A drawing of the app's form in Home Assistant, made of config.yaml and the translations.

It shows what the Supervisor's form shows at first: the options that stand under ``options``, with
the descriptions of their fields; key and language are filled in. It is a drawing, not a picture of
the screen.
"""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from documents import svg
from documents.fields import ADDON, entry
from documents.operators import Language

_WIDTH: Final = 760
_LETTERS: Final = 104
_MARGIN: Final = 32

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "tab": "Configuration",
        "options": "Options",
        "unused": "Show unused optional configuration options",
        "save": "Save",
    },
    "de": {
        "tab": "Konfiguration",
        "options": "Optionen",
        "unused": "Nicht verwendete optionale Konfigurationsoptionen einblenden",
        "save": "Speichern",
    },
}


def drawing(language: Language) -> str:
    """Draw the form in a language."""
    config = yaml.safe_load((ADDON / "config.yaml").read_text("utf-8"))
    shapes: list[str] = []
    words = _WORDS[language]
    y = 84.0
    for name, default in config["options"].items():
        made = list(_field(name, default, y, language))
        shapes += made[:-1]
        y = float(made[-1])
    shapes += [
        svg.box(_MARGIN, y + 6, 36, 18, fill=svg.FAINT, radius=9),
        svg.circle(_MARGIN + 10, y + 15, 8, fill=svg.PAPER, stroke=svg.FAINT),
        svg.text(_MARGIN + 48, y + 20, words["unused"]),
        svg.text(_WIDTH - _MARGIN, y + 64, words["save"], fill=svg.ACCENT, anchor="end", bold=True),
        svg.text(_MARGIN, 34, words["tab"], fill=svg.ACCENT, bold=True),
        svg.line((0, 48), (_WIDTH, 48), stroke=svg.FAINT),
        svg.text(_MARGIN, 72, words["options"], size=18),
    ]
    return svg.picture(_WIDTH, int(y + 84), f"Smart Meter: {words['tab']}", shapes)


def _field(name: str, default: Any, y: float, language: Language) -> Iterator[str]:  # noqa: ANN401 - whatever YAML holds
    """Draw a field, and give at last where the next one begins."""
    about = entry(name, language)
    is_group = isinstance(default, (dict, list))
    height = 40 if is_group else 52
    yield svg.box(_MARGIN, y, _WIDTH - 2 * _MARGIN, height, fill="#f2f4f7")
    if is_group:
        yield svg.text(_MARGIN + 14, y + 26, about["name"], bold=True)
        yield svg.text(_WIDTH - _MARGIN - 18, y + 27, "⌄", size=18, anchor="end")
        yield str(y + height + 14)
        return
    yield svg.text(_MARGIN + 14, y + 19, about["name"], size=12, fill="#5f6b7a")
    filled_in = {"key": "••••••••••••••••", "language": language}
    yield svg.text(_MARGIN + 14, y + 41, filled_in.get(name, str(default)), size=15)
    y += height + 16
    for line in textwrap.wrap(about["description"], _LETTERS):
        yield svg.text(_MARGIN + 14, y, line, size=12.5, fill="#5f6b7a")
        y += 17
    yield str(y + 8)
