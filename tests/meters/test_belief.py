"""What one telegram shows does not overturn what many have shown."""

from app.meters.belief import Belief, Beliefs
from app.meters.limits import MOST_SENDERS


def test_a_belief_is_overturned_by_as_many_telegrams_as_have_confirmed_it() -> None:
    belief = Belief("tenths")
    belief.take("tenths", agrees=True)
    assert not belief.overturned_by(agrees=False)
    for value in ("tenths", "whole"):
        belief.take("whole", agrees=False)
        assert belief.value == value


def test_a_belief_of_a_year_is_no_firmer_than_one_of_a_minute() -> None:
    belief = Belief("tenths")
    for _ in range(1000):
        belief.take("tenths", agrees=True)
    for _ in range(12):
        belief.take("whole", agrees=False)
    assert belief.value == "whole"


def test_a_telegram_that_shows_nothing_changes_nothing() -> None:
    beliefs: Beliefs[str] = Beliefs()
    beliefs.learn("sender", None)
    assert beliefs.of("sender") is None


def test_no_more_senders_are_remembered_than_a_line_can_have() -> None:
    beliefs: Beliefs[int] = Beliefs()
    for number in range(MOST_SENDERS + 1):
        beliefs.learn(f"{number}", (number, False))
    assert beliefs.of(f"{MOST_SENDERS - 1}")
    assert beliefs.of(f"{MOST_SENDERS}") is None
