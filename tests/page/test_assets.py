"""The page in a real browser: each part, on phone and desk, light and dark, in each language."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path
from time import perf_counter

import pytest
import pytest_asyncio

from app.config import lines
from app.config.options import MeterOptions
from app.dlms.ciphering import Keys
from app.meters.sensors import SENSORS
from app.page.files import sentences
from tests.support.browser import Browser, looking, see
from tests.support.lines import OTHER_KEY
from tests.support.paged import Paged, lived, opened, shown
from tests.support.publishing import stop
from tests.support.simulated import SimulatedMeter
from tests.support.telegrams import UNKNOWN_LIST

PARTS = ("setup", "now", "pictures", "telegram", "report")
LIVE = "document.querySelector('#connection.live') !== null"
TOOL = Path(__file__).parent / "axe"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium"),
    pytest.mark.asyncio(loop_scope="function"),
]


@pytest_asyncio.fixture(
    name="browser",
    params=[(360, False), (360, True), (1400, False), (1400, True)],
    ids=["phone", "dark phone", "desk", "dark desk"],
)
async def _browser(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Browser]:
    width, dark = request.param
    async with looking(tmp_path / "chromium", width=width, dark=dark) as browser:
        yield browser


@pytest.fixture(scope="session", name="axe")
def _axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, of the version that is pinned."""
    if not shutil.which("npm"):
        pytest.skip("there is no npm")
    folder = tmp_path_factory.mktemp("axe")
    for path in TOOL.glob("*.json"):
        shutil.copy(path, folder)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return (folder / "node_modules/axe-core/axe.min.js").read_text("utf-8")


async def at(browser: Browser, address: str, part: str) -> None:
    """Open a part of the page anew, and wait until it is live."""
    await browser.open(f"{address}?{part}#{part}")
    await see(browser, f"location.hash === '#{part}' && {LIVE}")


async def text(browser: Browser, selector: str) -> str:
    return str(await browser.evaluate(f"document.querySelector({selector!r})?.innerText || ''"))


async def harmless(browser: Browser) -> None:
    """Check that nothing went wrong and that nothing is broader than the screen."""
    assert await browser.evaluate("window.wrong.join('; ')") == ""
    assert await browser.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    foreign = (
        "performance.getEntriesByType('resource')"
        ".filter((one) => !one.name.startsWith(location.origin)).length"
    )
    assert await browser.evaluate(foreign) == 0


async def accessible(browser: Browser, axe: str) -> None:
    await browser.evaluate(axe)
    found = await browser.evaluate(
        "axe.run(document).then((found) => JSON.stringify(found.violations.map((one) =>"
        " [one.id, one.nodes.map((node) => node.html + ' ' + node.failureSummary)])))"
    )
    assert json.loads(found) == []


@pytest.mark.parametrize("language", ["en", "de"])
async def test_each_part_is_whole_and_accessible(browser: Browser, language: str, axe: str) -> None:
    said = sentences(language)
    paged = lived(language, seconds=7200, every=20)
    async with shown(paged) as address:
        for part in PARTS:
            await at(browser, address, part)
            heading = said["report"]["heading"] if part == "report" else said["nav"][part]
            await see(browser, f"document.querySelector('#h-{part}').innerText === {heading!r}")
            await see(browser, f"document.querySelector('#part-{part}').innerText.length > 100")
            await asyncio.sleep(0.3)
            await harmless(browser)
            await accessible(browser, axe)
        pictures = (
            "[...document.querySelectorAll('canvas')].every((c) => c.getAttribute('aria-label'))"
        )
        await at(browser, address, "pictures")
        await see(browser, "document.querySelectorAll('canvas').length >= 6")
        assert await browser.evaluate(pictures) is True


TROUBLES = {
    "no bytes": ("no_bytes", "bytes"),
    "wrong mode": ("no_frames", "frames"),
    "no key": ("key_missing", "deciphered"),
    "wrong key": ("encryption_key_wrong", "deciphered"),
    "unknown list": ("unknown_list", "recognised"),
    "no broker": ("output", "published"),
}


