"""The program's own device: what Core shows before the first telegram, and where it then points."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml

from app import __version__
from app.line.trouble import Trouble
from app.meters.sensors import LINE_DIAGNOSTICS
from tests.home_assistant.expected import announced, device_of, registered, shown
from tests.home_assistant.house import (
    TOPICS,
    available,
    introduce,
    new_meter,
    options,
    reading,
)
from tests.support.core import DEFAULT_ENTITY_IDS, RENAMING, ROOT, Core
from tests.support.core_client import Client, connected
from tests.support.mosquitto import Mosquitto
from tests.support.program import running
from tests.support.simulated import Adapter, SimulatedMeter
from tests.support.telegrams import UNKNOWN_LIST

DOCS: Final = ROOT / "smartmeter_addon" / "DOCS.md"
PROGRAM: Final = TOPICS.program_device

HASTY: Final = "from app.line import health; health.SILENT_AFTER = 1.0; health.MISSED_PUSHES = 0\n"
"""What shortens the wait for a silent line."""

ERRORS: Final = (
    "from app.transport import parity\n"
    "parity.Marks.feed = lambda self, chunk: parity.Received.of(chunk, range(len(chunk)))\n"
)
"""What an adapter tells that gets every byte with a parity error; a pseudo terminal knows none."""


async def _silence(_: SimulatedMeter) -> None:
    """Let nothing come."""


async def _telegram(meter: SimulatedMeter) -> None:
    await meter.push()


async def _noise(meter: SimulatedMeter) -> None:
    assert meter.wire is not None
    meter.wire.write(bytes(range(1, 60)))


async def _unknown_list(meter: SimulatedMeter) -> None:
    assert meter.wire is not None
    meter.wire.write(UNKNOWN_LIST)


class Case(NamedTuple):
    """A trouble of the first minute.

    Args:
        trouble: what it is.
        says: part of the message.
        comes: what comes over the line, again and again.
        more: options that are set.
        before: what makes the process's world.
        is_open: whether the line is.
    """

    trouble: Trouble
    says: str
    comes: Callable[[SimulatedMeter], Awaitable[None]] = _telegram
    more: dict[str, str] = {}  # noqa: RUF012 - nobody changes it
    before: str = HASTY
    is_open: bool = True


CASES: Final = {
    "key missing": Case(Trouble.KEY_MISSING, "key", more={"key": "", "auth_key": ""}),
    "key wrong": Case(Trouble.KEY_WRONG, "compare the option key", more={"key": "00" * 16}),
    "silent": Case(Trouble.NO_BYTES, "no bytes from the meter", comes=_silence),
    "device missing": Case(
        Trouble.NOT_OPEN, "/dev/serial/by-id/none", more={"url": "/dev/serial/by-id/none"},
        comes=_silence, is_open=False,
    ),
    "wrong parity": Case(
        Trouble.NO_FRAMES, "parity errors", comes=_noise,
        more={"serial_mode": "2400 8O1"}, before=HASTY + ERRORS,
    ),
    "no frames": Case(Trouble.NO_FRAMES, "no whole frame", comes=_noise),
    "unknown list": Case(Trouble.UNKNOWN_LIST, "no profile knows", comes=_unknown_list),
}  # fmt: skip


class Page:
    """The program's page in Core."""

    def __init__(self, home: Client) -> None:
        self._home = home

    async def state(self, key: str, line: str = "1") -> dict[str, Any]:
        """Give state and attributes of an entity, empty when it has none."""
        for entry in await self._home.call("config/entity_registry/list"):
            if entry["platform"] == "mqtt" and entry["unique_id"] == f"{PROGRAM}_{line}_{key}":
                return self._home.states.get(entry["entity_id"], {})
        return {}

    async def comes_to(self, key: str, *states: str, line: str = "1") -> dict[str, Any]:
        """Wait until an entity shows one of some states, and give its attributes."""

        async def there() -> dict[str, Any]:
            found = await self.state(key, line)
            return found if found.get("state") in states else {}

        found = await self._home.until(there, f"{key} {states}")
        attributes: dict[str, Any] = found["attributes"]
        return attributes


async def meters(home: Client) -> list[str]:
    """Give the identifiers of the devices that Core has by MQTT, apart from the program's own."""
    listed = await home.call("config/device_registry/list")
    named = [name for one in listed for kind, name in one["identifiers"] if kind == "mqtt"]
    return [name for name in named if name != PROGRAM]


