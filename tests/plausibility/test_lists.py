"""The lists of one sender, and the push interval of each."""

import re
from dataclasses import replace

import pytest

from app.dlms import axdr
from app.meters.structure import Mask
from app.plausibility.constant import Constant
from app.plausibility.lists import _LONGEST, Found, KnownList, Lists
from tests.support.guarded import GuardedLine, accepted, line_of
from tests.support.repair import repair
from tests.support.simulated import SimulatedMeter
from tests.support.telegrams import decode, telegrams


def with_intervals(*seconds: float) -> KnownList:
    """Return a list of which telegrams came one after the other."""
    known, time = KnownList(()), 1.8e9
    known.arrived(time, time, 0.0)
    for passed in seconds:
        time += passed
        known.arrived(time, time, 0.0)
    return known


def test_a_push_interval_is_known_when_it_was_kept_three_times() -> None:
    assert with_intervals(5, 5, 5).interval is None
    assert with_intervals(5, 5, 5, 5).interval == 5
    assert with_intervals(5, 5, 20, 5).interval is None  # three telegrams were lost
    assert with_intervals(5, 5, 20, 5, 5).interval == 5
    assert with_intervals(5, 5, 5, 5, 7).interval is None
    assert with_intervals(0.3, 0.3, 0.3, 0.3).interval is None


def test_the_usual_gap_follows_what_telegrams_keep() -> None:
    known = with_intervals(*[10.0] * 50, 600.0, *[10.0] * 5)
    assert 8 < known.gap < 12
    known = with_intervals(*[10.0] * 50, *[60.0] * 30)
    assert 50 < known.gap < 70


@pytest.mark.parametrize(
    ("kept", "interval"),
    [
        ([7, 5.0], 5.0),
        ([7, 5.0, 3, 1.8e9, None], 5.0),  # of version 0.1.0
        ([7, None], None),
        ([7, 0.2], None),
        ([7, 900_000], 900_000.0),
        ([7, 2e6], None),
        ([7, float("inf")], None),
    ],
)
def test_a_push_interval_is_restored(kept: list[float | None], interval: float | None) -> None:
    lists = Lists()
    lists.restore([kept])
    assert lists.memory() == [[7, interval]]


def test_eight_lists_are_kept_over_a_restart() -> None:
    lists = Lists()
    lists.restore([[n, 5.0] for n in range(20)])
    assert len(lists.memory()) == 8


def test_a_sender_that_makes_up_lists_does_not_fill_the_memory() -> None:
    meter, line = SimulatedMeter(None, "am550", "text"), GuardedLine()
    line.push(meter, 3)
    (sender,) = line.guard._senders.values()
    for n in range(100):
        sender.known.lists.add(Found(None, (n,), 0, b""))
    assert len(sender.known.lists._known) == 32


# --- Texts whose decimals vary ---

NUMBER = re.compile(rb"(?<=\()\d+\.\d+(?=\*)")


def without_zeros(text: bytes) -> bytes:
    """Write the numbers of a text as programs do that stand for a meter."""
    return repair(NUMBER.sub(lambda number: number[0].rstrip(b"0").rstrip(b"."), text))


@pytest.mark.parametrize(("family", "name"), [("dsmr", "dsmr5"), ("kamstrup", "text")])
def test_a_text_whose_decimals_depend_on_its_numbers_is_not_pending_for_long(
    family: str, name: str
) -> None:
    meter, line = SimulatedMeter(None, family, name), GuardedLine()
    texts = [without_zeros(meter.telegram().data) for _ in range(120)]
    assert len(set(map(len, texts))) > 5
    readings = accepted([line.take(text, meter.meter.interval) for text in texts])
    assert all(readings[40:])
    assert line.push(meter) != [None]


def test_a_text_of_which_two_forms_are_known_keeps_to_their_decimals() -> None:
    meter = SimulatedMeter(None, "dsmr", "belgium")
    line, interval = line_of(meter), meter.meter.interval

    def take(old: bytes, new: bytes) -> bool:
        text = meter.telegram().data
        assert old in text
        return line.take(repair(text.replace(old, new)), interval) is not None

    assert [take(b"(10507.982*m3)", b"(10507.98*m3)") for _ in range(4)] == [False] * 2 + [True] * 2
    assert not take(b"(04875.234*m3)", b"(04875*m3)")


# --- The push interval of one list ---

STRUCTURE = ("one", 2, "link", "address", "rest")


def test_an_interval_is_known_once_it_was_kept_three_times() -> None:
    known = KnownList(STRUCTURE)
    for n in range(8):
        known.arrived(10.0 * n, 1000.0 + 10 * n, 0.0, slack=1.0)
        # The first pair shows it, and three after that keep it.
        assert known.interval == (10.0 if n >= 4 else None)


def test_lost_telegrams_show_no_interval() -> None:
    """A telegram comes each second, but most of them do not."""
    known = KnownList(STRUCTURE)
    for time in (0.0, 2.0, 8.0, 12.0, 16.0, 22.0):
        known.arrived(time, time, 0.0)
    assert known.interval is None
    known.arrived(23.0, 23.0, 0.0)
    for time in (24.0, 25.0, 27.0, 28.0):
        assert known.interval is None
        known.arrived(time, time, 0.0)
    assert known.interval == 1.0


