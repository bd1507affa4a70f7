"""What the real program loads, by what is mapped into its memory."""

from datetime import UTC
from pathlib import Path

import pytest

from app.mqtt.topics import Topics
from tests.support.certificates import Certificates
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.program import Program, options, running
from tests.support.simulated import Adapter, SimulatedMeter

TLS = "/_ssl."
OPENSSL = "libcrypto"
CIPHERING = "/_rust."


def maps(program: Program) -> str:
    return Path(f"/proc/{program.pid}/maps").read_text("utf-8")


async def test_without_key_and_tls_neither_is_loaded(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "dsmr", "dsmr5", zone=UTC)
    given = options(broker, adapter.path, key="", auth_key="", page=f"127.0.0.1:{free_port()}")
    async with broker.watch() as home, running(given, tmp_path) as program:
        await program.ready()
        await meter.push()
        await home.wait(Topics().state(meter.id))
        for library in (TLS, OPENSSL, CIPHERING):
            assert library not in maps(program)


@pytest.mark.parametrize("family", ["kaifa", "e450"])  # the second with a tag
async def test_with_keys_only_ciphering_is_loaded(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, family: str
) -> None:
    meter = SimulatedMeter(adapter, family, zone=UTC)
    async with broker.watch() as home, running(options(broker, adapter.path), tmp_path) as program:
        await program.ready()
        await meter.push()
        await home.wait(Topics().state(meter.id))
        assert CIPHERING in maps(program)
        for library in (TLS, OPENSSL):
            assert library not in maps(program)


async def test_with_tls_it_is_loaded_and_used(
    certificates: Certificates, adapter: Adapter, tmp_path: Path
) -> None:
    broker = Mosquitto(
        tmp_path,
        f"cafile {certificates.ca}",
        f"certfile {certificates.server[0]}",
        f"keyfile {certificates.server[1]}",
    ).start()
    try:
        meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
        given = options(broker, adapter.path)
        given["mqtt"] |= {"tls": True, "ca": str(certificates.ca)}
        async with running(given, tmp_path) as program:
            await program.ready()
            await meter.push()
            await broker.logs(f"'{Topics().state(meter.id)}'")
            assert TLS in maps(program)
    finally:
        broker.stop()
