#!/usr/bin/env bash
# InfluxDB 1 refuses another type of a field until Monday, and then hides the values.
#
# Surprising: a field has its type in each shard, and a shard is a week by default, from Monday on.
# A text where numbers were written is refused as a field type conflict on Sunday, with status 400,
# and accepted on Monday with 204. It is stored and never shown: a query of the field gives the
# numbers of the other weeks, and not a word about the week of texts. The same text is there once
# its type is asked for (value::string). So a writer that sends "515" for 515 after an update seems
# to mend itself, and loses a week. An integer and a decimal number are shown together.
#
# What was refused took only its own points with it: the rest of the same request is stored, though
# the status is 400.
#
# InfluxDB 1.6.7 (Debian 12, package 1.6.7~rc0-1+b13). Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download --quiet --quiet influxdb=1.6.7~rc0-1+b13 2>apt.log || { cat apt.log; exit 1; }
dpkg -x ./*.deb root

python3 - <<'PYTHON'
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

BINARY = "root/usr/bin/influxd"
print(subprocess.run([BINARY, "version"], capture_output=True, text=True).stdout.split(" (")[0])


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def ask(path, query, data=None):
    try:
        with urllib.request.urlopen(f"{url}/{path}?{urlencode(query)}", data, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def write(*points):
    """Write points of a day of November or December 2026, at noon; give the status."""
    lines = []
    for month, day, fields in points:
        moment = int(datetime(2026, month, day, 12, tzinfo=UTC).timestamp())
        lines.append(f"power {fields} {moment}")
    status, said = ask("write", {"db": "meter", "precision": "s"}, "\n".join(lines).encode())
    print(f"written: {points}\n  status {status} {json.loads(said)['error'] if said else ''}")
    return status


def select(what):
    """Give what a query shows, by day and month."""
    _, answer = ask("query", {"db": "meter", "q": f"SELECT {what} FROM power"})
    rows = json.loads(answer)["results"][0].get("series", [{"values": []}])[0]["values"]
    shown = {moment[5:10]: value for moment, value in rows}
    print(f"SELECT {what}: {shown}")
    return shown


here = Path.cwd()
port = free_port()
url = f"http://127.0.0.1:{port}"
Path("conf").write_text(f"""
reporting-disabled = true
bind-address = "127.0.0.1:{free_port()}"
[meta]
dir = "{here}/meta"
[data]
dir = "{here}/data"
wal-dir = "{here}/wal"
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
""")
database = subprocess.Popen([BINARY, "-config", "conf"], stderr=subprocess.DEVNULL)
try:
    for _ in range(100):
        try:
            ask("query", {"q": "CREATE DATABASE meter"}, b"")
            break
        except OSError:
            time.sleep(0.1)
    statuses = (
        write((11, 28, "value=515")),
        write((11, 29, 'value="515"'), (11, 27, "value=514")),  # the 29th is a Sunday
        write((11, 30, 'value="516"')),
        write((12, 7, "value=517i")),
    )
    shown = select("value"), select("value::string")
finally:
    database.terminate()
    database.wait()
expected = {"11-27": 514, "11-28": 515, "12-07": 517}, {"11-30": "516"}
sys.exit(statuses != (204, 400, 204, 204) or shown != expected)
PYTHON
