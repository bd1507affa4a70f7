"""Recordings of gateways as they stand on the wire."""

import asyncio
import json
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config.timezone import local_zone
from app.decoder import Decoder
from app.dlms.ciphering import Keys, parse_key
from app.listen import listen
from app.meters import profile_files
from app.recordings.decode import decode
from app.transport import gateway_stream
from app.transport.events import GatewaySaid, SpeaksTelnet
from app.transport.recording import Chunk
from app.transport.recording_source import RecordingSource
from tests.support.gateways import DEBIAN, SER2NET, doubled

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "field" / "telnet.json").read_text("ascii"),
    parse_float=Decimal,
)["cases"]
PROFILES = profile_files.load()
M_BUS = bytes.fromhex("68fafa6853ff000167db084b464d655012d6")
TELNET = SpeaksTelnet("it")


def decoder(case: dict[str, Any]) -> Decoder:
    return Decoder(Keys(parse_key(case["options"]["key"]), None), PROFILES, local_zone())


def pieces(data: bytes, size: int) -> list[Chunk]:
    return [Chunk(at / 1000, data[at : at + size]) for at in range(0, len(data), size)]


def read(*chunks: Chunk) -> list[object]:
    """Give what comes, bytes joined."""
    events: list[object] = []
    for _, event in gateway_stream.read(chunks, "it"):
        if isinstance(event, bytes) and events and isinstance(events[-1], bytes):
            events[-1] += event
        else:
            events.append(event)
    return events


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
@pytest.mark.parametrize("size", [10_000, 7, 1])
def test_a_capture_of_a_gateway_that_speaks_telnet_is_decoded(
    case: dict[str, Any], size: int
) -> None:
    out, err = StringIO(), StringIO()
    capture = pieces(bytes.fromhex(case["input_hex"]), size)
    assert decode(capture, decoder(case), out, err) == 0
    assert err.getvalue() == f"{SpeaksTelnet('the capture')}\n"
    telegrams = [json.loads(line, parse_float=Decimal) for line in out.getvalue().splitlines()]
    assert len(telegrams) == case["expected"]["telegrams"]
    assert case["expected"]["readings"].items() <= telegrams[-1]["readings"].items()


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
async def test_listen_says_that_a_recording_is_telnet_and_shows_its_telegrams(
    case: dict[str, Any],
) -> None:
    out = StringIO()
    source = RecordingSource(pieces(bytes.fromhex(case["input_hex"]), 50), name="x")
    assert await listen(source, decoder(case), out) == 0
    assert out.getvalue().count("begins with a telnet negotiation") == 1
    assert "0 bytes that belong to no frame" in out.getvalue()
    await asyncio.sleep(0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_the_same_bytes_without_the_negotiation_are_left_alone(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["input_hex"])
    begin = min(at for at in (data.find(b"\x68"), data.find(b"\x7e")) if at > 0)
    assert read(Chunk(0.0, data[begin:])) == [data[begin:]]


def test_a_banner_stands_behind_the_negotiation() -> None:
    stream = SER2NET + DEBIAN + doubled(M_BUS)
    text = DEBIAN.decode().strip()
    for size in (1000, 3, 1):
        assert read(*pieces(stream, size)) == [TELNET, GatewaySaid("it", text), M_BUS]


def test_recordings_one_behind_the_other_are_connections_of_their_own() -> None:
    data = b"\x68\xff\xff\x16"
    assert read(Chunk(5.0, SER2NET + doubled(data)), Chunk(0.0, data)) == [TELNET, data + data]
    assert read(Chunk(5.0, data), Chunk(0.0, SER2NET + doubled(data))) == [data, TELNET, data]
    assert read(Chunk(5.0, SER2NET + data[:2]), Chunk(0.0, data)) == [TELNET, data[:2] + data]


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=5))
def test_nothing_is_lost_of_a_recording_that_is_no_gateways(chunks: list[bytes]) -> None:
    given_ = read(*(Chunk(float(at), b"\x68" + data) for at, data in enumerate(chunks)))
    assert b"".join(event for event in given_ if isinstance(event, bytes)) == b"".join(
        b"\x68" + data for data in chunks
    )
