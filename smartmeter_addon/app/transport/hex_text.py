"""Bytes as people paste them: hex digits, dumps with offsets, lines of logs.

Read are, alone or one behind the other at the beginning of a line: times, tags in brackets, arrows,
words such as ``RX:``, line numbers, and offsets, which have to fit the bytes before them. Bytes are
pairs of digits, with blanks, colons, commas, dots or dashes in between, or ``0x`` before them;
behind a line of a dump with offsets its characters may stand.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from app.transport.recording import Chunk, Recording

_PLAIN: Final = re.compile(r"[0-9A-Fa-f\s]+")
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")

# The lines of the program's own log, whatever another program wrote before them.
_LOGGED: Final = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) TRACE +(?:(?P<label>.*): )?received(?: (?P<bytes>.*))?$"
)
_FAILED: Final = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) ERROR +(?:(?P<label>.*): )?a telegram could not be decoded"
    r".*The bytes: (?P<bytes>[0-9a-f]+)\b"
)
_LOGGED_BYTES: Final = re.compile(r"[0-9a-f]{2}(?: ?[0-9a-f]{2})*")

_COMMENT: Final = re.compile(r"(?:#|//|```|'''|~~~)")
_TIME: Final = re.compile(
    r"(?:\d{4}-\d\d-\d\d[T ])?([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:[.,](\d{1,9}))?"
    r"(?:Z|[+-]\d\d:?\d\d)?(?=[\s>|\]]|: |[-=]>)\s*[:|]?\s*"
)
_BEFORE: Final = re.compile(
    r"\[[^\]]*\]:?\s*|(?:[-=]*>+|<+[-=]*|→|←|»|\|)\s*"
    r"|(?:rx|recv|received|read|data|hex|hexdump|bytes?|raw|frame|telegram|input)\b\s*[:=]?\s*",
    re.IGNORECASE,
)
_OFFSET: Final = re.compile(r"(?:0x)?([0-9A-Fa-f]{4,8})h?(?:\s*[:|]\s*|\s+|$)")
_BEGIN_OF_A_DUMP: Final = re.compile(r"(?:0x)?0{4,8}h?(?:\s*[:|]\s*|\s+)\S")
_NUMBER: Final = re.compile(r"(\d{1,6})(?:\s*[:.)|]\s+|\s+)")
_CHARACTERS: Final = re.compile(r"\s*(?:\|.*\||>.*<)\s*$")
_TAG_AT_THE_END: Final = re.compile(r"(?:\[/\w+\]|```)\s*$")
_PAIRS: Final = re.compile(r"[0-9A-Fa-f]{2}(?: [0-9A-Fa-f]{2})*")
_GAP: Final = re.compile(r"\s{2,}")
_AROUND: Final = " \t{}();,\"'"
_SEPARATORS: Final = re.compile(r"[\s,:;.|-]+")
_BYTES: Final = re.compile(r"(?:0x|\$)?((?:[0-9A-Fa-f]{2})+)h?", re.IGNORECASE)

_DAY: Final = timedelta(days=1).total_seconds()


class HexTextError(Exception):
    """A text that holds no bytes; the sentence names the line and repeats nothing of it."""


class _Line(NamedTuple):
    """A line: its number, the seconds of the day that it gives, and what is behind them."""

    number: int
    seconds: float | None
    text: str


def read(text: str) -> tuple[Recording, datetime | None]:
    """Read the bytes of a text.

    Returns:
        The bytes, each with its time where every line says one, and when their seconds begin by
        the log.

    Raises:
        HexTextError: it holds none, or something else.
    """
    lines = without_colours(text).splitlines()
    for form in (_LOGGED, _FAILED):
        if any(map(form.search, lines)):
            return _log(form, lines)
    found = list(_lines(lines))
    if _PLAIN.fullmatch(text):
        return _one(_with_offsets(found) or _numbered(found) or [_plain(text)]), None
    chunks = _with_offsets(found) or _numbered(found) or [_bytes(one) for one in found]
    if not b"".join(chunks):
        raise HexTextError("holds no hex digits")
    return _timed(found, chunks), None


def without_colours(text: str) -> str:
    """Take the colours out that a terminal's copy may hold."""
    return _COLOURS.sub("", text)


def _plain(text: str) -> bytes:
    digits = "".join(text.split())
    if len(digits) % 2:
        odd = [
            number
            for number, line in enumerate(text.splitlines(), 1)
            if len("".join(line.split())) % 2
        ]
        # A byte may be broken over two lines, so that its place is known for a line alone only.
        where = f", in line {odd[0]}" if len(odd) == 1 else ""
        raise HexTextError(
            f"holds {len(digits)} hex digits, an odd number: one is missing{where}; copy all of it"
            " once more"
        )
    return bytes.fromhex(digits)


def _one(chunks: Iterable[bytes]) -> Recording:
    return (Chunk(0.0, b"".join(chunks)),)


def _timed(lines: Sequence[_Line], chunks: Sequence[bytes]) -> Recording:
    """Give bytes their times, if every line has one."""
    times = [line.seconds for line in lines]
    timed = []
    begin = last = times[0] if times else None
    day = 0.0
    for seconds, chunk in zip(times, chunks, strict=True):
        if seconds is None or begin is None or last is None:
            return _one(chunks)
        day += _DAY if seconds < last - _DAY / 2 else 0.0
        last = seconds
        if chunk:
            timed.append(Chunk(max(0.0, seconds + day - begin), chunk))
    return tuple(timed)


