#!/usr/bin/env bash
# pywirelessmbus reads 123456 m3 as 0.123456 m3, and 123.456 l as 123456 m3.
#
# Surprising: the code of a value (VIF) says in its last three bits by which power of ten the number
# counts: 10 are millilitres, 13 litres, 16 cubic metres (EN 13757-3). They are taken for the number
# of digits behind the point, so the coarser a meter counts, the less it has used. At litres both
# ways meet: there all is right, and one digit more or less makes a factor of a hundred. An energy
# in Wh is divided by 1000 and still called Wh.
#
# pywirelessmbus 1.5.3, beside pymbusparser 0.5.3. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  pywirelessmbus==1.5.3 pymbusparser==0.5.3

"$dir/venv/bin/python" - <<'PYTHON' 2>"$dir/log" || { cat "$dir/log"; exit 1; }
import asyncio
import sys
from importlib.metadata import version

import pymbusparser
from pywirelessmbus.utils import IMSTMessage
from pywirelessmbus.wmbus import WMbus

GAS, ELECTRICITY = "03", "02"
NUMBER = "40E20100"  # 123456


class Stick:
    """A stick without hardware."""

    def set_aes_decryption_key(self, index, device, key):
        raise NotImplementedError


def wireless(medium, record):
    """What the stick hands over: a telegram of an EnergyCam without its checksums."""
    payload = bytes.fromhex(f"1E 44 C418 78563412 01 {medium} 7A 01 00 1005 2F2F {record}")
    return IMSTMessage(
        endpoint_id=2,
        message_id=b"\x03",
        payload_length=len(payload),
        with_timestamp_field=False,
        with_rssi_field=False,
        with_crc_field=False,
        payload=payload,
    )


def wired(record):
    body = bytes.fromhex("080172 78563412 C418 01 03 01 00 0000" + record)
    return bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])


def read(medium, vif):
    """The value and unit of the number with this code, and what pymbusparser says of it."""
    messages = []
    receiver = WMbus("IM871A_USB", on_radio_message=lambda device, one: messages.append(one))
    receiver.stick = Stick()
    receiver.process_radio_message(wireless(medium, f"04{vif} {NUMBER}"))
    [value] = messages[0].values
    [right] = pymbusparser.parse(wired(f"04{vif} {NUMBER}"))["records"]
    print(f"04{vif} {NUMBER}: {value.value} {value.unit}, pymbusparser {right['value']}")
    return value.value, value.unit


asyncio.set_event_loop(asyncio.new_event_loop())
print(f"pywirelessmbus {version('pywirelessmbus')}, pymbusparser {version('pymbusparser')}")
found = [read(GAS, vif) for vif in ("10", "12", "13", "14", "16")]
energy = [read(ELECTRICITY, vif) for vif in ("03", "06")]
sys.exit(
    found != [(123456, "m3"), (1234.56, "m3"), (123.456, "m3"), (12.3456, "m3"), (0.123456, "m3")]
    or energy != [(123.456, "Wh"), (0.123456, "Wh")]
)
PYTHON
