#!/usr/bin/env bash
# nemreader makes 48 days of two: each with the energy of an hour.
#
# Surprising: the intervals of a file (NEM12, of Australian meters) can be brought to another length
# by set_interval, in minutes. Up to 60 that is right. With more than an hour, the new intervals are
# as long as asked for, but one ends at each full hour, with the energy of that hour only, and
# begins before it. So they lie over each other. For 1440, a day, there are 24 times as many days as
# the file has, and their mean is a 24th of a day's; for 120 it is half. The sum of all is right.
#
# nemreader 0.9.2 with pandas 3.1.1. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check nemreader==0.9.2 pandas==3.1.1
cd "$dir"

venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

from nemreader.nem_reader import NEMFile

print(f"nemreader {version('nemreader')}, pandas {version('pandas')}")
values = ",".join(["1"] * 48)  # kWh in each half hour
rows = [
    "100,NEM12,202611300000,MDP,RETAILER",
    "200,NMI0000001,E1,1,E1,N1,METER00001,kWh,30,",
    f"300,20261128,{values},A,,,20261130000000,",
    f"300,20261129,{values},A,,,20261130000000,",
    "900",
]
Path("days.csv").write_text("\n".join(rows) + "\n")

found = []
for minutes in (30, 60, 120, 1440):
    frame = NEMFile("days.csv").get_data_frame(set_interval=minutes)
    first = frame.iloc[0]
    begin, end = (f"{time:%d %H:%M}" for time in (first.t_start, first.t_end))
    found.append((len(frame), begin, end, first.value, frame.value.sum()))
    print(
        "{}: {} intervals, the first from {} to {} with {} kWh, {} kWh in all".format(
            minutes, *found[-1]
        )
    )
sys.exit(
    found
    != [
        (96, "28 00:00", "28 00:30", 1, 96),
        (48, "28 00:00", "28 01:00", 2, 96),
        (48, "27 23:00", "28 01:00", 2, 96),
        (48, "27 01:00", "28 01:00", 2, 96),
    ]
)
PYTHON
