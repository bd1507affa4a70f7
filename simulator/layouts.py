"""The lists of the real ones: which registers each operator's meters send, in which order.

What is known comes from operators' interface descriptions and from captures; texts, such as
versions and messages, are made up in the form of the real ones.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from simulator import axdr
from simulator.axdr import Node, Type
from simulator.links import P1Checksum
from simulator.lists import (
    GAS,
    HEAT,
    WATER,
    Behind,
    Clock,
    Constant,
    Field,
    Gap,
    Item,
    Layout,
    Line,
    Part,
    Register,
    Shape,
    Text,
    Unit,
)

_W, _WH, _VAR, _VARH = Unit.W, Unit.WH, Unit.VAR, Unit.VARH
_U16, _U32, _I64, _U64 = Type.UINT16, Type.UINT32, Type.INT64, Type.UINT64
_ALL_PHASES = (1, 2, 3)
_TARIFFS = ("8.0", "8.1", "8.2")


def _voltages(scaler: int, *phases: int, type_: Type = _U16) -> tuple[Register, ...]:
    return tuple(
        Register(f"1-0:{20 * phase + 12}.7.0", type_, Unit.V, scaler)
        for phase in phases or _ALL_PHASES
    )


def _currents(*phases: int, scaler: int = -2, type_: Type = _U16) -> tuple[Register, ...]:
    return tuple(
        Register(f"1-0:{20 * phase + 11}.7.0", type_, Unit.A, scaler)
        for phase in phases or _ALL_PHASES
    )


def _registers(
    unit: Unit, *codes: str, medium: str = "1-0", type_: Type = _U32, scaler: int = 0
) -> tuple[Register, ...]:
    return tuple(Register(f"{medium}:{code}", type_, unit, scaler) for code in codes)


def _power_factor(
    type_: Type, scaler: int = -3, code: str = "1-0:13.7.0", *, magnitude: bool = False
) -> Register:
    return Register(code, type_, Unit.COUNT, scaler, magnitude=magnitude)


def _powers(groups: tuple[int, ...] = (1, 2, 3, 4), medium: str = "1-0") -> tuple[Register, ...]:
    """Powers by group C: 1 and 2 real, 3 and 4 reactive."""
    return tuple(
        Register(f"{medium}:{group}.7.0", _U32, _W if group in {1, 2} else _VAR) for group in groups
    )


def _energies(
    groups: tuple[int, ...] = (1, 2, 3, 4), medium: str = "1-0", scaler: int = 0, type_: Type = _U32
) -> tuple[Register, ...]:
    """Energies by group C: 1 and 2 real, others reactive."""
    return tuple(
        Register(f"{medium}:{group}.8.0", type_, _WH if group in {1, 2} else _VARH, scaler)
        for group in groups
    )


def _phase_powers(*phases: int, reactive: bool = True) -> tuple[Register, ...]:
    """Powers of each phase, taken and given."""
    return tuple(
        Register(f"1-0:{20 * phase + group}.7.0", _U32, _W if group in {1, 2} else _VAR)
        for phase in phases or _ALL_PHASES
        for group in ((1, 2, 3, 4) if reactive else (1, 2))
    )


# --- Netz NÖ, Tyrol, Vorarlberg, Salzburg ---------------------------------------------------


def netznoe(power_factor: Type) -> Layout:
    """The 35 elements of Netz NÖ: clock and number stand bare, eleven values between them."""
    return Layout(
        Shape.FLAT,
        (
            Clock(),
            *_registers(_WH, "1.8.0", "2.8.0"),
            *_registers(_W, "1.7.0", "2.7.0"),
            *_voltages(-1),
            *_currents(),
            _power_factor(power_factor, magnitude=power_factor is Type.UINT16),
            Text("number"),
        ),
    )


def tinetz(*phases: int) -> Layout:
    """The 16 elements (12 with one phase) of Tinetz, Vorarlberg and Salzburg."""
    return Layout(
        Shape.NESTED,
        (
            Clock("0-0:1.0.0"),
            Text("number", "0-0:96.1.0"),
            Text("name", "0-0:42.0.0"),
            *_voltages(-1, *phases),
            *_currents(*phases),
            *_registers(_W, "1.7.0", "2.7.0"),
            *_energies(),
        ),
    )


# --- Netz Burgenland, Wiener Netze, Styria, Klagenfurt, Carinthia, Upper Austria ------------

_NO_CURRENT_ANGLE = 400
_BURGENLAND = (
    *_voltages(0),
    *_currents(),
    *_registers(_W, "1.7.0", "2.7.0"),
    *_registers(_WH, "1.8.0", "2.8.0"),
)
_BURGENLAND_ANGLES = tuple(
    Register(f"1-0:81.7.{pair}", _U16, Unit.DEGREE, absent=_NO_CURRENT_ANGLE)
    for pair in (40, 51, 62)
)
_NUMBER = Text("number", "0-0:96.1.0")
_NAME = Text("name", "0-0:42.0.0")
_CLOCK = Clock("0-0:1.0.0")

BURGENLAND_14 = Layout(Shape.POSITIONAL, (*_BURGENLAND, *_BURGENLAND_ANGLES, _NUMBER))
BURGENLAND_11 = Layout(Shape.POSITIONAL, (*_BURGENLAND, _NUMBER))

WIEN_9 = Layout(Shape.POSITIONAL, (_CLOCK, *_energies(), *_powers()))
WIEN_10 = Layout(Shape.POSITIONAL, (_NAME, *WIEN_9.items))


def steiermark(*groups: int) -> Layout:
    """Pairs of code and value: each direction's counter, its two tariffs, and its power."""
    items: list[Item] = [Clock()]
    for group in groups:
        energy, power = (_WH, _W) if group in {1, 2} else (_VARH, _VAR)
        items += _registers(energy, *(f"{group}.{tariff}" for tariff in _TARIFFS))
        items += _registers(power, f"{group}.7.0")
    return Layout(Shape.PAIRS, tuple(items))


