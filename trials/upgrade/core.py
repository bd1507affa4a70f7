"""An earlier version runs beside a real Home Assistant, then this one: what the household has then.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.upgrade.core
    PYTHONPATH=smartmeter_addon:. python3 -m trials.upgrade.core --only lgraho

Core is that of script/home-assistant, or the one that HOME_ASSISTANT_ENVIRONMENT names. For each
layout it is set up anew, with its recorder, and the household has sensors of its own for the
layout's topics. The earlier version, which is taken out of git, reads a simulated meter. Then

1. this version starts on its options and state;
2. Core is restarted;
3. this version is started once more.

After each, all entities have to be there under the same unique ids, entity ids and names, with the
same units, and show values; their long-term statistics go on without a jump; nothing is there
twice, and nothing was announced twice.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.support import history
from tests.support.core import ENVIRONMENT, Core, environment
from tests.support.core_client import Client, connected
from tests.support.history import NotInCloneError
from tests.support.mosquitto import Mosquitto, Seen, Watcher
from tests.support.program import options, running
from tests.support.simulated import Adapter, SimulatedMeter, published
from trials.upgrade.household import Household, differences, seen
from trials.upgrade.lines import PUSH_INTERVAL

TELEGRAMS: Final = 4
"""Those between two looks at the household."""

PATIENCE: Final = 90.0
"""Seconds in which a value has to be shown."""

HISTORY: Final = 3
"""Looks during the earlier version's run, each of which makes a row of statistics."""


@dataclass(frozen=True)
class Scenario:
    """A household.

    Args:
        name: says what is particular about it.
        family: of `simulator.meters.FAMILIES`.
        variant: the list that its meter sends.
        mqtt: further options of the group ``mqtt``.
        more: further options outside of it.
        by_hand: topics for which it has sensors of its own, each with the template of its value.
    """

    name: str
    family: str
    variant: str
    mqtt: Mapping[str, object] = field(default_factory=dict)
    more: Mapping[str, object] = field(default_factory=dict)
    by_hand: Mapping[str, str] = field(default_factory=dict)


_PLAIN: Final = "{{ value }}"

SCENARIOS: Final = (
    Scenario("standard", "kaifa", "netznoe"),
    Scenario("German, with a name", "sagemcom", "netznoe", more={"language": "de", "name": "Süd"}),
    Scenario("P1 with gas and water meters", "dsmr", "belgium"),
    Scenario(
        "burgenland",
        "e450",
        "burgenland",
        {"layout": "burgenland"},
        by_hand={"smartmeter/state": "{{ value_json.w_con }}"},
    ),
    Scenario(
        "lgraho",
        "kaifa",
        "netznoe",
        {"layout": "lgraho"},
        by_hand={"homeassistant/sensor/smartmeter/state": "{{ value_json.power }}"},
    ),
    Scenario(
        "greenmikeeu",
        "kaifa",
        "netznoe",
        {"layout": "greenmikeeu"},
        by_hand={"Smartmeter/WirkenergieBezug": _PLAIN, "Smartmeter/Wirkleistunggesamt": _PLAIN},
    ),
)


@dataclass
class Outcome:
    """What came of a scenario.

    Args:
        before: what the household had before the upgrade.
        after: what it had at the end.
        misses: what is not as before, as sentences.
        core: the version of Home Assistant.
    """

    before: Household
    after: Household
    misses: list[str]
    core: str

    def take(self, when: str, household: Household) -> None:
        """Take what the household has now, which has to stay from here on."""
        self.misses += [f"{when}: {one}" for one in differences(self.after, household)]
        self.after = household


async def play(scenario: Scenario, old: Path, where: Path, directory: Path) -> Outcome:
    """Play a scenario.

    Args:
        scenario: which.
        old: the add-on's folder of the earlier version.
        where: the virtual environment that Home Assistant is in.
        directory: for all files; empty.
    """
    folders = {name: directory / name for name in ("mosquitto", "core", "data")}
    for folder in folders.values():
        folder.mkdir()
    broker = Mosquitto(folders["mosquitto"], persistent=True).start()
    core = Core(where, folders["core"])
    try:
        core.start()
        core.onboard()
        core.connect_mqtt(broker)
        with closing(Adapter(directory / "ttyMeter")) as adapter:
            now = datetime.now(UTC).replace(microsecond=0)
            meter = SimulatedMeter(adapter, scenario.family, scenario.variant, zone=UTC, start=now)
            meter.meter.interval = PUSH_INTERVAL
            given = options(broker, adapter.path, **scenario.more)
            given["mqtt"] |= scenario.mqtt
            return await _play(_Stage(core, broker, meter, given, folders["data"]), scenario, old)
    finally:
        core.stop()
        broker.stop()


@dataclass
class _Stage:
    """Where a scenario is played."""

    core: Core
    broker: Mosquitto
    meter: SimulatedMeter
    options: dict[str, Any]
    data: Path


async def _play(stage: _Stage, scenario: Scenario, old: Path) -> Outcome:
    nothing = Household({}, {}, {})
    outcome = Outcome(nothing, nothing, [], stage.core.version)
    position = stage.core.position
    try:
        await _upgrade(stage, scenario, old, outcome)
    except AssertionError as error:
        outcome.misses.append(f"given up: {str(error).partition('; Core logs:')[0]}")
    outcome.misses += [f"Core complains: {one}" for one in stage.core.complaints(position)]
    return outcome


