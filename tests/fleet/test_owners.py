"""A meter's readings come under one name: no gateway gets into another's topic."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.fleet import subjects
from app.fleet.meter_line import Meters
from app.fleet.meters_file import FleetMeter
from app.fleet.owners import Owned, Owners
from app.fleet.tally import FOREIGN_METER, Tally
from tests.support.fleets import PROFILES, Fleet, Pusher, fleet, known, until
from tests.support.nats import TIMEOUT, Node, engine
from tests.support.telegrams import BOTH_KEYS, ZONE

METER = "181221234567"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path) as one:
        yield one


def both(one: Fleet) -> tuple[Pusher, Pusher]:
    """Two names under which telegrams of the same meter are pushed."""
    return Pusher(one.client, ["m1"]), Pusher(one.client, ["m2"])


async def owner(one: Fleet) -> str:
    stream = one.client.jetstream(timeout=TIMEOUT)
    message = await stream.get_last_msg(subjects.STATE_STREAM, subjects.owner(METER))
    return (message.data or b"").decode()


async def test_a_meter_belongs_to_the_name_under_which_it_came_first(
    node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    async with fleet(node) as one:
        true, forged = both(one)
        member = await one.join(known("m1", "m2"))
        await true.round()
        await one.settle()
        for _ in range(3):
            await forged.round()
            await true.round()
        await one.settle()
        assert await one.stored() == true.pushed
        assert member.tally.refused == {FOREIGN_METER: 3}
        assert member.tally.readings == 4
        assert await owner(one) == "m1"
        (told,) = [one for one in caplog.messages if one.startswith("m2: ")]
        assert f"of the meter {METER}, which came first under the name m1" in told
        assert f'enter it there: "id": "{METER}" of m2 in the file' in told


async def test_another_reader_knows_it_too(node: Node) -> None:
    async with fleet(node) as one:
        true, forged = both(one)
        member = await one.join(known("m1", "m2"))
        await true.round()
        await one.settle()
        await member.kill()
        member = await one.join(known("m1", "m2"))
        await forged.round()
        await true.round()
        await one.settle()
        assert await one.stored() == true.pushed
        assert member.tally.refused == {FOREIGN_METER: 1}


async def test_the_file_of_meters_decides_before_all_else(node: Node) -> None:
    async with fleet(node) as one:
        true, forged = both(one)
        member = await one.join(known("m1", "m2"))
        await forged.round()
        await one.settle()
        given = {**known("m2"), "m1": FleetMeter(BOTH_KEYS, ids=frozenset({METER}))}
        member.reader.outdate(member.meters.replace(given))
        await forged.round()
        await true.round()
        await one.settle()
        assert await one.stored() == {"m1": true.pushed["m1"], "m2": forged.pushed["m2"][:1]}
        assert member.tally.refused == {FOREIGN_METER: 1}
        two = {name: FleetMeter(BOTH_KEYS, ids=frozenset({METER})) for name in ("m1", "m2")}
        member.reader.outdate(member.meters.replace(two))
        await forged.round()
        await one.settle()
        assert (await one.stored())["m2"] == [forged.pushed["m2"][0], forged.pushed["m2"][2]]


def test_the_log_names_all_ids_that_are_to_be_entered(caplog: pytest.LogCaptureFixture) -> None:
    meters = Meters({"m1": FleetMeter(ids=frozenset({METER}))}, PROFILES, ZONE, Tally())
    meters.refuse_meter("m1", "gas-1", "is not this one's by the file of meters")
    assert f'"id": ["{METER}", "gas-1"] of m1 in the file of meters' in caplog.text


async def test_of_two_readers_that_ask_at_once_one_has_the_meter(node: Node) -> None:
    async with fleet(node) as one:
        members = [await one.join(known("m1", "m2")) for _ in range(2)]
        first, second = (Owners(member.engine, member.meters) for member in members)
        for number in range(20):
            asking = decided(first, "m1", f"new-{number}"), decided(second, "m2", f"new-{number}")
            async with asyncio.timeout(TIMEOUT):
                assert set(await asyncio.gather(*asking)) == {Owned.YES, Owned.NO}


async def decided(owners: Owners, name: str, meter_id: str) -> Owned:
    """Ask as often as it takes."""
    answers = asyncio.Queue[Owned]()
    while True:
        await owners.ask(name, meter_id, answers.put)
        if (owned := await answers.get()) is not Owned.UNKNOWN:
            return owned


async def test_a_name_that_is_gone_has_no_meter_any_more(node: Node) -> None:
    async with fleet(node) as one:
        before, renamed = both(one)
        member = await one.join(known("m1", "m2"))
        await before.round()
        await one.settle()
        member.reader.outdate(member.meters.replace(known("m2")))
        await renamed.round()
        await one.settle()
        assert await one.stored() == {**before.pushed, **renamed.pushed}
        assert await owner(one) == "m2"


async def test_hundreds_of_forged_telegrams_at_once_are_left_out(node: Node) -> None:
    async with fleet(node, partitions=1) as one:
        true, forged = both(one)
        await true.round()
        for _ in range(500):
            await forged.round()
        member = await one.join(known("m1", "m2"))
        await one.settle()
        assert await one.stored() == true.pushed
        assert member.tally.refused == {FOREIGN_METER: 500}
        await until(lambda: member.reader.status()["held"] == [0])


async def test_whoever_makes_up_meters_has_some_only(
    node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    async with fleet(node, partitions=1) as one:
        member = await one.join(known("m1"))
        owners = Owners(member.engine, member.meters)
        answers = asyncio.Queue[Owned]()
        for number in range(65):
            await owners.ask("m1", f"made-up-{number}", answers.put)
            assert await answers.get() is (Owned.YES if number < 64 else Owned.NO)
        assert member.tally.refused == {FOREIGN_METER: 1}
        assert "made-up-64, which is one too many to come first under this name" in caplog.text
