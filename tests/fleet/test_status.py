"""How a fleet is doing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.fleet import status
from app.fleet.engine import Engine
from app.fleet.status import FleetState, PartitionState, ReaderState
from tests.support.fleets import Pusher, fleet, known
from tests.support.nats import Node, engine


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path) as one:
        yield one


WELL = FleetState(
    [PartitionState(0, is_pinned=True), PartitionState(3, is_pinned=True)],
    [ReaderState("a1", (0,), 2, (), 10, {}), ReaderState("b2", (1,), 3, (), 20, {})],
    5,
)


def test_all_is_well() -> None:
    assert WELL.is_well
    assert list(status.lines(WELL)) == [
        "partitions: 2, 2 with a reader",
        "readers: 2",
        "  a1: partitions 0; 10 readings since its start",
        "  b2: partitions 1; 20 readings since its start",
        "backlog: 3 telegrams",
        "meters: 5, 5 heard, 0 silent",
        "refused: none",
    ]


def test_what_is_wrong_is_told() -> None:
    names = tuple(f"m{number:02}" for number in range(12))
    refused = {"unknown name": 4, "replayed": 1}
    ill = FleetState(
        [PartitionState(0, is_pinned=False), PartitionState(3, is_pinned=False)],
        [ReaderState("a1", (), 0, names, 0, refused), ReaderState("b2", (), 0, (), 0, refused)],
        12,
    )
    assert not ill.is_well
    assert list(status.lines(ill)) == [
        "partitions: 2, 0 with a reader",
        "  no reader has 1, where telegrams wait",
        "readers: 2",
        "  a1: no partition; 0 readings since its start",
        "  b2: no partition; 0 readings since its start",
        "backlog: 3 telegrams",
        "meters: 12, 0 heard, 12 silent",
        "  silent: m00, m01, m02, m03, m04, m05, m06, m07, m08, m09 and 2 more",
        "refused: 10",
        "  unknown name: 8",
        "  replayed: 2",
    ]
    assert not WELL._replace(readers=[]).is_well


async def test_engine_and_readers_are_asked(node: Node) -> None:
    async with fleet(node, partitions=2) as one:
        pusher = Pusher(one.client, ["m1", "m2", "m3"])
        asking = await Engine.connect(one.options.engine, "test")
        await pusher.round()
        nobody = await status.ask(asking, known("m1", "m2", "m3"))
        assert sum(partition.waiting for partition in nobody.partitions) == 4
        assert nobody.unread
        member = await one.join(known("m1", "m2", "m3"))
        await one.settle()
        somebody = await status.ask(asking, known("m1", "m2", "m3"))
        await asking.close()
        assert somebody.is_well
        assert [reader.heard for reader in somebody.readers] == [3]
        assert member.tally.readings == 3
