"""A simulated meter, and what a reader has to make of its telegrams.

The table of readings is written down here once more, by hand and by OBIS code, so that a mistake in
the program's own is not tested against itself.
"""

import math
import random
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path

from simulator import meters, wires
from simulator.ciphering import AUTH_KEY, KEY
from simulator.clock import VIENNA
from simulator.household import Household
from simulator.meters import Telegram, Truth

START = datetime(2026, 6, 21, 9, 0, tzinfo=UTC)
"""A sunny morning: the panels give more than the house takes, and less when a load comes."""

NIGHT = datetime(2026, 3, 28, 23, 59, 50, tzinfo=UTC)
"""An hour before summer time begins, and a little before 1:00 in Vienna."""

LISTS = [
    (family, name)
    for family in ("kaifa", "sagemcom", "e450")
    for name, variant in meters.FAMILIES[family].items()
    if variant.ciphered
]
"""The lists that go through most tests."""

EVERY_LIST = [(family, name) for family, some in meters.FAMILIES.items() for name in some]
"""Every list that there is."""

SILENT = {("energomera", "event")}
"""Lists without a value that would be published."""

UNITS_TO_BE_FOUND = {"kamstrup"}
"""Families whose energies are not published before it is known what they count."""

_READINGS = {
    "1.7.0": "power_import",
    "2.7.0": "power_export",
    "3.7.0": "reactive_power_import",
    "4.7.0": "reactive_power_export",
    "21.7.0": "power_import_l1",
    "22.7.0": "power_export_l1",
    "23.7.0": "reactive_power_import_l1",
    "24.7.0": "reactive_power_export_l1",
    "41.7.0": "power_import_l2",
    "42.7.0": "power_export_l2",
    "43.7.0": "reactive_power_import_l2",
    "44.7.0": "reactive_power_export_l2",
    "61.7.0": "power_import_l3",
    "62.7.0": "power_export_l3",
    "63.7.0": "reactive_power_import_l3",
    "64.7.0": "reactive_power_export_l3",
    "13.7.0": "power_factor",
    "33.7.0": "power_factor_l1",
    "53.7.0": "power_factor_l2",
    "73.7.0": "power_factor_l3",
    "14.7.0": "frequency",
    "31.7.0": "current_l1",
    "51.7.0": "current_l2",
    "71.7.0": "current_l3",
    "32.7.0": "voltage_l1",
    "52.7.0": "voltage_l2",
    "72.7.0": "voltage_l3",
    "81.7.40": "phase_angle_l1",
    "81.7.51": "phase_angle_l2",
    "81.7.62": "phase_angle_l3",
    "1.8.0": "energy_import",
    "1.8.1": "energy_import_tariff_1",
    "1.8.2": "energy_import_tariff_2",
    "1.8.3": "energy_import_tariff_3",
    "1.8.4": "energy_import_tariff_4",
    "2.8.0": "energy_export",
    "2.8.1": "energy_export_tariff_1",
    "2.8.2": "energy_export_tariff_2",
    "2.8.3": "energy_export_tariff_3",
    "2.8.4": "energy_export_tariff_4",
    "3.8.0": "reactive_energy_import",
    "3.8.1": "reactive_energy_import_tariff_1",
    "3.8.2": "reactive_energy_import_tariff_2",
    "4.8.0": "reactive_energy_export",
    "4.8.1": "reactive_energy_export_tariff_1",
    "4.8.2": "reactive_energy_export_tariff_2",
    "5.7.0": "reactive_power_q1",
    "6.7.0": "reactive_power_q2",
    "7.7.0": "reactive_power_q3",
    "8.7.0": "reactive_power_q4",
    "5.8.0": "reactive_energy_q1",
    "5.8.1": "reactive_energy_q1_tariff_1",
    "5.8.2": "reactive_energy_q1_tariff_2",
    "6.8.0": "reactive_energy_q2",
    "6.8.1": "reactive_energy_q2_tariff_1",
    "6.8.2": "reactive_energy_q2_tariff_2",
    "7.8.0": "reactive_energy_q3",
    "7.8.1": "reactive_energy_q3_tariff_1",
    "7.8.2": "reactive_energy_q3_tariff_2",
    "8.8.0": "reactive_energy_q4",
    "8.8.1": "reactive_energy_q4_tariff_1",
    "8.8.2": "reactive_energy_q4_tariff_2",
    "15.8.0": "energy_combined",
    "21.8.0": "energy_import_l1",
    "22.8.0": "energy_export_l1",
    "41.8.0": "energy_import_l2",
    "42.8.0": "energy_export_l2",
    "61.8.0": "energy_import_l3",
    "62.8.0": "energy_export_l3",
    "1.4.0": "power_import_average",
    "1.6.0": "power_import_peak",
    "31.4.0": "current_limit_l1",
}
_NO_READINGS = {"0.0.1"}
_TOTALS = (
    *("energy_import", "energy_export", "reactive_energy_import", "reactive_energy_export"),
    *(f"reactive_energy_q{quadrant}" for quadrant in (1, 2, 3, 4)),
)
_NO_LIMIT = (Decimal(999), Decimal("999.9"))
_LIMITS = {
    "kW": "power_limit",
    "W": "power_limit",
    "kVA": "apparent_power_limit",
    "A": "current_limit",
}
_COUNTS: dict[str, int | str] = {f"{n:05}": n for n in range(100)}
_STATES: dict[str, dict[str, int | str]] = {
    "0-0:96.14.0": {"0001": 1, "0002": 2, "T1": 1, "T2": 2},
    "0-0:96.3.10": {"1": "connected"},
    "0-0:96.50.68": {"ON": "connected"},
    **{f"0-{n}:96.3.10": {"1": "ON", "0": "OFF"} for n in range(1, 5)},
    "0-0:96.7.21": _COUNTS,
    "0-0:96.7.9": _COUNTS,
    **{f"1-0:{20 * phase + 12}.{kind}.0": _COUNTS for phase in (1, 2, 3) for kind in (32, 36)},
    "0-0:96.13.1": {"303132333435363738": "012345678"},
    "1-3:0.2.8": {"50": "50", "42": "42"},
    "0-0:96.1.4": {"50217": "50217"},
    "0-0:97.97.0": {"00000000": "00000000"},
}
_STATE_KEYS = {
    "0-0:96.14.0": "active_tariff",
    "0-0:96.3.10": "breaker",
    "0-0:96.50.68": "breaker",
    **{f"0-{n}:96.3.10": f"relay_{n}" for n in range(1, 5)},
    "0-0:96.7.21": "power_failures",
    "0-0:96.7.9": "long_power_failures",
    **{f"1-0:{20 * n + 12}.32.0": f"voltage_sags_l{n}" for n in (1, 2, 3)},
    **{f"1-0:{20 * n + 12}.36.0": f"voltage_swells_l{n}" for n in (1, 2, 3)},
    "0-0:96.13.1": "message_code",
    "1-3:0.2.8": "p1_version",
    "0-0:96.1.4": "p1_version",
    "0-0:97.97.0": "error_register",
}
_TO_THE_UNIT_PUBLISHED = {
    **dict.fromkeys(("Wh", "varh"), Decimal("0.001")),
    **dict.fromkeys(("kW", "kvar", "kVAr", "kVA"), Decimal(1000)),
    **dict.fromkeys(("kWh", "kvarh", "kVArh", "W", "var", "V", "A", "Hz", "deg", ""), Decimal(1)),
}
_NO_ANGLE = 400