KLAGENFURT = Layout(
    Shape.PUSH,
    (
        _NUMBER,
        _CLOCK,
        *_registers(_W, "1.7.0", "2.7.0"),
        *_registers(_WH, "1.8.0", "2.8.0"),
        *_registers(_VAR, "3.7.0", "4.7.0"),
        *_registers(_VARH, "3.8.0", "4.8.0"),
        *_currents(),
        *_voltages(0),
    ),
)

_WELS: tuple[Item, ...] = (
    Constant(None, axdr.octet_string(bytes.fromhex("0006190900FF"))),
    _NUMBER,
    Clock(part=Part.TIME),
    Clock(part=Part.DATE),
    *_energies(),
    *_powers((1, 2)),
)
WELS_10 = Layout(Shape.POSITIONAL, _WELS)
KAERNTEN_12 = Layout(
    Shape.POSITIONAL,
    (
        *_WELS,
        Constant("0-0:96.13.0", axdr.octet_string(b"")),
        Constant("0-0:96.13.1", axdr.octet_string(b"")),
    ),
)

# --- Slovenia and Croatia, and a list with codes of unknown origin --------------------------

_SLOVENIA_NAME = Text("name", "0-0:42.0.0", numbered=True)


def _slovenia(list_name: bytes, *items: Item) -> Layout:
    """A list of Slovenian meters: the meter's name, that of the list, values."""
    return Layout(
        Shape.POSITIONAL, (_SLOVENIA_NAME, Constant(None, axdr.octet_string(list_name)), *items)
    )


