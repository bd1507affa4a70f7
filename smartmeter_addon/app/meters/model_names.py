"""Models of meters that do not name theirs, in the household's language."""

from typing import Final

_GERMAN: Final = {
    "Cooling meter": "Kältezähler",
    "Electricity meter": "Stromzähler",
    "Gas meter": "Gaszähler",
    "Heat meter": "Wärmezähler",
    "Water meter": "Wasserzähler",
    "P1 meter": "P1-Zähler",
    "smart meter": "Smart Meter",
}


def model_name(model: str, language: str) -> str:
    """Give what to call a model; one that the maker named is called so everywhere."""
    return _GERMAN.get(model, model) if language == "de" else model
