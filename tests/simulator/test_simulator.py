"""The simulator is right: it rebuilds real captures byte for byte from what they say.

Captures are taken apart here by hand, with nothing but lengths read from the bytes, so that
neither the program's decoders nor the simulator's own encoders vouch for themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import math
import os
import random
import select
import signal
import struct
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from hypothesis import example, given
from hypothesis import strategies as st

from simulator import axdr, clock, links, meters, wires
from simulator.axdr import Node, Type
from simulator.ciphering import GENERAL_DED, Ciphering
from simulator.household import APPLIANCES, Household, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT.parent / "shared" / "vectors" / "reference.json"


def chance() -> random.Random:
    return random.Random(1)  # noqa: S311 -- the length of a pause is no secret


START = datetime(2026, 3, 28, 23, 59, 50, tzinfo=UTC)


class Capture(NamedTuple):
    id: str
    raw: bytes
    entry: dict[str, Any]


def load(path: Path) -> dict[str, Capture]:
    entries = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    return {
        entry["id"]: Capture(entry["id"], bytes.fromhex(entry["raw_hex"]), entry)
        for entry in entries
    }


CAPTURES = load(ROOT / "tests" / "vectors" / "shippable.json")
if REFERENCE.exists():
    CAPTURES |= load(REFERENCE)


def capture(name: str) -> Capture:
    if name not in CAPTURES:
        pytest.skip("the reference captures are not beside the project")
    return CAPTURES[name]


def captures(link: str) -> list[Any]:
    """Whole captures of a link, one test parameter each."""
    return [
        pytest.param(one, id=one.id)
        for one in CAPTURES.values()
        if one.entry["link"] == link and one.entry["expected"]["status"] in {"ok", "no-key"}
    ]


# --- Taking captures apart ------------------------------------------------------------------


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
    if one.entry["link"] == "mbus":
        return [b"".join(frame[9:-2] for frame in mbus_frames(one.raw))]
    if one.entry["link"] != "hdlc":
        return [one.raw[one.raw.find(b"\xdb\x08") :]]
    messages, buffer = [], b""
    for parts in hdlc_parts(one.raw):
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


# --- Whole telegrams ------------------------------------------------------------------------


def said_by(one: Capture) -> tuple[Snapshot, meters.Identity]:
    """Make the snapshot and names that a capture's decoded values tell."""
    expected = one.entry["expected"]
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


def meter_of(one: Capture, family: str, variant: str) -> tuple[meters.Meter, Snapshot]:
    """Build the meter that made a capture, about to make that telegram."""
    snapshot, identity = said_by(one)
    expected = one.entry["expected"]
    security = expected.get("security") or {"invocation_counter": 0}
    meter = meters.build(
        family,
        variant,
        key=bytes.fromhex(one.entry["key"] or "00" * 16),
        auth_key=bytes.fromhex(one.entry["auth_key"] or "00" * 16),
        identity=identity,
        invocation_counter=security["invocation_counter"],
    )
    meter.invoke_id = int(expected.get("invoke_id") or "0", 16)
    if meter.header_time and (sent := bytes.fromhex(expected.get("timestamp_raw", ""))):
        meter.header_time = replace(meter.header_time, hundredths=sent[8])
    if meter.layout.shape is meters.Shape.TEXT:
        text = one.raw if one.entry["link"] == "p1-ascii" else plaintext_of(one)
        first = text.split(b"\r\n")[0].decode("ascii")
        meter.layout = replace(meter.layout, identification=first[1:])
    return meter, snapshot


def plaintext_of(one: Capture) -> bytes:
    return decipher(apdus(one)[0], bytes.fromhex(one.entry["key"])).plaintext


REBUILT = [
    ("kaifa-ma110-netznoe-doc", "kaifa", "netznoe-1ph"),
    ("kaifa-tinetz-doc-1ph", "kaifa", "tinetz-1ph"),
    ("kaifa-vkw-keyed", "kaifa", "tinetz"),
    ("sagemcom-t210d-netznoe-real", "sagemcom", "netznoe-wrapped"),
    ("lg-e450-burgenland-1", "e450", "burgenland"),
    ("lg-e450-gbt-a", "e450", "steiermark"),
    ("lg-e450-gbt-c", "e450", "steiermark"),
    ("lg-e450-gbt4-zero-key", "e450", "klagenfurt"),
    ("lg-e450-9list-1", "e450", "wien"),
    ("lg-e450-wien-signed", "e450", "wien"),
    ("lg-e450-ch-baden-gbt", "e450", "swiss"),
    ("lg-e360-ch-vse2026", "e360", "swiss"),
    ("lg-e570-ch-enc", "e570", "swiss"),
    ("iskra-am550-wien", "am550", "wien"),
    ("iskra-am550-netzooe", "am550", "kaernten"),
    ("iskra-am550-si-18", "am550", "slovenia"),
    ("iskra-am550-ch-5seg", "am550", "swiss"),
    ("siemens-wien", "im350", "wien"),
    ("siemens-im350-netzooe-1", "im350", "kaernten"),
    ("siemens-im350-wels", "im350", "wels"),
    ("kamstrup-omnipower-enc", "kamstrup", "denmark"),
    ("aidon-se-3ph-doc", "aidon", "sweden"),
    ("kaifa-no-list1", "kaifa-nordic", "norway-1"),
    ("kaifa-no-list2", "kaifa-nordic", "norway-13"),
    ("p1-sag-t210dr-plain", "sagemcom-p1", "styria-plain"),
    ("p1-sag5-steiermark", "sagemcom-p1", "styria"),
    ("p1-e360-se", "e360", "text"),
    ("p1-ell-se", "dsmr", "sweden"),
    ("p1-kamstrup-se", "kamstrup", "text"),
]


@pytest.mark.parametrize(("name", "family", "variant"), REBUILT)
def test_a_real_capture_is_rebuilt_byte_for_byte_from_its_values(
    name: str, family: str, variant: str
) -> None:
    one = capture(name)
    expected = one.entry["expected"]
    meter, snapshot = meter_of(one, family, variant)

    telegram = meter.telegram(snapshot)

    data = telegram.data
    security = expected.get("security")
    if security:
        assert hashlib.sha256(telegram.plaintext).hexdigest() == expected["plaintext_sha256"]
    if security and security["tag_present"] and not security["tag_verifies"]:
        # Nobody knows the key that this tag was made with: it is taken over, all else is built.
        data = b"".join(meter.link.frames(telegram.apdu[:-12] + apdus(one)[0][-12:]))
    assert data.hex() == one.raw.hex()


