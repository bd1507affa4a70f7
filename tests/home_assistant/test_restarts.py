"""Core, broker, program and meter come and go, in every order: what Core shows and keeps."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from app.meters.sensors import DIAGNOSTICS, SENSORS
from app.mqtt.topics import Topics
from tests.home_assistant.expected import (
    UNAVAILABLE,
    Value,
    device_of,
    entries,
    showing,
    shown,
    values,
)
from tests.home_assistant.house import (
    available,
    heard,
    introduce,
    new_meter,
    options,
    reading,
    reload,
    shows,
)
from tests.support.core import Core
from tests.support.core_client import Client, connected
from tests.support.mosquitto import Mosquitto
from tests.support.program import running
from tests.support.simulated import Adapter, SimulatedMeter

AGAIN_ONCE = "from app.mqtt import conversation; conversation.REPEAT_AFTER = (3.0,)\n"
"""What keeps details from coming once more, 15 and 60 seconds after an announcement."""


async def current(home: Client, meter: SimulatedMeter) -> list[Value]:
    """Give what the enabled readings of a meter show just now, diagnostics apart."""
    return [
        value
        for unique_id, value in (await showing(home, device_of(meter))).items()
        if value is not None and unique_id.removeprefix(f"{device_of(meter)}_") in SENSORS
    ]


async def unavailable(home: Client, meter: SimulatedMeter) -> None:
    """Wait until everything of a meter is shown as unavailable."""

    async def gone() -> bool:
        return set(await current(home, meter)) == {UNAVAILABLE}

    await home.until(gone, f"{device_of(meter)} unavailable")


async def test_a_program_that_stops_leaves_its_meter_unavailable_and_comes_back(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    before = core.position
    meter = new_meter(adapter)
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        async with reading(house, adapter, tmp_path) as program:
            if number is signal.SIGTERM:
                await introduce(home, meter)
            found = await shown(home, device_of(meter))
            await program.stop(number)
            await unavailable(home, meter)
        assert await shown(home, device_of(meter)) == found
    assert not core.complaints(before)


@pytest.mark.parametrize("end", [Core.stop, Core.kill])
async def test_core_that_is_started_again_shows_the_last_telegram_at_once(
    core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path, end: Callable[[Core], None]
) -> None:
    core.restart()  # which writes down what it knows; a kill would bring meters of old back
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path):
        async with connected(core) as home:
            truth = await introduce(home, meter)
            found = await shown(home, device_of(meter))
        position = core.position
        end(core)
        core.start()
        async with connected(core) as home:
            await shows(home, meter, values(meter, truth))
            assert await shown(home, device_of(meter)) == found
            await heard(home, meter)
    assert not core.complaints(position)


async def test_details_wait_for_their_interval_and_are_there_at_once_when_mqtt_is_set_up_anew(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    """Core says then that it has started, as after a restart."""
    meter = new_meter(adapter)
    live = {f"{device_of(meter)}_{key}" for key, one in SENSORS.items() if one.live}
    given = options(house, adapter, detail_interval=3600)
    async with house.watch() as watcher, running(given, tmp_path, before=AGAIN_ONCE) as program:
        await program.ready()
        first = values(meter, (await meter.push()).truth)
        for _ in range(2):  # at once, and again as the meter has been announced
            await watcher.wait(f"smartmeter/{meter.id}/details")
        await shows(home, meter, first)
        last = values(meter, (await meter.push()).truth)
        mixed = {key: last[key] if key in live else one for key, one in first.items()}
        assert mixed not in (first, last)
        await shows(home, meter, mixed)
        await reload(home, core)
        await shows(home, meter, last)


async def test_a_meter_that_pushed_while_core_was_away_is_shown_as_it_is_now(
    core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path):
        async with connected(core) as home:
            await introduce(home, meter)
        core.stop()
        async with house.watch() as watcher:
            truth = (await meter.push()).truth
            await watcher.wait(f"smartmeter/{meter.id}/state")
        core.start()
        async with connected(core) as home:
            await shows(home, meter, values(meter, truth))


async def test_a_broker_that_is_restarted_brings_the_values_back(
    home: Client, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path) as program:
        truth = await introduce(home, meter)
        found = await shown(home, device_of(meter))
        for restart in (house.restart, house.restart):
            restart()
            await program.logs("connected to the MQTT broker")
            await shows(home, meter, values(meter, truth))
            truth = await heard(home, meter)
        assert await shown(home, device_of(meter)) == found


async def test_a_broker_that_lost_its_memory_is_told_all_again(
    home: Client, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path) as program:
        truth = await introduce(home, meter)
        found = await shown(home, device_of(meter))
        house.kill()
        house.forget()
        house.start()
        await program.logs("connected to the MQTT broker")
        await shows(home, meter, values(meter, truth))
        assert await shown(home, device_of(meter)) == found
        await heard(home, meter)


async def test_core_and_a_broker_without_memory_that_start_anew_show_the_last_telegram(
    core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    """As after a power cut of everything but the program's machine."""
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path) as program:
        async with connected(core) as home:
            truth = await introduce(home, meter)
            found = await shown(home, device_of(meter))
        core.stop()
        house.kill()
        house.forget()
        house.start()
        await program.logs("connected to the MQTT broker")
        core.start()
        async with connected(core) as home:
            await shows(home, meter, values(meter, truth))
            assert await shown(home, device_of(meter)) == found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_another_meter_in_the_old_ones_place_is_a_device_of_its_own(
    home: Client,
    core: Core,
    house: Mosquitto,
    adapter: Adapter,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    before = core.position
    old, new = new_meter(adapter), new_meter(adapter)
    async with reading(house, adapter, tmp_path) as program:
        await introduce(home, old)
        await program.stop(number)
    async with reading(house, adapter, tmp_path):
        for _ in range(3):  # another meter than before the restart has to be confirmed
            await new.push()
        await introduce(home, new)
        ids = [
            {one["entity_id"] for one in (await entries(home, device_of(meter))).values()}
            for meter in (old, new)
        ]
        assert len(ids[0]) == len(ids[1])
        assert not ids[0] & ids[1]
        assert set(await current(home, old)) == {UNAVAILABLE}
        assert UNAVAILABLE not in await current(home, new)
    assert not core.complaints(before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_meter_that_is_silent_when_the_program_starts_again_is_unavailable(
    home: Client,
    house: Mosquitto,
    adapter: Adapter,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path) as program:
        await introduce(home, meter)
        await program.stop(number)
        await unavailable(home, meter)
    async with house.watch() as watcher, reading(house, adapter, tmp_path):
        await watcher.wait("smartmeter/status", "online")
        # Core hears of it together with this change, in one order with it.
        house_state = new_meter(adapter)
        for _ in range(4):  # another meter than before the restart has to be confirmed
            await house_state.push()
        await available(home, house_state)
        assert set(await current(home, meter)) == {UNAVAILABLE}


async def test_the_first_telegram_is_shown_without_a_second_one(
    home: Client, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path):
        truth = (await meter.push()).truth
        await shows(home, meter, values(meter, truth), patience=5)


async def test_entities_that_the_user_enables_show_their_values_too(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter, "e450", "burgenland")
    async with reading(house, adapter, tmp_path):
        truth = await introduce(home, meter)
        disabled = {
            unique_id: entry["entity_id"]
            for unique_id, entry in (await entries(home, device_of(meter))).items()
            if entry["disabled_by"]
        }
        assert disabled
        for entity_id in disabled.values():
            await home.call("config/entity_registry/update", entity_id=entity_id, disabled_by=None)
        await reload(home, core)
        await shows(home, meter, values(meter, truth, disabled_too=True))
        found = await shown(home, device_of(meter))
    for unique_id in disabled:
        row = (SENSORS | DIAGNOSTICS)[unique_id.removeprefix(f"smartmeter_{meter.id}_")]
        assert (found[unique_id].unit, found[unique_id].precision) == (row.unit, row.precision)


@pytest.mark.parametrize(
    "changed", [{"base_topic": "house/meters"}, {"discovery_prefix": "homeassistant"}]
)
async def test_under_another_base_topic_the_same_entities_come_back_and_nothing_is_left(
    home: Client,
    core: Core,
    house: Mosquitto,
    adapter: Adapter,
    tmp_path: Path,
    changed: dict[str, str],
) -> None:
    before = core.position
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path):
        await introduce(home, meter)
        found = await shown(home, device_of(meter))
    mqtt = {**options(house, adapter)["mqtt"], **changed}
    async with reading(house, adapter, tmp_path, mqtt=mqtt):
        await introduce(home, meter)
        assert await shown(home, device_of(meter)) == found
        base = changed.get("base_topic", "smartmeter")
        async with house.watch() as watcher:
            await watcher.wait(f"{base}/{meter.id}/status", "online")
            await watcher.publish("fence", "here")
            await watcher.wait("fence")
            left = {message.topic for message in watcher.messages if message.retain}
    assert left == {
        f"{base}/status",
        f"{base}/{meter.id}/status",
        f"homeassistant/device/{Topics(base).program_device}/config",
        f"homeassistant/device/smartmeter_{meter.id}/config",
    }
    assert not core.complaints(before)
