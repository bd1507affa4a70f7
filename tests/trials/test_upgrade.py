"""The upgrade trial: some of its scenarios, and that it notices what it has to."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support import history
from tests.support.history import NotInCloneError
from tests.support.mosquitto import Seen
from tests.support.program import ADDON
from trials.upgrade.__main__ import main
from trials.upgrade.judge import Said, Start, first_start, next_start, within
from trials.upgrade.play import play
from trials.upgrade.scenarios import SCENARIOS, Scenario

STATE = "smartmeter/7/state"
CONFIG = "homeassistant/device/smartmeter_7/config"
STATUS = "smartmeter/7/status"
DIAGNOSTICS = "smartmeter/7/diagnostics"
LEGACY = "Smartmeter/WirkenergieBezug"


def scenario(name: str) -> Scenario:
    (found,) = (one for one in SCENARIOS if one.name == name)
    return found


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Give the add-on's folder of version 0.1.0."""
    try:
        return history.unpack(history.VERSION_0_1_0, tmp_path / "old")
    except NotInCloneError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "meters"),
    [
        ("ciphered, with a tag", 1),
        ("serial mode found by search", 1),
        ("layout burgenland, P1 with a gas meter", 2),  # of which more is read than by 0.1.0
    ],
)
async def test_an_upgrade_leaves_everything_as_it_was(
    tmp_path: Path, old: Path, name: str, meters: int
) -> None:
    outcome = await play(scenario(name), old, ADDON, tmp_path)
    assert outcome.misses == []
    assert outcome.first.published() == (12 * meters, 12 * meters)
    assert [start.published() for start in outcome.after] == [(4 * meters, 4 * meters)] * 2


FORGETFUL = """
import os, pathlib, sys
pathlib.Path(sys.argv[-1]).with_name("state.json").unlink(missing_ok=True)
os.chdir({addon!r})
os.execv(sys.executable, [sys.executable, "-m", "app", *sys.argv[1:]])
"""
"""A program that begins anew with each start."""


@pytest.mark.slow
async def test_a_program_that_does_not_read_the_state_file_is_noticed(
    tmp_path: Path, old: Path
) -> None:
    forgetful = tmp_path / "forgetful"
    (forgetful / "app").mkdir(parents=True)
    main_module = forgetful / "app" / "__main__.py"
    main_module.write_text(FORGETFUL.format(addon=os.fspath(ADDON)), encoding="utf-8")
    outcome = await play(scenario("ciphered, with a tag"), old, forgetful, tmp_path)
    for start in ("upgrade", "start after the upgrade"):
        misses = [miss for miss in outcome.misses if miss.startswith(f"{start}: ")]
        assert any("was replayed, and not rejected" in miss for miss in misses), outcome.misses
    assert outcome.back == []  # that program has not failed


def test_a_commit_that_is_not_in_the_clone_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--from", "0" * 40])
    assert f"the commit {'0' * 40} is not in this copy of the repository" in capsys.readouterr().err


def test_a_scenario_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--only", "no such scenario"])
    assert "--only" in capsys.readouterr().err


# --- What is judged ---


def discovery() -> dict[str, Any]:
    component = {
        "unique_id": "smartmeter_7_power",
        "default_entity_id": "sensor.smartmeter_7_power",
        "name": "Power",
    }
    return {
        "dev": {"identifiers": ["smartmeter_7"], "sw_version": "0.1.0"},
        "o": {"name": "Smart meter", "sw_version": "0.1.0"},
        "cmps": {"power": component},
    }


def reading(second: int, power: str = "12.50") -> str:
    return f'{{"power": {power}, "timestamp": "2026-06-21T09:00:0{second}+00:00"}}'


def said(second: int) -> Said:
    time = f"2026-06-21T09:00:0{second}+00:00"
    return Said({"power": Decimal("12.5"), "timestamp": time})


def message(topic: str, payload: object) -> Seen:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return Seen(topic, text, retain=False, qos=1)


def good() -> Start:
    """Give a start with which nothing is wrong."""
    announced = {"meter": {"id": "7", "number": "7"}, "keys": ["power"], "name": None}
    return Start(
        "upgrade",
        said={STATE: [said(1), said(2)]},
        old={STATE: [said(0).values]},
        recalled={CONFIG, STATUS, DIAGNOSTICS},
        messages=[
            message(CONFIG, discovery()),
            message(STATUS, "online"),
            message(DIAGNOSTICS, {"telegrams": 1}),
            message(LEGACY, "4408.736"),
            message(STATE, reading(1)),
            message(STATE, reading(2)),
            message(STATUS, "offline"),
        ],
        retained={CONFIG: json.dumps(discovery()), STATUS: "offline"},
        state={
            "version": 1,
            "sections": {
                "serial mode": {"/dev/ttyUSB0": "9600 8N1"},
                "meter numbers": {"4C475A": "7"},
                "announced": {"7": json.dumps(announced)},
                "retained": {CONFIG: ""},
                "last seen": {"4C475A": json.dumps({"counter": 5})},
            },
        },
    )


