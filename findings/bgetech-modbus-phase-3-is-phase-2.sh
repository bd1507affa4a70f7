#!/usr/bin/env bash
# bgetech-modbus makes the current of phase 3 of a DS100 of half the current of phase 2.
#
# Surprising: each current takes two registers, in the library too: that of phase 1 from 0410h, that
# of phase 2 from 0412h on. For phase 3 it has 0413h, not 0414h, so its number is made of the low
# half of phase 2 and the high half of phase 3. While phase 2 is idle, phase 3 draws 0 A, whatever
# it draws; 5 A of phase 2 make it 327680 A, 32.768 A make it -2147483.648 A. Voltages and powers of
# the phases follow each other by two registers. With 0414h the same client reads the current
# rightly.
#
# bgetech-modbus 0.1.0b8 with pymodbus 3.16.1. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  bgetech-modbus==0.1.0b8 pymodbus==3.16.1

"$dir/venv/bin/python" - <<'PYTHON'
import asyncio
import sys
from dataclasses import replace
from importlib.metadata import version

from bgetech_modbus.client import BGEtechClient
from bgetech_modbus.devices.ds100 import DS100

print(f"bgetech-modbus {version('bgetech-modbus')}, pymodbus {version('pymodbus')}")
CURRENTS = 0x0410
registers = {}


async def meter(reader, writer):
    """A meter that answers to Modbus TCP."""
    try:
        while True:
            request = await reader.readexactly(12)
            first, count = (int.from_bytes(request[at : at + 2], "big") for at in (8, 10))
            values = (registers.get(first + more, 0) for more in range(count))
            data = b"".join(value.to_bytes(2, "big") for value in values)
            length = (3 + len(data)).to_bytes(2, "big")
            writer.write(request[:4] + length + request[6:8] + bytes([len(data)]) + data)
    except asyncio.IncompleteReadError:
        writer.close()


async def main():
    server = await asyncio.start_server(meter, "127.0.0.1", 0)
    client = BGEtechClient("127.0.0.1", server.sockets[0].getsockname()[1])
    await client.connect()
    right = replace(DS100.current_l3, address=0x0414)
    found = []
    for currents in ((1, 0, 16), (1, 5, 16), (1, 32.768, 0)):
        for phase, current in enumerate(currents):
            high, low = divmod(round(1000 * current), 65536)
            registers[CURRENTS + 2 * phase], registers[CURRENTS + 2 * phase + 1] = high, low
        asked = [DS100.current_l1, DS100.current_l2, DS100.current_l3]
        read = [round(one.value, 3) for one in await client.read_data(asked)]
        (other,) = await client.read_data([right])
        print(f"phases draw {currents} A: read {read}, phase 3 from 0414h on {other.value:g} A")
        found.append((read, round(other.value, 3)))
    client.close()
    await asyncio.sleep(0.1)
    server.close()
    return found


found = asyncio.run(main())
sys.exit(
    DS100.current_l2.count != 2
    or found != [([1, 0, 0], 16), ([1, 5, 327680], 16), ([1, 32.768, -2147483.648], 0)]
)
PYTHON
