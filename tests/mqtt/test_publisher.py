"""The publisher against a real Mosquitto, seen by a second client."""

import asyncio
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from app.config.options import MqttOptions
from app.line.trouble import Problem, Trouble
from app.meters.reading import Reading
from app.meters.sensors import SENSORS
from app.mqtt.details import Details
from app.mqtt.layout import Layout
from app.mqtt.layouts import LAYOUTS
from app.mqtt.legacy_layouts import Burgenland
from app.mqtt.outbox import RETAINED
from app.mqtt.publisher import UNSTEADY, Connected, Disconnected
from app.mqtt.topics import Topics
from app.state import State
from tests.support.memory import Memory
from tests.support.mosquitto import Mosquitto
from tests.support.publishing import (
    E450,
    KAIFA,
    KAIFA_CONFIG,
    KAIFA_DETAILS,
    KAIFA_STATE,
    KAIFA_STATUS,
    STATUS,
    TOPICS,
    publishing,
    running,
    stop,
)
from tests.support.relay import Relay

pytestmark = pytest.mark.usefixtures("nothing_goes_wrong_unseen")


# Connecting


async def test_a_connection_is_reported_and_the_program_is_online(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        assert await made.connected() == Connected(broker.host, broker.port)
        assert (await home.wait(STATUS)).payload == "online"


async def test_online_is_retained(broker: Mosquitto) -> None:
    async with running(publishing(broker.options)) as made:
        await made.connected()
        async with broker.watch(STATUS) as early:
            await early.wait(STATUS, "online")
        async with broker.watch(STATUS) as late:
            assert (await late.wait(STATUS)).retain


async def test_an_error_of_find_broker_is_reported_and_it_is_called_again(
    broker: Mosquitto,
) -> None:
    async def find() -> MqttOptions:
        if made.asked == 1:
            raise LookupError("there is no broker yet; install one")
        return broker.options

    async with running(made := publishing(find)):
        assert await made.states.get() == Disconnected("there is no broker yet; install one", 0.01)
        await made.connected()
    assert made.asked == 2


async def test_find_broker_is_called_before_every_attempt(broker: Mosquitto) -> None:
    async def find() -> MqttOptions:
        return replace(broker.options, password="old" if made.asked == 1 else broker.password)

    async with running(made := publishing(find)):
        assert "refuses" in str((await made.disconnected()).reason)
        await made.connected()


async def test_delays_grow_are_bounded_and_start_over_after_success(broker: Mosquitto) -> None:
    broker.stop()
    async with running(publishing(broker.options, delays=(0.001, 0.002, 0.003))) as made:
        delays = [(await made.disconnected()).retry_in for _ in range(5)]
        assert delays == [0.001, 0.002, 0.003, 0.003, 0.003]
        broker.start()
        await made.connected()
        async with broker.watch() as home:
            made.publish(power="1")
            await home.wait(KAIFA_STATE)
        broker.stop()
        assert (await made.disconnected()).retry_in == 0.001


# What is published


async def test_a_state_has_every_digit_and_the_meters_time(broker: Mosquitto) -> None:
    vienna = dt.timezone(dt.timedelta(hours=1))
    moment = dt.datetime(2026, 11, 21, 15, 22, 5, tzinfo=vienna)
    values: dict[str, Decimal | int | str] = {
        "energy_import": Decimal("4408.736"),
        "power": 230,
        "voltage_l1": Decimal("233.70"),
    }
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        made.publisher.publish(Reading(KAIFA, moment, values), name="Keller")
        seen = await home.wait(KAIFA_STATE)
        described = json.loads((await home.wait(KAIFA_CONFIG)).payload)
    assert seen.payload == (
        '{"energy_import": 4408.736, "power": 230, "voltage_l1": 233.7,'
        ' "timestamp": "2026-11-21T15:22:05+01:00"}'
    )
    assert seen.qos == 0
    assert set(described["cmps"]) == {"energy_import", "power", "voltage_l1", "timestamp"}
    assert described["dev"]["name"] == "Keller"
    assert described["o"]["sw_version"] == "1.2.3"


async def test_a_reading_that_the_meter_has_no_value_for_is_null(broker: Mosquitto) -> None:
    """An absent key would leave Home Assistant with the last value."""
    now = Reading(KAIFA, None, {"power": 230}, frozenset({"phase_angle_l1"}))
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        made.publisher.publish(now, name=None)
        seen = await home.wait(KAIFA_STATE)
    assert seen.payload == '{"power": 230, "phase_angle_l1": null}'


async def test_what_stands_beside_a_reading_is_published_with_it(broker: Mosquitto) -> None:
    details = {"power_import_peak": {"history": [{"kW": Decimal("1.747")}]}, "message": {}}
    peak = Reading(KAIFA, None, {"power_import_peak": Decimal(2485)}, details=details)
    async with broker.watch(KAIFA_STATE) as home, running(publishing(broker.options)) as made:
        made.publisher.publish(peak, name=None)
        assert json.loads((await home.wait(KAIFA_STATE)).payload) == {
            "power_import_peak": 2485,
            "power_import_peak_details": {"history": [{"kW": 1.747}]},
        }


async def test_a_state_that_only_another_list_says_is_published_again(broker: Mosquitto) -> None:
    async def said(values: dict[str, Decimal | int | str], *unknown: str) -> object:
        reading = Reading(KAIFA, None, values, frozenset(unknown))
        made.publisher.publish(reading, name=None)
        return json.loads((await home.wait(KAIFA_STATE)).payload)

    async with broker.watch(KAIFA_STATE) as home, running(publishing(broker.options)) as made:
        assert await said({"power": 1, "active_tariff": 2}) == {"power": 1, "active_tariff": 2}
        assert await said({"power": 3}) == {"power": 3, "active_tariff": 2}
        assert await said({"power": 4, "active_tariff": 1}) == {"power": 4, "active_tariff": 1}
        assert await said({"power": 5}, "active_tariff") == {"power": 5, "active_tariff": None}
        assert await said({"power": 6}) == {"power": 6}


async def test_details_come_at_their_pace_and_the_last_ones_at_the_end(broker: Mosquitto) -> None:
    async with broker.watch() as home:
        async with running(publishing(broker.options)) as made:
            made.publisher._details = Details(60.0)
            for number in range(5):
                made.publish(power=str(number), voltage_l1="230")
                await home.wait(KAIFA_STATE)
            await home.wait(KAIFA_DETAILS)
        last = await home.wait(KAIFA_DETAILS)
        said = [json.loads(one.payload) for one in home.messages if one.topic == KAIFA_DETAILS]
    assert [one["power"] for one in said] == [0, 4]
    assert not last.retain


async def test_values_of_all_lists_are_there_when_home_assistant_has_started(
    broker: Mosquitto,
) -> None:
    """An hourly list came before others, and the next one is an hour away."""
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        made.publisher._details = Details(60.0)
        made.publish(power="1", energy_import="17")
        made.publish(power="2")
        made.publish(power="3")
        await made.publisher.delivered()
        async with broker.watch(KAIFA_DETAILS) as core:
            await core.publish(TOPICS.home_assistant, "online")
            found = json.loads((await core.wait(KAIFA_DETAILS)).payload)
        await home.wait(KAIFA_STATE)
    assert found == {"energy_import": 17, "power": 3}


async def test_what_waits_to_be_enabled_is_announced_without_a_value(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        unknown = frozenset(("power_limit", "voltage_l1"))
        made.publisher.publish(Reading(KAIFA, None, {"power": 1}, unknown), name=None)
        described = json.loads((await home.wait(KAIFA_CONFIG)).payload)
        assert described["cmps"].keys() == {"power", "power_limit"}


async def test_an_entity_is_announced_before_its_first_value(broker: Mosquitto) -> None:
    async with broker.watch("homeassistant/#", "smartmeter/1kfm02/#") as home:
        async with running(publishing(broker.options, language="de")) as made:
            made.publish(power="1")
            await home.wait(KAIFA_STATE)
        assert [seen.topic for seen in home.messages][:3] == [
            KAIFA_CONFIG,
            KAIFA_STATUS,
            KAIFA_STATE,
        ]
        assert '"name": "Wirkleistung"' in home.messages[0].payload


async def test_discovery_and_status_are_retained_and_the_state_is_not(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        async with broker.watch() as late:
            await late.publish("end", "")
            await late.wait("end")
            retained = {seen.topic for seen in late.messages if seen.retain}
    assert retained == {STATUS, KAIFA_STATUS, KAIFA_CONFIG}


async def test_discovery_grows_with_what_the_meter_sends_and_only_then(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        for value in ("1", "2"):
            made.publish(power=value)
            await home.wait(KAIFA_STATE)
        made.publish(reactive_energy_import="3", no_such_reading="4")
        await home.wait(KAIFA_STATE)
        made.publish(power="5")
        await home.wait(KAIFA_STATE)
        described = [list(json.loads(text)["cmps"]) for text in home.payloads(KAIFA_CONFIG)]
    assert described == [["power"], ["power", "reactive_energy_import"]]


async def test_a_new_entity_is_announced_before_its_value(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        home.messages.clear()
        made.publish(power="2")
        made.publish(power="3", voltage_l1="230.1")
        await home.wait(KAIFA_STATE, '{"power": 3, "voltage_l1": 230.1}')
        topics = [seen.topic for seen in home.messages if seen.topic != KAIFA_DETAILS]
        assert topics == [KAIFA_STATE, KAIFA_CONFIG, KAIFA_STATE]


async def test_a_status_that_does_not_change_is_not_sent_again(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        for value in ("1", "2", "3"):
            made.publish(power=value)
            await home.wait(KAIFA_STATE)
        assert home.payloads(KAIFA_STATUS) == ["online"]


async def test_a_meter_without_any_known_reading_is_not_announced(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        made.publish(no_such_reading="4")
        assert (await home.wait(KAIFA_STATE)).payload == '{"no_such_reading": 4}'
        assert home.payloads(KAIFA_CONFIG) == []


async def test_a_meter_is_online_when_it_is_heard_and_offline_when_told(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        made.publish(power="1")
        assert (await home.wait(KAIFA_STATUS)).payload == "online"
        made.publisher.meter_online(KAIFA.id, online=False)
        assert (await home.wait(KAIFA_STATUS)).payload == "offline"
        async with broker.watch(KAIFA_STATUS) as late:
            seen = await late.wait(KAIFA_STATUS)
            assert (seen.payload, seen.retain) == ("offline", True)
        made.publish(power="2")
        assert (await home.wait(KAIFA_STATUS)).payload == "online"


async def test_old_values_of_a_silent_meter_are_not_said_again(broker: Mosquitto) -> None:
    made = publishing(broker.options, layout=LAYOUTS["greenmikeeu"])
    async with broker.watch() as home, running(made):
        made.publish(power="1", voltage_l1="230")
        made.publish(E450, power="5")
        await home.wait("smartmeter/12345678/details")
        made.publisher.meter_online(KAIFA.id, online=False)
        await home.wait(KAIFA_STATUS, "offline")
        async with broker.watch() as late:
            await late.publish("homeassistant/status", "online")
            await late.wait("smartmeter/12345678/details")
            topics = (KAIFA_STATE, KAIFA_DETAILS, "Smartmeter/SpannungL1")
            assert [late.payloads(topic) for topic in topics] == [[], [], []]
            made.publish(power="2", voltage_l1="231")
            for topic in topics:
                await late.wait(topic)


async def test_the_readings_of_many_meters_all_arrive(broker: Mosquitto) -> None:
    meters = [replace(E450, id=f"m{n}") for n in range(100)]
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        for number, meter in enumerate(meters):
            made.publish(meter, power=str(number))
        for number, meter in enumerate(meters):
            seen = await home.wait(f"smartmeter/{meter.id}/state")
            assert seen.payload == f'{{"power": {number}}}'
            assert len(home.payloads(f"homeassistant/device/smartmeter_{meter.id}/config")) == 1


async def test_diagnostics_are_announced_and_published_and_make_no_meter_online(
    broker: Mosquitto,
) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        await made.connected()
        made.publisher.diagnose(KAIFA, {"problem": "ON", "problem_details": {}}, name=None)
        described = json.loads((await home.wait(KAIFA_CONFIG)).payload)
        assert list(described["cmps"]) == ["problem"]
        told = await home.wait("smartmeter/1kfm02/diagnostics")
        assert (json.loads(told.payload), told.retain) == (
            {"problem": "ON", "problem_details": {}},
            False,
        )
        made.publish(power="1")
        await home.wait("smartmeter/1kfm02/state")
        assert home.payloads(KAIFA_STATUS) == ["online"]


# What was known before


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_restarted_program_announces_at_once_what_it_knows_and_that_nothing_is_heard(
    broker: Mosquitto, language: str
) -> None:
    state = Memory()
    async with broker.watch() as home, running(publishing(broker.options, state=state)) as made:
        made.publish(frequency="50", power="1")
        await home.wait(KAIFA_STATE)
    async with broker.watch() as home:
        await home.wait(KAIFA_CONFIG)  # what the first run left
        async with running(publishing(broker.options, state=state, language=language)) as made:
            seen = await home.wait(KAIFA_CONFIG)
    assert set(home.payloads(KAIFA_STATUS)) == {"offline"}
    described = json.loads(seen.payload)["cmps"]
    assert described.keys() == {"power", "frequency"}
    assert described["frequency"]["name"] == SENSORS["frequency"].name(language)


async def test_a_program_that_was_killed_leaves_no_meter_online_after_its_restart(
    broker: Mosquitto,
) -> None:
    state = Memory()
    relay = Relay(broker)
    async with (
        relay,
        running(publishing(relay.options, state=state)) as made,
        broker.watch() as home,
    ):
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        relay.stop_serving()
    async with broker.watch() as home:
        assert (await home.wait(KAIFA_STATUS)).payload == "online"
        async with running(publishing(broker.options, state=state)):
            assert (await home.wait(KAIFA_STATUS)).payload == "offline"


@pytest.mark.parametrize(
    ("topics", "cleared"),
    [
        (Topics(base="meters"), [STATUS, KAIFA_STATUS]),
        (Topics(discovery_prefix="ha"), [KAIFA_CONFIG]),
        (Topics(base="a", discovery_prefix="b"), [STATUS, KAIFA_STATUS, KAIFA_CONFIG]),
    ],
    ids=["base", "prefix", "both"],
)
async def test_what_was_retained_under_other_topics_is_cleared(
    broker: Mosquitto, topics: Topics, cleared: list[str]
) -> None:
    state = Memory()
    async with broker.watch() as home, running(publishing(broker.options, state=state)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
    async with broker.watch() as home:
        for topic in (STATUS, KAIFA_STATUS, KAIFA_CONFIG):
            assert (await home.wait(topic)).payload
        async with running(publishing(broker.options, state=state, topics=topics)) as made:
            made.publish(power="2")
            for topic in cleared:
                assert (await home.wait(topic)).payload == ""
            made.publish(power="3")
            for power in "23":
                await home.wait(topics.state(KAIFA.id), f'{{"power": {power}}}')
            made.publish(power="4")
            await home.wait(topics.state(KAIFA.id))  # what was sent before is acknowledged
    left = state.section(RETAINED).keys()
    assert left == {topics.status, topics.meter_status(KAIFA.id), topics.discovery(KAIFA.id)}


async def test_another_program_s_entities_are_taken_over_once_before_the_first_announcement(
    broker: Mosquitto,
) -> None:
    state, config = Memory(), "homeassistant/device/smartmeter/config"
    async with broker.watch() as home:
        for _ in range(2):
            made = publishing(broker.options, state=state, repeat_after=(0.01,), layout=Burgenland)
            async with running(made):
                made.publish(power_import="1")
                while "cmps" not in (await home.wait(config)).payload:
                    pass
    told = [json.loads(payload) for payload in home.payloads(config)]
    assert told[0] == {"migrate_discovery": True}
    assert len(told) == 3
    assert all("cmps" in one for one in told[1:])


async def test_what_takes_over_is_sent_at_the_next_start_if_there_was_no_broker(
    broker: Mosquitto,
) -> None:
    """The announcement, which waited for the broker as well, says nothing of it."""
    state, config = Memory(), "homeassistant/device/smartmeter/config"
    publishing(broker.options, state=state, layout=Burgenland).publish(power_import="1")
    assert config in state.section(RETAINED)
    async with broker.watch() as home:
        made = publishing(broker.options, state=state, repeat_after=(0.01,), layout=Burgenland)
        async with running(made):
            assert "migrate_discovery" in (await home.wait(config)).payload
            assert "cmps" in (await home.wait(config)).payload
    assert not state.section("takeover")


async def test_without_discovery_nothing_is_announced_and_what_was_is_cleared_at_once(
    broker: Mosquitto,
) -> None:
    state = Memory()
    async with broker.watch() as home, running(publishing(broker.options, state=state)) as made:
        made.publish(power="1")
        assert (await home.wait(KAIFA_CONFIG)).payload
        await home.wait(KAIFA_STATE)
    without = partial(Layout, announces=False)
    async with broker.watch() as home:
        assert (await home.wait(KAIFA_CONFIG)).retain
        async with running(publishing(broker.options, state=state, layout=without)) as made:
            assert (await home.wait(KAIFA_CONFIG)).payload == ""
            made.publish(power="2")
            await home.wait(KAIFA_STATUS, "online")
            await home.wait(KAIFA_STATE, '{"power": 2}')
            await home.publish("homeassistant/status", "online")
            made.publish(power="3", energy_import="1")
            await home.wait(KAIFA_STATE)
            assert home.payloads(KAIFA_CONFIG)[1:] == [""]
    assert KAIFA_CONFIG not in state.section(RETAINED)
    async with broker.watch() as home, running(publishing(broker.options, state=state)):
        told = json.loads((await home.wait(KAIFA_CONFIG)).payload)
        assert {"power", "energy_import"} <= told["cmps"].keys()


@pytest.mark.parametrize("layout", LAYOUTS.values())
async def test_without_discovery_no_layout_writes_to_home_assistant_s_topics(
    broker: Mosquitto, layout: type[Layout]
) -> None:
    without = partial(layout, announces=False)
    async with broker.watch() as home:
        async with running(publishing(broker.options, layout=without)) as made:
            made.publish(power_import="1", energy_import="2")
            await home.wait(KAIFA_STATE)
        await home.wait(KAIFA_STATUS, "offline")
    assert not [seen.topic for seen in home.messages if seen.topic.endswith("/config")]


async def test_topics_that_no_broker_accepts_are_not_cleared(broker: Mosquitto) -> None:
    """A file that was damaged would end every connection, or the program."""
    state = Memory()
    for damaged in ("smartmeter/+/state", "#", "", "a\0b", "x" * 70_000):
        state.set(RETAINED, damaged, "")
    async with broker.watch() as home, running(publishing(broker.options, state=state)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)


def many_topics(state: State) -> list[str]:
    """Give topics that an earlier run left, so many as none should leave."""
    topics = [f"homeassistant/device/smartmeter_{n}/config" for n in range(3000)]
    state.update(RETAINED, dict.fromkeys(topics, ""))
    return topics


async def test_readings_are_published_before_and_while_many_topics_are_cleared(
    broker: Mosquitto, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    state = State(tmp_path / "state.json")
    left = many_topics(state)
    made = publishing(broker.options, state=state)
    async with broker.watch() as home, running(made):
        await home.publish(left[0], "{}", retain=True)
        await made.connected()
        await asyncio.sleep(0.2)
        assert state.section(RETAINED).keys() >= set(left)
        made.publish(power="0")
        await home.wait(KAIFA_STATE)
        late = []
        for power in range(1, 10**6):
            begun = monotonic()
            made.publish(power=str(power))
            await home.wait(KAIFA_STATE)
            late.append(monotonic() - begun)
            if state.section(RETAINED).keys() == {STATUS, KAIFA_STATUS, KAIFA_CONFIG}:
                break
            await asyncio.sleep(0.01)
    told = [seen.topic for seen in home.messages if not (seen.topic == left[0] and seen.payload)]
    assert told[:4] == [STATUS, KAIFA_CONFIG, KAIFA_STATUS, KAIFA_STATE]
    assert set(told) >= set(left)
    figure(f"{len(late)} readings while {len(left)} topics are cleared: {max(late):.3f} s at most")
    assert len(late) > 10  # none of them waited until all were cleared


async def test_publishing_goes_on_when_home_assistant_starts_while_topics_are_cleared(
    broker: Mosquitto,
) -> None:
    state = Memory()
    left = many_topics(state)
    async with broker.watch() as home, running(publishing(broker.options, state=state)) as made:
        made.publish(power="1")
        for n in range(0, len(left), 500):
            await home.wait(left[n], "")
            await home.publish("homeassistant/status", "online")
            await home.wait(KAIFA_STATE, '{"power": 1}')
        made.publish(power="2")
        await home.wait(KAIFA_STATE, '{"power": 2}')
        assert isinstance(made.states.get_nowait(), Connected)
        assert made.states.empty()


async def test_the_end_does_not_wait_for_topics_to_be_cleared(broker: Mosquitto) -> None:
    state = Memory()
    left = many_topics(state)
    made = publishing(broker.options, state=state, clear_interval=60.0)
    async with broker.watch() as home:
        async with running(made):
            made.publish(power="1")
            await home.wait(KAIFA_STATE)
        await home.wait(STATUS, "offline")
    assert state.section(RETAINED).keys() & set(left)
    await broker.logs(f"Received DISCONNECT from {made.publisher._identifier}\n")


async def test_a_meter_that_was_not_heard_for_a_week_is_taken_back(broker: Mosquitto) -> None:
    state, day = Memory(), dt.date(2026, 6, 1)
    made = publishing(broker.options, state=state, today=lambda: day)
    async with broker.watch() as home, running(made):
        made.publish(KAIFA, power="1")
        made.publish(E450, power="2")
        await home.wait("smartmeter/12345678/state")
        for _ in range(8):
            day += dt.timedelta(days=1)
            made.publish(E450, power="2")
        assert made.publisher.forget_unheard() == [KAIFA]
        await home.wait(KAIFA_CONFIG)
        for topic in (KAIFA_CONFIG, KAIFA_STATUS):
            await home.wait(topic, "")
        async with broker.watch() as late:
            await late.wait("smartmeter/12345678/status")
            assert late.payloads(KAIFA_CONFIG) == []
            # Nothing of it is said again when Home Assistant starts.
            await late.publish("homeassistant/status", "online")
            await late.wait("smartmeter/12345678/details")
            assert late.payloads(KAIFA_STATE) == []
            made.publish(KAIFA, power="3")
            await late.wait(KAIFA_STATUS, "online")


async def test_a_reading_that_is_gone_for_good_is_taken_back(broker: Mosquitto) -> None:
    day = dt.date(2026, 6, 1)
    made = publishing(broker.options, today=lambda: day)
    async with broker.watch() as home, running(made):
        made.publish(power="1", frequency="50")
        described = json.loads((await home.wait(KAIFA_CONFIG)).payload)["cmps"]
        assert "unique_id" in described["frequency"]
        for _ in range(8):
            day += dt.timedelta(days=1)
            made.publish(power="1")
        described = json.loads((await home.wait(KAIFA_CONFIG)).payload)["cmps"]
    assert described["frequency"] == {"p": "sensor"}
    assert "unique_id" in described["power"]


# When things break


@pytest.mark.parametrize("persistent", [False, True])
async def test_a_restarted_broker_is_sent_everything_again(
    tmp_path: Path, *, persistent: bool
) -> None:
    broker = Mosquitto(tmp_path, persistent=persistent).start()
    try:
        async with running(publishing(broker.options)) as made:
            async with broker.watch() as home:
                made.publish(power="1")
                await home.wait(KAIFA_STATE)
            broker.stop()
            told = await made.disconnected()
            assert "was lost" in str(told.reason)
            made.publish(power="2")
            broker.start()
            await made.connected()
            async with broker.watch() as home:
                for topic in (STATUS, KAIFA_STATUS):
                    await home.wait(topic, "online")
                assert '"power"' in (await home.wait(KAIFA_CONFIG)).payload
                made.publish(power="3")
                await home.wait(KAIFA_STATE, '{"power": 3}')
    finally:
        broker.stop()


async def test_the_broker_publishes_the_last_will_when_the_connection_is_cut(
    broker: Mosquitto,
) -> None:
    async with (
        broker.watch(STATUS) as home,
        Relay(broker) as relay,
        running(publishing(relay.options)) as made,
    ):
        await home.wait(STATUS, "online")
        relay.cut()
        assert (await home.wait(STATUS)).payload == "offline"
        assert (await home.wait(STATUS)).payload == "online"
        assert "was lost" in str((await made.disconnected()).reason)


async def test_the_last_will_is_retained(broker: Mosquitto) -> None:
    async with (
        broker.watch(STATUS) as home,
        Relay(broker) as relay,
        running(publishing(relay.options, delays=(60.0,))),
    ):
        await home.wait(STATUS, "online")
        relay.cut()
        await home.wait(STATUS, "offline")
        async with broker.watch(STATUS) as late:
            seen = await late.wait(STATUS)
            assert (seen.payload, seen.retain) == ("offline", True)


async def test_only_the_newest_reading_of_each_meter_waits_for_the_broker(
    broker: Mosquitto,
) -> None:
    broker.stop()
    made = publishing(broker.options)
    for value in ("1", "2", "3"):
        made.publish(power=value)
    made.publish(E450, power="9")
    broker.start()
    async with broker.watch() as home, running(made):
        await home.wait(KAIFA_STATE)
        await home.wait("smartmeter/12345678/state")
        made.publish(power="4")
        await home.wait(KAIFA_STATE, '{"power": 4}')
    assert home.payloads(KAIFA_STATE) == ['{"power": 3}', '{"power": 4}']
    assert home.payloads("smartmeter/12345678/state") == ['{"power": 9}']


async def test_a_broker_that_stalls_before_it_answers_is_left_and_tried_again(
    broker: Mosquitto,
) -> None:
    async with running(publishing(broker.options, timeout=0.2)) as made:
        await made.connected()
        made.publish(power="1")
        with broker.stalled():
            await made.disconnected()
            told = await made.disconnected()
            assert str(told.reason) == (
                f"the MQTT broker at 127.0.0.1:{broker.port} does not answer; see whether it runs,"
                " whether mqtt.host and mqtt.port are right, and whether a firewall is in between"
            )
        async with broker.watch() as home:
            await home.wait(STATUS, "online")
            await home.wait(KAIFA_STATE)


async def test_a_broker_that_stalls_later_is_left_and_sent_the_newest_when_it_answers_again(
    broker: Mosquitto,
) -> None:
    made = publishing(broker.options, timeout=0.2, acknowledged_each=0.0)
    async with running(made):
        await made.connected()
        async with broker.watch() as home:
            made.publish(power="1")
            await home.wait(KAIFA_STATE)
            with broker.stalled():
                made.publish(power="2")
                assert "does not answer" in str((await made.disconnected()).reason)
                made.publish(power="3")
            await home.wait(KAIFA_STATE, '{"power": 3}')
            await made.connected()


async def test_a_broker_that_stalls_is_noticed_by_a_value_that_it_has_to_acknowledge(
    broker: Mosquitto,
) -> None:
    made = publishing(broker.options, timeout=0.2, acknowledged_each=0.5)
    async with running(made), broker.watch() as home:
        await made.connected()
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        with broker.stalled():
            begin = monotonic()
            noticed = asyncio.create_task(made.disconnected())
            turn = 1
            while not noticed.done():
                turn += 1
                made.publish(power=str(turn))
                await asyncio.sleep(0.05)
            assert "does not answer" in str(noticed.result().reason)
            assert monotonic() - begin < 20
        await home.wait(KAIFA_STATE, f'{{"power": {turn}}}')


async def test_values_are_not_acknowledged_and_what_the_broker_keeps_is(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        for turn in range(5):
            made.publish(power=str(turn))
            await home.wait(KAIFA_STATE, f'{{"power": {turn}}}')
    qos = {(seen.topic, seen.qos) for seen in home.messages}
    kept = {(STATUS, 1), (KAIFA_CONFIG, 1), (KAIFA_STATUS, 1)}
    assert qos == kept | {(KAIFA_STATE, 0), (KAIFA_DETAILS, 0)}


async def test_a_value_is_acknowledged_now_and_then(broker: Mosquitto) -> None:
    made = publishing(broker.options, acknowledged_each=0.2)
    async with broker.watch() as home, running(made):
        levels = []
        for turn in range(20):
            made.publish(power=str(turn))
            levels.append((await home.wait(KAIFA_STATE, f'{{"power": {turn}}}')).qos)
            await asyncio.sleep(0.05)
    assert 2 <= sum(levels) <= 8


async def test_of_many_values_at_once_a_socket_that_takes_no_more_gets_the_newest_alone(
    broker: Mosquitto,
) -> None:
    """What piles up is what the network holds, some megabytes at the most."""
    made = publishing(broker.options, timeout=3600.0, acknowledged_each=3600.0)
    async with running(made), broker.watch() as home:
        await made.connected()
        made.publish(power="0")
        await home.wait(KAIFA_STATE)
        with broker.stalled():
            for turn in range(20_000):
                made.publish(power=f"1.{turn:04}" + 2000 * "1")
            made.publish(power="2")
            await asyncio.sleep(0)
        await home.wait(KAIFA_STATE, '{"power": 2}')
        assert len(home.payloads(KAIFA_STATE)) < 10_000


async def test_a_connection_that_was_lost_three_times_is_a_problem(broker: Mosquitto) -> None:
    async with Relay(broker) as relay, running(publishing(relay.options)) as made:
        for _ in range(UNSTEADY):
            await made.connected()
            assert made.publisher.problem() is None
            relay.cut()
            await made.disconnected()
    assert made.publisher.problem() == Problem(Trouble.BROKER, parameters={"count": 3})


# The end


async def test_the_end_is_quick_while_connecting_to_a_broker_that_stalls(
    broker: Mosquitto,
) -> None:
    with broker.stalled():
        made = publishing(broker.options)
        task = asyncio.create_task(made.publisher.run())
        await made.looks_for_broker.wait()
        assert await stop(task) < 1


async def test_the_end_is_quick_without_a_broker(broker: Mosquitto) -> None:
    broker.stop()
    made = publishing(broker.options, delays=(60.0,))
    task = asyncio.create_task(made.publisher.run())
    await made.disconnected()
    assert await stop(task) < 1
