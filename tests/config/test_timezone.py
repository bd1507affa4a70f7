"""The time zone in which a clock without offset is read."""

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from app.config.timezone import local_zone

MOMENT = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def localtime(tmp_path: Path) -> Path:
    """A zone file of one fixed offset of five hours (RFC 9636, version 1)."""
    file = tmp_path / "localtime"
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    file.write_bytes(b"TZif" + bytes(16) + counts + struct.pack(">lBB", 5 * 3600, 0, 0) + b"FIV\0")
    return file


@pytest.mark.parametrize("name", ["Europe/Vienna", ":Europe/Vienna"])
def test_tz_names_the_zone(name: str, localtime: Path) -> None:
    try:
        vienna = ZoneInfo("Europe/Vienna")
    except ZoneInfoNotFoundError:
        pytest.skip("this machine has no time zone database")
    assert local_zone({"TZ": name}, localtime) is vienna


@pytest.mark.parametrize("environment", [{}, {"TZ": ""}, {"TZ": ":"}])
def test_without_tz_the_zone_is_that_of_the_system(
    environment: dict[str, str], localtime: Path
) -> None:
    zone = local_zone(environment, localtime)
    assert MOMENT.astimezone(zone).utcoffset() == timedelta(hours=5)


@pytest.mark.parametrize("name", ["../localtime", "/etc/localtime", "Europe/"])
def test_an_invalid_zone_name_falls_back_on_the_system(name: str, localtime: Path) -> None:
    zone = local_zone({"TZ": name}, localtime)
    assert MOMENT.astimezone(zone).utcoffset() == timedelta(hours=5)


@pytest.mark.parametrize("name", ["Europe/Nowhere", "CET-1CEST,M3.5.0,M10.5.0/3"])
def test_an_unknown_zone_name_falls_back_on_the_system(name: str, localtime: Path) -> None:
    zone = local_zone({"TZ": name}, localtime)
    assert MOMENT.astimezone(zone).utcoffset() == timedelta(hours=5)
    assert local_zone({"TZ": name}, localtime.with_name("missing")) is UTC


def test_without_any_zone_it_is_utc(tmp_path: Path) -> None:
    assert local_zone({}, tmp_path / "missing") is UTC


def test_an_invalid_zone_file_gives_utc(tmp_path: Path) -> None:
    file = tmp_path / "localtime"
    file.write_bytes(b"no zone")
    assert local_zone({}, file) is UTC
