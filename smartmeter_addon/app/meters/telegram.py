"""All that the program knows of one telegram."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from app.cosem.items import Item
from app.cosem.obis import Obis
from app.cosem.unit import Number
from app.dlms.receiver import Push
from app.fault import Fault
from app.language.catalogue import Text
from app.meters.belief import Evidence
from app.meters.energy_counts import Shown
from app.meters.profile import Profile
from app.meters.reading import Reading


class Register(NamedTuple):
    """What one register says.

    Args:
        value: an exact number or a text.
        unit: the telegram's; empty for none.
        at: since when the value holds, if that is said.
        is_dated: whether that is said, be it a time or none.
    """

    value: Number | str | bool
    unit: str
    at: datetime | None = None
    is_dated: bool = False


class Withheld(NamedTuple):
    """Values of a meter that are withheld for longer than two of their own push intervals.

    Args:
        what: reading keys, such as ``energy_import, energy_export``, or ``all values``.
        why: the sentence of the check that they fail.
        until: what ends it, such as ``two more telegrams that go on from them``.
        since: when it began, in seconds since 1970.
    """

    what: Text
    why: Text
    until: Text
    since: float


class Reader(Protocol):
    """What read a telegram that is like one before; see `template.Template`."""

    def remember(self, telegram: "Telegram") -> None:
        """Take what the telegram says of its sender to be so, for those that follow."""
        ...


class Telegram(NamedTuple):
    """All there is to know of one telegram.

    The first seven are other ones in each telegram of a list; see `template.Template`.

    Args:
        push: what the layers below made of it.
        reading: what it says to a household; None when it says nothing, or is not accepted.
        others: what meters behind this one say, such as a gas meter.
        timestamp: when the meter sent it; None when it gives no time or no valid one.
        registers: by OBIS code, scaled, in the telegram's order; not those without a value.
        shown: what `EnergyUnits.remember` takes when the telegram is accepted.
        template: the `Template` that it was read by; None when it was read in the general way.
        profile: the meter family; None when the telegram could not be read or is unknown.
        manufacturer: the family's, or what the telegram tells of it.
        model: of the family, as far as the telegram tells.
        number: the meter's own number; None when the telegram does not say it.
        kept_id: number and id of a meter whose id `MeterIds` keeps, when the telegram is accepted.
        unknown: the items of a list that no profile knows.
        note: how values were understood where there was a choice.
        waiting: whether there is no reading because the meter's number is still to come: under
            another name the meter would become two.
        fault: what kept the telegram from being read, or from being accepted.
        sender: tells the senders of a line apart.
        evidence: what `Recogniser.learn` takes when the telegram is accepted.
        told: what was decided with this telegram: what pending ones before it turned out to be, and
            what its energies count.
        withheld: all that is withheld on this line at the time of this telegram.
    """

    push: Push
    reading: Reading | None = None
    others: tuple[Reading, ...] = ()
    timestamp: datetime | None = None
    registers: Mapping[Obis, Register] | None = None
    shown: Shown | None = None
    template: Reader | None = None
    profile: Profile | None = None
    manufacturer: str | None = None
    model: str | None = None
    number: str | None = None
    kept_id: tuple[str, str] | None = None
    unknown: tuple[Item, ...] = ()
    note: str | None = None
    waiting: bool = False
    fault: Fault | None = None
    sender: str = ""
    evidence: Evidence | None = None
    told: str | None = None
    withheld: tuple[Withheld, ...] = ()
