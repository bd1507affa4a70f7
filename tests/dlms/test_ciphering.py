"""Ciphering: keys as people write them, protected APDUs taken apart and opened."""

import copy
import pickle
import re
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from app.dlms import ciphering
from app.dlms.ciphering import Cipher, CipheredApdu, Keys, parse_key
from app.fault import DecodeError, Kind
from simulator.axdr import ber_length
from simulator.ciphering import AUTH_KEY, GENERAL_DED, GENERAL_GLO, KEY, Ciphering

KEY_BYTES = bytes.fromhex("36C6F4D1008A4CA4D6BC8B282A793B0E")
TITLE = b"KFM\x67\x50\x00\x00\x09"
PLAINTEXT = b"\x0f" + bytes(range(1, 90))
OTHER = bytes(range(0x40, 0x50))

keys = st.binary(min_size=16, max_size=16)
titles = st.binary(min_size=8, max_size=8)
counters = st.integers(0, 2**32 - 1)


def protect(ciphers: Ciphering, plaintext: bytes = PLAINTEXT, counter: int = 35) -> CipheredApdu:
    return ciphering.parse(ciphers.protect(plaintext, system_title=TITLE, counter=counter))


def authenticated_only(content: bytes = PLAINTEXT, control: int = 0x10) -> CipheredApdu:
    """A telegram that is not enciphered but carries a tag (GMAC)."""
    vector = TITLE + (35).to_bytes(4, "big")
    tag = AESGCM(KEY).encrypt(vector, b"", bytes((control,)) + AUTH_KEY + content)[:12]
    return CipheredApdu(TITLE, control, 35, content, tag)


# --- Keys as people write them ---


@pytest.mark.parametrize(
    "text",
    [
        "36C6F4D1008A4CA4D6BC8B282A793B0E",
        "36c6f4d1008a4ca4d6bc8b282a793b0e",
        "  36C6F4D1 008A4CA4 D6BC8B28 2A793B0E\n",
        "36:C6:F4:D1:00:8A:4C:A4:D6:BC:8B:28:2A:793B:0E",
        "36-C6-F4-D1-00-8A-4C-A4-D6-BC-8B-28-2A-79-3B-0E",
        "0x36C6F4D1008A4CA4D6BC8B282A793B0E",
        "0X36C6F4D1008A4CA4D6BC8B282A793B0E",
        "36C6F4D1008A4CA4\tD6BC8B282A793B0E",
    ],
)
def test_a_key_is_read_as_people_have_it(text: str) -> None:
    assert parse_key(text) == KEY_BYTES


@pytest.mark.parametrize("text", ["Geheim-Schluessl", " 16 letters: xyz! ", "0123456789abcdef"])
def test_a_key_of_16_characters_is_meant_as_it_stands(text: str) -> None:
    assert parse_key(text) == text.strip().encode("ascii")


@given(
    key=keys,
    separator=st.sampled_from(["", " ", ":", "-", "\n"]),
    upper=st.booleans(),
    prefix=st.booleans(),
)
def test_any_key_is_read_back(*, key: bytes, separator: str, upper: bool, prefix: bool) -> None:
    digits = key.hex()
    text = separator.join(digits[at : at + 2] for at in range(0, 32, 2))
    text = ("0x" if prefix else "") + (text.upper() if upper else text)
    assert parse_key(text) == key


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 hexadecimal digits"),
        ("36C6F4D1008A4CA4D6BC8B282A793B0", "31 hexadecimal digits"),
        ("36C6F4D1008A4CA4D6BC8B282A793B0E36", "34 hexadecimal digits"),
        ("36C6F4D1 008A4CA4", "16 hexadecimal digits"),
        ("36C6F4D1008A4CA4D6BC8B282A793BOE", "the letter O where the digit 0 belongs"),
        ("Geheimschluessel!", "17 characters, 12 of them no hexadecimal digits"),
        ("Geheim-Schluessel", "17 characters"),  # what is counted is what was given
        ("geheimschlüssel!", "16 characters"),
        ("sixteen\x00letters!", "16 characters"),
        ("٣٦٣٦٣٦٣٦٣٦٣٦٣٦٣٦٣٦٣٦٣٦٣٦٣٦٣٦٣٦٣٦", "32 characters, 32 of them no hexadecimal digits"),
    ],
)
def test_anything_else_is_refused_with_what_was_counted_and_what_is_wanted(
    text: str, said: str
) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        parse_key(text)
    assert "wanted are 32 hexadecimal digits" in str(caught.value)


@given(st.text("0123456789ABCDEFXYZ#", min_size=4, max_size=40))
def test_no_message_repeats_what_was_given(text: str) -> None:
    try:
        parse_key(text)
    except ValueError as error:
        assert text not in str(error)  # noqa: PT017 -- some of these texts are a key


def test_keys_hide_themselves() -> None:
    both = Keys(KEY_BYTES, OTHER)
    shown = f"{both!r} {both} {[both]} {Cipher(both)!r}"
    for secret in (KEY_BYTES, OTHER):
        assert secret.hex() not in shown.lower()
        assert repr(secret)[2:-1] not in shown
    assert both != Keys(KEY_BYTES)
    assert copy.copy(both) == pickle.loads(pickle.dumps(both)) == both  # noqa: S301 -- our own


