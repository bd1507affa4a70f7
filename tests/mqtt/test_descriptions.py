"""Each device is described after the one that it is read through."""

import itertools
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.line.line_ids import ALONE, Lines
from app.meters.reading import Meter
from app.mqtt.announcements import Announcements
from app.mqtt.descriptions import Descriptions
from app.mqtt.layout import Message
from app.mqtt.layouts import LAYOUTS
from app.mqtt.outbox import Outbox
from app.mqtt.topics import Topics
from app.state import State
from tests.support.memory import Memory
from tests.support.publishing import GAS

MAIN = Meter("main", "MAIN", "dsmr", "Sagemcom", "T210-D-r", None)
BEHIND = replace(GAS, via="main")
WATER = replace(GAS, id="water9", via="main")
ALL = {"main": MAIN, "gas": BEHIND, "water": WATER}
KEYS = {"main": ["power", "energy_import"], "gas": ["gas"], "water": ["water"]}
PROGRAM = "smartmeter-reader_smartmeter"


class Described:
    """What is described over a connection and the next ones."""

    def __init__(
        self, state: State | None = None, layout: str = "standard", *, announces: bool = True
    ) -> None:
        state = state or Memory()
        self.day = date(2026, 11, 1)
        self.outbox = Outbox(state)
        self.descriptions = Descriptions(
            Announcements(state, lambda: self.day),
            LAYOUTS[layout](
                Topics(),
                language="en",
                version="1",
                lines=Lines((ALONE,)),
                announces=announces,
            ),
            self.outbox,
        )
        self.restored = [*self.descriptions.restore()]

    def hear(self, name: str) -> None:
        self.descriptions.update(ALL[name], None, KEYS[name], {})

    def sent(self) -> list[Message]:
        sent = []
        while message := self.outbox.take():
            self.outbox.sent(message)
            sent.append(message)
        return sent

    def anew(self) -> list[Message]:
        """Give what is sent over a new connection."""
        self.outbox.make_all_due()
        return self.sent()


def links(messages: Iterable[Message]) -> dict[str, str | None]:
    """Give which device is linked to which; each has to be described after that one."""
    found: dict[str, str | None] = {}
    known: set[str] = set()
    for message in messages:
        if not message.payload:
            continue
        device = json.loads(message.payload)["dev"]
        via = device.get("via_device")
        assert via is None or via in known, f"{device['identifiers']} before {via}"
        (name,) = device["identifiers"]
        known.add(name)
        found[name] = via
    return found


WHOLE = {
    PROGRAM: None,
    "smartmeter_main": PROGRAM,
    "smartmeter_gas7": "smartmeter_main",
    "smartmeter_water9": "smartmeter_main",
}


def test_the_program_is_described_before_any_meter_is_heard() -> None:
    assert links(Described().sent()) == {PROGRAM: None}


@pytest.mark.parametrize("order", list(itertools.permutations(ALL)))
@pytest.mark.parametrize("at_once", [True, False])
def test_devices_come_in_order_in_whatever_order_meters_are_heard(
    order: tuple[str, ...], *, at_once: bool
) -> None:
    state = Memory()
    made = Described(state)
    all_sent = [] if at_once else made.sent()
    for name in order:
        made.hear(name)
        all_sent += [] if at_once else made.sent()
    links(all_sent + made.sent())
    assert links(made.anew()) == WHOLE
    again = Described(state)
    assert links(again.sent()) == WHOLE
    assert links(again.anew()) == WHOLE
    assert again.restored[0].id == "main"


def test_a_meter_whose_own_is_not_known_yet_is_linked_to_the_program() -> None:
    made = Described()
    made.sent()
    made.hear("gas")
    (message,) = made.sent()
    assert json.loads(message.payload)["dev"]["via_device"] == PROGRAM
    made.hear("main")
    assert [json.loads(one.payload)["dev"]["via_device"] for one in made.sent()] == [
        PROGRAM,
        "smartmeter_main",
    ]
    made.hear("gas")
    assert made.sent() == []


def test_a_meter_is_described_before_values_that_were_due_and_after_the_program() -> None:
    made = Described()
    made.outbox.put([Message("value", "1", retain=False)])
    made.hear("main")
    topics = [message.topic for message in made.sent()]
    assert [topic.rpartition("/device/")[2] for topic in topics] == [
        f"{PROGRAM}/config",
        "smartmeter_main/config",
        "value",
    ]


def test_what_was_read_through_a_meter_that_is_forgotten_is_linked_to_the_program() -> None:
    made = Described()
    for name in ALL:
        made.hear(name)
    made.sent()
    made.day += timedelta(days=10)
    for name in ("gas", "water"):
        made.hear(name)
    assert [meter.id for meter in made.descriptions.forget_unheard()] == ["main"]
    made.outbox.clear_some(10)
    made.sent()
    assert links(made.anew()) == {
        PROGRAM: None,
        "smartmeter_gas7": PROGRAM,
        "smartmeter_water9": PROGRAM,
    }


def test_a_meter_behind_another_one_than_before_is_linked_to_the_new_one() -> None:
    made = Described()
    for name in ALL:
        made.hear(name)
    new = replace(MAIN, id="new")
    made.descriptions.update(new, None, KEYS["main"], {})
    made.descriptions.update(replace(BEHIND, via="new"), None, KEYS["gas"], {})
    made.sent()
    found = links(made.anew())
    assert found["smartmeter_gas7"] == "smartmeter_new"
    assert found["smartmeter_water9"] == "smartmeter_main"


def test_the_devices_of_a_legacy_layout_keep_their_names_and_are_linked() -> None:
    made = Described(layout="burgenland")
    for name in ALL:
        made.hear(name)
    assert links(made.sent()) == {
        PROGRAM: None,
        "smartmeter": PROGRAM,
        "smartmeter_gas7": "smartmeter",
        "smartmeter_water9": "smartmeter",
    }


def test_nothing_is_described_where_nothing_is_announced() -> None:
    state = Memory()
    made = Described(state, announces=False)
    for name in ALL:
        made.hear(name)
    assert made.sent() == []
    again = Described(state, announces=False)
    assert again.sent() == []
    assert again.restored[0].id == "main"  # whose status is told all the same
