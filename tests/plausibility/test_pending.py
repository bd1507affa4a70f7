"""Telegrams that do not follow from the accepted ones, and wait for others that confirm them."""

import pytest

from app.dlms.receiver import Push
from app.link import Frame
from app.meters.telegram import Telegram
from app.plausibility.decision import Violation
from app.plausibility.evidence import Evidence
from app.plausibility.lists import Found, KnownList
from app.plausibility.pending import Pending
from app.plausibility.track import Observation

TELEGRAM = Telegram(Push(Frame("mbus", 0, b""), None, None))
FALL = Violation("fall", "it falls", "energy_import")
TEXT = ("p1", True, "", None)
LIST = ("mbus", False, "", None, *"codes")


def said(
    now: float,
    bits: int = 1,
    *,
    counter: int | None = None,
    time: float | None = None,
    known: KnownList | None = None,
) -> Observation:
    """Return a telegram of `LIST`."""
    found = Found(known, LIST, bits, b"")
    return Observation(TELEGRAM, Evidence.SUM, found, None, counter, time, now, now, {})


def pending(first: Observation) -> Pending:
    return Pending(first, [FALL], 0.5)


@pytest.mark.parametrize(("known", "near"), [(None, 5), (KnownList(LIST), 1)])
def test_an_accepted_telegram_contradicts_those_of_its_list(
    known: KnownList | None, near: int
) -> None:
    """One of a list that is nearly the same does, too, unless both are known."""
    one = pending(said(0.0, known=known))
    lists = [(*LIST[: len(LIST) - n], *range(n)) for n in range(6)]
    assert [one.contradicted_by(other) for other in lists] == [n < near for n in range(6)]


def test_any_accepted_text_contradicts_a_pending_one() -> None:
    """Damage may cost a text lines, and after a restart its list is not known yet."""
    one = Pending(said(0.0)._replace(found=Found(None, TEXT, 1, b"")), [FALL], 0.5)
    assert one.contradicted_by((*TEXT, "1-0:1.8.0"))
    assert not one.contradicted_by(LIST)


def test_a_pending_telegram_may_have_the_counter_of_the_next_one() -> None:
    """Whether they do in this list is not known yet."""
    one = pending(said(0.0, counter=7))
    assert one.track.counter_may_repeat
    assert one.track.delay == 0.5
    assert one.checks == {"fall"}


@pytest.mark.parametrize(
    ("again", "repeated"),
    [
        (said(1.0, 2, time=5.0), False),
        (said(1.0, time=5.0), True),
        (said(0.4), True),  # no meter sends the next one as soon
        (said(0.5), False),  # nothing tells it from the next one
    ],
)
def test_the_same_telegram_again_confirms_nothing(again: Observation, *, repeated: bool) -> None:
    assert pending(said(0.0)).is_repeated_by(again) is repeated


@pytest.mark.parametrize(("seconds", "repeated"), [(4.9, True), (5.0, False)])
def test_the_same_telegram_in_half_the_usual_time_is_the_same(
    seconds: float, *, repeated: bool
) -> None:
    """A meter without clock and counter may say the same in its next telegram."""
    known = KnownList(LIST)
    known.gap = 10.0
    one = pending(said(100.0, known=known))
    assert one.is_repeated_by(said(100.0 + seconds, known=known)) is repeated


def test_confirmations_are_counted_and_the_largest_load_is_known() -> None:
    one = pending(said(0.0, counter=7))
    assert one.confirmations == 0
    assert one.is_repeated_by(said(1.0, counter=7))
    assert not one.is_repeated_by(said(1.0, counter=8))
    for n in (1, 2):
        one.add(said(float(n), counter=7 + n), 1000.0 * n)
        assert one.confirmations == n
    one.add(said(3.0, counter=10), 500.0)
    assert one.watts == 2000.0


@pytest.mark.parametrize(
    ("counters", "is_repeated"),
    [
        ((5, 5), True),
        ((5, 6), False),
        ((5, 5, 6), False),
        ((None, None), False),
        ((5, None), False),
    ],
)
def test_an_invocation_counter_that_comes_again_is_noticed(
    counters: tuple[int | None, ...], *, is_repeated: bool
) -> None:
    first, *others = (said(float(n), counter=counter) for n, counter in enumerate(counters))
    one = pending(first)
    for other in others:
        one.add(other, 0.0)
    assert one.counter_is_repeated is is_repeated
