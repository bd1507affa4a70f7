#!/usr/bin/env bash
# ESPHome announces an emonTx's energy as a measurement, and its currents without decimals.
#
# Surprising: by the first letter of a tag, ESPHome knows what an emonTx sends: E1 is a counter of
# energy, total_increasing, I1 a current and V1 a voltage with two decimals. Yet these fill in only
# what has no default, and the state class and the decimals have one for all tags: "measurement" and
# none. So a counter is a measurement of energy, for which Home Assistant keeps no sum and which its
# energy dashboard does not offer, 0.92 A is shown as 1 A, and a power factor of 0.4 as 0. Unit and
# device class, which have no default, are right. What the user writes holds in each case.
#
# ESPHome 2026.6.5. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check esphome==2026.6.5

cat >meter.yaml <<'YAML'
esphome:
  name: meter
esp8266:
  board: d1_mini
uart:
  rx_pin: RX
  baud_rate: 115200
  rx_buffer_size: 2048
emontx:
sensor:
  - {platform: emontx, tag_name: E1, name: Energy}
  - {platform: emontx, tag_name: P1, name: Power}
  - {platform: emontx, tag_name: I1, name: Current}
  - {platform: emontx, tag_name: PF1, name: Power factor}
YAML
venv/bin/esphome config meter.yaml >valid.yaml 2>esphome.log || { cat esphome.log; exit 1; }

venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import yaml
from esphome.components.emontx.sensor import PATTERN_CONFIGS, SENSOR_CONFIGS

print(f"ESPHome {version('esphome')}: {Path('esphome.log').read_text().splitlines()[-1]}")
KEYS = "unit_of_measurement", "device_class", "state_class", "accuracy_decimals"
known = {"E1": SENSOR_CONFIGS["E"], "P1": SENSOR_CONFIGS["P"], "I1": SENSOR_CONFIGS["I"]}
known["PF1"] = PATTERN_CONFIGS["PF"]
found = {}
for sensor in yaml.safe_load(Path("valid.yaml").read_text())["sensor"]:
    tag = sensor["tag_name"]
    found[tag] = tuple(sensor[key] for key in KEYS)
    print(f"{tag}: {found[tag]}, known {tuple(known[tag][key] for key in KEYS)}")
sys.exit(
    found
    != {
        "E1": ("Wh", "energy", "measurement", 0),
        "P1": ("W", "power", "measurement", 0),
        "I1": ("A", "current", "measurement", 0),
        "PF1": ("", "power_factor", "measurement", 0),
    }
    or known["E1"]["state_class"] != "total_increasing"
    or known["I1"]["accuracy_decimals"] != 2
)
PYTHON
