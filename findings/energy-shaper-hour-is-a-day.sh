#!/usr/bin/env bash
# energy_shaper gives the last hour before a meter reading as much energy as each day before it.
#
# Surprising: a consumption between two meter readings is split into days, and each part gets the
# same share, also the last, which ends with the reading. From a constant 1 kW over three days and
# one hour, 73 kWh, each day has 18.25 kWh and the hour too: 18.25 kW. And a day begins when the
# first reading was taken, but a load profile is laid on it as if at midnight: the hours from 18:00
# on lie at 3:00, when the reading was at 9:00, with the tariff of the night. Days from midnight to
# midnight are right, and so is the sum. nemreader, of the same author, splits by the seconds.
#
# energy-shaper 0.1.1, beside nemreader 0.9.2. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    energy-shaper==0.1.1 nemreader==0.9.2

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from datetime import datetime, timedelta
from importlib.metadata import version

from energy_shaper import group_into_profiled_intervals, split_into_daily_intervals
from nemreader.split_days import split_reading_into_days

print(f"energy-shaper {version('energy-shaper')}, nemreader {version('nemreader')}")
BEGIN = datetime(2026, 11, 2, 9)
HOUR = timedelta(hours=1)


def mean_power(parts):
    return [round(energy / ((end - start) / HOUR), 3) for start, end, energy in parts]


end = BEGIN + 73 * HOUR
parts = [tuple(part) for part in split_into_daily_intervals([(BEGIN, end, 73)])]
for start, until, energy in parts:
    print(f"{start:%d %H:%M} to {until:%d %H:%M}: {energy} kWh")
powers = mean_power(parts)
other = mean_power(split_reading_into_days(BEGIN, end, 73))
print(f"mean power {powers} kW, nemreader {other} kW")

profile = [1] * 18 + [10] * 3 + [1] * 3  # an evening peak from 18:00 on
peaks = []
for begin in (BEGIN.replace(hour=0), BEGIN):
    day = [(begin, begin + 24 * HOUR, 51)]
    hours = group_into_profiled_intervals(day, interval_m=60, profile=profile)
    peaks.append([start.hour for start, _, energy in hours if energy > 5])
    print(f"a day from {begin:%H:%M} on: the peak of 18, 19 and 20 h is at {peaks[-1]} h")
sys.exit(
    powers != [0.76, 0.76, 0.76, 18.25] or set(other) != {1} or peaks != [[18, 19, 20], [3, 4, 5]]
)
PYTHON