SLOVENIA_18 = _slovenia(
    b"16820005",
    *_powers(),
    *_voltages(-1),
    *_currents(),
    *_registers(_W, "21.7.0", "41.7.0", "61.7.0", "22.7.0", "42.7.0", "62.7.0"),
)
SLOVENIA_12_ENERGIES = _slovenia(
    b"16820006",
    Constant("0-0:96.3.10", axdr.enum(1)),
    Constant("0-0:96.14.0", axdr.octet_string(b"\0\1"), said="0001"),
    *_registers(_WH, "1.8.0", "1.8.1", "1.8.2", "2.8.0", "2.8.1", "2.8.2"),
    *_registers(_VARH, "3.8.0", "4.8.0"),
)
SLOVENIA_12_INSTANT = _slovenia(b"UP_3f", *_voltages(-1), *_currents(), *_powers())
SLOVENIA_10_INSTANT = _slovenia(
    b"ISK84600001",
    *_powers(),
    *_voltages(-1, 1),
    *_currents(1),
    *_registers(_W, "21.7.0", "22.7.0"),
)
SLOVENIA_10_ENERGIES = _slovenia(
    b"16820007",
    *_registers(_WH, "1.8.1", "1.8.2", "2.8.1", "2.8.2"),
    *_registers(_VARH, "3.8.1", "3.8.2", "4.8.1", "4.8.2"),
)
SLOVENIA_9_INSTANT = _slovenia(
    b"ISK84600001", *_powers(), *_voltages(-1, 1), *_registers(_WH, "2.8.1", "2.8.2")
)
SLOVENIA_9_ENERGIES = Layout(
    Shape.POSITIONAL,
    (
        _SLOVENIA_NAME,
        *_powers((1, 2)),
        *_registers(_WH, "1.8.0", "1.8.1", "1.8.2", "2.8.0", "2.8.1", "2.8.2"),
    ),
)
SLOVENIA_8 = _slovenia(b"ISK84600001", *_voltages(-1, 1), *_currents(1), *_powers())
SLOVENIA_4 = Layout(
    Shape.POSITIONAL,
    (_NUMBER, Constant(None, Node(Type.UINT8, 0)), *_registers(_WH, "1.8.0", "2.8.0")),
)

_CROATIA_BEGIN: tuple[Item, ...] = (
    _NUMBER,
    Clock(part=Part.TIME),
    Clock(part=Part.DATE),
    *_registers(_WH, "1.8.0", "1.8.1", "1.8.2", "2.8.0", "2.8.1", "2.8.2"),
)
_CROATIA_END: tuple[Item, ...] = (
    *_registers(_W, "21.7.0", "41.7.0", "61.7.0", "22.7.0", "42.7.0", "62.7.0"),
    *_voltages(-1),
    *_currents(),
    Constant("0-0:17.0.0", axdr.uint32(17250), unit=_W),
    *(Constant(None, axdr.array(axdr.uint16(9400))),) * 3,
    Constant("0-0:96.3.10", Node(Type.BOOLEAN, True)),  # noqa: FBT003 - the value itself
)
CROATIA_33 = Layout(
    Shape.POSITIONAL,
    (
        *_CROATIA_BEGIN,
        *_registers(_VARH, "5.8.0", "6.8.0", "7.8.0", "8.8.0"),
        *_powers((1, 2)),
        _power_factor(_U16, -3, magnitude=True),
        *_CROATIA_END,
    ),
)
CROATIA_28 = Layout(Shape.POSITIONAL, (*_CROATIA_BEGIN, *_powers((1, 2)), *_CROATIA_END))

AM550_ROWS = Layout(
    Shape.ROWS,
    (
        _NUMBER,
        Constant("0-0:96.1.1", axdr.octet_string(b"210417")),  # six digits, and no code
        *_powers((1, 2)),
        *_energies((1, 2)),
        *_voltages(-1),
        *_currents(),
        *_registers(_WH, "1.8.1", "1.8.2", "2.8.1", "2.8.2"),
    ),
)

# --- Switzerland ----------------------------------------------------------------------------

_QUADRANTS = (5, 6, 7, 8)

E450_SWISS = Layout(
    Shape.PUSH,
    (
        _NUMBER,
        *_powers((1, 2)),
        *_energies((1, 2, *_QUADRANTS), "1-1"),
        *_currents(),
    ),
)
E450_SWISS_POWER_FACTOR = Layout(
    Shape.PUSH,
    (
        _NAME,
        Text("number", "0-0:96.1.1"),
        _CLOCK,
        *_powers(),
        *_energies((1, 2, *_QUADRANTS), "1-1"),
        _power_factor(_U16, magnitude=True),
    ),
)
E570_SWISS = Layout(
    Shape.PUSH,
    (
        _NAME,
        _CLOCK,
        *_registers(_W, "1.7.0", "2.7.0", type_=_I64),
        *_registers(_VAR, "3.7.0", "4.7.0", type_=_I64),
        *_energies((1, 2, *_QUADRANTS), "1-1", type_=_U64),
        *_currents(scaler=0, type_=_I64),
        _power_factor(Type.INT16),
    ),
)
E360_SWISS = Layout(
    Shape.PUSH,
    (
        _NAME,
        *_energies(medium="1-1"),
        *_powers((1, 2)),
        *_voltages(-1, 1, 3, 2),  # in this order
        *_currents(),
    ),
    push_setup="0-6:25.9.0",
    setup_attributes=(2,),
)
AM550_SWISS = Layout(
    Shape.PUSH,
    (
        _NAME,
        Text("number", "0-0:96.1.1"),
        _CLOCK,
        *_powers(medium="1-1"),
        *(
            register
            for group in (1, 2, *_QUADRANTS)
            for register in _registers(
                _WH if group in {1, 2} else _VARH,
                *(f"{group}.{tariff}" for tariff in _TARIFFS),
                medium="1-1",
            )
        ),
        _power_factor(_U16, magnitude=True),
    ),
    push_setup="0-6:25.9.0",
)