# --- Lines of the program's own log ---


def _log(form: re.Pattern[str], lines: Sequence[str]) -> tuple[Recording, datetime | None]:
    found = [(number, line) for number, raw in enumerate(lines, 1) if (line := form.search(raw))]
    if len({line["label"] for _, line in found}) > 1:
        raise HexTextError(
            "is a log of several meters; leave only the lines of one, whose name stands before"
            " the word received"
        )
    chunks = []
    begun: datetime | None = None
    for number, line in found:
        try:
            moment = datetime.fromisoformat(line[1])
        except ValueError as error:
            raise HexTextError(
                f"cannot be read: line {number}: there is no such time; leave the line out"
            ) from error
        begun = begun or moment
        digits = (line["bytes"] or "").strip()
        if not _LOGGED_BYTES.fullmatch(digits):
            raise HexTextError(
                f"cannot be read: line {number}: the bytes that were received are cut; copy the"
                " whole line, or leave it out"
            )
        seconds = (moment - begun).total_seconds()
        chunks.append(Chunk(max(0.0, seconds), bytes.fromhex(digits)))
    return tuple(chunks), begun


# --- Dumps and pasted lines ---


def _lines(lines: Iterable[str]) -> Iterator[_Line]:
    """Take off what stands before the bytes, but for offsets and line numbers."""
    for number, line in enumerate(lines, 1):
        rest = _TAG_AT_THE_END.sub("", line.strip()).rstrip()
        if _COMMENT.match(rest):
            continue
        seconds = None
        while rest:
            if time := _TIME.match(rest):
                hours, minutes, whole, part = time.groups()
                seconds = int(hours) * 3600 + int(minutes) * 60 + float(f"{whole}.{part or 0}")
                rest = rest[time.end() :]
                continue
            if rest.startswith("[") and (time := _TIME.match(rest[1:])) is not None:
                rest = rest[1:]  # a time in brackets
                continue
            rest = rest.removeprefix("]").lstrip()
            before = _BEFORE.match(rest)
            if not before:
                break
            rest = rest[before.end() :]
        if rest:
            yield _Line(number, seconds, rest)


def _with_offsets(lines: Sequence[_Line]) -> list[bytes] | None:
    """Read lines that each begin with the number of bytes before it, hexadecimal or decimal.

    None where they do not.

    Raises:
        HexTextError: they begin like such a dump, and do not go on as one.
    """
    wrong: list[_Line] = []
    for base in (16, 10):
        chunks: list[bytes] = []
        due: int | None = None
        for line in lines:
            offset = _OFFSET.match(line.text)
            value = _value(offset[1], base) if offset else None
            if value == 0 or due is None:
                due = value  # the next telegram's dump, or a piece of one
            rest = line.text[offset.end() :] if offset else ""
            try:
                chunk = _dumped(line._replace(text=rest)) if rest else b""
            except HexTextError:
                chunk = b""
            if value is None or value != due or bool(rest) != bool(chunk):
                wrong.append(line)
                break
            due = value + len(chunk)
            chunks.append(chunk)
        else:
            if any(chunks) and (len(chunks) > 1 or _BEGIN_OF_A_DUMP.match(lines[0].text)):
                return chunks
    if wrong and _BEGIN_OF_A_DUMP.match(lines[0].text):
        raise HexTextError(
            f"cannot be read: line {wrong[0].number}: what stands before the bytes is not their"
            " number so far; a line is missing or doubled, or leave only the bytes"
        )
    return None


def _value(digits: str, base: int) -> int | None:
    try:
        return int(digits, base)
    except ValueError:
        return None


def _dumped(line: _Line) -> bytes:
    """Read a line of a dump, whose bytes may be followed by their characters."""
    text = _CHARACTERS.sub("", line.text)
    for gap in _GAP.finditer(text):
        behind = text[gap.end() :]
        if _PAIRS.fullmatch(behind):
            continue  # only a gap between bytes
        try:
            data = _bytes(line._replace(text=text[: gap.start()]))
        except HexTextError:
            break
        if len(behind) <= len(data):
            return data
    return _bytes(line._replace(text=text))


def _numbered(lines: Sequence[_Line]) -> list[bytes] | None:
    """Read lines that are numbered one after the other."""
    chunks: list[bytes] = []
    last: int | None = None
    for line in lines:
        number = _NUMBER.match(line.text)
        if number is None or (last is not None and int(number[1]) != last + 1):
            return None
        last = int(number[1])
        try:
            chunks.append(_bytes(line._replace(text=line.text[number.end() :])))
        except HexTextError:
            return None
    first = _NUMBER.match(lines[0].text) if lines else None
    if first is None or (first[0].strip().isdecimal() and (len(lines) == 1 or len(first[1]) > 1)):
        return None  # it may as well be a byte
    return chunks


def _bytes(line: _Line) -> bytes:
    """Read the bytes of a line.

    Raises:
        HexTextError: there is something else in it.
    """
    text = line.text.replace("\\x", " ").strip(_AROUND)
    data = b""
    for token in filter(None, _SEPARATORS.split(text)):
        found = _BYTES.fullmatch(token)
        if not found:
            raise HexTextError(
                f"cannot be read: line {line.number}: there is something other than bytes in hex"
                " digits; leave only what the meter sent, such as 68 fa fa 68 or 0x68,0xFA"
            )
        data += bytes.fromhex(found[1])
    return data
