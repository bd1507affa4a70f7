"""What a telegram says in a household's words: whose meter, when, and how much of what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self

_ID: Final = re.compile("[a-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter, as it presents itself.

    Args:
        id: names the meter in topics and unique ids, for as long as the meter lives; of the
            characters ``a-z``, ``0-9``, ``_`` and ``-`` only.
        number: what is printed on the meter, as it sends it; None when it does not send it.
        type: key of the meter's profile, such as ``kaifa``.
        manufacturer: the maker's name.
        model: the maker's name for the meter.
        system_title: 16 hexadecimal digits; None without ciphering.
        via: id of the meter that it is read through; None for one that is read itself.
    """

    id: str
    number: str | None
    type: str
    manufacturer: str
    model: str
    system_title: str | None
    via: str | None = None

    @classmethod
    def from_state(cls, kept: Mapping[str, Any]) -> Self:
        """Make a meter of what the state kept of one, which may be damaged.

        Raises:
            TypeError, ValueError: it is no meter, or its id is none that a topic can hold.
        """
        meter = cls(**kept)
        if not _ID.fullmatch(meter.id):
            raise ValueError("the meter's id is none")
        return meter

    def called(self, unnumbered: str | None = None) -> str:
        """Name the meter by maker, model and number, as far as they are known.

        Args:
            unnumbered: stands in place of the number where the meter sends none.
        """
        parts = self.manufacturer, self.model, self.number or unnumbered
        return " ".join(filter(None, parts))


class Reading(NamedTuple):
    """What one telegram says.

    Args:
        meter: whose telegram it is.
        timestamp: when the meter says that it measured, aware; None when it does not say.
        unknown: keys of readings that the meter sends and says that it has no value for now.
        values: by reading key, each in the unit that the key has in ``sensors.SENSORS``, exact.
        derived: by key of those values that the meter does not send, how they are reckoned.
        details: by key of those values beside which something stands, such as the time of a peak,
            names and JSON values.
        type_code: the maker's code of the meter's type, such as ``6525``; None in a telegram that
            does not say it.
    """

    meter: Meter
    timestamp: datetime | None
    values: Mapping[str, Decimal | int | str]
    unknown: frozenset[str] = frozenset()
    derived: Mapping[str, str] = MappingProxyType({})
    details: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    type_code: str | None = None


BEHIND_VALUES: Final = slice(Reading._fields.index("values") + 1, None)
"""Fields of a `Reading` that are mostly the same in all telegrams of a list."""
