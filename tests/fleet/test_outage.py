"""An engine that is reached and does not work is told, once, and when that is over."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import nats.errors
import pytest

from app.fleet import outage, set_up, subjects
from app.fleet.engine import Engine, EngineError
from app.fleet.message import Message, refusal
from app.fleet.outage import Outage
from tests.support.fleets import Fleet, Pusher, fleet, known, until
from tests.support.nats import Node, cluster, engine

WAITS = "telegrams wait, as the engine does nothing with "
OVER = "the engine does its work again; telegrams are read"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path) as one:
        yield one


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "PATIENCE", 6.0)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one for one in caplog.messages if one.startswith((WAITS, OVER))]


async def set_up_again(one: Fleet) -> None:
    connection = await Engine.connect(one.options.engine, "setup")
    try:
        await set_up.set_up(connection, one.options)
    finally:
        await connection.close()


async def takes(one: Fleet) -> bool:
    """Tell whether the engine stores a telegram."""
    try:
        await one.client.jetstream().publish(subjects.raw("stranger"), b"x")
    except nats.errors.Error:
        return False
    return True


@pytest.mark.slow
async def test_an_engine_without_most_of_its_servers_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with cluster(tmp_path) as nodes:
        async with fleet(*nodes, partitions=2) as one:
            pusher = Pusher(one.client, ["m1", "m2"])
            await one.join(known("m1", "m2"))
            await pusher.round()
            await one.settle()
            for node in nodes[:2]:
                node.kill()
            await until(lambda: told(caplog))
            await asyncio.sleep(8)
            first = told(caplog)
            assert all("do most of the" in one or "do most of its" in one for one in first)
            assert len(first) <= 2
            with pytest.raises(EngineError, match="do most of its servers run"):
                await set_up_again(one)
            for node in nodes[:2]:
                node.start()
            await until(lambda: told(caplog)[len(first) :] == [OVER])
            await until(lambda: takes(one))
            await pusher.round()
            await one.settle()
            assert await one.stored() == pusher.pushed


async def test_a_stream_that_is_gone_is_told(node: Node, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with fleet(node, partitions=1) as one:
        pusher = Pusher(one.client, ["m1"])
        await one.join(known("m1"))
        await one.client.jetstream().delete_stream(subjects.READINGS)
        await pusher.round()
        await until(lambda: told(caplog))
        why = "there is no such stream, or it has no leader; was fleet setup run"
        (sentence,) = told(caplog)
        assert sentence.startswith(f"{WAITS}READINGS: {why}")
        await set_up_again(one)
        await until(lambda: told(caplog)[1:] == [OVER])
        await one.settle()
        assert await one.stored() == pusher.pushed


@pytest.mark.slow
async def test_readers_to_which_nothing_comes_say_nothing(
    node: Node, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(outage, "PATIENCE", 10.0)
    async with fleet(node, partitions=2) as one:
        pusher = Pusher(one.client, ["m1", "m2"])
        await one.join(known("m1", "m2"))
        await one.join(known("m1", "m2"))
        await pusher.round()
        await asyncio.sleep(25)
        assert not told(caplog)


def test_what_nobody_asks_for_any_more_is_forgotten(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(outage, "monotonic", lambda: now)
    one = Outage()
    one.asked("partition-0")
    now += 20
    one.look(is_connected=True)
    one.answered("partition-0", "too late to be told")
    one.look(is_connected=True)
    for _ in range(20):
        one.asked("partition-0")
        now += 1
        one.forget("partition-0")
        one.look(is_connected=True)
    assert not caplog.messages


def test_reasons_that_take_turns_are_told_once_each_until_it_is_over(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    now = 100.0
    monkeypatch.setattr(outage, "monotonic", lambda: now)
    one = Outage()
    for _ in range(2):
        for number in range(30):
            one.asked("READINGS")
            one.asked("partition-0")
            now += 1
            one.answered("READINGS", f"reason {number % 2}")
            one.answered("partition-0", f"reason {number % 3}")
            one.look(is_connected=True)
        one.answered("READINGS")
        one.answered("partition-0")
    lines = told(caplog)
    assert len(lines) == 8
    assert lines[3] == lines[7] == OVER
    for during in (lines[:3], lines[4:7]):
        assert sorted(line.rpartition(": ")[2] for line in during) == [
            "reason 0",
            "reason 1",
            "reason 2",
        ]


def test_a_lost_connection_is_told_elsewhere(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(outage, "monotonic", lambda: now)
    one = Outage()
    for _ in range(30):
        one.asked("partition-0")
        one.look(is_connected=False)
        now += 1
    assert not caplog.messages


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "it does not answer"),
        (Message("", "", b"", {"Status": "503"}), "there is no such stream"),
        (Message("", "", b"", {"Status": "404"}), ""),
        (Message("", "", b'{"stream":"RAW","seq":5}', {}), ""),
        (Message("", "", b'{"error":{"err_code":10071,"description":"wrong"}}', {}), ""),
        (Message("", "", b'{"error":{"err_code":10047,"description":"no room"}}', {}), "no room"),
        (
            Message("", "", b'{"error":{"err_code":10008,"description":"not now"}}', {}),
            "not now; do most of its servers run",
        ),
        (Message("", "", b'{"error":5}', {}), "what it answers is not understood"),
        (Message("", "", b'{"error":{}}', {"Nats-Sequence": "5"}), ""),
    ],
)
def test_why_the_engine_does_not_work(answer: Message | None, why: str) -> None:
    said = refusal(answer)
    assert said.startswith(why)
    assert bool(said) is bool(why)
