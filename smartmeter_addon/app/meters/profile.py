"""What there is to know of a meter family that its telegrams do not say.

`profile_files` reads profiles from their files.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from app.cosem import clock
from app.cosem.items import Item, Shape
from app.cosem.obis import Obis
from app.cosem.unit import scale
from app.dlms.axdr import Data
from app.meters import catalogue
from app.meters.quantities import Quantity
from app.transport import push_interval
from app.transport.serial_mode import SerialMode

AUTO: Final = "auto"
"""Not a profile: the meter type that leaves it to the telegrams."""

_CLOCK: Final = Obis(0, 0, 1, 0, 0)
_KILO: Final = 3

ENERGIES: Final = frozenset(
    (Quantity.ACTIVE_ENERGY, Quantity.REACTIVE_ENERGY, Quantity.APPARENT_ENERGY)
)


class Place(NamedTuple):
    """What stands at one place of a list without OBIS codes.

    Args:
        obis: the register; None for what is of no use.
        tags: A-XDR types that may stand there.
        scaler: power of ten that makes a number the unit's; None for text and clocks.
        unit: the number's unit.
        absent: the number with which the meter says that it has no value.
        text: what a text has to be; its group, if it has one, is the meter's number.
    """

    obis: Obis | None
    tags: frozenset[int]
    scaler: int | None = None
    unit: str = ""
    absent: int | None = None
    text: re.Pattern[str] | None = None

    def takes(self, data: Data) -> bool:
        """Tell whether a value can stand here: of its type, a clock's size, or a text's form."""
        tag, value = data
        if tag not in self.tags or (self.obis == _CLOCK and len(value) != clock.SIZE):
            return False
        return self.text is None or self._found(value) is not None

    @property
    def says_number(self) -> bool:
        """Whether the meter's number stands in the text of this place."""
        return self.text is not None and self.text.groups > 0

    def number(self, data: Data) -> str | None:
        """Give the meter's number, None where the text of this place does not hold it."""
        found = self._found(data[1]) if self.says_number else None
        return found[1] if found else None

    def _found(self, value: object) -> re.Match[str] | None:
        """Find the form of this place's text in a value, None in bytes that are no text."""
        if not self.text or not isinstance(value, (bytes, str)):
            return None
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        return self.text.fullmatch(text) if text.isascii() and text.isprintable() else None

    def item(self, data: Data) -> Item:
        """Give a bare value the code, scale and unit of its place."""
        item = Item(self.obis, *data, self.unit)
        number = item.number
        if self.scaler is None or number is None:
            return item
        return item._replace(value=scale(number, self.scaler))


class Proof(StrEnum):
    """What shows that the order of a list is right, where no operator or maker describes it."""

    SUM = "sum"
    """Values of captures add up, or fit each other, as they do in this order only."""
    ONE_SOURCE = "one source"
    """Nothing but one other program."""


