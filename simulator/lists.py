"""What telegrams are made of: the items of a list, and the shapes in which meters lay them out.

Everything here is data, so that a test can also describe a meter that does not exist. Items of the
first part stand in lists of DLMS (`bodies` writes them), those of the second in telegrams of text
(`text` writes them).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from simulator.axdr import Node, Type
from simulator.clock import COMPLETE, Style
from simulator.links import P1Checksum

if TYPE_CHECKING:
    from datetime import datetime

    from simulator.household import Snapshot


class Unit(IntEnum):
    """Units of the DLMS Blue Book (4.3.2, table of enumerations)."""

    DEGREE = 8
    W = 27
    VA = 28
    VAR = 29
    WH = 30
    VAH = 31
    VARH = 32
    A = 33
    V = 35
    HZ = 44
    COUNT = 255

    @property
    def text(self) -> str:
        """The unit as it is written."""
        return _UNIT_TEXTS[self]


_UNIT_TEXTS = {
    Unit.DEGREE: "deg",
    Unit.W: "W",
    Unit.VA: "VA",
    Unit.VAR: "var",
    Unit.WH: "Wh",
    Unit.VAH: "VAh",
    Unit.VARH: "varh",
    Unit.A: "A",
    Unit.V: "V",
    Unit.HZ: "Hz",
    Unit.COUNT: "",
}


class Part(Enum):
    """What a clock item shows."""

    WHOLE = "date and time"
    DATE = "the date"
    TIME = "the time of day"


# --- In lists of DLMS -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Register:
    """A measured value.

    Args:
        obis: Code as `A-B:C.D.E`, with `*F` when F is not 255. Where the list carries no codes
            it is what the position means.
        type: Data type that carries it.
        unit: Its unit; sent only in lists that carry scaler and unit.
        scaler: Power of ten of the integer that is sent.
        absent: Integer sent in place of a value that the meter cannot give.
        magnitude: Whether the sign is left out.
    """

    obis: str
    type: Type
    unit: Unit
    scaler: int = 0
    absent: int | None = None
    magnitude: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """The meter's clock; without a code it stands bare in lists that carry codes.

    Args:
        obis: Its code.
        part: What it shows.
    """

    obis: str | None = None
    part: Part = Part.WHOLE


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the meter's own: its number or its logical device name.

    Args:
        content: Which of the two.
        obis: Its code.
        type: Data type that carries it; a number of digits only can be an integer.
        size: Length to which it is filled up with zero bytes.
        coded: In telegrams of text, whether the codes of its characters are written in hex.
        numbered: Whether it is a name in which a reader finds the meter's number.
    """

    content: Literal["number", "name"]
    obis: str | None = None
    type: Type = Type.OCTET_STRING
    size: int = 0
    coded: bool = False
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stays: a version, a switch, a message that nobody wrote.

    Args:
        obis: Its code; None where it stands bare or its position means nothing.
        node: The value.
        said: What a reader has to show of it, for a value that is not simply a number or a text.
        unit: Its unit, where it is a number that has one.
        class_id: COSEM class of the object, where the list says it.
        attribute: Attribute of the object, where the list says it.
    """

    obis: str | None
    node: Node
    said: str | None = None
    unit: Unit = Unit.COUNT
    class_id: int = 1
    attribute: int = 2


@dataclass(frozen=True, slots=True)
class Gap:
    """Null-data, as Kamstrup sends it in place of code and value of a phase that is not there."""

    count: int
    obis: None = None


# --- In telegrams of text -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """A measured value in digits, such as `1-0:1.8.1(004408.736*kWh)`; its sign is left out.

    Args:
        obis: Code as it is written.
        unit: Unit as it is written; one that begins with k counts thousands.
        whole: Digits before the decimal point.
        places: Digits behind it; without any there is no point.
    """

    obis: str
    unit: str
    whole: int
    places: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line that stays.

    Args:
        obis: Code as it is written.
        fields: What follows, brackets included.
        said: What a reader has to show of it, where that is not what stands in the brackets.
        unit: The unit of what it shows.
        shown: Whether a reader can show it.
    """

    obis: str
    fields: str
    said: Decimal | str | None = None
    unit: str = ""
    shown: bool = True


class Device(NamedTuple):
    """A kind of meter that stands behind another one (EN 13757-3, device types).

    Args:
        name: Key of what it counts in `Snapshot.values`.
        type: Digits of its device type.
        unit: Unit in which it counts.
    """

    name: Literal["gas", "water", "heat"]
    type: str
    unit: str


