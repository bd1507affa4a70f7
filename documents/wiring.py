"""Drawings of how an adapter is wired to a meter, from the pins in `docs/operators.toml`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from documents import svg
from documents.operators import Language, Pin, plugs

_WIDTH, _HEIGHT = 640, 300
_TOP, _STEP = 84, 34
_PLUG, _ADAPTER = 210, 440

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "mbus": "Wired M-Bus: two wires, either way round",
        "p1": "P1: what a ready-made USB P1 cable connects",
        "optical": "Infrared window: the head sits so that its diodes meet the meter's",
        "plug": "RJ12 plug in the meter",
        "mbus adapter": "USB M-Bus adapter (slave)",
        "p1 adapter": "USB adapter, 5 V",
        "not used": "not used",
        "window": "the meter, seen from above",
        "head": "reading head, on the window",
        "turn": "No bytes? Turn the head by half, or shift it by a millimetre.",
        "sends": "sends",
        "hears": "receives",
        "cable": "USB",
    },
    "de": {
        "mbus": "M-Bus mit Kabel: zwei Adern, egal wie herum",
        "p1": "P1: was ein fertiges USB-P1-Kabel verbindet",
        "optical": "Infrarot-Fenster: Die Dioden des Lesekopfs liegen auf denen des Zählers",
        "plug": "RJ12-Stecker im Zähler",
        "mbus adapter": "USB-M-Bus-Adapter (Slave)",
        "p1 adapter": "USB-Adapter, 5 V",
        "not used": "nicht benutzt",
        "window": "der Zähler, von oben gesehen",
        "head": "Lesekopf, auf dem Fenster",
        "turn": "Keine Bytes? Den Kopf halb herum drehen oder um einen Millimeter schieben.",
        "sends": "sendet",
        "hears": "empfängt",
        "cable": "USB",
    },
}


def drawings(language: Language) -> Mapping[str, str]:
    """Give every drawing in a language, by its name."""
    words = _WORDS[language]
    drawn = {
        name: svg.picture(_WIDTH, _HEIGHT, words[name], _plug(name, pins, words))
        for name, pins in plugs(language).items()
    }
    return drawn | {
        "optical": svg.picture(_WIDTH, _HEIGHT, words["optical"], _optical(words)),
    }


def _plug(name: str, pins: Sequence[Pin], words: Mapping[str, str]) -> Iterator[str]:
    yield svg.text(24, 36, words[name], size=17, bold=True)
    yield svg.text(_PLUG + 20, 66, words["plug"], size=13, anchor="middle")
    yield svg.text(_ADAPTER + 80, 66, words[f"{name} adapter"], size=13, anchor="middle")
    height = len(pins) * _STEP
    yield svg.box(_PLUG, _TOP - 8, 40, height, stroke=svg.INK)
    yield svg.box(_ADAPTER, _TOP - 8, 160, height, stroke=svg.INK)
    wires = iter(svg.WIRES)
    for row, pin in enumerate(pins):
        y = _TOP + 10 + row * _STEP
        name_of_pin = pin.name or ("" if pin.terminal else words["not used"])
        colour = svg.INK if pin.terminal else svg.FAINT
        yield svg.text(_PLUG - 12, y + 5, name_of_pin, size=13, anchor="end", fill=colour)
        yield svg.text(_PLUG + 12, y + 5, str(pin.number), anchor="middle", fill=colour)
        if pin.terminal:
            wire = next(wires)
            yield svg.line((_PLUG + 26, y), (_ADAPTER + 14, y), stroke=wire, width=3)
            yield svg.circle(_PLUG + 26, y, 4, fill=wire, stroke=wire)
            yield svg.circle(_ADAPTER + 14, y, 6, fill=svg.PAPER, stroke=wire)
            yield svg.text(_ADAPTER + 30, y + 5, pin.terminal)


def _optical(words: Mapping[str, str]) -> Iterator[str]:
    """Draw meter and head from above, so that nobody has to turn anything round."""
    yield svg.text(24, 36, words["optical"], size=17, bold=True)
    yield svg.box(60, 80, 200, 150, stroke=svg.INK)
    yield svg.box(400, 80, 130, 150, stroke=svg.INK)
    yield svg.text(160, 66, words["window"], size=13, anchor="middle")
    yield svg.text(465, 66, words["head"], size=13, anchor="middle")
    for y, colour, meter, head in ((120, 0, "sends", "hears"), (190, 1, "hears", "sends")):
        wire = svg.WIRES[colour]
        yield svg.circle(260, y, 10, fill=wire, stroke=wire)
        yield svg.circle(400, y, 10, fill=wire, stroke=wire)
        yield svg.text(238, y + 5, words[meter], size=13, anchor="end")
        yield svg.text(422, y + 5, words[head], size=13)
        yield svg.line((280, y), (380, y), stroke=wire, width=3)
        tip, back = (380, 366) if meter == "sends" else (280, 294)
        yield svg.line((back, y - 8), (tip, y), (back, y + 8), stroke=wire, width=3)
    yield svg.line((530, 155), (600, 155), width=6)
    yield svg.text(565, 140, words["cable"], size=13, anchor="middle")
    yield svg.text(320, 268, words["turn"], size=13, anchor="middle", fill=svg.INK)
