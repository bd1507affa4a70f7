"""What can be wrong with a meter's line; what to say of it stands in the catalogue of sentences.

A reason that comes from another part of the program is a parameter of the sentence.
"""

import time
from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final, NamedTuple

from app.fault import Kind
from app.language.catalogue import Sentence

_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


class Trouble(StrEnum):
    """Kinds of trouble; the value is what the problem sensor gives automations as ``kind``."""

    NOT_OPEN = "not open"
    NO_BYTES = "no bytes"
    NO_FRAMES = "no frames"
    CHECKSUM_WRONG = Kind.CHECKSUM_WRONG
    KEY_MISSING = Kind.KEY_MISSING
    KEY_WRONG = Kind.KEY_WRONG
    AUTH_KEY_WRONG = Kind.AUTH_KEY_WRONG
    OTHER_METER = Kind.OTHER_METER
    UNKNOWN_LIST = Kind.UNKNOWN_LIST
    UNSUPPORTED = Kind.UNSUPPORTED
    SUSPICIOUS = Kind.SUSPICIOUS
    REPLAYED = Kind.REPLAYED
    WITHHELD = "withheld"
    """Values are not published, as they do not go on from those before; others may be read."""
    CLOCK = "clock"
    """The meter's clock is far off; the values can be relied on."""
    BROKER = "broker"
    """The connection to the MQTT broker comes and goes."""
    BROKER_RIGHTS = "broker rights"
    """The MQTT broker seems not to hand on what is published."""
    DATABASE = "database"
    """The database takes nothing, or not all."""


class Case(StrEnum):
    """Where one kind of trouble needs several sentences, which of them."""

    DEFAULT = ""
    GATEWAY = "gateway"
    """The serial mode is set at a gateway."""
    NO_MODE = "no mode"
    """There is no serial mode, as in a recording."""
    SEARCHING = "searching"
    """Serial modes are being tried."""
    MODE_WRONG = "mode wrong"
    """Most bytes have parity errors."""
    DISTURBED = "disturbed"
    """Some bytes have parity errors."""
    AHEAD = "ahead"
    AHEAD_BY_ZONE = "ahead by a time zone"
    BEHIND = "behind"
    BEHIND_BY_ZONE = "behind by a time zone"


class Problem(NamedTuple):
    """A trouble that there is now.

    Args:
        trouble: its kind.
        case: which of the kind's sentences applies.
        parameters: what the sentence takes, by name.
        since: when it began, in seconds since 1970; None where it begins when it is told.
    """

    trouble: Trouble
    case: Case = Case.DEFAULT
    parameters: Mapping[str, object] = MappingProxyType({})
    since: float | None = None

    @property
    def sentence(self) -> Sentence:
        """What is wrong and what to do."""
        case = f"_{self.case.name}" if self.case else ""
        return Sentence(f"problem.{self.trouble.name}{case}".lower(), self.parameters)

    @property
    def key(self) -> str:
        """Stays the same while the problem lasts.

        A line is lost for different reasons, and different values are withheld.
        """
        if self.trouble is Trouble.NOT_OPEN:
            return str(self.sentence)
        if self.trouble is Trouble.WITHHELD:
            return f"{self.trouble.value}: {self.parameters['what']}"
        return self.trouble.value


def moment(seconds: float) -> str:
    """Give a moment in seconds since 1970 as the log does: in local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def duration(seconds: float) -> str:
    """Give a span of time in the largest unit that it fills, and the one below: ``2 h 5 min``."""
    rest = round(seconds)
    for (size, name), (smaller, smaller_name) in pairwise(_UNITS):
        if rest >= size:
            count, rest = divmod(rest, size)
            below = rest // smaller
            return f"{count} {name} {below} {smaller_name}" if below else f"{count} {name}"
    return f"{rest} s"
