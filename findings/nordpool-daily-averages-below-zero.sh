#!/usr/bin/env bash
# nordpool-daily-averages makes of each price below zero the mark-up of the provider, as a text.
#
# Surprising: a price below zero, of which a market has hundreds of hours a year, is replaced by
# what is set as increment, and that is a text, "0" where none is given. The other prices of a day
# do not get the increment: with 0.08 the hours at -0.05 and -0.001 cost "0.08", the hour at 0.02 is
# 0.02, so the cheapest hour is taken for the dearest. The times end in Z, which means UTC, and are
# those of Stockholm. The daily means of the same library keep the sign and have the increment
# added.
#
# nordpool-daily-averages 1.1.42 with httpx 0.28.1. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    nordpool-daily-averages==1.1.42 httpx==0.28.1 pytz==2025.2

LOGLEVEL=ERROR "$dir/venv/bin/python" - <<'PYTHON'
import asyncio
import sys
from importlib.metadata import version

import httpx
from nordpool.nordpool import Hourly

print(f"nordpool-daily-averages {version('nordpool-daily-averages')}, httpx {version('httpx')}")
PRICES = {"2026-06-07T11:00:00Z": 20, "2026-06-07T12:00:00Z": -50, "2026-06-07T13:00:00Z": -1}


def answer(request):
    """What Nord Pool sends, in EUR for a MWh."""
    entries = [
        {"deliveryStart": start, "entryPerArea": {"SE3": price}} for start, price in PRICES.items()
    ]
    return httpx.Response(200, json={"multiAreaEntries": entries})


async def read(**settings):
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        return await Hourly("SE3", "EUR", **settings).get_hourly_prices("2026-06-07", client)


found = []
for settings in ({}, {"increment": "0.08"}):
    rows = asyncio.run(read(**settings))
    for (start, price), row in zip(PRICES.items(), rows, strict=True):
        print(
            f"{settings}: {price / 1000} EUR/kWh from {start} is {row['price']!r} from {row['date']}"
        )
    found.append([row["price"] for row in rows])
sys.exit(
    found != [[0.02, "0", "0"], [0.02, "0.08", "0.08"]]
    or [row["date"][11:] for row in rows] != ["13:00:00Z", "14:00:00Z", "15:00:00Z"]
)
PYTHON
