#!/usr/bin/env bash
# aidon reads 125 W as 34 W, and nothing at 126 W, though its checksum does not fit then.
#
# Surprising: the HDLC of meters (IEC 62056-46, frame format type 3) tells the length of a frame
# and sends its bytes as they are: 7D and 7E may be among them. aidon takes 7D for a mark that the
# next byte is changed, as HDLC has it on other lines, leaves it out and changes that byte; 7E ends
# the frame for it. So a byte of 125 in a power, a voltage or a counter is lost, and what stands
# behind it moves up. The checksum tells that, and aidon computes it; but it reads the frame all the
# same, so that 125 W are 34 W and 32000 W are 8194 W.
#
# aidon 0.0.5, beside amshan 2.1.1. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check aidon==0.0.5 amshan==2.1.1

"$dir/venv/bin/python" - <<'PYTHON'
import contextlib
import io
import sys
from importlib.metadata import version

from aidon.aidon_obis import aidon
from han.autodecoder import AutoDecoder
from han.hdlc import HdlcFrameReader

print(f"aidon {version('aidon')}, amshan {version('amshan')}")


def with_checksum(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 * (crc & 1)
    return data + (crc ^ 0xFFFF).to_bytes(2, "little")


def frame(watts):
    """What an Aidon meter sends every 2.5 seconds: the power drawn."""
    power = "0203 0906 0100010700FF 06" + watts.to_bytes(4, "big").hex() + "0202 0F00 161B"
    head = with_checksum(bytes.fromhex("A02A 41 0883 13"))
    body = bytes.fromhex("E6E700 0F 40000000 00 0101" + power)
    return b"\x7e" + with_checksum(head + body) + b"\x7e"


def read(name, data):
    """The power that aidon gives, and the one amshan gives of a frame whose checksum fits."""
    found = []
    reader = aidon(found.append)
    with contextlib.redirect_stdout(io.StringIO()):
        for byte in data:
            reader.decode(bytes([byte]))
    other = [
        AutoDecoder().decode_message(message)["active_power_import"]
        for message in HdlcFrameReader(False).read(data)
        if message.is_good_ffc
    ]
    power = [fields["p_act_in"] for fields in found]
    print(f"{name}: aidon {power}, amshan {other}")
    return power, other


sys.exit(
    read("124 W", frame(124)) != ([124], [124])
    or read("125 W", frame(125)) != ([34], [125])
    or read("126 W", frame(126)) != ([], [126])
    or read("127 W", frame(127)) != ([127], [127])
    or read("32000 W", frame(32000)) != ([8194], [32000])
)
PYTHON
