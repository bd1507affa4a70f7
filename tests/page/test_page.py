"""What the page tells of a line, and what it never tells."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from app.config import lines
from app.config.options import MeterOptions
from app.dlms.ciphering import Keys
from app.language.catalogue import Sentence
from app.line.trouble import Trouble
from app.log import NOTICE
from app.page.chain import Condition, Step
from app.page.download import Contents
from app.page.files import FOLDER, Files, sentences
from app.page.hidden import Hider
from app.page.meter import MOST_LISTS
from app.page.moments import iso
from app.page.page import MOST_HISTORIES
from app.status import OutputState
from app.transport.events import GaveUp, Lost, Opened, Settled
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.asking import Answered, ask, until
from tests.support.lines import MODE, OTHER_KEY, PORT
from tests.support.paged import Paged, opened, shown
from tests.support.publishing import stop
from tests.support.simulated import SimulatedMeter
from tests.support.telegrams import UNKNOWN_LIST

PATHS = ("", "page.js", "facts", "telegram", "report", "events", "health", "quarters", "recording")


async def get(paged: Paged, path: str) -> Answered:
    async with shown(paged):
        return await ask(paged.page.server.port, f"/{path}")


async def told(paged: Paged, path: str) -> Any:  # noqa: ANN401 - any JSON
    answer = await get(paged, path)
    assert answer.status == 200
    return json.loads(answer.body)


def steps(paged: Paged) -> dict[str, str]:
    facts: Any = paged.line.facts("en", published=all(o.works for o in paged.outputs.values()))
    return dict(facts["steps"])


def meter(family: str = "kaifa", **options: object) -> SimulatedMeter:
    return SimulatedMeter(None, family, **options)  # type: ignore[arg-type]


# Setting up


def test_each_step_waits_for_the_one_before() -> None:
    paged = Paged()
    assert list(steps(paged).values()) == ["waiting", *["later"] * 5]
    paged.take(PORT)
    assert list(steps(paged).values()) == ["done", "waiting", *["later"] * 4]
    paged.take(b"\x00\x01")
    assert list(steps(paged).values()) == ["done", "done", "waiting", *["later"] * 3]
    paged.push(meter(), 3)
    assert set(steps(paged).values()) == {"done"}


def test_nothing_that_arrives_is_told_from_what_cannot_be_read() -> None:
    silent, noisy = opened(), opened()
    silent.after(40)
    for _ in range(40):
        noisy.take(b"\x55\x11\x22" * 5)
        noisy.after(1)
    assert (steps(silent)[Step.BYTES], steps(silent)[Step.FRAMES]) == ("wrong", "later")
    assert (steps(noisy)[Step.BYTES], steps(noisy)[Step.FRAMES]) == ("done", "wrong")
    facts: Any = noisy.line.facts("en", published=True)
    assert facts["problem"]["kind"] == "no frames"
    assert "serial_mode" in facts["problem"]["text"]


@pytest.mark.parametrize(
    ("keys", "kind"), [(Keys(), "key missing"), (Keys(OTHER_KEY), "encryption key wrong")]
)
def test_a_key_that_is_missing_or_wrong_is_told(keys: Keys, kind: str) -> None:
    paged = opened(keys=keys)
    paged.push(meter(), 10)
    assert steps(paged)[Step.FRAMES] == Condition.DONE
    assert steps(paged)[Step.DECIPHERED] == Condition.WRONG
    facts: Any = paged.line.facts("en", published=True)
    assert facts["problem"]["kind"] == kind


def test_a_list_that_nobody_knows_is_told() -> None:
    paged = opened()
    for _ in range(10):
        paged.take(UNKNOWN_LIST)
        paged.after(5)
    assert steps(paged)[Step.DECIPHERED] == Condition.DONE
    assert steps(paged)[Step.RECOGNISED] == Condition.WRONG
    facts: Any = paged.line.facts("en", published=True)
    assert facts["problem"]["kind"] == "unknown list"


def test_an_output_that_does_not_work_is_told() -> None:
    paged = opened()
    paged.outputs = {"broker": OutputState(works=False, sentence="no broker is known")}
    paged.push(meter(), 3)
    assert steps(paged)[Step.RECOGNISED] == Condition.DONE
    assert steps(paged)[Step.PUBLISHED] == Condition.WRONG


def test_what_an_output_says_is_in_the_language_of_the_page() -> None:
    told = Hider(str, "de")(Sentence("supervisor.no_broker"))
    assert told.startswith("Home Assistant hat noch keinen MQTT-Broker; installieren")


def test_the_modes_that_are_tried_are_told() -> None:
    paged = Paged()
    paged.take(PORT._replace(searching=True), GaveUp(MODE, was_right=False), Opened("x", MODE))
    facts: Any = paged.line.facts("en", published=True)
    assert facts["given_up"] == ["2400 8E1"]
    paged.take(Settled(MODE, searched=True), Lost("x", "it is gone", 1.0))
    facts = paged.line.facts("en", published=True)
    assert facts["given_up"] == []
    assert steps(paged)[Step.LINE] == Condition.WRONG
    assert [event[1] for event in paged.line.told_events()][:2] == ["lost", "settled"]


async def test_a_meter_of_the_options_that_is_not_read_is_told() -> None:
    paged = opened("de", name=None)
    first, second = MeterOptions(device="/dev/ttyUSB0"), MeterOptions(device="/dev/ttyUSB0")
    for why in lines.doubled([first, second]).values():
        paged.page.leave_out(why)
    (why,) = (await told(paged, "facts"))["left_out"]
    assert "additional_meters[0] wird nicht gelesen: Tragen Sie dort device" in why


def test_every_problem_has_words_in_each_language() -> None:
    for language in ("en", "de"):
        said = sentences(language)
        kinds = {trouble.value.replace(" ", "_") for trouble in Trouble} | {"output"}
        assert said["trouble"].keys() == kinds
        assert said["step"].keys() == said["waiting"].keys() == set(Step)
        assert said["condition"].keys() == set(Condition)


def test_a_language_that_the_page_is_not_in_gives_english() -> None:
    assert Files("nl").get("index.html") == Files("en").get("index.html")


def test_the_languages_say_the_same() -> None:
    english, german = sentences("en"), sentences("de")
    assert english.keys() == german.keys()
    for group, said in english.items():
        assert german[group].keys() == said.keys(), group
        for name, text in said.items():
            parameters = re.findall(r"\{\w+\}", text)
            assert sorted(re.findall(r"\{\w+\}", german[group][name])) == sorted(parameters), name


def test_the_script_says_only_what_there_is() -> None:
    said = sentences("en")
    scripts = "".join(path.read_text("utf-8") for path in (FOLDER / "assets").glob("*.js"))
    for group, name in re.findall(r"""say\(["`](\w+)\.(\w+)["`]""", scripts):
        assert name in said[group], (group, name)


def test_each_sentence_is_said_by_its_name_or_by_a_word_that_is_told() -> None:
    assets = "".join(path.read_text("utf-8") for path in (FOLDER / "assets").iterdir())
    told = {f"report.{contents}_note" for contents in Contents}
    told |= {f"telegram.tag_{tag}" for tag in ("none", "unchecked", "fits", "wrong")}
    words = {"condition", "event", "output", "step", "trouble", "waiting"}
    for group, said in sentences("en").items():
        for name in said if group not in words else ():
            found = f"{group}.{name}"
            assert found in told or found in assets or f'"{name}"' in assets, found


def test_the_files_are_small_and_load_nothing_from_elsewhere() -> None:
    for language in ("en", "de"):
        files = Files(language)
        found = [files.get(path.name) for path in (FOLDER / "assets").iterdir()]
        assert sum(len(answer.body) for answer in found if answer) < 60_000
    for path in (FOLDER / "assets").iterdir():
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.|url\(|eval\(|innerHTML =|style=", text), path
    page = (FOLDER / "assets/index.html").read_text("utf-8")
    assert not re.search(r"(src|href)=\"/", page)  # ingress puts a prefix before paths
    assert '<meta charset="utf-8">' in page


# What it shows


async def test_values_come_with_names_in_the_household_s_language() -> None:
    paged = opened("de")
    paged.push(meter(), 3)
    facts = await told(paged, "facts")
    (found,) = facts["line"]["meters"]
    assert (found["name"], found["model"], found["online"]) == ("House", "Kaifa MA309", True)
    assert found["sensors"]["energy_import"] == ["Bezug", "kWh", 3]
    assert found["values"]["power"] == pytest.approx(found["values"]["power_import"], abs=1e5)
    assert "power" in found["kept"]


def test_values_of_a_list_that_comes_seldom_stay_beside_those_of_the_others() -> None:
    """Norwegian meters send the power each 2 s, the phases each 10 s, energies by the hour."""
    paged = opened()
    lists = [meter("kaifa-nordic", name=f"norway-{n}") for n in (18, 13, 1)]
    paged.push(lists[0])
    (view,) = paged.line.meters
    first = view.values
    for one in lists[1:]:
        paged.push(one)
        assert paged.reader._newest
        assert view.values.items() >= paged.reader._newest.values.items()
        assert view.values.keys() == first.keys()
    assert paged.reader._newest
    assert list(paged.reader._newest.values) == ["power_import"]
    assert view.values["energy_import"] == first["energy_import"]
    paged.push(lists[0], 800)
    assert view.values["energy_import"] != first["energy_import"]


def test_values_of_an_earlier_list_say_when_they_came() -> None:
    """Else the power of a minute ago stood beside the time of the last telegram."""
    paged = opened()
    for n in (18, 13, 1):
        paged.push(meter("kaifa-nordic", name=f"norway-{n}"))
    (view,) = paged.line.meters
    said = json.loads(json.dumps(view.said(), default=str))
    times = [iso(paged.time.timestamp() - seconds) for seconds in (15, 10, 5)]
    assert said["at"] == times[2]
    assert said["older"].keys() == set(times[:2])
    assert "energy_import" in said["older"][times[0]]
    assert {"power", "voltage_l1"} <= {*said["older"][times[1]]}
    assert {key for keys in said["older"].values() for key in keys} == (
        said["values"].keys() - {"power_import"}
    )


def test_lists_whose_texts_are_others_each_time_do_not_pile_up() -> None:
    paged = opened()
    paged.push(meter("kaifa-nordic", name="norway-18"))
    (view,) = paged.line.meters
    reading = paged.reader._newest
    assert reading
    for n in range(5 * MOST_LISTS):
        view.take(reading._replace(values={"power_import": n, "tariff": str(n)}), n, n)
        assert len(view._lists) == 2
    for n in range(5 * MOST_LISTS):
        view.take(reading._replace(values={f"made_up_{n}": n}), n, n)
    assert len(view._lists) == MOST_LISTS
    assert f"made_up_{n}" in view.values


def test_a_value_of_another_list_that_is_now_unknown_is_shown_no_more() -> None:
    paged = opened()
    for n in (18, 1):
        paged.push(meter("kaifa-nordic", name=f"norway-{n}"))
    (view,) = paged.line.meters
    power = paged.reader._newest
    assert power
    view.take(power._replace(unknown=frozenset(("voltage_l1",))), 0.0, 0.0)
    assert "voltage_l1" not in view.values
    assert "voltage_l2" in view.values
    view.take(power._replace(values={"frequency": 50}), 0.0, 0.0)
    view.take(power, 0.0, 0.0)
    assert "voltage_l1" not in view.values


async def test_meters_behind_a_meter_have_names_in_the_household_s_language() -> None:
    paged = opened("de", name=None)
    paged.push(meter("dsmr", name="belgium"), 3)
    line = (await told(paged, "facts"))["line"]
    assert [one["name"] for one in line["meters"][1:]] == ["Gaszähler", "Wasserzähler"]


async def test_the_history_is_given_as_it_is_kept() -> None:
    paged = opened()
    paged.push(meter(), 10)
    answer = await get(paged, "series?key=power&seconds=50")
    assert len(answer.body) == 16 + 10 * 4
    assert len((await get(paged, "series?key=power")).body) == 16 + 17280 * 4
    assert (await get(paged, "series?key=nothing")).body == b""
    assert len(await told(paged, "quarters")) == 1
    assert await told(paged, "health") != []


@pytest.mark.parametrize(
    "path",
    [
        *("nothing", "../page.py", "%2e%2e/page.py", "files/page.js", "index.html/", "facts/"),
        *("series?meter=9", "series?meter=-1", "series?meter=x", "series?line=1", "health?line=9"),
        "health?line=99999999999999999999999",
    ],
)
async def test_what_is_not_there_is_not_found(path: str) -> None:
    paged = opened()
    paged.push(meter(), 2)
    assert (await get(paged, path.encode("latin-1").decode("latin-1"))).status == 404


async def test_the_last_telegram_is_shown_as_listen_does() -> None:
    paged = opened()
    paged.push(meter(), 3)
    paged.take(meter().telegram().data)  # once more
    shown_ = await told(paged, "telegram")
    codes = {row[0]: row for row in shown_["telegram"]["registers"]}
    assert codes["1-0:1.8.0"][1] == "energy import"
    assert codes["1-0:1.8.0"][3] == "Wh"
    assert shown_["telegram"]["security"]["ciphered"]
    assert [row[1] for row in shown_["rejected"]] == ["replayed"]


async def test_registers_have_names_in_the_household_s_language() -> None:
    paged = opened("de")
    paged.push(meter("dsmr"), 3)
    names = {row[0]: row[1] for row in (await told(paged, "telegram"))["telegram"]["registers"]}
    assert names["1-0:1.8.1"] == "Bezug Tarif 1"
    assert names["0-0:96.1.1"] == "device number 2"  # what is no reading has an English name only


async def test_the_first_eight_meters_have_a_history() -> None:
    paged = opened()
    made = [paged.page._history() for _ in range(MOST_HISTORIES + 1)]
    assert [one is None for one in made] == [False] * MOST_HISTORIES + [True]


# What is not for everybody


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


async def test_messages_to_the_customer_are_for_nobody_else() -> None:
    paged = opened()
    paged.push(meter("dsmr"), 3)
    (view,) = paged.line.meters[:1]
    reading = paged.reader._newest
    assert reading
    values = {**reading.values, "message": "Dear Ms Huber", "message_2": "owed: 100"}
    view.take(reading._replace(values=values), 0.0, 0.0)
    assert "Huber" not in json.dumps(await told(paged, "facts"))
    assert not any(key.startswith("message") for key in view.values)
    assert "power" in view.values


async def test_a_meter_whose_number_is_markup_is_text() -> None:
    evil = "<img src=x onerror=alert(1)>"
    paged = opened(name=evil)
    paged.push(meter(), 3)
    page = await get(paged, "")
    assert "<img" not in page.body.decode()
    facts = await get(paged, "facts")
    assert facts.headers["content-type"] == "application/json"
    assert json.loads(facts.body)["line"]["meters"][0]["name"] == evil


# For a report


def test_the_block_for_a_report_has_what_a_report_needs() -> None:
    paged = opened(keys=Keys())
    paged.push(meter(), 8)
    block = paged.line.report()
    assert block.startswith("----- paste from here")
    assert "key missing" in block
    assert "/dev/ttyUSB0 (2400 8E1)" in block


def test_the_block_has_the_last_telegram_of_each_kind() -> None:
    """Also where each is like the one before, of which little is taken note."""
    paged = opened()
    paged.push(meter(), 30)
    paged.line.notes.hand_on()
    first = paged.line._telegrams._last
    paged.push(meter("e450"), 30)
    paged.line.notes.hand_on()
    second = paged.line._telegrams._last
    block = paged.line.report()
    assert block.index("meter_type kaifa") < block.index("meter_type e450")
    assert list(paged.line._telegrams._kinds.values()) == [first, second]


# Live


async def test_each_telegram_is_one_small_message_while_somebody_looks() -> None:
    paged = opened()
    simulated = meter()
    paged.push(simulated, 2)
    got: list[bytes] = []

    class Sink:
        def send(self, data: bytes) -> None:
            got.append(data)

    sink = Sink()
    stream = paged.line.stream()
    stream.begin(sink)
    paged.push(simulated, 3)
    stream.end(sink)
    paged.push(simulated, 3)
    readings = [data for data in got if data.startswith(b"event: reading\n")]
    assert len(readings) == 3
    assert all(len(data) < 1000 and data.endswith(b"\n\n") for data in readings)
    said = json.loads(readings[0].partition(b"data: ")[2])
    assert said["meter"] == 0
    assert said["older"] == {}
    assert "power" in said["values"]


async def test_what_is_told_again_and_again_is_short_however_many_lines_there_are() -> None:
    paged = opened()
    others = [opened() for _ in range(300)]
    for n, other in enumerate(others):
        other.push(meter(), 2)
        other.line._label = f"meter {n}"
        paged.page._lines.append(other.line)
    paged.push(meter(), 2)
    got: list[bytes] = []

    class Sink:
        def send(self, data: bytes) -> None:
            got.append(data)

    stream = paged.line.stream()
    stream.begin(Sink())
    others[7].push(meter(), 3)
    assert not any(data.startswith(b"event: reading") for data in got)
    paged.page._show([paged.line])
    assert got[-1].startswith(b"event: doing\n")
    assert len(got[-1]) < 1000
    facts = paged.page._facts(paged.line)
    assert len(json.dumps(facts, default=str)) < 20_000
    assert facts["names"][8] == ["meter 7", "House"]  # type: ignore[index]


async def test_an_address_that_is_taken_is_told_and_tried_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.page.page.RETRY_AFTER", 0.05)
    caplog.set_level(NOTICE)
    first, second = opened(), opened()
    async with shown(first):
        port = first.page.server.port
        assert port
        second.page.server._access = replace(second.page.server._access, port=port)
        second.page._access = second.page.server._access
        task = asyncio.create_task(second.page.run([second.reader]))
        await until(lambda: not second.page.works)
        assert "cannot be shown" in second.page.sentence
        assert caplog.text.count("cannot be shown") == 1
        assert f"the page is at http://127.0.0.1:{port}" not in caplog.text
    await until(lambda: second.page.works)
    assert second.page.sentence == f"the page is at http://127.0.0.1:{port}"
    assert second.page.sentence in caplog.text
    await stop(task)
