#!/usr/bin/env bash
# pyStrompris goes on giving the prices of the day on which the program was started.
#
# Surprising: the current price is looked for by the hour alone, in the prices of "today", and these
# are fetched if there are none. On the next day, and on all days after it, there are some: those of
# the first day. So the price of 8:00 is that of 8:00 on the first day, a right price of a wrong
# day, and so are the highest and the mean price beside it. The time of its begin, which comes with
# it, is of the first day, too. Once the prices of today have been asked for, the current one is
# right.
#
# pyStrompris 0.0.11. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    pystrompris==0.0.11 aiohttp==3.14.5 pytz==2025.2 time-machine==2.16.0

"$dir/venv/bin/python" - <<'PYTHON'
import asyncio
import sys
from datetime import datetime, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

import time_machine
from aiohttp import web
from strompris.const import SOURCE_HVAKOSTERSTROMMEN
from strompris.strompris import Strompris

print(f"pyStrompris {version('pystrompris')}")
OSLO = ZoneInfo("Europe/Oslo")
PRICES = {28: 1.0, 29: 2.0, 30: 3.0}  # by the day of the month, in NOK for a kWh
asked = []


async def day_of_prices(request):
    """The prices of a day, as hvakosterstrommen.no tells them."""
    day = int(request.match_info["day"])
    asked.append(day)
    begins = [datetime(2026, 11, day, hour, tzinfo=OSLO) for hour in range(24)]
    return web.json_response(
        [
            {
                "NOK_per_kWh": PRICES[day],
                "EUR_per_kWh": PRICES[day] / 10,
                "EXR": 10.0,
                "time_start": begin.isoformat(),
                "time_end": (begin + timedelta(hours=1)).isoformat(),
            }
            for begin in begins
        ]
    )


async def main():
    app = web.Application()
    app.router.add_get("/2026/11-{day}_NO4.json", day_of_prices)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    prices = Strompris(SOURCE_HVAKOSTERSTROMMEN, 4)  # the zone without VAT
    prices.priceSource.api_url = "http://127.0.0.1:{}/".format(*runner.addresses[0][1:])
    found = []
    for day in PRICES:
        with time_machine.travel(datetime(2026, 11, day, 8, 30, tzinfo=OSLO)):
            now = await prices.async_get_current_price()
            found.append((day, now.kwh, now.start.day))
            print(f"at 8:30 on {day} November: {now.kwh} NOK from {now.start:%d %H:%M} on")
            if day == 30:
                await prices.async_get_prices_for_today()
                now = await prices.async_get_current_price()
                found.append((day, now.kwh, now.start.day))
                print(
                    f"once all prices have been asked for: {now.kwh} NOK from {now.start:%d %H:%M}"
                )
    await runner.cleanup()
    return found


found = asyncio.run(main())
print(f"asked for the days {asked}")
sys.exit(found != [(28, 1, 28), (29, 1, 28), (30, 1, 28), (30, 3, 30)] or asked != [28, 30])
PYTHON