# --- The Nordic countries -------------------------------------------------------------------


def _constant(obis: str | None, text: str, type_: Type = Type.OCTET_STRING) -> Constant:
    value = text if type_ is Type.VISIBLE_STRING else text.encode("ascii")
    return Constant(obis, Node(type_, value))


def _kaifa_nordic(*items: Item, phases: tuple[int, ...] = _ALL_PHASES) -> Layout:
    return Layout(
        Shape.POSITIONAL,
        (
            _constant("1-1:0.2.129", "KFM_001"),
            _NUMBER,
            _constant("0-0:96.1.7", "MA304H3E"),
            *_powers(),
            *_currents(*phases, scaler=-3, type_=_U32),
            *_voltages(-1, *phases, type_=_U32),
            *items,
        ),
    )


KAIFA_NORDIC_1 = Layout(Shape.POSITIONAL, _registers(_W, "1.7.0"))
KAIFA_NORDIC_9 = _kaifa_nordic(phases=(1,))
KAIFA_NORDIC_13 = _kaifa_nordic()
KAIFA_NORDIC_14 = _kaifa_nordic(_CLOCK, *_energies(), phases=(1,))
KAIFA_NORDIC_18 = _kaifa_nordic(_CLOCK, *_energies())
KAIFA_NORDIC_18_LONG = _kaifa_nordic(_CLOCK, *_energies(type_=_U64))
KAIFA_SWEDEN = Layout(
    Shape.PAIRS,
    (
        _constant("1-0:0.2.129", "KFM_001"),
        _NUMBER,
        _constant("0-0:96.1.7", "MA304H4"),
        *KAIFA_NORDIC_18.items[3:],
    ),
)


def _kamstrup_registers(*registers: Register) -> tuple[Register, ...]:
    return tuple(
        Register(one.obis.replace("1-0:", "1-1:"), one.type, one.unit, one.scaler, one.absent)
        for one in registers
    )


_VISIBLE = Type.VISIBLE_STRING
_KAMSTRUP_VERSION = _constant(None, "Kamstrup_V0001", _VISIBLE)
_KAMSTRUP_HEAD: tuple[Item, ...] = (
    _KAMSTRUP_VERSION,
    Text("number", "1-1:0.0.5", _VISIBLE),
    _constant("1-1:96.1.1", "6841131BN243100990", _VISIBLE),
    *_powers(medium="1-1"),
)
_KAMSTRUP_ENERGIES = _energies(medium="1-1", scaler=1)
KAMSTRUP_NORDIC = Layout(
    Shape.PAIRS,
    (
        *_KAMSTRUP_HEAD,
        *_kamstrup_registers(*_currents(type_=_U32), *_voltages(0)),
    ),
)
KAMSTRUP_NORDIC_HOURLY = Layout(
    Shape.PAIRS,
    (*KAMSTRUP_NORDIC.items, Clock("0-1:1.0.0"), *_KAMSTRUP_ENERGIES),
)
KAMSTRUP_NORDIC_1 = Layout(
    Shape.PAIRS,
    (
        *_KAMSTRUP_HEAD,
        *_kamstrup_registers(*_currents(1, type_=_U32)),
        Gap(4),
        *_kamstrup_registers(*_voltages(0, 1)),
        Gap(4),
    ),
)
KAMSTRUP_DANISH = Layout(
    Shape.PAIRS,
    (
        _KAMSTRUP_VERSION,
        *_KAMSTRUP_ENERGIES,
        Text("number", "1-1:0.0.1", _U32),
        *_powers(medium="1-1"),
        Clock("0-1:1.0.0"),
        *_kamstrup_registers(*_voltages(0), *_currents(type_=_U32)),
        *_registers(_W, "21.7.0", "41.7.0", "61.7.0", medium="1-1"),
        *(
            _power_factor(_U16, -2, f"1-1:{group}.7.0", magnitude=True)
            for group in (33, 53, 73, 13)
        ),
        *_registers(_W, "22.7.0", "42.7.0", "62.7.0", medium="1-1"),
        *_registers(_WH, "22.8.0", "42.8.0", "62.8.0", medium="1-1", scaler=1),
        *_registers(_WH, "21.8.0", "41.8.0", "61.8.0", medium="1-1", scaler=1),
    ),
)


