"""What the page tells of a meter."""

import json

import pytest

from app.page.meter import MOST_LISTS
from app.page.moments import iso
from tests.support.paged import get, meter, opened, told


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


def test_values_of_lists_that_come_together_have_one_time() -> None:
    """The computer's clock is read anew for each list."""
    paged = opened()
    paged.push(meter("kaifa-nordic", name="norway-18"))
    (view,) = paged.line.meters
    reading = paged.reader._newest
    assert reading
    view.take(reading._replace(values={"voltage_l1": 230}), 2000.0, 1_795_000_000.0004)
    view.take(reading._replace(values={"voltage_l2": 231}), 2000.0003, 1_795_000_000.0007)
    view.take(reading._replace(values={"power_import": 7}), 2010.0, 1_795_000_010.0)
    view.take(reading._replace(values={"frequency": 50}), 2010.0, 1_795_000_010.0021)
    said = view.said()
    assert said["at"] == iso(1_795_000_010.0)
    older = said["older"]
    assert isinstance(older, dict)
    assert {*older.pop(iso(1_795_000_000.0004))} == {"voltage_l1", "voltage_l2"}
    assert not any("power_import" in keys for keys in older.values())


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
