#!/usr/bin/env bash
# influx-line-protocol writes six digits of a counter: 12345.678 kWh are stored as 12345.7 kWh.
#
# Surprising: a float is written with "%g", which keeps six digits. So a counter in kWh moves in
# steps of 10 Wh from 1000 kWh on, and in steps of 100 Wh from 10000 kWh on: a power that is derived
# of it is 0 most of the time, with peaks. Small numbers, on which one tries a library, and whole
# numbers of type int are kept as they are, so the same counter in Wh is right. The line protocol
# has 64-bit floats, and influxdb-client writes all digits.
#
# influx-line-protocol 0.1.5, beside influxdb-client 1.50.0. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    influx-line-protocol==0.1.5 influxdb-client==1.50.0

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from influx_line_protocol import Metric
from influxdb_client import Point

versions = ", ".join(
    f"{name} {version(name)}" for name in ("influx-line-protocol", "influxdb-client")
)
print(versions)
written = []
for reading in (0.125, 123.456, 12345.678, 12345.688, 12345.72, 1234567.8, 12345678):
    metric = Metric("meter")
    metric.add_value("energy", reading)
    here = str(metric).partition("energy=")[2]
    other = Point("meter").field("energy", reading).to_line_protocol().partition("energy=")[2]
    print(f"{reading} ({type(reading).__name__}): {here}, influxdb-client {other}")
    written.append((here, other))
sys.exit(
    written
    != [
        ("0.125", "0.125"),
        ("123.456", "123.456"),
        ("12345.7", "12345.678"),
        ("12345.7", "12345.688"),
        ("12345.7", "12345.72"),
        ("1.23457e+06", "1234567.8"),
        ("12345678i", "12345678i"),
    ]
)
PYTHON