def test_another_step_begins_anew_and_a_fraction_or_a_step_back_is_none() -> None:
    known = KnownList(STRUCTURE, 10.0)
    assert (known.interval, known.misses(25.0, 0.0)) == (10.0, 5.0)
    for time, interval, missed in ((0.0, 10.0, 5.0), (15.0, None, 5.0), (30.5, None, 25.0)):
        known.arrived(time, time, 0.0, slack=0.4)
        assert (known.interval, known.misses(25.0, 0.0)) == (interval, missed)
    known.arrived(45.5, 45.5, 0.0, slack=0.4)
    assert known.misses(25.0, 0.0) == 5.0
    known.arrived(60.5, 40.5, 0.0, slack=0.4)
    assert known.misses(25.0, 0.0) == 25.0


def test_a_time_misses_the_next_multiple_of_the_interval() -> None:
    known = KnownList(STRUCTURE, 10.0)
    for passed, missed in ((10.0, 0.0), (30.0, 0.0), (12.0, 2.0), (18.0, 2.0), (1.0, 9.0)):
        assert known.misses(passed, 0.0) == missed


@pytest.mark.parametrize(("hours", "minutes"), [(23, 60), (25, -60)])
def test_a_daily_list_comes_an_hour_earlier_or_later_when_summer_time_changes(
    hours: int, minutes: int
) -> None:
    known = KnownList(STRUCTURE, 86400.0)
    known.arrived(0.0, 0.0, 3600.0)
    passed, offset = 3600.0 * hours, 3600.0 + 60 * minutes
    assert known.misses(passed, offset) == 0.0
    assert known.misses(passed, 3600.0) == 3600.0
    assert known.misses(86400.0, offset) == 0.0
    known.arrived(passed, passed, offset)
    assert known.interval == 86400.0
    assert known.misses(passed, offset) == 3600.0


def test_a_clock_that_was_moved_by_less_than_an_hour_did_not_follow_summer_time() -> None:
    """A deviation that was damaged may say so."""
    known = KnownList(STRUCTURE, 3600.0)
    known.arrived(0.0, 0.0, 7200.0)
    assert known.misses(3540.0, 7260.0) == 60.0


def test_within_the_slack_the_interval_is_kept() -> None:
    for late, kept in ((1.0, True), (1.5, False)):
        known = KnownList(STRUCTURE, 10.0)
        known.arrived(0.0, 0.0, 0.0, slack=1.0)
        known.arrived(10.0 + late, 10.0 + late, 0.0, slack=1.0)
        assert (known.interval == 10.0) is kept


@pytest.mark.parametrize(
    ("passed", "due"),
    [(5.0, False), (5.1, True), (10.0, True), (19.9, True), (20.0, False), (0.0, False)],
)
def test_a_telegram_is_due_after_half_to_twice_the_usual_time(passed: float, *, due: bool) -> None:
    known = KnownList(STRUCTURE)
    assert not known.arrived(100.0, None, 0.0, slack=1.0)
    assert known.gap == 0
    known.gap = 10.0
    assert known.arrived(100.0 + passed, None, 0.0, slack=1.0) is due
    assert (known.gap > 10, known.gap == 10, known.gap < 10) == (
        passed > 10,
        not passed,
        0 < passed <= 10,
    )


def test_a_run_counts_as_its_telegrams() -> None:
    known = KnownList(STRUCTURE)
    for second in (0.0, 10.0):
        known.arrived(second, 1000.0 + second, 0.0)
    known.arrived(30.0, 1030.0, 0.0, count=2)
    assert (known.interval, known.seen_at, known.time) == (None, 30.0, 1030.0)
    assert known.gap == pytest.approx(9.9)
    known.arrived(40.0, 1040.0, 0.0)
    assert known.interval == 10.0


def test_an_interval_of_a_second_is_one_and_a_gap_below_it_counts() -> None:
    known = KnownList(STRUCTURE)
    for n in range(5):
        known.arrived(0.5 * n, float(n), 0.0, slack=0.1)
    assert known.interval == 1.0
    assert 0.4 < known.gap < 0.6


@pytest.mark.parametrize(
    ("usual", "passed", "gap"), [(0.0, 10.0, 11.0), (10.0, 20.0, 11.0), (10.0, 5.0, 9.0)]
)
def test_the_usual_gap_follows_slowly(usual: float, passed: float, gap: float) -> None:
    known = KnownList(STRUCTURE)
    known.arrived(100.0, None, 0.0)
    known.gap = usual
    known.arrived(100.0 + passed, None, 0.0)
    assert known.gap == pytest.approx(gap)


