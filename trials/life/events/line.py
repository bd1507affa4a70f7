"""The line: telegrams lost, late, twice, damaged, and of another meter."""

from dataclasses import replace
from decimal import Decimal

from trials.life.event import both, event, named, says
from trials.life.judge import Duty
from trials.life.life import Life
from trials.life.sender import Sender
from trials.life.subjects import Facts

_OTHER = 7654321


def _ordered(facts: Facts) -> bool:
    return facts.ciphered or facts.dated


@event()
def one_telegram_in_three_is_lost(life: Life) -> None:
    """One telegram in three is lost on the line."""
    for _ in range(100):
        if life.chance.random() < 1 / 3:
            life.lose()
        else:
            life.push()


@event()
def two_telegrams_in_three_are_lost(life: Life) -> None:
    """Two telegrams in three are lost on the line."""
    for _ in range(50):
        life.lose(2)
        life.push()


@event()
def one_telegram_in_five_is_damaged(life: Life) -> None:
    """One telegram in five is damaged so that its checksum shows it, if it has one."""
    for _ in range(20):
        life.push(4)
        life.damage()


@event()
def noise_between_telegrams(life: Life) -> None:
    """Bytes come between telegrams that belong to none."""
    for _ in range(30):
        life.deliver(life.chance.randbytes(life.chance.randrange(1, 20)), None)
        life.push()


@event()
def gateway_stalls_and_delivers_at_once(life: Life) -> None:
    """A gateway stalls for 30 telegrams, then delivers all of them at once; twice."""
    for _ in range(2):
        for data, said in [life.next() for _ in range(30)]:
            life.deliver(data, said)
        life.push(5)


@event()
def gateway_delivers_in_threes(life: Life) -> None:
    """A gateway delivers three telegrams at a time."""
    for _ in range(20):
        for data, said in [life.next() for _ in range(3)]:
            life.deliver(data, said)


@event()
def gateway_delivers_up_to_an_interval_late(life: Life) -> None:
    """A gateway delivers each telegram late by another share of the interval."""
    for _ in range(60):
        life.deliver(*life.next(), life.chance.random() * 0.9 * life.interval)


@event()
def gateway_delivers_each_telegram_twice(life: Life) -> None:
    """A gateway delivers each telegram twice; the second one says nothing new."""
    for _ in range(30):
        data, said = life.next()
        life.deliver(data, said)
        life.repeat(data, said)


@event()
def telegram_once_more_after_some_seconds(life: Life) -> None:
    """A gateway delivers the last telegram once more, most of an interval later."""
    for _ in range(6):
        data, said = life.next()
        life.deliver(data, said)
        life.repeat(data, said, 0.6 * life.interval)
        life.push(4)


@event(_ordered)
def telegram_delivered_after_the_next_one(life: Life) -> None:
    """Two telegrams change places. The older one may not be published behind the newer one."""
    for _ in range(6):
        first, second = life.next(), life.next()
        life.deliver(*second)
        life.deliver(first[0], replace(first[1], duty=Duty.REFUSE))
        life.push(4)


@event(_ordered)
def ten_telegrams_replayed(life: Life) -> None:
    """A gateway delivers ten telegrams of before once more. None of them may be published."""
    before = [life.next() for _ in range(10)]
    for data, said in before:
        life.deliver(data, said)
    life.push(10)
    for data, said in before:
        life.deliver(data, replace(said, duty=Duty.REFUSE))


_RECORDED = 63
"""Telegrams, which take ten minutes or less where they come each 10 s or faster."""


@event(lambda facts: facts.dated and not facts.ciphered and facts.interval >= 10)  # noqa: PLR2004
def recording_of_more_than_ten_minutes(life: Life) -> None:
    """What a gateway delivered last comes once more, at the same pace."""
    last = [life.next() for _ in range(_RECORDED)]
    for again in (False, True):
        for data, said in last:
            duty = Duty.REFUSE if again else Duty.PUBLISH
            life.deliver(data, replace(said, duty=duty), life.interval)


@event(both(says("voltage"), lambda facts: not facts.tagged))
def damaged_telegram_comes_again(life: Life) -> None:
    """A gateway delivers a telegram twice whose voltage is damaged, with a right checksum."""
    for _ in range(3):
        life.push(5)
        data = life.next_damaged({"32.7.0": 170})
        for _ in range(2):
            life.deliver(data, None)


def _untagged_total(facts: Facts) -> bool:
    is_fast = facts.dated and not facts.hourly and facts.interval <= 10  # noqa: PLR2004
    return is_fast and not facts.tagged and "energy_import_tariff_1" not in facts.keys


@event(both(says("energy_import"), _untagged_total))
def energy_damaged_in_a_late_telegram(life: Life) -> None:
    """A telegram comes 30 s late, and its energy is higher by what a connection carries in these.

    Its checksum is right.
    """
    for _ in range(3):
        life.push(5)
        energy = life.meter.household.at(life.meter.now).values["1.8.0"] or Decimal()
        life.deliver(life.next_damaged({"1.8.0": energy + 350}), None, 30)
        life.lose(30 // life.interval)


def _push_both(life: Life, times: int) -> None:
    """Let a second meter push on the same line behind each telegram of the first."""
    other = Sender(life.subject, life.meter.now, _OTHER)
    for _ in range(times):
        life.push()
        telegram, meter = other.telegram()
        said = life.said(telegram, meter)
        life.deliver(telegram.data, replace(said, list=f"{said.list} of the second meter"))


@event(both(named, lambda facts: not facts.text), hold=60)
def second_meter_on_the_line(life: Life) -> None:
    """A second meter pushes on the same line. Without ciphering damage makes such names, too."""
    _push_both(life, 70)


@event(both(named, lambda facts: not facts.text))
def two_meters_from_the_beginning(life: Life) -> None:
    """Two meters push on the same line, and the program reads both for the first time."""
    life.after_the_next = None  # a restart after a single telegram of one makes the other one new
    life.restart({})
    _push_both(life, 20)


@event(both(says("power_import_l1", "current_l1"), lambda facts: not facts.tagged))
def two_currents_damaged(life: Life) -> None:
    """Two currents of a telegram are damaged, and its checksum is right."""
    for _ in range(3):
        life.deliver(life.next_damaged({"31.7.0": 20, "51.7.0": 20}), None)
        life.push(5)


@event(named)
def one_telegram_of_another_meter(life: Life) -> None:
    """A telegram of the neighbour's meter strays onto the line, once. It need not be published."""
    other = Sender(life.subject, life.meter.now, _OTHER)
    telegram, meter = other.telegram()
    life.deliver(telegram.data, replace(life.said(telegram, meter), duty=Duty.MAY))