@pytest.mark.parametrize(("name", "family", "variant"), REBUILT)
def test_the_truth_of_a_rebuilt_capture_is_what_is_known_about_it(
    name: str, family: str, variant: str
) -> None:
    one = capture(name)
    expected = one.entry["expected"]
    meter, snapshot = meter_of(one, family, variant)

    truth = meter.telegram(snapshot).truth

    known = {
        code: (
            register.get("nominal", register)["value"],
            register.get("nominal", register)["unit"],
        )
        for code, register in expected["obis"].items()
    }
    as_number = meters.Text("number", "1-1:0.0.1", Type.UINT32) in meter.layout.items
    assert truth.registers == known
    assert truth.meter_id == expected["meter_id"] or as_number
    if expected.get("security"):
        assert truth.system_title.hex().upper() == expected["security"]["system_title"]
        assert truth.invocation_counter == expected["security"]["invocation_counter"]
    assert truth.says_time
    stamp = datetime.fromisoformat(expected["timestamp"])
    assert truth.timestamp.replace(tzinfo=stamp.tzinfo) == stamp
    assert truth.timestamp.utcoffset() == snapshot.time.utcoffset()


def test_a_kaifa_in_the_clear_is_rebuilt_byte_for_byte() -> None:
    one = capture("kaifa-gh539-plain")
    snapshot, identity = said_by(one)
    meter = meters.build("kaifa", "tinetz", encrypted=False, identity=identity)
    meter = replace(
        meter, link=links.Plain(), invoke_id=int(one.entry["expected"]["invoke_id"], 16)
    )

    telegram = meter.telegram(snapshot)

    assert telegram.data.hex() == one.raw.hex()
    assert telegram.truth.invocation_counter is None


LENGTHS: dict[tuple[str, str], tuple[list[int], str]] = {
    ("kaifa", "netznoe"): ([256, 26], "81f820"),
    ("kaifa", "netznoe-1ph"): ([256, 26], "81f820"),
    ("kaifa", "tinetz"): ([256, 120], "82015521"),
    ("kaifa", "tinetz-1ph"): ([256, 44], "82010921"),
    ("sagemcom", "netznoe"): ([256, 26], "81f820"),
    ("sagemcom", "netznoe-unsigned"): ([256, 26], "81f820"),
    ("sagemcom", "netznoe-wrapped"): ([263, 19], "81f820"),
    ("e450", "burgenland"): ([120], "5e30"),
    ("e450", "burgenland-11"): ([111], "5530"),
    ("e450", "steiermark"): ([141, 141, 50], "82010330"),
    ("e450", "steiermark-1ph"): ([141, 67], "819b30"),
    ("e450", "wien"): ([105], "4f20"),
    ("e450", "klagenfurt"): ([141, 141, 141, 122], "8201c530"),
    ("e450", "swiss"): ([134, 127, 140], ""),
    ("e570", "swiss"): ([138, 135, 135, 135, 79], "8201ff20"),
    ("e360", "swiss"): ([354], ""),
    ("e360", "text"): ([704], ""),
    ("zmf100", "denmark"): ([396], ""),
    ("am550", "wien"): ([105], "4f20"),
    ("am550", "kaernten"): ([121], "5f20"),
    ("am550", "slovenia"): ([131], ""),
    ("am550", "rows"): ([166, 166, 47], ""),
    ("im350", "wien"): ([125], "6120"),
    ("im350", "kaernten"): ([123], "5f20"),
    ("kamstrup", "denmark"): ([491], "8201d030"),
    ("kamstrup", "nordic"): ([228], ""),
    ("kamstrup", "nordic-hourly"): ([302], ""),
    ("kamstrup", "text"): ([700], ""),
    ("aidon", "norway-1ph"): ([212], ""),
    ("aidon", "sweden"): ([581], ""),
    ("kaifa-nordic", "norway-1"): ([41], ""),
    ("kaifa-nordic", "norway-13"): ([123], ""),
    ("sagemcom-p1", "styria"): ([511], "8201f230"),
    ("sagemcom-p1", "styria-plain"): ([481], ""),
}
"""What is seen on the wire: lengths of the frames, and how the ciphering begins."""


