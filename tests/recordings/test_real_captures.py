"""Captures of real meters and gateways through `record`, `decode` and `replay`, also anonymous."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app import cli
from app.anonymous import AUTH_KEY, KEY
from app.commands import reading
from app.dlms.ciphering import Keys
from app.meters.states import MESSAGES
from simulator.clock import VIENNA
from simulator.links import Wrapper, general_block_transfer
from simulator.wires import TcpServer
from tests.support import field
from tests.support.captures import CAPTURES, keys_of
from tests.support.gateways import DEBIAN, RFC2217, SER2NET, doubled
from tests.support.mosquitto import TIMEOUT
from tests.support.program import bare_environment
from tests.support.simulated import SimulatedMeter

Line = dict[str, Any]
OWN = Keys(bytes(range(0x40, 0x50)), bytes(range(0x60, 0x70)))
NAMES = {"meter_id", "system_title"}
SENT = [
    *((one["id"], bytes.fromhex(one["raw_hex"]), keys_of(one)) for one in CAPTURES),
    *((one["id"], field.data_of(one), field.keys_of(one)) for one in field.captured()),
]
EVERY = pytest.mark.parametrize(
    ("data", "keys"), [one[1:] for one in SENT], ids=[one[0] for one in SENT]
)


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[Line]]:
    """Run a command of the program with some keys, and read what it prints."""
    for name in ("decode", "listen", "record", "replay"):
        monkeypatch.setattr(f"app.commands.{name}.local_zone", lambda: VIENNA)

    def command(keys: Keys, *arguments: str | Path) -> list[Line]:
        for name, key in (
            (reading.KEY_VARIABLE, keys.encryption),
            (reading.AUTH_KEY_VARIABLE, keys.authentication),
        ):
            monkeypatch.setenv(name, key.hex() if key else "")
        cli.main(list(map(str, arguments)))
        out = capsys.readouterr().out
        return [json.loads(line, parse_float=Decimal) for line in out.splitlines()]

    return command


Run = Callable[..., list[Line]]


def readings_of(line: Line) -> Line:
    return {key: value for key, value in line["readings"].items() if key not in MESSAGES.values()}


def nameless(line: Line) -> Line:
    """A line of `decode` without what an anonymous recording does not tell."""
    shown = {key: value for key, value in line.items() if key not in NAMES}
    shown["registers"] = {
        code: "" if isinstance(register["value"], str) or ":0.0." in code else register
        for code, register in line["registers"].items()
    }
    for one in shown.get("other_meters", []):
        del one["meter_id"]
    return {**shown, "readings": readings_of(line), "unknown": len(line.get("unknown", []))}


def after(keys: Keys) -> Keys:
    return Keys(KEY if keys.encryption else None, AUTH_KEY if keys.authentication else None)


@EVERY
def test_a_recording_says_what_its_capture_says(
    tmp_path: Path, run: Run, data: bytes, keys: Keys
) -> None:
    sent, plain, anonymous = (
        tmp_path / name for name in ("sent.bin", "plain.txt", "anonymous.txt")
    )
    sent.write_bytes(data)
    said = run(keys, "decode", sent)
    run(keys, "record", sent, "-o", plain)
    assert run(keys, "decode", plain) == said
    run(keys, "record", sent, "--anonymous", "-o", anonymous)
    if not any(line["registers"] or "unknown" in line for line in said):
        assert not anonymous.exists()  # no telegram is whole, or there is no key
        return
    made_up = after(keys)
    assert list(map(nameless, run(made_up, "decode", anonymous))) == list(map(nameless, said))
    replayed = run(keys, "replay", "--speed", "0", plain)
    again = run(made_up, "replay", "--speed", "0", anonymous)
    assert [(one["timestamp"], readings_of(one)) for one in again] == [
        (one["timestamp"], readings_of(one)) for one in replayed
    ]
    times = {line["timestamp"] for line in said}
    times |= {one["timestamp"] for line in said for one in line.get("other_meters", [])}
    assert {one["timestamp"] for one in replayed} <= times


# --- Gateways ---


def frames_of_a_gateway(way: str, one: SimulatedMeter) -> tuple[bytes, Sequence[bytes]]:
    """What it says first, and some telegrams of a meter as it sends them."""
    sent = [one.telegram().data for _ in range(3)]
    if way == "raw":
        return b"", sent
    if way == "banner":
        return DEBIAN, sent
    return {"telnet": SER2NET, "rfc2217": RFC2217}[way], [doubled(data) for data in sent]


def wrapped(one: SimulatedMeter, *, blocks: bool) -> list[bytes]:
    """Telegrams of a meter behind the wrapper, also in blocks."""
    found = []
    for _ in range(3):
        apdu = one.telegram().data
        parts = general_block_transfer(apdu, 100) if blocks else [apdu]
        found.append(b"".join(frame for part in parts for frame in Wrapper().frames(part)))
    return found


async def recorded(head: bytes, sent: Sequence[bytes], path: Path, *more: str) -> tuple[int, str]:
    """Record from a gateway by the real command."""
    assert OWN.encryption
    assert OWN.authentication
    with closing(await TcpServer.listen(0)) as gateway:
        url = f"tcp://127.0.0.1:{gateway.port}"
        arguments = ["record", url, "--telegrams", str(len(sent)), "-o", str(path), *more]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", *arguments),
            cwd=Path(cli.__file__).parents[1],
            env={
                **bare_environment(),
                reading.KEY_VARIABLE: OWN.encryption.hex(),
                reading.AUTH_KEY_VARIABLE: OWN.authentication.hex(),
            },
            stderr=asyncio.subprocess.PIPE,
        )
        await gateway.clients(1)
        gateway.write(head)
        for data in sent:
            gateway.write(data)
        _, told = await process.communicate()
        assert process.returncode is not None
        return process.returncode, told.decode()


def meter(family: str, variant: str | None = None) -> SimulatedMeter:
    assert OWN.encryption
    assert OWN.authentication
    return SimulatedMeter(None, family, variant, key=OWN.encryption, auth_key=OWN.authentication)


GATEWAYS = ["raw", "banner", "telnet", "rfc2217"]


@pytest.mark.parametrize("way", [*GATEWAYS, "wrapper", "blocks"])
@pytest.mark.parametrize("more", [[], ["--anonymous"]], ids=["as it is", "anonymous"])
def test_what_a_gateway_sends_is_recorded_as_the_meter_sent_it(
    tmp_path: Path, run: Run, way: str, more: list[str]
) -> None:
    path = tmp_path / "recording.txt"
    if way in GATEWAYS:
        head, sent = frames_of_a_gateway(way, meter("kaifa"))
        plain = frames_of_a_gateway("raw", meter("kaifa"))[1]
    else:
        head = b""
        sent = plain = wrapped(meter("sagemcom-p1"), blocks=way == "blocks")

    async def timed() -> tuple[int, str]:
        async with asyncio.timeout(TIMEOUT):
            return await recorded(head, sent, path, *more)

    status, told = asyncio.run(timed())
    assert status == 0
    assert ("telnet" in told) is (way in {"telnet", "rfc2217"})
    assert "left out: 1 telegram" not in told
    original = tmp_path / "plain.bin"
    original.write_bytes(b"".join(plain))
    said = run(OWN, "decode", original)
    assert len(said) == 3
    shown = run(after(OWN) if more else OWN, "decode", path)
    assert list(map(nameless, shown)) == list(map(nameless, said))
    assert (shown[0]["system_title"] == said[0]["system_title"]) is (not more)