def test_a_sender_has_no_list_one_or_several() -> None:
    lists = Lists()
    assert (bool(lists), lists.are_several) == (False, False)
    for n, several in ((1, False), (2, True)):
        lists.add(Found(None, (*STRUCTURE, n), 0, b""))
        assert (bool(lists), lists.are_several) == (True, several)
    restored = Lists()
    restored.restore([[7, 10.0]])
    assert (bool(restored), restored.are_several) == (True, False)


def test_telegrams_that_are_not_accepted_make_no_list_known_after_a_restart() -> None:
    """Their addresses may be damaged."""
    meter, lists, restored = SimulatedMeter(None, "kaifa"), Lists(), Lists()
    first = found(meter, lists)
    lists.add(first)
    restored.restore(lists.memory())
    for address in ("01", "02"):
        one = restored._by_structure((*first.structure[:2], address, *first.structure[3:]))
        assert one
    assert (restored._known, restored.memory()) == ((), lists.memory())
    again = found(meter, restored)
    assert restored.add(again) is again.known
    assert found(meter, restored).known is again.known


def test_intervals_that_can_be_are_restored() -> None:
    lists = Lists()
    lists.restore([[1, 1.0], [2, 0.9], [3, _LONGEST], [4, _LONGEST - 1], [5, None], [6, 0]])
    assert lists.memory() == [
        [1, 1.0],
        [2, None],
        [3, None],
        [4, _LONGEST - 1],
        [5, None],
        [6, None],
    ]


# --- What the telegrams of a list repeat ---


def found(meter: SimulatedMeter, lists: Lists) -> Found:
    """Find the list of a meter's next telegram."""
    (telegram,) = telegrams(decode([meter.telegram().data]))
    return lists.find(telegram)


def rename(meter: SimulatedMeter, number: str) -> None:
    """Let its telegrams say another number of the meter."""
    meter.meter.identity = replace(meter.meter.identity, number=number)


def test_a_list_is_found_by_its_constant_bits_once_it_is_known() -> None:
    meter, lists = SimulatedMeter(None, "kaifa"), Lists()
    first = found(meter, lists)
    assert first.known is None
    assert first.constant
    assert first.clocks
    known = lists.add(first)
    for _ in range(3):
        later = found(meter, lists)
        assert later.known is known
        assert (later.structure, later.constant) == (first.structure, first.constant)
        lists.add(later)


def test_lists_that_come_in_turn_are_told_apart() -> None:
    lists = Lists()
    meters = [SimulatedMeter(None, "aidon", name) for name in ("norway", "norway-hourly")]
    known = [lists.add(found(meter, lists)) for meter in meters]
    assert known[0] is not known[1]
    for _ in range(3):
        for meter, one in zip(meters, known, strict=True):
            later = found(meter, lists)
            assert later.known is one
            assert later.constant in one.constants
            lists.add(later)


def test_a_list_that_sends_null_in_place_of_a_value_is_the_same_list() -> None:
    lists = Lists()
    known = lists.add(Found(None, (*STRUCTURE, axdr.LONG_UNSIGNED, axdr.ENUM), 0, b""))
    assert lists._by_structure((*STRUCTURE, axdr.NULL, axdr.ENUM)) is known
    assert lists._by_structure((*STRUCTURE, axdr.LONG, axdr.ENUM)) is None
    assert lists._by_structure((*STRUCTURE, axdr.LONG_UNSIGNED)) is None


def test_a_list_that_comes_over_another_channel_is_another_list() -> None:
    lists = Lists()
    meter = SimulatedMeter(None, "kaifa")
    known = lists.add(found(meter, lists))
    in_the_clear = SimulatedMeter(None, "kaifa", encrypted=False)
    assert found(in_the_clear, lists).known is not known


@pytest.mark.parametrize(("times", "relied_on"), [(9, False), (10, True)])
def test_a_text_is_relied_on_when_it_was_repeated_ten_times(times: int, *, relied_on: bool) -> None:
    meter, lists = SimulatedMeter(None, "e450"), Lists()
    for _ in range(times):
        one = found(meter, lists)
        assert not one.texts_differ
        lists.add(one)
    rename(meter, "87654321")
    assert found(meter, lists).texts_differ is relied_on


def test_a_text_that_changed_in_an_accepted_telegram_is_not_relied_on_again() -> None:
    meter, lists = SimulatedMeter(None, "kaifa", "tinetz"), Lists()
    usual = meter.meter.identity
    other = replace(usual, number=usual.number[::-1])
    for identity in (*[usual] * 10, other, *[usual] * 10):
        meter.meter.identity = identity
        lists.add(found(meter, lists))
    meter.meter.identity = other
    assert not found(meter, lists).texts_differ
    meter.meter.identity = replace(usual, name=usual.name[::-1])
    assert found(meter, lists).texts_differ  # the other text has not changed


def test_constant_bits_are_known_of_eight_sizes_of_a_list() -> None:
    lists = Lists()
    known = None
    for size in range(1, 10):
        constant = Constant(Mask(0, size=size), 0)
        known = lists.add(Found(known, STRUCTURE, 0, bytes(size), constant))
        sizes = [one.mask.size for one in known.constants]
        assert sizes == list(range(max(1, size - 7), size + 1))