@pytest.mark.parametrize(("family", "variant"), LENGTHS)
def test_lists_have_the_lengths_that_are_seen_on_the_wire(family: str, variant: str) -> None:
    lengths, cipher = LENGTHS[family, variant]
    meter = meters.build(family, variant)
    household = Household(3, START, phases=meter.phases)

    telegram = meter.telegram(household.at(START))

    assert [len(segment) for segment in telegram.segments] == lengths
    if cipher:
        assert telegram.apdu[10 : 10 + len(cipher) // 2].hex() == cipher
    assert (meter.ciphering is None) == (not cipher)


@pytest.mark.parametrize(
    ("name", "family", "variant", "digits"),
    [
        ("kaifa-ma110-netznoe-doc", "kaifa", "netznoe-1ph", 7),
        ("kaifa-vkw-keyed", "kaifa", "tinetz", 8),
        ("kaifa-tinetz-doc-1ph", "kaifa", "tinetz-1ph", 8),
        ("lg-e450-gbt4-zero-key", "e450", "klagenfurt", 8),
    ],
)
def test_made_up_names_hang_together_as_the_real_ones_do(
    name: str, family: str, variant: str, digits: int
) -> None:
    _, identity = said_by(capture(name))
    serial = int(identity.number[-digits:])

    made = meters.build(family, variant, serial=serial).identity
    assert (made.system_title, made.number) == (identity.system_title, identity.number)
    assert identity.name in {"", made.name}


# --- What a meter does over time ------------------------------------------------------------


def test_counters_go_on_from_telegram_to_telegram() -> None:
    meter = meters.build("kaifa", invocation_counter=0xFE, invoke_id=0xFFFFFF)
    snapshot = Household(1, START).at(START)

    first, second = meter.telegram(snapshot), meter.telegram(snapshot)

    assert (first.truth.invocation_counter, second.truth.invocation_counter) == (0xFE, 0xFF)
    assert first.plaintext[1:5].hex() == "80ffffff"
    assert second.plaintext[1:5].hex() == "80000000"
    assert first.apdu[20:] != second.apdu[20:]


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others() -> None:
    def run(seed: int) -> bytes:
        meter, household = meters.build("e450"), Household(seed, START)
        moments = (START + timedelta(seconds=5 * turn) for turn in range(20))
        return b"".join(meter.telegram(household.at(moment)).data for moment in moments)

    assert run(4) == run(4)
    assert run(4) != run(5)


def test_values_are_sent_at_the_resolution_of_the_meter() -> None:
    snapshot = Household(1, START).at(START)
    values = {**snapshot.values, "32.7.0": Decimal("233.46"), "13.7.0": Decimal("-0.5")}
    snapshot = replace(snapshot, values=values)

    def said(family: str, variant: str, code: str) -> Decimal | str:
        return meters.build(family, variant).telegram(snapshot).truth.registers[code][0]

    assert said("kaifa", "tinetz", "1-0:32.7.0") == Decimal("233.5")
    assert said("e450", "burgenland", "1-0:32.7.0") == Decimal(233)
    assert said("sagemcom", "netznoe", "1-0:13.7.0") == Decimal("-0.500")
    assert said("sagemcom", "netznoe-unsigned", "1-0:13.7.0") == Decimal("0.500")


def test_the_power_factor_of_sagemcom_is_signed_or_not() -> None:
    snapshot = Household(1, START).at(START)
    snapshot = replace(snapshot, values={**snapshot.values, "13.7.0": Decimal("-0.094")})
    signed = meters.build("sagemcom").telegram(snapshot).plaintext
    unsigned = meters.build("sagemcom", "netznoe-unsigned").telegram(snapshot).plaintext

    assert bytes.fromhex("0906 01000d0700ff 10 ffa2 0202 0ffd 16ff") in signed
    assert bytes.fromhex("0906 01000d0700ff 12 005e 0202 0ffd 16ff") in unsigned


def test_a_phase_without_current_has_the_angle_400() -> None:
    snapshot = Household(1, START, phases=1).at(START)

    registers = meters.build("e450").telegram(snapshot).truth.registers

    assert registers["1-0:31.7.0"][0] != Decimal(0)
    assert registers["1-0:81.7.40"][0] != Decimal(400)
    assert registers["1-0:51.7.0"] == (Decimal(0), "A")
    assert registers["1-0:81.7.51"] == (Decimal(400), "deg")


def test_a_value_that_is_missing_or_does_not_fit_is_an_error() -> None:
    meter = meters.build("kaifa")
    snapshot = Household(1, START).at(START)

    with pytest.raises(KeyError, match=r"1\.8\.0"):
        meter.telegram(replace(snapshot, values={}))
    with pytest.raises(OverflowError, match=r"1-0:1\.8\.0 cannot be 4294967296 Wh"):
        meter.telegram(replace(snapshot, values={**snapshot.values, "1.8.0": Decimal(2**32)}))
    with pytest.raises(KeyError, match=r"1-0:1\.8\.0"):
        meter.telegram(replace(snapshot, values={**snapshot.values, "1.8.0": None}))


def test_a_meter_can_be_given_another_list_order_link_and_clock() -> None:
    meter = meters.build("e450", "klagenfurt")
    items = tuple(reversed(meter.layout.items))
    meter = replace(
        meter,
        layout=replace(meter.layout, items=items, shape=meters.Shape.NESTED),
        link=links.Wrapper(),
        ciphering=None,
        header_time=None,
        clock_time=clock.Style(status=clock.DOUBTFUL, hundredths=clock.NOT_SPECIFIED),
        clock_error=timedelta(seconds=-20),
    )

    telegram = meter.telegram(Household(1, START).at(START))

    assert telegram.data[:6].hex() == "000100010001"
    assert telegram.data[6:8] == struct.pack(">H", len(telegram.plaintext))
    assert telegram.plaintext[5:8].hex() == "000211"  # no time; sixteen items, one of them flat
    assert list(telegram.truth.registers)[-1] == "0-0:96.1.0"
    assert telegram.truth.timestamp.isoformat() == "2026-03-29T00:59:30+01:00"
    assert bytes.fromhex("090c 07ea031d07 003b1eff ffc4 02") in telegram.plaintext


def test_two_registers_that_differ_only_in_channel_can_have_two_values() -> None:
    meter = meters.build("e450", "wien")
    items = tuple(
        meters.Register(code, Type.UINT32, meters.Unit.WH) for code in ("1-0:1.8.0", "1-1:1.8.0*7")
    )
    meter = replace(meter, layout=replace(meter.layout, items=items))
    snapshot = Snapshot(START, {"1.8.0": Decimal(5), "1-1:1.8.0*7": Decimal(6)})

    registers = meter.telegram(snapshot).truth.registers

    assert registers == {"1-0:1.8.0": (Decimal(5), "Wh"), "1-1:1.8.0*7": (Decimal(6), "Wh")}


def test_what_cannot_be_built_is_said_in_plain_words() -> None:
    with pytest.raises(ValueError, match="no meter 'kaif', only kaifa, sagemcom, e450"):
        meters.build("kaif")
    with pytest.raises(ValueError, match="kaifa has no list 'wien', only netznoe, "):
        meters.build("kaifa", "wien")
    with pytest.raises(ValueError, match="a key has 16 bytes"):
        meters.build("kaifa", key=b"short")
    with pytest.raises(ValueError, match=r"'1\.8\.0' is no OBIS code"):
        meters.obis_bytes("1.8.0")


def test_no_key_shows_in_what_a_meter_prints() -> None:
    key = bytes.fromhex("5EC2E7000102030405060708090A0B0C")
    shown = repr(meters.build("kaifa", key=key, auth_key=key))

    assert "5ec2e7" not in shown.lower()
    assert repr(key)[2:8] not in shown


# --- A-XDR ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "encoded"),
    [
        (axdr.null(), "00"),
        (Node(Type.BOOLEAN, value=True), "03 ff"),
        (Node(Type.BOOLEAN, value=False), "03 00"),
        (Node(Type.BIT_STRING, "1010000011"), "04 0a a0c0"),
        (Node(Type.BIT_STRING, ""), "04 00"),
        (Node(Type.INT32, -2), "05 fffffffe"),
        (axdr.uint32(12937), "06 00003289"),
        (axdr.octet_string(bytes.fromhex("0100010800ff")), "09 06 0100010800ff"),
        (axdr.octet_string(bytes(200)), "09 81c8" + "00" * 200),
        (axdr.visible_string("Kaifa"), "0a 05 4b61696661"),
        (Node(Type.UTF8_STRING, "NÖ"), "0c 03 4ec396"),
        (Node(Type.BCD, 0x42), "0d 42"),
        (axdr.int8(-3), "0f fd"),
        (Node(Type.INT16, 819), "10 0333"),
        (Node(Type.UINT8, 255), "11 ff"),
        (axdr.uint16(2337), "12 0921"),
        (Node(Type.INT64, -1), "14 ffffffffffffffff"),
        (Node(Type.UINT64, 0x0D2000), "15 00000000000d2000"),
        (axdr.enum(30), "16 1e"),
        (Node(Type.FLOAT32, 1.0), "17 3f800000"),
        (Node(Type.FLOAT64, -2.0), "18 c000000000000000"),
        (
            Node(Type.DATE_TIME, bytes.fromhex("07e5091b01092f0f00ff8880")),
            "19 07e5091b01092f0f00ff8880",
        ),
        (Node(Type.DATE, bytes.fromhex("07e5091b01")), "1a 07e5091b01"),
        (Node(Type.TIME, bytes.fromhex("092f0f00")), "1b 092f0f00"),
        (Node(Type.DELTA_INT8, -1), "1c ff"),
        (Node(Type.DELTA_INT16, -1), "1d ffff"),
        (Node(Type.DELTA_INT32, -1), "1e ffffffff"),
        (Node(Type.DELTA_UINT8, 1), "1f 01"),
        (Node(Type.DELTA_UINT16, 1), "20 0001"),
        (Node(Type.DELTA_UINT32, 1), "21 00000001"),
        (Node(Type.DONT_CARE), "ff"),
        (axdr.structure(axdr.int8(-1), axdr.enum(35)), "02 02 0fff 1623"),
        (axdr.array(axdr.null(), axdr.null()), "01 02 00 00"),
        (axdr.array(*[axdr.null()] * 300), "01 82012c" + "00" * 300),
        # Type once, then the packed contents: {uint16, octet-string} twice.
        (
            Node(
                Type.COMPACT_ARRAY,
                (
                    axdr.structure(axdr.uint16(1), axdr.octet_string(b"ab")),
                    axdr.structure(axdr.uint16(2), axdr.octet_string(b"")),
                ),
            ),
            "13 02021209 08 0001026162 000200",
        ),
        (
            Node(Type.COMPACT_ARRAY, (axdr.array(axdr.int8(1), axdr.int8(2)),)),
            "13 0100020f 02 0102",
        ),
        (axdr.Raw(b"\x01\x02\x03"), "010203"),
    ],
)
def test_each_data_type_has_its_encoding(node: axdr.Body, encoded: str) -> None:
    assert axdr.encode(node).hex() == encoded.replace(" ", "")


