#!/usr/bin/env bash
# solaredge_modbus gives a value that the inverter does not have as -32768, or as 0.
#
# Surprising: a SunSpec device says by a number of its own that it has no value: 8000h for a signed
# number of 16 bits, FFFFh for one without a sign. The library knows both, but compares 8000h,
# 32768, with the signed number, which is -32768. So a temperature that is not measured is -3276.8
# °C, a DC power -32768 W. The unsigned ones are recognized and become 0, as do floats: a phase that
# is not there has 0 V, as one that failed. cos phi, read as a float, is cut to a whole number: 0.95
# is 0. pysunspec2 gives none for each of the values that are not there.
#
# solaredge-modbus 0.8.0 with pymodbus 3.6.9, beside pysunspec2 1.3.7. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  solaredge-modbus==0.8.0 pymodbus==3.6.9 pysunspec2==1.3.7

"$dir/venv/bin/python" - <<'PYTHON'
import socketserver
import struct
import sys
import threading
from importlib.metadata import version

from solaredge_modbus import Inverter
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

packages = "solaredge-modbus", "pymodbus", "pysunspec2"
print(", ".join(f"{name} {version(name)}" for name in packages))
NO_INT, NO_UINT = 0x8000, 0xFFFF
registers = {40000: 0x5375, 40001: 0x6E53, 40002: 1, 40003: 65}  # SunS, common model
registers |= {40069: 101, 40070: 50, 40121: 0xFFFF, 40122: 0}  # a single-phase inverter, end
registers |= {
    40079: 230,  # voltage of phase 1, 2 and the scale
    40081: NO_UINT,
    40080: NO_UINT,
    40082: 0,
    40083: 1500,  # AC power
    40084: 0,
    40100: NO_INT,  # DC power
    40101: 0,
    40103: NO_INT,  # temperature
    40106: 0xFFFF,  # its scale, -1
}
registers[0xF002], registers[0xF003] = struct.unpack(">HH", struct.pack(">f", 0.95))


class Device(socketserver.BaseRequestHandler):
    """An inverter that answers to Modbus TCP."""

    def handle(self):
        while request := self.request.recv(12, socketserver.socket.MSG_WAITALL):
            first, count = (int.from_bytes(request[at : at + 2], "big") for at in (8, 10))
            values = (registers.get(first + more, 0) for more in range(count))
            data = b"".join(value.to_bytes(2, "big") for value in values)
            length = (3 + len(data)).to_bytes(2, "big")
            self.request.sendall(request[:4] + length + request[6:8] + bytes([len(data)]) + data)


with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Device) as server:
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    inverter = Inverter(host="127.0.0.1", port=port)
    inverter.connect()
    read = {}
    for name in ("l1n_voltage", "l2n_voltage", "power_ac", "power_dc", "temperature", "cosphi"):
        read |= inverter.read(name)
    read["temperature"] *= 10.0 ** inverter.read("temperature_scale")["temperature_scale"]
    inverter.disconnect()
    device = SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=port)
    device.scan()
    model = device.models[101][0]
    names = "PhVphA", "PhVphB", "W", "DCW", "TmpSnk"
    right = {name: model.points[name].cvalue for name in names}
    device.close()
    server.shutdown()

print(f"solaredge-modbus: {read}")
print(f"pysunspec2: {right}")
sys.exit(
    list(read.values()) != [230, 0, 1500, -32768, -3276.8, 0]
    or list(right.values()) != [230, None, 1500, None, None]
)
PYTHON
