"""Options as users enter them, and the sentences that refuse wrong ones."""

from typing import Any

import pytest

from app.config.options import OptionsError, parse

METER_TYPES = ("auto", "kaifa", "sagemcom", "e450")
KEY = "36C66639E48A8CA4D6BC8B282A793BBB"
PEM_KEY = f"-----BEGIN PRIVATE KEY-----\n{'k1' * 32}\n{'k2' * 20}\n-----END PRIVATE KEY-----\n"
PEM_CERTIFICATE = f"-----BEGIN CERTIFICATE-----\n{'c1' * 32}\n-----END CERTIFICATE-----\n"


def problems(raw: object) -> tuple[str, ...]:
    with pytest.raises(OptionsError) as caught:
        parse(raw, METER_TYPES)
    assert str(caught.value) == "\n".join(caught.value.problems)
    assert caught.value.__cause__ is None
    return caught.value.problems


def problem(raw: object) -> str:
    (only,) = problems(raw)
    return only


def nested(path: str, value: object) -> dict[str, Any]:
    """Give options with one value, at a path like ``mqtt.port`` or ``additional_meters[1].key``."""
    group, _, name = path.partition(".")
    if name and group in ("mqtt", "influxdb"):
        return {group: {name: value}}
    if path.startswith("additional_meters[1]."):
        name = path.removeprefix("additional_meters[1].")
        return {"additional_meters": [{}, {name: value}]}
    return {path: value}
