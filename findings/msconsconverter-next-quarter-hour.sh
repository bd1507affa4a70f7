#!/usr/bin/env bash
# msconsconverter gives the energy of a quarter of an hour to the quarter before it, too.
#
# Surprising: the library takes up a row for each segment of the message once the first interval is
# complete, not for each interval. An interval of MSCONS is the segments QTY, DTM+163 (begin) and
# DTM+164 (end), so each but the first leaves three rows in the CSV: its energy with the time of the
# interval before, then with its own begin and the end before it, which is an interval of no length,
# and at last the right one. What follows the last interval repeats its row. A sum is about
# threefold, and a table by the begin of the interval keeps one of two energies, or of three.
# pydifact reads the same message rightly.
#
# msconsconverter 2.0.0, beside pydifact 0.2.3. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    msconsconverter==2.0.0 pydifact==0.2.3 typer==0.16.0 click==8.2.1
cd "$dir"

venv/bin/python -W ignore - <<'PYTHON'
import csv
import logging
import sys
from importlib.metadata import version
from pathlib import Path

from msconsconverter.msconsconverter import MSCONSConverter
from pydifact.segmentcollection import Interchange

print(f"msconsconverter {version('msconsconverter')}, pydifact {version('pydifact')}")
READINGS = [("0.25", "0000", "0015"), ("0.5", "0015", "0030"), ("1", "0030", "0045")]
segments = [
    "UNH+1+MSCONS:D:04B:UN:2.3a",
    "BGM+7+20261130+9",
    "DTM+137:202611301200?+00:303",
    "NAD+MS+9900000000001::293",
    "NAD+MR+9900000000002::293",
    "UNS+D",
    "NAD+DP",
    "LOC+172+AT0010000000000000001000000000001",
    "LIN+1",
    "PIA+5+1-1?:1.29.0:SRW",
]
for energy, begin, end in READINGS:
    segments += [
        f"QTY+220:{energy}",
        f"DTM+163:20261129{begin}?+00:303",
        f"DTM+164:20261129{end}?+00:303",
    ]
segments.append(f"UNT+{len(segments) + 1}+1")
message = "'".join(
    [
        "UNA:+.? ",
        "UNB+UNOC:3+9900000000001:500+9900000000002:500+261130:1200+1",
        *segments,
        "UNZ+1+1",
        "",
    ]
)
Path("message.txt").write_text(message)

header = "location code key start start_y start_m start_d start_h start_min start_zone"
header += " end end_y end_m end_d end_h end_min end_zone value"
MSCONSConverter(".", logging.getLogger()).convert_to_csv("message.txt", header.split())
with open(next(Path().glob("*.csv"))) as file:
    rows = [(row["value"], row["start"][8:12], row["end"][8:12]) for row in csv.DictReader(file)]
for row in rows:
    print("msconsconverter: {} kWh from {} to {}".format(*row))

read, values = [], {}
for segment in Interchange.from_str(message).segments:
    if segment.tag in ("QTY", "DTM"):
        values[segment.elements[0][0]] = segment.elements[0][1]
    if segment.tag == "DTM" and segment.elements[0][0] == "164":
        read.append((values["220"], values["163"][8:12], values["164"][8:12]))
print(f"pydifact: {read}")
sys.exit(
    read != READINGS
    or rows
    != [
        ("0.25", "0000", "0015"),
        ("0.5", "0000", "0015"),
        ("0.5", "0015", "0015"),
        ("0.5", "0015", "0030"),
        ("1", "0015", "0030"),
        ("1", "0030", "0030"),
        ("1", "0030", "0045"),
        *[("1", "0030", "0045")] * 3,
    ]
)
PYTHON
