"""Made-up numbers, titles and texts in place of those that identify a household."""

import hashlib
import itertools
import re
from collections.abc import Iterator
from typing import Final

from app.meters import identity

_SHORTEST_TRACE: Final = 7
"""Digits of a number that are searched for; fewer occur in values by chance."""
_FEWEST_KINDS_OF_DIGITS: Final = 4
"""Likewise of a number that is mostly zeros."""
_SMALLEST_INTEGER: Final = 1 << 20
"""Likewise, of a number as a binary integer."""
_LONGEST_SHARED_RUN: Final = 3
_FEWEST_DIGITS_OF_A_NUMBER: Final = 6
_MOST_ATTEMPTS: Final = 1000
_TITLE_KEPT: Final = 5  # maker, kind, and of the Kaifa meters in Tyrol the model

_BYTES: Final = "latin-1"
_BLANK, _DELETE = 0x20, 0x7F
_NO_ASCII: Final = "\xff"

_DIGITS: Final = re.compile(r"[0-9]+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_MODEL: Final = re.compile(r"[!-~]*[0-9][!-~]*")


class Names:
    """Makes up a name for each that comes, the same one each time."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}
        self._titles: dict[bytes, bytes] = {}
        self._texts: set[str] = set()
        self._octets: dict[bytes, bytes] = {}

    def title(self, old: bytes) -> bytes:
        """Replace the serial number in a system title of 8 bytes; maker and model stay."""
        if old not in self._titles:
            made_up = (old[:_TITLE_KEPT] + _stream(seed)[: 8 - _TITLE_KEPT] for seed in _seeds())
            taken = {*self._titles, *self._titles.values(), old}
            self._titles[old] = next(one for one in made_up if one not in taken)
        return self._titles[old]

    def number(self, old: str, *, most: int | None = None) -> str:
        """Replace the digits of a number; letters and leading zeros stay.

        Args:
            old: the number as text.
            most: the greatest that fits, for an integer.
        """
        if not any(map(str.isalnum, old.strip("0 \0"))):
            return old
        if old in self._numbers:
            return self._numbers[old]
        if old.isascii() and (title := self._title_in(old)):
            return title
        if (readable := identity.readable(old)) != old:
            coded = self.number(readable).encode("ascii").hex()
            return coded.upper() if old.upper() == old else coded
        taken = {*self._numbers, *self._numbers.values(), old}
        made_up = (_of_the_form(old, seed) for seed in range(1, _MOST_ATTEMPTS))
        fitting = (
            new
            for new in made_up
            if new not in taken
            and not _share_a_run(old, new)
            and (most is None or int(new) <= most)
        )
        # There are only nine numbers of one digit, and less than ten may fit an integer.
        self._numbers[old] = next(fitting, _hidden(old))
        return self._numbers[old]

    def octets(self, old: bytes) -> bytes:
        """Replace a number that stands in octets: text, binary-coded decimal, or what else."""
        core = old.strip(b"\0 \xff")
        if not core:
            return old
        if core in self._titles:
            return old.replace(core, self._titles[core])
        if len(old) == 8 and old[:3].isalpha() and old[:3].isupper() and not old.isalnum():  # noqa: PLR2004 - a system title
            return self.title(old)
        if core.isascii() and core.decode("ascii").isprintable():
            new = self.number(core.decode("ascii")).encode("ascii")
        elif (digits := core.hex()).isdecimal():
            new = bytes.fromhex(self.number(digits))
        else:
            if core not in self._octets:
                made_up = _stream(f"octets {len(self._octets)}")
                self._octets[core] = (made_up * (1 + len(core) // len(made_up)))[: len(core)]
            new = self._octets[core]
        return old.replace(core, new)

    def text(self, old: str) -> str:
        """Hide a text that anything may stand in, such as a message to the customer.

        Args:
            old: of characters up to U+00FF, which may be hex digits of others.
        """
        coded = characters(old)
        new = _hidden(coded).encode(_BYTES).hex() if coded else _hidden(old)
        new = new.upper() if coded and old.upper() == old else new
        if new != old:
            self._texts.update(filter(None, (old, coded)))
        return new

    def traces(self) -> Iterator[bytes]:
        """Give what must not be found any more: each name that was replaced, as it may be coded."""
        for title in self._titles:
            yield title
            yield from _in_digits(title)
            yield from _coded_number(str(int.from_bytes(title[-4:], "big") & 0x0FFFFFFF))
        for number in self._numbers:
            yield from _coded_text(number)
            for digits in _DIGITS.findall(number):
                yield from _coded_number(digits.lstrip("0"))
        for octets in self._octets:
            if len(octets) >= _SHORTEST_TRACE:
                yield octets
                yield from _in_digits(octets)
        for text in self._texts:
            if _LETTER.search(text) and not set(text) <= set("Xx0"):
                yield from _coded_text(text)

    def _title_in(self, text: str) -> str | None:
        """Give the made-up title where a text is a title that was replaced, in hex digits."""
        for old, new in self._titles.items():
            if text.lower() == old.hex():
                return new.hex() if text == text.lower() else new.hex().upper()
        return None


def is_model(text: str) -> bool:
    """Tell a name of a model or a version, such as ``MA304H3E`` or ``AIDON_V0001``."""
    return is_short(text) and bool(_MODEL.fullmatch(text))


def is_short(text: str) -> bool:
    """Tell whether a text has too few digits for a number that identifies."""
    return sum(map(str.isdecimal, text)) < _FEWEST_DIGITS_OF_A_NUMBER


def _seeds() -> Iterator[int]:
    return itertools.count(1)


def _stream(seed: object) -> bytes:
    """Give 32 bytes that look like chance and are the same each time."""
    return hashlib.sha256(f"made up {seed}".encode()).digest()


def _of_the_form(old: str, seed: int) -> str:
    stream = itertools.cycle(_stream(seed))
    leading = len(old) - len(old.lstrip("0"))
    without_digits = not any(map(str.isdecimal, old))
    new = [old[:leading]]
    for place, character in enumerate(old[leading:]):
        byte = next(stream)
        if "0" <= character <= "9":
            new.append(str(byte % 9 + 1 if place == 0 else byte % 10))
        elif without_digits and character.isalpha():
            new.append(chr(ord("A") + byte % 26))
        else:
            new.append(character)
    return "".join(new)


def _share_a_run(old: str, new: str) -> bool:
    size = _LONGEST_SHARED_RUN + 1
    runs = [run for run in _DIGITS.findall(new.lstrip("0")) if len(run) >= size]
    return any(run[at : at + size] in old for run in runs for at in range(len(run) - size + 1))


def characters(text: str) -> str:
    """Give the characters that a text is the hex digits of; empty where it is not."""
    if not text.isalnum():
        return ""
    try:
        coded = bytes.fromhex(text)
    except ValueError:
        return ""
    return "" if any(byte < _BLANK or byte == _DELETE for byte in coded) else coded.decode(_BYTES)


def _hidden(text: str) -> str:
    """Hide each character by another of its kind; what is no ASCII by the byte FF.

    Meters fill the place of a message with it, and so what is no text stays none.
    """
    return "".join(map(_hidden_character, text))


def _hidden_character(character: str) -> str:
    if not character.isascii():
        return _NO_ASCII
    if character.isdecimal():
        return "0"
    if not character.isalpha():
        return character
    return "X" if character.isupper() else "x"


def _in_digits(data: bytes) -> Iterator[bytes]:
    digits = data.hex()
    yield digits.encode()
    yield digits.upper().encode()


def _coded_text(text: str) -> Iterator[bytes]:
    if len(text.strip("0 \0")) >= _SHORTEST_TRACE:
        coded = text.encode(_BYTES)
        yield coded
        yield from _in_digits(coded)


def _coded_number(digits: str) -> Iterator[bytes]:
    """Give a number in characters, their codes in hex, decimal digits in halves, and binary."""
    if len(digits) < _SHORTEST_TRACE or len(set(digits)) < _FEWEST_KINDS_OF_DIGITS:
        return
    yield from _coded_text(digits)
    for padded in {digits, f"0{digits}", f"{digits}0", f"{digits}f"}:
        if len(padded) % 2 == 0:
            packed = bytes.fromhex(padded)
            yield packed
            yield packed[::-1]
    for size in (4, 8):
        if _SMALLEST_INTEGER <= int(digits) < 1 << 8 * size:
            yield int(digits).to_bytes(size, "big")
            yield int(digits).to_bytes(size, "little")
