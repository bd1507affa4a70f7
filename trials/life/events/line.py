"""The line: telegrams lost, late, twice, damaged; outages; the program and its host."""

from trials.life.event import event
from trials.life.life import Life


@event()
def one_telegram_in_three_is_lost(life: Life) -> None:
    """One telegram in three is lost on the line, for hundreds of telegrams."""
    for _ in range(150):
        if life.chance.random() < 1 / 3:
            life.lose()
        else:
            life.push()


@event()
def gateway_stalls_and_delivers_late(life: Life) -> None:
    """A gateway stalls for 30 telegrams, then delivers all of them at once."""
    for _ in range(2):
        for data, said in [life.next() for _ in range(30)]:
            life.deliver(data, said)
        life.push(5)


@event()
def nothing_is_read_for_three_weeks(life: Life) -> None:
    """The line is broken for three weeks, and the household goes on."""
    life.lose_for(days=21)
