"""What can be wrong with a meter's line, and the sentence for each: what is wrong, what to do.

The sentences stand in one table and take their parameters by name; English is their only language.
A reason that comes from another part of the program is a parameter, too.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final

from app.fault import Kind

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


_REPORT: Final = (
    "{reason}; if the newest version of this program says the same, report the meter as the"
    " documentation says, with what `listen` shows"
)
_NO_FRAMES: Final = "bytes come from the meter, but no whole frame for {seconds} s"
_AHEAD: Final = (
    "the meter's clock is {duration} ahead of this computer's; the values are right all the same."
)
_BEHIND: Final = (
    "the meter's clock is {duration} behind this computer's; the values are right all the same."
)
_ZONE: Final = (
    "This looks like a time zone: check the one that Home Assistant is set to (or TZ, without a"
    " Supervisor)"
)
_CLOCK: Final = (
    "Check this computer's clock; if it is right, it is the meter's that is wrong, and only your"
    " grid operator can set it"
)

SENTENCES: Final[Mapping[tuple[Trouble, Case], str]] = {
    (Trouble.NOT_OPEN, Case.DEFAULT): "{reason}",
    (Trouble.NO_BYTES, Case.DEFAULT): (
        "no bytes from the meter for {seconds} s; check that the head sits on the meter or the"
        " cable in its socket, and that the grid operator has switched the customer interface on"
    ),
    (Trouble.NO_FRAMES, Case.GATEWAY): (
        f"{_NO_FRAMES}; the gateway may read with the wrong serial mode: set it there to what your"
        " grid operator says, mostly 2400 8E1, and see that the head sits well"
    ),
    (Trouble.NO_FRAMES, Case.NO_MODE): _NO_FRAMES,
    (Trouble.NO_FRAMES, Case.SEARCHING): (
        f"{_NO_FRAMES}, now with {{mode}}; the usual serial modes are tried in turn, which can take"
        " some minutes. Meanwhile see that the head sits well; if nothing helps, set serial_mode to"
        " what your grid operator says"
    ),
    (Trouble.NO_FRAMES, Case.DEFAULT): (
        f"{_NO_FRAMES} with {{mode}}; the serial mode may be the wrong one: set serial_mode to what"
        " your grid operator says, or leave it empty to have the usual ones tried, and see that the"
        " head sits well"
    ),
    (Trouble.CHECKSUM_WRONG, Case.DEFAULT): (
        "{reason}, and no other is right; their text is whole, so the serial mode is right. See"
        " that the cable is short and sits well, and that a gateway changes none of the bytes; if"
        " that does not help, report the meter as the documentation says, with what `listen`"
        " shows"
    ),
    (Trouble.NO_FRAMES, Case.MODE_WRONG): (
        f"{_NO_FRAMES} with {{mode}}, and {{share}} of the bytes have parity errors: this serial"
        " mode is wrong; set serial_mode to what your grid operator says, or leave it empty to have"
        " the usual ones tried"
    ),
    (Trouble.NO_FRAMES, Case.DISTURBED): (
        f"{_NO_FRAMES} with {{mode}}, and {{share}} of the bytes have parity errors: see that the"
        " head sits well and the cable is sound; the serial mode is likely the right one"
    ),
    (Trouble.KEY_MISSING, Case.DEFAULT): "{reason}",
    (Trouble.KEY_WRONG, Case.DEFAULT): (
        "{reason}; compare the option key with the one that your grid operator hands out for this"
        " very meter, and see that it is not exchanged with the authentication key"
    ),
    (Trouble.AUTH_KEY_WRONG, Case.DEFAULT): "{reason}",
    (Trouble.OTHER_METER, Case.DEFAULT): "{reason}",
    (Trouble.UNKNOWN_LIST, Case.DEFAULT): _REPORT,
    (Trouble.UNSUPPORTED, Case.DEFAULT): _REPORT,
    (Trouble.SUSPICIOUS, Case.DEFAULT): "{reason}",
    (Trouble.REPLAYED, Case.DEFAULT): "{reason}",
    (Trouble.WITHHELD, Case.DEFAULT): (
        "{what} withheld since {since}: {why}; this ends with {until}"
    ),
    (Trouble.CLOCK, Case.AHEAD): f"{_AHEAD} {_CLOCK}",
    (Trouble.CLOCK, Case.AHEAD_BY_ZONE): f"{_AHEAD} {_ZONE}",
    (Trouble.CLOCK, Case.BEHIND): f"{_BEHIND} {_CLOCK}",
    (Trouble.CLOCK, Case.BEHIND_BY_ZONE): f"{_BEHIND} {_ZONE}",
    (Trouble.BROKER, Case.DEFAULT): (
        "the connection to the MQTT broker was lost {count} times within the last hour; look into"
        " the broker's log, and see that the network between is steady"
    ),
    (Trouble.BROKER_RIGHTS, Case.DEFAULT): "{reason}",
    (Trouble.DATABASE, Case.DEFAULT): "{reason}",
}
"""By kind and case. ``reason`` is a sentence of the part of the program that noticed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A trouble that there is now.

    Args:
        trouble: its kind.
        case: which of the kind's sentences applies.
        parameters: what the sentence takes, by name.
        since: when it began, in seconds since 1970; None where it begins when it is told.
    """

    trouble: Trouble
    case: Case = Case.DEFAULT
    parameters: Mapping[str, object] = field(default_factory=dict)
    since: float | None = None

    @property
    def sentence(self) -> str:
        """What is wrong and what to do."""
        return SENTENCES[self.trouble, self.case].format_map(self.parameters)

    @property
    def key(self) -> str:
        """Stays the same while the problem lasts.

        A line is lost for different reasons, and different values are withheld.
        """
        if self.trouble is Trouble.NOT_OPEN:
            return self.sentence
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
