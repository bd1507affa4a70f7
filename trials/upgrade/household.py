"""What a household has in Home Assistant of a meter, and what an upgrade must not change of it."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from tests.support.core_client import Client

_NOTHING: Final = ("unavailable", "unknown", "")
_NUMBERED: Final = re.compile(r"(.+)_\d+")


class Entity(NamedTuple):
    """An entity, as far as anything that was set up with it depends on it."""

    entity_id: str
    name: str | None
    device: str
    unit: str | None
    device_class: str | None
    state_class: str | None
    enabled: bool


class Row(NamedTuple):
    """Long-term statistics of five minutes; None where there are none of this sort."""

    state: Decimal | None
    sum: Decimal | None
    mean: Decimal | None


class Statistics(NamedTuple):
    """The long-term statistics of an entity."""

    unit: str | None
    rows: tuple[Row, ...]


class Household(NamedTuple):
    """Everything that Home Assistant has of MQTT, while the meter is heard.

    Args:
        entities: by unique id.
        states: by unique id; blank where there is none.
        statistics: by entity id.
    """

    entities: Mapping[str, Entity]
    states: Mapping[str, str]
    statistics: Mapping[str, Statistics]


async def seen(home: Client) -> Household:
    """Look at everything; statistics are made for the time up to now."""
    await home.call("call_service", domain="statistics_now", service="compile")
    devices = {one["id"]: one for one in await home.call("config/device_registry/list")}
    listed = await home.call("config/entity_registry/list")
    entity_ids = [one["entity_id"] for one in listed if one["platform"] == "mqtt"]
    found = await home.call("config/entity_registry/get_entries", entity_ids=entity_ids)
    registered = {one["unique_id"]: one for one in found.values()}
    now = {one["entity_id"]: one for one in await home.call("get_states")}
    entities = {
        unique_id: _entity(one, devices[one["device_id"]], now.get(one["entity_id"], {}))
        for unique_id, one in registered.items()
    }
    return Household(
        entities,
        {key: now.get(one.entity_id, {}).get("state", "") for key, one in entities.items()},
        await _statistics(home, [one.entity_id for one in entities.values()]),
    )


def _entity(
    entry: Mapping[str, Any], device: Mapping[str, Any], state: Mapping[str, Any]
) -> Entity:
    return Entity(
        entry["entity_id"],
        entry["original_name"],
        device["name"],
        state.get("attributes", {}).get("unit_of_measurement"),
        entry["original_device_class"],
        (entry["capabilities"] or {}).get("state_class"),
        entry["disabled_by"] is None,
    )


async def _statistics(home: Client, entity_ids: list[str]) -> dict[str, Statistics]:
    listed = {one["statistic_id"]: one for one in await home.call("recorder/list_statistic_ids")}
    wanted = [one for one in entity_ids if one in listed]
    rows = await home.call(
        "recorder/statistics_during_period",
        start_time="2020-01-01T00:00:00Z",
        statistic_ids=wanted,
        period="5minute",
    )
    return {
        one: Statistics(
            listed[one]["statistics_unit_of_measurement"], tuple(map(_row, rows.get(one, ())))
        )
        for one in wanted
    }


def _row(row: Mapping[str, Any]) -> Row:
    texts = (row.get(name) for name in ("state", "sum", "mean"))
    return Row(*(None if one is None else Decimal(str(one)) for one in texts))


def differences(before: Household, after: Household) -> Iterator[str]:
    """Say what did not go on as it was; what is new beside it is none."""
    for unique_id, entity in before.entities.items():
        now = after.entities.get(unique_id)
        if now is None:
            yield f"{entity.entity_id} is gone"
            continue
        for field, was, is_ in zip(Entity._fields, entity, now, strict=True):
            if was != is_:
                yield f"{entity.entity_id}: {field} was {was}, is {is_}"
        if before.states[unique_id] not in _NOTHING and after.states[unique_id] in _NOTHING:
            yield f"{entity.entity_id} showed {before.states[unique_id]}, and shows nothing now"
    yield from _doubled(before, after)
    quantities = {
        one.entity_id
        for one in before.entities.values()
        if one.device_class not in {None, "data_size"}
    }
    for entity_id, statistics in before.statistics.items():
        found = after.statistics.get(entity_id)
        if found is None:
            yield f"{entity_id}: its statistics are gone"
            continue
        # What the program itself counts begins at 0 with each start.
        begins_anew = entity_id not in quantities
        for what in _broken(statistics, found, begins_anew=begins_anew):
            yield f"{entity_id}: {what}"


def _doubled(before: Household, after: Household) -> Iterator[str]:
    """Find new entities that were to have the entity id of another one."""
    taken = {one.entity_id for one in after.entities.values()}
    for unique_id in after.entities.keys() - before.entities.keys():
        entity_id = after.entities[unique_id].entity_id
        numbered = _NUMBERED.fullmatch(entity_id)
        if numbered and numbered[1] in taken:
            yield f"{entity_id} is {numbered[1]} once more"


def _broken(before: Statistics, after: Statistics, *, begins_anew: bool) -> Iterator[str]:
    if before.unit != after.unit:
        yield f"its statistics were in {before.unit}, are in {after.unit}"
    if after.rows[: len(before.rows)] != before.rows:
        yield "its statistics of before are others now"
    elif len(after.rows) == len(before.rows):
        yield "its statistics do not go on"
    elif before.rows and not begins_anew:
        counted, grown = (
            _growth(getattr(before.rows[-1], name), getattr(after.rows[-1], name))
            for name in ("sum", "state")
        )
        if counted is not None and counted != grown:
            yield f"its statistics counted {counted}, while it grew by {grown}"


def _growth(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    return None if before is None or after is None else round(after - before, 6)
