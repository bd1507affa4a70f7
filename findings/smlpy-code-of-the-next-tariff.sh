#!/usr/bin/env bash
# smlpy gives the total 1-0:1.8.0 the code of tariff 1, and tariff 1 the code of tariff 2.
#
# Surprising: the last two bytes of an OBIS code, tariff and period, are taken for one number and
# divided by 255. As the period is 255, one too many comes out each time: 1-0:1.8.0*255 is
# 1-0.1.8.1, 1-0:16.7.0*255 is 1-0.16.7.1, and the number of the meter, 1-0:0.0.9*255, has a 10 at
# its end. A table of the library's own has these codes with the right words, so its texts are
# right; whoever looks for 1.8.1 and 1.8.2 as they are printed on the meter takes the total for
# tariff 1 and tariff 1 for tariff 2.
#
# smlpy 0.2.3, beside smllib 1.7. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
# Not all that it asks for: the PyYAML it wants has to be compiled.
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  smlpy==0.2.3 jsons==1.6.3 typish==1.9.3 loguru==0.7.3 PyYAML==6.0.3 pyserial==3.5 \
  pyserial-asyncio==0.6 typing_extensions==4.15.0 smllib==1.7

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from loguru import logger
from smllib import SmlStreamReader
from smlpy.sml_reader import SmlReader

SERVER = "0B 0A015453540000000001"


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


def telegram(entries):
    messages = (
        message(1, f"72 630101 76 01 01 0500000001 {SERVER} 01 01")
        + message(2, f"72 630701 77 01 {SERVER} 01 01 7{len(entries)} {''.join(entries)} 01 01")
        + message(3, "72 630201 71 01")
    )
    fill = -len(messages) % 4
    data = bytes.fromhex("1B1B1B1B 01010101") + messages + bytes(fill)
    data += bytes.fromhex("1B1B1B1B 1A") + bytes([fill])
    return data + checksum(data)


ENTRIES = [
    "77 0701000108 00FF 01 01 621E 52FF 65000186A0 01",
    "77 0701000108 01FF 01 01 621E 52FF 65000124F8 01",
    "77 0701000108 02FF 01 01 621E 52FF 65000061A8 01",
    "77 0701001007 00FF 01 01 621B 5200 550000012C 01",
]

logger.remove()
print(f"smlpy {version('smlpy')}, smllib {version('smllib')}")
data = telegram(ENTRIES)
file = SmlReader(data.hex()).read_sml_file()
entries = file.data[1].message_body.val_list
found = [(one.obj_name, one.get_scaled_value()) for one in entries]
words = [one.get_obis_explanation() for one in entries]
stream = SmlStreamReader()
stream.add(data)
others = stream.get_frame().parse_frame()[1].message_body.val_list
right = [(one.obis.obis_code, one.get_value()) for one in others]
for one, text, other in zip(found, words, right, strict=True):
    print(f"smlpy {one[0]}: {one[1]:g} ({text}), smllib {other[0]}: {other[1]:g}")
sys.exit(
    [name for name, _ in found] != ["1-0.1.8.1", "1-0.1.8.2", "1-0.1.8.3", "1-0.16.7.1"]
    or [value for _, value in found] != [10000, 7500, 2500, 300]
    or [name for name, _ in right]
    != ["1-0:1.8.0*255", "1-0:1.8.1*255", "1-0:1.8.2*255", "1-0:16.7.0*255"]
)
PYTHON
