"""Registers as JSON; `test_template` compares those of templates with these."""

from datetime import UTC, datetime
from decimal import Decimal

from app.cosem.obis import Obis
from app.meters import registers
from app.meters.telegram import Register

AT = datetime(2026, 3, 20, 12, tzinfo=UTC)


def test_a_register_is_written_with_its_unit_and_its_time() -> None:
    known = {
        Obis(1, 0, 1, 8, 0): Register(Decimal("5341.671"), "kWh"),
        Obis(0, 1, 24, 2, 1): Register(Decimal("112.384"), "m3", AT, is_dated=True),
        Obis(0, 0, 96, 1, 0): Register("71000042", ""),
    }
    assert registers.members(known) == (
        '"1-0:1.8.0": {"value": 5341.671, "unit": "kWh"}, '
        '"0-1:24.2.1": {"value": 112.384, "unit": "m3", "at": "2026-03-20T12:00:00+00:00"}, '
        '"0-0:96.1.0": {"value": "71000042", "unit": ""}'
    )
