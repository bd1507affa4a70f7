#!/usr/bin/env bash
# ocpp-lens counts all that a charging station has ever counted as one charge.
#
# Surprising: the energy of a charge is the difference of two readings of the station's meter, one
# in StartTransaction, one in StopTransaction (OCPP 1.6). Where a log begins while a car is
# charging, as one does that is cut at midnight, the first is in the log before. The library takes 0
# Wh for it, so the charge has the whole reading: 8 kWh are 12353.678 kWh, in the sum of all charges
# too. It knows "no energy yet" for a charge that is still going on, and no begin here. If the two
# logs are read as one, all is right; a log with another charge behind it is refused with an error.
#
# ocpp-lens 0.2.0. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check ocpp-lens==0.2.0

"$dir/venv/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version

from ocpp_lens import OCPPAnalyzer, OCPPLogParser

print(f"ocpp-lens {version('ocpp-lens')}")


def start(number, reading, time):
    call = {"connectorId": number, "idTag": "TAG", "meterStart": reading, "timestamp": time}
    info = {"transactionId": number, "idTagInfo": {"status": "Accepted"}}
    return [[2, f"s{number}", "StartTransaction", call], [3, f"s{number}", info]]


def stop(number, reading, time):
    call = {"transactionId": number, "meterStop": reading, "timestamp": time}
    return [[2, f"e{number}", "StopTransaction", call], [3, f"e{number}", {}]]


def read(name, messages):
    text = "\n".join(map(json.dumps, messages))
    result = OCPPAnalyzer().analyze(OCPPLogParser().parse_string(text))
    charges = {one.transaction_id: one.energy_kwh for one in result.sessions}
    print(f"{name}: {charges} kWh, {result.total_energy_kwh} kWh in all")
    return charges, result.total_energy_kwh


yesterday = start(1, 12345678, "2026-11-29T22:00:00Z") + start(2, 500000, "2026-11-29T23:00:00Z")
today = stop(1, 12353678, "2026-11-30T02:00:00Z") + stop(2, 503000, "2026-11-30T03:00:00Z")
found = [
    read("both days", yesterday + today),
    read("yesterday", yesterday),
    read("today", today),
]
expected = [({1: 8, 2: 3}, 11), ({1: None, 2: None}, 0), ({1: 12353.678, 2: 503}, 12856.678)]
sys.exit(found != expected)
PYTHON
