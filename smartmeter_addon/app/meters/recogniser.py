"""Finds out of which meter family a telegram is, by what it holds, and names its values."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from app.cosem import items, p1
from app.cosem.items import Item
from app.cosem.obis import Obis
from app.dlms import axdr
from app.dlms.axdr import Data
from app.fault import Kind
from app.meters import identity, scaling
from app.meters.profile import AUTO, Profile
from app.meters.quantity import Quantity

GENERIC: Final = "generic"
"""The type of a meter that no profile describes and whose telegrams say all by themselves."""

MOST_SENDERS: Final = 32
"""How many meters a line is believed to have; a hostile one could invent them without end."""

_SAGEMCOM: Final = "SAG"


class Understood(NamedTuple):
    """A telegram whose values are known.

    Args:
        profile: the meter family.
        items: the values with their codes, and scales and units as far as they are certain.
        absent: the codes of numbers that say that there is no value.
        note: how values were understood where there was a choice, for the log.
        manufacturer: the profile's, or for families of several makers what the telegram tells.
        settles: the sender whose family this telegram decided by its values alone.
    """

    profile: Profile
    items: list[Item]
    absent: frozenset[Obis] = frozenset()
    note: str | None = None
    manufacturer: str = ""
    settles: bytes | str | None = None


class Unknown(NamedTuple):
    """A telegram whose values are not known: its items in order, and why."""

    items: list[Item]
    kind: Kind
    reason: str


class Recogniser:
    """Recognises the telegrams of one line.

    Args:
        profiles: every meter family there is.
        meter_type: one of them, or ``auto``.
    """

    def __init__(self, profiles: Mapping[str, Profile], meter_type: str) -> None:
        self._profiles = profiles
        self._chosen = None if meter_type == AUTO else profiles[meter_type]
        # Where nothing tells families apart, the one that more operators install is the likelier.
        self._by_likelihood = sorted(profiles.values(), key=lambda p: -len(p.operators))
        self._makers = {*identity.MAKER_NAMES, *(m for p in profiles.values() for m in p.makers)}
        self._settled: dict[bytes | str, Profile] = {}

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
        identification = p1.identification(text)
        listed = p1.read(text)
        maker = identification[:3].upper()
        name = identity.MAKER_NAMES.get(maker, maker)
        if self._chosen:
            chosen = self._chosen
            if not (chosen.takes_any_p1 or chosen.identifies(identification)):
                return Unknown(listed, Kind.OTHER_METER, self._contradicted(maker))
            return Understood(chosen, listed, manufacturer=chosen.manufacturer or name)
        fitting = [p for p in self._profiles.values() if p.identifies(identification)]
        narrow = [p for p in fitting if not p.takes_any_p1] or fitting
        profile = narrow[0] if narrow else _generic(maker)
        return Understood(profile, listed, manufacturer=profile.manufacturer or name)

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
        if open_items:
            candidates = [p for p in candidates if p.nominal is not None]
        else:
            candidates = [p for p in candidates if p.nominal is None] or candidates
        if not candidates:
            return Understood(_generic(maker), listed)
        candidates = [p for p in candidates if address in p.addresses] or candidates
        if not open_items:
            return Understood(candidates[0], listed)
        likely = self._likely(candidates, open_items)
        settled = self._settled.get(sender)
        if settled in likely:
            likely = [settled]
        profile = likely[0]
        quantities = {measured for _, measured in open_items}

        def differs(other: Profile) -> bool:
            return any(other.scaler_of(q) != profile.scaler_of(q) for q in quantities)

        rivals = [p for p in likely if differs(p)]
        note = settles = None
        if not rivals and any(differs(p) for p in candidates) and settled is not profile:
            settles = sender
            note = (
                "the telegrams do not say what their values count; by their size they are those of"
                f" a {profile.manufacturer} {profile.model}"
            )
        scales = _scales(profile, rivals, open_items)
        volts = scales.get(Quantity.VOLTAGE)
        if volts not in (profile.scaler_of(Quantity.VOLTAGE), None):
            note = (
                f"the voltages of this {profile.manufacturer} {profile.model} count"
                f" {'tenths of volts' if volts else 'whole volts'}, by their size"
            )
        found = list(_scaled(listed, open_items, scales))
        return Understood(profile, found, note=note, settles=settles)

    def settle(self, sender: bytes | str, profile: Profile) -> None:
        """Keep to a family for a sender, where the values of a telegram decided."""
        if sender in self._settled or len(self._settled) < MOST_SENDERS:
            self._settled[sender] = profile

    @staticmethod
    def _likely(
        candidates: list[Profile], open_items: list[tuple[Item, Quantity]]
    ) -> list[Profile]:
        """Give the families whose way to count makes the most sense of a telegram's values."""
        for judge in (scaling.plausible, scaling.possible):
            if found := [p for p in candidates if judge(p, open_items)]:
                return found
        return candidates

    def _contradicted(self, maker: str) -> str:
        chosen = self._chosen
        name = identity.MAKER_NAMES.get(maker, maker) or "different"
        return (
            f"the telegram comes from a {name} meter, but meter_type is {chosen.type}"
            f" ({chosen.manufacturer} {chosen.model}); choose the right type, or auto"
            if chosen
            else ""
        )

    def _unknown_list(self) -> str:
        if self._chosen:
            return f"a list that meters of the type {self._chosen.type} do not send; try auto"
        return "no profile knows what the values of this list mean"


def _scales(
    profile: Profile, rivals: list[Profile], open_items: list[tuple[Item, Quantity]]
) -> dict[Quantity, int | None]:
    """Give the power of ten of each quantity, None or nothing where it is not certain."""
    scales: dict[Quantity, int | None] = {}
    for _, measured in open_items:
        exponent = profile.scaler_of(measured)
        if measured is Quantity.VOLTAGE:
            scales[measured] = scaling.volt_scale(profile, open_items)
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