async def _upgrade(stage: _Stage, scenario: Scenario, old: Path, outcome: Outcome) -> None:
    async with stage.broker.watch() as watcher:
        async with connected(stage.core) as home:
            await _write_by_hand(scenario, watcher)
            async with running(stage.options, stage.data, addon=old) as program:
                await program.ready()
                for _ in range(HISTORY):
                    outcome.before = outcome.after = await _live(stage, home)
        if not outcome.before.statistics:
            outcome.misses.append("the earlier version left no statistics")
        async with running(stage.options, stage.data) as program:
            begin = len(watcher.messages)
            await program.ready()
            async with connected(stage.core) as home:
                outcome.take("after the upgrade", await _live(stage, home))
            outcome.misses += _announced_twice(watcher.messages[begin:])
            stage.core.restart()
            async with connected(stage.core) as home:
                outcome.take("after a restart of Core", await _live(stage, home))
        async with running(stage.options, stage.data) as program:
            begin = len(watcher.messages)
            await program.ready()
            async with connected(stage.core) as home:
                outcome.take("after the next start", await _live(stage, home))
            outcome.misses += _announced_twice(watcher.messages[begin:])


async def _write_by_hand(scenario: Scenario, watcher: Watcher) -> None:
    """Give the household its own sensors; a retained announcement stands for its YAML."""
    for number, (topic, template) in enumerate(scenario.by_hand.items()):
        name = f"by_hand_{number}"
        sensor = {"p": "sensor", "unique_id": name, "name": name, "value_template": template}
        sensor |= {"state_class": "measurement"}
        config = {
            "dev": {"identifiers": [name], "name": name},
            "o": {"name": "the household"},
            "cmps": {name: sensor},
            "state_topic": topic,
        }
        await watcher.publish(
            f"homeassistant/device/{name}/config", json.dumps(config), retain=True
        )


async def _live(stage: _Stage, home: Client) -> Household:
    """Let the meter be heard for a while, and look at the household."""
    unique_id = f"smartmeter_{stage.meter.id}_power"
    for _ in range(TELEGRAMS):
        if stage.meter.meter.ciphering is None:
            await asyncio.sleep(PUSH_INTERVAL)  # by no counter, only by when it is due
        power = published((await stage.meter.push()).truth)["power"]

        async def shown(power: object = power) -> bool:
            listed = await home.call("config/entity_registry/list")
            ids = [one["entity_id"] for one in listed if one["unique_id"] == unique_id]
            state = home.states.get(ids[0], {}).get("state", "") if ids else ""
            return bool(state.strip("-.0123456789") == "" and state and float(state) == power)

        await home.until(shown, f"{unique_id} {power}", PATIENCE)
    return await seen(home)


def _announced_twice(messages: Sequence[Seen]) -> list[str]:
    announced = Counter(
        (one.topic, one.payload)
        for one in messages
        if one.topic.endswith("/config") and one.payload and not one.retain
    )
    return [
        f"{topic}: announced {count} times in one start, with the same content"
        for (topic, _), count in announced.items()
        if count > 1
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Play and print; the exit status is 1 when anything is not as before, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python3 -m trials.upgrade.core",
        description="Upgrades beside a real Home Assistant, from an earlier version of the program"
        " to that of this tree.",
    )
    history.add_option(parser)
    parser.add_argument("--only", default="", metavar="TEXT", help="scenarios with it in the name")
    given = parser.parse_args(arguments)
    where = environment()
    if where is None:
        parser.error(
            f"there is no Home Assistant here; script/home-assistant installs one, or {ENVIRONMENT}"
            " names one"
        )
    chosen = [scenario for scenario in SCENARIOS if given.only in scenario.name]
    if not chosen:
        parser.error("wanted is --only with a text of a scenario's name")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="smartmeter-upgrade-") as folder:
        try:
            old = history.unpack(given.commit, Path(folder))
        except NotInCloneError as error:
            parser.error(str(error))
        for number, scenario in enumerate(chosen):
            directory = Path(folder) / str(number)
            directory.mkdir()
            outcome = asyncio.run(play(scenario, old, where, directory))
            failed += bool(outcome.misses)
            sys.stdout.write(_told(scenario, outcome))
            sys.stdout.flush()
    sys.stdout.write(f"\n{len(chosen)} scenarios, {failed} of them not as before.\n")
    return 1 if failed else 0


def _told(scenario: Scenario, outcome: Outcome) -> str:
    before, after = outcome.before, outcome.after
    new = after.entities.keys() - before.entities.keys()
    told = (
        f"{scenario.name} (Core {outcome.core}): {len(before.entities)} entities,"
        f" {len(before.statistics)} with statistics, {len(new)} new;"
        f" {f'{len(outcome.misses)} differences' if outcome.misses else 'all go on'}\n"
    )
    told += "".join(f"  new: {after.entities[one].entity_id}\n" for one in sorted(new))
    return told + "".join(f"  - {one}\n" for one in outcome.misses)


if __name__ == "__main__":
    sys.exit(main())
