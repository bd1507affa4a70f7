"""JSON text of exact numbers.

The json module of the standard library writes a Decimal only by way of a float, and 233.7 V is not
a float. This writer keeps every digit that was measured.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring


class Object:
    """An object whose members are written already.

    Args:
        members: texts of one or more members each, such as `member` gives; empty ones are none.
    """

    __slots__ = ("members",)

    def __init__(self, *members: str) -> None:
        self.members = members


class Form:
    """JSON text with gaps, for values that are always written in the same surroundings.

    Args:
        parts: what stands before each gap, and behind the last one.
    """

    __slots__ = ("_form",)

    def __init__(self, parts: Iterable[str]) -> None:
        self._form = "%s".join(part.replace("%", "%%") for part in parts)

    def filled(self, texts: tuple[str, ...]) -> str:
        """Write JSON texts into all gaps."""
        return self._form % texts


def dumps(value: object) -> str:
    """Write a value as JSON, laid out as ``json.dumps(value, ensure_ascii=False)`` does.

    A Decimal is written without exponent and without trailing zeros behind the point: 233.70 as
    233.7, 4.40E+3 as 4400.

    Args:
        value: Decimal, int, str, bool, None, `Object`, or a dict (with str keys) or list of those.

    Raises:
        TypeError: something else is in there; floats are refused, too.
        ValueError: a Decimal that is no number (NaN, infinity).
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)  # not the name of an enum's member
    if isinstance(value, dict):
        return whole(member(k, v) for k, v in value.items())
    if isinstance(value, list):
        return "[" + ", ".join(map(dumps, value)) + "]"
    if isinstance(value, Object):
        return whole(value.members)
    raise TypeError(f"{type(value).__name__} has no exact JSON text")


def whole(members: Iterable[str]) -> str:
    """Write an object of its members; see `Object`."""
    return "{" + ", ".join(filter(None, members)) + "}"


def member(key: object, value: object) -> str:
    """Write a member of an object; see `dumps` for the value.

    Raises:
        TypeError: the key is no str, or there is a value of another type.
        ValueError: a Decimal that is no number.
    """
    return name(key) + dumps(value)


def name(key: object) -> str:
    """Write a member of an object up to its value.

    Raises:
        TypeError: the key is no str.
    """
    if not isinstance(key, str):
        raise TypeError(f"a JSON object's keys are str, not {type(key).__name__}")
    return encode_basestring(key) + ": "


@lru_cache(maxsize=512)
def scaled(count: int, exponent: int) -> str:
    """Write an integer times a power of ten, as `dumps` writes a Decimal.

    Of the values of a meter most are what they were in the telegram before.
    """
    if exponent >= 0:
        return str(count * 10**exponent)
    digits = str(count).zfill(1 - exponent + (count < 0))
    return f"{digits[:exponent]}.{digits[exponent:]}".rstrip("0").rstrip(".")


def _decimal(number: Decimal) -> str:
    if not number.is_finite():
        raise ValueError("JSON knows neither NaN nor infinity")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
