"""Readings as lines for people and for programs."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.console.lines import json_object, text
from app.meters.reading import Reading
from tests.support.publishing import KAIFA

ZONE = timezone(timedelta(hours=1))
RECEIVED = datetime(2026, 11, 28, 21, 57, 50, 123456, ZONE)
MEASURED = datetime(2026, 11, 28, 21, 57, 49, tzinfo=ZONE)
READING = Reading(
    KAIFA,
    MEASURED,
    {"energy_import": Decimal("5341.6710"), "power": -505, "breaker": "ready"},
    frozenset({"power_limit"}),
)

BREAKER = "Abschalteinrichtung ready"


@pytest.mark.parametrize(
    ("name", "language", "line"),
    [
        ("House", "en", "House: Energy import 5341.6710 kWh, Power -505 W, Breaker ready"),
        (None, "de", f"Kaifa MA309M 1KFM02: Bezug 5341.6710 kWh, Wirkleistung -505 W, {BREAKER}"),
    ],
)
def test_a_line_for_people(name: str | None, language: str, line: str) -> None:
    made = text(READING, name=name, received=RECEIVED, language=language)
    assert made == f"2026-11-28 21:57:50 {line}"


def test_a_line_for_programs() -> None:
    assert json_object(READING, name="House", received=RECEIVED) == (
        '{"meter": "1kfm02", "name": "House", "received": "2026-11-28T21:57:50+01:00",'
        ' "timestamp": "2026-11-28T21:57:49+01:00", "energy_import": 5341.671, "power": -505,'
        ' "breaker": "ready", "power_limit": null}'
    )


def test_what_is_not_known_is_null() -> None:
    said = json.loads(json_object(Reading(KAIFA, None, {}), name=None, received=RECEIVED))
    assert (said["name"], said["timestamp"]) == (None, None)


@given(st.text())
def test_no_text_steers_a_terminal_or_breaks_a_line(message: str) -> None:
    reading = Reading(KAIFA, None, {"message": message})
    for line in (
        text(reading, name=message or None, received=RECEIVED, language="en"),
        json_object(reading, name=message, received=RECEIVED),
    ):
        assert line.isprintable()
    said = json.loads(json_object(reading, name=message, received=RECEIVED))
    assert (said["message"], said["name"]) == (message, message)
