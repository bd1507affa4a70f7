from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

import pytest

from app.fleet.forwarding.spool import Message, Spool, SpoolError

SECOND = 10**9


class Open(Protocol):
    def __call__(self, most_bytes: int = 10**6, hours: float = 24) -> Spool: ...


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Open]:
    """Opens the spool, and closes it in the end."""
    with ExitStack() as opened:

        def open_(most_bytes: int = 10**6, hours: float = 24) -> Spool:
            file = tmp_path / "telegrams.sqlite"
            return opened.enter_context(closing(Spool(file, most_bytes, hours * 3600)))

        yield open_


def drained(one: Spool, name: str) -> list[Message]:
    found = []
    while message := one.oldest(name):
        one.remove(message)
        found.append(message)
    return found


def test_messages_come_out_in_order_by_name(spool: Open) -> None:
    one = spool()
    for number in range(10):
        assert one.add(f"m{number % 2}", f"id{number}", number * SECOND, bytes([number]))
    assert one.count() == 10
    assert [message.payload[0] for message in drained(one, "m0")] == [0, 2, 4, 6, 8]
    assert [message.id for message in drained(one, "m1")] == ["id1", "id3", "id5", "id7", "id9"]
    assert one.count() == 0


def test_they_are_there_after_a_restart(spool: Open) -> None:
    one = spool()
    one.add("m", "id", 5 * SECOND, b"x")
    one.close()
    again = spool()
    assert drained(again, "m") == [Message(1, "id", 5 * SECOND, b"x")]


def test_the_oldest_are_dropped_when_there_is_no_room(
    spool: Open, caplog: pytest.LogCaptureFixture
) -> None:
    one = spool(most_bytes=100_000)
    for number in range(1000):
        one.add("m", str(number), number, b"x" * 236)
    left = drained(one, "m")
    assert 230 < len(left) <= 334
    assert [message.id for message in left] == [str(n) for n in range(1000 - len(left), 1000)]
    assert len(caplog.records) == 1
    one.add("m", "again", 1000, b"x")
    assert one.count() == 1


def test_what_is_too_old_is_dropped(spool: Open) -> None:
    one = spool(hours=1)
    one.add("m", "old", 0, b"x")
    kept = one.oldest("m")
    one.add("m", "new", 3601 * SECOND, b"x")
    assert kept
    one.remove(kept)
    assert [message.id for message in drained(one, "m")] == ["new"]


def test_a_file_that_is_none_is_told(tmp_path: Path, spool: Open) -> None:
    (tmp_path / "telegrams.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(SpoolError, match="cannot be used"):
        spool()
    with pytest.raises(SpoolError):
        Spool(tmp_path / "missing" / "telegrams.sqlite", 1, 1)
