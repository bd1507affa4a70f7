"""The order of what is due."""

from app.mqtt.due import Due, Rank


def all_of(due: Due) -> list[str]:
    taken = []
    while topic := due.take():
        taken.append(topic)
    return taken


def test_announcements_are_first_and_what_clears_a_topic_is_last() -> None:
    due = Due()
    assert not due
    for topic, rank in (("a", Rank.CLEARING), ("b", Rank.OTHER), ("c", Rank.ANNOUNCEMENT)):
        due.add(topic, rank)
        due.add(f"{topic}2", rank)
    assert due
    assert all_of(due) == ["c", "c2", "b", "b2", "a", "a2"]
    assert not due
    assert due.take() is None


def test_what_is_due_keeps_its_place_unless_its_rank_changes() -> None:
    due = Due()
    for topic in ("a", "b", "c", "a"):
        due.add(topic, Rank.OTHER)
    due.add("c", Rank.ANNOUNCEMENT)
    due.add("a", Rank.CLEARING)
    assert all_of(due) == ["c", "b", "a"]


def test_what_is_discarded_is_not_due() -> None:
    due = Due()
    for topic, rank in zip("abc", Rank, strict=True):
        due.add(topic, rank)
    due.discard("b")
    due.discard("b")
    assert all_of(due) == ["a", "c"]
    due.add("a", Rank.OTHER)
    due.clear()
    assert not due
