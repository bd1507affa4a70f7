#!/usr/bin/env bash
# sc-entsoe ends a day of prices with the last change of the price: what follows is not there.
#
# Surprising: a series of the ENTSO-E Transparency Platform may leave out each value that is that of
# the interval before (curveType A03, "variable sized block"), which day-ahead prices do. The
# library fills these gaps up to the last value that is written, not up to the end of the period
# that the document tells. If the last three hours have one price, there are 22 hours, if all of the
# day has, there is one. A mean of the day is wrong then, and the day seems to lack data that is
# still to come. In the middle of a day the same gap is filled rightly. entsoe-py fills both.
#
# sc-entsoe 0.2.0, beside entsoe-py 0.8.1. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    sc-entsoe==0.2.0 entsoe-py==0.8.1 pandas==3.1.1

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from entsoe.parsers import parse_prices
from sc_entsoe.parsers.xml_parser import parse_entsoe_xml

print(f"sc-entsoe {version('sc-entsoe')}, entsoe-py {version('entsoe-py')}")
NAMESPACE = "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"


def document(prices):
    """A day of hours, in which only the changes of the price are written (position: price)."""
    points = "".join(
        f"<Point><position>{position}</position><price.amount>{price}</price.amount></Point>"
        for position, price in prices.items()
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Publication_MarketDocument xmlns="{NAMESPACE}"><mRID>1</mRID><type>A44</type><TimeSeries>
<mRID>1</mRID><businessType>A62</businessType>
<in_Domain.mRID codingScheme="A01">10YAT-APG------L</in_Domain.mRID>
<out_Domain.mRID codingScheme="A01">10YAT-APG------L</out_Domain.mRID>
<currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>
<curveType>A03</curveType><Period><timeInterval><start>2026-11-29T23:00Z</start>
<end>2026-11-30T23:00Z</end></timeInterval><resolution>PT60M</resolution>{points}</Period>
</TimeSeries></Publication_MarketDocument>"""


changes = {position: 100.0 + position for position in range(1, 25)}
DAYS = {
    "a price for each hour": changes,
    "one price from 10:00 to 13:00": {k: v for k, v in changes.items() if k not in (12, 13)},
    "one price from 21:00 on": {k: v for k, v in changes.items() if k <= 22},
    "one price all day": {1: 101.0},
}
read, right = [], []
for name, prices in DAYS.items():
    here = [point["timestamp"][:16] for point in parse_entsoe_xml(document(prices)).data]
    there = [f"{time:%Y-%m-%dT%H:%M}" for time in parse_prices(document(prices))["60min"].index]
    print(f"{name}: {len(here)} hours, last {here[-1]}; entsoe-py {len(there)}, last {there[-1]}")
    read.append((len(here), here[-1]))
    right.append((len(there), there[-1]))
last = "2026-11-30T22:00"
sys.exit(
    read != [(24, last), (24, last), (22, "2026-11-30T20:00"), (1, "2026-11-29T23:00")]
    or right != [(24, last)] * 4
)
PYTHON
