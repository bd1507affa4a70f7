"""The checksums of P1 telegrams: which sorts there are, and which of them a meter uses.

=============================  ==================================================================
CRC-16/ARC                     DSMR 4 and 5 and its national variants: the standard
CRC-16/X.25                    Holley D545 and D525 in Hungary (ndokter/dsmr_parser#91,
                               esphome/issues#7019); the order of its bytes is not known
``0000``                       Iskraemeco AM550 in Slovenia (UtilitechAS/amsreader-firmware#956)
none                           DSMR 2.2 and 3; AM550 in Slovenia
either CRC with line ends      copies by gateways and forums that turn CR LF into another line end,
changed on the way             double it, or leave out the empty line
=============================  ==================================================================

Leading zeros may be missing (ndokter/dsmr_parser, pull request 173), and digits be of either case.

Each sort that is tried gives damage another chance of 1 in 65536 to pass, and the absence of a
checksum lets all of it pass. So the sort of a sender is learned from its telegrams, and another one
is accepted only when several telegrams in a row show it.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

from app.language.catalogue import Sentence, Text
from app.link import crc

_BITS: Final = 16
_CONFIRMATIONS: Final = 3
"""Telegrams in a row after which another sort of checksum is a sender's."""

_CONFIRMATIONS_UNCHECKED: Final = 10
"""The same of telegrams that nothing checks."""

_MOST_SENDERS: Final = 32
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_LINE_ENDS: Final = re.compile(rb"(?:\r\n)+")
_CR_LF: Final = b"\r\n"


class Algorithm(StrEnum):
    """How the digits are calculated; the standard's first."""

    ARC = "CRC-16/ARC"
    X25 = "CRC-16/X.25"
    X25_SWAPPED = "CRC-16/X.25 with its bytes exchanged"
    ZEROS = "0000"
    NONE = "none"


@dataclass(frozen=True, eq=False)
class Sort:
    """A sort of checksum; there is one object of each.

    Args:
        algorithm: of the digits.
        restored: whether it fits once the line ends are CR LF again.
    """

    algorithm: Algorithm
    restored: bool = False

    @cached_property
    def bits(self) -> int:
        """The bits that it proves."""
        return 0 if self.algorithm in {Algorithm.ZEROS, Algorithm.NONE} else _BITS

    @cached_property
    def sentence(self) -> str:
        """What the log says of it; empty for the standard's."""
        return "; ".join(filter(None, (_SENTENCES[self.algorithm], self.restored * _RESTORED)))


_OF_X25: Final = (
    "the checksums of the meter's telegrams are CRC-16/X.25 in place of the usual CRC-16/ARC"
)
_UNCHECKED: Final = "each is judged by its values alone"
_SENTENCES: Final = {
    Algorithm.ARC: "",
    Algorithm.X25: _OF_X25,
    Algorithm.X25_SWAPPED: f"{_OF_X25}, with the two bytes exchanged",
    Algorithm.ZEROS: (
        f"the meter's telegrams say 0000 in place of a checksum, so they have none: {_UNCHECKED}"
    ),
    Algorithm.NONE: f"the meter's telegrams have no checksum: {_UNCHECKED}",
}
_RESTORED: Final = (
    "the line ends of the meter's telegrams are changed on the way, mostly by a gateway; their"
    " checksum is right once the lines end with CR LF again"
)

_AS_SENT: Final = tuple(Sort(algorithm) for algorithm in Algorithm)
_SORTS: Final = (
    *_AS_SENT,
    *(Sort(sort.algorithm, restored=True) for sort in _AS_SENT if sort.bits),
)
"""All there are, in the order in which they are preferred where several fit."""

Sorts: TypeAlias = tuple[Sort, ...]
"""Some of them, in that order."""


class Verdict(NamedTuple):
    """What the checksum of a telegram shows.

    Args:
        content: the text as the meter sent it; None when the checksum does not fit.
        bits: of the checksum; 0 where the meter sends none.
        sentence: what the log says of the sort of checksum, or why it does not fit.
    """

    content: bytes | None
    bits: int = 0
    sentence: Text = ""


@dataclass(slots=True, eq=False)
class _Sender:
    """What is known of one sender.

    Args:
        name: its identification.
        sorts: that fitted all its telegrams so far; none before the first.
        count: of these telegrams.
        others: that fitted all telegrams since which do not fit ``sorts``.
        others_count: of those telegrams.
        latest: tells the last of those from others.
    """

    name: bytes
    sorts: Sorts = ()
    count: int = 0
    others: Sorts = ()
    others_count: int = 0
    latest: int = 0


