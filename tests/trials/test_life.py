"""The trial of life: its judge, and a few events on a few lists."""

from decimal import Decimal

import pytest

from simulator.household import Report
from tests.support.guarded import GuardedLine
from trials.life.event import EVENTS
from trials.life.judge import Duty, Judge
from trials.life.life import Life
from trials.life.subjects import Subject, subjects
from trials.life.trial import Run, Total, play, runs_of

KAIFA = Subject("kaifa", "netznoe")
GAS = Subject("dsmr2", "dsmr2")
HOURLY = Subject("aidon", "norway", "norway-hourly")


def life_of(subject: Subject, event: str = "state-lost") -> Life:
    return Life(EVENTS[event], subject, guarded=False)


# --- What is judged ---


def test_a_wrong_value_is_counted_once_for_each_telegram() -> None:
    life = life_of(KAIFA)
    data, said = life.next()
    said.values["voltage_l1"] += 1
    life.deliver(data, said)
    life.push()
    verdict = life.end()
    assert verdict.wrong == 1
    assert "voltage_l1" in verdict.shown[0]


def test_a_telegram_of_which_a_value_is_withheld_is_held() -> None:
    life = life_of(KAIFA)
    life.judge.counting = True
    for _ in range(2):
        data, said = life.next()
        said.values["voltage_l4"] = Decimal(230)
        life.deliver(data, said)
    (hold,) = life.end().holds.values()
    assert (hold.longest, hold.run, hold.missing) == (2, 2, "voltage_l4")
    life.push()
    assert (hold.longest, hold.run, hold.good) == (2, 0, 3)


def test_what_may_be_withheld_for_ever_is_not_missed() -> None:
    life = life_of(KAIFA)
    life.judge.counting = True
    data, said = life.next()
    said.values["voltage_l4"] = Decimal(230)
    said.optional = ("voltage",)
    life.deliver(data, said)
    (hold,) = life.end().holds.values()
    assert hold.longest == 0


def test_what_may_not_be_published_is_wrong_although_its_values_are_right() -> None:
    life = life_of(KAIFA)
    life.duty = Duty.REFUSE
    life.push()
    assert life.end().wrong == 1


def test_a_telegram_that_comes_out_late_is_right() -> None:
    judge, line, life = Judge(), GuardedLine(guarded=False), life_of(KAIFA)
    (first, said), (_, said_next) = life.next(), life.next()
    judge.judge(said, [], "")
    judge.judge(said_next, line.feed(first), "")
    assert judge.verdict.wrong == 0


def test_a_false_report_is_wrong_each_time_that_it_is_published() -> None:
    verdict = play(Run("submeter-reports-zero", GAS, guarded=False))
    assert verdict.wrong == 30  # telegrams that repeat it
    assert "gas 0" in verdict.shown[0]
    assert verdict.holds["gas reports"].longest == 0


def test_reports_that_are_withheld_are_counted_once_each() -> None:
    life = life_of(GAS)
    life.judge.counting = True
    for value in range(3):
        life.meter.reports["gas"] = Report(life.meter.now, Decimal(value))
        for _ in range(4):
            _, said = life.next()
            life.judge.judge(said, [], "")
    holds = life.end().holds
    assert holds["gas reports"].longest == 3
    assert holds["dsmr2"].longest == 12


# --- What happens ---


def test_each_event_tells_its_story_and_can_happen_to_something() -> None:
    tried = {run.event for one in subjects() for run in runs_of(one, EVENTS.values())}
    assert tried == EVENTS.keys()
    assert all(event.story.endswith(".") for event in EVENTS.values())
    assert len(EVENTS) > 60


def test_an_hourly_list_comes_at_the_full_hour() -> None:
    life = life_of(HOURLY)
    life.lose_for(minutes=58)
    lists = [life.next()[1].list for _ in range(20)]
    assert [n for n, name in enumerate(lists) if name == "norway-hourly"] == [11]


@pytest.mark.parametrize("subject", [KAIFA, GAS], ids=str)
@pytest.mark.parametrize(
    "event", ["counters-reset", "line-broken-for-days", "clock-set-ahead-by-an-hour", "state-lost"]
)
def test_some_events_meet_the_goals(subject: Subject, event: str) -> None:
    if EVENTS[event].applies(subject.about):
        run = Run(event, subject)
        total = Total(EVENTS[event])
        total.add(run, play(run))
        assert not total.missed, (total.shown, total.over, total.not_right)
