#!/usr/bin/env bash
# teleinfo-exporter goes on giving 235 V for a phase that has failed, and freezes those behind it.
#
# Surprising: the phases of a message are gone through from the first, and the first without voltage
# ends it, as it is taken for one that the meter does not have. A phase with 0 V is such a one too.
# So when phase 1 fails, Prometheus goes on to be given its last voltage and current, and those of
# the other two phases as well, which go on in truth. No gauge tells how old it is. The totals of
# the same message are right.
#
# teleinfo-exporter 1.2.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check teleinfo-exporter==1.2.0

"$dir/venv/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version

from paho.mqtt.client import MQTTMessage
from prometheus_client import REGISTRY
from teleinfo_exporter.app import on_message

print(f"teleinfo-exporter {version('teleinfo-exporter')}")


def told(voltages, currents):
    """Hand over a message of Tasmota; give the voltages, currents and the total for Prometheus."""
    meter = {"PH": 3, "ISUB": 30, "I": sum(currents)}
    for phase, (voltage, current) in enumerate(zip(voltages, currents, strict=True), 1):
        power = voltage * current
        meter |= {f"U{phase}": voltage, f"I{phase}": current, f"P{phase}": power}
    message = MQTTMessage(topic=b"teleinfo/tele/SENSOR")
    message.payload = json.dumps({"METER": meter}).encode()
    on_message(None, None, message)

    def gauge(name, letter):
        name = f"teleinfo_instant_{name}_per_phase"
        return [REGISTRY.get_sample_value(name, {"phase": f"{letter}{n}"}) for n in (1, 2, 3)]

    found = gauge("voltage", "U"), gauge("current", "I")
    total = REGISTRY.get_sample_value("teleinfo_total_current")
    print(f"sent {voltages} V, {currents} A: {found[0]} V, {found[1]} A, total {total} A")
    return *found, total


before = told([235, 234, 236], [10, 5, 2])
after = told([0, 228, 240], [0, 12, 1])
sys.exit(before != ([235, 234, 236], [10, 5, 2], 17) or after != ([235, 234, 236], [10, 5, 2], 13))
PYTHON
