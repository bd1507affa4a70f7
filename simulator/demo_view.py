"""What the demo shows of MQTT messages: a device as in Home Assistant, then a row a telegram."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

HEAD_EVERY: Final = 20
"""Rows after which the head of the table comes again."""

COLUMNS: Final = {
    "energy_import": "Import",
    "energy_export": "Export",
    "power": "Power",
    "power_import": "Draw",
    "power_export": "Feed-in",
    **{f"voltage_l{phase}": f"L{phase}" for phase in (1, 2, 3)},
    **{f"current_l{phase}": f"L{phase}" for phase in (1, 2, 3)},
    "reactive_power_import": "Reactive",
    "active_tariff": "Tariff",
}
"""What a row shows as far as there is room, and its short names; the most wanted comes first."""

_ANNOUNCED_AS: Final = "smartmeter_"
_KEY: Final = re.compile(r"value_json\.(\w+)")
_NARROWEST: Final = 6
_GAP: Final = 2


class Entity(NamedTuple):
    """One entity of a device, as it is announced.

    Args:
        key: its value in the message.
        name: as Home Assistant shows it.
        unit: of the value; "" for none.
        precision: decimal places that are shown; None for all.
        diagnostic: whether it belongs to the section Diagnostic.
        enabled: whether it is shown from the beginning.
    """

    key: str
    name: str
    unit: str
    precision: int | None
    diagnostic: bool
    enabled: bool

    def shown(self, value: object) -> str:
        """Write a value as Home Assistant does."""
        if value is None or value == "":
            return "unknown"
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and self.precision is not None:
            return f"{value:.{self.precision}f}"
        return str(value)


@dataclass
class Device:
    """A meter as it is announced, and what it said last, by key."""

    title: str
    model: str
    entities: tuple[Entity, ...]
    said: dict[str, object] = field(default_factory=dict)
    columns: Sequence[Entity] = ()
    rows: int = 0

    @classmethod
    def announced(cls, config: Mapping[str, Any]) -> Device:
        """Read Home Assistant's message of discovery."""
        about = config["dev"]
        made = (about.get("manufacturer"), about.get("model"), about.get("serial_number"))
        return cls(
            about.get("name") or "Meter",
            " ".join(filter(None, made)),
            tuple(_entities(config)),
        )


def _entities(config: Mapping[str, Any]) -> Iterator[Entity]:
    for component in config["cmps"].values():
        key = _KEY.search(component.get("value_template", ""))
        if key:
            yield Entity(
                key[1],
                component.get("name") or "",
                component.get("unit_of_measurement", ""),
                component.get("suggested_display_precision"),
                component.get("entity_category") == "diagnostic",
                component.get("enabled_by_default", True),
            )


class View:
    """Turns messages into lines.

    Args:
        width: of the lines, at most.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._devices: dict[str, Device] = {}

    def lines(self, topic: str, payload: str, time: str) -> Iterator[str]:
        """Give what is to be shown of a message.

        Args:
            topic: of the message.
            payload: the message.
            time: when it came, as it is to be shown.
        """
        *_, meter, kind = topic.split("/")
        message = _object(payload)
        if kind == "config" and "cmps" in message:
            self._announced(meter.removeprefix(_ANNOUNCED_AS), message)
        device = self._devices.get(meter)
        if kind == "state" and device and device.said != message:  # else sent once more
            is_first = not device.said
            device.said = message
            if is_first:
                yield from _page(device)
            columns = tuple(_columns(device, self._width - len(time)))
            yield from _row(device, columns, time) if columns else _sentence(device, time)

    def _announced(self, meter: str, message: Mapping[str, Any]) -> None:
        device = Device.announced(message)
        if meter in self._devices:
            known = self._devices[meter]
            device.said, device.columns, device.rows = known.said, known.columns, known.rows
        if any(not one.diagnostic for one in device.entities):
            self._devices[meter] = device


def _page(device: Device) -> Iterator[str]:
    """Show the device as its page in Home Assistant would."""
    yield f"Home Assistant would show the device {device.title} ({device.model}):"
    shown = [one for one in device.entities if one.enabled and not one.diagnostic]
    names = max((len(one.name) for one in shown), default=0)
    values = {one.key: one.shown(device.said.get(one.key)) for one in shown}
    width = max(map(len, values.values()), default=0)
    for one in shown:
        yield f"  {one.name:{names}}  {values[one.key]:>{width}} {one.unit}".rstrip()
    diagnostic = sum(one.enabled and one.diagnostic for one in device.entities)
    disabled = sum(not one.enabled for one in device.entities)
    yield f"  and {diagnostic} in the section Diagnostic; {disabled} more wait to be enabled"


def _row(device: Device, columns: Sequence[Entity], time: str) -> Iterator[str]:
    """Show a telegram in one row of a table, under a head now and then."""
    if columns != device.columns or device.rows % HEAD_EVERY == 0:
        device.columns, device.rows = columns, 0
        yield " " * len(time) + _aligned((_head(one), _wide(one)) for one in columns)
    device.rows += 1
    yield time + _aligned((one.shown(device.said.get(one.key)), _wide(one)) for one in columns)


def _object(payload: str) -> dict[str, Any]:
    """Give the object of a JSON message; an empty one for anything else."""
    try:
        found = json.loads(payload)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _columns(device: Device, room: int) -> Iterator[Entity]:
    """Give the entities that a row has room for."""
    by_key = {one.key: one for one in device.entities if not one.diagnostic}
    for key in COLUMNS:
        is_doubled = key in ("power_import", "power_export") and "power" in by_key
        if key in by_key and key in device.said and not is_doubled:
            room -= _GAP + _wide(by_key[key])
            if room < 0:
                return
            yield by_key[key]


def _head(entity: Entity) -> str:
    return f"{COLUMNS[entity.key]} {entity.unit}".rstrip()


def _wide(entity: Entity) -> int:
    """Give the width of a column: the same in every row, whatever the meter says."""
    return max(len(_head(entity)), _NARROWEST, 10 if entity.unit == "kWh" else 0)


def _aligned(cells: Iterable[tuple[str, int]]) -> str:
    return "".join(f"{' ' * _GAP}{text:>{width}}" for text, width in cells)


def _sentence(device: Device, time: str) -> Iterator[str]:
    """Show what a meter behind another one says, which is little."""
    values = ", ".join(
        f"{one.name} {one.shown(device.said[one.key])} {one.unit}".rstrip()
        for one in device.entities
        if one.enabled and not one.diagnostic and one.key in device.said
    )
    yield f"{time}  {device.title}: {values}"
