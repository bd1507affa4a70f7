"""Finds out of which meter family a telegram is, by what it holds, and names its values."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, Generic, NamedTuple, TypeVar

from app.cosem import items, p1
from app.cosem.items import Item, Shape
from app.cosem.obis import Obis
from app.dlms import axdr
from app.dlms.axdr import Data
from app.fault import Kind
from app.meters import catalogue, identity, scaling
from app.meters.profile import AUTO, Profile
from app.meters.quantities import Quantity

GENERIC: Final = "generic"
"""The type of a meter that no profile describes and whose telegrams say all by themselves."""

MOST_SENDERS: Final = 32
"""How many meters a line is believed to have; a hostile one could invent them without end."""

_SAGEMCOM: Final = "SAG"

_LISTING_OBJECTS: Final = frozenset(("ISK", "LGZ"))
"""Makers whose meters send lists of capture objects that say no units: those of Switzerland."""

_FIRM: Final = 12
"""How often a belief is confirmed until more makes it no firmer: a minute of telegrams or so."""

T = TypeVar("T")


class Understood(NamedTuple):
    """A telegram whose values are known.

    Args:
        profile: the meter family.
        items: the values with their codes, and scales and units as far as they are certain.
        absent: the codes of numbers that say that there is no value.
        note: how values were understood where there was a choice, for the log.
        manufacturer: the profile's, or for families of several makers what the telegram tells.
        evidence: what `Recogniser.learn` takes when the telegram is believed.
    """

    profile: Profile
    items: list[Item]
    absent: frozenset[Obis] = frozenset()
    note: str | None = None
    manufacturer: str = ""
    evidence: "Evidence | None" = None


class Unknown(NamedTuple):
    """A telegram whose values are not known: its items in order, and why."""

    items: list[Item]
    kind: Kind
    reason: str


class Belief(Generic[T]):
    """What a line's telegrams have shown; one that says otherwise does not overturn it.

    Power and currents of a telegram are not of the same moment, so now and then one looks as if it
    counted otherwise. Only as many as have confirmed a belief (at most `_FIRM`) overturn it.
    """

    def __init__(self, value: T) -> None:
        self.value = value
        self._confirmed = 1

    def overturned_by(self, *, agrees: bool) -> bool:
        """Tell whether one more telegram that agrees or does not ends the belief."""
        return not agrees and self._confirmed == 1

    def take(self, evidence: T, *, agrees: bool) -> None:
        """Take what one more telegram shows."""
        if self.overturned_by(agrees=agrees):
            self.value = evidence
        elif agrees:
            self._confirmed = min(self._confirmed + 1, _FIRM)
        else:
            self._confirmed -= 1


class Evidence(NamedTuple):
    """What a telegram shows of its sender by the size of its values alone.

    Args:
        sender: the sender's system title, or the frame's address.
        family: the way to count that makes sense, and whether that is what was believed.
        volts: the power of ten that voltages count, and whether that is what was believed.
    """

    sender: bytes | str
    family: tuple[Profile, bool] | None = None
    volts: tuple[int, bool] | None = None


def _learn(
    beliefs: dict[bytes | str, Belief[T]], sender: bytes | str, shown: tuple[T, bool] | None
) -> None:
    if shown is None:
        return
    evidence, agrees = shown
    if sender in beliefs:
        beliefs[sender].take(evidence, agrees=agrees)
    elif len(beliefs) < MOST_SENDERS:
        beliefs[sender] = Belief(evidence)


class Recogniser:
    """Recognises the telegrams of one line.

    Args:
        profiles: every meter family there is.
        meter_type: one of them, or ``auto``.
    """

    def __init__(self, profiles: Mapping[str, Profile], meter_type: str) -> None:
        self._profiles = profiles
        self._chosen = None if meter_type == AUTO else profiles[meter_type]
        # Where nothing tells families apart, the user's own profile is meant, since nobody writes
        # one for nothing; else the one that more operators install is the likelier.
        self._by_likelihood = sorted(
            profiles.values(), key=lambda p: (not p.own, -len(p.operators))
        )
        # Codes tell most; an identification that names the family tells more than one of any meter.
        self._texts = sorted(
            (p for p in profiles.values() if p.identifications),
            key=lambda p: (not p.own, not p.told_by_codes, p.takes_any_p1),
        )
        self._makers = {*identity.MAKER_NAMES, *(m for p in profiles.values() for m in p.makers)}
        self._settled: dict[bytes | str, Belief[Profile]] = {}
        self._volt_scales: dict[bytes | str, Belief[int]] = {}

    def data(self, body: Data, title: bytes | None, address: str) -> Understood | Unknown:
        """Recognise the body of a data-notification.

        Args:
            body: as A-XDR gives it.
            title: the sender's system title, None without ciphering.
            address: the frame's addresses in hex digits.
        """
        elements = body[1] if body[0] == axdr.STRUCTURE else [body]
        listed = items.read(body)
        maker = identity.maker(title, listed, self._makers)
        if maker is None and items.has_descriptors(body):
            maker = _SAGEMCOM  # only the XT211 writes attribute descriptors so
        candidates = self._candidates(maker, address)
        if isinstance(candidates, Unknown):
            return candidates._replace(items=listed)
        if not candidates and maker is None and _leaves_out_units(body, listed):
            candidates = [p for p in self._by_likelihood if _LISTING_OBJECTS.intersection(p.makers)]
        for profile in candidates:
            positional = profile.positional(elements)
            if positional:
                named, absent = positional.items(elements), positional.absent(elements)
                return Understood(profile, named, absent)
        if all(item.obis is None for item in listed):
            return Unknown(listed, Kind.UNKNOWN_LIST, self._unknown_list())
        return self._coded(candidates, listed, maker, title or address, address)

    def text(self, text: str) -> Understood | Unknown:
        """Recognise a P1 telegram."""
        said = p1.identification(text)
        listed = p1.read(text)
        maker = said[:3].upper()
        if self._chosen:
            chosen = self._chosen
            if not (chosen.takes_any_p1 or chosen.identifies(said)):
                return Unknown(listed, Kind.OTHER_METER, self._contradicted(maker))
            return Understood(chosen, listed, manufacturer=self._maker_of(chosen, listed, said))
        codes = {item.obis.cde for item in listed if item.obis}
        fitting = [p for p in self._texts if p.identifies(said) and p.has_codes_of(codes)]
        profile = fitting[0] if fitting else _generic(maker)
        return Understood(profile, listed, manufacturer=self._maker_of(profile, listed, said))

    def _maker_of(self, profile: Profile, listed: list[Item], identification: str) -> str:
        """Name the maker of a P1 meter: many operators put letters of their own in its place."""
        if name := profile.maker_of(identification):
            return name
        letters = identification[:3].upper()
        if letters not in identity.MAKER_NAMES:
            letters = identity.maker_in_number(listed) or letters
        return identity.MAKER_NAMES.get(letters, letters)

    def _candidates(self, maker: str | None, address: str) -> list[Profile] | Unknown:
        """Give the families that a sender can be of."""
        if self._chosen:
            makes_telegrams = self._chosen.makers or self._chosen.identifications
            if maker and makes_telegrams and maker not in self._chosen.makers:
                return Unknown([], Kind.OTHER_METER, self._contradicted(maker))
            return [self._chosen]
        return [p for p in self._by_likelihood if p.knows(maker, address)]

    def _coded(
        self,
        candidates: list[Profile],
        listed: list[Item],
        maker: str | None,
        sender: bytes | str,
        address: str,
    ) -> Understood:
        """Recognise a list with OBIS codes."""
        open_items = scaling.unscaled(listed)
        near = [p for p in candidates if address in p.addresses]
        candidates = _speaking(near, listed, open_items) or _speaking(
            candidates, listed, open_items
        )
        if not candidates:
            return Understood(_generic(maker), listed)
        settled = self._settled.get(sender)
        if not open_items:
            known = settled.value if settled else None
            return Understood(known if known in candidates else candidates[0], listed)
        profile, rivals, note, family = self._settle(candidates, open_items, sender)
        scales = _scales(profile, rivals, open_items)
        shown = None
        if Quantity.VOLTAGE in scales:
            volts, shown = self._volt_scale(profile, open_items, sender)
            scales[Quantity.VOLTAGE] = volts
            if volts not in (profile.scaler_of(Quantity.VOLTAGE), None):
                note = (
                    f"the voltages of this {profile.manufacturer} {profile.model} count"
                    f" {'tenths of volts' if volts else 'whole volts'}, by their size"
                )
        found = list(_scaled(listed, open_items, scales))
        return Understood(profile, found, note=note, evidence=Evidence(sender, family, shown))

    def learn(self, evidence: Evidence) -> None:
        """Take what a telegram that is believed shows of its sender."""
        _learn(self._settled, evidence.sender, evidence.family)
        _learn(self._volt_scales, evidence.sender, evidence.volts)

    def _settle(
        self,
        candidates: list[Profile],
        open_items: list[tuple[Item, Quantity]],
        sender: bytes | str,
    ) -> tuple[Profile, list[Profile], str | None, tuple[Profile, bool] | None]:
        """Decide which family's way to count a telegram has.

        Returns:
            The family, those that would count otherwise and come into question as well, what is to
            be told, and what the telegram shows.
        """
        likely = self._likely(candidates, open_items)
        profile = likely[0]
        quantities = {measured for _, measured in open_items}

        def differ(one: Profile, other: Profile) -> bool:
            return any(other.scaler_of(q) != one.scaler_of(q) for q in quantities)

        rivals = [p for p in likely if differ(p, profile)]
        decides = not rivals and any(differ(p, profile) for p in candidates)
        settled = self._settled.get(sender)
        shown = (profile, False) if decides and settled is None else None
        if settled is not None and settled.value in candidates:
            agrees = not differ(settled.value, profile)
            shown = (profile, agrees) if decides else None
            if not decides or not settled.overturned_by(agrees=agrees):
                return settled.value, [], None, shown
        note = (
            "the telegrams do not say what their values count; by their size they are those of"
            f" {identity.with_article(f'{profile.manufacturer} {profile.model}')}"
        )
        return profile, rivals, note if decides else None, shown

    def _volt_scale(
        self, profile: Profile, open_items: list[tuple[Item, Quantity]], sender: bytes | str
    ) -> tuple[int | None, tuple[int, bool] | None]:
        """Give what a sender's voltages count, and what the telegram shows of that.

        None for a size that is impossible in every way.
        """
        believed = self._volt_scales.get(sender)
        exponent = scaling.volt_scale(profile, open_items, believed.value if believed else None)
        if exponent is None:
            return None, None
        if believed is None:
            return exponent, (exponent, False) if scaling.any_voltage(open_items) else None
        agrees = exponent == believed.value
        overturned = believed.overturned_by(agrees=agrees)
        return exponent if overturned else believed.value, (exponent, agrees)

    @staticmethod
    def _likely(
        candidates: list[Profile], open_items: list[tuple[Item, Quantity]]
    ) -> list[Profile]:
        """Give the families whose way to count makes the most sense of a telegram's values."""
        for judge in (scaling.plausible, scaling.possible):
            if found := [p for p in candidates if judge(p, open_items)]:
                return [p for p in found if p.own] or found
        return candidates

    def _contradicted(self, maker: str) -> str:
        chosen = self._chosen
        name = identity.MAKER_NAMES.get(maker, maker) or "different"
        return (
            f"the telegram comes from {identity.with_article(name)} meter, but meter_type is"
            f" {chosen.type}"
            f" ({chosen.manufacturer} {chosen.model}); choose the right type, or auto"
            if chosen
            else ""
        )

    def _unknown_list(self) -> str:
        if self._chosen:
            return f"a list that meters of the type {self._chosen.type} do not send; try auto"
        return "no profile knows what the values of this list mean"


