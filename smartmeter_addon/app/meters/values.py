"""The values of telegrams that are all laid out alike, as integers with their scales.

The numbers of a telegram are integers, and each list scales them in the same way. As long as nobody
divides, no decimal number has to be made of them: not to compare them with the last ones, nor to
write them as text.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Self

from app import jsontext
from app.cosem.unit import Number, scale, scaler_of

Value = Number | str


class Layout:
    """What is the same in the values of all such telegrams.

    Args:
        keys: of all values, in order.
        exponents: of each number, the power of ten that one count of it stands for, by key.
        texts: the values that are no numbers, by key.
    """

    __slots__ = ("exponents", "form", "keys", "numbers", "places", "texts")

    def __init__(
        self, keys: tuple[str, ...], exponents: Mapping[str, int], texts: Mapping[str, str]
    ) -> None:
        self.keys = keys
        self.texts = texts
        self.numbers = tuple(key for key in keys if key not in texts)
        """The keys of the numbers, in order."""
        self.exponents = tuple(exponents[key] for key in self.numbers)
        """Their powers of ten."""
        self.places = {key: place for place, key in enumerate(self.numbers)}
        """Their places in this order, by key."""
        self.form = jsontext.Form(_parts(keys, texts))
        """The members of a JSON object, with gaps for the numbers."""

    def extended(self, more: Mapping[str, int]) -> "Layout":
        """Return the layout of values with more numbers behind them.

        Args:
            more: the power of ten of each, by key.
        """
        exponents = dict(zip(self.numbers, self.exponents, strict=True))
        return Layout((*self.keys, *more), {**exponents, **more}, self.texts)


def _parts(keys: Iterable[str], texts: Mapping[str, str]) -> list[str]:
    """Return what stands before each number in a JSON object, and behind the last one."""
    parts = [""]
    for place, key in enumerate(keys):
        parts[-1] += ", " if place else ""
        if key in texts:
            parts[-1] += jsontext.member(key, texts[key])
        else:
            parts[-1] += jsontext.name(key)
            parts.append("")
    return parts


@lru_cache(maxsize=256)
def layout_of(
    keys: tuple[str, ...], exponents: tuple[int, ...], texts: tuple[tuple[str, str], ...]
) -> Layout:
    """Return a layout, the same one for the same arguments.

    Args:
        keys: of all values, in order.
        exponents: those of the numbers, in order.
        texts: the keys of the values that are no numbers, with these.
    """
    numbers = (key for key in keys if key not in dict(texts))
    return Layout(keys, dict(zip(numbers, exponents, strict=True)), dict(texts))


class Values(Mapping[str, Value]):
    """The values of one telegram by key, exact.

    Args:
        layout: of the telegram.
        counts: the numbers, in the order of the layout, as they are counted.
    """

    __slots__ = ("counts", "layout")

    def __init__(self, layout: Layout, counts: tuple[int, ...]) -> None:
        self.layout = layout
        self.counts = counts

    @classmethod
    def of(cls, values: Mapping[str, Value]) -> Self:
        """Return values as such; they are given back if they are."""
        if isinstance(values, cls):
            return values
        counts, exponents, texts = [], [], []
        for key, value in values.items():
            if isinstance(value, str):
                texts.append((key, value))
            else:
                exponents.append(scaler_of(value))
                counts.append(int(scale(value, -exponents[-1])))
        return cls(layout_of(tuple(values), tuple(exponents), tuple(texts)), tuple(counts))

    def members(self) -> str:
        """Return the members of a JSON object of these values."""
        layout = self.layout
        return layout.form.filled(tuple(map(jsontext.scaled, self.counts, layout.exponents)))

    def __getitem__(self, key: str) -> Value:
        layout = self.layout
        place = layout.places.get(key)
        if place is None:
            return layout.texts[key]
        return scale(self.counts[place], layout.exponents[place])

    def number(self, key: str) -> Number:
        """Return a value that is a number."""
        place = self.layout.places[key]
        return scale(self.counts[place], self.layout.exponents[place])

    def __contains__(self, key: object) -> bool:
        return key in self.layout.places or key in self.layout.texts

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout.keys)

    def __len__(self) -> int:
        return len(self.layout.keys)

    def __repr__(self) -> str:
        return repr(dict(self))
