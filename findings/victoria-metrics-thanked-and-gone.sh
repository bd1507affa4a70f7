#!/usr/bin/env bash
# VictoriaMetrics answers 204 for points that it throws away, because they are too old or too new.
#
# Surprising: points are kept for a month unless told otherwise, and none is taken that lies further
# back, or more than two days ahead. The status is 204 all the same, as for points that are stored;
# the server's log has a warning about some of them. So readings of a meter whose clock has started
# anew in 2000, and those of an archive that is read in later, are never seen and never missed, and
# a writer that gives milliseconds where it said seconds writes to nowhere for good.
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
DAY = 24 * 60 * 60


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
    moments = {
        "now": now,
        "1 day ahead": now + DAY,
        "3 days ahead": now + 3 * DAY,
        "5 days ago": now - 5 * DAY,
        "40 days ago": now - 40 * DAY,
        "in 2000": 946684800,
        "milliseconds": now * 1000,
    }
    statuses = []
    for name, moment in moments.items():
        tag = name.replace(" ", "\\ ")
        status, _ = ask("write?precision=s", f"meter,when={tag} power=515 {moment}".encode())
        statuses.append(status)
    stored = set()
    for _ in range(100):
        ask("internal/force_flush")
        _, answer = ask(f"api/v1/export?match[]=meter_power&start=0&end={now + 9 * DAY}")
        stored = {json.loads(row)["metric"]["when"] for row in answer.splitlines()}
        if "now" in stored:
            break
        time.sleep(0.2)
finally:
    server.terminate()
    server.wait()
for name, status in zip(moments, statuses, strict=True):
    print(f"{name}: status {status}, {'stored' if name in stored else 'gone'}")
print(f"warnings in the server's log: {Path('log').read_text().count('cannot insert row')}")
sys.exit(statuses != [204] * len(moments) or stored != {"now", "1 day ahead", "5 days ago"})
PYTHON
