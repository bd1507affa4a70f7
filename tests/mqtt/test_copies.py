"""Copies of the program that tell of the same line: it comes to rest which one does."""

import itertools
import json
import random

import pytest

from app.mqtt.copies import ANSWER_INTERVAL, QUIET_AFTER, Copies
from app.mqtt.layout import Message
from app.mqtt.outbox import Outbox
from tests.support.memory import Memory

TOPIC = "smartmeter/line/1/diagnostics"
FINE: dict[str, object] = {"problem": "OFF", "frames": 3}
NOTHING_YET: dict[str, object] = {"problem": "OFF", "frames": 0}
WRONG: dict[str, object] = {"problem": "ON", "frames": 3}


class Copy:
    """One copy, and what of it is due."""

    def __init__(self, name: str) -> None:
        self.now = 1000.0
        self.outbox = Outbox(Memory())
        self.copies = Copies(self.outbox, name, lambda: self.now)

    def say(self, values: dict[str, object]) -> list[Message]:
        self.copies.say(TOPIC, values)
        return self.sent()

    def hear(self, message: Message) -> list[Message]:
        self.copies.heard(message.topic, message.payload)
        return self.sent()

    def sent(self) -> list[Message]:
        """Give what is sent by now."""
        sent = []
        while message := self.outbox.take():
            self.outbox.sent(message)
            sent.append(message)
        return sent


class Topic:
    """The topic, on which every copy hears every message."""

    def __init__(self, *copies: Copy) -> None:
        self.copies = copies
        self.said: list[str] = []  # by whom

    def carry(self, messages: list[Message]) -> None:
        """Hand messages on, and what is answered, until nothing more comes."""
        for turn in itertools.count():
            assert turn < 20, self.said
            if not messages:
                return
            self.said += [json.loads(message.payload)["program"] for message in messages]
            messages = [
                answer
                for message in messages
                for copy in self.copies
                for answer in copy.hear(message)
            ]

    def after(self, seconds: float) -> None:
        for copy in self.copies:
            copy.now += seconds


@pytest.fixture
def one() -> Copy:
    return Copy("a")


@pytest.fixture
def other() -> Copy:
    return Copy("b")


def test_a_copy_without_another_says_everything(one: Copy) -> None:
    topic = Topic(one)
    for values in (NOTHING_YET, FINE, WRONG, FINE):
        topic.carry(one.say(values))
        topic.after(30)
    assert topic.said == ["a"] * 4
    newest = one.outbox.newest(TOPIC)
    assert newest is not None
    assert json.loads(newest.payload) == {**FINE, "program": "a"}


@pytest.mark.parametrize(
    ("of_one", "of_other", "tells"),
    [
        (FINE, FINE, "a"),
        (WRONG, FINE, "b"),
        (FINE, WRONG, "a"),
        (WRONG, WRONG, "a"),
        (NOTHING_YET, FINE, "b"),
        (NOTHING_YET, WRONG, "a"),
    ],
)
def test_the_one_that_can_tell_best_does(
    one: Copy, other: Copy, of_one: dict[str, object], of_other: dict[str, object], tells: str
) -> None:
    topic = Topic(one, other)
    for _ in range(4):
        topic.carry(one.say(of_one))
        topic.carry(other.say(of_other))
        topic.after(30)
    topic.said.clear()
    for _ in range(4):
        topic.carry(other.say(of_other))
        topic.carry(one.say(of_one))
        topic.after(30)
    assert set(topic.said) == {tells}
    kept = [copy.outbox.newest(TOPIC) is not None for copy in (one, other)]
    assert kept == [tells == "a", tells == "b"]  # when Home Assistant starts, one answers


def test_a_copy_that_is_well_contradicts_at_once_one_that_is_not(one: Copy, other: Copy) -> None:
    topic = Topic(one, other)
    topic.carry(one.say(FINE))
    topic.carry(other.say(FINE))
    topic.after(30)
    topic.carry(one.say(FINE))
    topic.said.clear()
    topic.carry(one.say(WRONG))
    assert topic.said == ["a", "b"]
    topic.after(30)
    topic.carry(one.say(FINE))
    assert topic.said[2:] == ["a"]


def test_the_others_speak_up_when_one_has_ended_or_says_nothing_any_more(
    one: Copy, other: Copy
) -> None:
    topic = Topic(one, other)
    topic.carry(one.say(FINE))
    topic.carry(other.say(FINE))
    assert topic.said[-1] == "a"
    left = Topic(other)
    other.copies.other_ended()
    left.carry(other.sent())
    assert left.said == ["b"]
    topic.carry(one.say(FINE))
    left.after(QUIET_AFTER + 1)
    left.carry(other.say(FINE))
    assert left.said == ["b", "b"]


def test_no_other_client_keeps_a_copy_busy(one: Copy) -> None:
    one.say(FINE)
    worse = Message(TOPIC, '{"problem": "ON", "frames": 0, "program": "z"}', retain=False)
    answers = [one.hear(worse) for _ in range(100)]
    assert sum(map(len, answers)) == 1
    one.now += ANSWER_INTERVAL
    assert len(one.hear(worse)) == 1


@pytest.mark.parametrize(
    "payload",
    ["", "{", "[]", "7", "null", "{}", '{"problem": "OFF"}', '"x"', "{}" * 3, "[" * 100_000],
)
def test_what_is_of_no_copy_changes_nothing(one: Copy, payload: str) -> None:
    one.say(FINE)
    assert one.hear(Message(TOPIC, payload, retain=False)) == []
    assert one.hear(Message("another/topic", payload, retain=False)) == []
    assert len(one.say(FINE)) == 1


def test_whatever_copies_go_through_it_comes_to_rest_with_one_that_tells() -> None:
    chance = random.Random(15)  # noqa: S311 - what copies say is no cryptography
    for _ in range(200):
        copies = [Copy(name) for name in "abcd"[: chance.randint(2, 4)]]
        topic = Topic(*copies)
        kinds = (FINE, NOTHING_YET, WRONG)
        for _ in range(20):
            copy = chance.choice(copies)
            topic.carry(copy.say(chance.choice(kinds)))
            topic.after(chance.choice((0.5, 30, 300)))
        now = {copy: chance.choice(kinds) for copy in copies}
        for _ in range(4):
            for copy, values in now.items():
                topic.carry(copy.say(values))
            topic.after(30)
        topic.said.clear()
        for copy, values in now.items():
            topic.carry(copy.say(values))
        assert len(topic.said) == 1
        assert sum(copy.outbox.newest(TOPIC) is not None for copy in copies) == 1