def test_every_data_type_has_a_case_above() -> None:
    shown = {
        case.type
        for mark in test_each_data_type_has_its_encoding.pytestmark  # type: ignore[attr-defined]
        for case, _ in mark.args[1]
        if isinstance(case, Node)
    }
    assert shown == set(Type)


@pytest.mark.parametrize(
    "node",
    [
        Node(Type.UINT32, "12"),
        Node(Type.OCTET_STRING, "text"),
        Node(Type.DATE, b"1234"),
        Node(Type.NULL, 0),
        Node(Type.FLOAT32, None),
        Node(Type.COMPACT_ARRAY, (axdr.int8(1), axdr.enum(1))),
        Node(Type.COMPACT_ARRAY, ()),
        Node(Type.COMPACT_ARRAY, (Node(Type.COMPACT_ARRAY, (axdr.int8(1),)),)),
        Node(Type.COMPACT_ARRAY, (axdr.array(),)),
    ],
)
def test_a_value_of_the_wrong_kind_is_not_encoded(node: Node) -> None:
    with pytest.raises(TypeError):
        axdr.encode(node)


@pytest.mark.parametrize(
    ("type_", "value"), [(Type.INT8, 128), (Type.UINT32, -1), (Type.ENUM, 256)]
)
def test_a_number_out_of_range_is_not_encoded(type_: Type, value: int) -> None:
    with pytest.raises(OverflowError):
        axdr.encode(Node(type_, value))


@pytest.mark.parametrize(
    ("length", "width", "encoded"),
    [
        (0, None, "00"),
        (127, None, "7f"),
        (128, None, "8180"),
        (248, None, "81f8"),
        (255, None, "81ff"),
        (256, None, "820100"),
        (341, None, "820155"),
        (65536, None, "83010000"),
        (94, 1, "815e"),
        (94, 4, "840000005e"),
        (94, 0, "5e"),
    ],
)
def test_lengths_take_the_short_form_unless_told(
    length: int, width: int | None, encoded: str
) -> None:
    assert axdr.ber_length(length, width).hex() == encoded


@pytest.mark.parametrize("width", [0, 1])
def test_a_length_that_does_not_fit_is_an_error(width: int) -> None:
    with pytest.raises(OverflowError):
        axdr.ber_length(256, width)


@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 4]))
def test_a_length_reads_back_as_it_was(length: int, width: int | None) -> None:
    encoded = axdr.ber_length(length, width)
    assert short_length(encoded) == (length, len(encoded))


def test_the_notification_writes_its_time_in_three_ways() -> None:
    time = bytes(range(12))

    def header(time: bytes | None, *, tagged: bool = False) -> str:
        return axdr.data_notification(
            axdr.null(), invoke_id=0x40000001, time=time, tagged=tagged
        ).hex()

    assert header(None) == "0f40000001" + "00" + "00"
    assert header(time) == "0f40000001" + "0c" + time.hex() + "00"
    assert header(time, tagged=True) == "0f40000001" + "090c" + time.hex() + "00"


# --- Time -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "style", "encoded"),
    [
        ("2021-09-27T09:47:15+02:00", clock.COMPLETE, "07e5091b01092f0f00ff8880"),
        ("2023-11-14T06:00:01+01:00", clock.COMPLETE, "07e70b0e0206000100ffc400"),
        (
            "2025-04-01T19:11:20+02:00",
            clock.Style(deviation=False, summer=False),
            "07e9040102130b1400800000",
        ),
        (
            "2025-07-02T08:15:40+02:00",
            clock.Style(deviation=False, status=clock.INVALID, hundredths=clock.NOT_SPECIFIED),
            "07e9070203080f28ff800081",
        ),
    ],
)
def test_a_date_time_says_what_its_style_wants(
    moment: str, style: clock.Style, encoded: str
) -> None:
    local = datetime.fromisoformat(moment).astimezone(clock.VIENNA)
    assert clock.date_time(local, style).hex() == encoded


def test_a_time_without_a_zone_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        clock.date_time(datetime(2026, 1, 1))  # noqa: DTZ001 -- what is tested


