"""Each usual mistake in a key has a hint of its own, that does not hold the key."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dlms.ciphering import parse_key
from app.dlms.key_text import explain

KEY = "36C66639E48A8CA4D6BC8B282A793BB0"
BYTES = [KEY[place : place + 2] for place in range(0, 32, 2)]
WANTED = "wanted are 32 hexadecimal digits (0-9, a-f), or 16 plain characters"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f'"{KEY}"', "the key has quotes of its own, inside the field; leave them out"),
        (f"'{KEY}'", "the key has quotes of its own, inside the field; leave them out"),
        (f"„{KEY}“", "the key has quotes of its own, inside the field; leave them out"),
        (",".join(BYTES), "commas, brackets or the like between 32 hexadecimal digits"),
        ("0x" + ", 0x".join(BYTES), "commas, brackets or the like between 32 hexadecimal"),
        ("{0x" + ",0x".join(BYTES) + "}", "commas, brackets or the like between 32 hexadecimal"),
        ("\\x" + "\\x".join(BYTES), "commas, brackets or the like between 32 hexadecimal digits"),
        (" ".join(BYTES[:8]), "the key has 16 hexadecimal digits, which is half a key"),
        ("0x" + KEY[:16], "the key has 16 hexadecimal digits, which is half a key"),
        (KEY + KEY, "the key has 64 hexadecimal digits, which is two keys"),
        (f"{KEY} {KEY}", "the key has 64 hexadecimal digits, which is two keys"),
        (KEY[:31], "the key has 31 hexadecimal digits;"),
        (KEY.replace("0", "O"), "the key has the letter O where the digit 0 belongs"),
        (" ".join(BYTES).replace("0", "o"), "the key has the letter o where the digit 0 belongs"),
        (KEY[:-1] + "l", "the key has the letter l where the digit 1 belongs"),
        ("NsZmOeSKjKTWvIsoKnk7uw==", "the key is written in Base64"),
        (f"GUEK: {KEY}", "the key has 32 hexadecimal digits and more around them"),
        (f"<key>{KEY}</key>", "the key has 32 hexadecimal digits and more around them"),
        ("geheim", "the key has 6 characters, 4 of them no hexadecimal digits"),
    ],
)
def test_a_mistake_has_its_hint(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="the key ") as caught:
        parse_key(text)
    sentence = str(caught.value)
    assert reason in sentence
    assert sentence.endswith(f"; {WANTED}")
    assert KEY[:12] not in sentence


@given(st.text())
def test_any_text_has_a_hint_that_holds_nothing_of_it(text: str) -> None:
    sentence = explain(text)
    assert sentence.endswith(WANTED)
    assert re.fullmatch(r"[ -~]+", sentence)
