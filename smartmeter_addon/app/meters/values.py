"""The values of telegrams that are all laid out alike, as integers with their scales.

The numbers of a telegram are integers, and each list scales them in the same way. As long as nobody
divides, no decimal number has to be made of them: not to compare them with the last ones, nor to
write them as text.
"""

from collections.abc import Iterator, Mapping

from app.cosem.unit import Number, scale

Value = Number | str


class Layout:
    """What is the same in the values of all such telegrams.

    Args:
        keys: of all values, in order.
        exponents: of each number, the power of ten that one count of it stands for, by key.
        texts: the values that are no numbers, by key.
    """

    __slots__ = ("exponents", "keys", "numbers", "places", "texts")

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