def troubled(what: str, language: str) -> Paged:
    """Give a page of somebody who is stuck."""
    keys = {"no key": Keys(), "wrong key": Keys(OTHER_KEY)}.get(what)
    paged = opened(language, **({"keys": keys} if keys else {}))
    if what == "no bytes":
        paged.after(60)
    elif what == "wrong mode":
        for _ in range(60):
            paged.take(b"\x55\x13\xaa" * 9)
            paged.after(1)
    elif what == "unknown list":
        for _ in range(10):
            paged.take(UNKNOWN_LIST)
            paged.after(5)
    else:
        paged.push(SimulatedMeter(None, "kaifa"), 10)
    if what == "no broker":
        broker = paged.outputs["broker"]
        paged.outputs = {"broker": broker._replace(works=False, sentence="no broker is known yet")}
    return paged


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("what", TROUBLES)
async def test_who_is_stuck_is_told_where_and_what_to_do(
    browser: Browser, what: str, language: str, axe: str
) -> None:
    said = sentences(language)
    kind, step = TROUBLES[what]
    async with shown(troubled(what, language)) as address:
        await browser.open(address)
        await see(browser, LIVE)
        assert await browser.evaluate("document.querySelector('#part-setup').hidden") is False
        assert await browser.evaluate("document.querySelector('#stuck').hidden") is False
        await at(browser, address, "setup")
        await see(browser, "document.querySelector('#steps .wrong') !== null")
        wrong = await text(browser, "#steps .wrong")
        assert said["step"][step] in wrong
        assert said["trouble"][kind] in wrong
        assert len(wrong) > len(said["step"][step]) + len(said["trouble"][kind]) + 40
        if language == "de":
            assert " the " not in wrong
        needs_options = what not in {"no bytes", "unknown list"}
        assert (said["setup"]["options_file"] in wrong) is needs_options
        if what == "unknown list":
            assert said["setup"]["report"] in wrong
            await at(browser, address, "report")
            note = said["report"]["unknown_note"]
            await see(browser, f"document.querySelector('#about').innerText === {note!r}")
        await harmless(browser)
        await accessible(browser, axe)


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_meter_that_is_not_read_is_told_with_the_reason(
    browser: Browser, language: str, axe: str
) -> None:
    paged = opened(language)
    paged.push(SimulatedMeter(None, "kaifa"), 3)
    for why in lines.doubled([MeterOptions(), MeterOptions(name="Cellar")]).values():
        paged.page.leave_out(why)
    said = sentences(language)["setup"]
    async with shown(paged) as address:
        await browser.open(address)
        await see(browser, "document.querySelector('#left-out').innerText.includes('Cellar')")
        told = await text(browser, "#part-setup")
        assert said["left_out"] in told
        assert said["all_well"] not in told
        await harmless(browser)
        await accessible(browser, axe)


async def test_it_follows_each_telegram_and_comes_back_after_a_restart(browser: Browser) -> None:
    paged = opened()
    meter = SimulatedMeter(None, "kaifa")
    paged.push(meter, 2)
    async with shown(paged) as address:
        await at(browser, address, "now")
        power = "document.querySelector('.power').innerText"
        before = await see(browser, power)
        paged.push(meter, 200)
        await see(browser, power, lambda now: now != before)
    await see(browser, f"!{LIVE}")
    port = int(address.rpartition(":")[2].strip("/"))
    paged.page.server._access = paged.page._access.__class__("127.0.0.1", port)
    task = asyncio.create_task(paged.page.run([paged.reader]))
    await see(browser, LIVE)
    before = await see(browser, power)
    paged.push(meter, 200)
    await see(browser, power, lambda now: now != before)
    await stop(task)


async def test_the_keyboard_is_enough(browser: Browser) -> None:
    async with shown(lived(seconds=3600, every=30)) as address:
        await at(browser, address, "pictures")
        await see(browser, "document.querySelectorAll('canvas').length >= 5")
        await browser.evaluate("document.querySelector('canvas').focus()")
        for key in ("End", "ArrowLeft"):
            for kind in ("rawKeyDown", "keyUp"):
                await browser.call("Input.dispatchKeyEvent", type=kind, key=key)
        await see(browser, "/W$/m.test(document.querySelector('figcaption').innerText)")
        await browser.evaluate("document.querySelector('[data-span=\"86400\"]').focus()")
        for kind in ("keyDown", "keyUp"):
            await browser.call(
                "Input.dispatchKeyEvent", type=kind, key="Enter", text="\r", code="Enter"
            )
        await see(browser, "document.querySelector('[data-span=\"86400\"]').ariaPressed === 'true'")
        await harmless(browser)


