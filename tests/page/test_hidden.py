"""What the page never tells."""

import json

import pytest

from app.dlms.ciphering import Keys
from app.language.catalogue import Sentence
from app.page.hidden import Hider
from app.status import OutputState
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.asking import ask
from tests.support.paged import meter, opened, shown, told

PATHS = ("", "page.js", "facts", "telegram", "report", "events", "health", "quarters", "recording")


FAMILIES = ["kaifa", "e450", "am550", "dsmr", "sagemcom-p1", "kamstrup", "aidon", "q3d", "ie5"]


@pytest.mark.parametrize("family", FAMILIES)
async def test_neither_key_nor_number_is_told(family: str) -> None:
    """Nor is a password that somebody quotes, as a broker may."""
    secret = "open sesame"
    paged = opened(name=None)
    paged.page._redactor = paged.line._hide._redactor = lambda text: text.replace(secret, "***")
    paged.outputs = {"broker": OutputState(works=False, sentence=f"refused {secret}")}
    simulated = meter(family)
    paged.push(simulated, 4)
    assert paged.line.meters, family
    found = paged.line.meters[0].meter
    known = (found.number, found.id, found.system_title)
    identities = [one for one in known if one and len(one) > 4 and any(map(str.isdigit, one))]
    assert identities
    async with shown(paged):
        for path in PATHS:
            text = (await ask(paged.page.server.port, f"/{path}")).body.decode().lower()
            assert secret not in text
            for key in (KEY, AUTH_KEY):
                assert key.hex() not in text.replace(" ", "")
            if path != "recording":
                for identity in identities:
                    assert identity.lower() not in text, (path, identity)


async def test_what_happened_names_no_meter_though_nobody_has_looked_before() -> None:
    paged = opened(keys=Keys())
    simulated = meter()
    for _ in range(8):
        paged.take(simulated.telegram().data)
        paged.after(5)
    events = json.dumps(await told(paged, "events"))
    assert "with system title" in events
    assert simulated.meter.identity.system_title.hex() not in events


async def test_of_many_meters_each_has_its_number_shortened() -> None:
    paged = opened()
    for n in range(100):
        paged.line._hide.learn(f"{n:05}")
    paged.push(meter(), 3)
    (view,) = paged.line.meters
    assert view.meter.number
    assert view.meter.number not in json.dumps(await told(paged, "facts"))


def test_the_meters_of_other_lines_take_no_place_among_the_numbers_of_one() -> None:
    paged = opened()
    for n in range(100):
        paged.page.watcher(f"line {n}", paged.options)
        paged.page._lines[-1]._hide.learn(f"{n:05}")
    paged.push(meter(), 3)
    (view,) = paged.line.meters
    assert view.meter.number
    for hide in (paged.line.hide, paged.page._hide):
        assert view.meter.number not in hide(f"the broker refuses smartmeter/{view.meter.number}")


def test_what_an_output_says_is_in_the_language_of_the_page() -> None:
    told = Hider(str, "de")(Sentence("supervisor.no_broker"))
    assert told.startswith("Home Assistant hat noch keinen MQTT-Broker; installieren")
