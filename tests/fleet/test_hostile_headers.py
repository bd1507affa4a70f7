"""What a pusher can write around its payload: headers that a reader takes for nobody else's."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.fleet import subjects
from tests.support.fleets import Pusher, fleet, known
from tests.support.nats import Node, engine

NAME = "m0"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path) as one:
        yield one


async def push(node: Node, subject: bytes, headers: bytes) -> None:
    """Push as it is written here, which a client's library would not send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    writer.write(b'CONNECT {"verbose": false, "headers": true}\r\n')
    lengths = b"%d %d" % (len(headers), len(headers) + 1)
    writer.write(b"HPUB %s %s\r\n%sx\r\nPING\r\n" % (subject, lengths, headers))
    while not (await reader.readline()).startswith(b"PONG"):
        pass
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    "headers",
    [
        b"NATS/1.0\r\n\r\n",
        b"NATS/1.0 423 No\r\n\r\n",
        b"NATS/1.0\r\nStatus: 423\r\n\r\n",
        b"NATS/1.0\r\nNats-Pin-Id: mine\r\n\r\n",
    ],
    ids=str,
)
async def test_headers_of_a_pusher_stop_nobody(node: Node, headers: bytes) -> None:
    async with fleet(node, partitions=1) as one:
        pusher = Pusher(one.client, [NAME])
        await push(node, subjects.raw("stranger").encode(), headers)
        await pusher.round()
        await push(node, subjects.raw(NAME).encode(), headers)
        await pusher.round()
        await one.join(known(NAME))
        await one.settle(20)
        assert await one.stored() == pusher.pushed