async def test_the_focus_stays_where_it_is_when_telegrams_come(browser: Browser) -> None:
    paged = opened()
    meter = SimulatedMeter(None, "kaifa")
    paged.push(meter, 2)
    power = "document.querySelector('.power')?.innerText"
    async with shown(paged) as address:
        await at(browser, address, "now")
        before = await see(browser, power)
        await browser.evaluate("document.querySelector('#values .scroll').focus()")
        paged.push(meter, 200)
        await see(browser, power, lambda now: now != before)
        assert await browser.evaluate("document.activeElement.className") == "scroll"
        await harmless(browser)


async def test_gas_water_and_the_peak_of_the_month_stand_beside_the_power(browser: Browser) -> None:
    paged = opened(name=None)
    paged.push(SimulatedMeter(None, "dsmr", "belgium"), 3)
    main, gas, water = paged.line.meters
    async with shown(paged) as address:
        await at(browser, address, "now")
        said = await text(browser, "#values")
        for meter in (gas, water):
            assert str(meter.facts("en")["name"]) in said
        for key in ("gas", "water", "power_import_peak"):
            assert SENSORS[key].name("en") in said
        assert main.values["power_import_peak"]
        await harmless(browser)


async def test_phases_of_which_only_the_power_is_known_are_shown(browser: Browser) -> None:
    paged = opened(name=None)
    paged.push(SimulatedMeter(None, "kaifa"), 3)
    (view,) = paged.line.meters
    reading = paged.reader._newest
    assert reading
    view._lists.clear()
    view.take(reading._replace(values={"power": 7, "power_l1": 3, "power_l3": 4}), 0.0, 1.0)
    async with shown(paged) as address:
        await at(browser, address, "now")
        said = await text(browser, "#values table")
        assert [one in said for one in ("L1", "L2", "L3")] == [True, False, True]
        await harmless(browser)


@pytest.mark.parametrize(
    ("earlier", "later", "time"),
    [
        ({"power": 7, "power_import": 7}, {"energy_import": 1}, "of"),
        ({"power_import": 7}, {"energy_import": 1}, "of"),
        ({"power": -8}, {"power_import": 7}, "last"),
    ],
)
async def test_the_power_has_the_time_of_its_own_list(
    browser: Browser, earlier: dict[str, int], later: dict[str, int], time: str
) -> None:
    paged = opened(name=None)
    paged.push(SimulatedMeter(None, "kaifa"), 3)
    (view,) = paged.line.meters
    reading = paged.reader._newest
    assert reading
    view._lists.clear()
    view.take(reading._replace(values=earlier), 0.0, 1_795_000_000.0)
    view.take(reading._replace(values=later), 60.0, 1_795_000_060.0)
    async with shown(paged) as address:
        await at(browser, address, "now")
        said = sentences("en")["now"][time].partition("{")[0]
        assert said in await text(browser, ".power + p")
        assert (await text(browser, ".power")).startswith("7")


async def test_sums_of_errors_and_gaps_stand_below_the_health_of_the_line(browser: Browser) -> None:
    said = sentences("en")["pictures"]
    async with shown(lived(seconds=7200, every=20)) as address:
        await at(browser, address, "pictures")
        captions = "[...document.querySelectorAll('figcaption')].map((one) => one.innerText).join()"
        for name in ("whole", "parity", "gaps", "least", "most", "last"):
            await see(browser, f"{captions}.includes({said[name]!r})")


async def test_what_happened_before_a_restart_is_shown(browser: Browser) -> None:
    before = opened()
    before.push(SimulatedMeter(None, "kaifa"), 2)
    async with shown(before):
        pass
    said = sentences("en")["event"]
    async with shown(Paged(state=before.state)) as address:
        await at(browser, address, "report")
        await see(browser, "document.querySelectorAll('#events li').length >= 3")
        told = await text(browser, "#events")
        assert told.count(said["started"]) == 2
        assert said["opened"] in told


async def test_a_name_that_is_markup_does_nothing(browser: Browser) -> None:
    evil = "<img src=x onerror=\"window.wrong.push('evil')\">"
    paged = opened(name=evil)
    paged.push(SimulatedMeter(None, "kaifa"), 3)
    async with shown(paged) as address:
        for part in PARTS:
            await at(browser, address, part)
            assert await text(browser, "#title") == evil
            await harmless(browser)


async def test_it_is_there_at_once(browser: Browser) -> None:
    async with shown(lived(seconds=3600, every=30)) as address:
        times: list[float] = []
        for n in range(5):
            begin = perf_counter()
            await browser.open(f"{address}?{n}")
            paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
            times.append(float(str(await see(browser, paint))))
            assert perf_counter() - begin < 10
    assert min(times) < 300  # milliseconds, on loopback
