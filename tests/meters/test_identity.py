"""Who sent a telegram."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cosem.items import Item
from app.cosem.obis import Obis
from app.dlms import axdr
from app.meters import identity


def named(code: str, value: object, tag: int = axdr.OCTET_STRING) -> Item:
    return Item(Obis.parse(code), tag, value)


def bare(value: object, tag: int = axdr.OCTET_STRING) -> Item:
    return Item(None, tag, value)


# --- The maker ---


MAKERS = identity.MAKER_NAMES


def test_letters_of_no_known_maker_are_just_letters() -> None:
    """The list version of a Landis+Gyr ZMF100 is EMBRIQ_V1_1."""
    item = bare("EMBRIQ_V1_1", axdr.VISIBLE_STRING)
    assert identity.maker(None, [item], MAKERS) is None


def test_the_system_title_names_the_maker() -> None:
    assert identity.maker(b"KFM\x67\x50\0\0\x09", [], ()) == "KFM"


def test_the_system_title_counts_before_a_name_in_the_list() -> None:
    assert identity.maker(b"SAGY1234", [named("0-0:42.0.0", b"KFM1200")], MAKERS) == "SAG"


@pytest.mark.parametrize("title", [None, b"kfm12345", b"\x01\x02\x03\x04\x05\x06\x07\x08"])
@pytest.mark.parametrize(
    ("item", "maker"),
    [
        (named("0-0:42.0.0", b"KFM1200200000017"), "KFM"),
        (named("0-0:42.0.0", b"LGZ1030600000012"), "LGZ"),
        (named("0-0:42.0.0", "Kamstrup_V0001", axdr.VISIBLE_STRING), "KAM"),
        (bare("AIDON_V0001", axdr.VISIBLE_STRING), "AID"),
        (bare(b"KFM_001"), "KFM"),
        (bare(b"1KFM0200000052"), "KFM"),
    ],
)
def test_else_a_name_in_the_list_names_the_maker(
    title: bytes | None, item: Item, maker: str
) -> None:
    assert identity.maker(title, [named("1-0:1.8.0", 5, axdr.UNSIGNED), item], MAKERS) == maker


@pytest.mark.parametrize(
    "item",
    [
        named("0-0:96.1.0", b"KFM_001"),  # a register, but not the device's name
        named("0-0:96.1.0", b"ELS1"),  # too short for a maker and a number
        bare(b"30100007"),
        bare(b"KF_001"),
        bare(b"Bezug"),
        bare(bytes.fromhex("ABCDE123FF")),  # no text, though its digits could be a name
        bare(236, axdr.LONG_UNSIGNED),
        bare(None, axdr.NULL),
    ],
)
def test_else_the_maker_is_not_known(item: Item) -> None:
    assert identity.maker(None, [item], MAKERS) is None


# --- The meter's number ---


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("0-0:96.1.0", "0-0:96.1.1"),
        ("0-0:96.1.0", "0-0:42.0.0"),
        ("0-0:96.1.1", "1-1:0.0.5"),
        ("1-1:0.0.5", "1-1:0.0.1"),
        ("1-0:0.0.0", "0-0:42.0.0"),
        ("0-0:96.1.0", "0-1:96.1.0"),
        ("0-1:96.1.0", "0-2:96.1.0"),
        ("0-0:96.1.1", "0-1:96.1.0"),  # another channel's may be that of a gas meter
        ("0-0:42.0.0", "0-1:96.1.0"),
        ("0-0:96.1.1", "1-1:96.1.0"),
    ],
)
def test_the_best_of_several_numbers_counts_wherever_it_stands(better: str, worse: str) -> None:
    first, second = named(better, b"1KFM0200"), named(worse, b"other")
    assert identity.number([first, second]) == "1KFM0200"
    assert identity.number([second, first]) == "1KFM0200"


def test_behind_a_p1_port_another_channel_is_a_meter_behind_this_one() -> None:
    gas, own = named("0-1:96.1.0", b"G009931"), named("0-0:96.1.0", b"E009900")
    for listed in ([gas, own], [own, gas], [bare(b"x", axdr.VISIBLE_STRING), gas, own]):
        assert identity.number(listed, own_channel=True) == "E009900"
    assert identity.number([gas], own_channel=True) is None
    assert identity.number([gas]) == "G009931"
    assert identity.number([named("1-1:96.1.0", b"5660")], own_channel=True) == "5660"


def test_of_two_numbers_that_are_as_good_the_first_counts() -> None:
    listed = [named("1-1:96.1.0", b"first"), named("0-1:96.1.0", b"second")]
    assert identity.number(listed) == "first"
    assert identity.number(listed[::-1]) == "second"


def test_a_number_may_be_sent_as_a_number() -> None:
    assert identity.number([named("0-0:96.1.0", 30100007, axdr.DOUBLE_LONG_UNSIGNED)]) == "30100007"


@pytest.mark.parametrize("empty", [b"", "", None, 0])
def test_an_empty_number_is_none(empty: object) -> None:
    listed = [named("0-0:96.1.0", empty), named("0-0:96.1.1", b"123")]
    assert identity.number(listed) == "123"
    assert identity.number(listed[:1]) is None


def test_a_bare_string_at_the_end_of_a_list_is_the_number() -> None:
    energy = named("1-0:1.8.0", 5, axdr.UNSIGNED)
    assert identity.number([energy, bare(b"181220000009")]) == "181220000009"
    assert identity.number([bare(b"Bezug"), energy, bare(b"181220000009")]) == "181220000009"


def test_a_bare_string_elsewhere_is_the_number_when_there_is_no_other() -> None:
    energy = named("1-0:1.8.0", 5, axdr.UNSIGNED)
    clock = bare(bytes.fromhex("07EA0701030C000500FF8880"))
    assert identity.number([clock, bare(b"181220000009"), energy]) == "181220000009"
    assert identity.number([bare(b"Bezug"), bare(b"181220000009"), energy]) is None


@pytest.mark.parametrize("filled", [b"30100007\0\0", b"  30100007  ", b"\0\x0030100007"])
def test_a_number_is_known_without_what_fills_its_place(filled: bytes) -> None:
    assert identity.number([bare(filled)]) == "30100007"
    assert identity.number([named("0-0:96.1.0", filled)]) == "30100007"


@pytest.mark.parametrize("filling", [bytes(8), b"\xff" * 8, b"        "])
def test_a_place_that_holds_nothing_but_filling_is_no_number(filling: bytes) -> None:
    listed = [named("0-0:96.1.0", filling), named("0-0:96.1.1", b"123")]
    assert identity.number(listed) == "123"
    assert identity.number([bare(filling)]) is None


@pytest.mark.parametrize(
    "last", [bare(b""), bare(b"not a number"), bare(5, axdr.UNSIGNED), bare("12", axdr.DATE)]
)
def test_another_value_at_the_end_is_not(last: Item) -> None:
    assert identity.number([last]) is None


def test_the_octets_of_a_clock_at_the_end_are_no_number() -> None:
    clock = bytes.fromhex("07EA0701030C0005FF800000")
    assert identity.number([named("1-0:1.8.0", 5, axdr.UNSIGNED), bare(clock)]) is None


def test_an_empty_list_has_no_number() -> None:
    assert identity.number([]) is None


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("4B384547303034303436333935353037", "K8EG004046395507"),
        ("3032313634343731", "02164471"),
        ("30313233", "30313233"),  # too short to be characters' codes with certainty
        ("303132333435363738", "012345678"),
        ("00102030405060708090", "00102030405060708090"),
        ("FFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF"),
        ("1KFM0200000011AB", "1KFM0200000011AB"),
        ("303132333435363", "303132333435363"),
        ("", ""),
    ],
)
def test_a_number_in_characters_codes_is_made_readable(sent: str, shown: str) -> None:
    assert identity.readable(sent) == shown


# --- The name in topics ---


@pytest.mark.parametrize(
    ("number", "title", "name"),
    [
        ("181220000009", b"KFM\x67\x50\0\0\x09", "181220000009"),
        ("1KFM0200000052", None, "1kfm0200000052"),
        ("AT 00/12#3+", None, "at_00_12_3"),
        ("a-b_c", None, "a-b_c"),
        (None, b"KFM\x67\x50\0\0\x09", "4b464d6750000009"),
        ("", b"KFM\x67\x50\0\0\x09", "4b464d6750000009"),
        ("///", None, "kaifa"),
        ("ÄÖÜ", None, "kaifa"),
        (None, None, "kaifa"),
        ("x" * 100, None, "x" * 64),
    ],
)
def test_a_meter_has_a_name_in_topics(number: str | None, title: bytes | None, name: str) -> None:
    assert identity.topic_id(number, title, "kaifa") == name


@given(st.text(max_size=100), st.binary(min_size=8, max_size=8) | st.none())
def test_any_number_gives_a_name_that_is_safe(number: str, title: bytes | None) -> None:
    assert re.fullmatch(r"[a-z0-9_-]{1,64}", identity.topic_id(number, title, "kaifa"))


@pytest.mark.parametrize("value", [b"7" * 70000, "x/#+" * 20000, bytes(70000)])
def test_a_number_of_any_length_is_cut(value: bytes | str) -> None:
    number = identity.number([named("0-0:96.1.0", value)])
    assert len(number or "") <= 64


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("MA304H3E", "MA304H3E"),
        (" 6525 ", "6525"),
        ("", None),
        ("  ", None),
        ("a\nb", None),
        (6525, None),
        ("7" * 70, "7" * 64),
    ],
)
def test_a_type_code_is_a_text_that_can_be_shown(said: object, code: str | None) -> None:
    assert identity.type_code(said) == code
