#!/usr/bin/env bash
# glowprom gives a reading the time of an hour before, from March to October.
#
# Surprising: the display of a British meter (Glow) sends by MQTT when the meter was read, in UTC,
# with a Z at the end. The program takes this for local time, so with the clock of London the time
# that Prometheus is given is an hour early in summer time, and a reading of now is 3600 s old. An
# alarm for readings that no longer come goes off then, or is set so that it comes an hour late in
# winter. In winter, and where the program runs in UTC, it is right. So is the counter.
#
# glowprom 1.2.1. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check glowprom==1.2.1 paho-mqtt==2.1.0

TZ=Europe/London "$dir/venv/bin/python" - <<'PYTHON'
import json
import re
import sys
from datetime import datetime
from importlib.metadata import version
from types import SimpleNamespace

from glowprom.local_message import local_message

print(f"glowprom {version('glowprom')}")
energy = {"cumulative": 15254.827, "day": 3.717, "week": 3.717, "month": 60.439, "units": "kWh"}
price = {"unitrate": 0.16401, "standingcharge": 0.19383}
found = []
for time in ("2026-11-30T12:00:00Z", "2026-06-30T12:00:00Z"):
    message = {
        "electricitymeter": {
            "timestamp": time,
            "energy": {
                "export": {"cumulative": 0.0, "units": "kWh"},
                "import": energy | {"mpan": "0000000000000", "price": price},
            },
            "power": {"value": 0.425, "units": "kW"},
        }
    }
    metrics = local_message(SimpleNamespace(payload=json.dumps(message)))
    told = float(re.search(r"^glowprom_timestamp\{.*\} (.*)$", metrics, re.M)[1])
    counter = float(re.search(r"^glowprom_import_cumulative_Wh\{.*\} (.*)$", metrics, re.M)[1])
    late = datetime.fromisoformat(time).timestamp() - told
    print(f"read at {time}: {told:.0f}, {late:.0f} s before; {counter:.0f} Wh")
    found.append((late, round(counter)))
sys.exit(found != [(0, 15254827), (3600, 15254827)])
PYTHON
