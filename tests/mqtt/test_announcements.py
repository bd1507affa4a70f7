"""What is announced in Home Assistant, and taken back after a week; the days are made up here."""

import copy
from datetime import date, timedelta

import pytest

from app.meters.reading import Meter
from app.mqtt.announcements import GONE_AFTER_DAYS, SECTION, Announcements
from app.state import Json, State
from tests.support.memory import Memory
from tests.support.publishing import GAS, KAIFA

MONDAY = date(2026, 6, 1)


class Days:
    def __init__(self) -> None:
        self.today = MONDAY

    def __call__(self) -> date:
        return self.today

    def pass_by(self, days: int = 1) -> None:
        self.today += timedelta(days=days)


@pytest.fixture
def days() -> Days:
    return Days()


@pytest.fixture
def state() -> State:
    return Memory()


@pytest.fixture
def announcements(state: State, days: Days) -> Announcements:
    return Announcements(state, days)


def test_a_meter_is_announced_once(announcements: Announcements) -> None:
    first = announcements.update(KAIFA, None, ["power"], {"power": "a - b"})
    assert first is not None
    assert first.keys == {"power"}
    assert first.derived == {"power": "a - b"}
    assert not first.gone
    assert announcements.update(KAIFA, None, ["power"], {"power": "a - b"}) is None


def test_what_the_meter_sends_itself_from_now_on_is_no_longer_calculated(
    announcements: Announcements, days: Days
) -> None:
    """One list may hold a total, and another one its tariffs: that is not told at each of them."""
    announcements.update(KAIFA, None, ["power", "energy_import"], {"energy_import": "a + b"})
    assert announcements.update(KAIFA, None, ["power", "energy_import"], {}) is None
    days.pass_by()
    assert announcements.update(KAIFA, None, ["energy_import"], {}) is None
    days.pass_by()
    assert announcements.update(KAIFA, None, ["power"], {}) is None
    sent = announcements.update(KAIFA, None, ["energy_import"], {})
    assert sent is not None
    assert sent.derived == {}
    again = announcements.update(KAIFA, None, ["energy_import"], {"energy_import": "a + b"})
    assert again is not None
    assert again.derived == {"energy_import": "a + b"}


def test_a_new_reading_is_added_to_the_announcement(announcements: Announcements) -> None:
    announcements.update(KAIFA, None, ["power"], {})
    second = announcements.update(KAIFA, None, ["frequency"], {})
    assert second is not None
    assert second.keys == {"power", "frequency"}
    assert announcements.update(KAIFA, None, ["power"], {}) is None


@pytest.mark.parametrize(
    ("meter", "name"),
    [
        (KAIFA, "Keller"),
        (Meter("1kfm02", "1KFM02", "kaifa", "Kaifa", "MA110M", "4b464d1020000011"), None),
    ],
    ids=["name", "model"],
)
def test_a_new_name_or_model_is_announced(
    announcements: Announcements, meter: Meter, name: str | None
) -> None:
    announcements.update(KAIFA, None, ["power"], {})
    assert announcements.update(meter, name, ["power"], {}) is not None


def test_announcements_are_kept_over_a_restart(
    announcements: Announcements, state: State, days: Days
) -> None:
    announcements.update(KAIFA, "Keller", ["power", "frequency"], {"power": "a - b"})
    announcements.update(GAS, None, ["gas"], {})
    again = Announcements(state, days)
    assert list(again.known()) == list(announcements.known())
    assert again.update(KAIFA, "Keller", ["power"], {"power": "a - b"}) is None


@pytest.mark.parametrize(
    "left",
    [
        "text",
        None,
        [],
        7,
        {"meter": {}},
        {"meter": {"id": "x", "colour": "red"}},
    ],
    ids=str,
)
def test_an_announcement_that_cannot_be_read_is_ignored(state: State, left: Json) -> None:
    Announcements(state).update(KAIFA, None, ["power"], {})
    state.set(SECTION, "other", left)
    assert [one.meter for one in Announcements(state).known()] == [KAIFA]


def test_an_announcement_with_a_damaged_id_is_ignored(state: State) -> None:
    Announcements(state).update(KAIFA, None, ["power"], {})
    for damaged in ("a/+", "", "#", 7):
        kept = copy.deepcopy(state.section(SECTION)[KAIFA.id])
        kept["meter"]["id"] = damaged
        state.set(SECTION, f"damaged {damaged}", kept)
    assert [one.meter for one in Announcements(state).known()] == [KAIFA]


def test_a_reading_that_a_meter_stopped_sending_is_gone_after_a_week(
    announcements: Announcements, days: Days
) -> None:
    announcements.update(KAIFA, None, ["power", "frequency"], {"frequency": "guessed"})
    for _ in range(GONE_AFTER_DAYS):
        days.pass_by()
        assert announcements.update(KAIFA, None, ["power"], {}) is None
    days.pass_by()
    news = announcements.update(KAIFA, None, ["power"], {})
    assert news is not None
    assert news.keys == {"power"}
    assert news.gone == {"frequency"}
    assert news.derived == {}
    back = announcements.update(KAIFA, None, ["frequency"], {})
    assert back is not None
    assert back.keys == {"power", "frequency"}
    assert not back.gone