@given(st.integers(27 * 365 * 86400, 68 * 365 * 86400))
@example(1774746000)  # 2026-03-29T01:00:00Z, summer time begins
@example(1774745999)
@example(1792890000)  # 2026-10-25T01:00:00Z, summer time ends
@example(1792889999)
@example(1792893599)
@example(1792893600)
def test_the_zone_is_the_one_of_vienna(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    try:
        vienna = ZoneInfo("Europe/Vienna")
    except ZoneInfoNotFoundError:
        pytest.skip("this machine has no time zone database")
    ours, theirs = moment.astimezone(clock.VIENNA), moment.astimezone(vienna)

    assert ours.replace(tzinfo=None) == theirs.replace(tzinfo=None)
    assert (ours.utcoffset(), ours.dst(), ours.fold) == (
        theirs.utcoffset(),
        theirs.dst(),
        theirs.fold,
    )
    assert clock.fixed(ours) == moment.replace(microsecond=0)


def test_the_hour_that_comes_twice_and_the_one_that_never_comes() -> None:
    def offset(text: str, fold: int) -> float:
        moment = datetime.fromisoformat(text).replace(tzinfo=clock.VIENNA, fold=fold)
        offset = moment.utcoffset()
        assert offset is not None
        return offset / timedelta(hours=1)

    assert [offset("2026-10-25T02:30:00", fold) for fold in (0, 1)] == [2, 1]
    assert [offset("2026-03-29T02:30:00", fold) for fold in (0, 1)] == [1, 2]
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).astimezone(clock.VIENNA)
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).astimezone(clock.VIENNA)
    assert clock.date_time(first).hex() == "07ea0a1907021e0000ff8880"
    assert clock.date_time(second).hex() == "07ea0a1907021e0000ffc400"
    assert clock.fixed(second) - clock.fixed(first) == timedelta(hours=1)


# --- Ciphering ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(one, id=one.id)
        for one in CAPTURES.values()
        if one.entry["key"] and one.entry["expected"]["status"] == "ok"
    ],
)
def test_every_capture_with_a_key_is_ciphered_again_to_the_same_bytes(one: Capture) -> None:
    found = decipher(apdus(one)[0], bytes.fromhex(one.entry["key"]))
    ciphering = Ciphering(
        bytes.fromhex(one.entry["key"]),
        bytes.fromhex(one.entry["auth_key"] or "00" * 16),
        authenticated=bool(found.control & 0x10),
        suite=found.control & 0x0F,
    )

    apdu = ciphering.protect(
        found.plaintext, system_title=found.system_title, counter=found.counter
    )

    if ciphering.authenticated and not one.entry["expected"]["security"]["tag_verifies"]:
        assert apdu[:-12].hex() == found.apdu[:-12].hex()
        assert apdu[-12:] != found.apdu[-12:]
    else:
        assert apdu.hex() == found.apdu.hex()


def test_security_control_and_service_say_what_was_done() -> None:
    def head(ciphering: Ciphering) -> str:
        apdu = ciphering.protect(b"\x0f" * 20, system_title=b"METERS01", counter=7)
        return apdu[:1].hex() + apdu[10:16].hex()

    assert head(Ciphering()) == "db" + "19" + "20" + "00000007"
    assert head(Ciphering(suite=1)) == "db" + "19" + "21" + "00000007"
    assert head(Ciphering(authenticated=True)) == "db" + "25" + "30" + "00000007"
    assert head(Ciphering(service=GENERAL_DED)) == "dc" + "19" + "20" + "00000007"


# --- Links ----------------------------------------------------------------------------------


@pytest.mark.parametrize("one", captures("mbus"))
def test_every_mbus_capture_is_framed_again_to_the_same_bytes(one: Capture) -> None:
    frames = list(mbus_frames(one.raw))
    link = links.MBus(longest=len(frames[0]) - 6)

    assert [frame.hex() for frame in link.frames(apdus(one)[0])] == [
        frame.hex() for frame in frames
    ]


def test_mbus_numbers_up_to_sixteen_segments() -> None:
    frames = links.MBus(longest=15).frames(bytes(160))

    assert [frame[6] for frame in frames] == [*range(15), 0x1F]
    with pytest.raises(ValueError, match="more than 16 segments"):
        links.MBus(longest=15).frames(bytes(161))


@pytest.mark.parametrize("one", captures("hdlc"))
def test_every_hdlc_frame_in_the_captures_is_built_again(one: Capture) -> None:
    frames = list(hdlc_parts(one.raw))

    assert len(frames) == one.entry["expected"]["framing"]["frames"]
    for parts in frames:
        rebuilt = links.hdlc_frame(
            parts.information,
            destination=parts.destination,
            source=parts.source,
            control=parts.control,
            segmented=parts.segmented,
        )
        assert rebuilt.hex() == parts.frame.hex()


@pytest.mark.parametrize(
    ("name", "link"),
    [
        (
            "iskra-am550-3seg-obis",
            links.Hdlc(b"\xcf", b"\x02\x23", longest=154),
        ),
        ("iskra-am550-ch-5seg", links.Hdlc(b"\xcf", b"\x02\x23", longest=154)),
        (
            "iskra-am550-wien-noflag",
            links.Hdlc(b"\xcf", b"\x02\x23", flags=links.Flags.OPEN_END),
        ),
        ("siemens-wien", links.Hdlc(b"\xcf", b"\x00\x02\x00\x23")),
        ("lg-e360-ch-vse2026", links.Hdlc(b"\xcf", b"\x03")),
        ("lg-e570-ch-enc", links.Hdlc(b"\xce\x9b", b"\x03", blocks=(116,))),
        ("lg-e450-ch-baden-gbt", links.Hdlc(blocks=(112, 108, 121))),
        ("kamstrup-omnipower-enc", links.Hdlc(b"\x41", b"\x03")),
        ("aidon-se-3ph-doc", links.Hdlc(b"\x41", b"\x08\x83")),
    ],
)
def test_messages_over_hdlc_are_framed_again_to_the_same_bytes(name: str, link: links.Hdlc) -> None:
    one = capture(name)
    assert b"".join(link.frames(apdus(one)[0])).hex() == one.raw.hex()


def test_two_frames_can_share_a_flag() -> None:
    apart = links.Hdlc(longest=20).frames(bytes(50))
    shared = links.Hdlc(longest=20, flags=links.Flags.SHARED).frames(bytes(50))

    assert b"".join(apart).replace(b"\x7e\x7e", b"\x7e") == b"".join(shared)
    assert b"".join(shared).count(b"\x7e") == len(shared) + 1


def test_hdlc_addresses_have_one_two_or_four_bytes() -> None:
    assert links.hdlc_address(0x67).hex() == "cf"
    assert links.hdlc_address(0x67, 0x7F).hex() == "ceff"
    assert links.hdlc_address(1, 0x11).hex() == "0223"
    assert links.hdlc_address(1, 0x11, wide=True).hex() == "00020023"
    with pytest.raises(OverflowError):
        links.hdlc_address(0x80)


def test_an_hdlc_frame_without_information_has_one_checksum() -> None:
    frame = links.hdlc_frame(b"", destination=b"\x03", source=b"\x21", control=0x93)
    # SNRM of a client at address 10 (hex), as in the examples of IEC 62056-46.
    assert frame.hex() == "a00703219" + "30f01"


