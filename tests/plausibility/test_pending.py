"""Telegrams that do not follow from the accepted ones, and wait for others that confirm them."""

import pytest

from app.dlms.receiver import Push
from app.link import Frame
from app.meters.telegram import Telegram
from app.plausibility.decision import Violation
from app.plausibility.evidence import Evidence
from app.plausibility.limits import Limits
from app.plausibility.lists import Found, KnownList
from app.plausibility.pending import Pending
from app.plausibility.track import Observation

TELEGRAM = Telegram(Push(Frame("mbus", 0, b""), None, None))
FALL = Violation("fall", "it falls", "energy_import")


def said(
    now: float,
    bits: int = 1,
    *,
    counter: int | None = None,
    time: float | None = None,
    known: KnownList | None = None,
) -> Observation:
    """Return a telegram of the list (1,)."""
    found = Found(known, (1,), bits, b"")
    return Observation(TELEGRAM, Evidence.SUM, found, None, counter, time, now, now, {})


def pending(first: Observation) -> Pending:
    return Pending(first, [FALL], (2,), 0.5)


def test_an_accepted_telegram_of_the_list_or_of_the_nearest_one_contradicts_it() -> None:
    one = pending(said(0.0))
    assert [one.contradicted_by((n,), reports=True) for n in (1, 2, 3)] == [True, True, False]


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
        (said(0.0), False),  # nothing tells it from the next one
    ],
)
def test_the_same_telegram_again_confirms_nothing(again: Observation, *, repeated: bool) -> None:
    assert pending(said(0.0)).is_repeated_by(again) is repeated


@pytest.mark.parametrize(("seconds", "repeated"), [(4.9, True), (5.0, False)])
def test_the_same_telegram_in_half_the_usual_time_is_the_same(
    seconds: float, *, repeated: bool
) -> None:
    """A meter without clock and counter may say the same in its next telegram."""
    known = KnownList((1,))
    known.gap = 10.0
    one = pending(said(100.0, known=known))
    assert one.is_repeated_by(said(100.0 + seconds, known=known)) is repeated


def test_confirmations_are_counted() -> None:
    one = pending(said(0.0, counter=7))
    assert one.confirmations == 0
    assert one.is_repeated_by(said(1.0, counter=7))
    assert not one.is_repeated_by(said(1.0, counter=8))
    for n in (1, 2):
        one.add(said(float(n), counter=7 + n), Limits())
        assert one.confirmations == n
