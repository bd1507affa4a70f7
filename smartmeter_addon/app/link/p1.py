"""P1 telegrams: text from ``/`` to ``!`` and a checksum (DSMR P1 companion standard).

``/`` three letters of the maker, a digit, an identification, an empty line, lines of OBIS code and
values in brackets, ``!``, and a checksum of up to four hex digits, see `p1_checksum`. Lines end
with CR LF, or as a gateway changes that.

Some meters send bytes that are no text, such as a message of FF a thousand times (Sanxing SX631 in
Hungary, ndokter/dsmr_parser#80). A right checksum proves that they do; without one such bytes are
damage, or the content of another frame.
"""

import re
from functools import partial
from typing import Final, NamedTuple

from app.fault import DecodeError, Fault, Kind
from app.link.frame import NOT_HERE, Found, Frame, More, Probe, Refused
from app.link.p1_checksum import Checksums

# What is no text is looked for only behind the digit that is the standard's.
_IDENTIFICATION: Final = re.compile(rb"/[A-Za-z]{3}(?:[0-9][^\r\n]*|[ -~]*)(?:\r\n?|\n)")
_BEGINNING: Final = re.compile(rb"/(?:[A-Za-z]{0,3}|[A-Za-z]{3}(?:[0-9][^\r\n]*|[ -~]*))")
_STANDARD_BEGINNING: Final = re.compile(rb"/[A-Za-z]{3}[0-9]")
_LINE_ENDS: Final = b"\r\n"
_TEXT: Final = b"\t\r\n" + bytes(range(ord(" "), ord("~") + 1))
_STRANGE: Final = re.compile(rb"[^\t\r\n -~]")
_LINE_BEGINNING: Final = re.compile(rb"[\r\n][^\t\r\n -~]{0,4}\Z")
_LINE_BEGINNING_SIZE: Final = 5
_END_SIZE: Final = _LINE_BEGINNING_SIZE + len(b"!")
_CHECKSUM: Final = re.compile(rb"([0-9A-Fa-f]{0,4})[ \t]*(?:\r\n?|\n)")
_CHECKSUM_BEGINNING: Final = re.compile(rb"[0-9A-Fa-f]{0,4}[ \t]{0,8}\r?")
START: Final = b"/"
"""With which each telegram begins."""
_START: Final = ord(START)
_END_MARK: Final = ord("!")
_RETURN: Final = ord("\r")
_LONGEST_IDENTIFICATION: Final = 128
_LONGEST: Final = 32768
"""More than twice what the standard allows: a message of 2048 digits, and ten more lists."""


def begins(data: bytes) -> bool:
    """Tell whether deciphered bytes begin like a telegram, which random ones hardly ever do."""
    return _STANDARD_BEGINNING.match(data) is not None or (
        data.isascii() and _IDENTIFICATION.match(data) is not None
    )


def whole(data: bytes, checksums: Checksums | None = None) -> Found:
    """Take a telegram that came by another way, such as deciphered, up to and with its ``!``.

    Raises:
        DecodeError: it is none, or its checksum is wrong.
    """
    probe = P1(checksums).probe(bytearray(data.strip() + _LINE_ENDS), 0)
    if isinstance(probe, Found):
        return probe
    if isinstance(probe, Refused) and probe.reason:
        raise DecodeError(P1.name, 0, probe.reason, probe.kind)
    raise DecodeError(P1.name, 0, "no whole telegram of text")


class _Searched(NamedTuple):
    """What is known of a telegram whose end is not there yet.

    Args:
        may_be_strange: whether it is waited for although it holds bytes that are no text.
        size: how many of its bytes hold no end.
        strange: which of its bytes is no text; None if all are.
    """

    may_be_strange: bool
    size: int = 1
    strange: int | None = None

    def find_strange(self, buffer: bytearray, pos: int, end: int) -> int | None:
        """Look for a byte that is no text, up to an end."""
        begin = pos + self.size
        if self.strange is not None or not buffer[begin:end].translate(None, _TEXT):
            return self.strange
        found = _STRANGE.search(buffer, begin, end)
        return found.start() - pos if found else None


