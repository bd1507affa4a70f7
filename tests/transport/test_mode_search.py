"""The search for a serial mode, by bursts of bytes at told times."""

import pytest

from app.transport.mode_search import GAP, LONGEST_TRIAL, LOYALTY, USUAL, ModeSearch
from app.transport.push_interval import PushInterval
from app.transport.serial_mode import SerialMode

E1 = SerialMode.parse("2400 8E1")
N1 = SerialMode.parse("9600 8N1")
FAST = SerialMode.parse("115200 8N1")


def burst(search: ModeSearch, begin: float, seconds: float = 1.0) -> float:
    """Receive bytes for a while; give the time of the last one."""
    now = begin
    while now < begin + seconds:
        search.received(now)
        now += 0.1
    return now - 0.1


def test_the_likeliest_mode_is_tried_first() -> None:
    assert ModeSearch(USUAL).mode == E1


def test_the_mode_that_was_right_last_time_is_tried_before_all_others() -> None:
    search = ModeSearch([E1, N1], first=FAST)
    tried = []
    for _ in range(4):
        tried.append(search.mode)
        search.next()
    assert tried == [FAST, E1, N1, FAST]


def test_one_burst_without_a_frame_does_not_prove_a_mode_wrong() -> None:
    search = ModeSearch([E1, N1])
    last = burst(search, 0.0)
    assert not search.wrong(last + GAP * 2)


def test_two_bursts_without_a_frame_prove_a_mode_wrong() -> None:
    search = ModeSearch([E1, N1])
    burst(search, 0.0)
    last = burst(search, 5.0)
    assert not search.wrong(last)
    assert search.wrong(last + GAP * 2)


def test_segments_of_one_telegram_are_one_burst() -> None:
    search = ModeSearch([E1, N1])
    first = burst(search, 0.0)
    last = burst(search, first + 0.16)
    assert not search.wrong(last + GAP * 2)


def test_bytes_without_a_pause_prove_a_mode_wrong_after_the_longest_trial() -> None:
    search = ModeSearch([E1, N1])
    last = burst(search, 0.0, LONGEST_TRIAL + 1)
    assert search.wrong(last)


@pytest.mark.parametrize("now", [10.0, 3600.0])
def test_silence_does_not_prove_a_mode_wrong(now: float) -> None:
    assert not ModeSearch([E1, N1]).wrong(now)


def test_a_frame_proves_a_mode_right() -> None:
    search = ModeSearch([E1, N1])
    burst(search, 0.0)
    burst(search, 5.0)
    search.framed()
    assert search.found
    assert not search.wrong(10.0)


def test_a_mode_that_was_right_is_kept_through_an_hour_of_silence_and_short_noise() -> None:
    search = ModeSearch([E1, N1])
    search.framed()
    assert not search.wrong(3600.0)
    last = burst(search, 3600.0, LONGEST_TRIAL * 2)
    assert not search.wrong(last)


def test_a_mode_that_was_right_is_given_up_after_long_noise() -> None:
    search = ModeSearch([E1, N1])
    search.framed()
    last = burst(search, 0.0, LOYALTY + 1)
    assert search.wrong(last)
    search.next()
    assert search.mode == N1
    assert not search.found


def test_noise_between_pushes_is_not_counted_as_a_push() -> None:
    """Bursts of noise come twice as often as the meter pushes."""
    search = ModeSearch([E1, N1], push_interval=PushInterval(60.0))
    search.framed()
    for second in range(0, 1200, 30):
        search.received(float(second))
        assert not search.wrong(float(second))
    for second in range(1200, 1300, 30):
        search.received(float(second))
    assert search.wrong(1300.0)


def test_the_only_mode_is_never_given_up() -> None:
    search = ModeSearch([E1])
    last = burst(search, 0.0, LOYALTY * 2)
    assert search.alone
    assert not search.wrong(last)
    assert not search.is_over
    search.framed()
    assert search.is_over


def test_a_mode_that_was_right_is_not_the_end_of_the_search_where_there_are_others() -> None:
    search = ModeSearch([E1, N1])
    search.received(0.0)
    search.framed()
    assert search.found
    assert not search.is_over


def test_no_usual_mode_is_listed_twice() -> None:
    assert len(set(USUAL)) == len(USUAL)


