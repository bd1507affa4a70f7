"""Groups of options as JSON has them, and answers checked by the options' own checks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import voluptuous as vol

from app.transport.address import TcpGateway, parse_url
from app.transport.serial_mode import SerialMode

Raw: TypeAlias = dict[str, Any]

_MAX_PORT: Final = 65535


def text_of(options: Mapping[str, Any], name: str) -> str:
    """Give an option that is a text; empty when it is not given, or is none."""
    value = options.get(name)
    return value.strip() if isinstance(value, str) else ""


def put(options: Raw, name: str, text: str) -> None:
    """Set an option; an empty one is not added where there is none."""
    if text or name in options:
        options[name] = text


def line_of(meter: Mapping[str, Any]) -> str:
    """Give the line that a meter is read from; empty when none is chosen."""
    return text_of(meter, "url") or text_of(meter, "device")


def put_line(meter: Raw, target: str) -> None:
    """Set the line that a meter is read from: a gateway or a device."""
    is_gateway = isinstance(parse_url(target), TcpGateway)
    put(meter, "url", target if is_gateway else "")
    put(meter, "device", "" if is_gateway else target)


def mode_of(meter: Mapping[str, Any]) -> SerialMode | None:
    """Give the serial mode that is set for a meter; None for none."""
    try:
        return SerialMode.parse(text_of(meter, "serial_mode"))
    except ValueError:
        return None


def checked(check: Callable[[object], object], text: str) -> str:
    """Give a text that a check of the options takes, without blanks around it.

    Raises:
        ValueError: the check refuses it.
    """
    try:
        check(text)
    except vol.Invalid as error:
        raise ValueError(str(error)) from None
    return text.strip()


def port(text: str) -> int:
    """Read a port.

    Raises:
        ValueError: it is none.
    """
    number = int(text)
    if not 1 <= number <= _MAX_PORT:
        raise ValueError(f"a port is from 1 to {_MAX_PORT}")
    return number


def number(text: str, choices: Sequence[object]) -> int:
    """Read the number of a choice, counted from 1; give it counted from 0.

    Raises:
        ValueError: it is none.
    """
    chosen = int(text)
    if not 1 <= chosen <= len(choices):
        raise ValueError(f"there are {len(choices)} choices")
    return chosen - 1