class Checksums:
    """Which sort of checksum the senders of one line use."""

    __slots__ = ("_senders", "_usual")

    def __init__(self) -> None:
        self._senders: tuple[_Sender, ...] = ()  # a dict of one takes 224 bytes
        self._usual: Sorts = ()
        """Of the telegram accepted last: damage of an identification makes a new sender."""

    def judge(self, text: bytes, digits: bytes, *, is_clean: bool) -> Verdict:
        """Check a telegram, and learn from it; the same telegram again teaches nothing.

        Args:
            text: from ``/`` to ``!``.
            digits: behind the ``!``, at most four.
            is_clean: whether all of it is text; if not, only a checksum makes it one.
        """
        telegram = _Telegram(text, digits)
        sender = self._sender(text)
        expected = sender.sorts or self._usual
        fitting = telegram.fitting(expected if is_clean else _proving(expected))
        if not fitting:
            fitting = telegram.fitting(_SORTS if is_clean else _proving(_SORTS))
            if fitting and expected:
                fitting = _confirmed(sender, fitting, zlib.crc32(text), expected)
                self._keep(sender)
            if not fitting:
                return Verdict(None, sentence=_wrong(telegram, expected))
            sender.count = 0
        sender.sorts = self._usual = fitting
        sender.count += 1
        sender.others_count = 0
        self._keep(sender)
        bits = min([sort.bits for sort in fitting])
        return Verdict(telegram.content(fitting[0]), bits, fitting[0].sentence)

    def remade(self, text: bytes, digits: bytes, new: bytes) -> bytes:
        """Make the digits of a text that takes the place of another, of the same sort.

        Where the other's leading zeros are missing, so are these; there may be more digits, then.

        Args:
            text: from ``/`` to ``!``, of a telegram that was accepted.
            digits: behind its ``!``.
            new: the other text, with the same line ends.

        Raises:
            ValueError: the digits are no checksum of the text.
        """
        telegram = _Telegram(text, digits)
        sender = self._sender(text)
        fitting = telegram.fitting(sender.sorts) or telegram.fitting(_SORTS)
        if not fitting:
            raise ValueError("the digits are no checksum of the text")
        sort = fitting[0]
        if not sort.bits:
            return digits
        if sort.restored:
            texts = zip(_restored(text), _restored(new), strict=True)
            new = next(after for before, after in texts if before == telegram.content(sort))
        made = f"{_value(sort.algorithm, new):0{len(digits)}X}"
        return (made.lower() if digits.upper() != digits else made).encode("ascii")

    def _sender(self, text: bytes) -> _Sender:
        """Return what is known of the sender of a text."""
        name = _LINE_END.split(text, maxsplit=1)[0]
        for one in self._senders:
            if one.name == name:
                return one
        return _Sender(name)

    def _keep(self, sender: _Sender) -> None:
        """Keep what is known of a sender; of too many those known longest are let go."""
        if sender not in self._senders:
            self._senders = (*self._senders, sender)[-_MOST_SENDERS:]


class _Telegram:
    """A text and its digits; each sort is tried once."""

    def __init__(self, text: bytes, digits: bytes) -> None:
        self.text = text
        self.digits = digits
        self._contents: dict[Sort, bytes | None] = {}

    def fitting(self, sorts: Sorts) -> Sorts:
        """Return those of some sorts that the digits are of."""
        return tuple([sort for sort in sorts if self.content(sort) is not None])

    def content(self, sort: Sort) -> bytes | None:
        """Return the text as it was sent; None if the digits are not of this sort."""
        if sort not in self._contents:
            self._contents[sort] = None
            for text in _restored(self.text) if sort.restored else (self.text,):
                if _fits(sort.algorithm, text, self.digits):
                    self._contents[sort] = text
                    break
        return self._contents[sort]


_ZEROS: Final = b"0000"


def _fits(algorithm: Algorithm, text: bytes, digits: bytes) -> bool:
    """Tell whether digits are calculated in this way; their leading zeros may be missing."""
    if not digits or algorithm is Algorithm.NONE:
        return not digits and algorithm is Algorithm.NONE
    if algorithm is Algorithm.ZEROS:
        return digits == _ZEROS  # a digit alone may be the first one of another checksum
    return int(digits, 16) == _value(algorithm, text)


def _value(algorithm: Algorithm, text: bytes) -> int:
    """Calculate a checksum that proves something."""
    if algorithm is Algorithm.ARC:
        return crc.arc(text)
    checksum = crc.x25(text)
    if algorithm is Algorithm.X25_SWAPPED:
        return (checksum & 0xFF) << 8 | checksum >> 8
    return checksum


def _restored(text: bytes) -> Iterator[bytes]:
    """Give the texts that may have become this one by a change of its line ends."""
    restored = _LINE_END.sub(_CR_LF, text)
    if restored != text:
        yield restored
    runs = [len(run) // len(_CR_LF) for run in _LINE_ENDS.findall(restored)]
    if all(run % 2 == 0 for run in runs):
        yield _LINE_ENDS.sub(lambda run: run[0][: len(run[0]) // 2], restored)
    elif runs[0] == 1:
        yield restored.replace(_CR_LF, 2 * _CR_LF, 1)  # the empty line behind the identification


def _confirmed(sender: _Sender, fitting: Sorts, latest: int, expected: Sorts) -> Sorts:
    """Take a telegram whose checksum is of another sort; return that sort once it is confirmed.

    A sender that is new confirms its own at once where the line's other one proves nothing.
    """
    if not sender.others_count:
        sender.others = fitting
    if latest != sender.latest or not sender.others_count:
        common = tuple(sort for sort in sender.others if sort in fitting)
        sender.others = common or fitting
        sender.others_count = sender.others_count + 1 if common else 1
        sender.latest = latest
    if not _proving(sender.others):
        needed = _CONFIRMATIONS_UNCHECKED
    elif sender.sorts:
        needed = min(sender.count, _CONFIRMATIONS)
    else:
        needed = _CONFIRMATIONS if _proving(expected) else 1
    return sender.others if sender.others_count >= needed else ()


def _proving(sorts: Sorts) -> Sorts:
    """Return those of some sorts that prove anything."""
    return tuple(sort for sort in sorts if sort.bits)


def _wrong(telegram: _Telegram, expected: Sorts) -> Sentence:
    """Say what is wrong with a checksum."""
    if not telegram.digits and _proving(expected):
        return Sentence("telegram.checksum_missing")
    return Sentence("telegram.checksum_wrong", {"size": len(telegram.text)})
