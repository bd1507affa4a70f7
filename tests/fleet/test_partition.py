"""A partition loses and doubles nothing, whatever happens to its readers and to the engine."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from app.fleet.events import Ask, Delivered, Pull, Reset, WasReset
from app.fleet.partition import ANSWER_SECONDS, MOST_PULLED, Partition
from app.fleet.streams import PIN_SECONDS
from app.fleet.subjects import Place
from tests.support.fleet_model import FORGER, STRANGER, Model, ModelLines, is_foreign

SEEDS = st.integers(0, 2**32 - 1)
NAMES = ("a", "b", FORGER)
FORMS = [("#;",), ("#;",), ("#;#;",), ("#", ";"), ("#", ";#", ";"), ("#", ";#;")]
"""Messages that are pushed: a telegram, two in one, one in two, and so on."""


def push(model: Model) -> None:
    chance = model.random
    model.push(chance.choice((*NAMES, STRANGER)), *chance.choice(FORMS))


def kill(model: Model) -> None:
    model.kill(model.random.choice(model.readers))


def stop_or_go_on(model: Model) -> None:
    reader = model.random.choice(model.readers)
    reader.stopped = not reader.stopped


def leave(model: Model) -> None:
    model.leave(model.random.choice(model.readers))


def join(model: Model) -> None:
    if len(model.readers) < 3:
        model.join()


LIFE: dict[Callable[[Model], object], float] = {
    Model.serve: 30,
    lambda model: model.hand(model.random.choice(model.readers)): 30,
    lambda model: model.tick(model.random.choice(model.readers)): 10,
    push: 15,
    lambda model: model.go(model.random.choice((0.1, 0.5, 2.0))): 10,
    lambda model: model.go(model.random.choice((7.0, 31.0, 450.0))): 1,
    Model.lose: 1,
    kill: 1,
    stop_or_go_on: 0.5,
    leave: 0.5,
    join: 1,
}
"""What can happen, and how often."""


def live(model: Model, steps: int) -> None:
    """Let anything happen."""
    for happens in model.random.choices(list(LIFE), list(LIFE.values()), k=steps):
        if not model.readers:
            model.join()
        happens(model)


@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_no_reading_is_lost_doubled_or_out_of_order(seed: int) -> None:
    model = Model(seed)
    model.join()
    live(model, model.random.choice((50, 300, 1000)))
    model.join()
    model.settle()
    for name in NAMES:
        pushed = range(1, model.sent.get(name, 0) + 1)
        assert model.stored(name) == [one for one in pushed if not is_foreign(name, one)]


def test_the_pin_is_kept_while_all_that_was_pulled_is_still_read() -> None:
    one = Partition(ModelLines())
    assert one.want(0.0) == [Ask(one.inbox, 5.0)]
    first = Delivered(one.inbox, "a", b"#;", "", Place(1, 1, 0), "pin")
    assert one.take(first, 0.0) == [Reset(one.inbox)]
    pull = Pull(one.inbox + 1, "pin", MOST_PULLED)
    assert one.take(WasReset(one.inbox, done=True), 0.0) == [pull]
    for number in range(1, MOST_PULLED + 1):
        one.take(Delivered(one.inbox, "a", b"#;", "", Place(number, number, 0)), 0.0)
    assert ANSWER_SECONDS < PIN_SECONDS
    assert one.tick(ANSWER_SECONDS) == [Pull(one.inbox, "pin", 1)]
