"""The time zone of this machine, for meters whose clock does not say its offset."""

import os
from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LOCALTIME: Final = Path("/etc/localtime")


def local_zone(environment: Mapping[str, str] = os.environ, localtime: Path = _LOCALTIME) -> tzinfo:
    """Give the zone that TZ names (the Supervisor sets it), else the system's, else UTC.

    Args:
        environment: with or without TZ.
        localtime: the system's zone, a file of RFC 9636.
    """
    name = environment.get("TZ", "").removeprefix(":")
    if name:
        try:
            return ZoneInfo(name)
        except (OSError, ValueError, ZoneInfoNotFoundError):  # no such zone, or no name of one
            pass
    try:
        with localtime.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return UTC
