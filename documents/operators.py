"""The tables of grid operators, made of `docs/operators.toml`."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from documents.tables import Row

if TYPE_CHECKING:
    from app.meters.profile import Profile

Language = Literal["en", "de"]

FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "operators.toml"

HEADS: Final[Mapping[Language, Row]] = {
    "en": ("My operator", "My meter", "What to order", "Whom to ask", "Which keys", "Wiring"),
    "de": (
        *("Mein Netzbetreiber", "Mein Zähler", "Was ich bestelle", "Wen ich frage"),
        *("Welche Schlüssel", "Anschluss"),
    ),
}
"""Of the tables with everything: of Austria, and of elsewhere."""

ELSEWHERE: Final[Mapping[Language, Row]] = {
    "en": ("Operators elsewhere", *HEADS["en"][1:]),
    "de": ("Netzbetreiber anderswo", *HEADS["de"][1:]),
}

SHORT_HEADS: Final[Mapping[Language, Row]] = {
    "en": ("My operator", "My meter", "Where it is read", "Key"),
    "de": ("Mein Netzbetreiber", "Mein Zähler", "Wo er gelesen wird", "Schlüssel"),
}
"""Of the short table of Austria, for the README."""

SOURCE_HEADS: Final[Mapping[Language, Row]] = {
    "en": ("Operator", "Who says so"),
    "de": ("Netzbetreiber", "Wer das sagt"),
}

_NOT_READ: Final = "none"


class Wiring(NamedTuple):
    """How a meter is read, in a language.

    Args:
        name: of the interface.
        order: what is to be ordered for it.
        pins: a link to how it is wired.
    """

    name: str
    order: str
    pins: str


class Meter(NamedTuple):
    """A meter as an operator installs it, with its interfaces."""

    name: str
    wirings: tuple[Wiring, ...]
    is_read: bool


class Operator(NamedTuple):
    """A grid operator, or several that do the same, in a language.

    Args:
        name: of the operator.
        country: two letters, or several times two.
        meters: what it installs.
        ask: whom to ask for the key.
        keys: which there are.
        source: who says so.
    """

    name: str
    country: str
    meters: tuple[Meter, ...]
    ask: str
    keys: str
    source: str


class Pin(NamedTuple):
    """A pin of the plug in the meter.

    Args:
        number: of the pin.
        name: what it is; "" where that is of no use.
        terminal: of the adapter, to which it leads; "" for none.
    """

    number: int
    name: str
    terminal: str


def plugs(language: Language) -> Mapping[str, list[Pin]]:
    """Give the pins of each plug that is known, by the wiring's name."""
    return {
        name: [Pin(pin["pin"], pin.get(f"is_{language}", ""), pin.get("to", "")) for pin in plug]
        for name, one in _file()["wiring"].items()
        if (plug := one.get("plug"))
    }


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def operators(language: Language) -> Iterator[Operator]:
    """Give every operator, in the order of the file."""
    wirings = {
        name: Wiring(one[language], one[f"order_{language}"], one[f"pins_{language}"])
        for name, one in _file()["wiring"].items()
    }
    for one in _file()["operator"]:
        meters = (
            Meter(
                _named(meter, language),
                tuple(wirings[name] for name in meter["wiring"]),
                meter["wiring"] != [_NOT_READ],
            )
            for meter in one["meters"]
        )
        yield Operator(
            _named(one, language),
            one["country"],
            tuple(meters),
            *(one[f"{key}_{language}"] for key in ("ask", "keys", "source")),
        )


def rows(language: Language, *, of_austria: bool, documents: str = "") -> Iterator[Row]:
    """Give a row with everything for each operator and interface.

    Args:
        language: of the words.
        of_austria: those of Austria, or all others.
        documents: the path of DOCS.md from the document with the table; "" in DOCS.md itself.
    """
    for operator in operators(language):
        if (operator.country == "AT") != of_austria:
            continue
        name = f"**{operator.name}**"
        for meters, wiring in _by_wiring(operator):
            is_read = any(one.is_read for one in meters)
            yield (
                name,
                ", ".join(one.name for one in meters),
                f"{wiring.order} ({wiring.name})"
                if is_read and wiring.pins != wiring.name
                else wiring.order,
                operator.ask if name else "",
                operator.keys if name else "",
                wiring.pins.replace("DOCS#", f"{documents}#"),
            )
            name = ""


def one_by_one(family: "Profile") -> Iterator[str]:
    """Give each operator: "Danish, Norwegian, Swedish and Swiss operators" are four."""
    for names in family.operators:
        yield from re.split(", | and ", names.removesuffix(" operators"))


def rows_beside(families: "Iterable[Profile]") -> Iterator[Row]:
    """Give a row for each operator that a profile names and the file does not.

    It says what the profile says, in English, until the operator stands in the file.
    """
    named = " ".join(one.name for one in operators("en"))
    for family in families:
        for name in one_by_one(family):
            if name not in named:
                named += f" {name}"
                keys, _, ask = family.keys.partition(": ")
                meter = f"{family.manufacturer} {family.model}"
                yield f"**{name}**", meter, family.interface, ask, keys, ""


def _by_wiring(operator: Operator) -> Iterator[tuple[list[Meter], Wiring]]:
    """Give the interfaces of an operator's meters, each with its meters."""
    wirings = dict.fromkeys(wiring for meter in operator.meters for wiring in meter.wirings)
    for wiring in wirings:
        yield [meter for meter in operator.meters if wiring in meter.wirings], wiring


def short_rows(language: Language) -> Iterator[Row]:
    """Give a short row for each operator of Austria."""
    for operator in operators(language):
        if operator.country == "AT":
            meters = [meter for meter in operator.meters if meter.is_read]
            where = dict.fromkeys(
                one.name for meter in meters or operator.meters for one in meter.wirings
            )
            yield (
                operator.name,
                ", ".join(one.name for one in meters or operator.meters),
                "; ".join(where),
                operator.keys,
            )


def source_rows(language: Language) -> Iterator[Row]:
    """Give a row for each source, with the operators of which it speaks."""
    by_source: dict[str, list[str]] = {}
    for operator in operators(language):
        if operator.source:
            by_source.setdefault(operator.source, []).append(operator.name)
    for source, names in by_source.items():
        yield ", ".join(names), source


def _named(entry: Mapping[str, Any], language: Language) -> str:
    name: str = entry.get(f"name_{language}", entry["name"])
    return name
