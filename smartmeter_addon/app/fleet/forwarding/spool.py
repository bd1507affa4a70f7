"""Messages that wait on disk while the engine is away: in order, bounded, kept over a restart."""

import logging
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

_logger: Final = logging.getLogger(__name__)

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    received INTEGER NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_name ON message (name, number);
"""
_OVERHEAD: Final = 64
"""Bytes of a message on disk beside its payload, about."""


class SpoolError(Exception):
    """The spool cannot be used; a plain sentence."""


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
    """Keeps messages of several names.

    Args:
        file: the database; it is made where there is none.
        most_bytes: kept at most; then the oldest are dropped.
        most_seconds: for which a message is kept at most.

    Raises:
        SpoolError: the file cannot be used.
    """

    def __init__(self, file: Path, most_bytes: int, most_seconds: float) -> None:
        self._most_bytes = most_bytes
        self._most_age = int(most_seconds * 10**9)
        self._is_dropping = False
        try:
            self._database = sqlite3.connect(file, isolation_level=None)
            try:
                self._bytes = self._prepare()
            except sqlite3.Error:
                self._database.close()
                raise
        except sqlite3.Error as error:
            raise SpoolError(f"the file {file} cannot be used to keep telegrams: {error}") from None

    def _prepare(self) -> int:
        """Make the table where there is none; tell how many bytes it holds."""
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)
        (held,) = self._database.execute(
            "SELECT coalesce(sum(length(payload) + ?), 0) FROM message", (_OVERHEAD,)
        ).fetchone()
        return int(held)

    def add(self, name: str, message_id: str, received: int, payload: bytes) -> bool:
        """Keep a message; tell whether it could be kept.

        Args:
            name: of the meter.
            message_id: by which the server knows the message again.
            received: when it came, in nanoseconds since 1970.
            payload: what came.
        """
        try:
            self._drop(received)
            self._database.execute(
                "INSERT INTO message (name, id, received, payload) VALUES (?, ?, ?, ?)",
                (name, message_id, received, payload),
            )
        except sqlite3.Error as error:
            _logger.error("a telegram is lost, as it cannot be kept on disk: %s", error)  # noqa: TRY400
            return False
        self._bytes += len(payload) + _OVERHEAD
        return True

    def oldest(self, name: str) -> Message | None:
        """Give the oldest message of a name; None for none."""
        found = self._database.execute(
            "SELECT number, id, received, payload FROM message"
            " WHERE name = ? ORDER BY number LIMIT 1",
            (name,),
        ).fetchone()
        return Message(*found) if found else None

    def remove(self, message: Message) -> None:
        """Keep a message no longer, as the engine has it."""
        done = self._database.execute("DELETE FROM message WHERE number = ?", (message.number,))
        if done.rowcount:  # else it was dropped meanwhile
            self._bytes -= len(message.payload) + _OVERHEAD
        self._is_dropping = False

    def count(self) -> int:
        """Tell how many messages wait."""
        (count,) = self._database.execute("SELECT count(*) FROM message").fetchone()
        return int(count)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _drop(self, now: int) -> None:
        """Drop what is too old, and the oldest where there is too much."""
        dropped = self._database.execute(
            "DELETE FROM message WHERE received < ? RETURNING length(payload)",
            (now - self._most_age,),
        ).fetchall()
        while self._bytes - _size(dropped) > self._most_bytes:
            more = self._database.execute(
                "DELETE FROM message WHERE number IN"
                " (SELECT number FROM message ORDER BY number LIMIT 100) RETURNING length(payload)"
            ).fetchall()
            if not more:
                break
            dropped += more
        if not dropped:
            return
        self._bytes -= _size(dropped)
        if not self._is_dropping:
            self._is_dropping = True
            _logger.error("the engine is away for too long: the oldest telegrams are dropped")


def _size(dropped: list[tuple[int]]) -> int:
    return sum(length + _OVERHEAD for (length,) in dropped)