def _aidon(*items: Item) -> Layout:
    return Layout(Shape.ROWS, items, array=True)


_AIDON_HEAD: tuple[Item, ...] = (
    _constant("1-1:0.2.129", "AIDON_V0001", _VISIBLE),
    Text("number", "0-0:96.1.0", _VISIBLE),
    _constant("0-0:96.1.7", "6525", _VISIBLE),
)
_AIDON_CURRENT = Type.INT16
AIDON_NORWAY = _aidon(
    *_AIDON_HEAD, *_powers(), *_currents(scaler=-1, type_=_AIDON_CURRENT), *_voltages(-1)
)
AIDON_NORWAY_1 = _aidon(
    *_AIDON_HEAD, *_powers(), *_currents(1, scaler=-1, type_=_AIDON_CURRENT), *_voltages(-1, 1)
)
AIDON_NORWAY_HOURLY = _aidon(*AIDON_NORWAY.items, _CLOCK, *_energies(scaler=1))
AIDON_SWEDEN = _aidon(
    _CLOCK,
    *_powers(),
    *_currents(scaler=-1, type_=_AIDON_CURRENT),
    *_voltages(-1),
    *_phase_powers(),
    *_energies(),
)

ZMF100_DANISH = _aidon(
    _constant("1-1:0.2.129", "EMBRIQ_V1_0", _VISIBLE),
    Text("number", "0-0:96.1.0", _VISIBLE, size=16),
    _constant("0-0:96.1.7", "ZMF1", _VISIBLE),
    *_powers(),
    *_currents(type_=Type.INT16),
    *_voltages(-2),
    _CLOCK,
    *_energies(medium="0-0"),  # the medium is the published dump's
)

# --- The Czech Republic and Russia ----------------------------------------------------------


def _switch(obis: str) -> Constant:
    return Constant(obis, axdr.enum(1), class_id=70, attribute=3)


XT211_EGD = Layout(
    Shape.DESCRIPTORS,
    (
        Constant(None, axdr.enum(1)),
        Text("number", "0-0:96.1.1"),
        _switch("0-0:96.3.10"),
        Constant("0-0:17.0.0", axdr.uint32(0), class_id=71, attribute=3),
        *(_switch(f"0-{channel}:96.3.10") for channel in (1, 2, 3, 4)),
        _constant("0-0:96.14.0", "T2"),
        *_registers(_W, "1.7.0", "21.7.0", "41.7.0", "61.7.0"),
        *_registers(_W, "2.7.0", "22.7.0", "42.7.0", "62.7.0"),
        *_registers(_WH, "1.8.0", "1.8.1", "1.8.2", "1.8.3", "1.8.4", "2.8.0"),
    ),
)

_ENERGOMERA_HEAD = (
    Constant("0-0:96.5.134", axdr.enum(1)),
    _NAME,
    Text("number", "0-0:96.1.0", size=32),
)
ENERGOMERA_EVENT = Layout(
    Shape.PUSH,
    (
        *_ENERGOMERA_HEAD,
        Constant("0-0:97.98.0", axdr.uint32(16)),
        Constant("0-0:97.98.10", axdr.uint32(65535)),
        Constant(
            "0-0:96.5.135",
            axdr.structure(axdr.octet_string(bytes.fromhex("0000636204FF")), axdr.uint16(3)),
            said='["0000636204FF", 3]',
        ),
    ),
    push_setup="0-0:25.9.0",
    setup_attributes=(2,),
    wide_rows=True,
)
ENERGOMERA_SCALED = Layout(
    Shape.PUSH,
    (
        *_ENERGOMERA_HEAD,
        *_registers(_W, "1.7.0", "2.7.0", scaler=-1),
        *_energies(),
        *_voltages(-2, type_=_U32),
        *_currents(scaler=-3, type_=_U32),
    ),
    push_setup="0-0:25.9.0",
    setup_attributes=(2,),
    wide_rows=True,
    scaled=True,
)