# --- Taking apart ---


@given(
    title=titles,
    counter=counters,
    tagged=st.booleans(),
    suite=st.sampled_from([0, 1, 2]),
    plaintext=st.binary(max_size=300),
)
def test_every_part_is_found(
    *, title: bytes, counter: int, tagged: bool, suite: int, plaintext: bytes
) -> None:
    ciphers = Ciphering(authenticated=tagged, suite=suite)
    apdu = ciphers.protect(plaintext, system_title=title, counter=counter)
    parsed = ciphering.parse(apdu)
    assert parsed.system_title == title
    assert parsed.invocation_counter == counter
    assert parsed.security_control == (0x30 if tagged else 0x20) | suite
    assert len(parsed.content) == len(plaintext)
    assert len(parsed.tag) == (12 if tagged else 0)
    assert apdu.endswith(parsed.content + parsed.tag)
    assert parsed.initialization_vector == title + counter.to_bytes(4, "big")


HEADERS = st.tuples(
    st.sampled_from([TITLE, OTHER[:8]]),
    st.sampled_from([0x20, 0x21, 0x30, 0x10]),
    st.integers(0, 2**32 - 1),
    st.sampled_from([80, 81]),
)


@given(st.lists(HEADERS, min_size=2, max_size=8), st.data())
def test_an_apdu_is_taken_apart_alike_whichever_was_before(
    headers: list[tuple[bytes, int, int, int]], data: st.DataObject
) -> None:
    parser = ciphering.Parser()
    for title, control, counter, size in headers:
        content = bytes((control,)) + counter.to_bytes(4, "big") + bytes(range(size - 5))
        apdu = b"\xdb\x08" + title + ber_length(size) + content
        at = data.draw(st.integers(0, len(apdu) - 1))
        changed = apdu[:at] + bytes((apdu[at] ^ 0x81,)) + apdu[at + 1 :]
        for given_apdu in (apdu, changed, apdu, apdu[:-1], apdu, apdu + b"\0"):
            try:
                expected = ciphering.parse(given_apdu)
            except DecodeError as error:
                with pytest.raises(DecodeError, match=re.escape(str(error))):
                    parser.parse(given_apdu)
            else:
                assert parser.parse(given_apdu) == expected


@pytest.mark.parametrize("width", [0, 1, 2, 3, 4])
def test_every_form_of_the_length_is_read(width: int) -> None:
    content = b"\x20\0\0\0\x07" + bytes(60)
    apdu = b"\xdb\x08" + TITLE + ber_length(len(content), width) + content
    assert ciphering.parse(apdu) == CipheredApdu(TITLE, 0x20, 7, bytes(60), b"")


@pytest.mark.parametrize("tagged", [False, True])
def test_every_beginning_is_refused(*, tagged: bool) -> None:
    apdu = Ciphering(authenticated=tagged).protect(PLAINTEXT, system_title=TITLE, counter=1)
    for kept in range(1, len(apdu)):
        with pytest.raises(DecodeError) as caught:
            ciphering.parse(apdu[:kept])
        assert (caught.value.layer, caught.value.kind) == ("ciphering", Kind.DAMAGED)


def test_bytes_left_over_are_refused() -> None:
    apdu = Ciphering().protect(PLAINTEXT, system_title=TITLE, counter=1)
    with pytest.raises(DecodeError, match="95 bytes announced, 96 present"):
        ciphering.parse(apdu + b"\0")


@pytest.mark.parametrize("size", [0, 7, 9, 16])
def test_a_system_title_of_another_length_is_refused(size: int) -> None:
    apdu = bytes((0xDB, size)) + bytes(size) + b"\x06\x20\0\0\0\x01\x0f"
    with pytest.raises(DecodeError, match=f"8 bytes, this one says {size}"):
        ciphering.parse(apdu)


@pytest.mark.parametrize("content", ["", "20", "20000000", "30 00000001 0102030405060708090A0B"])
def test_too_few_bytes_for_header_and_tag_are_refused(content: str) -> None:
    raw = bytes.fromhex(content)
    with pytest.raises(DecodeError, match=f"{len(raw)} bytes are too few"):
        ciphering.parse(b"\xdb\x08" + TITLE + ber_length(len(raw)) + raw)


def test_compression_is_named() -> None:
    raw = b"\xa0\0\0\0\x01" + bytes(20)
    with pytest.raises(DecodeError, match="compressed") as caught:
        ciphering.parse(b"\xdb\x08" + TITLE + ber_length(len(raw)) + raw)
    assert caught.value.kind is Kind.UNSUPPORTED


# --- Opening ---