def test_a_mode_is_kept_until_the_second_push_a_minute_later_has_ended() -> None:
    search = ModeSearch([E1, N1])
    burst(search, 0.0)
    search.received(60.0)
    assert not search.wrong(60.0)  # the second push has only begun
    last = burst(search, 60.1)
    search.framed()
    assert search.found
    assert search.mode == E1
    assert not search.wrong(last)


def test_stray_bytes_before_and_after_an_hour_of_silence_do_not_prove_a_mode_wrong() -> None:
    """HDLC's last flag comes behind the frame, as a chunk of its own."""
    search = ModeSearch([E1, N1])
    search.framed()
    search.received(0.1)
    search.received(3600.0)
    assert not search.wrong(3600.0)


# Parity errors

WITHOUT = SerialMode.parse("2400 8N1")


def bad_burst(search: ModeSearch, begin: float, share: float = 0.99) -> float:
    """Receive 100 bytes within a second, some with errors; give the time of the last ones."""
    for turn in range(10):
        search.received(begin + turn / 10, 10, round(10 * share))
    return begin + 0.9


def over(search: ModeSearch, last: float) -> bool:
    """Tell whether a mode is wrong once a burst is over, and not before."""
    assert not search.wrong(last)
    wrong = search.wrong(last + GAP * 1.2)
    after = search.wrong_after(last)
    assert (after is not None) == wrong
    assert after is None or GAP < after < GAP * 1.2
    return wrong


def test_one_whole_burst_of_errors_without_a_frame_proves_a_mode_wrong() -> None:
    search = ModeSearch([E1, N1])
    search.opened(0.0)
    assert over(search, bad_burst(search, 2.0))
    search.next()
    assert search.mode == N1


def test_one_burst_of_errors_that_may_be_cut_does_not() -> None:
    search = ModeSearch([E1, N1])
    search.opened(0.0)
    assert not over(search, bad_burst(search, 0.2))
    assert over(search, bad_burst(search, 5.0))


def test_one_burst_with_few_errors_does_not() -> None:
    search = ModeSearch([E1, N1])
    search.opened(0.0)
    assert not over(search, bad_burst(search, 2.0, 0.2))
    assert over(search, bad_burst(search, 7.0, 0.2))


def test_frames_full_of_errors_lead_to_the_mode_without_parity_once_the_telegram_is_over() -> None:
    search = ModeSearch([E1, N1, WITHOUT])
    search.opened(0.0)
    last = bad_burst(search, 0.5)
    search.framed()
    assert (search.found, search.doubted) == (False, True)
    search.framed()  # of the next segment
    assert over(search, last)
    search.next()
    assert (search.mode, search.doubted) == (WITHOUT, False)
    search.opened(3.0)
    burst(search, 5.0)
    search.framed()
    assert search.found


def test_a_cut_burst_before_does_not_end_the_telegram_that_raises_the_doubt() -> None:
    search = ModeSearch([E1, WITHOUT])
    search.opened(0.0)
    bad_burst(search, 0.1)
    last = bad_burst(search, 5.0)
    search.framed()
    assert over(search, last)


def test_a_mode_that_was_doubted_comes_back_if_no_frame_comes_without_parity() -> None:
    search = ModeSearch([E1, N1, WITHOUT])
    search.opened(0.0)
    bad_burst(search, 1.0)
    search.framed()
    search.next()
    search.opened(3.0)
    burst(search, 5.0)
    last = burst(search, 10.0)
    assert search.wrong(last + GAP * 1.2)
    search.next()
    assert search.mode == E1
    search.opened(12.0)
    bad_burst(search, 15.0)
    search.framed()
    assert (search.found, search.doubted) == (True, False)


def test_frames_full_of_errors_are_read_on_where_there_is_no_mode_without_parity() -> None:
    for modes in ([E1], [E1, N1]):
        search = ModeSearch(modes)
        search.opened(0.0)
        last = bad_burst(search, 1.0)
        search.framed()
        assert search.found
        assert not over(search, last)


def test_a_mode_that_was_found_is_not_doubted_later() -> None:
    search = ModeSearch([E1, WITHOUT])
    search.opened(0.0)
    burst(search, 1.0)
    search.framed()
    assert search.found
    last = bad_burst(search, 5.0)
    assert not over(search, last)
    search.framed()
    assert (search.found, search.doubted) == (True, False)


def test_silence_proves_nothing() -> None:
    search = ModeSearch([E1, N1])
    search.opened(0.0)
    assert search.wrong_after(100.0) is None
    assert not search.wrong(100.0)