GAS = Device("gas", "003", "m3")
WATER = Device("water", "007", "m3")
HEAT = Device("heat", "012", "GJ")


@dataclass(frozen=True, slots=True)
class Behind:
    """A meter behind the meter, with its kind, its number and what it reported last.

    Args:
        channel: Group B of its codes, 1 to 4.
        device: What sort of meter it is.
        counter: Last three groups of its counter's code.
        number: Last three groups of its number's code.
        own_line: Whether the value stands on a line of its own, as in DSMR 2 and 3.
    """

    channel: int
    device: Device
    counter: str = "24.2.1"
    number: str = "96.1.0"
    own_line: bool = False

    @property
    def obis(self) -> str:
        """Code of its counter."""
        return f"0-{self.channel}:{self.counter}"


Item: TypeAlias = "Register | Clock | Text | Constant | Gap | Field | Line | Behind"
TEXT_ONLY = (Field, Line, Behind)
"""Items that stand in telegrams of text only."""


# --- Lists ----------------------------------------------------------------------------------


class Shape(Enum):
    """How the items of a list are laid out."""

    FLAT = "code, value, {scaler, unit}, one after the other"
    NESTED = "a structure for each item, the clock's code and value flat before them"
    ROWS = "a structure for each item, the clock's too"
    PAIRS = "code, value, one after the other"
    POSITIONAL = "values only"
    PUSH = "an array of capture objects, then their values"
    DESCRIPTORS = "a structure for each item: an attribute descriptor without a tag, the value"
    TEXT = "lines of text"


@dataclass(frozen=True, slots=True)
class Layout:
    """A list.

    Args:
        shape: How its items are laid out.
        items: The items in order.
        push_setup: Code of the push setup object that leads a list of capture objects.
        setup_attributes: Its attributes in that list: 2 is the list itself, 1 its name.
        wide_rows: Whether capture objects have six fields in place of four.
        scaled: Whether a list of capture objects carries scaler and unit of each register too.
        array: Whether rows stand in an array in place of a structure.
        identification: First line of a telegram of text, without its slash.
        checksum: What a telegram of text ends with.
        flagged: Whether text writes the clock as YYMMDDhhmmss with S or W for summer or winter;
            else as `YYYYMMDD hh:mm:ss`.
    """

    shape: Shape
    items: tuple[Item, ...]
    push_setup: str = "0-8:25.9.0"
    setup_attributes: tuple[int, ...] = (2, 1)
    wide_rows: bool = False
    scaled: bool = False
    array: bool = False
    identification: str = ""
    checksum: P1Checksum = P1Checksum.ARC
    flagged: bool = True


Said: TypeAlias = tuple[Decimal | str, str]
"""A register as a reader has to show it: value in its unit, and the unit."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How a meter names itself.

    Args:
        system_title: Eight bytes: maker's code, device type, serial number.
        number: The meter's number.
        name: The logical device name, for lists that carry it.
    """

    system_title: bytes
    number: str
    name: str = ""

    def says(self, content: Literal["number", "name"]) -> str:
        """Return the number or the name."""
        return self.number if content == "number" else self.name


@dataclass(frozen=True, slots=True)
class Moment:
    """A meter about to make a telegram.

    Args:
        identity: Its names.
        snapshot: What it measures.
        local: What its clock shows, with the offset that this means.
        style: How it fills in a date-time.
    """

    identity: Identity
    snapshot: Snapshot
    local: datetime
    style: Style = COMPLETE

    def measured(self, obis: str) -> Decimal | None:
        """Return what is measured under a code, or under its last three groups.

        Raises:
            KeyError: When nothing is.
        """
        values = self.snapshot.values
        short = obis.partition(":")[2].partition("*")[0]
        return values[obis] if obis in values else values[short]


def obis_bytes(code: str) -> bytes:
    """Return the six bytes of a code.

    Raises:
        ValueError: When the code is not of the form `A-B:C.D.E` or `A-B:C.D.E*F`.
    """
    medium, _, rest = code.partition(":")
    value, _, billing = rest.partition("*")
    groups = [*medium.split("-"), *value.split("."), billing or "255"]
    if len(groups) != 6:  # noqa: PLR2004 -- an OBIS code has six groups
        raise ValueError(f"{code!r} is no OBIS code like 1-0:1.8.0")
    return bytes(int(group) for group in groups)
