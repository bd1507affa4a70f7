#!/usr/bin/env bash
# dlms-cosem calls a right checksum wrong where a meter pushes to an address of two bytes.
#
# Surprising: it does not compare the checksum with the bytes of the frame but with a header that
# it writes anew, and it writes a client's address as one byte whatever it has read. Landis+Gyr's
# E450 pushes to CE FF, so each of its frames is refused as "HCS is not correct", and one looks for
# noise on the wire. A meter's own address of two or four bytes passes.
#
# dlms-cosem 25.1.0, beside amshan 2.1.1, which takes the frame. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check dlms-cosem==25.1.0 amshan==2.1.1

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from dlms_cosem.hdlc.exceptions import HdlcParsingError
from dlms_cosem.hdlc.frames import UnnumberedInformationFrame
from han.hdlc import HdlcFrameReader

print(f"dlms-cosem {version('dlms-cosem')}, amshan {version('amshan')}")
APDU = bytes.fromhex("0f00000001 00 0600000203")  # 515 as double-long-unsigned


def checksum(data):
    """CRC-16/X.25, as HDLC has it."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return (crc ^ 0xFFFF).to_bytes(2, "little")


def read(client, server):
    """Send a frame from a meter's address to a client's; give what both libraries say of it."""
    addresses = bytes.fromhex(client + server)
    information = bytes.fromhex("e6e700") + APDU
    length = 2 + len(addresses) + 1 + 2 + len(information) + 2
    header = bytes((0xA0, length)) + addresses + b"\x13"
    content = header + checksum(header) + information
    frame = b"\x7e" + content + checksum(content) + b"\x7e"
    try:
        read_ = UnnumberedInformationFrame.from_bytes(frame)
        found = "read" if read_.payload == information else "other payload"
    except HdlcParsingError as error:
        found = str(error).split(" Calculated")[0]
    amshan = "read" if any(one.is_valid for one in HdlcFrameReader().read(frame)) else "refused"
    print(f"to {client:4} from {server:8}: {frame.hex()}\n  dlms-cosem: {found}; amshan: {amshan}")
    return found, amshan


found = read("41", "03"), read("cf", "0223"), read("cf", "00020023"), read("ceff", "03")
both = ("read", "read")
sys.exit(found != (both, both, both, ("HCS is not correct", "read")))
PYTHON
