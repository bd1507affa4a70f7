"""Streams and consumers at a real nats-server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.fleet import set_up, streams, subjects
from app.fleet.engine import Engine, EngineError
from app.fleet.engine_options import EngineOptions
from tests.support.fleets import options
from tests.support.nats import Node, connect, engine, unclaimed_port


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path) as one:
        yield one


@pytest.fixture
async def connection(node: Node) -> AsyncIterator[Engine]:
    await (await connect(node)).close()  # which waits until it runs
    one = await Engine.connect(options(node).engine, "test")
    yield one
    await one.close()


async def test_done_again_it_changes_nothing(node: Node, connection: Engine) -> None:
    assert await set_up.set_up(connection, options(node))
    assert not await set_up.set_up(connection, options(node))
    assert await set_up.partitions(connection) == 3


async def test_what_differs_is_changed(node: Node, connection: Engine) -> None:
    await set_up.set_up(connection, options(node))
    changed = options(node, raw_hours=2, base_topic="house/meters")
    assert await set_up.set_up(connection, changed)
    assert not await set_up.set_up(connection, changed)


async def test_what_is_missing_is_made_anew(node: Node, connection: Engine) -> None:
    await set_up.set_up(connection, options(node))
    await connection.api(f"CONSUMER.DELETE.{subjects.RAW}.{subjects.consumer(1)}")
    assert await set_up.set_up(connection, options(node))
    assert not await set_up.set_up(connection, options(node))


async def test_a_message_that_is_far_too_long_is_not_stored(node: Node, connection: Engine) -> None:
    await set_up.set_up(connection, options(node))
    answer = await connection.request(subjects.raw("m1"), bytes(300_000))
    assert b"exceeds maximum" in answer.data


async def test_what_is_kept_is_bound_in_all_and_for_each_name(
    node: Node, connection: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_MOST_AN_HOUR", 4)
    await set_up.set_up(connection, options(node, raw_hours=1, raw_megabytes=1))
    for number in range(10):
        await connection.request(subjects.raw("floods"), b"%d" % number)
    for _ in range(3):
        await connection.request(subjects.raw("pushes"), b"x")
    info = await connection.api(f"STREAM.INFO.{subjects.RAW}", {"subjects_filter": ">"})
    counts = {name.split(".")[2]: count for name, count in info["state"]["subjects"].items()}
    assert counts == {"floods": 4, "pushes": 3}
    for number in range(20):
        await connection.request(subjects.raw(f"m{number}"), bytes(100_000))
    state = (await connection.api(f"STREAM.INFO.{subjects.RAW}"))["state"]
    assert 800_000 < state["bytes"] <= 1_000_000


async def test_a_disk_with_too_little_room_is_told(node: Node, connection: Engine) -> None:
    with pytest.raises(
        EngineError, match="the servers have no room on their disks for raw_megabytes"
    ):
        await set_up.set_up(connection, options(node, raw_megabytes=10**8))


async def test_a_server_that_is_too_old_is_told(
    node: Node, connection: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_up.set_up(connection, options(node))
    monkeypatch.setattr(set_up, "OLDEST_SERVER", (99, 0))
    with pytest.raises(EngineError, match=r"wanted is nats-server 99.0 or newer; this one is \d"):
        await set_up.partitions(connection)
    with pytest.raises(EngineError, match="wanted is nats-server"):
        await set_up.set_up(connection, options(node))


async def test_before_it_readers_are_told(connection: Engine) -> None:
    with pytest.raises(EngineError, match="run fleet setup first"):
        await set_up.partitions(connection)


async def test_partitions_change_only_when_nothing_waits(node: Node, connection: Engine) -> None:
    await set_up.set_up(connection, options(node, partitions=4))
    await connection.request(subjects.raw("m1"), b"x")
    with pytest.raises(EngineError, match="1 telegrams wait"):
        await set_up.set_up(connection, options(node, partitions=2))
    assert await set_up.partitions(connection) == 4
    await connection.api(f"STREAM.PURGE.{subjects.RAW}")
    await set_up.set_up(connection, options(node, partitions=2))
    assert await set_up.partitions(connection) == 2
    assert not await set_up.consumer_info(connection, 2)


async def test_a_foreign_stream_is_left_alone(node: Node, connection: Engine) -> None:
    name = subjects.RAW
    await connection.api(f"STREAM.CREATE.{name}", {"name": name, "subjects": ["raw.*"]})
    with pytest.raises(EngineError, match="did not make"):
        await set_up.set_up(connection, options(node))


async def test_too_few_servers_are_told(node: Node, connection: Engine) -> None:
    with pytest.raises(
        EngineError, match="more than there are servers; with one server alone, enter 1"
    ):
        await set_up.set_up(connection, options(node, replicas=3))


@pytest.mark.slow
async def test_no_server_is_told() -> None:
    nobody = EngineOptions((f"nats://127.0.0.1:{unclaimed_port()}",))
    with pytest.raises(EngineError, match="no connection"):
        await Engine.connect(nobody, "test")