# --- Text -----------------------------------------------------------------------------------


def _fields(unit: str, whole: int, places: int, *codes: str) -> tuple[Field, ...]:
    return tuple(Field(f"1-0:{code}", unit, whole, places) for code in codes)


_PHASE_GROUPS = (20, 40, 60)


def _of_phases(unit: str, whole: int, places: int, *groups: int) -> tuple[Field, ...]:
    """The same quantities of each phase, quantity by quantity."""
    codes = (f"{phase + group}.7.0" for group in groups for phase in _PHASE_GROUPS)
    return _fields(unit, whole, places, *codes)


_DUTCH_NUMBER = Text("number", "0-0:96.1.1", coded=True)
_DUTCH_ENERGIES = ("1.8.1", "1.8.2", "2.8.1", "2.8.2")
_MESSAGE = Line("0-0:96.13.0", "()")

DSMR5 = Layout(
    Shape.TEXT,
    (
        Line("1-3:0.2.8", "(50)"),
        _CLOCK,
        _DUTCH_NUMBER,
        *_fields("kWh", 6, 3, *_DUTCH_ENERGIES),
        Line("0-0:96.14.0", "(0002)"),
        *_fields("kW", 2, 3, "1.7.0", "2.7.0"),
        Line("0-0:96.7.21", "(00013)"),
        Line("0-0:96.7.9", "(00000)"),
        Line("1-0:99.97.0", "(0)(0-0:96.7.19)", "(0)(0-0:96.7.19)"),
        *(Line(f"1-0:{group}.32.0", "(00000)") for group in (32, 52, 72)),
        *(Line(f"1-0:{group}.36.0", "(00000)") for group in (32, 52, 72)),
        _MESSAGE,
        *_of_phases("V", 4, 1, 12),
        *_of_phases("A", 3, 2, 11),
        *_of_phases("kW", 2, 3, 1, 2),
        Behind(1, GAS),
    ),
    identification=r"XMX5\2MT382-0990",
)
DSMR5_ONE_PHASE = Layout(
    Shape.TEXT,
    (
        *DSMR5.items[:8],
        *_fields("kW", 2, 3, "1.7.0", "2.7.0"),
        *_fields("V", 3, 1, "32.7.0"),
        *_fields("A", 3, 0, "31.7.0"),
        *_fields("kW", 2, 3, "21.7.0", "22.7.0"),
    ),
    identification=r"KFM5KAIFA-METER",
)
_PEAKS = (
    "(2)(1-0:1.6.0)(1-0:1.6.0)(200401000000S)(200305122139W)(05.980*kW)"
    "(200501000000S)(200423192538S)(03.695*kW)"
)
DSMR5_BELGIUM = Layout(
    Shape.TEXT,
    (
        Line("0-0:96.1.4", "(50217)"),
        _DUTCH_NUMBER,
        _CLOCK,
        *_fields("kWh", 6, 3, *_DUTCH_ENERGIES),
        Line("1-0:1.4.0", "(02.351*kW)", Decimal("2.351"), "kW"),
        Line("1-0:1.6.0", "(200509134558S)(02.589*kW)", Decimal("2.589"), "kW"),
        Line("0-0:98.1.0", _PEAKS, said=_PEAKS),
        Line("0-0:96.14.0", "(0001)"),
        *_fields("kW", 2, 3, "1.7.0", "2.7.0"),
        *_of_phases("kW", 2, 3, 1, 2),
        *_of_phases("V", 3, 1, 12),
        *_of_phases("A", 3, 2, 11),
        Line("0-0:96.3.10", "(1)"),
        Line("0-0:17.0.0", "(999.9*kW)", Decimal("999.9"), "kW"),
        Line("1-0:31.4.0", "(999*A)", Decimal(999), "A"),
        _MESSAGE,
        Behind(1, GAS, "24.2.3", "96.1.1"),
        Behind(2, WATER, "24.2.1", "96.1.1"),
    ),
    identification=r"FLU5\990769484_A",
)