def moments(count: int, seconds: float = 5) -> Iterator[datetime]:
    """Give moments from `NIGHT` on, some seconds apart."""
    return (NIGHT + timedelta(seconds=seconds * turn) for turn in range(count))


def readings(truth: Truth) -> dict[str, Decimal]:
    """Give the readings that a telegram says, each in the unit that it is published in."""
    found: dict[str, Decimal] = {}
    for code, (value, unit) in truth.registers.items():
        medium, _, short = code.partition(":")
        if isinstance(value, str) or not medium.startswith("1-"):
            continue  # a text, or what is not electricity's
        if short not in _READINGS:
            assert short in _NO_READINGS, f"the table of this module lacks {code}"
            continue
        key = _READINGS[short]
        if key == "current_limit_l1" and value in _NO_LIMIT:
            continue
        if key.startswith("phase_angle") and value == _NO_ANGLE:
            continue  # a phase without current
        if key.startswith("power_factor") and not -1 <= value <= 1:
            continue  # no power factor at all, whatever the maker calls it
        found.setdefault(key, value * _TO_THE_UNIT_PUBLISHED[unit])
    if "power_import" in found and "power_export" in found:
        found["power"] = found["power_import"] - found["power_export"]
    for total in _TOTALS:
        tariffs = [key for key in found if key.startswith(f"{total}_tariff_")]
        is_whole = len(tariffs) > 1 and max(tariffs) == f"{total}_tariff_{len(tariffs)}"
        if total not in found and is_whole:
            found[total] = sum((found[key] for key in tariffs), Decimal())
    return found


def states(truth: Truth) -> dict[str, Decimal | str]:
    """Give what a telegram says beside what its meter measures."""
    found: dict[str, Decimal | str] = {}
    for code, (value, unit) in truth.registers.items():
        if code == "0-0:17.0.0":
            if isinstance(value, Decimal) and unit in _LIMITS and value not in _NO_LIMIT:
                found[_LIMITS[unit]] = value * _TO_THE_UNIT_PUBLISHED[unit]
        elif code in _STATES and (said := _STATES[code].get(str(value))) is not None:
            found[_STATE_KEYS[code]] = Decimal(said) if isinstance(said, int) else said
    return found


