"""What the form of Home Assistant calls the options, in its languages."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from documents.tables import Row

OPTION_HEADS: Final[Row] = ("Option", "Feld im Formular", "Bedeutung")
"""Of the tables of options in German, one for each group."""

GROUPS: Final = ("", "mqtt", "influxdb", "additional_meters")

ADDON: Final = Path(__file__).resolve().parent.parent / "smartmeter_addon"


@cache
def _translation(language: str) -> Mapping[str, Any]:
    path = ADDON / "translations" / f"{language}.yaml"
    entries: Mapping[str, Any] = yaml.safe_load(path.read_text("utf-8"))["configuration"]
    return entries


def entry(path: str, language: str) -> Mapping[str, Any]:
    """Give what is said of an option: ``name``, ``description``, and ``fields`` for a group.

    Args:
        path: of the option, such as ``mqtt.host``.
        language: ``en`` or ``de``.

    Raises:
        KeyError: there is no such option.
    """
    first, *others = path.split(".")
    found: Mapping[str, Any] = _translation(language)[first]
    for name in others:
        found = found["fields"][name]
    return found


def label(path: str, language: str) -> str:
    """Give the name of a field as DOCS.md shows it: in its own language, then in the other."""
    other = {"en": "de", "de": "en"}[language]
    names = [str(entry(path, one)["name"]) for one in (language, other)]
    return names[0] if names[0] == names[1] else f"{names[0]} (*{names[1]}*)"


def with_labels(text: str, language: str) -> str:
    """Write the names of the fields into the tables of options: those with the column Option.

    Args:
        text: a document; the option stands in the first column, the field in the second.
        language: of the document.
    """

    def renamed(row: re.Match[str]) -> str:
        return f"| `{row[1]}` | {label(row[1], language)} | "

    def labelled(table: re.Match[str]) -> str:
        return re.sub(r"^\| `([a-z_.]+)` \| [^|]* \| ", renamed, table[0], flags=re.MULTILINE)

    return re.sub(r"^\| Option \| .*\n(?:\|.*\n)+", labelled, text, flags=re.MULTILINE)


def option_rows(language: str, group: str = "") -> Iterator[Row]:
    """Give a row for each option: its name, its field in the form, and what is said of it there.

    Args:
        language: of the words.
        group: a group or list of groups, with those in it; "" for the options that are in none.
    """
    fields = entry(group, language)["fields"] if group else _translation(language)
    for name, about in fields.items():
        path = f"{group}.{name}" if group else name
        yield f"`{path}`", label(path, language), " ".join(about["description"].split())
        if group and "fields" in about:
            yield from option_rows(language, path)
