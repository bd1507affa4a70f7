"""The page of the real program."""

import asyncio
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app import status
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.asking import ask, raw
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.program import options, running
from tests.support.simulated import Adapter, SimulatedMeter


async def facts(port: int) -> Any:  # noqa: ANN401 - any JSON
    return json.loads((await ask(port, "/facts")).body)


@pytest.mark.parametrize("language", ["en", "de"])
async def test_it_shows_what_the_program_reads(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, language: str
) -> None:
    port = free_port()
    given = options(broker, adapter.path, page=f"127.0.0.1:{port}", language=language)
    meter = SimulatedMeter(adapter, "kaifa")
    environment = {"RUNTIME_DIRECTORY": str(tmp_path)}
    async with running(given, tmp_path, environment) as program:
        await program.ready()
        await program.logs(f"the page is at http://127.0.0.1:{port}")
        for _ in range(3):
            await meter.push()
        await program.logs("first telegram")
        told = await facts(port)
        line = told["line"]
        assert [condition for _, condition in line["steps"]] == ["done"] * 6
        assert line["meters"][0]["values"]["energy_import"] > 0
        page = (await ask(port, "/")).body.decode()
        assert f'<html lang="{language}">' in page
        answers = [page, json.dumps(told), (await ask(port, "/report")).body.decode()]
        for secret in (KEY.hex(), AUTH_KEY.hex(), broker.password, meter.id):
            assert not any(secret and secret.lower() in answer.lower() for answer in answers)
        end = await program.stop()
        assert end.status == 0
        assert end.seconds < 8  # the Supervisor gives ten
    state = json.loads((tmp_path / "state.json").read_text("utf-8"))
    assert len(state["sections"]["line health"]) == 1
    assert state["sections"]["line events"]["newest"][0][1] == "started"
    shown = io.StringIO()
    status.show(shown, shown, datetime.now(UTC), tmp_path)
    assert f"page: the page is at http://127.0.0.1:{port}\n" in shown.getvalue()


async def test_without_the_option_nothing_listens(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    async with running(options(broker, adapter.path), tmp_path) as program:
        await program.ready()
        assert "the page" not in program.output


async def test_a_meter_that_is_left_out_stands_there_with_the_reason(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    port = free_port()
    second = {"device": str(adapter.path), "name": "Cellar"}
    given = options(
        broker, adapter.path, page=f"127.0.0.1:{port}", additional_meters=[second], language="de"
    )
    async with running(given, tmp_path) as program:
        await program.ready()
        told = await facts(port)
        (why,) = told["left_out"]
        assert "additional_meters[0] (Cellar) wird nicht gelesen: Tragen Sie dort device" in why
        assert len(told["names"]) == 1


async def test_an_address_that_others_reach_is_warned_of(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    port = free_port()
    given = options(broker, adapter.path, page=f"0.0.0.0:{port}")
    async with running(given, tmp_path) as program:
        await program.logs("everybody in the network can see it")
        await program.ready()
        assert (await ask(port, "/facts", host="192.168.1.5")).status == 200
        assert (await ask(port, "/facts", host="evil.example")).status == 421


async def test_an_address_that_is_taken_ends_nothing(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1") as taken:
        port = taken.sockets[0].getsockname()[1]
        given = options(broker, adapter.path, page=f"127.0.0.1:{port}")
        async with running(given, tmp_path) as program:
            await program.logs("the page cannot be shown at")
            await program.ready()


async def test_under_the_supervisor_it_is_there_for_the_supervisor_alone(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    given = options(broker, adapter.path)
    environment = {"SUPERVISOR_TOKEN": "t0ken", "SUPERVISOR_URL": "http://127.0.0.1:9"}
    async with running(given, tmp_path, environment) as program:
        await program.ready()
        assert await raw(8099, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b""
    async with running(given | {"page": "off"}, tmp_path, environment) as program:
        await program.ready()
        with pytest.raises(ConnectionRefusedError):
            await raw(8099, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