def _swedish(
    identification: str,
    *,
    reactive: str = "kVAr",
    phase_by_phase: bool = False,
    flagged: bool = True,
) -> Layout:
    """The lines of Sweden.

    Args:
        identification: See `Layout`.
        reactive: How the maker spells the unit of reactive power.
        phase_by_phase: Whether both directions of a phase stand together.
        flagged: See `Layout`.
    """
    powers = [
        *_of_phases("kW", 4, 3, 1, 2),
        *_of_phases(reactive, 4, 3, 3, 4),
    ]
    if phase_by_phase:
        powers = [
            powers[6 * half + 3 * group + n]
            for half in (0, 1)
            for n in (0, 1, 2)
            for group in (0, 1)
        ]
    return Layout(
        Shape.TEXT,
        (
            _CLOCK,
            *_fields("kWh", 8, 3, "1.8.0", "2.8.0"),
            *_fields(f"{reactive}h", 8, 3, "3.8.0", "4.8.0"),
            *_fields("kW", 4, 3, "1.7.0", "2.7.0"),
            *_fields(reactive, 4, 3, "3.7.0", "4.7.0"),
            *powers,
            *_of_phases("V", 3, 1, 12),
            *_of_phases("A", 3, 1, 11),
        ),
        identification=identification,
        flagged=flagged,
    )


DSMR5_SWEDEN = _swedish(r"ELL5\990833635_A", reactive="kvar")
E360_TEXT = _swedish("LGF5E360", phase_by_phase=True)
KAMSTRUP_TEXT = _swedish("KAM5")
AIDON_TEXT = _swedish("ADN9 6534")
NES_TEXT = _swedish("NES5:83335-3E", phase_by_phase=True, flagged=False)

DSMR2 = Layout(
    Shape.TEXT,
    (
        _DUTCH_NUMBER,
        *_fields("kWh", 5, 3, *_DUTCH_ENERGIES),
        Line("0-0:96.14.0", "(0002)"),
        *_fields("kW", 3, 2, "1.7.0", "2.7.0"),
        Line("0-0:17.0.0", "(016*A)", Decimal(16), "A"),
        Line("0-0:96.3.10", "(1)"),
        Line("0-0:96.13.1", "(303132333435363738)"),
        _MESSAGE,
        Behind(1, GAS, "24.3.0", own_line=True),
    ),
    identification=r"XMX2\2MT382-0990",
    checksum=P1Checksum.NONE,
)
DSMR2_HEAT = Layout(
    Shape.TEXT,
    (*DSMR2.items[:-1], Behind(2, HEAT, "24.3.0", own_line=True)),
    identification=r"XMX2\2MT382-0991",
    checksum=P1Checksum.NONE,
)

Q3D = Layout(
    Shape.TEXT,
    (
        Text("number", "1-0:0.0.0*255"),
        *_fields("kWh", 8, 7, "1.8.0*255", "2.8.0*255"),
        *_fields("W", 6, 2, "21.7.0*255", "41.7.0*255", "61.7.0*255", "1.7.0*255"),
        Line("1-0:96.5.5*255", "(80)"),
        Line("0-0:96.1.255*255", "(1ESY1399002565)"),
    ),
    identification="ESY5Q3DB1024 V3.04",
    checksum=P1Checksum.NONE,
)

