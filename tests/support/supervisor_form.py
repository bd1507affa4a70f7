"""How the Supervisor of 2026-08 checks options against a schema before it writes options.json.

A model of its rules, of those types only that the schema of this app has. The real validators are
not on the package index; what is modelled here was read in them and tried on samples.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

_LIST = re.compile(r"list\((.+)\)")
_RANGE = re.compile(r"int\((\d+),(\d+)\)")
_TRUE = {"1", "true", "yes", "on", "enable"}
_FALSE = {"0", "false", "no", "off", "disable"}


class RefusedError(Exception):
    """The options are not valid: they are not saved, or the app is not started with them."""


def merged(defaults: object, given: object) -> Any:  # noqa: ANN401 - as free as options are
    """Lay what the user gave over the defaults: groups deeply, lists as a whole."""
    if isinstance(defaults, dict) and isinstance(given, dict):
        return {
            key: merged(defaults.get(key), given[key]) if key in given else defaults[key]
            for key in [*defaults, *(key for key in given if key not in defaults)]
        }
    return given


def validated(
    config: Mapping[str, Any], given: Mapping[str, object], devices: Collection[str] = ()
) -> dict[str, Any]:
    """Give what lands in options.json.

    Args:
        config: config.yaml.
        given: what the user entered.
        devices: the paths of the serial adapters that are plugged in.

    Raises:
        RefusedError: as the Supervisor does.
    """
    return _group(config["schema"], merged(config["options"], given), devices, "root")


def _group(
    schema: Mapping[str, Any], given: object, devices: Collection[str], where: str
) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise RefusedError(f"expected a dictionary in {where}")
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key not in schema:
            continue  # dropped, with a warning in the Supervisor's log
        kind = schema[key]
        if value is None:  # whether the type ends in ? or not
            raise RefusedError(f"Missing required option '{key}' in {where}")
        if isinstance(kind, list):
            if not isinstance(value, list):
                raise RefusedError(f"expected a list for '{key}' in {where}")
            found[key] = [_one(kind[0], item, devices, key) for item in value]
        else:
            found[key] = _one(kind, value, devices, key)
    for key, kind in schema.items():
        first = kind[0] if isinstance(kind, list) else kind
        optional = isinstance(first, str) and first.endswith("?")
        if key not in found and not optional:
            raise RefusedError(f"Missing option '{key}' in {where}")
    return found


def _one(kind: object, value: object, devices: Collection[str], key: str) -> object:
    if isinstance(kind, dict):
        return _group(kind, value, devices, key)
    if value is None:
        raise RefusedError(f"Missing required option '{key}'")
    kind = str(kind).removesuffix("?")
    if kind in ("str", "password"):
        if not isinstance(value, str):
            raise RefusedError(f"expected str for '{key}'")
        return value
    if kind == "bool":
        return _boolean(value, key)
    if kind == "port":
        return _number(value, key, 1, 65535)
    if limits := _RANGE.fullmatch(kind):
        return _number(value, key, *map(int, limits.groups()))
    choices = _LIST.fullmatch(kind)
    assert choices or kind == "device(subsystem=tty)", kind
    if value not in (choices[1].split("|") if choices else devices):
        raise RefusedError(f"'{value}' does not exist, or is not one of {kind}")
    return value


def _boolean(value: object, key: str) -> bool:
    word = str(value).lower()
    if word not in _TRUE | _FALSE:
        raise RefusedError(f"expected boolean for '{key}'")
    return word in _TRUE


def _number(value: object, key: str, low: int, high: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise RefusedError(f"expected int for '{key}'") from None
    if not low <= number <= high:
        raise RefusedError(f"value of '{key}' must be from {low} to {high}")
    return number