async def linked(home: Client, identifier: str) -> str | None:
    """Give the identifier of the device that a device is linked to."""
    device = await registered(home, identifier)
    assert device is not None
    for one in await home.call("config/device_registry/list"):
        if one["id"] == device["via_device_id"]:
            ((_, name),) = one["identifiers"]
            return str(name)
    return None


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", CASES)
async def test_each_trouble_of_the_first_minute_is_shown_before_any_meter(
    home: Client,
    core: Core,
    house: Mosquitto,
    adapter: Adapter,
    tmp_path: Path,
    name: str,
    language: str,
) -> None:
    before = core.position
    case = CASES[name]
    meter = new_meter(adapter)
    page = Page(home)

    async def go_on() -> None:
        while True:
            await case.comes(meter)
            await asyncio.sleep(0.5)

    given = options(house, adapter, **{"language": language, **case.more})
    async with running(given, tmp_path, before=case.before) as program:
        await program.logs("connected to the MQTT broker")
        coming = asyncio.create_task(go_on())

        async def problem() -> dict[str, Any]:
            found: dict[str, Any] = (await page.state("problem")).get("attributes", {})
            return found if found.get("kind") == case.trouble.value else {}

        # Before the first bytes, there are none.
        told = await home.until(problem, case.trouble.value)
        if language == "en":
            assert case.says in told["message"]
        else:
            assert re.search(r"\b(der|die|das|Sie|den|kein\w*)\b", told["message"])
        assert told["since"]
        line = await page.comes_to("line", "on" if case.is_open else "off")
        if case.is_open:
            assert line["address"].startswith(str(adapter.path))
            assert line["serial_mode"]
        assert (await page.state("meter"))["state"] == "unknown"
        assert (await page.state("bytes"))["state"].isdigit()
        assert await meters(home) == []
        device = await registered(home, PROGRAM)
        assert device is not None
        assert device["sw_version"] == __version__
        wanted = {"en": "Smart meter reader", "de": "Smart-Meter-Leser"}[language]
        assert device["name"] == wanted
        found = await shown(home, PROGRAM)
        assert {one.name for one in found.values()} == {
            row.name(language) for row in LINE_DIAGNOSTICS.values()
        }
        assert {one.category for one in found.values()} == {"diagnostic"}
        assert {one.entity_id for one in found.values()} == {
            f"{row.platform}.smart_meter_reader_{key}" for key, row in LINE_DIAGNOSTICS.items()
        } or core.release < DEFAULT_ENTITY_IDS
        coming.cancel()
    assert not core.complaints(before)