def test_an_hdlc_frame_cannot_be_longer_than_its_length_field() -> None:
    with pytest.raises(OverflowError):
        links.hdlc_frame(bytes(2040), destination=b"\x03", source=b"\x03")


def test_blocks_longer_than_127_bytes_have_a_long_length() -> None:
    first, last = links.general_block_transfer(bytes(201), 200)

    assert first[:8].hex() == "e0400001000081c8"
    assert last.hex() == "e0c0000200000100"


def test_an_empty_message_is_still_a_frame() -> None:
    assert len(links.MBus().frames(b"")) == 1
    assert links.general_block_transfer(b"", 10) == [bytes.fromhex("e0c00001000000")]
    with pytest.raises(ValueError, match="at least one byte"):
        list(links.pieces(b"abc", 0))


@pytest.mark.parametrize("name", ["wrapper-els-plain"])
def test_a_wrapper_capture_is_framed_again_to_the_same_bytes(name: str) -> None:
    raw = capture(name).raw
    source, destination = struct.unpack(">HH", raw[2:6])
    length = struct.unpack(">H", raw[6:8])[0]

    (frame,) = links.Wrapper(source, destination).frames(raw[8 : 8 + length])

    assert frame.hex() == raw.hex()


@pytest.mark.parametrize("name", ["p1-dsmr5", "p1-fluvius", "p1-sag-t210dr-plain", "p1-eon-hu"])
def test_a_p1_capture_is_written_again_to_the_same_bytes(name: str) -> None:
    one = capture(name)
    first, empty, *lines, end, _ = one.raw.decode("ascii").split("\r\n")
    assert (empty, end[0]) == ("", "!")

    assert links.p1(first[1:], lines) == one.raw


def test_a_p1_telegram_can_go_without_a_checksum() -> None:
    assert links.p1("X", ["1-0:1.7.0(0001*W)"], checksum=False) == (
        b"/X\r\n\r\n1-0:1.7.0(0001*W)\r\n!\r\n"
    )


# --- The household --------------------------------------------------------------------------


def moments(count: int, seconds: float = 5) -> Iterator[datetime]:
    return (START + timedelta(seconds=seconds * turn) for turn in range(count))


def value(snapshot: Snapshot, code: str) -> Decimal:
    found = snapshot.values[code]
    assert found is not None
    return found


@pytest.mark.parametrize("phases", [1, 3])
def test_counters_are_the_exact_integral_of_the_powers_shown(phases: int) -> None:
    household = Household(11, START, phases=phases, step=5)
    snapshots = [household.at(moment) for moment in moments(17280)]  # one day

    for group in (1, 2, 3, 4):
        watt_seconds = sum(5 * value(one, f"{group}.7.0") for one in snapshots[:-1])
        counted = value(snapshots[-1], f"{group}.8.0") - value(snapshots[0], f"{group}.8.0")
        assert counted == watt_seconds // 3600
        assert counted > 0
        counters = [value(one, f"{group}.8.0") for one in snapshots]
        assert counters == sorted(counters)


def test_quadrants_and_phases_are_counted_from_the_powers_shown() -> None:
    household = Household(11, START, step=5)
    snapshots = [household.at(moment) for moment in moments(4320)]  # six hours

    for group in (5, 6, 7, 8, 21, 22, 41, 42, 61, 62):
        unit_seconds = sum(5 * value(one, f"{group}.7.0") for one in snapshots[:-1])
        counted = value(snapshots[-1], f"{group}.8.0") - value(snapshots[0], f"{group}.8.0")
        assert counted == unit_seconds // 3600
    for one in snapshots:
        directions = [value(one, f"{group}.7.0") for group in (3, 4, 5, 6, 7, 8)]
        assert directions[0] == directions[2] + directions[3]
        assert directions[1] == directions[4] + directions[5]
        assert value(one, "16.7.0") == value(one, "1.7.0") - value(one, "2.7.0")


def test_gas_water_and_heat_are_counted_up_to_the_full_hour() -> None:
    household = Household(1, START)
    hours = [household.at(START + timedelta(minutes=minutes)) for minutes in (1, 30, 59, 61, 300)]
    for name in ("gas", "water", "heat"):
        counters = [value(one, name) for one in hours]
        assert counters == sorted(counters)
        assert counters[1] == counters[2] < counters[4]


def test_looking_more_often_changes_nothing() -> None:
    often, seldom = Household(2, START), Household(2, START)
    steps = chance()
    moment = START
    end = START + timedelta(minutes=10)
    while (moment := moment + timedelta(microseconds=steps.randrange(1, 3_000_000))) < end:
        often.at(moment)

    assert often.at(end) == seldom.at(end)
    assert often.at(end) == seldom.at(end)


def test_time_does_not_run_backwards() -> None:
    household = Household(1, START)
    household.at(START + timedelta(seconds=5))

    with pytest.raises(ValueError, match="is before that"):
        household.at(START)
    with pytest.raises(ValueError, match="needs a time zone"):
        Household(1, datetime(2026, 1, 1))  # noqa: DTZ001 -- what is tested


def test_the_household_is_one_that_physics_allows() -> None:
    household = Household(5, START, step=60)
    seen_import = seen_export = False
    for moment in moments(2 * 1440, 60):
        one = household.at(moment)
        taken, given = value(one, "1.7.0"), value(one, "2.7.0")
        assert not (taken and given)
        seen_import, seen_export = seen_import or taken > 0, seen_export or given > 0
        assert value(one, "1.8.0") == value(one, "1.8.1") + value(one, "1.8.2")
        over_phases = Decimal(0)
        for phase in (20, 40, 60):
            voltage, current = value(one, f"{phase + 12}.7.0"), value(one, f"{phase + 11}.7.0")
            power = value(one, f"{phase + 1}.7.0") - value(one, f"{phase + 2}.7.0")
            over_phases += power
            assert 207 <= voltage <= 253
            assert 0 <= current <= 63
            # No more real power than voltage and current carry, within their resolution.
            assert abs(power) <= voltage * current + voltage * Decimal("0.005") + 1
            angle = one.values[f"81.7.{ {20: 40, 40: 51, 60: 62}[phase] }"]
            assert angle is not None
            assert abs(
                math.cos(math.radians(int(angle))) * float(voltage * current) - float(power)
            ) < (float(voltage * current) * 0.01 + float(voltage) * 0.005 + 1)
        assert over_phases == taken - given
        assert -1 <= value(one, "13.7.0") <= 1
        assert (value(one, "13.7.0") >= 0) == (given == 0)
    assert seen_import
    assert seen_export


