#!/usr/bin/env bash
# ESPHome announces a current and an apparent power of a Linky as energy counters in Wh.
#
# Surprising: for its teleinfo sensors, ESPHome has one set of unit, device class and state class,
# whatever the tag is: Wh, energy, total_increasing. With the tag and a name alone, IINST is 2 Wh
# and PAPP 450 Wh. Home Assistant offers both for its energy dashboard and takes each fall for a
# counter that was set back, so each new draw of current adds up as energy used. Nothing warns: the
# configuration is valid. All three have to be given by hand for each tag that is no counter.
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
  baud_rate: 1200
teleinfo:
  historical_mode: true
sensor:
  - platform: teleinfo
    tag_name: BASE
    name: Counter
  - platform: teleinfo
    tag_name: IINST
    name: Current
  - platform: teleinfo
    tag_name: PAPP
    name: Apparent power
YAML
venv/bin/esphome config meter.yaml >valid.yaml 2>esphome.log || { cat esphome.log; exit 1; }

venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import yaml

print(f"ESPHome {version('esphome')}: {Path('esphome.log').read_text().splitlines()[-1]}")
found = {}
for sensor in yaml.safe_load(Path("valid.yaml").read_text())["sensor"]:
    kind = sensor["unit_of_measurement"], sensor["device_class"], sensor["state_class"]
    found[sensor["tag_name"]] = kind
    print(f"{sensor['tag_name']}: {kind}")
counter = ("Wh", "energy", "total_increasing")
sys.exit(found != dict.fromkeys(("BASE", "IINST", "PAPP"), counter))
PYTHON