def published(truth: Truth) -> dict[str, Decimal]:
    """Give the readings, and what a household reckons from them."""
    sent = readings(truth)
    more: dict[str, Decimal] = {}
    for n in (1, 2, 3):
        if {f"power_import_l{n}", f"power_export_l{n}"} <= sent.keys():
            more[f"power_l{n}"] = sent[f"power_import_l{n}"] - sent[f"power_export_l{n}"]
    phases = [n for n in (1, 2, 3) if {f"voltage_l{n}", f"current_l{n}"} & sent.keys()]
    if phases and all({f"voltage_l{n}", f"current_l{n}"} <= sent.keys() for n in phases):
        for n in phases:
            more[f"apparent_power_l{n}"] = sent[f"voltage_l{n}"] * sent[f"current_l{n}"]
        more["apparent_power"] = sum((more[f"apparent_power_l{n}"] for n in phases), Decimal())
    if any(f"phase_angle_l{n}" in sent for n in phases):
        for n in phases:
            turned = math.cos(math.radians(sent.get(f"phase_angle_l{n}", 0)))
            power = more[f"apparent_power_l{n}"] * Decimal(turned)
            more.setdefault(f"power_l{n}", round(power, 1))
    return {**more, **sent}


def numbers(truth: Truth) -> dict[str, Decimal]:
    """Give the readings and the states that are numbers."""
    counted = {key: one for key, one in states(truth).items() if isinstance(one, Decimal)}
    return {**readings(truth), **counted}


def state(truth: Truth) -> dict[str, Decimal | str]:
    """Give what the state message has to say, its numbers read as decimals."""
    time = {"timestamp": truth.timestamp.isoformat()} if truth.says_time else {}
    return {**published(truth), **states(truth), **time}


class SimulatedMeter:
    """A meter with a household behind it, whose telegrams go to a wire.

    ``id`` is the name that it has in topics: its number where its list says it, else its title,
    else its family on a line without a name.
    ``more`` is what it measures beside what a household has, as in `Snapshot.values`.

    Args:
        wire: where its telegrams go; None for a meter that only makes them.
        family: of `simulator.meters.FAMILIES`.
        name: of the list that it sends; None for the family's first.
        key: its encryption key.
        auth_key: its authentication key.
        encrypted: False for a meter that sends in the clear.
        serial: what makes its names.
        zone: what its clock shows.
        start: what its clock shows at first.
    """

    def __init__(
        self,
        wire: wires.Wire | None,
        family: str,
        name: str | None = None,
        *,
        key: bytes = KEY,
        auth_key: bytes = AUTH_KEY,
        encrypted: bool = True,
        serial: int = 1234567,
        zone: tzinfo = VIENNA,
        start: datetime = START,
    ) -> None:
        self.wire = wire
        self.meter = meters.build(
            family, name, key=key, auth_key=auth_key, encrypted=encrypted, serial=serial
        )
        self.meter.zone = zone
        self._chance = random.Random(1)  # noqa: S311 - pauses on a line are no cryptography
        self._household = Household(1, start, phases=self.meter.phases)
        self._now = start
        self.more: dict[str, Decimal] = {}
        truth = replace(self.meter).telegram(self._household.at(start)).truth
        self.id = (truth.meter_id or truth.system_title.hex() or family).lower()

    def telegram(self) -> Telegram:
        """Make the next telegram."""
        self._now += timedelta(seconds=self.meter.interval)
        snapshot = self._household.at(self._now)
        return self.meter.telegram(replace(snapshot, values={**snapshot.values, **self.more}))

    async def push(self, *, baud: int = 0) -> Telegram:
        """Write the next telegram; with a baud rate byte by byte, as a serial line hands it over.

        Returns:
            The telegram, as soon as its last byte is written.
        """
        assert self.wire is not None
        telegram = self.telegram()
        seconds = wires.byte_time(self.meter.serial_mode, baud) if baud else 0.0
        timetable = wires.pace(telegram.segments, seconds, self.meter.pause, self._chance)
        await wires.send(self.wire, timetable)
        return telegram


class Adapter:
    """A serial adapter on a path that stays, to be pulled and plugged in again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pty: wires.Pty | None = None
        self.plug_in()

    def plug_in(self) -> None:
        """Let the device appear."""
        self._pty = wires.Pty(self.path)

    def close(self) -> None:
        """Pull it, unless that is done."""
        if self._pty:
            self._pty.close()
            self._pty = None

    def write(self, data: bytes) -> None:
        """Write bytes to whoever has it open."""
        if self._pty:
            self._pty.write(data)

    def pending(self) -> int:
        """Return how many bytes are not taken yet."""
        return self._pty.pending() if self._pty else 0


def reset(gateway: wires.TcpServer) -> None:
    """End every connection with a reset, as a box does that was restarted."""
    for client in list(gateway._clients):
        connection = client.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.abort()