def test_a_household_of_one_phase_has_nothing_on_the_others() -> None:
    one = Household(5, START, phases=1).at(START)

    assert value(one, "32.7.0") > 200
    assert [value(one, code) for code in ("52.7.0", "72.7.0", "51.7.0", "71.7.0")] == [0, 0, 0, 0]
    assert one.values["81.7.62"] is None


def test_the_tariff_changes_at_six_and_at_ten_in_the_evening() -> None:
    begin = datetime(2026, 1, 10, 21, 0, tzinfo=clock.VIENNA)
    household = Household(1, begin, step=60)
    start = household.at(begin)
    ten = household.at(datetime(2026, 1, 10, 22, 0, tzinfo=clock.VIENNA))
    night = household.at(datetime(2026, 1, 11, 6, 0, tzinfo=clock.VIENNA))
    day = household.at(datetime(2026, 1, 11, 7, 0, tzinfo=clock.VIENNA))

    first = [value(one, "1.8.1") for one in (start, ten, night, day)]
    second = [value(one, "1.8.2") for one in (start, ten, night, day)]
    assert first[0] < first[1] == first[2] < first[3]
    assert second[0] == second[1] < second[2] == second[3]


def test_loads_come_and_go_over_a_day() -> None:
    household = Household(9, START, solar=0, step=5)
    powers = {value(household.at(moment), "1.7.0") for moment in moments(1440, 60)}

    assert min(powers) < 1000
    assert max(powers) > max(sum(one.watts) for one in APPLIANCES[:4])


# --- On the line ----------------------------------------------------------------------------


def test_a_byte_takes_as_long_as_its_serial_mode_says() -> None:
    assert wires.byte_time("2400 8E1") == 11 / 2400
    assert wires.byte_time("9600 8N1") == 10 / 9600
    assert wires.byte_time("300 7E2") == 11 / 300
    assert wires.byte_time("2400 8N1", 115200) == 10 / 115200


def test_a_telegram_at_the_pace_of_its_line_comes_byte_by_byte_with_pauses() -> None:
    segments = [bytes(range(100)), bytes(range(100, 120))]
    each = wires.byte_time("2400 8E1")

    chunks = list(wires.pace(segments, each, (0.05, 0.16), chance()))

    assert b"".join(chunk.data for chunk in chunks) == b"".join(segments)
    assert {len(chunk.data) for chunk in chunks} == {1}
    dues = [chunk.due for chunk in chunks]
    assert dues[0] == pytest.approx(each)
    assert dues[99] == pytest.approx(100 * each)
    assert 0.05 <= dues[100] - dues[99] - each <= 0.16
    assert dues[119] - dues[100] == pytest.approx(19 * each)


def test_a_fast_line_hands_over_several_bytes_at_once_but_never_two_segments() -> None:
    chunks = list(wires.pace([bytes(100), bytes(3)], 10 / 115200, (0.02, 0.02), chance()))

    assert [len(chunk.data) for chunk in chunks] == [46, 46, 8, 3]


def test_without_a_pace_every_segment_is_due_at_once() -> None:
    chunks = list(wires.pace([bytes(100), bytes(3)], 0, (1, 2), chance()))

    assert chunks == [(0, bytes(100)), (0, bytes(3))]


def read_some(descriptor: int, patience: float = 5) -> bytes:
    ready, _, _ = select.select([descriptor], [], [], patience)
    return os.read(descriptor, 4096) if ready else b""


def test_a_pty_carries_every_byte_as_it_is(tmp_path: Path) -> None:
    pty = wires.Pty(tmp_path / "meter")
    reader = os.open(tmp_path / "meter", os.O_RDONLY | os.O_NOCTTY)
    every = bytes(range(256))
    pty.write(every)
    received = b""
    while len(received) < len(every):
        received += read_some(reader)

    assert received == every
    os.close(reader)
    pty.close()


def test_what_a_pty_is_given_while_nobody_listens_is_lost(tmp_path: Path) -> None:
    pty = wires.Pty(tmp_path / "meter")
    states = [pty.connected]
    for _ in range(100):
        pty.write(bytes(1000))
    reader = os.open(pty.name, os.O_RDONLY | os.O_NOCTTY)
    states.append(pty.connected)
    pty.write(b"now")

    assert read_some(reader) == b"now"

    os.close(reader)
    states.append(pty.connected)
    assert states == [False, True, False]
    pty.close()


def test_a_reader_that_sleeps_does_not_hold_up_the_meter(tmp_path: Path) -> None:
    pty = wires.Pty(tmp_path / "meter")
    reader = os.open(pty.name, os.O_RDONLY | os.O_NOCTTY)
    for _ in range(1000):
        pty.write(bytes(1000))

    assert 0 < pty.pending() < 1_000_000

    os.close(reader)
    pty.close()


def test_a_closed_pty_hangs_up_and_can_come_back_under_its_path(tmp_path: Path) -> None:
    path = tmp_path / "meter"
    first = wires.Pty(path)
    reader = os.open(path, os.O_RDONLY | os.O_NOCTTY)
    first.close()
    hung_up = b"?"
    with contextlib.suppress(OSError):  # Linux says EIO
        hung_up = os.read(reader, 10)
    assert hung_up in {b"", b"?"}
    assert not path.is_symlink()
    os.close(reader)

    second = wires.Pty(path)
    reader = os.open(path, os.O_RDONLY | os.O_NOCTTY)
    second.write(b"back")

    assert read_some(reader) == b"back"
    os.close(reader)
    second.close()


def test_a_pty_replaces_a_link_but_no_file(tmp_path: Path) -> None:
    path = tmp_path / "meter"
    path.symlink_to(tmp_path / "gone")
    old, new = wires.Pty(path), wires.Pty(path)
    assert str(path.readlink()) == new.name
    old.close()
    assert path.is_symlink()
    new.close()
    assert not path.is_symlink()

    path.write_text("mine")
    with pytest.raises(FileExistsError, match="choose another path"):
        wires.Pty(path)
    assert path.read_text() == "mine"


async def test_every_client_of_the_server_gets_every_byte() -> None:
    server = await wires.TcpServer.listen(0)
    one, first = await asyncio.open_connection("127.0.0.1", server.port)
    two, second = await asyncio.open_connection("127.0.0.1", server.port)
    await server.clients(2)
    await wires.send(server, wires.pace([b"telegram", b"!"], 0.0001, (0, 0), chance()))
    assert await one.readexactly(9) == b"telegram!"
    assert await two.readexactly(9) == b"telegram!"

    first.close()
    await first.wait_closed()
    await server.clients(1)
    server.write(b"again")
    assert await two.readexactly(5) == b"again"

    server.close()
    assert await two.read() == b""
    second.close()
    await second.wait_closed()
    await server.clients(0)