def replaced(start: Start, index: int, payload: object) -> None:
    start.messages[index] = message(start.messages[index].topic, payload)


def other_discovery(start: Start, change: Callable[[dict[str, Any]], object]) -> None:
    payload = discovery()
    change(payload)
    replaced(start, 0, payload)
    start.retained[CONFIG] = json.dumps(payload)


def test_a_start_with_which_nothing_is_wrong_is_not_complained_of() -> None:
    assert first_start(good()) == []
    assert next_start(good(), good(), good()) == []


def other_version(start: Start) -> None:
    other_discovery(start, lambda one: one["dev"].update(sw_version="0.2.0"))


def state_of_json_values(start: Start) -> None:
    sections = start.state["sections"]
    sections["announced"]["7"] = json.loads(sections["announced"]["7"])
    sections["last seen"]["4C475A"] = {"counter": 9}
    sections["retained"][CONFIG] = True
    sections["more"] = {"a": 1}


def another_name_of_a_section(start: Start) -> None:
    start.state["sections"]["history"] = start.state["sections"].pop("last seen")


def more_announced_in_the_state(start: Start) -> None:
    announced = json.loads(start.state["sections"]["announced"]["7"])
    announced["keys"].append("frequency")
    announced["meter"]["model"] = "E450"
    start.state["sections"]["announced"]["7"] = json.dumps(announced)


@pytest.mark.parametrize(
    "change",
    [other_version, state_of_json_values, another_name_of_a_section, more_announced_in_the_state],
)
def test_what_a_new_version_may_change_is_no_miss(change: Callable[[Start], None]) -> None:
    start = good()
    change(start)
    assert next_start(start, good(), good()) == []


def more_is_read() -> Start:
    """Give a start of a version that publishes a frequency, too, and an empty message."""
    start = good()
    start.said[STATE] = [
        one._replace(values={**one.values, "frequency": Decimal("50.0")})
        for one in start.said[STATE]
    ]
    more = '"frequency": 50.0, "message": null, "message_details": {}, "timestamp"'
    for index in (4, 5):
        replaced(start, index, start.messages[index].payload.replace('"timestamp"', more))
    other_discovery(start, lambda one: one["cmps"].update(frequency={}, message={}))
    return start


def test_a_version_that_reads_more_of_the_same_telegrams_is_no_miss() -> None:
    start = more_is_read()
    earlier = replace(good(), said=start.said)
    assert any("frequency was 50.0, is nothing" in miss for miss in first_start(earlier))
    first = within(earlier, earlier)
    assert first_start(first) == []
    assert next_start(start, first, first) == []
    other_discovery(start, lambda one: one["cmps"].update(frequency={}, more={}))
    assert any("cmps.more was nothing" in miss for miss in next_start(start, first, first))


def test_a_value_that_reads_otherwise_is_told_where_more_is_read() -> None:
    start = more_is_read()
    first = within(replace(good(), said=start.said), good())
    replaced(start, 4, start.messages[4].payload.replace("12.50", "12.5"))
    assert any("of the same telegrams" in miss for miss in next_start(start, first, first))


def linked() -> Start:
    """Give a start in which the meter was announced anew, by the meter that it is read through."""
    start = good()
    start.messages.insert(1, start.messages[0])
    other_discovery(start, lambda one: one["dev"].update(via_device="smartmeter_8"))
    start.messages.insert(5, start.messages[5])  # its values come again
    return start


def test_a_meter_may_be_announced_anew_by_the_one_that_it_is_read_through() -> None:
    assert next_start(linked(), good(), good()) == []


def test_a_value_that_is_null_was_not_said() -> None:
    start = good()
    replaced(start, 4, reading(1).replace("}", ', "phase_angle_l1": null}'))
    assert next_start(start, good()) == []


