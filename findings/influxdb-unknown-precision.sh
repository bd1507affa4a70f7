#!/usr/bin/env bash
# InfluxDB 1 takes a precision that it does not know for nanoseconds, and answers 204.
#
# Surprising: the API of version 1 writes microseconds as precision=u, that of version 2 as
# precision=us. Version 1 refuses neither that nor any other word: it takes the timestamps for
# nanoseconds and says that all is well, and the points lie in January 1970. Whoever looks at the
# last hour sees an empty database, and with a retention policy they are soon gone. The mistake
# comes from one address instead of another; the words ms and s are the same in both.
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
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

BINARY = "root/usr/bin/influxd"
print(subprocess.run([BINARY, "version"], capture_output=True, text=True).stdout.split(" (")[0])


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def ask(path, query, data=None):
    with urllib.request.urlopen(f"{url}/{path}?{urlencode(query)}", data, timeout=10) as answer:
        return answer.status, answer.read()


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
NOON = 1795953600  # 12:00:00 UTC on 29 November 2026
found = {}
try:
    for _ in range(100):
        try:
            ask("query", {"q": "CREATE DATABASE meter"}, b"")
            break
        except OSError:
            time.sleep(0.1)
    for precision, each in (("s", 1), ("ms", 10**3), ("u", 10**6), ("us", 10**6), ("second", 1)):
        line = f"power_{precision} value=515 {NOON * each}".encode()
        status, _ = ask("write", {"db": "meter", "precision": precision}, line)
        _, answer = ask("query", {"db": "meter", "q": f"SELECT value FROM power_{precision}"})
        ((moment, _),) = json.loads(answer)["results"][0]["series"][0]["values"]
        found[precision] = status, moment
        print(f"precision={precision}: status {status}, the point is at {moment}")
finally:
    database.terminate()
    database.wait()
right = 204, "2026-11-29T12:00:00Z"
expected = {"s": right, "ms": right, "u": right, "us": (204, "1970-01-21T18:52:33.6Z")}
sys.exit(found != expected | {"second": (204, "1970-01-01T00:00:01.7959536Z")})
PYTHON
