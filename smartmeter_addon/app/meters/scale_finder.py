"""Finds what the numbers of a list count that says no units.

`scaling` judges whether a family's way to count makes sense of a telegram's values. Here that is
decided among the families that come into question, with what earlier telegrams of the sender have
shown.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from app.cosem.items import Item
from app.cosem.obis import Obis
from app.meters import identity, scaling
from app.meters.belief import Beliefs, Evidence, Sender
from app.meters.profile import ENERGIES, Profile
from app.meters.quantities import Quantity

OpenItems = list[tuple[Item, Quantity]]
"""Values whose unit the telegram does not say, as `scaling.unscaled` gives them."""


class Scaled(NamedTuple):
    """A list whose values have the scale that was found.

    Args:
        profile: the family that counts so.
        items: the values; bare numbers where no scale is certain.
        note: how values were understood where there was a choice, for the log.
        evidence: what `ScaleFinder.learn` takes when the telegram is accepted.
        energies: codes of those that have the scale of the family, with that scale.
    """

    profile: Profile
    items: list[Item]
    note: str | None
    evidence: Evidence
    energies: Mapping[Obis, int]


class _Choice(NamedTuple):
    """Whose way to count a telegram has.

    Args:
        profile: the family.
        rivals: those that would count otherwise and come into question as well.
        note: what is to be told of the choice.
        shown: the family that the telegram shows, and whether that is what was believed.
    """

    profile: Profile
    rivals: list[Profile]
    note: str | None
    shown: tuple[Profile, bool] | None


class ScaleFinder:
    """Finds the scales of one line's lists, and remembers what each sender's telegrams show."""

    __slots__ = ("_families", "_volt_scales")

    def __init__(self) -> None:
        self._families: Beliefs[Profile] = Beliefs()
        self._volt_scales: Beliefs[int] = Beliefs()

    def family_of(self, sender: Sender) -> Profile | None:
        """Give the family that a sender's telegrams have shown, None as long as none has."""
        settled = self._families.of(sender)
        return settled.value if settled else None

    def scaled(
        self, candidates: list[Profile], listed: list[Item], open_items: OpenItems, sender: Sender
    ) -> Scaled:
        """Scale the values of a list.

        Args:
            candidates: the families that it can be of, the likeliest first; at least one.
            listed: all its values.
            open_items: those without a unit.
            sender: who sent it.
        """
        profile, rivals, note, family = self._choose(candidates, open_items, sender)
        scales = _scales(profile, rivals, open_items)
        volts = None
        if Quantity.VOLTAGE in scales:
            exponent, volts = self._volt_scale(profile, open_items, sender)
            scales[Quantity.VOLTAGE] = exponent
            if exponent not in (profile.scaler_of(Quantity.VOLTAGE), None):
                note = (
                    f"the voltages of this {profile.manufacturer} {profile.model} count"
                    f" {scaling.VOLT_SCALES[exponent or 0]}, by their size"
                )
        found = list(_scaled(listed, open_items, scales))
        energies = {
            item.obis: exponent
            for item, measured in open_items
            if measured in ENERGIES
            and item.obis is not None
            and (exponent := scales.get(measured)) is not None
        }
        return Scaled(profile, found, note, Evidence(sender, family, volts), energies)

    def known_of(self, sender: Sender) -> tuple[object, ...]:
        """Return what is believed of a sender."""
        beliefs = self._families.of(sender), self._volt_scales.of(sender)
        return tuple(belief and belief.value for belief in beliefs)

    def learn(self, evidence: Evidence) -> None:
        """Take what a telegram that is accepted shows of its sender."""
        self._families.learn(evidence.sender, evidence.family)
        self._volt_scales.learn(evidence.sender, evidence.volts)

    def _choose(self, candidates: list[Profile], open_items: OpenItems, sender: Sender) -> _Choice:
        """Decide which family's way to count a telegram has."""
        likely = _likely(candidates, open_items)
        profile = likely[0]
        quantities = {measured for _, measured in open_items}

        def differ(one: Profile, other: Profile) -> bool:
            return any(other.scaler_of(q) != one.scaler_of(q) for q in quantities)

        rivals = [p for p in likely if differ(p, profile)]
        decides = not rivals and any(differ(p, profile) for p in candidates)
        settled = self._families.of(sender)
        shown = (profile, False) if decides and settled is None else None
        if settled is not None and settled.value in candidates:
            agrees = not differ(settled.value, profile)
            shown = (profile, agrees) if decides else None
            if not decides or not settled.overturned_by(agrees=agrees):
                return _Choice(settled.value, [], None, shown)
        name = f"{profile.manufacturer} {profile.model}"
        note = (
            "the telegrams do not say what their values count; by their size they are those of"
            f" {identity.article(name)} {name}"
        )
        return _Choice(profile, rivals, note if decides else None, shown)

    def _volt_scale(
        self, profile: Profile, open_items: OpenItems, sender: Sender
    ) -> tuple[int | None, tuple[int, bool] | None]:
        """Give what a sender's voltages count, and what the telegram shows of that.

        None for a size that is impossible in every way.
        """
        believed = self._volt_scales.of(sender)
        exponent = scaling.volt_scale(profile, open_items, believed.value if believed else None)
        if exponent is None:
            return None, None
        if believed is None:
            return exponent, (exponent, False) if scaling.any_voltage(open_items) else None
        agrees = exponent == believed.value
        # Too much for the believed size is no voltage in it; too little may be a voltage that sags.
        is_too_much = exponent < believed.value
        overturned = believed.overturned_by(agrees=agrees)
        return exponent if overturned or is_too_much else believed.value, (exponent, agrees)


def _likely(candidates: list[Profile], open_items: OpenItems) -> list[Profile]:
    """Give the families whose way to count makes the most sense of a telegram's values."""
    for judge in (scaling.plausible, scaling.possible):
        if found := [p for p in candidates if judge(p, open_items)]:
            return [p for p in found if p.own] or found
    return candidates


def _scales(
    profile: Profile, rivals: list[Profile], open_items: OpenItems
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
    listed: list[Item], open_items: OpenItems, scales: Mapping[Quantity, int | None]
) -> Iterator[Item]:
    """Scale what the telegram does not; nothing is nothing in every scale."""
    quantities = {id(item): measured for item, measured in open_items}
    for item in listed:
        measured = quantities.get(id(item))
        if measured is None:
            yield item
        else:
            yield scaling.scaled(item, measured, scales.get(measured) if item.number else 0)
