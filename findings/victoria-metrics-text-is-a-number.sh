#!/usr/bin/env bash
# VictoriaMetrics stores a text as the number 0, or as the number that its digits look like.
#
# Surprising: by InfluxDB's line protocol a field can be a text. VictoriaMetrics keeps numbers only,
# and does not leave texts out: "n/a" for a power becomes 0 W in the same series as the power,
# status 204, and averages fall. The tariff "normal" is a series of zeros, the firmware "1.2" is
# 1.2, and the serial number "00123" is 123. InfluxDB refuses a text in a field of numbers with
# status 400. So a writer that was right there writes zeros here.
#
# VictoriaMetrics 1.79.5 (Debian 12, package 1.79.5+ds1-2+b5). Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download --quiet --quiet victoria-metrics=1.79.5+ds1-2+b5 2>apt.log ||
  { cat apt.log; exit 1; }
dpkg -x victoria-metrics_*.deb root
echo "VictoriaMetrics $(dpkg -f victoria-metrics_*.deb Version)"

python3 - <<'PYTHON'
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

BINARY = "root/usr/bin/victoria-metrics"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def ask(path, body=None):
    """Send a request, with a body by POST; give its status and what was answered."""
    try:
        with urlopen(f"{url}/{path}", body, timeout=20) as reply:
            return reply.status, reply.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def write(fields, moment):
    """Write fields as one point; give the status."""
    status, _ = ask("write?precision=s", f"meter {fields} {moment}".encode())
    print(f"written: {fields}, status {status}")
    return status


url = f"http://127.0.0.1:{(port := free_port())}"
server = subprocess.Popen(
    [BINARY, f"-httpListenAddr=127.0.0.1:{port}", "-storageDataPath=data"],
    stderr=Path("log").open("w"),
)
try:
    for _ in range(100):
        try:
            ask("health")
            break
        except OSError:
            time.sleep(0.1)
    now = int(time.time())
    statuses = [
        write("power=515", now - 30),
        write('power="n/a"', now - 20),
        write("power=520", now - 10),
        write('tariff="normal",firmware="1.2",serial="00123"', now),
    ]
    shown = {}
    for _ in range(100):
        ask("internal/force_flush")
        _, answer = ask("api/v1/export?match[]=%7B__name__%3D~%22meter_.%2B%22%7D")
        rows = map(json.loads, answer.splitlines())
        shown = {row["metric"]["__name__"]: row["values"] for row in rows}
        if len(shown) == 4:
            break
        time.sleep(0.2)
finally:
    server.terminate()
    server.wait()
for name, values in sorted(shown.items()):
    print(f"stored: {name} {values}")
expected = {
    "meter_power": [515, 0, 520],
    "meter_tariff": [0],
    "meter_firmware": [1.2],
    "meter_serial": [123],
}
sys.exit(statuses != [204] * 4 or shown != expected)
PYTHON
