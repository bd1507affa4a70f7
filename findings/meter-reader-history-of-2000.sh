#!/usr/bin/env bash
# meter-reader asks an Eagle gateway for the history of 1 January 2000, whatever the day is.
#
# Surprising: the gateway counts time in seconds since 2000. The library takes the seconds of a
# timedelta for them, which are those behind the whole days: a start at 12:00 today is asked for as
# 12:00 on 1 January 2000, and so is the end. An end at midnight comes before its start. Whoever
# asks for the afternoon of a day gets what the gateway has of an afternoon before it was built. The
# times that the gateway sends are read rightly.
#
# meter-reader 1.1.2. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check meter-reader==1.1.2

"$dir/venv/bin/python" - <<'PYTHON'
import re
import socketserver
import sys
import threading
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from meter_reader import Gateway

print(f"meter-reader {version('meter-reader')}")
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
seconds = int((NOON - EPOCH).total_seconds())
asked = []


class Eagle(socketserver.BaseRequestHandler):
    """A gateway that answers one command in XML for each connection."""

    def handle(self):
        command = b""
        while b"</LocalCommand>" not in command:
            command += self.request.recv(1024)
        if b"list_devices" in command:
            answer = "<DeviceInfo>\n<DeviceMacId>0x00158d0000000001</DeviceMacId>\n</DeviceInfo>"
        elif b"get_device_data" in command:
            answer = (
                "<InstantaneousDemand>\n<DeviceMacId>0x00158d0000000001</DeviceMacId>\n"
                f"<TimeStamp>{seconds:#010x}</TimeStamp>\n<Demand>0x0005dc</Demand>\n"
                "<Multiplier>0x00000001</Multiplier>\n<Divisor>0x000003e8</Divisor>\n"
                "</InstantaneousDemand>"
            )
        else:
            asked.append(command.decode())
            answer = "<HistoryData>\n</HistoryData>"
        self.request.sendall(answer.encode())


with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Eagle) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    gateway = Gateway(*server.server_address)
    gateway.run_command(
        Name="get_summation_values", StartTime=NOON, EndTime=NOON + timedelta(hours=12)
    )
    now = gateway.get_instantaneous_demand()
    print("the gateway's time {} with {} kW".format(*now))
    server.shutdown()

times = []
for name, right in (("StartTime", NOON), ("EndTime", NOON + timedelta(hours=12))):
    sent = int(re.search(f"<{name}>(.*)</{name}>", asked[0])[1], 16)
    times.append(EPOCH + timedelta(seconds=sent))
    print(f"{name} {right} is asked for as {sent:#x}, which is {times[-1]}")
sys.exit(times != [EPOCH + timedelta(hours=12), EPOCH] or now != (NOON, 1.5))
PYTHON
