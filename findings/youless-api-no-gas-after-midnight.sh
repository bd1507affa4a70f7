#!/usr/bin/env bash
# youless-api takes the gas and the water away each midnight, until the meters have sent anew.
#
# Surprising: a YouLess LS120 gives the reading of the gas meter behind a P1 port with the time at
# which that was read (gts), and so for water (wts). youless-api drops the reading if that time is
# not after today's midnight, on the clock of the computer it runs on. A gas meter that is read at
# each full hour has none from midnight to one o'clock, each night: the reading of 00:00 is dropped,
# too. One that is read once a day, at midnight, and one that stopped last evening have none at all.
# A counter that no time comes with (0) is kept, whatever its age.
#
# Of three phases, the power of the second has no unit.
#
# youless-api 2.2.0. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check youless-api==2.2.0 requests==2.32.5

"$dir/venv/bin/python" - <<'PYTHON'
import json
import sys
import threading
import time
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

from youless_api import YoulessAPI

print(f"youless-api {version('youless-api')}")

DEVICE = {"model": "LS120", "fw": "1.6.0-EL", "mac": "02:00:00:00:00:01"}
PHASES = {"i1": 1.0, "i2": 2.0, "i3": 3.0, "v1": 230.0, "v2": 230.0, "v3": 230.0}
PHASES |= {"tr": 1, "l1": 230, "l2": 460, "l3": 690}
READINGS = {"net": 9194.164, "pwr": 1380, "p1": 4703.562, "p2": 4490.631, "n1": 0.029, "n2": 0.0}
READINGS |= {"cs0": 0.0, "ps0": 0, "gas": 1624.264, "wtr": 234.564}


class YouLess(BaseHTTPRequestHandler):
    moment = 0

    def do_GET(self):
        readings = READINGS | {"gts": self.moment, "wts": self.moment}
        answers = {"/d": DEVICE, "/e": [readings], "/f": PHASES}
        answer = json.dumps(answers[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def read(name, moment):
    """The gas and the water of the device whose meters were read at a moment, or 0."""
    YouLess.moment = moment and int(moment.strftime("%y%m%d%H%M"))
    api = YoulessAPI(f"127.0.0.1:{server.server_port}")
    api.initialize()
    api.update()
    found = api.gas_meter.value, api.water_meter.value
    print(f"read {name} ({YouLess.moment}): gas and water {found}")
    return api, found


while datetime.now().strftime("%H:%M") == "23:59":  # all below happens on one day
    time.sleep(1)
midnight = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
with HTTPServer(("127.0.0.1", 0), YouLess) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _, evening = read("at 23:00 of yesterday", midnight - timedelta(hours=1))
    _, start = read("at 00:00 of today", midnight)
    _, later = read("at 00:01 of today", midnight + timedelta(minutes=1))
    api, unknown = read("at no known time", 0)
    server.shutdown()
phases = [
    (phase.power.value, phase.power.unit_of_measurement)
    for phase in (api.phase1, api.phase2, api.phase3)
]
print(f"powers of the phases: {phases}")

sys.exit(
    (evening, start) != ((None, None), (None, None))
    or (later, unknown) != ((1624.264, 234.564), (1624.264, 234.564))
    or phases != [(230, "W"), (460, ""), (690, "W")]
)
PYTHON
