"""Takes pictures of devices' pages in Home Assistant, with a headless Chromium.

That are a meter's, and the program's own while no key is given, in English and in German.

Chromium is told what to do over its DevTools protocol, as its own tools do it.
"""

import argparse
import asyncio
import base64
import json
import re
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulator.household import Household
from tests.home_assistant.expected import device_of, registered
from tests.home_assistant.house import TOPICS, available, options
from tests.support.browser import Browser, browsing
from tests.support.core import ROOT, Core, environment
from tests.support.core_client import connected
from tests.support.mosquitto import Mosquitto
from tests.support.program import running
from tests.support.simulated import Adapter, SimulatedMeter

NAMES = {"en": "Smart meter", "de": "Stromzähler"}
METER, PROGRAM = "device-page", "app-device"
SHOWS = {METER: r"\d\skWh\b", PROGRAM: r"\d\sB\b"}
"""What the entities show of a picture."""

WIDTH, HEIGHT = 1360, 900
PATIENCE = 60.0
TELEGRAMS = 4

# Everything of the page lies in shadow roots, each in the one before.
_DEEP = """
const deep = function* (root, name) {
  for (const element of root.querySelectorAll("*")) {
    if (element.localName === name) yield element;
    if (element.shadowRoot) yield* deep(element.shadowRoot, name);
  }
};
"""

_ROWS = f"""(() => {{ {_DEEP}
  const text = (root) => [...root.childNodes].map((node) =>
    (node.nodeType === Node.TEXT_NODE ? node.data : "") + text(node)
    + (node.shadowRoot ? text(node.shadowRoot) : "")).join(" ");
  return [...deep(document, "ha-device-entities-card")]
    .map((card) => text(card.shadowRoot)).join(" ");
}})()"""
"""What the cards with the entities say."""

_BOX = f"""(() => {{ {_DEEP}
  const cards = [...deep(document, "ha-device-info-card"),
                 ...deep(document, "ha-device-entities-card")];
  const boxes = (found) =>
    found.map((card) => card.getBoundingClientRect()).filter((box) => box.height);
  const right = Math.max(...boxes(cards).map((box) => box.right));
  const shown = boxes([...cards, ...deep(document, "ha-card")]).filter((box) => box.left < right);
  return JSON.stringify({{
    left: Math.min(...shown.map((box) => box.left)), top: Math.min(...shown.map((box) => box.top)),
    right: right,
    bottom: Math.max(...shown.map((box) => box.bottom)),
  }});
}})()"""
"""Where the cards of device and entities lie, and those in their columns."""


async def _picture(core: Core, page: str, shows: str, language: str, browser: Browser) -> bytes:
    """Log in, go to a page, wait until it shows values, and take its picture as a PNG."""
    await browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=WIDTH,
        height=HEIGHT,
        deviceScaleFactor=1,
        mobile=False,
    )
    light = [{"name": "prefers-color-scheme", "value": "light"}]
    await browser.call("Emulation.setEmulatedMedia", features=light)
    tokens = {
        "access_token": core.token,
        "token_type": "Bearer",
        "expires_in": 1800,
        "expires": int(1000 * time.time()) + 1_800_000,
        "hassUrl": core.url,
        "clientId": f"{core.url}/",
        "refresh_token": "",
    }
    stored = {"hassTokens": json.dumps(tokens), "selectedLanguage": json.dumps(language)}
    script = (
        f"if (location.origin === {core.url!r}) Object.assign(localStorage, {json.dumps(stored)})"
    )
    await browser.call("Page.enable")
    await browser.call("Page.addScriptToEvaluateOnNewDocument", source=script)
    await browser.call("Page.navigate", url=core.url + page)
    async with asyncio.timeout(PATIENCE):
        # Of a page of web components no event tells that it is complete.
        while not re.search(shows, await browser.evaluate(_ROWS) or ""):  # noqa: ASYNC110 - said above
            await asyncio.sleep(0.2)
        await browser.evaluate("document.fonts.ready.then(() => true)")
        await asyncio.sleep(2)  # icons come one by one, and cards grow in
    # As high as it has to be for all of it to be seen.
    box = json.loads(await browser.evaluate(_BOX))
    await browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=WIDTH,
        height=max(HEIGHT, int(box["bottom"]) + 40),
        deviceScaleFactor=1,
        mobile=False,
    )
    await asyncio.sleep(1)
    box = json.loads(await browser.evaluate(_BOX))
    margin = 16
    clip = {
        "x": max(0, box["left"] - margin),
        "y": max(0, box["top"] - margin),
        "width": box["right"] - box["left"] + 2 * margin,
        "height": box["bottom"] - box["top"] + 2 * margin,
        "scale": 1,
    }
    taken = await browser.call("Page.captureScreenshot", format="png", clip=clip)
    return base64.b64decode(taken["data"])


async def _screenshots(program: str, where: Path, folder: Path, language: str) -> dict[str, bytes]:
    """Put the house together and take the pictures, by their names."""
    for part in ("mosquitto", "core", "program", "chromium"):
        (folder / part).mkdir(parents=True)
    broker = Mosquitto(folder / "mosquitto").start()
    core = Core(where, folder / "core")
    try:
        core.start()
        core.onboard()
        core.finish_onboarding()
        core.connect_mqtt(broker)
        with closing(Adapter(folder / "ttyMeter")) as adapter:
            meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
            given = options(broker, adapter, name=NAMES[language], language=language)
            async with connected(core) as home, browsing(program, folder / "chromium") as browser:

                async def picture(name: str, identifier: str) -> bytes:
                    device = await home.until(lambda: registered(home, identifier), identifier)
                    assert device is not None
                    page = f"/config/devices/device/{device['id']}"
                    return await _picture(core, page, SHOWS[name], language, browser)

                without_key = {**given, "key": "", "auth_key": ""}
                async with running(without_key, folder / "program") as reader:
                    await reader.ready()
                    for _ in range(TELEGRAMS):
                        await meter.push()
                    await reader.logs("no key is given")
                    pictures = {PROGRAM: await picture(PROGRAM, TOPICS.program_device)}
                # So that the first telegram is from now.
                now = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=5)
                meter._now, meter._household = now, Household(4, now, phases=meter.meter.phases)
                async with running(given, folder / "program") as reader:
                    await reader.ready()
                    await meter.push()
                    await available(home, meter)
                    for _ in range(TELEGRAMS):
                        await meter.push()
                    return pictures | {METER: await picture(METER, device_of(meter))}
    finally:
        core.stop()
        broker.kill()


def _shrink(where: Path, target: Path) -> None:
    """Leave 128 colours, which nobody misses; Core's environment has a library for pictures."""
    program = (
        "import sys; from PIL import Image; image = Image.open(sys.argv[1]).convert('RGB');"
        "image.quantize(128, dither=Image.Dither.NONE).save(sys.argv[1], optimize=True)"
    )
    subprocess.run([where / "bin" / "python", "-c", program, target], check=True)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="script/screenshot")
    parser.add_argument("browser")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    where = environment()
    assert where is not None, f"{ROOT}: script/home-assistant has not been run"
    given.folder.mkdir(exist_ok=True)
    for language, ending in (("en", ".png"), ("de", ".de.png")):
        with tempfile.TemporaryDirectory(prefix="smartmeter-screenshot-") as name:
            taking = _screenshots(given.browser, where, Path(name), language)
            pictures = asyncio.run(taking)
        for name, picture in pictures.items():
            target = given.folder / f"{name}{ending}"
            target.write_bytes(picture)
            _shrink(where, target)
            sys.stdout.write(f"{target}: {target.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
