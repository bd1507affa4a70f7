#!/usr/bin/env bash
# pymeterreader gives Prometheus the total and both tariffs of a meter as one and the same counter.
#
# Surprising: for a meter that sends SML, the counter has a label "tariff", which is "aggregated" for
# 1.8.0, 1.8.1 and 1.8.2 alike: the number of the tariff is compared as a number, and is a text. So
# one page bears three readings with the same name and labels, also for 2.8. A parser of that format
# keeps one of them, so the counter of the whole house is that of a tariff, or jumps between them,
# and a total by tariff adds up to twice the energy. A meter without tariffs is read rightly.
#
# pymeterreader 0.3.0 with pysml 0.1.9 and prometheus-client 0.26.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  pymeterreader==0.3.0 pysml==0.1.9 prometheus-client==0.26.0

"$dir/venv/bin/python" - <<'PYTHON'
import os
import sys
import threading
import tty
from importlib.metadata import version

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from pymeterreader.device_lib import SmlReader

SERVER = "0B 0A015453540000000001"
ENERGY = {"0100010800FF": 3000, "0100010801FF": 2000, "0100010802FF": 1000}  # Wh


def checksum(data):
    """CRC-16/X-25, its low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 * (crc & 1)
    return (crc ^ 0xFFFF).to_bytes(2, "little")


def message(number, body):
    data = bytes.fromhex(f"76 05 {number:08X} 6200 6200 {body}")
    return data + b"\x63" + checksum(data) + b"\0"


def telegram():
    """An SML file of a meter with a total and two tariffs."""
    entries = f"77 070100600100FF 01 01 01 01 {SERVER} 01"
    for code, energy in ENERGY.items():
        entries += f"77 07{code} 01 01 621E 5200 65{energy:08X} 01"
    messages = (
        message(1, f"72 630101 76 01 01 0500000001 {SERVER} 01 01")
        + message(2, f"72 630701 77 01 {SERVER} 070100620AFFFF 01 74 {entries} 01 01")
        + message(3, "72 630201 71 01")
    )
    fill = -len(messages) % 4
    data = bytes.fromhex("1B1B1B1B 01010101") + messages + bytes(fill)
    data += bytes.fromhex(f"1B1B1B1B 1A{fill:02X}")
    return data + checksum(data)


def send(meter, done):
    while not done.wait(0.3):
        os.write(meter, telegram())


meter, port = os.openpty()
tty.setraw(port)
done = threading.Event()
threading.Thread(target=send, args=(meter, done)).start()
try:
    reader = SmlReader(os.ttyname(port), meter_name="house")
    registry = CollectorRegistry()
    reader.collect = reader.metrics
    registry.register(reader)
    page = generate_latest(registry).decode()
finally:
    done.set()

names = ("pymeterreader", "pysml", "prometheus-client")
print(", ".join(f"{name} {version(name)}" for name in names))
found = []
for family in text_string_to_metric_families(page):
    for sample in family.samples:
        if sample.name.endswith("energy_consumption_joules_total"):
            print(f"{sample.labels['tariff']}: {sample.value / 3600:g} Wh")
            found.append((sample.labels["tariff"], sample.value / 3600))
sys.exit(found != [("aggregated", energy) for energy in ENERGY.values()])
PYTHON
