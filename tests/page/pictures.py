"""Takes the pictures of the page that the documents show, with a headless Chromium."""

import argparse
import asyncio
import base64
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from app.dlms.ciphering import Keys
from app.page.access import of_supervisor
from app.page.line_health import Hour
from tests.support.browser import Browser, looking, see
from tests.support.paged import Paged, lived, opened, shown
from tests.support.simulated import SimulatedMeter

ROOT: Final = Path(__file__).parents[2]
LANGUAGES: Final = ("en", "de")

DESK: Final = 1100
PHONE: Final = 360
"""Pixels across."""

_SETTLED: Final = 1.0  # seconds
_EACH: Final = 10.0  # seconds between two telegrams
_SET_AGO: Final = 70  # hours since the meter's clock was set

_BESIDE = """
document.body.style = "margin: 0; display: flex; gap: 20px; background: none";
for (const data of {pictures}) {{
  const image = document.createElement("img");
  image.style = "border-radius: 18px; border: 1px solid #8886";
  image.src = "data:image/png;base64," + data;
  document.body.append(image);
}}
"""


def file_name(name: str, language: str) -> str:
    """Name a picture in a language, as the documents do."""
    return f"{name}.png" if language == LANGUAGES[0] else f"{name}.{language}.png"


async def _take(folder: Path) -> None:
    for language in LANGUAGES:
        paged = _weeks(lived(language, every=_EACH))
        async with shown(paged) as well, shown(_stuck(language)) as stuck:
            pictures = {
                "page-now": await _one(well, "now", DESK, 560),
                "page-pictures": await _one(well, "pictures", DESK, 860, dark=True),
                "page-health": await _one(well, "pictures", DESK, 800, last=True),
                "page-phone": await _beside(
                    await _one(stuck, "setup", PHONE, 760),
                    await _one(well, "now", PHONE, 760, dark=True),
                    await _one(well, "report", PHONE, 760),
                ),
            }
        for name, picture in pictures.items():
            (folder / file_name(name, language)).write_bytes(picture)


def _weeks(paged: Paged) -> Paged:
    """Let the line have a past: a cable that hums in the evenings, until somebody moved it."""
    random, now = Random(7), int(paged.time.timestamp() // 3600)  # noqa: S311 - a past is no secret
    good = int(2 * 3600 / _EACH)  # this meter's telegrams have two frames
    for ago in range(24, 14 * 24):
        hour = datetime.fromtimestamp(3600 * (now - ago), UTC).hour
        hums = ago > 5 * 24 and hour in range(16, 21)
        damaged = random.randint(40, 140) if hums else int(random.random() < 0.1)
        silent = ago in {200, 201}
        paged.line.health._hours[now - ago] = Hour(
            good=0 if silent else good - damaged,
            damaged=0 if silent else damaged,
            parity=3 * damaged if hums else 0,
            gaps=int(ago == 201),
            drift=round((ago - 14 * 24) / 25) if ago > _SET_AGO else 0,
        )
    return paged


def _stuck(language: str) -> Paged:
    """Give the page of somebody who has not entered the key yet, as in Home Assistant."""
    paged = opened(language, keys=Keys(), name=None)
    paged.page._access = of_supervisor()
    paged.push(SimulatedMeter(None, "kaifa"), 10)
    return paged


async def _one(
    address: str, part: str, width: int, height: int, *, dark: bool = False, last: bool = False
) -> bytes:
    """Take a picture of a part of the page: of its begin, or of what is last on it."""
    async with _looking(width, height, dark=dark) as browser:
        await browser.open(f"{address}#{part}")
        await see(browser, f"!document.querySelector('#part-{part}').hidden")
        await see(browser, "document.querySelector('#connection.live') !== null")
        if part == "pictures":
            await see(browser, "document.querySelectorAll('canvas').length >= 6")
            await browser.evaluate("document.querySelector('[data-span=\"86400\"]').click()")
        await asyncio.sleep(_SETTLED)
        if last:
            await browser.evaluate("scrollTo(0, document.body.scrollHeight)")
            await asyncio.sleep(_SETTLED)
        return await browser.picture()


async def _beside(*pictures: bytes) -> bytes:
    """Put pictures of phones beside each other, with nothing behind them."""
    width = len(pictures) * (PHONE + 2 + 20) - 20
    async with _looking(width, 762) as browser:
        transparent = {"r": 0, "g": 0, "b": 0, "a": 0}
        await browser.call("Emulation.setDefaultBackgroundColorOverride", color=transparent)
        shown_ = [base64.b64encode(one).decode() for one in pictures]
        await browser.evaluate(_BESIDE.format(pictures=shown_))
        whole = "[...document.images].every((image) => image.complete && image.naturalWidth)"
        await see(browser, whole)
        return await browser.picture()


@asynccontextmanager
async def _looking(width: int, height: int, *, dark: bool = False) -> AsyncGenerator[Browser]:
    with tempfile.TemporaryDirectory() as own:
        async with looking(Path(own), width=width, height=height, dark=dark) as browser:
            yield browser


def main(arguments: Sequence[str] | None = None) -> int:
    """Take them."""
    parser = argparse.ArgumentParser(description="Takes the pictures of the page.")
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs")
    asyncio.run(_take(parser.parse_args(arguments).folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
