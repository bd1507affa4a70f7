#!/usr/bin/env bash
# energymeter2mqtt reads half of a meter's counter: 1234.56 kWh are 579.2 kWh.
#
# Surprising: a Modbus meter's counter takes two registers of 16 bits. The description of the meter
# that comes with energymeter2mqtt (Saia PCD ALD1D5FD) says so as reg_count = 2, and the program
# asks for count, which is nowhere, so that it reads one register. The counter goes up to 655.35 kWh
# then and begins anew at 0, which is announced to Home Assistant as a total, and so may fall. With
# the other word first, as many meters have it, it stands at 0.01 kWh. Where the description says
# count, the program reads both.
#
# energymeter2mqtt 0.6.3 with pymodbus 3.16.1. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  energymeter2mqtt==0.6.3 pymodbus==3.16.1 pyserial==3.5

"$dir/venv/bin/python" - <<'PYTHON'
import socketserver
import sys
import threading
from importlib.metadata import version

from energymeter2mqtt.api import get_ha_values, get_modbus_client
from energymeter2mqtt.user_settings import EnergyMeter

print(f"energymeter2mqtt {version('energymeter2mqtt')}, pymodbus {version('pymodbus')}")
COUNTER = 28
HIGH, LOW = divmod(123456, 65536)  # 1234.56 kWh


def with_crc(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 * (crc & 1)
    return data + crc.to_bytes(2, "little")


class Meter(socketserver.BaseRequestHandler):
    """A meter that speaks Modbus RTU behind a serial server."""

    def handle(self):
        while request := self.request.recv(8, socketserver.socket.MSG_WAITALL):
            first, count = (int.from_bytes(request[at : at + 2], "big") for at in (2, 4))
            asked.append((first, count))
            values = (registers.get(first + more, 0) for more in range(count))
            data = b"".join(value.to_bytes(2, "big") for value in values)
            self.request.sendall(with_crc(request[:2] + bytes([len(data)]) + data))


asked, registers = [], {}
with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Meter) as server:
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    meter = EnergyMeter(port=f"socket://127.0.0.1:{server.server_address[1]}")
    definitions = meter.get_definitions()
    client = get_modbus_client(meter, definitions, verbosity=0)
    counter = definitions["parameters"][0]
    print(f"described as {counter}")
    found = []
    for parameters, words in (
        (definitions["parameters"], (LOW, HIGH)),
        (definitions["parameters"], (HIGH, LOW)),
        ([counter | {"count": 2}], (LOW, HIGH)),
    ):
        registers[COUNTER], registers[COUNTER + 1] = words
        asked.clear()
        values = get_ha_values(client=client, parameters=parameters, device_id=meter.device_id)
        print(f"registers {words}: {values[COUNTER]} kWh; asked for (first, count) {asked}")
        found.append((values[COUNTER], asked[0]))
    client.close()
    server.shutdown()

sys.exit(
    (counter["reg_count"], counter["scale"]) != (2, 0.01)
    or found != [(579.2, (COUNTER, 1)), (0.01, (COUNTER, 1)), (1234.56, (COUNTER, 2))]
)
PYTHON
