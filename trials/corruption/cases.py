"""The lists of the trial, and the cases that telegrams are distributed over."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from simulator import links, meters
from simulator.household import Household
from tests.support.simulated import SILENT
from trials.damage import Damage

if TYPE_CHECKING:
    from collections.abc import Iterator

ESTABLISHED: Final = "established"
FIRST: Final = "first"
CLEAN: Final = "clean"

ROWS: Final = {"row of 30": 30, "row of 300": 300}
"""By question, telegrams in a row that are damaged."""

BYTES: Final = {"bytes at 0.5 %": 0.005, "bytes at 1 %": 0.01, "bytes at 2 %": 0.02}
"""By question, the probability with which each byte is damaged."""

KINDS: Final = {str(kind): kind for kind in (Damage.OVERLAY, Damage.STUCK, Damage.SEGMENT)}
"""By question, the one kind of damage."""

FURTHER: Final = (*ROWS, *BYTES, *KINDS)
"""Questions beyond how telegrams of an established meter are damaged in the usual ways."""

QUESTIONS: Final = (ESTABLISHED, FIRST, CLEAN, *FURTHER)

PARITY: Final = "parity errors"
"""A question of the ablation alone: now and then bits are flipped, on a line with a parity."""

VALUE: Final = "one value"
"""Another one: one bit of one value or of the time is flipped, and checksums are repaired."""

SESSION: Final = 1500
"""Telegrams of one session, and of those whose bytes are damaged."""

CLEAN_HOUSEHOLDS: Final = 4
"""Households of each list whose telegrams are not damaged."""

START: Final = datetime(2026, 3, 20, tzinfo=UTC)

_FIRST_SHARE: Final = 50
_FURTHER_SHARE: Final = 10
"""By what the telegrams of ``established`` are divided for ``first`` and for rows and kinds."""

_UNCHECKED: Final[dict[str, links.Link]] = {"raw": links.Plain(), "wrapper": links.Wrapper()}
"""Links without any checksum, by name."""

_OVER: Final = " over "
"""Stands between a variant and the link that it is sent over in place of its own."""

_OTHER_LINKS: Final = (
    ("kaifa", f"netznoe{_OVER}raw"),
    ("e450", f"steiermark{_OVER}raw"),
    ("e450", f"wien{_OVER}wrapper"),
    ("kamstrup", f"nordic{_OVER}wrapper"),
)
"""Lists as gateways hand them on that take the frames off."""


class Protection(StrEnum):
    """What tells that a telegram is damaged, the strongest first."""

    TAG = "verified tag"
    CRC = "16-bit checksum"
    SUM = "8-bit sum"
    NONE = "no checksum"


class Case(NamedTuple):
    """One session, or several of the same kind.

    Its representation as text seeds all chance, so a change of it changes the figures.

    Args:
        family: of the meter.
        variant: of the family, also over another link than its own: see `build`.
        repaired: whether the link's checksums are repaired after the damage.
        verified: whether tags are verified.
        question: one of `QUESTIONS`, `PARITY` or `VALUE`.
        seed: one more seed of chance.
        amount: telegrams to be damaged; for ``clean``, telegrams.
        guarded: whether a guard decides about the telegrams; without, each is accepted.
        compensating: whether each damage is two flipped bits that cancel out in M-Bus's checksum.
    """

    family: str
    variant: str
    repaired: bool
    verified: bool
    question: str
    seed: int
    amount: int
    guarded: bool = True
    compensating: bool = False

    @property
    def repairable(self) -> bool:
        """Whether its link has anything that can be repaired."""
        return describe(self.family, self.variant).checked

    @property
    def protection(self) -> Protection:
        """What protects its telegrams."""
        return describe(self.family, self.variant).protection(verified=self.verified)


class List(NamedTuple):
    """A list of the simulator.

    Args:
        family: of the meter.
        variant: of the family.
        tagged: whether its telegrams have a tag.
        summed: whether its link has M-Bus's eight-bit checksum only.
        checked: whether its link has any checksum.
        segments: of a telegram.
    """

    family: str
    variant: str
    tagged: bool
    summed: bool
    checked: bool
    segments: int

    def protection(self, *, verified: bool) -> Protection:
        """Return what protects its telegrams, with their tags verified or not."""
        if verified:
            return Protection.TAG
        if self.summed:
            return Protection.SUM
        return Protection.CRC if self.checked else Protection.NONE


def build(family: str, variant: str) -> meters.Meter:
    """Build a meter; its variant may be one over another link, such as ``netznoe over raw``."""
    name, _, link = variant.partition(_OVER)
    meter = meters.build(family, name)
    if link:
        meter.link = _UNCHECKED[link]
    return meter


@cache
def describe(family: str, variant: str) -> List:
    """Describe a list."""
    meter = build(family, variant)
    segments = len(meter.telegram(Household(1, START, phases=meter.phases).at(START)).segments)
    tagged = bool(meter.ciphering and meter.ciphering.authenticated)
    is_text = meter.layout.shape is meters.Shape.TEXT
    unchecked = {links.P1Checksum.NONE, links.P1Checksum.ZEROS}
    checked = meter.layout.checksum not in unchecked if is_text else _OVER not in variant
    return List(family, variant, tagged, isinstance(meter.link, links.MBus), checked, segments)


def lists() -> list[List]:
    """Return every list of the simulator that says something that would be published."""
    return [
        describe(family, variant)
        for family, variants in meters.FAMILIES.items()
        for variant in variants
        if (family, variant) not in SILENT
    ]


def cases(telegrams: int, seed: int, only: str | None = None) -> Iterator[Case]:
    """Distribute telegrams over lists, repaired or not, and keys.

    Args:
        telegrams: to be damaged of established meters; those of the other questions are more.
        seed: of chance.
        only: the family whose lists to take; None for all.
    """
    chosen = [one for one in lists() if only is None or one.family == only]
    rows = [row for one in chosen for row in ways(one)]
    each = max(1, telegrams // max(1, len(rows)))
    cleaned = set()
    for row in rows:
        yield Case(*row, ESTABLISHED, seed, each)
        yield Case(*row, FIRST, seed, max(1, each // _FIRST_SHARE))
        if row[:2] not in cleaned:
            cleaned.add(row[:2])
            for household in range(CLEAN_HOUSEHOLDS):
                clean = max(100, each // CLEAN_HOUSEHOLDS)
                yield Case(*row, CLEAN, CLEAN_HOUSEHOLDS * seed + household, clean)
    others = [describe(*one) for one in _OTHER_LINKS if only is None or one[0] == only]
    for one in (*chosen, *others):
        for row in ways(one):
            for question in FURTHER:
                if question == Damage.SEGMENT and one.segments == 1:
                    continue
                # What lasts and fits its checksum each time is no noise, but what the meter says.
                if (question in BYTES or question == Damage.STUCK) and row.repaired and one.checked:
                    continue
                amount = min(each, SESSION) if question in BYTES else each // _FURTHER_SHARE
                yield Case(*row, question, seed, max(1, amount))


class Way(NamedTuple):
    """In which way a list is damaged and read: the first arguments of a case."""

    family: str
    variant: str
    repaired: bool
    verified: bool


def ways(one: List) -> list[Way]:
    """Return in which ways a list is damaged and read."""
    return [
        Way(one.family, one.variant, repaired, verified)
        # Without a checksum no damage can be detected by the link: it counts as repaired.
        for repaired in ((False, True) if one.checked else (True,))
        for verified in ((False, True) if one.tagged else (False,))
    ]


def compensating(telegrams: int, seed: int) -> Iterator[Case]:
    """Distribute damage that M-Bus's checksum cannot detect over the lists that have no other."""
    rows = [one for one in lists() if one.summed]
    for one in rows:
        each = max(1, telegrams // len(rows))
        case = Case(
            *one[:2], repaired=False, verified=False, question=ESTABLISHED, seed=seed, amount=each
        )
        yield case._replace(compensating=True)