def test_a_silent_meter_that_is_diagnosed_keeps_its_readings(
    announcements: Announcements, days: Days
) -> None:
    announcements.update(KAIFA, None, ["power", "frequency"], {})
    announcements.update(KAIFA, None, ["problem", "signal_health"], {})
    for _ in range(3 * GONE_AFTER_DAYS):
        announcements.update(KAIFA, None, ["problem"], {})
        days.pass_by()
    announcements.update(KAIFA, None, ["problem"], {})
    (known,) = announcements.known()
    assert known.keys == {"power", "frequency", "problem", "signal_health"}
    assert announcements.update(KAIFA, None, ["power"], {}) is None


def test_a_meter_that_is_diagnosed_and_not_heard_is_forgotten_all_the_same(
    announcements: Announcements, days: Days
) -> None:
    announcements.update(KAIFA, None, ["power"], {})
    for _ in range(GONE_AFTER_DAYS):
        days.pass_by()
        announcements.update(KAIFA, None, ["problem"], {})
        assert announcements.forget_unheard() == []
    days.pass_by()
    assert announcements.forget_unheard() == [KAIFA]


def test_a_diagnostic_that_stopped_coming_is_gone_after_a_week(
    announcements: Announcements, days: Days
) -> None:
    announcements.update(KAIFA, None, ["problem", "serial_mode"], {})
    for _ in range(GONE_AFTER_DAYS + 1):
        days.pass_by()
        announcements.update(KAIFA, None, ["power"], {})
        announcements.update(KAIFA, None, ["problem"], {})
    (known,) = announcements.known()
    assert known.gone == {"serial_mode"}


def test_what_is_gone_is_still_gone_after_a_restart(
    announcements: Announcements, state: State, days: Days
) -> None:
    announcements.update(KAIFA, None, ["power", "frequency"], {})
    for _ in range(GONE_AFTER_DAYS + 1):
        days.pass_by()
        announcements.update(KAIFA, None, ["power"], {})
    (known,) = Announcements(state, days).known()
    assert known.keys == {"power"}
    assert known.gone == {"frequency"}


def test_days_on_which_a_meter_was_not_heard_take_nothing_away(
    announcements: Announcements, days: Days
) -> None:
    announcements.update(KAIFA, None, ["power", "frequency"], {})
    days.pass_by(30)
    assert announcements.update(KAIFA, None, ["power"], {}) is None
    days.pass_by(30)
    assert announcements.update(KAIFA, None, ["power"], {}) is None


def test_days_on_which_the_program_did_not_run_take_nothing_away(
    announcements: Announcements, state: State, days: Days
) -> None:
    announcements.update(KAIFA, None, ["power", "frequency"], {})
    announcements.update(GAS, None, ["gas"], {})
    days.pass_by(30)
    again = Announcements(state, days)
    assert again.update(KAIFA, None, ["power"], {}) is None
    assert again.forget_unheard() == []


def test_a_meter_that_was_not_heard_for_a_week_is_forgotten(
    announcements: Announcements, state: State, days: Days
) -> None:
    announcements.update(KAIFA, None, ["power"], {})
    announcements.update(GAS, None, ["gas"], {})
    for _ in range(GONE_AFTER_DAYS):
        days.pass_by()
        announcements.update(KAIFA, None, ["power"], {})
        assert announcements.forget_unheard() == []
    days.pass_by()
    announcements.update(KAIFA, None, ["power"], {})
    assert announcements.forget_unheard() == [GAS]
    assert announcements.forget_unheard() == []
    assert [one.meter for one in Announcements(state, days).known()] == [KAIFA]


def test_formulas_that_change_to_and_fro_are_told_each_time(announcements: Announcements) -> None:
    for turn in range(4):
        formula = {"power": "a" if turn % 2 else "b"}
        announced = announcements.update(KAIFA, None, ["power"], formula)
        assert announced is not None
        assert announced.derived == formula
        assert announcements.update(KAIFA, None, ["power"], formula) is None


def test_the_type_code_that_only_some_lists_say_stays_over_them_and_over_restarts() -> None:
    state = Memory()
    made = Announcements(state)
    assert made.update(KAIFA, None, {"power"}, {}) is not None
    told = made.update(KAIFA, None, {"power"}, {}, "MA304H3E")
    assert told is not None
    assert told.type_code == "MA304H3E"
    for announcements in (made, Announcements(state)):
        assert announcements.update(KAIFA, None, {"power"}, {}) is None
        assert announcements.update(KAIFA, None, {"power"}, {}, "MA304H3E") is None