CHANGES: dict[str, Callable[[Start], object]] = {
    "cmps.power.unique_id was smartmeter_7_power, is x": lambda start: other_discovery(
        start, lambda one: one["cmps"]["power"].update(unique_id="x")
    ),
    "cmps.power.default_entity_id was sensor.smartmeter_7_power, is x": (
        lambda start: other_discovery(
            start, lambda one: one["cmps"]["power"].update(default_entity_id="x")
        )
    ),
    "dev.identifiers was ['smartmeter_7'], is ['x']": lambda start: other_discovery(
        start, lambda one: one["dev"].update(identifiers=["x"])
    ),
    "cmps.power was {": lambda start: other_discovery(start, lambda one: one["cmps"].clear()),
    "cmps.more was nothing, is {": lambda start: other_discovery(
        start, lambda one: one["cmps"].update(more={})
    ),
    f"{CONFIG}: announced 2 times in one start, twice the same": (
        lambda start: start.messages.append(start.messages[0])
    ),
    f"{CONFIG}: announced 2 times in one start, with different content: o.name was Smart meter": (
        lambda start: start.messages.append(message(CONFIG, {**discovery(), "o": {"name": "x"}}))
    ),
    f"{CONFIG}: cleared": lambda start: start.messages.append(message(CONFIG, "")),
    f"{CONFIG}: nothing is published there any more": lambda start: start.messages.pop(0),
    "smartmeter/8/state: something is published there that was not before": (
        lambda start: start.messages.append(message("smartmeter/8/state", reading(1)))
    ),
    f"{DIAGNOSTICS}: nothing is published there before the first telegram": (
        lambda start: start.recalled.discard(DIAGNOSTICS)
    ),
    f"{CONFIG}: not retained by the broker any more": lambda start: start.retained.pop(CONFIG),
    f"{CONFIG}x: retained by the broker, and was not before": (
        lambda start: start.retained.update({f"{CONFIG}x": "{}"})
    ),
    f"{STATUS}: 'offline' was retained at the end, now 'online'": (
        lambda start: start.retained.update({STATUS: "online"})
    ),
    f"{STATUS}: published by one program only: 'online'": lambda start: start.messages.pop(1),
    f"{DIAGNOSTICS}: told by one program only: telegrams": lambda start: replaced(start, 2, {}),
    f"{LEGACY}: of the same telegrams, '4408.736' was published, now '4408736'": (
        lambda start: replaced(start, 3, "4408736")
    ),
    f"{LEGACY}: of the same telegrams, 1 messages were published, now 2": (
        lambda start: start.messages.append(start.messages[3])
    ),
    '"power": 12.5, "timestamp"': lambda start: replaced(start, 4, reading(1, "12.5")),
    f"{STATE}: the reading of 2026-06-21T09:00:01+00:00 is missing": (
        lambda start: start.messages.pop(4)
    ),
    f"{STATE}: the reading of 2026-06-21T09:00:02+00:00 is missing": (
        lambda start: start.messages.pop(5)
    ),
    f"{STATE}: the reading of 2026-06-21T09:00:02+00:00 is wrong: power was 12.5, is 13": (
        lambda start: replaced(start, 5, reading(2, "13"))
    ),
    f"{STATE}: the reading of 2026-06-21T09:00:02+00:00 was published once more": (
        lambda start: start.messages.append(start.messages[5])
    ),
    f"{STATE}: the reading of 2026-06-21T09:00:01+00:00 was published once more, or after later": (
        lambda start: start.messages.append(start.messages[4])
    ),
    f"{STATE}: a reading of 2026-06-21T09:00:09+00:00 was published, and no telegram said it": (
        lambda start: start.messages.append(message(STATE, reading(9)))
    ),
    f"{STATE}: the old telegram of 2026-06-21T09:00:00+00:00 was replayed, and not rejected": (
        lambda start: start.messages.insert(4, message(STATE, reading(0)))
    ),
    "state.json, 'serial mode': '/dev/ttyUSB0' is another: was 9600 8N1, is 2400 8E1": (
        lambda start: start.state["sections"]["serial mode"].update({"/dev/ttyUSB0": "2400 8E1"})
    ),
    "state.json, 'serial mode': '/dev/ttyUSB0' is gone": (
        lambda start: start.state["sections"].pop("serial mode")
    ),
    "state.json, 'meter numbers': '4C475A' is another": (
        lambda start: start.state["sections"].update({"meter numbers": {"4C475A": ""}})
    ),
    "state.json, 'announced': '7' is another: meter.number was 7, is nothing; keys was {": (
        lambda start: start.state["sections"]["announced"].update({"7": '{"meter": {"id": "7"}}'})
    ),
    f"state.json, 'retained': '{CONFIG}' is gone": (
        lambda start: start.state["sections"].update({"retained": {}})
    ),
    "state.json, 'last seen': '4C475A' is gone": (
        lambda start: start.state["sections"]["last seen"].clear()
    ),
    "state.json cannot be read": lambda start: setattr(start, "state", None),
    "the program's log tells of a mistake of its own": (
        lambda start: setattr(start, "output", "Traceback (most recent call last)")
    ),
    "the program ended with exit status 1": (
        lambda start: setattr(start, "failure", "the program ended with exit status 1")
    ),
}
"""What is said of a change."""


@pytest.mark.parametrize("told", CHANGES)
def test_what_is_not_as_before_is_told(told: str) -> None:
    start = good()
    CHANGES[told](start)
    misses = next_start(start, good(), good())
    assert any(told in miss for miss in misses), misses


def test_a_telegram_that_came_at_the_end_may_be_missing() -> None:
    start = good()
    start.said[STATE].append(said(3)._replace(surely=False))
    assert next_start(start, good()) == []
    assert start.published() == (2, 2)
    start.messages.append(message(STATE, reading(3)))
    assert next_start(start, good()) == []


def test_only_a_first_start_repeats_its_newest_reading() -> None:
    """Core needs a moment until it listens to what was announced."""
    start = good()
    start.messages.append(start.messages[5])
    assert first_start(start) == []
    assert next_start(start, good())
