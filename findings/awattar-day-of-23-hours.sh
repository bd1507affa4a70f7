#!/usr/bin/env bash
# awattar's async client has 23 hours in a day, and not the first of them.
#
# Surprising: the library has a client that waits and one that does not (async), with the same
# names. Asked for the prices of today, the first asks for the day of the local time, midnight to
# midnight. The async one asks for the day in UTC, and up to 23:00 only: in Austria the prices begin
# at 1:00 in winter and at 2:00 in summer, and end at 24:00 or 1:00. The hours in which power is
# often cheapest are not there, and lowest price, mean and best slot are of the others. From
# midnight on, until 1:00 or 2:00, it is the day before.
#
# awattar 0.8.1. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    awattar==0.8.1 aiohttp==3.14.5 tzlocal==5.3.1 time-machine==2.16.0 responses==0.25.8

TZ=Europe/Vienna "$dir/venv/bin/python" - <<'PYTHON'
import asyncio
import json
import re
import sys
from datetime import datetime
from importlib.metadata import version
from zoneinfo import ZoneInfo

import responses
import time_machine
from awattar import AsyncAwattarClient, AwattarClient

print(f"awattar {version('awattar')}")
VIENNA = ZoneInfo("Europe/Vienna")
HOUR = 3600000


def market(url):
    """The hours from start to end (in ms), each with a price: the first of the day is cheapest."""
    start, end = (int(re.search(f"{name}=(\\d+)", url)[1]) for name in ("start", "end"))
    rows = []
    for begin in range(start, end, HOUR):
        hour = datetime.fromtimestamp(begin / 1000, VIENNA).hour
        row = {"start_timestamp": begin, "end_timestamp": begin + HOUR}
        rows.append(row | {"marketprice": 10 + hour, "unit": "Eur/MWh"})
    return {"data": rows}


class Session:
    """Answers as aiohttp's session would."""

    headers = {"Content-Type": "application/json"}

    async def get(self, url):
        self.url = str(url)
        return self

    def raise_for_status(self):
        pass

    async def json(self):
        return market(self.url)


def callback(request):
    return 200, {}, json.dumps(market(request.url))


def told(name, client, rows):
    first, last = (
        row.astimezone(VIENNA) for row in (rows[0].start_datetime, rows[-1].end_datetime)
    )
    least = client.min().marketprice
    print(f"{name}: {len(rows)} hours from {first:%d %H:%M} to {last:%d %H:%M}, lowest {least}")
    return len(rows), f"{first:%d %H}", f"{last:%d %H}", least


found = []
for now in (
    datetime(2026, 11, 30, 12, tzinfo=VIENNA),
    datetime(2026, 7, 1, 12, tzinfo=VIENNA),
    datetime(2026, 7, 1, 0, 30, tzinfo=VIENNA),
):
    with time_machine.travel(now, tick=False), responses.RequestsMock() as mock:
        mock.add_callback("GET", re.compile("https://api.awattar.com/.*"), callback)
        client = AwattarClient("AT")
        found.append(told(f"{now:%d %B %H:%M}, client", client, client.today()))
        other = AsyncAwattarClient("AT", session=Session())
        found.append(told(f"{now:%d %B %H:%M}, async client", other, asyncio.run(other.today())))
sys.exit(
    found
    != [
        (24, "30 00", "01 00", 10),
        (23, "30 01", "01 00", 11),
        (24, "01 00", "02 00", 10),
        (23, "01 02", "02 01", 10),
        (24, "01 00", "02 00", 10),
        (23, "30 02", "01 01", 10),
    ]
)
PYTHON
