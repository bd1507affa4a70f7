import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic
from typing import Protocol

import pytest

from app.fleet.forwarding.spool import Message, Spool, SpoolError

SECOND = 10**9


class Clock:
    """A steady clock of the test's own."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Open(Protocol):
    def __call__(
        self, most_bytes: int = 10**6, hours: float = 24, clock: Callable[[], float] = monotonic
    ) -> Spool: ...


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Open]:
    """Opens the spool, and closes it in the end."""
    with ExitStack() as opened:

        def open_(
            most_bytes: int = 10**6, hours: float = 24, clock: Callable[[], float] = monotonic
        ) -> Spool:
            file = tmp_path / "telegrams.sqlite"
            return opened.enter_context(closing(Spool(file, most_bytes, hours * 3600, clock)))

        yield open_


def drained(one: Spool, name: str) -> list[Message]:
    found = []
    while message := one.oldest(name):
        one.remove(name, message)
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


def test_what_waited_too_long_is_dropped(spool: Open) -> None:
    clock = Clock()
    one = spool(hours=1, clock=clock)
    one.add("m", "old", 0, b"x")
    kept = one.oldest("m")
    clock.now += 3601
    one.add("m", "new", 1, b"x")
    assert kept
    one.remove("m", kept)
    assert [message.id for message in drained(one, "m")] == ["new"]


def test_a_clock_that_is_set_makes_nothing_too_old(spool: Open) -> None:
    """A computer without a battery starts in 1970, or where it ended, until it hears the time."""
    year = 366 * 86400 * SECOND
    clock = Clock()
    one = spool(hours=1, clock=clock)
    for number, received in enumerate((5, 56 * year, 3, 55 * year)):
        clock.now += 60
        one.add("m", str(number), received, b"x")
    assert [message.id for message in drained(one, "m")] == ["0", "1", "2", "3"]


def test_how_long_a_message_waits_is_counted_on_over_a_restart(spool: Open) -> None:
    clock = Clock()
    one = spool(hours=1, clock=clock)
    one.add("m", "old", 0, b"x")
    clock.now += 1800
    one.add("m", "half as old", 0, b"x")
    one.close()
    clock.now = 7.0  # the computer was started anew
    again = spool(hours=1, clock=clock)
    again.add("m", "new", 0, b"x")
    assert again.count() == 3
    clock.now += 1801
    again.add("m", "newer", 0, b"x")
    assert [message.id for message in drained(again, "m")] == ["half as old", "new", "newer"]


# --- What can be wrong with the file ---


def test_a_file_that_is_none_is_told(tmp_path: Path, spool: Open) -> None:
    file = tmp_path / "telegrams.sqlite"
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(SpoolError) as caught:
        spool()
    assert str(file) in str(caught.value)
    assert "it is damaged, or something else: move it away, and start again" in str(caught.value)
    with pytest.raises(SpoolError, match="see whether its folder is there"):
        Spool(tmp_path / "missing" / "telegrams.sqlite", 1, 1)


def test_a_second_forward_is_refused_and_the_first_goes_on(tmp_path: Path, spool: Open) -> None:
    one = spool()
    one.add("m", "first", 1, b"x")
    with pytest.raises(SpoolError) as caught:
        spool()
    assert str(tmp_path / "telegrams.sqlite") in str(caught.value)
    assert "another program uses it, perhaps a second forward: end that one" in str(caught.value)
    assert one.add("m", "second", 2, b"x")
    assert [message.id for message in drained(one, "m")] == ["first", "second"]
    one.close()
    assert spool().count() == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 256 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = [shutil.which("mount") or "mount", *("-t", "tmpfs", "-o", "size=256k", "none")]
    if subprocess.run([*mount, str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("only root may mount one")
    yield folder
    subprocess.run([shutil.which("umount") or "umount", str(folder)], check=True)


def test_a_disk_that_is_full_is_told_and_used_again_when_there_is_room(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Spool(small_disk / "telegrams.sqlite", 10**9, 3600)) as one:
        filling = small_disk / "filling"
        assert one.add("m", "0", 0, b"x")
        filling.write_bytes(b"x" * 150_000)
        count = 1
        while one.add("m", str(count), count, b"x" * 500):
            count += 1
        assert 1 < count < 500
        assert not one.add("m", "no", 0, b"x" * 5000)
        (told,) = caplog.messages
        assert "the disk is full: make room on it; new telegrams wait in memory only" in told
        filling.unlink()
        assert one.add("m", "room", 0, b"x" * 500)
        ids = [message.id for message in drained(one, "m")]
        assert ids == [*map(str, range(count)), "room"]


def test_a_damaged_file_is_told_and_not_used_any_more(
    tmp_path: Path, spool: Open, caplog: pytest.LogCaptureFixture
) -> None:
    one = spool()
    for number in range(500):
        one.add("m", str(number), number, b"x" * 500)
    file = tmp_path / "telegrams.sqlite"
    one._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    one._database.execute("PRAGMA shrink_memory")  # which forgets what was read before
    with file.open("r+b") as damaged:
        damaged.seek(4096)
        damaged.write(b"\xff" * (file.stat().st_size - 4096))
    assert one.oldest("m") is None
    assert not one.add("m", "new", 0, b"x")
    (told,) = caplog.messages
    assert str(file) in told
    assert "it is damaged" in told
    one.close()
    with pytest.raises(SpoolError, match="move it away, and start again"):
        spool()
