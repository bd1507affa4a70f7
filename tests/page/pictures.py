"""Takes the pictures of the page that README.md and DOCS.md show, with a headless Chromium."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.support.paged import lived, looking, see, shown

ROOT: Final = Path(__file__).parents[2]
PICTURES: Final = (
    ("page-now", "now", 620),
    ("page-pictures", "pictures", 900),
)
"""The file, the part, and the height."""

WIDTH: Final = 1100

_SETTLED: Final = 1.0  # seconds


async def _take(folder: Path) -> None:
    async with shown(lived(every=10)) as address:
        for name, part, height in PICTURES:
            with tempfile.TemporaryDirectory() as own:
                async with looking(Path(own), width=WIDTH, height=height) as browser:
                    await browser.open(f"{address}#{part}")
                    await see(browser, f"!document.querySelector('#part-{part}').hidden")
                    if part == "pictures":
                        day = "document.querySelector('[data-span=\"86400\"]')"
                        await see(browser, "document.querySelectorAll('canvas').length >= 6")
                        await browser.evaluate(f"{day}.click()")
                    await asyncio.sleep(_SETTLED)
                    (folder / f"{name}.png").write_bytes(await browser.picture())


def main(arguments: Sequence[str] | None = None) -> int:
    """Take them."""
    parser = argparse.ArgumentParser(description="Takes the pictures of the page.")
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs")
    asyncio.run(_take(parser.parse_args(arguments).folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
