"""Units (Blue Book, class Register, unit enumeration) and exact scaling."""

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Final

UNITS: Final = {
    1: "a",
    2: "mo",
    3: "wk",
    4: "d",
    5: "h",
    6: "min",
    7: "s",
    8: "deg",
    9: "°C",
    10: "currency",
    11: "m",
    12: "m/s",
    13: "m3",
    14: "m3",
    15: "m3/h",
    16: "m3/h",
    17: "m3/d",
    18: "m3/d",
    19: "l",
    20: "kg",
    21: "N",
    22: "Nm",
    23: "Pa",
    24: "bar",
    25: "J",
    26: "J/h",
    27: "W",
    28: "VA",
    29: "var",
    30: "Wh",
    31: "VAh",
    32: "varh",
    33: "A",
    34: "C",
    35: "V",
    36: "V/m",
    37: "F",
    38: "Ω",
    39: "Ωm2/m",
    40: "Wb",
    41: "T",
    42: "A/m",
    43: "H",
    44: "Hz",
    45: "1/(Wh)",
    46: "1/(varh)",
    47: "1/(VAh)",
    48: "V2h",
    49: "A2h",
    50: "kg/s",
    51: "S",
    52: "K",
    53: "1/(V2h)",
    54: "1/(A2h)",
    55: "1/m3",
    56: "%",
    57: "Ah",
    60: "Wh/m3",
    61: "J/m3",
    62: "Mol%",
    63: "g/m3",
    64: "Pa s",
    65: "J/kg",
    70: "dBm",
    71: "dBµV",
    72: "dB",
    253: "",
    254: "",
    255: "",
}
"""Names by number; 253 to 255 are reserved, other, and no unit."""

_OF_TEXT: Final = (
    *(prefix + base for prefix in ("", "k") for base in ("Wh", "varh", "VAh", "W", "var", "VA")),
    *(prefix + base for prefix in ("", "k") for base in ("V", "A", "Hz")),
    *("kVArh", "kVAr", "MWh", "Mvarh", "MW", "J", "GJ", "MJ", "m3", "dm3", "Nm3"),
)
_BY_LOWER_CASE: Final = {unit.lower(): unit for unit in reversed(_OF_TEXT) if unit[0] != "M"}

Number = int | Decimal

_EXACT: Final = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)
"""Else numbers of more than 28 digits are rounded."""

_PARTS: Final = tuple(Decimal(1).scaleb(-n) for n in range(10))
_SHORT: Final = 10**18
"""Integers below this times any of those are exact in every context that Python begins with."""


def scale(value: Number, exponent: int) -> Number:
    """Give ``value`` times ten to the ``exponent``, exactly."""
    if not exponent:
        return value
    if exponent > 0:
        factor = int(10**exponent)
        return _EXACT.multiply(value, factor) if isinstance(value, Decimal) else value * factor
    if isinstance(value, int) and -len(_PARTS) < exponent and -_SHORT < value < _SHORT:
        return value * _PARTS[-exponent]  # which takes a third of the time
    return Decimal(value).scaleb(exponent, _EXACT)


def scaler_of(number: Number) -> int:
    """Return the power of ten of a number's last digit."""
    return int(number.as_tuple().exponent) if isinstance(number, Decimal) else 0


def of_text(unit: str) -> str:
    """Give a unit of a text telegram as it is usually written; an unknown one as it is.

    Upper and lower case are the same but for the prefix M, which would else be a thousandth.
    """
    if unit in _OF_TEXT:
        return unit
    if unit[:1] == "M" and (mega := "M" + _BY_LOWER_CASE.get(unit[1:].lower(), "")) in _OF_TEXT:
        return mega
    return _BY_LOWER_CASE.get(unit.lower(), unit)
