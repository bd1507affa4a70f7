"""Recognises the meter family of a telegram by what it holds, and names its values."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from app.cosem import items, p1
from app.cosem.items import Item, Shape
from app.cosem.obis import Obis
from app.dlms import axdr
from app.dlms.axdr import Data
from app.fault import Kind
from app.language.catalogue import Sentence
from app.meters import catalogue, identity, scaling
from app.meters.belief import Evidence, Sender
from app.meters.profile import AUTO, PositionalList, Profile, Proof
from app.meters.scale_finder import OpenItems, ScaleFinder

GENERIC: Final = "generic"
"""The type of a meter that no profile describes and whose telegrams say all by themselves."""

_SAGEMCOM: Final = "SAG"

_LISTING_OBJECTS: Final = frozenset(("ISK", "LGZ"))
"""Makers whose meters send lists of capture objects that say no units: those of Switzerland."""


class Understood(NamedTuple):
    """A telegram whose values are known.

    Args:
        profile: the meter family.
        items: the values with their codes, and scales and units as far as they are certain.
        absent: the codes of numbers that say that there is no value.
        note: how values were understood where there was a choice, for the log.
        manufacturer: the profile's, or for families of several makers what the telegram tells.
        evidence: what `Recogniser.learn` takes when the telegram is accepted.
        number: the meter's own, where the list's description says which digits it is.
        energies: codes of those whose unit the telegram does not say, each with the power of ten of
            Wh or varh that it is taken to count.
    """

    profile: Profile
    items: list[Item]
    absent: frozenset[Obis] = frozenset()
    note: str | None = None
    manufacturer: str = ""
    evidence: Evidence | None = None
    number: str | None = None
    energies: Mapping[Obis, int] = MappingProxyType({})


class Unknown(NamedTuple):
    """A telegram whose values are not known: its items in order, and why."""

    items: list[Item]
    kind: Kind
    reason: Sentence


_TELLING: Final = 8
"""Elements from which on a list is told from others by its types and a number."""


class _Families(NamedTuple):
    """The meter families in the orders in which they are tried.

    Args:
        by_likelihood: all of them.
        texts: those that are told by an identification.
        makers: letters of all makers.
    """

    by_likelihood: tuple[Profile, ...]
    texts: tuple[Profile, ...]
    makers: frozenset[str]


@lru_cache(maxsize=8)
def _families(profiles: tuple[Profile, ...]) -> _Families:
    """Order the meter families; all lines have the same ones."""
    return _Families(
        # Where nothing tells families apart, the user's own profile is meant, since nobody writes
        # one for nothing; else the one that more operators install is the likelier.
        tuple(sorted(profiles, key=lambda p: (not p.own, -len(p.operators)))),
        # Codes tell most; an identification that names the family tells more than one of any meter.
        tuple(
            sorted(
                (p for p in profiles if p.identifications),
                key=lambda p: (not p.own, not p.told_by_codes, p.takes_any_p1),
            )
        ),
        frozenset((*identity.MAKER_NAMES, *(m for p in profiles for m in p.makers))),
    )


class Recogniser:
    """Recognises the telegrams of one line.

    Args:
        profiles: every meter family there is.
        meter_type: one of them, or ``auto``.
    """

    __slots__ = ("_by_likelihood", "_chosen", "_makers", "_scale_finder", "_texts")

    def __init__(self, profiles: Mapping[str, Profile], meter_type: str) -> None:
        self._chosen = None if meter_type == AUTO else profiles[meter_type]
        families = _families(tuple(profiles.values()))
        self._by_likelihood, self._texts, self._makers = families
        self._scale_finder = ScaleFinder()

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
            if positional := profile.positional(elements):
                return _by_position(profile, positional, elements)
        if not candidates and maker is None:
            # A number at its place tells a long list apart, also without an address.
            for profile in self._by_likelihood:
                positional = profile.positional(elements)
                if positional and positional.says_number and len(elements) >= _TELLING:
                    return _by_position(profile, positional, elements)
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
                return Unknown(listed, Kind.OTHER_METER, _contradicted(chosen, maker))
            return Understood(chosen, listed, manufacturer=self._maker_of(chosen, listed, said))
        codes = {item.obis.cde for item in listed if item.obis}
        fitting = [p for p in self._texts if p.identifies(said) and p.has_codes_of(codes)]
        profile = fitting[0] if fitting else _generic(maker)
        return Understood(profile, listed, manufacturer=self._maker_of(profile, listed, said))

    def known_of(self, evidence: Evidence | None) -> object:
        """Return what is believed of the sender of a telegram."""
        return self._scale_finder.known_of(evidence.sender) if evidence else None

    def learn(self, evidence: Evidence) -> None:
        """Take what a telegram that is accepted shows of its sender."""
        self._scale_finder.learn(evidence)

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
                return Unknown([], Kind.OTHER_METER, _contradicted(self._chosen, maker))
            return [self._chosen]
        return [p for p in self._by_likelihood if p.knows(maker, address)]

    def _coded(
        self,
        candidates: list[Profile],
        listed: list[Item],
        maker: str | None,
        sender: Sender,
        address: str,
    ) -> Understood:
        """Recognise a list with OBIS codes."""
        open_items = scaling.unscaled(listed)
        near = _speaking([p for p in candidates if address in p.addresses], listed, open_items)
        candidates = near or _speaking(candidates, listed, open_items)
        if not candidates:
            return Understood(_generic(maker), listed)
        if not open_items:
            known = self._scale_finder.family_of(sender)
            return Understood(known if known in candidates else candidates[0], listed)
        found = self._scale_finder.scaled(candidates, listed, open_items, sender)
        return Understood(
            found.profile,
            found.items,
            note=found.note,
            evidence=found.evidence,
            energies=found.energies,
        )

    def _unknown_list(self) -> Sentence:
        if self._chosen:
            return Sentence("telegram.list_of_another_type", {"type": self._chosen.type})
        return Sentence("telegram.list_unknown")


def _contradicted(chosen: Profile, maker: str) -> Sentence:
    """Say that a telegram is not of a meter of the chosen type."""
    type_ = {"type": chosen.type, "model": f"{chosen.manufacturer} {chosen.model}"}
    if name := identity.MAKER_NAMES.get(maker, maker):
        key = "article.an" if identity.article(name) == "an" else "article.a"
        return Sentence("telegram.of_maker", {"maker": Sentence(key, {"name": name}), **type_})
    return Sentence("telegram.of_another_meter", type_)


def _by_position(profile: Profile, known: PositionalList, elements: list[Data]) -> Understood:
    """Give the values of a list without OBIS codes."""
    note = (
        f"the order of the values in this meter's list ({known.name}) rests on one source only; if"
        " they do not fit what the meter shows, report it as the documentation says"
    )
    return Understood(
        profile,
        known.items(elements),
        known.absent(elements),
        note=note if known.proof is Proof.ONE_SOURCE else None,
        number=known.number(elements),
        energies=known.energies,
    )


def _leaves_out_units(body: Data, listed: list[Item]) -> bool:
    """Tell whether a list names capture objects and leaves out the units of their values."""
    return items.shape(body) is Shape.CAPTURE_OBJECTS and bool(scaling.unscaled(listed))


def _speaking(
    candidates: list[Profile], listed: list[Item], open_items: OpenItems
) -> list[Profile]:
    """Give the families that say units as a list does; all, where it holds nothing that has one."""
    if open_items:
        return [p for p in candidates if p.nominal is not None]
    if any(
        item.unit is not None and item.obis and catalogue.quantity_of(item.obis) for item in listed
    ):
        return [p for p in candidates if p.nominal is None] or candidates
    return candidates


@lru_cache(maxsize=64)
def _generic(maker: str | None) -> Profile:
    name = identity.MAKER_NAMES.get(maker or "", maker or "unknown maker")
    return Profile(GENERIC, name, "smart meter")
