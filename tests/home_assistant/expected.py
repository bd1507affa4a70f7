"""What Home Assistant is to show of a meter, and what it shows.

Two sources say what it is to show. One is the program's own tables: a row for each reading, here
joined with what the simulated telegram says (``readings``). The other is what the program has
announced: every component of it has to arrive as it was meant, as Core drops keys that it does not
know without a word (``announced``). Components that stand in no table of readings, such as the
program's own diagnostics, are checked by the second without a line here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.meters.sensors import SENSORS
from app.mqtt import discovery
from simulator.meters import Truth
from tests.support.core import DEFAULT_ENTITY_IDS, REACTIVE_ENERGY, Core
from tests.support.core_client import Client
from tests.support.simulated import SimulatedMeter, state

UNAVAILABLE = "unavailable"
UNKNOWN = "unknown"

Value = Decimal | datetime | str | None
"""What an entity shows, so that it can be compared; None when it has no state at all."""


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity, as far as a household can tell it from another.

    Arguments as Core calls them; ``name`` is without the device's, ``precision`` the decimal places
    that are shown, ``enabled`` whether it was from the start. Of what is disabled Core tells
    neither unit nor precision, here None.
    """

    entity_id: str
    name: str | None
    device_class: str | None
    state_class: str | None
    unit: str | None
    precision: int | None
    category: str | None
    enabled: bool


def device_of(meter: SimulatedMeter) -> str:
    """Give the name by which Core knows a meter's device."""
    return f"smartmeter_{meter.id}"


def readings(
    meter: SimulatedMeter, truth: Truth, *, device_name: str, language: str = "en"
) -> dict[str, Entity]:
    """Give the entities that a telegram calls for, by unique id, made of the table of sensors."""
    prefix = discovery.slug(device_name)
    entities = {}
    for key in state(truth):
        row = SENSORS[key]
        entities[f"smartmeter_{meter.id}_{key}"] = Entity(
            entity_id=f"{row.platform}.{prefix}_{key}",
            name=row.name(language),
            device_class=row.device_class,
            state_class=row.state_class,
            unit=(row.display_unit or row.unit) if row.enabled else None,
            precision=row.precision if row.enabled else None,
            category="diagnostic" if row.diagnostic else None,
            enabled=row.enabled,
        )
    return entities


def values(meter: SimulatedMeter, truth: Truth, *, disabled_too: bool = False) -> dict[str, Value]:
    """Give what the entities of a telegram's readings show, by unique id.

    Those that are not enabled from the start show nothing, unless the user has enabled them.
    """
    return {
        f"smartmeter_{meter.id}_{key}": comparable(str(value))
        if SENSORS[key].enabled or disabled_too
        else None
        for key, value in state(truth).items()
    }


def announced(payload: Mapping[str, Any]) -> dict[str, Entity]:
    """Give the entities that a discovery message calls for, by unique id."""
    entities = {}
    for component in payload["cmps"].values():
        if component.keys() == {"p"}:
            continue  # which takes a component away
        enabled = component.get("enabled_by_default", True)
        entities[component["unique_id"]] = Entity(
            entity_id=component["default_entity_id"],
            name=component.get("name"),
            device_class=component.get("device_class"),
            state_class=component.get("state_class"),
            unit=component.get("unit_of_measurement") if enabled else None,
            precision=component.get("suggested_display_precision") if enabled else None,
            category=component.get("entity_category"),
            enabled=enabled,
        )
    return entities


def as_taken(core: Core, entities: Mapping[str, Entity]) -> dict[str, Entity]:
    """Give the entities that are left of those called for in a Core older than they are made for.

    The oldest that the tests run against is from April 2025. It refuses a device class that is
    younger, and makes entity ids of its own from the entities' names.
    """
    left = dict(entities)
    if core.release < REACTIVE_ENERGY:
        left = {key: one for key, one in left.items() if one.device_class != "reactive_energy"}
    if core.release < DEFAULT_ENTITY_IDS:
        left = {key: replace(one, entity_id="") for key, one in left.items()}
    return left


async def registered(client: Client, identifier: str) -> dict[str, Any] | None:
    """Give the device that Core knows by an identifier of ours; None when there is none."""
    for device in await client.call("config/device_registry/list"):
        if ["mqtt", identifier] in device["identifiers"]:
            found: dict[str, Any] = device
            return found
    return None


async def entries(client: Client, identifier: str) -> dict[str, dict[str, Any]]:
    """Give the rows of Core's entity registry for a device, by unique id."""
    device = await registered(client, identifier)
    if device is None:
        return {}
    listed = await client.call("config/entity_registry/list")
    ours = [entry["entity_id"] for entry in listed if entry["device_id"] == device["id"]]
    full = await client.call("config/entity_registry/get_entries", entity_ids=ours)
    return {entry["unique_id"]: entry for entry in full.values() if entry}  # or just taken away


async def shown(client: Client, identifier: str) -> dict[str, Entity]:
    """Give the entities that Core has for a device, by unique id."""
    found = {}
    for unique_id, entry in (await entries(client, identifier)).items():
        domain = entry["entity_id"].partition(".")[0]
        options = (entry["options"] or {}).get(domain, {})
        attributes = client.states.get(entry["entity_id"], {}).get("attributes", {})
        entity = Entity(
            entity_id=entry["entity_id"],
            name=entry["original_name"],
            device_class=entry["original_device_class"],
            state_class=(entry["capabilities"] or {}).get("state_class"),
            unit=attributes.get("unit_of_measurement"),
            precision=options.get("suggested_display_precision"),
            category=entry["entity_category"],
            enabled=entry["disabled_by"] is None,
        )
        # A newer Core does not say it any more: there it is always so with MQTT.
        assert entry.get("has_entity_name", True), entry
        if attributes:
            assert attributes.get("device_class") == entity.device_class, entry
            assert attributes.get("state_class") == entity.state_class, entry
        found[unique_id] = entity
    return found


async def showing(client: Client, identifier: str) -> dict[str, Value]:
    """Give what the entities of a device show just now, by unique id."""
    return {
        unique_id: comparable(now["state"])
        if (now := client.states.get(entry["entity_id"]))
        else None
        for unique_id, entry in (await entries(client, identifier)).items()
    }


def comparable(text: str) -> Value:
    """Read a state as a number or as a moment, if it is one."""
    try:
        return Decimal(text)
    except InvalidOperation:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def only(found: Mapping[str, Value], wanted: Iterable[str]) -> dict[str, Value]:
    """Leave out what stands in no list of what is wanted."""
    return {key: found.get(key) for key in wanted}