SAGEMCOM_STYRIA = Layout(
    Shape.TEXT,
    (
        Line("1-3:0.2.8", "(50)"),
        _CLOCK,
        *(
            field
            for group, unit in ((1, "W"), (2, "W"), (3, "var"), (4, "var"))
            for field in (
                *_fields(f"{unit}h", 9, 0, *(f"{group}.{tariff}" for tariff in _TARIFFS)),
                *_fields(unit, 9, 0, f"{group}.7.0"),
            )
        ),
    ),
    identification=r"EST5\990710000_A",
)
SAGEMCOM_LUXEMBOURG = Layout(
    Shape.TEXT,
    (
        Line("1-3:0.2.8", "(42)"),
        _CLOCK,
        Text("name", "0-0:42.0.0", coded=True),
        *_fields("kWh", 6, 3, "1.8.0", "2.8.0"),
        *_fields("kvarh", 6, 3, "3.8.0", "4.8.0"),
        *_fields("kW", 2, 3, "1.7.0", "2.7.0"),
        *_fields("kvar", 2, 3, "3.7.0", "4.7.0"),
        Line("0-0:17.0.0", "(77.376*kVA)", Decimal("77.376"), "kVA"),
        Line("0-0:96.3.10", "(1)"),
        Line("0-0:96.7.21", "(00069)"),
        *(Line(f"1-0:{group}.32.0", "(00044)") for group in (32, 52, 72)),
        *(Line(f"0-0:96.13.{number}", "()") for number in (0, 2, 3, 4, 5)),
        *_of_phases("A", 3, 0, 11),
    ),
    identification=r"Lux5\990663629_D",
)
_HISTORY = "(230701000000S)(000040.777*kWh)(000008.950*kWh)(02.156*kW)"
SAGEMCOM_HUNGARY = Layout(
    Shape.TEXT,
    (
        _CLOCK,
        Text("name", "0-0:42.0.0", coded=True),
        Text("number", "0-0:96.1.0", coded=True),
        Line("0-0:96.14.0", "(0001)"),
        Line("0-0:96.3.10", "(1)"),
        Line("0-0:17.0.0", "(90.000*kW)", Decimal(90), "kW"),
        *_fields("kWh", 6, 3, *(f"{group}.8.{tariff}" for group in (1, 2) for tariff in range(5))),
        *_fields("kvarh", 6, 3, *(f"{group}.8.0" for group in range(3, 9))),
        *_fields("kWh", 6, 3, "15.8.0"),
        *_of_phases("V", 3, 1, 12),
        *_of_phases("A", 3, 0, 11),
        *_fields("", 1, 3, "13.7.0", "33.7.0", "53.7.0", "73.7.0"),
        *_fields("Hz", 2, 2, "14.7.0"),
        *_fields("kW", 2, 3, "1.7.0", "2.7.0"),
        *_fields("kvar", 2, 3, *(f"{group}.7.0" for group in (5, 6, 7, 8))),
        Line("0-0:98.1.0", _HISTORY, said=_HISTORY),
        _MESSAGE,
    ),
    identification="SAG5SAG-METER",
)
AM550_TEXT = Layout(
    Shape.TEXT,
    (
        _NUMBER,
        Line("0-0:97.97.0", "(00000000)"),
        Clock("1-0:0.9.1", Part.TIME),
        Clock("1-0:0.9.2", Part.DATE),
        *_fields("kWh", 6, 3, "1.8.0", "1.8.1", "1.8.2", "2.8.0", "2.8.1", "2.8.2"),
        *_fields("kW", 2, 3, "1.7.0", "21.7.0", "41.7.0", "61.7.0"),
        *_fields("kW", 2, 3, "2.7.0", "22.7.0", "42.7.0", "62.7.0"),
        *_of_phases("V", 5, 1, 12),
        *_of_phases("A", 3, 0, 11),
    ),
    identification=r"ISK9\2M551T-990",
    checksum=P1Checksum.NONE,
)
AM550_TEXT_ZEROS = replace(AM550_TEXT, checksum=P1Checksum.ZEROS)
HOLLEY = Layout(
    Shape.TEXT,
    (
        Line("1-3:0.2.8", "(50)"),
        _CLOCK,
        *_fields("kWh", 8, 3, "1.8.0", "1.8.1", "1.8.2", "2.8.0"),
        *_fields("kvarh", 8, 3, "3.8.0", "4.8.0"),
        *_of_phases("V", 6, 2, 12),
        *_of_phases("A", 6, 2, 11),
        *_fields("", 1, 3, "13.7.0"),
        *_fields("kW", 6, 3, "1.7.0", "2.7.0"),
    ),
    identification="HLY5/D545-METER",
    checksum=P1Checksum.X25,
)
AUX5 = Layout(
    Shape.TEXT,
    (
        _CLOCK,
        Text("number", "0-0:96.1.0"),
        Line("0-0:96.14.0", "(0001)"),
        Line("0-0:96.50.68", "(ON)"),
        *_fields("kWh", 6, 3, "1.8.0", "1.8.1", "1.8.2", "2.8.0", "15.8.0"),
        *_of_phases("V", 3, 1, 12),
        *_of_phases("A", 3, 0, 11),
        *_fields("kW", 2, 3, "1.7.0", "2.7.0"),
        Line("0-0:96.13.0", "(" + "\xff" * 1024 + ")", shown=False),
    ),
    identification="AUX59900000017",
)