@given(keys, keys, counters, st.integers(0, 15), st.binary(min_size=1, max_size=200))
def test_what_was_protected_is_opened(
    key: bytes, auth_key: bytes, counter: int, suite: int, plaintext: bytes
) -> None:
    for tagged in (False, True):
        ciphers = Ciphering(key, auth_key, authenticated=tagged, suite=suite)
        parsed = protect(ciphers, plaintext, counter)
        assert Cipher(Keys(key)).open(parsed) == (plaintext, None)
        assert Cipher(Keys(key, auth_key)).open(parsed) == (plaintext, tagged or None)


@pytest.mark.parametrize("service", [GENERAL_GLO, GENERAL_DED])
def test_the_global_and_a_dedicated_key_are_used_alike(service: int) -> None:
    parsed = protect(Ciphering(authenticated=True, service=service))
    assert Cipher(Keys(KEY, AUTH_KEY)).open(parsed) == (PLAINTEXT, True)


def test_a_wrong_authentication_key_does_not_hide_the_plaintext() -> None:
    parsed = protect(Ciphering(authenticated=True))
    assert Cipher(Keys(KEY, OTHER)).open(parsed) == (PLAINTEXT, False)


def test_a_wrong_encryption_key_gives_nothing_that_was_sent() -> None:
    parsed = protect(Ciphering(authenticated=True))
    plaintext, authenticated = Cipher(Keys(OTHER, AUTH_KEY)).open(parsed)
    assert plaintext != PLAINTEXT
    assert authenticated is False


@pytest.mark.parametrize("at", range(12))
def test_every_byte_of_the_tag_is_checked(at: int) -> None:
    parsed = protect(Ciphering(authenticated=True))
    tag = bytearray(parsed.tag)
    tag[at] ^= 0x01
    opened = Cipher(Keys(KEY, AUTH_KEY)).open(parsed._replace(tag=bytes(tag)))
    assert opened == (PLAINTEXT, False)


@pytest.mark.parametrize("at", range(0, len(PLAINTEXT), 9))
def test_every_byte_of_the_content_is_checked(at: int) -> None:
    parsed = protect(Ciphering(authenticated=True))
    content = bytearray(parsed.content)
    content[at] ^= 0x01
    _, authenticated = Cipher(Keys(KEY, AUTH_KEY)).open(parsed._replace(content=bytes(content)))
    assert authenticated is False


@pytest.mark.parametrize(
    "changed", [{"security_control": 0x31}, {"invocation_counter": 36}, {"system_title": OTHER[:8]}]
)
def test_what_stands_in_the_clear_is_checked_too(changed: dict[str, int | bytes]) -> None:
    parsed = CipheredApdu(**protect(Ciphering(authenticated=True))._asdict() | changed)
    _, authenticated = Cipher(Keys(KEY, AUTH_KEY)).open(parsed)
    assert authenticated is False


def test_a_tag_without_enciphering_is_checked() -> None:
    both = Cipher(Keys(KEY, AUTH_KEY))
    assert both.open(authenticated_only()) == (PLAINTEXT, True)
    assert both.open(authenticated_only(control=0x11)) == (PLAINTEXT, True)
    changed = authenticated_only()._replace(content=PLAINTEXT[:-1] + b"\xff")
    assert both.open(changed) == (changed.content, False)


def test_a_tag_without_enciphering_needs_no_key_to_be_read() -> None:
    assert Cipher(Keys()).open(authenticated_only()) == (PLAINTEXT, None)
    assert Cipher(Keys(KEY)).open(authenticated_only()) == (PLAINTEXT, None)


def test_without_a_key_the_meter_is_named_and_the_key_that_is_wanted() -> None:
    for given_keys in (Keys(), Keys(authentication=AUTH_KEY)):
        with pytest.raises(DecodeError) as caught:
            Cipher(given_keys).open(protect(Ciphering()))
        assert caught.value.kind is Kind.KEY_MISSING
        assert "4b464d6750000009 (KFM)" in str(caught.value.reason)
        assert "(GUEK)" in str(caught.value.reason)


def test_a_system_title_without_letters_is_shown_as_digits_alone() -> None:
    assert ciphering.describe_title(b"\x01\x02\x03\x04\x05\x06\x07\x08") == "0102030405060708"


@pytest.mark.parametrize("sent", [False, True])
def test_a_plaintext_is_sealed_as_the_meter_seals_it(*, sent: bool) -> None:
    """Enciphered, with a tag or without one."""
    ciphers = Ciphering(authenticated=sent)
    parsed = protect(ciphers, PLAINTEXT[::-1])
    behind = ciphering.seal(protect(ciphers), PLAINTEXT[::-1], KEY, AUTH_KEY)
    assert behind == parsed.content + parsed.tag


def test_a_plaintext_that_is_not_enciphered_is_sealed_with_its_tag_alone() -> None:
    tagged = authenticated_only()
    behind = ciphering.seal(tagged._replace(content=b"", tag=b""), PLAINTEXT, KEY, AUTH_KEY)
    assert behind == PLAINTEXT + tagged.tag


def test_the_simulators_defaults_say_what_these_tests_rely_on() -> None:
    assert replace(Ciphering(), key=KEY, auth_key=AUTH_KEY) == Ciphering()
