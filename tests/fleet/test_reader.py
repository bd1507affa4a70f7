"""Readers at a real nats-server."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.dlms.ciphering import Keys
from app.fleet import subjects
from app.fleet.meters_file import FleetMeter
from tests.support.fleets import Fleet, Member, Pusher, fleet, known, pushing, until
from tests.support.nats import TIMEOUT, Node, engine

NAMES = [f"m{number}" for number in range(9)]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path) as one:
        yield one


def held(member: Member) -> set[int]:
    return set(member.reader.status()["held"])


async def assert_all_is_stored(one: Fleet, pusher: Pusher) -> None:
    await one.settle()
    assert await one.stored() == pusher.pushed


async def test_readings_are_stored_and_published_again(node: Node) -> None:
    async with fleet(node) as one:
        pusher = Pusher(one.client, NAMES)
        seen = asyncio.Queue[str]()

        async def see(message: object) -> None:
            seen.put_nowait(getattr(message, "subject", ""))

        await one.client.subscribe("smartmeter.>", cb=see)
        await pusher.round()
        await one.join(known(*NAMES))
        await assert_all_is_stored(one, pusher)
        topics = {await seen.get() for _ in NAMES}
        assert topics == {f"smartmeter.18122123456{number}.state" for number in range(7, 10)} | {
            f"smartmeter.18122123457{number}.state" for number in range(6)
        }


async def test_the_server_divides_names_as_is_reckoned_here(node: Node) -> None:
    async with fleet(node, partitions=7) as one:
        stream = one.client.jetstream()
        for name in (*NAMES, "1KFM0200204404", "a/b"):
            stored = await stream.publish(subjects.raw(name), b"x")
            message = await stream.get_msg(subjects.RAW, stored.seq)
            partition = subjects.partition_of(name, 7)
            assert message.subject == f"raw.{partition}.{name}"


async def test_a_meter_that_cannot_be_read_is_in_nobodys_way(node: Node) -> None:
    async with fleet(node, partitions=1) as one:
        pusher = Pusher(one.client, NAMES[:2])
        stream = one.client.jetstream()
        meters = {**known(NAMES[0]), NAMES[1]: FleetMeter(Keys(bytes(16)))}
        member = await one.join(meters)
        await pusher.round()
        for name in (NAMES[0], "stranger"):
            for payload in (b"", b"{}", b"\x00" * 1000, b'{"data": "6"}'):
                await stream.publish(subjects.raw(name), payload)
        await pusher.round()
        await one.settle()
        assert await one.stored() == {NAMES[0]: pusher.pushed[NAMES[0]]}
        refused = member.tally.refused
        assert refused["unknown name"] == 4
        assert refused["no telegram in the payload"] == 3
        assert refused["encryption key wrong"] == 2


async def test_a_new_key_is_taken_while_it_reads(node: Node) -> None:
    async with fleet(node, partitions=1) as one:
        pusher = Pusher(one.client, NAMES[:1])
        member = await one.join({NAMES[0]: FleetMeter(Keys(bytes(16)))})
        await pusher.round()
        await one.settle()
        assert not await one.stored()
        member.reader.outdate(member.meters.replace(known(NAMES[0])))
        await pusher.round()
        await one.settle()
        assert await one.stored() == {NAMES[0]: pusher.pushed[NAMES[0]][1:]}


async def test_readers_share_and_one_that_goes_loses_and_doubles_nothing(node: Node) -> None:
    async with fleet(node, partitions=4) as one:
        pusher = Pusher(one.client, NAMES)
        async with pushing(pusher):
            first = await one.join(known(*NAMES))
            await until(lambda: len(held(first)) == 4)
            second = await one.join(known(*NAMES))
            await until(lambda: len(held(first)) == len(held(second)) == 2)
            await first.end()
            await until(lambda: len(held(second)) == 4)
        await assert_all_is_stored(one, pusher)
        assert not second.tally.refused


@pytest.mark.slow
async def test_a_reader_that_is_killed_loses_and_doubles_nothing(node: Node) -> None:
    async with fleet(node, partitions=2) as one:
        pusher = Pusher(one.client, NAMES)
        async with pushing(pusher):
            first = await one.join(known(*NAMES))
            await until(lambda: len(held(first)) == 2)
            await first.kill()
            second = await one.join(known(*NAMES))
            await until(lambda: len(held(second)) == 2)
            await asyncio.sleep(1)
        await assert_all_is_stored(one, pusher)
        assert not second.tally.refused


async def test_what_was_learned_is_kept_when_a_reader_goes(node: Node) -> None:
    async with fleet(node, partitions=1) as one:
        pusher = Pusher(one.client, NAMES[:1])
        member = await one.join(known(NAMES[0]))
        await pusher.round()
        await one.settle()
        await member.end()
        message = await one.client.jetstream().get_last_msg(
            subjects.STATE_STREAM, subjects.state(NAMES[0])
        )
        assert message.data
        kept = json.loads(message.data)
        assert kept["sequence"] == 1
        assert kept["memory"]["history"]
        await one.join(known(NAMES[0]))
        await pusher.round()
        await assert_all_is_stored(one, pusher)


async def test_readers_answer_how_they_are_doing(node: Node) -> None:
    async with fleet(node, partitions=1, silent_after=0) as one:
        pusher = Pusher(one.client, NAMES[:1])
        await one.join(known(*NAMES[:2]))
        await pusher.round()
        await one.settle()
        message = await one.client.request(subjects.INQUIRY, timeout=TIMEOUT)
        said = json.loads(message.data)
        assert said["held"] == [0]
        assert said["readings"] == 1
        assert set(said["silent"]) == set(NAMES[:2])


async def test_a_meter_is_silent_too_where_nothing_came_since_all_readers_started(
    node: Node,
) -> None:
    async with fleet(node, partitions=1, silent_after=2) as one:
        member = await one.join(known(*NAMES[:2]))
        assert not member.reader.status()["silent"]
        await until(lambda: set(member.reader.status()["silent"]) == set(NAMES[:2]))
        assert not held(member)
        await Pusher(one.client, NAMES[:1]).round()
        await until(lambda: held(member) == {0})
        assert not member.reader.status()["silent"]