class PositionalList(NamedTuple):
    """A list without OBIS codes, known by count, types and the form of its texts.

    Args:
        name: in the file of the profile.
        source: where its description comes from.
        places: what stands where.
        proof: what shows that its order is right; None where an operator or maker describes it.
    """

    name: str
    source: str
    places: tuple[Place, ...]
    proof: Proof | None = None

    def fits(self, elements: list[Data]) -> bool:
        """Tell whether a body's elements have this list's count and types."""
        return len(elements) == len(self.places) and all(
            place.takes(data) for data, place in zip(elements, self.places, strict=True)
        )

    @property
    def energies(self) -> Mapping[Obis, int]:
        """The codes of its energies, each with the power of ten of Wh or varh that it counts."""
        return {
            place.obis: place.scaler + (_KILO if place.unit.startswith("k") else 0)
            for place in self.places
            if place.obis is not None
            and place.scaler is not None
            and catalogue.quantity_of(place.obis) in ENERGIES
        }

    @property
    def says_number(self) -> bool:
        """Whether one of its texts is of a form that holds the meter's number."""
        return any(place.says_number for place in self.places)

    def number(self, elements: list[Data]) -> str | None:
        """Give the meter's number, as far as it stands in a text that names more."""
        numbers = (place.number(data) for data, place in zip(elements, self.places, strict=True))
        return next(filter(None, numbers), None)

    def items(self, elements: list[Data]) -> list[Item]:
        """Give a body's elements their codes, scales and units."""
        return [
            place.item(data)
            for data, place in zip(elements, self.places, strict=True)
            if place.obis is not None
        ]

    def absent(self, elements: list[Data]) -> frozenset[Obis]:
        """Tell which of the elements say that they have no value."""
        return frozenset(
            place.obis
            for data, place in zip(elements, self.places, strict=True)
            if place.obis is not None and place.absent is not None and data[1] == place.absent
        )


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """One meter family.

    Args:
        type: the ``meter_type`` that chooses it, its file's name.
        manufacturer: as people write it.
        model: of most meters of the family; ``models`` names others by the beginning of the
            system title in hex digits.
        operators: who installs it.
        interface: where its telegrams come out.
        keys: which keys it takes, and who hands them out.
        publishes: what its telegrams say, in a householder's words.
        verified: ``capture`` when a real telegram was decoded right, else ``documentation``.
        tried_with: whose telegrams were decoded right.
        not_tried: what is known by documentation only.
        makers: letters with which system titles and device names of the maker begin.
        serial_modes: in the order of likelihood.
        push_interval: seconds between telegrams.
        addresses: of its frames, in hex digits; evidence when a telegram does not name its maker.
        lists: lists without OBIS codes that it sends.
        nominal: power of ten for quantities of telegrams that say no scaler; a quantity that is
            missing here stays a bare register and is no reading. None for a family whose telegrams
            always say their units.
        energy_scales: powers of ten of Wh between which the meters of the family differ, the usual
            one first; empty where all count alike. `energy_units` finds out.
        volt_scales: likewise of voltages, beside whole volts and tenths; their size tells.
        models: names of models by the beginning of the system title in hex digits, or of the
            identification of a P1 telegram.
        identifications: regular expressions for the beginning of a P1 telegram's identification.
        manufacturers: for a family of several makers' P1 meters, the maker by a regular expression
            for the beginning of the identification.
        codes_present: codes of which a P1 telegram of the family holds at least one, by C, D, E.
        codes_absent: codes of which it holds none.
        number_within: how many telegrams it takes at most until one says the meter's number, by the
            shape of the lists that leave it out while others of the family say it.
        own: whether the user wrote it.
    """

    type: str
    manufacturer: str
    model: str
    operators: tuple[str, ...] = ()
    interface: str = ""
    keys: str = ""
    publishes: str = ""
    verified: str = "documentation"
    tried_with: str = ""
    not_tried: str = ""
    makers: tuple[str, ...] = ()
    serial_modes: tuple[SerialMode, ...] = ()
    push_interval: int = push_interval.USUAL
    addresses: tuple[str, ...] = ()
    lists: tuple[PositionalList, ...] = ()
    nominal: Mapping[Quantity, int] | None = None
    energy_scales: tuple[int, ...] = ()
    volt_scales: tuple[int, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    identifications: tuple[re.Pattern[str], ...] = ()
    manufacturers: tuple[tuple[re.Pattern[str], str], ...] = ()
    codes_present: frozenset[tuple[int, int, int]] = frozenset()
    codes_absent: frozenset[tuple[int, int, int]] = frozenset()
    number_within: Mapping[Shape, int] = field(default_factory=dict)
    own: bool = False

    def model_of(self, mark: str) -> str:
        """Name the model, by the longest known beginning of a title's digits or identification."""
        mark = mark.upper()
        known = [begin for begin in self.models if mark.startswith(begin.upper())]
        return self.models[max(known, key=len)] if known else self.model

    def knows(self, maker: str | None, address: str) -> bool:
        """Tell whether a telegram can be of this family.

        Args:
            maker: its maker's letters, None when it does not tell.
            address: its frame's addresses in hex digits.
        """
        return maker in self.makers if maker else address in self.addresses

    def positional(self, elements: list[Data]) -> PositionalList | None:
        """Find the list without OBIS codes that a body's elements are."""
        return next((known for known in self.lists if known.fits(elements)), None)

    def scaler_of(self, measured: Quantity) -> int | None:
        """Give the power of ten of a quantity whose scaler the telegram does not say."""
        return None if self.nominal is None else self.nominal.get(measured)

    @property
    def takes_any_p1(self) -> bool:
        """Whether it is the family of P1 meters that no other profile names."""
        return any(not known.pattern for known in self.identifications)

    def identifies(self, identification: str) -> bool:
        """Tell whether a P1 telegram's identification is one of this family."""
        return any(known.match(identification) for known in self.identifications)

    @property
    def told_by_codes(self) -> bool:
        """Whether P1 telegrams of this family are known by the codes that they hold."""
        return bool(self.codes_present or self.codes_absent)

    def has_codes_of(self, codes: AbstractSet[tuple[int, int, int]]) -> bool:
        """Tell whether a P1 telegram that holds these codes can be of this family."""
        wanted = not self.codes_present or not self.codes_present.isdisjoint(codes)
        return wanted and self.codes_absent.isdisjoint(codes)

    def maker_of(self, identification: str) -> str:
        """Name the maker of a P1 meter, as far as its identification tells; else empty."""
        found = (name for known, name in self.manufacturers if known.match(identification))
        return next(found, self.manufacturer)