async def test_a_known_meter_is_named_and_linked_and_shows_what_it_did(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    before = core.position
    meter = new_meter(adapter)
    page = Page(home)
    async with house.watch() as watcher:  # what version 0.1.0 left
        old = {
            "dev": {"identifiers": [device_of(meter)], "name": "Keller", "sw_version": "0.1.0"},
            "o": {"name": "Smart meter"},
            "cmps": {"power": {"p": "sensor", "unique_id": f"{device_of(meter)}_power"}},
            "state_topic": TOPICS.state(meter.id),
        }
        await watcher.publish(TOPICS.discovery(meter.id), json.dumps(old), retain=True)
    async with reading(house, adapter, tmp_path, name="Keller"):
        await page.comes_to("problem", "off")
        await introduce(home, meter)
        await page.comes_to("meter", "Keller")
        assert await linked(home, device_of(meter)) == PROGRAM
        device = await registered(home, device_of(meter))
        assert device is not None
        assert not device["sw_version"]
        found = await shown(home, PROGRAM)
        async with house.watch(TOPICS.program_discovery) as watcher:
            payload = (await watcher.wait(TOPICS.program_discovery)).payload
        called_for = announced(json.loads(payload))
        assert found.keys() == called_for.keys()
        if core.release >= DEFAULT_ENTITY_IDS:
            assert found == called_for
    assert not core.complaints(before)


async def test_the_device_stays_over_restarts_of_program_and_core(
    core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path), connected(core) as home:
        await introduce(home, meter)
        await Page(home).comes_to("problem", "off")
        found = await shown(home, PROGRAM)
        device = await registered(home, PROGRAM)
    async with connected(core) as home:
        await Page(home).comes_to("problem", "unavailable")
    core.restart()
    async with connected(core) as home:
        await Page(home).comes_to("problem", "unavailable")
        async with reading(house, adapter, tmp_path):
            await Page(home).comes_to("problem", "off")
            await Page(home).comes_to("bytes", "0")
        assert await shown(home, PROGRAM) == found
        again = await registered(home, PROGRAM)
        assert device is not None
        assert again is not None
        assert again["id"] == device["id"]
        assert await linked(home, device_of(meter)) == PROGRAM


async def test_a_broker_without_its_memory_and_a_new_core_get_the_device_first(
    core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path) as program:
        async with connected(core) as home:
            await introduce(home, meter)
        core.stop()
        house.kill()
        house.forget()
        house.start()
        await program.logs("connected to the MQTT broker")
        core.start()
        async with connected(core) as home:
            await available(home, meter)
            await Page(home).comes_to("problem", "off")
            assert await linked(home, device_of(meter)) == PROGRAM
            device = await registered(home, PROGRAM)
            assert device is not None
            assert device["name"] == "Smart meter reader"


async def test_the_automation_of_the_documentation_tells_when_a_problem_begins_and_ends(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    (block,) = re.findall("```yaml\n(alias: .*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    # No phone is here; Core's own notifications take the same data.
    block = block.replace("notify.mobile_app_your_phone", "persistent_notification.create")
    assert block.count("00:02:00") == 2
    automation = yaml.safe_load(block.replace("00:02:00", "00:00:01"))
    path = "/api/config/automation/config/meter"
    assert await asyncio.to_thread(core.ask, path, automation) == {"result": "ok"}

    async def notified() -> list[str]:
        found = await home.call("persistent_notification/get")
        return [one["message"] for one in found if one["title"] == "Smart meter"]

    async def told(part: str) -> None:
        """Wait until there is one notification, with some words, and take it away."""
        await home.until(notified, f"a notification with {part!r}")
        (message,) = await notified()
        assert part in message
        await dismiss(home)

    meter = new_meter(adapter)
    page = Page(home)
    try:
        for _ in range(2):  # after a restart of the program it is told again
            async with reading(house, adapter, tmp_path, key="", auth_key=""):
                await meter.push()
                await told("no key is given")
            await page.comes_to("problem", "unavailable")
        async with reading(house, adapter, tmp_path) as program:
            await program.logs(f"reading {adapter.path}")
            await introduce(home, meter)
            await told("The meter is read again.")
            adapter.close()
            await told(str(adapter.path))
            adapter.plug_in()
            await program.logs(f"reading {adapter.path}")
            await introduce(home, meter)
            await told("The meter is read again.")
        await page.comes_to("problem", "unavailable")
        async with reading(house, adapter, tmp_path):
            await introduce(home, meter)
            await page.comes_to("problem", "off")
            assert await notified() == []  # there was nothing that could be over
    finally:
        await dismiss(home)
        await asyncio.to_thread(core.delete, path)


async def dismiss(home: Client) -> None:
    """Take all notifications away."""
    await home.call("call_service", domain="persistent_notification", service="dismiss_all")


async def test_a_line_taken_out_of_the_options_is_taken_back(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    page = Page(home)
    other = {"name": "Garage", "url": "/dev/serial/by-id/none"}
    both = options(house, adapter, name="Haus", additional_meters=[other])
    async with running(both, tmp_path) as program:
        await program.ready()
        await page.comes_to("problem", "on", line="2")
        await page.comes_to("problem", "off")
        names = {one.name for one in (await shown(home, PROGRAM)).values()}
        assert {"Haus: Problem", "Garage: Problem"} <= names
        found = {one: key.entity_id for one, key in (await shown(home, PROGRAM)).items()}
    async with reading(house, adapter, tmp_path, name="Haus"):

        async def alone() -> bool:
            return len(await shown(home, PROGRAM)) == len(LINE_DIAGNOSTICS)

        await home.until(alone, "the entities of one line")
        await page.comes_to("problem", "off")
        for unique_id, one in (await shown(home, PROGRAM)).items():
            assert one.entity_id == found[unique_id]
            assert ": " not in (one.name or "") or core.release < RENAMING
