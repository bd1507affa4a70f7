#!/usr/bin/env bash
# rtlamr-python posts no reading of a house with a solar roof, nor any reading of 0.
#
# Surprising: it prints what it has decoded, and hands the same record to an address on the web. The
# message of a meter that counts both ways (NetIDM) names its energies otherwise than the others; it
# is printed, and is not posted, without a word. The same goes for a counter that stands at 0: a new
# meter is there only with its first kilowatt hour.
#
# An IDM is posted without the type of its meter, as that has another name there as well.
#
# rtlamr-python 1.0.4. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check rtlamr-python==1.0.4

timeout 60 "$dir/venv/bin/python" - <<'PYTHON'
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from queue import Queue
from threading import Thread

from rtlamr_python.poster import ApiPoster
from rtlamr_python.protocols import idm, netidm, scmplus


def checksum(data):
    """CRC-16/GENIBUS."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 * (crc >> 15)) & 0xFFFF
    return (crc ^ 0xFFFF).to_bytes(2, "big")


def short(number, counter):
    """An SCM+ of an electricity meter."""
    packet = bytes.fromhex(f"16A3 1E 04 {number:08X} {counter:08X} 0000")
    return packet + checksum(packet[2:])


def long(number, **fields):
    """An IDM or NetIDM, with more bytes at the given places."""
    packet = bytearray(92)
    packet[:13] = bytes.fromhex(f"555516A3 1C 5C C6 04 04 {number:08X}")
    for place, data in fields.values():
        packet[place : place + len(data)] = data
    packet[88:90] = checksum(packet[9:13])
    packet[90:] = checksum(packet[4:90])
    return bytes(packet)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        posted.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


print(f"rtlamr-python {version('rtlamr-python')}")
posted = Queue()
server = HTTPServer(("127.0.0.1", 0), Receiver)
Thread(target=server.serve_forever, daemon=True).start()
poster = ApiPoster(f"http://127.0.0.1:{server.server_port}")

messages = [
    scmplus.parse(short(11111111, 5341)),
    scmplus.parse(short(22222222, 0)),
    idm.parse(long(33333333, consumption=(29, (5341).to_bytes(4, "big")))),
    netidm.parse(
        long(
            44444444,
            consumption=(25, (5341).to_bytes(3, "big")),
            generation=(28, (2000).to_bytes(3, "big")),
            net=(34, (3341).to_bytes(4, "big")),
        )
    ),
    scmplus.parse(short(55555555, 1)),
]
for message in messages:
    record = {"time": "2026-11-29T12:00:00Z", **message.as_dict()}
    shown = {key: value for key, value in record.items() if "consumption" in key or "gener" in key}
    shown.pop("differential_consumption_intervals", None)
    shown.pop("consumption_interval_count", None)
    print(f"decoded: {record['type']} {record['endpoint_id']} {shown}")
    poster.submit(record)
found = []
while not found or found[-1][0] != 55555555:
    one = posted.get(timeout=20)
    found.append((one["endpoint_id"], one["consumption"], one["endpoint_type"]))
    print(f"posted: {one['protocol']} {found[-1]}")
server.shutdown()
sys.exit(found != [(11111111, 5341, "4"), (33333333, 5341, None), (55555555, 1, "4")])
PYTHON