class P1:
    """The P1 link of one line.

    Args:
        checksums: of the line's senders, kept up to date here.
    """

    __slots__ = ("_checksums",)

    name = "p1"
    starts = rb"/"
    checked = False
    mark = len(b"/ISK5")

    def __init__(self, checksums: Checksums | None = None) -> None:
        self._checksums = checksums or Checksums()

    def probe(self, buffer: bytearray, pos: int) -> Probe:
        """See `Link.probe`."""
        line = bytes(buffer[pos : pos + _LONGEST_IDENTIFICATION])
        is_standard = _STANDARD_BEGINNING.match(line) is not None
        is_long = len(line) >= self.mark
        if is_long and not is_standard and pos and buffer[pos - 1] not in _LINE_ENDS:
            return NOT_HERE
        if not _IDENTIFICATION.match(line):
            is_begun = _BEGINNING.fullmatch(line) and line.find(line[: self.mark], 1) < 0
            if is_begun and len(line) < _LONGEST_IDENTIFICATION:
                return More(len(buffer) + 1)
            return NOT_HERE
        return self._search(buffer, pos, _Searched(may_be_strange=is_standard))

    def _search(self, buffer: bytearray, pos: int, before: _Searched) -> Probe:
        """Look for the end of a telegram whose identification is there.

        Args:
            buffer: the bytes.
            pos: where it begins.
            before: what is known of it already, so that no byte is searched twice.
        """
        text_end = min(len(buffer), pos + _LONGEST)
        stop = self._find_stop(buffer, pos, pos + before.size, text_end)
        strange = before.find_strange(buffer, pos, text_end if stop is None else stop)
        is_cut = stop is None or buffer[stop] != _END_MARK
        if strange is not None and (not before.may_be_strange or (stop and is_cut)):
            return _strange(buffer, pos + strange)
        if stop is None:
            if text_end == pos + _LONGEST:
                return Refused(f"a telegram has no end within {_LONGEST} bytes", text_end)
            # The end is a line that begins with an exclamation mark, and its line end.
            missing = 2 if buffer[-1] in _LINE_ENDS else 3
            size = max(before.size, len(buffer) - pos - _END_SIZE)
            searched = _Searched(before.may_be_strange, size, strange)
            again = partial(self._search, before=searched)
            return More(len(buffer) + missing, strange is None, again)
        if is_cut:
            return Refused("a telegram broke off before another began", stop)
        end = stop + 1
        ends_with_return = buffer[-1] == _RETURN and buffer.find(b"\n", pos, end) < 0
        if _CHECKSUM_BEGINNING.fullmatch(buffer, end) and not ends_with_return:
            size = max(before.size, stop - pos - _LINE_BEGINNING_SIZE)
            searched = _Searched(before.may_be_strange, size, strange)
            return More(len(buffer) + 1, begun=True, again=partial(self._search, before=searched))
        return self._check(buffer, pos, end, strange)

    def _find_stop(self, buffer: bytearray, pos: int, begin: int, end: int) -> int | None:
        """Find the mark with which a text ends, or the slash with which another begins.

        Both begin a line, perhaps behind damage. A telegram that broke off within a line has the
        next one of the same meter behind it in that line; another slash is one of a message.

        Args:
            buffer: the bytes.
            pos: where the telegram begins.
            begin: of the bytes that are searched.
            end: of these.
        """
        mark = buffer.find(_END_MARK, begin, end)
        while True:
            slash = buffer.find(_START, begin, end if mark < 0 else mark)
            stop = mark if slash < 0 else slash
            if stop < 0:
                return None
            line = max(begin, stop - _LINE_BEGINNING_SIZE)
            if _LINE_BEGINNING.search(buffer, line, stop):
                return stop
            if stop == slash and _STANDARD_BEGINNING.match(buffer, slash, end):
                own = buffer[pos : pos + self.mark]
                if buffer.startswith(own, slash):
                    return stop
            begin = stop + 1
            if stop == mark:
                mark = buffer.find(_END_MARK, begin, end)

    def _check(self, buffer: bytearray, pos: int, end: int, strange: int | None) -> Probe:
        """Check a telegram that is whole.

        Args:
            buffer: the bytes.
            pos: where it begins.
            end: where its text ends and its checksum begins.
            strange: see `_Searched`.
        """
        checksum = _CHECKSUM.match(buffer, end)
        if not checksum:
            return Refused("a telegram ends without a checksum or a line end", end)
        text, digits = bytes(buffer[pos:end]), checksum[1]
        verdict = self._checksums.judge(text, digits, is_clean=strange is None)
        if verdict.content is not None:
            bits, note = verdict.bits, str(verdict.sentence)
            return Found(checksum.end(), verdict.content, checksum=bits, note=note)
        if strange is not None and not int(digits or b"0", 16):
            return _strange(buffer, pos + strange)
        return Refused(verdict.sentence, end, Kind.CHECKSUM_WRONG)

    def accept(self, found: Found, offset: int, parity_errors: int) -> list[Frame | Fault]:
        """See `Link.accept`."""
        content, checksum, note = found.content, found.checksum, found.note
        return [Frame(self.name, offset, content, "", checksum, 1, note, parity_errors)]

    @property
    def under_way(self) -> bool:
        """See `Link.under_way`."""
        return False

    def finish(self) -> list[Fault]:
        """See `Link.finish`."""
        return []


def _strange(buffer: bytearray, pos: int) -> Refused:
    """Refuse a telegram for a byte that is no text."""
    return Refused(f"a telegram of text holds the byte {buffer[pos]:02X}", pos)
