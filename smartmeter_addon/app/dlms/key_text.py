"""What is wrong with a text that should be a key, in a sentence that does not hold it."""

import re
import string
from collections.abc import Iterator
from itertools import groupby
from typing import Final

_DIGITS: Final = 32
_WANTED: Final = "wanted are 32 hexadecimal digits (0-9, a-f), or 16 plain characters"
_QUOTES: Final = "\"'`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
_LOOKALIKES: Final = {
    "O": ("the letter O", "the digit 0"),
    "o": ("the letter o", "the digit 0"),
    "l": ("the letter l", "the digit 1"),
    "I": ("the letter I", "the digit 1"),
}
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{22}==")
_LIST: Final = re.compile(r"\\x|0x|[\s,;:(){}\[\]-]", re.IGNORECASE)
"""What stands around and between the bytes of a list in some programming language."""


def explain(text: str) -> str:
    """Say what is wrong with a key, and what is wanted.

    Args:
        text: one that is no key.
    """
    return f"{next(_reasons(text.strip()))}; {_WANTED}"


def _reasons(text: str) -> Iterator[str]:
    bare = text.strip(_QUOTES)
    if bare != text and bare.strip(_QUOTES):
        yield "the key has quotes of its own, inside the field; leave them out"
    digits = _LIST.sub("", text)
    if _is_hex(digits) and len(digits) != len(_separated(text)):
        yield (
            f"the key has commas, brackets or the like between {len(digits)} hexadecimal digits;"
            " leave them out"
        )
    if _is_hex(digits):
        if len(digits) == _DIGITS // 2:
            yield f"the key has {len(digits)} hexadecimal digits, which is half a key"
        elif len(digits) == 2 * _DIGITS:
            yield (
                f"the key has {len(digits)} hexadecimal digits, which is two keys: each belongs"
                " into an option of its own, the encryption key into key, the authentication key"
                " into auth_key"
            )
        yield f"the key has {len(digits)} hexadecimal digits"
    strange = [character for character in digits if character not in string.hexdigits]
    if len(digits) == _DIGITS and all(character in _LOOKALIKES for character in strange):
        wrong, right = _LOOKALIKES[strange[0]]
        yield f"the key has {wrong} where {right} belongs"
    if _BASE64.fullmatch(text):
        yield "the key is written in Base64; ask for it in hexadecimal digits"
    if any(len(run) == _DIGITS for run in _runs_of_hex(text)):
        yield "the key has 32 hexadecimal digits and more around them; leave that out"
    strange = [character for character in text if character not in string.hexdigits]
    yield f"the key has {len(text)} characters, {len(strange)} of them no hexadecimal digits"


def _separated(text: str) -> str:
    """Leave out what may stand between digits."""
    return re.sub(r"0x|[\s:-]", "", text, flags=re.IGNORECASE)


def _is_hex(text: str) -> bool:
    return all(character in string.hexdigits for character in text)


def _runs_of_hex(text: str) -> Iterator[str]:
    for is_hex, run in groupby(text, key=lambda character: character in string.hexdigits):
        if is_hex:
            yield "".join(run)
