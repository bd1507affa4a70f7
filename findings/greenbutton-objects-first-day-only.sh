#!/usr/bin/env bash
# greenbutton_objects reads one day of a Green Button file that holds many.
#
# Surprising: an export of readings (ESPI, by which utilities hand out Green Button files) has a
# block for each day or month. Some utilities put each block in an Atom entry of its own, others put
# all of them in one: a file of San Diego Gas & Electric that comes with the package
# jendobson.greenbutton has 364 days in one entry. The library takes the first block of an entry,
# and says nothing of the others. Readings and sums of the first day are right, the rest is not
# there. With an entry for each block it reads them all.
#
# greenbutton-objects 2024.7.11. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check greenbutton-objects==2024.7.11
"$dir/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$dir" \
    jendobson.greenbutton==0.0.1
cd "$dir"

venv/bin/python - <<'PYTHON'
import sys
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

from greenbutton_objects.parse import parse_feed

print(f"greenbutton-objects {version('greenbutton-objects')}")
HEAD = """<feed xmlns="http://www.w3.org/2005/Atom">
<entry><link rel="self" href="/UsagePoint/1"/><link rel="related" href="/UsagePoint/1/MeterReading"/>
<content><UsagePoint xmlns="http://naesb.org/espi"><ServiceCategory><kind>0</kind></ServiceCategory>
</UsagePoint></content></entry>
<entry><link rel="self" href="/UsagePoint/1/MeterReading/1"/>
<link rel="up" href="/UsagePoint/1/MeterReading"/><link rel="related" href="/ReadingType/1"/>
<link rel="related" href="/UsagePoint/1/MeterReading/1/IntervalBlock"/>
<content><MeterReading xmlns="http://naesb.org/espi"/></content></entry>
<entry><link rel="self" href="/ReadingType/1"/><content><ReadingType xmlns="http://naesb.org/espi">
<powerOfTenMultiplier>0</powerOfTenMultiplier><uom>72</uom></ReadingType></content></entry>"""
BEGIN = datetime(2026, 11, 28, tzinfo=UTC)


def block(day):
    """A day with two readings of 1000 Wh each."""
    start = int((BEGIN + timedelta(days=day)).timestamp())
    readings = "".join(
        f"<IntervalReading><timePeriod><duration>43200</duration><start>{half}</start></timePeriod>"
        "<value>1000</value></IntervalReading>"
        for half in (start, start + 43200)
    )
    interval = f"<interval><duration>86400</duration><start>{start}</start></interval>"
    return f'<IntervalBlock xmlns="http://naesb.org/espi">{interval}{readings}</IntervalBlock>'


def entry(number, blocks):
    link = "/UsagePoint/1/MeterReading/1/IntervalBlock"
    links = f'<link rel="self" href="{link}/{number}"/><link rel="up" href="{link}"/>'
    return f"<entry>{links}<content>{blocks}</content></entry>"


def read(entries):
    """The sum of the energy, and the number of days that it is of."""
    Path("feed.xml").write_text(HEAD + entries + "</feed>")
    (point,) = parse_feed("feed.xml")
    (meter,) = point.meterReadings
    readings = list(meter.intervalReadings)
    days = {reading.timePeriod.start.date() for reading in readings}
    return sum(reading.value for reading in readings), len(days)


apart = read("".join(entry(day, block(day)) for day in range(3)))
together = read(entry(0, "".join(map(block, range(3)))))
print(f"three days in three entries: {apart[0]} Wh in {apart[1]} days")
print(f"the same three days in one entry: {together[0]} Wh in {together[1]} day")

with ZipFile(next(Path().glob("jendobson*.whl"))) as wheel:
    name = next(name for name in wheel.namelist() if name.endswith(".xml"))
    feed = ET.fromstring(wheel.read(name))
contents = feed.findall(".//{http://www.w3.org/2005/Atom}content")
blocks = max(len(content.findall("{http://naesb.org/espi}IntervalBlock")) for content in contents)
print(f"{name.rpartition('/')[2]}: {blocks} blocks in one entry")
sys.exit((apart, together, blocks) != ((6000, 3), (2000, 1), 364))
PYTHON
