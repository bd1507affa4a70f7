from hypothesis import given
from hypothesis import strategies as st

from app.fleet.sharing import GRACE_SECONDS, PRESENT_SECONDS, Sharing


def test_a_reader_alone_asks_for_all() -> None:
    assert Sharing(4).advice([], 0.0) == (frozenset(range(4)), frozenset())
    assert Sharing(4).advice([0, 2], 0.0) == (frozenset({1, 3}), frozenset())


def test_a_reader_that_joins_gets_its_share() -> None:
    old, new = Sharing(8), Sharing(8)
    new.hear("old", range(8), 0.0)
    assert not new.advice([], 0.0).ask
    old.hear("new", [], 0.0)
    assert old.advice(range(8), 0.0).leave == {4, 5, 6, 7}
    new.hear("old", range(4), 1.0)
    old.hear("new", [], 1.0)
    assert new.advice([], 1.0).ask == {4, 5, 6, 7}
    assert not old.advice(range(4), 1.0).ask


def test_a_partition_is_free_while_no_reader_has_it() -> None:
    one = Sharing(2)
    one.advice([], 5.0)
    assert (one.free_since(0), one.free_since(1)) == (5.0, 5.0)
    one.hear("other", [1], 6.0)
    one.advice([0], 6.0)
    assert (one.free_since(0), one.free_since(1)) == (None, None)
    one.advice([], 7.0)
    assert (one.free_since(0), one.free_since(1)) == (7.0, None)


def test_what_nobody_takes_is_asked_for_by_all() -> None:
    one = Sharing(3)
    for second in range(int(GRACE_SECONDS)):
        one.hear("other", [], second)
        assert not one.advice([0, 1], second).ask
    one.hear("other", [], GRACE_SECONDS)
    assert one.advice([0, 1], GRACE_SECONDS).ask == {2}


def test_the_partitions_of_a_reader_that_is_gone_are_asked_for() -> None:
    one = Sharing(4)
    one.hear("other", [2, 3], 0.0)
    assert not one.advice([0, 1], PRESENT_SECONDS - 0.1).ask
    assert one.advice([0, 1], PRESENT_SECONDS).ask == {2, 3}
    one.hear("other", [2, 3], 5.0)
    one.bye("other")
    assert one.advice([0, 1], 5.0).ask == {2, 3}


@given(st.integers(1, 64), st.integers(1, 12), st.randoms(use_true_random=False))
def test_readers_come_to_equal_shares(partitions: int, count: int, random: object) -> None:
    """Here a free partition goes to any of those that ask for it, as the server gives it."""
    assert hasattr(random, "choice")
    readers = [Sharing(partitions) for _ in range(count)]
    held: list[set[int]] = [set() for _ in readers]
    held[0] = set(range(partitions))
    for second in range(40):
        for number, reader in enumerate(readers):
            for other, theirs in enumerate(held):
                if other != number:
                    reader.hear(str(other), theirs, second)
        advised = [reader.advice(mine, second) for reader, mine in zip(readers, held, strict=True)]
        held = [mine - one.leave for mine, one in zip(held, advised, strict=True)]
        for partition in range(partitions):
            if not any(partition in mine for mine in held):
                asking = [n for n, advice in enumerate(advised) if partition in advice.ask]
                if asking:
                    held[random.choice(asking)].add(partition)
    assert sum(map(len, held)) == partitions
    assert max(map(len, held)) <= -(-partitions // count)
