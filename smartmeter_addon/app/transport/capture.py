"""Captures, in whatever form people have them: recordings, lines of the log, hex text, bytes."""

import re
import sys
import unicodedata
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final, NamedTuple

from app.transport import hex_text, recording
from app.transport.hex_text import HexTextError
from app.transport.recording import Chunk, Recording, RecordingError

STANDARD_INPUT: Final = "-"
"""Stands for it in place of a file's name."""

_TEXT_OF_A_METER: Final = re.compile(r"^\s*(?:/[A-Za-z]{3}|[\d.:*-]+\([^()\n]*\))", re.MULTILINE)
_WHITE_SPACE: Final = "\t\n\v\f\r"
_WITHOUT_WIDTH: Final = "\u200b\u2060\ufeff"


class CaptureError(Exception):
    """A capture that cannot be read; the sentence says why."""


class Capture(NamedTuple):
    """What was captured.

    Args:
        recording: its chunks; of bytes without times one chunk.
        begun: when its seconds begin, by the clock of the computer that captured it, without an
            offset where that is not said; None where nothing is.
    """

    recording: Recording
    begun: datetime | None = None

    def begun_at(self, zone: tzinfo) -> datetime:
        """Give when it was begun, aware: in a zone where no offset is said, else now."""
        if self.begun is None:
            return datetime.now(zone)
        return self.begun if self.begun.tzinfo else self.begun.replace(tzinfo=zone)


def name_of(source: str) -> str:
    """Name a source in a sentence."""
    return "of standard input" if source == STANDARD_INPUT else source


def read(source: str) -> Capture:
    """Read a file, or `STANDARD_INPUT`.

    Raises:
        CaptureError: there is no such file, it is damaged, or a text that holds no bytes.
    """
    try:
        data = sys.stdin.buffer.read() if source == STANDARD_INPUT else Path(source).read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CaptureError(f"the capture {source} cannot be read: {reason}") from error
    try:
        return parse(data)
    except RecordingError as error:
        raise CaptureError(f"the recording {source} cannot be read: {error}") from error
    except HexTextError as error:
        raise CaptureError(f"the capture {source} {error}") from error


def parse(data: bytes) -> Capture:
    """Tell by its content in which form a capture is, and read it.

    Raises:
        RecordingError: a recording is damaged.
        HexTextError: a text is no hex text.
    """
    if recording.is_recording(data):
        return Capture(recording.read(data), recording.begun(data))
    text = _text(data)
    if text is None or not text.strip() or _TEXT_OF_A_METER.search(text):
        return Capture((Chunk(0.0, data),) if data else ())
    return Capture(*hex_text.read(text))


def _text(data: bytes) -> str | None:
    """Give what was typed or pasted; None for the bytes of a line."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    # Pages of the web have blanks of other widths, and of none.
    plain = "".join(
        " " if unicodedata.category(c) == "Zs" else c
        for c in hex_text.without_colours(text)
        if c not in _WITHOUT_WIDTH
    )
    return plain if all(c.isprintable() or c in _WHITE_SPACE for c in plain) else None