async def test_a_client_that_does_not_read_is_dropped() -> None:
    server = await wires.TcpServer.listen(0)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=16)
    await server.clients(1)

    async def flood() -> None:
        while True:
            server.write(bytes(65536))
            await asyncio.sleep(0)

    flooding = asyncio.create_task(flood())
    await asyncio.wait_for(server.clients(0), 10)
    flooding.cancel()
    server.close()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


# --- The command ----------------------------------------------------------------------------


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *arguments]


def made(family: str, variant: str | None, count: int, seed: int = 1) -> list[bytes]:
    """Make the telegrams that the command makes from START on."""
    meter = meters.build(family, variant)
    meter.invocation_counter = int((START - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds())
    household = Household(seed, START, phases=meter.phases)
    return [meter.telegram(household.at(moment)).data for moment in moments(count)]


FROM_START = ("--start", START.isoformat())


@pytest.mark.parametrize(
    ("family", "variant"), [("kaifa", "netznoe-1ph"), ("sagemcom", None), ("e450", "klagenfurt")]
)
def test_the_command_writes_telegrams_to_a_file(
    tmp_path: Path, family: str, variant: str | None
) -> None:
    output = tmp_path / "capture.bin"
    lists = ["--list", variant] if variant else []
    arguments = ["--meter", family, *lists, "--output", str(output), *FROM_START]
    subprocess.run(command(*arguments, "--count", "3", "--seed", "7"), cwd=ROOT, check=True)

    assert output.read_bytes() == b"".join(made(family, variant, 3, seed=7))


def test_the_command_writes_one_telegram_to_standard_output() -> None:
    arguments = command("--meter", "kaifa", "--output", "-", *FROM_START)
    done = subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True)

    assert done.stdout == made("kaifa", None, 1)[0]
    assert done.stderr == b"simulated kaifa (netznoe), 2400 8E1, on standard output\n"


def test_the_command_uses_the_keys_it_is_given_and_shows_none() -> None:
    key, auth_key = "0F1E2D3C4B5A69788796A5B4C3D2E1F0", "C0FFEE000102030405060708090A0B0C"
    arguments = ["--meter", "e450", "--output", "-", "--key", key, "--auth-key", auth_key]
    done = subprocess.run(
        command(*arguments, *FROM_START), cwd=ROOT, check=True, capture_output=True
    )
    meter = meters.build("e450", key=bytes.fromhex(key), auth_key=bytes.fromhex(auth_key))
    meter.invocation_counter = int((START - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds())

    assert done.stdout == meter.telegram(Household(1, START).at(START)).data
    assert key.encode() not in done.stderr.upper()
    assert auth_key.encode() not in done.stderr.upper()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--meter", "kaifa"], "one of the arguments --pty --tcp --output is required"),
        (["--meter", "kaifa", "--output", "-", "--list", "wien"], "kaifa has no list 'wien'"),
        (["--meter", "kaifa", "--output", "-", "--key", "00"], "a key is 32 hexadecimal digits"),
        (["--meter", "kaifa", "--output", "-", "--interval", "0"], "must be more than 0"),
        (["--meter", "kaifa", "--output", "-", "--pace", "-1"], "must not be less than 0"),
    ],
)
def test_wrong_usage_is_told_and_ends_with_status_2(arguments: list[str], words: str) -> None:
    done = subprocess.run(
        command(*arguments), cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert done.returncode == 2
    assert words in done.stderr


def test_a_place_that_cannot_be_written_ends_with_status_1(tmp_path: Path) -> None:
    path = tmp_path / "no" / "such" / "directory"
    arguments = command("--meter", "kaifa", "--output", str(path))
    done = subprocess.run(arguments, cwd=ROOT, check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr.startswith("simulator: ")
    assert "Traceback" not in done.stderr


def test_a_reader_of_standard_output_may_leave() -> None:
    arguments = command("--meter", "kaifa", "--output", "-", "--count", "100000", *FROM_START)
    with subprocess.Popen(
        arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(282) == made("kaifa", None, 1)[0]
        process.stdout.close()
        assert process.wait(10) == 0
        assert b"Traceback" not in process.stderr.read()


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the command; yields it and where it says it writes."""
    with subprocess.Popen(command(*arguments), cwd=ROOT, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            yield process, process.stderr.readline().decode().strip().partition(", on ")[2]
        finally:
            process.kill()


def ends(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    assert process.stderr is not None
    process.send_signal(number)
    assert process.wait(5) == 0
    assert process.stderr.read() == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_a_pty_until_it_is_stopped(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "ttyMeter"
    arguments = ("--meter", "kaifa", "--pty", str(path), "--pace", "2000000", "--interval", "0.01")
    with running(*arguments) as (process, where):
        assert where.startswith(f"{path} (/dev/pts/")
        reader = os.open(path, os.O_RDONLY | os.O_NOCTTY)
        received = b""
        while received.count(b"\x68\xfa\xfa\x68\x53\xff\x00\x01\x67\xdb\x08KFM") < 3:
            more = read_some(reader)
            assert more
            received += more
        ends(process, number)
    assert not path.is_symlink()
    os.close(reader)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_serves_a_tcp_port_until_it_is_stopped(number: signal.Signals) -> None:
    arguments = ("--meter", "e450", "--tcp", "0", "--pace", "0", "--interval", "0.01")
    with running(*arguments) as (process, where):
        assert where.startswith("tcp://127.0.0.1:")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(where.rpartition(":")[2]))
        frame = await reader.readexactly(120)
        assert frame[:3] == bytes.fromhex("7ea076")
        assert frame[-1:] == b"\x7e"
        ends(process, number)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def test_a_counted_run_on_a_pty_hands_over_its_last_byte(tmp_path: Path) -> None:
    path = tmp_path / "ttyMeter"
    arguments = ("--meter", "e450", "--pty", str(path), *FROM_START)
    with running(*arguments, "--count", "1", "--pace", "1200") as (process, _):
        reader = os.open(path, os.O_RDONLY | os.O_NOCTTY)
        received = b""
        with contextlib.suppress(OSError):
            while more := read_some(reader):
                received += more
        assert process.wait(10) == 0
    os.close(reader)
    whole = made("e450", None, 1)[0]
    # What was sent before the terminal was opened is lost, everything after it arrives.
    assert received
    assert whole.endswith(received)


def test_the_modules_do_without_the_program_they_simulate() -> None:
    code = (
        "import sys, simulator.__main__; "
        "print([name for name in sys.modules if name.split('.')[0] == 'app'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"
