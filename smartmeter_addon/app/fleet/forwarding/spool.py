"""Messages that wait on disk while the engine is away: in order, bounded, kept over a restart."""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import Final, NamedTuple

_logger: Final = logging.getLogger(__name__)

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    received INTEGER NOT NULL,
    since REAL NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_name ON message (name, number);
"""
_OVERHEAD: Final = 64
"""Bytes of a message on disk beside its payload, about."""

_BUSY_SECONDS: Final = 0.1
"""For which another program's lock is waited for; nothing else happens meanwhile."""

_PRIMARY: Final = 0xFF
"""The bits of SQLite's error code that say what sort it is."""

_IN_USE: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_HINTS: Final = {
    **dict.fromkeys(_IN_USE, "another program uses it, perhaps a second forward: end that one"),
    sqlite3.SQLITE_FULL: "the disk is full: make room on it",
    **dict.fromkeys(
        _DAMAGED,
        "it is damaged, or something else: move it away, and start again",
    ),
}
_HINT: Final = "see whether its folder is there, and whether this user may write it"


class SpoolError(Exception):
    """The spool cannot be used; a plain sentence.

    Args:
        file: of the spool.
        error: of SQLite.
    """

    def __init__(self, file: Path, error: sqlite3.Error) -> None:
        self.code: int = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
        hint = _HINTS.get(self.code, _HINT)
        super().__init__(f"the file {file} cannot be used to keep telegrams ({error}); {hint}")


class Message(NamedTuple):
    """A message that waits.

    Args:
        number: of it, which grows.
        id: by which the server knows it again.
        received: when it came, in nanoseconds since 1970.
        payload: what came.
    """

    number: int
    id: str
    received: int
    payload: bytes


class Spool:
    """Keeps messages of several names. While it is open, no other program may use the file.

    How long a message waits is counted by a steady clock, while the program runs: a clock that is
    set, as that of a computer without a battery at its start, makes none too old.

    Args:
        file: the database; it is made where there is none.
        most_bytes: kept at most; then the oldest are dropped.
        most_seconds: for which a message is kept at most.
        clock: a steady one, in seconds.

    Raises:
        SpoolError: the file cannot be used.
    """

    def __init__(
        self,
        file: Path,
        most_bytes: int,
        most_seconds: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self._most_seconds = most_seconds
        self._clock = clock
        self._is_dropping = False
        self._is_damaged = False
        self._told = 0  # the code of the error that was told last
        self._removed: dict[str, int] = {}  # by name, the number up to which all are removed
        try:
            self._database = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                self._bytes, latest = self._prepare()
            except sqlite3.Error:
                self._database.close()
                raise
        except sqlite3.Error as error:
            raise SpoolError(file, error) from None
        self._ahead = latest - clock()

    def _prepare(self) -> tuple[int, float]:
        """Make the table where there is none; tell how many bytes it holds, and since when."""
        # A second forward would push the same messages.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)
        held, latest = self._database.execute(
            "SELECT coalesce(sum(length(payload) + ?), 0), coalesce(max(since), 0) FROM message",
            (_OVERHEAD,),
        ).fetchone()
        return int(held), float(latest)

    def add(self, name: str, message_id: str, received: int, payload: bytes) -> bool:
        """Keep a message; tell whether it could be kept, and the log why not.

        Args:
            name: of the meter.
            message_id: by which the server knows the message again.
            received: when it came, in nanoseconds since 1970.
            payload: what came.
        """
        if self._is_damaged:
            return False
        now = self._ahead + self._clock()
        try:
            self._drop(now)
            self._database.execute(
                "INSERT INTO message (name, id, received, since, payload) VALUES (?, ?, ?, ?, ?)",
                (name, message_id, received, now, payload),
            )
        except sqlite3.Error as error:
            self._fail(error)
            return False
        self._told = 0
        self._bytes += len(payload) + _OVERHEAD
        return True

    def oldest(self, name: str) -> Message | None:
        """Give the oldest message of a name; None for none.

        Raises:
            SpoolError: that cannot be told now; the log says why.
        """
        if self._is_damaged:
            return None
        try:
            found = self._database.execute(
                "SELECT number, id, received, payload FROM message"
                " WHERE name = ? AND number > ? ORDER BY number LIMIT 1",
                (name, self._removed.get(name, 0)),
            ).fetchone()
        except sqlite3.Error as error:
            failed = self._fail(error)
            if failed.code in _DAMAGED:
                return None
            raise failed from None
        return Message(*found) if found else None

    def remove(self, name: str, message: Message) -> None:
        """Keep the oldest message of a name no longer, as the engine has it."""
        self._removed[name] = message.number
        self._is_dropping = False
        try:
            self._delete("name = ? AND number <= ?", (name, message.number))
        except sqlite3.Error as error:
            self._fail(error)  # it is deleted with the next one

    def count(self) -> int:
        """Tell how many messages wait.

        Raises:
            SpoolError: that cannot be told now.
        """
        try:
            (count,) = self._database.execute("SELECT count(*) FROM message").fetchone()
        except sqlite3.Error as error:
            raise SpoolError(self._file, error) from None
        return int(count)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _drop(self, now: float) -> None:
        """Drop what is too old, and the oldest where there is too much."""
        dropped = self._delete("since < ?", (now - self._most_seconds,))
        while self._bytes > self._most_bytes:
            some = "number IN (SELECT number FROM message ORDER BY number LIMIT 100)"
            if not (more := self._delete(some)):
                break
            dropped += more
        if dropped and not self._is_dropping:
            self._is_dropping = True
            _logger.error("the engine is away for too long: the oldest telegrams are dropped")

    def _delete(self, which: str, parameters: Iterable[object] = ()) -> int:
        """Delete messages, and tell how many."""
        deleted = self._database.execute(
            f"DELETE FROM message WHERE {which} RETURNING length(payload)",  # noqa: S608 - written here
            tuple(parameters),
        ).fetchall()
        self._bytes -= sum(length + _OVERHEAD for (length,) in deleted)
        return len(deleted)

    def _fail(self, error: sqlite3.Error) -> SpoolError:
        """Tell of an error, once while it lasts; a damaged file is not used any more."""
        failed = SpoolError(self._file, error)
        self._is_damaged |= failed.code in _DAMAGED
        if failed.code != self._told:
            self._told = failed.code
            _logger.error("%s; new telegrams wait in memory only", failed)
        return failed
