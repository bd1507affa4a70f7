"""A Supervisor on the loopback for the program to ask, and what it knows of a broker."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from mosquitto import Mosquitto
from test_supervisor import BROKER, TOKEN, FakeSupervisor

__all__ = ["BROKER", "TOKEN", "FakeSupervisor", "service", "supervised"]


@asynccontextmanager
async def supervised() -> AsyncGenerator[tuple[FakeSupervisor, dict[str, str]]]:
    """Give a Supervisor, and what the program finds in its environment to ask it."""
    supervisor = FakeSupervisor()
    async with await asyncio.start_server(supervisor.serve, "127.0.0.1") as server:
        host, port = server.sockets[0].getsockname()
        supervisor.url = f"http://{host}:{port}"
        yield supervisor, {"SUPERVISOR_URL": supervisor.url, "SUPERVISOR_TOKEN": TOKEN}
        supervisor.hang_up()


def service(broker: Mosquitto) -> dict[str, object]:
    """Give what the Supervisor knows of a broker."""
    return BROKER | {
        "host": broker.host,
        "port": broker.port,
        "username": broker.username,
        "password": broker.password,
    }
