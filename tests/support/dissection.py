"""Captures taken apart by hand, with nothing but lengths read from the bytes.

The simulator is compared with these parts, so neither its own encoders nor the program's decoders
are tested against themselves.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from simulator import clock, links, meters
from simulator.household import Snapshot
from tests.support.captures import CAPTURES, Capture

BY_ID: dict[str, Capture] = {one["id"]: one for one in CAPTURES}


def capture(name: str) -> Capture:
    """Give a capture by its id; without the collection it is from, the test is skipped."""
    if name not in BY_ID:
        pytest.skip("the reference captures are not beside the project")
    return BY_ID[name]


def captures(link: str) -> list[Any]:
    """Whole captures of a link, one test parameter each."""
    return [
        pytest.param(one, id=one["id"])
        for one in BY_ID.values()
        if one["link"] == link and one["expected"]["status"] in {"ok", "no-key"}
    ]


def raw_of(one: Capture) -> bytes:
    """Give the bytes of a capture."""
    return bytes.fromhex(one["raw_hex"])


def mbus_frames(raw: bytes) -> Iterator[bytes]:
    while raw:
        length = raw[1] if raw[1] > 3 else raw[1] + 256
        yield raw[: length + 6]
        raw = raw[length + 6 :]


class HdlcParts(NamedTuple):
    start: int
    segmented: bool
    destination: bytes
    source: bytes
    control: int
    information: bytes
    frame: bytes


def hdlc_parts(raw: bytes) -> Iterator[HdlcParts]:
    position = 0
    while (position := raw.find(b"\x7e", position)) >= 0:
        if position + 3 > len(raw) or raw[position + 1] >> 4 != 0xA:
            position += 1
            continue
        length = (raw[position + 1] & 7) << 8 | raw[position + 2]
        frame = raw[position + 1 : position + 1 + length]
        ends = [at for at in range(2, 12) if frame[at] & 1]
        destination, source = frame[2 : ends[0] + 1], frame[ends[0] + 1 : ends[1] + 1]
        rest = frame[ends[1] + 1 :]
        yield HdlcParts(
            position, bool(frame[0] & 8), destination, source, rest[0], rest[3:-2], frame
        )
        position += length + 1


def short_length(data: bytes) -> tuple[int, int]:
    """Read a BER length; returns it and how many bytes it took."""
    width = data[0] & 0x7F if data[0] & 0x80 else 0
    return (int.from_bytes(data[1 : 1 + width], "big") if width else data[0]), 1 + width


def apdus(one: Capture) -> list[bytes]:
    """Join what the frames of a capture carry."""
    if one["link"] == "mbus":
        return [b"".join(frame[9:-2] for frame in mbus_frames(raw_of(one)))]
    if one["link"] != "hdlc":
        return [raw_of(one)[raw_of(one).find(b"\xdb\x08") :]]
    messages, buffer = [], b""
    for parts in hdlc_parts(raw_of(one)):
        data = parts.information.removeprefix(links.LLC)
        more = parts.segmented
        if data[0] == 0xE0:
            if data[2:4] == b"\0\1":
                buffer = b""
            length, taken = short_length(data[6:])
            more = not data[1] & 0x80
            data = data[6 + taken :][:length]
        buffer += data
        if not more:
            messages.append(buffer)
            buffer = b""
    return messages


class Protected(NamedTuple):
    apdu: bytes
    plaintext: bytes
    system_title: bytes
    control: int
    counter: int


def decipher(apdu: bytes, key: bytes) -> Protected:
    """Decipher without checking the tag: counter mode that starts at block 2."""
    length, taken = short_length(apdu[10:])
    content = apdu[10 + taken :][:length]
    end = length - (12 if content[0] & 0x10 else 0)
    nonce = apdu[2:10] + content[1:5]
    plaintext = Cipher(AES(key), CTR(nonce + b"\0\0\0\2")).decryptor().update(content[5:end])
    return Protected(
        apdu[: 10 + taken + length],
        plaintext,
        apdu[2:10],
        content[0],
        int.from_bytes(content[1:5], "big"),
    )


def said_by(one: Capture) -> tuple[Snapshot, meters.Identity]:
    """Make the snapshot and names that a capture's decoded values tell."""
    expected = one["expected"]
    values: dict[str, Decimal | None] = {}
    name = ""
    for code, register in expected["obis"].items():
        said = register.get("nominal", register)
        value = said["value"]
        if code.startswith("1-") and not isinstance(value, str):
            known = None if register["unit"] == "deg" and value == 400 else Decimal(value)
            if known and said["unit"].startswith("k"):
                known *= 1000
            values[code] = values[code[4:]] = known
        elif code == "0-0:42.0.0":
            name = value
    time = datetime.fromisoformat(expected["timestamp"])
    time = time.astimezone(clock.VIENNA) if time.tzinfo else time.replace(tzinfo=clock.VIENNA)
    number = expected["meter_id"] or ""
    security = expected.get("security") or {"system_title": "00" * 8}
    title = bytes.fromhex(security["system_title"])
    return Snapshot(time, values), meters.Identity(title, number, name)
