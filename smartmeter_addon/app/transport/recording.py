r"""Recordings of a line: text that people can read, cut and post.

    # smart meter recording, format 1
    # program: smart meter reader 0.1.0
    # serial mode: 2400 8E1
    # begun: 2026-07-01T12:00:05+02:00
    0.000 68 fa fa 68 53 ff
    0.016 00 01 67 db 08 4b 46 4d

A line holds the bytes that came at once: seconds, by their decimal point no hex digits of a dump,
a blank, and hex digits in pairs. Lines that begin with ``#`` are for people, and nothing but the
format's number and when it was begun is read of them; they may be missing, as may any other line.
The seconds need not begin at zero, and begin anew where recordings are put one behind the other.
Written is ``\n`` at the end of a line; ``\r\n``, blanks around a line, empty lines and a UTF-8
byte order mark are read, too.

A recording holds no key. What the meter sends unciphered can be read in it by anybody.
"""

import io
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TextIO

from app import __version__
from app.transport.serial_mode import SerialMode

FORMAT: Final = 1

_FORMAT_READ: Final = str(FORMAT).encode()
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_NAME: Final = re.compile(rb"# smart meter recording, format ([0-9]+)")
_BEGUN: Final = re.compile(rb"# begun: ([0-9T:.+-]{19,40})")
_SECONDS: Final = re.compile(rb"([0-9]{1,9}\.[0-9]{1,9})(?:[ \t]+|$)")
_PAIRS: Final = re.compile(rb"(?:[0-9A-Fa-f]{2}[ \t]*)+")
_DIGITS: Final = re.compile(rb"[0-9A-Fa-f \t]+")


class RecordingError(Exception):
    """A text that is no recording; the sentence names the line, and repeats nothing of it."""


class Chunk(NamedTuple):
    """Bytes that came at once; its text is its line in a recording.

    Args:
        seconds: when, counted from the recording's begin.
        data: at least one byte.
    """

    seconds: float
    data: bytes

    def __str__(self) -> str:
        return f"{self.seconds:.3f} {self.data.hex(' ')}"


Recording = Sequence[Chunk]


class Writer:
    """Writes a recording as the bytes come.

    Args:
        sink: where to; its header is written at once.
        clock: a steady one, in seconds.
        begun: the time now, aware.
        mode: the serial mode, if it is known.
    """

    def __init__(
        self,
        sink: TextIO,
        clock: Callable[[], float],
        *,
        begun: datetime,
        mode: SerialMode | None = None,
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._begin = clock()
        sink.write(f"# smart meter recording, format {FORMAT}\n")
        sink.write(f"# program: smart meter reader {__version__}\n")
        if mode:
            sink.write(f"# serial mode: {mode}\n")
        sink.write(f"# begun: {begun.isoformat(timespec='seconds')}\n")

    def write(self, data: bytes) -> None:
        """Write bytes that came now, at least one."""
        self._sink.write(f"{Chunk(self._clock() - self._begin, data)}\n")

    def note(self, text: str) -> None:
        """Write a line for people, such as that the line was opened in another mode."""
        self._sink.write(f"# {text}\n")


def is_recording(data: bytes) -> bool:
    """Tell a recording from a hex dump and from the bytes of a line, by what stands first."""
    for raw in io.BytesIO(data):
        line = _bare(raw)
        if _NAME.match(line):
            return True
        if line and not line.startswith(b"#"):
            return bool(_SECONDS.match(line))
    return False


def read(data: bytes) -> Recording:
    """Read a recording, or any piece of one that was cut between two lines.

    Raises:
        RecordingError: a line is damaged, or of a format that is not known.
    """
    chunks = []
    for number, raw in enumerate(io.BytesIO(data), 1):
        line = _bare(raw)
        named = _NAME.match(line)
        if named and named[1] != _FORMAT_READ:
            raise RecordingError(
                f"line {number}: this program reads recordings of format {FORMAT}, not of another"
            )
        if not line or line.startswith(b"#"):
            continue
        try:
            chunks.append(_chunk(line))
        except ValueError as error:
            raise RecordingError(f"line {number}: {error}") from error
    return tuple(chunks)


def begun(data: bytes) -> datetime | None:
    """Give when a recording was begun, aware; None where it does not say so."""
    for raw in io.BytesIO(data):
        if said := _BEGUN.match(_bare(raw)):
            try:
                moment = datetime.fromisoformat(said[1].decode("ascii"))
            except ValueError:
                return None
            return moment if moment.tzinfo else None
    return None


def _bare(raw: bytes) -> bytes:
    return raw.removeprefix(_BYTE_ORDER_MARK).strip(b" \t\r\n")


def _chunk(line: bytes) -> Chunk:
    """Read a line with bytes.

    Raises:
        ValueError: it is damaged; the sentence says how.
    """
    timed = _SECONDS.match(line)
    if not timed:
        raise ValueError("wanted are seconds with a decimal point, a blank, hex digits: 12.345 7e")
    text = line[timed.end() :]
    if not text:
        raise ValueError("there are no bytes behind the seconds")
    if not _DIGITS.fullmatch(text):
        raise ValueError("there is something other than hex digits behind the seconds")
    digits = b"".join(text.split())
    if len(digits) % 2:
        raise ValueError(f"there are {len(digits)} hex digits, an odd number: one is missing")
    if not _PAIRS.fullmatch(text):
        raise ValueError("a blank stands within a pair of hex digits")
    return Chunk(float(timed[1]), bytes.fromhex(digits.decode("ascii")))
