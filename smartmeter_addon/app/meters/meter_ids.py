"""The names that meters keep in topics and unique ids, where those are not made of their number.

Two kinds of meters have one:

- Iskraemeco's meters in Slovenia. Until version 0.2.0 the name of their list was taken for their
  number. One that was published under that name keeps it for good.
- Meters without a number. Their name is made of their type and of the line's label, which changes
  when a second meter is added. The one that they were published with stays.
"""

from collections.abc import Mapping, MutableMapping

from app.meters import identity
from app.meters.limits import NOTHING, has_room


class MeterIds:
    """The names of the meters of all lines.

    Args:
        kept: ids by number, of meters whose number stands at a known place of their lists; kept up
            to date here, and worth keeping over a restart. Without it, ids are made of numbers.
        nameless: ids of meters without number that were published from this line before, by type.
    """

    __slots__ = ("_kept", "_nameless")

    def __init__(
        self,
        kept: MutableMapping[str, str] | None = None,
        nameless: Mapping[str, str] | None = None,
    ) -> None:
        self._kept = kept
        self._nameless = nameless or NOTHING

    def of(self, number: str, before: str | None) -> str:
        """Give the id of a meter whose number stands at a known place.

        Args:
            number: its own.
            before: the number that its sender had until now. One that is not kept here was read
                from another place, by a version that did not know better.
        """
        own = identity.slug(number)
        if self._kept is None:
            return own
        if number in self._kept:
            return self._kept[number]
        old = identity.slug(before or "")
        is_taken = before in self._kept or old in self._kept.values()
        return own if not old or is_taken else old

    def without_number(self, meter_type: str) -> str | None:
        """Give the id of this line's meter without number, None where there was none."""
        return self._nameless.get(meter_type)

    def remember(self, number: str, meter_id: str) -> None:
        """Take the id under which a meter is published."""
        if self._kept is not None and has_room(self._kept, number):
            self._kept[number] = meter_id
