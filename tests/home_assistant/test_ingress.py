"""The page of the real program, as Core's ingress shows it to a browser."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from tests.home_assistant.house import new_meter, options
from tests.support.browser import Browser, looking, see
from tests.support.core import Core
from tests.support.core_client import Client
from tests.support.custom_components.ingress_standin import PATH, SESSION
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.program import running
from tests.support.simulated import Adapter

LIVE = "document.querySelector('#connection.live') !== null"
LAST = "document.querySelector('.power + p')?.innerText"
"""When the last telegram came, to the second."""

FOREIGN = f"""
performance.getEntriesByType("resource")
  .filter((one) => !one.name.startsWith(`${{location.origin}}{PATH}`)).map((one) => one.name)
  .join(" ")
"""
MANY_COOKIES = "x" * 3900
"""Browsers keep up to 4096 bytes each, and send those of the whole of Home Assistant."""

FRAME = f"""
const frame = document.createElement("iframe");
frame.id = "page";
frame.src = "{PATH}#now";
document.documentElement.append(frame);
"""
IN_FRAME = """
document.getElementById("page").contentDocument.querySelector("#connection.live") !== null
  && document.getElementById("page").contentDocument.querySelector(".power + p")?.innerText
"""

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium")


def as_under_the_supervisor(port: int) -> str:
    """Give what lets the stand-in take the Supervisor's place for the program."""
    return f"import app.page.access as a\na.SUPERVISOR = '127.0.0.1'\na.PORT = {port}\n"


async def log_in(browser: Browser, core: Core) -> None:
    """Have the cookies that Home Assistant's frontend sets before it shows an app's page."""
    await browser.call("Network.enable")
    where = {"url": core.url + PATH, "path": "/api/hassio_ingress/"}
    cookies = {"ingress_session": SESSION, "other": MANY_COOKIES, "more": MANY_COOKIES}
    for name, value in cookies.items():
        done = await browser.call("Network.setCookie", name=name, value=value, **where)
        assert done["success"]


async def test_the_page_is_whole_and_live_behind_core_s_ingress(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    port = free_port()
    environment = {"SUPERVISOR_TOKEN": "t0ken", "SUPERVISOR_URL": "http://127.0.0.1:9"}
    given = options(house, adapter, language="de")
    meter = new_meter(adapter)
    (tmp_path / "chromium").mkdir()
    async with (
        running(given, tmp_path, environment, before=as_under_the_supervisor(port)) as program,
        looking(tmp_path / "chromium") as browser,
    ):
        await program.ready()
        await home.call(
            "call_service",
            domain="ingress_standin",
            service="open",
            service_data={"port": port},
        )
        for _ in range(3):
            await meter.push()
        await program.logs("first telegram")

        await browser.open(core.url + PATH)
        status = f"fetch('{core.url}{PATH}facts').then((one) => one.status)"
        assert await see(browser, status) == 401  # nobody has logged in
        await log_in(browser, core)

        await browser.open(f"{core.url}{PATH}?#now")
        await see(browser, LIVE)
        for _ in range(3):
            before = await see(browser, LAST)
            await asyncio.sleep(1)
            await meter.push()
            await see(browser, LAST, lambda now, before=before: now != before)  # type: ignore[misc]
        for part in ("setup", "pictures", "telegram", "report"):
            await browser.evaluate(f"location.hash = '#{part}'")
            await see(browser, f"document.querySelector('#part-{part}').innerText.length > 100")
        heading = await see(browser, "document.querySelector('#h-report').innerText")
        assert heading == "Für eine Meldung"  # in UTF-8, though ingress takes the charset away
        await see(browser, "document.querySelector('#block').innerText.includes('paste')")
        assert await browser.evaluate("window.wrong.join('; ')") == ""
        assert await browser.evaluate(FOREIGN) == ""

        answer = json.loads(
            await browser.evaluate(
                "fetch('recording').then(async (one) => JSON.stringify("
                "[one.status, one.headers.get('cache-control'), await one.text()]))"
            )
        )
        assert answer[:2] == [200, "no-store"]
        assert answer[2].startswith("# smart meter recording")

        # As Home Assistant shows it: in a frame of a page of its own.
        await browser.open(f"{core.url}/manifest.json")
        await see(browser, "location.pathname === '/manifest.json' && document.readyState")
        await browser.evaluate(FRAME)
        last = await see(browser, IN_FRAME)
        await asyncio.sleep(1)
        await meter.push()
        await see(browser, IN_FRAME, lambda now: bool(now) and now != last)
        assert await browser.evaluate("window.wrong.join('; ')") == ""