def _leaves_out_units(body: Data, listed: list[Item]) -> bool:
    """Tell whether a list names capture objects and leaves out the units of their values."""
    return items.shape(body) is Shape.CAPTURE_OBJECTS and bool(scaling.unscaled(listed))


def _speaking(
    candidates: list[Profile], listed: list[Item], open_items: list[tuple[Item, Quantity]]
) -> list[Profile]:
    """Give the families that say units as a list does; all, where it holds nothing that has one."""
    if open_items:
        return [p for p in candidates if p.nominal is not None]
    if any(
        item.unit is not None and item.obis and catalogue.quantity_of(item.obis) for item in listed
    ):
        return [p for p in candidates if p.nominal is None] or candidates
    return candidates


def _scales(
    profile: Profile, rivals: list[Profile], open_items: list[tuple[Item, Quantity]]
) -> dict[Quantity, int | None]:
    """Give the power of ten of each quantity, None or nothing where it is not certain."""
    scales: dict[Quantity, int | None] = {}
    for _, measured in open_items:
        exponent = profile.scaler_of(measured)
        if measured is Quantity.VOLTAGE:
            scales[measured] = exponent  # by the size of the voltages, see `_volt_scale`
        elif all(rival.scaler_of(measured) == exponent for rival in rivals):
            scales[measured] = exponent
    return scales


def _scaled(
    listed: list[Item],
    open_items: list[tuple[Item, Quantity]],
    scales: Mapping[Quantity, int | None],
) -> Iterator[Item]:
    """Scale what the telegram does not; nothing is nothing in every scale."""
    quantities = {id(item): measured for item, measured in open_items}
    for item in listed:
        measured = quantities.get(id(item))
        if measured is None:
            yield item
        else:
            yield scaling.scaled(item, measured, scales.get(measured) if item.number else 0)


@lru_cache(maxsize=64)
def _generic(maker: str | None) -> Profile:
    name = identity.MAKER_NAMES.get(maker or "", maker or "unknown maker")
    return Profile(GENERIC, name, "smart meter")
