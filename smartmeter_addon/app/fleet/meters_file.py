"""The file of meters: a name for each, and the key that reads it. It never goes into the engine."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import voluptuous as vol

from app.config import checks, hints, redaction
from app.config.key_doubts import key_doubts
from app.config.options import OptionsError, read_json
from app.dlms.ciphering import Keys
from app.fleet import subjects
from app.log import Redactor
from app.meters import identity
from app.meters.profile import AUTO


@dataclass(frozen=True, slots=True)
class FleetMeter:
    """One meter.

    Args:
        keys: the operator's keys.
        meter_type: a profile's key, or ``auto``.
        ids: of the meters that may come under the name; empty for those that no other name has.
        home_assistant: whether Home Assistant is told of it.
        device_name: how it is called there; None makes a name of manufacturer and model.
    """

    keys: Keys = field(default_factory=Keys)
    meter_type: str = AUTO
    ids: frozenset[str] = frozenset()
    home_assistant: bool = False
    device_name: str | None = None


_LIKE: Final = '{"meter-1": {"key": "..."}}'


def load(path: Path, meter_types: Collection[str]) -> dict[str, FleetMeter]:
    """Read and check the file of meters.

    Args:
        path: of the file.
        meter_types: the keys of all profiles, and ``auto``.

    Raises:
        OptionsError: it cannot be used; with all problems.
    """
    return parse(read_json(path, "meters", like=_LIKE), meter_types)


def parse(raw: object, meter_types: Collection[str]) -> dict[str, FleetMeter]:
    """Check the meters, by name.

    Raises:
        OptionsError: with all problems.
    """
    if not isinstance(raw, dict):
        given = f"{redaction.kind(raw)} is given"
        raise OptionsError([f"the meters: {given}; wanted is a group by name, like {_LIKE}"])
    meter = checks.group(
        {
            "key": checks.key,
            "auth_key": checks.key,
            "meter_type": checks.one_of(meter_types, hints.meter_type),
            "id": _ids,
            "home_assistant": checks.flag,
            "device_name": checks.text("a name"),
        },
        example=lambda _: f", like {_LIKE}",
    )
    entered = frozenset(redaction.entered_secrets(raw))
    meters: dict[str, FleetMeter] = {}
    errors: list[vol.Invalid] = []
    for name, given in raw.items():
        try:
            meters[_name(name)] = _meter(meter(given))
        except vol.MultipleInvalid as invalid:
            invalid.prepend([name])
            errors += invalid.errors
        except vol.Invalid as invalid:
            invalid.prepend([name])
            errors.append(invalid)
    if errors:
        problems = checks.sentences(vol.MultipleInvalid(errors), entered, Redactor(entered))
        raise OptionsError(problems)
    return meters


def doubts(meters: Mapping[str, FleetMeter]) -> Iterator[str]:
    """Say what can be meant as it stands, but is more likely a mistake."""
    for name, meter in meters.items():
        yield from (f"{name}.{doubt}" for doubt in key_doubts(meter.keys))


def _name(name: str) -> str:
    if not subjects.is_name(name):
        raise vol.Invalid(
            "this is no name; wanted are at most 128 letters, digits and signs, without blanks,"
            " dots, * and >, as it is a part of a NATS subject"
        )
    return name


def _meter(values: dict[str, Any]) -> FleetMeter:
    keys = Keys(values.pop("key", None), values.pop("auth_key", None))
    return FleetMeter(keys, ids=values.pop("id", frozenset()), **values)


def _ids(value: object) -> frozenset[str]:
    """Take the id of a meter, or a list of them; a number as it is printed on the meter will do."""
    return frozenset(map(_id, value if isinstance(value, list) else [value]))


def _id(value: object) -> str:
    wanted = "the meter's id in quotes, as it stands in topics, like 181221234567"
    if not (meter_id := identity.slug(checks.text(wanted)(value))):
        raise checks.Refused(value, f"is given; wanted is {wanted}")
    return meter_id
