#!/usr/bin/env bash
# mosquitto_sub shows the number of a meter, 34 digits, as 4.5303034333030367e+33.
#
# Surprising: with the format %J a payload that is JSON is put into the line of JSON as it is, so it
# seems. A text of digits alone is JSON, and becomes a floating point number: the equipment
# identifier of a Dutch meter, as P1 sends it, keeps 17 of its digits, 00123 is 123, and 5E12, the
# number of another meter, is 5000000000000. A number that is too large is null. Payloads with a
# letter in another place are no JSON and left out with an error. With %j all of them come through
# as texts.
#
# Numbers within a JSON object of one's own meet the same fate: 20 digits become 17.
#
# Mosquitto 2.0.11 (Debian 12, package 2.0.11-1.2+deb12u2). Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download --quiet --quiet mosquitto=2.0.11-1.2+deb12u2 \
  mosquitto-clients=2.0.11-1.2+deb12u2 libmosquitto1=2.0.11-1.2+deb12u2 \
  libcjson1 libdlt2 libwrap0 2>apt.log ||
  { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done

python3 - <<'PYTHON'
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

PAYLOADS = (
    "4530303433303036393938353136353137",
    "00123",
    "5E12",
    "1E400",
    '{"meter": 18122123456712345678}',
    "1ESM1160123456",
)


def run(name, *arguments, **more):
    folders = {str(one.parent) for one in Path("root").resolve().rglob("*.so*")}
    environment = os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(sorted(folders))}
    return subprocess.Popen([name, *arguments], env=environment, text=True, **more)


def subscribe(form):
    """The payloads as mosquitto_sub shows them in this format."""
    arguments = f"-p {port} -t meter/+ -F {form} -W 2".split()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    subscriber = run("root/usr/bin/mosquitto_sub", *arguments, **pipes)
    said, _ = subscriber.communicate(timeout=20)
    found = dict(re.findall(r'"topic":"meter/(\d)".*"payload":(.*)}\n', said))
    return [found.get(str(number)) for number in range(len(PAYLOADS))]


with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
user = "user root\n" if os.geteuid() == 0 else ""
Path("mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n{user}")
broker = run("root/usr/sbin/mosquitto", "-c", "mosquitto.conf", stderr=subprocess.PIPE)
try:
    starting = next(line for line in broker.stderr if "mosquitto version" in line)
    print(f"Mosquitto {starting.split('version ')[1].split()[0]}")
    time.sleep(0.5)
    for number, payload in enumerate(PAYLOADS):
        arguments = f"-p {port} -t meter/{number} -r -m".split()
        publisher = run("root/usr/bin/mosquitto_pub", *arguments, payload)
        if publisher.wait(timeout=20):
            raise SystemExit("The payload is not published.")
    as_json, as_text = subscribe("%J"), subscribe("%j")
finally:
    broker.terminate()
    broker.wait()
for payload, shown, text in zip(PAYLOADS, as_json, as_text, strict=True):
    print(f"{payload}: %J {shown}, %j {text}")
texts = ['"{}"'.format(payload.replace('"', '\\"')) for payload in PAYLOADS]
sys.exit(
    as_json
    != [
        "4.5303034333030367e+33",
        "123",
        "5000000000000",
        "null",
        '{"meter":1.8122123456712346e+19}',
        None,
    ]
    or as_text != texts
)
PYTHON
