"""When templates of a line are made, and which telegrams they read."""

from decimal import Decimal

from app.meters import profile_files
from app.meters.interpreter import Interpreter
from app.meters.telegram import Telegram
from app.meters.templates import Templates, _Channel
from simulator.clock import VIENNA
from tests.support.interpreted import LGZ, from_meter, push
from tests.support.simulated import SimulatedMeter

PROFILES = profile_files.load()


def due_at(count: int, read: int = 0) -> list[int]:
    """Return which of the accepted telegrams of a channel are made templates of.

    Args:
        count: of telegrams that no template reads.
        read: how many templates read between two that are made.
    """
    channel, found = _Channel(()), []
    for n in range(1, count + 1):
        if channel.is_due():
            assert (channel.accepted, channel.read) == (0, 0)
            found.append(n)
            channel.read = read
    return found


def test_a_template_that_is_not_worth_it_is_made_ever_more_seldom() -> None:
    assert due_at(100) == [3, 3 + 12, 3 + 12 + 48]
    assert due_at(100, read=499) == [3, 15, 63]


def test_after_a_template_that_was_worth_it_the_next_one_is_made_as_soon() -> None:
    assert due_at(12, read=500) == [3, 6, 9, 12]


def test_after_one_template_that_was_worth_it_the_intervals_begin_anew() -> None:
    channel, found = _Channel(()), []
    for n in range(1, 40):
        channel.read += 500 * (n == 4)
        if channel.is_due():
            found.append(n)
    assert found == [3, 6, 6 + 3, 9 + 12]


class Learning:
    """Templates that learn the telegrams of a meter, and their interpreter."""

    def __init__(self, family: str = "kaifa") -> None:
        self.interpreter = Interpreter(PROFILES, "auto", VIENNA)
        self.templates = Templates(self.interpreter)
        self.family = family

    @property
    def channels(self) -> list[_Channel]:
        return list(self.templates._channels)

    def take(self, *, address: str = "ceff03") -> Telegram:
        """Take one more telegram, with a template if there is one."""
        plaintext, title = from_meter(self.family, "netznoe")
        one = push(plaintext, title, address)
        if found := self.templates.read(one):
            return found
        telegram = self.interpreter.read(one)
        self.templates.learn(telegram)
        return telegram


def test_telegrams_that_templates_read_are_counted_by_channel() -> None:
    line = Learning()
    assert [bool(line.take().template) for _ in range(6)] == [False] * 3 + [True] * 3
    (channel,) = line.channels
    assert (channel.read, channel.accepted) == (3, 0)
    line.take(address="ceff04")
    assert len(line.channels) == 2


def test_lists_of_another_size_and_other_senders_have_channels_of_their_own() -> None:
    line = Learning()
    for name in ("netznoe", "tinetz-1ph"):
        plaintext, title = from_meter("kaifa", name)
        for sender in (title, LGZ, None):
            for _ in range(2):
                line.templates.learn(line.interpreter.read(push(plaintext, sender)))
    assert [one.accepted for one in line.channels] == [2] * 6


def test_templates_are_dropped_when_telegrams_are_read_in_another_way() -> None:
    line = Learning()
    for _ in range(4):
        telegram = line.take()
    line.templates.learn(telegram)
    assert [len(one.templates) for one in line.channels] == [1]
    line.interpreter.revision += 1
    line.templates.learn(telegram)
    assert [len(one.templates) for one in line.channels] == [0]


def test_nothing_is_learned_of_telegrams_that_may_not_be_like_the_next_ones() -> None:
    line = Learning()
    for _ in range(4):
        by_template = line.take()
    general = by_template._replace(template=None)
    for other in (
        by_template,
        general._replace(reading=None),
        general._replace(told="its energies count 1 Wh"),
    ):
        line.templates.learn(other)
    assert [one.accepted for one in line.channels] == [0]
    line.templates.learn(general)
    assert [one.accepted for one in line.channels] == [1]


def test_a_hostile_sender_cannot_fill_the_memory_with_channels() -> None:
    line = Learning()
    for n in range(40):
        line.take(address=f"{n:06}")
    assert len(line.channels) == 32


def test_a_channel_has_eight_templates() -> None:
    line = Learning()
    for _ in range(4):
        telegram = line.take()._replace(template=None)
    (channel,) = line.channels
    for _ in range(12):
        channel.after = 1
        line.templates.learn(telegram)
    assert len(channel.templates) == 8


def test_no_template_is_made_of_a_telegram_in_doubt() -> None:
    """Its voltages seem to be counted otherwise than in those before."""
    line, meter = Learning(), SimulatedMeter(None, "kaifa-nordic", "sweden")
    made = 0
    for volts in (*(230,) * 7, 23, 23):
        meter.more = dict.fromkeys(("32.7.0", "52.7.0", "72.7.0"), Decimal(volts))
        for channel in line.channels:
            channel.after = 1
        one = line.interpreter.read(push(meter.telegram().plaintext, LGZ))
        line.templates.learn(one)
        (channel,) = line.channels
        made += bool(channel.templates)
        channel.templates = ()
    assert made == 6
