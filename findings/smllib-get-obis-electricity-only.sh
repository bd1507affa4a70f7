#!/usr/bin/env bash
# smllib has two ways to the readings of a telegram, and one of them leaves out all but electricity.
#
# Surprising: get_obis() gives all values without parsing the telegram, by its words. It looks for
# the bytes with which an entry of electricity begins, so codes of gas, water and heat, the maker,
# and what belongs to no medium, such as a meter's number under 0-0:96.1.0, are not there, and
# nothing says so. parse_frame() gives them. Programs that take the short way, such as
# tibber-local-lib, do not see the gas meter that a communication unit (MUC) sends beside the
# electricity meter.
#
# smllib 1.7, tibber-local-lib 1.3.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  smllib==1.7 tibber-local-lib==1.3.0

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from smllib import SmlStreamReader
from tibber_local_lib.decoder import SMLDecoder

SERVER = "0B 0A015453540000000001"
ENTRIES = [
    "77 078181C78203FF 01 01 01 01 04545354 01",  # maker
    "77 070000600100FF 01 01 01 01 093132333435363738 01",  # number
    "77 070100010800FF 01 01 621E 52FF 65000186A0 01",  # electricity, Wh
    "77 070701030000FF 01 01 620D 52FD 650001B207 01",  # gas, m3
]


def checksum(data):
    """CRC-16/X-25, its low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 * (crc & 1)
    return (crc ^ 0xFFFF).to_bytes(2, "little")


def message(number, body):
    data = bytes.fromhex(f"76 05 {number:08X} 6200 6200 {body}")
    return data + b"\x63" + checksum(data) + b"\0"


def telegram():
    messages = (
        message(1, f"72 630101 76 01 01 0500000001 {SERVER} 01 01")
        + message(2, f"72 630701 77 01 {SERVER} 01 01 7{len(ENTRIES)} {''.join(ENTRIES)} 01 01")
        + message(3, "72 630201 71 01")
    )
    fill = -len(messages) % 4
    data = bytes.fromhex("1B1B1B1B 01010101") + messages + bytes(fill)
    data += bytes.fromhex("1B1B1B1B 1A") + bytes([fill])
    return data + checksum(data)


def shown(what, entries):
    found = {one.obis.obis_code: one.get_value() for one in entries}
    print(f"{what}: {found}")
    return found


print(f"smllib {version('smllib')}, tibber-local-lib {version('tibber-local-lib')}")
stream = SmlStreamReader()
stream.add(telegram())
frame = stream.get_frame()
parsed = shown("parse_frame", frame.parse_frame()[1].message_body.val_list)
short = shown("get_obis", frame.get_obis())
tibber = shown("tibber-local-lib", SMLDecoder("", None).decode_sml_data(telegram()))
sys.exit(
    parsed
    != {
        "129-129:199.130.3*255": "TST",
        "0-0:96.1.0*255": "12345678",
        "1-0:1.8.0*255": 10000,
        "7-1:3.0.0*255": 111.111,
    }
    or short != {"1-0:1.8.0*255": 10000}
    or tibber != short
)
PYTHON
