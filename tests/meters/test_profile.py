"""What a profile answers of the telegrams of its family."""

import re
from decimal import Decimal
from itertools import combinations

import pytest

from app.cosem.items import Item
from app.cosem.obis import Obis
from app.dlms import axdr
from app.dlms.axdr import Data
from app.meters import profile_files
from app.meters.profile import Place, PositionalList, Profile

PROFILES = profile_files.load()
EVERY_PROFILE = pytest.mark.parametrize("one", PROFILES.values(), ids=PROFILES)


# --- Models ---


@pytest.mark.parametrize(
    ("mark", "model"),
    [
        ("584D500100000000", "X3"),
        ("584D500200000000", "X2"),
        ("4F54480100000000", "X1"),
        ("XMP5\\253833635_A", "X4"),
        ("", "X1"),
    ],
)
def test_the_longest_known_beginning_of_title_or_identification_names_the_model(
    mark: str, model: str
) -> None:
    models = {"584D50": "X2", "584D5001": "X3", "XMP5": "X4"}
    assert Profile("meter", "Example", "X1", models=models).model_of(mark) == model


def test_the_model_of_a_family_is_named_by_its_profile() -> None:
    assert PROFILES["kaifa"].model_of("4B464D1010000011") == "MA110"
    assert PROFILES["kaifa"].model_of("4B464D1020000011") == "MA309"
    assert PROFILES["sagemcom-p1"].model_of("EST5\\253710000_A") == "T210-D-r"


# --- What a place makes of a value ---

VOLTS = Place(Obis(1, 0, 32, 7, 0), frozenset({axdr.LONG_UNSIGNED}), -1, "V", 65535)
NUMBER = Place(Obis(0, 0, 96, 1, 0), frozenset({axdr.OCTET_STRING}))
TWO = PositionalList("two-values", "made up", (VOLTS, NUMBER))
FOUND = [(axdr.LONG_UNSIGNED, 2337), (axdr.OCTET_STRING, b"30100007")]


def test_a_place_gives_code_scale_and_unit() -> None:
    assert TWO.items(FOUND) == [
        Item(Obis(1, 0, 32, 7, 0), axdr.LONG_UNSIGNED, Decimal("233.7"), "V"),
        Item(Obis(0, 0, 96, 1, 0), axdr.OCTET_STRING, b"30100007", ""),
    ]


def test_a_place_of_no_use_gives_no_item() -> None:
    unused = Place(None, frozenset({axdr.OCTET_STRING}))
    listed = PositionalList("one-value", "made up", (unused, VOLTS))
    assert [str(item.obis) for item in listed.items(FOUND[::-1])] == ["1-0:32.7.0"]


@pytest.mark.parametrize("data", [(axdr.NULL, None), (axdr.OCTET_STRING, b"\xff")])
def test_a_place_scales_numbers_only(data: Data) -> None:
    """A phase that the meter does not have may come as null."""
    assert VOLTS.item(data) == Item(VOLTS.obis, *data, "V")


@pytest.mark.parametrize(
    "elements",
    [
        [],
        FOUND[:1],
        [*FOUND, FOUND[0]],
        FOUND[::-1],
        [(axdr.LONG, 2337), FOUND[1]],
    ],
)
def test_a_list_is_known_by_count_and_types(elements: list[Data]) -> None:
    assert TWO.fits(FOUND)
    assert not TWO.fits(elements)


def test_a_value_that_says_that_it_is_none_is_told_of() -> None:
    assert TWO.absent(FOUND) == frozenset()
    assert TWO.absent([(axdr.LONG_UNSIGNED, 65535), FOUND[1]]) == {Obis(1, 0, 32, 7, 0)}


def test_the_first_list_that_fits_is_taken() -> None:
    again = PositionalList("same", "made up", TWO.places)
    other = PositionalList("other", "made up", TWO.places[::-1])
    one = Profile("meter", "Example", "X1", lists=(other, TWO, again))
    assert one.positional(FOUND) is TWO
    assert one.positional(FOUND[:1]) is None


@EVERY_PROFILE
def test_no_two_lists_of_a_family_can_be_taken_for_each_other(one: Profile) -> None:
    for first, second in combinations(one.lists, 2):
        if len(first.places) == len(second.places):
            assert any(
                exclude_each_other(*places)
                for places in zip(first.places, second.places, strict=True)
            )


def exclude_each_other(one: Place, other: Place) -> bool:
    """By their types, or as the bytes of a clock are no text."""
    if not one.tags & other.tags:
        return True
    return any(a.obis == Obis(0, 0, 1, 0, 0) and b.text for a, b in ((one, other), (other, one)))


# --- Texts of a known form ---

NAME = Place(Obis(0, 0, 42, 0, 0), frozenset({axdr.OCTET_STRING}), text=re.compile("AB(\\d{4})"))
LABEL = Place(None, frozenset({axdr.OCTET_STRING}), text=re.compile(".+"))


@pytest.mark.parametrize(
    ("said", "number"),
    [(b"AB1234", "1234"), (b"AB123", None), (b"XAB1234", None), (b"AB1234\0", None), (b"", None)],
)
def test_a_text_has_to_be_of_its_place_s_form_and_may_hold_the_number(
    said: bytes, number: str | None
) -> None:
    data = (axdr.OCTET_STRING, said)
    assert NAME.takes(data) is (number is not None)
    assert NAME.number(data) == number


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        *((b"UP_3f", True), (b"", False)),
        *((b"\x07\xea", False), (b"UP\x07", False), (b"UP\xe9", False)),
    ],
)
def test_bytes_that_are_no_text_have_no_form(said: bytes, *, fits: bool) -> None:
    assert LABEL.takes((axdr.OCTET_STRING, said)) is fits


def test_a_number_is_of_no_text_s_form() -> None:
    place = NAME._replace(tags=NAME.tags | {axdr.LONG_UNSIGNED})
    assert not place.takes((axdr.LONG_UNSIGNED, 1234))
    assert place.number((axdr.LONG_UNSIGNED, 1234)) is None


def test_a_list_gives_the_number_that_one_of_its_texts_holds() -> None:
    listed = PositionalList("three-values", "made up", (LABEL, VOLTS, NAME))
    elements = [(axdr.OCTET_STRING, b"AB9999"), FOUND[0], (axdr.OCTET_STRING, b"AB1234")]
    assert listed.says_number
    assert listed.number(elements) == "1234"
    assert not TWO.says_number
    assert TWO.number(FOUND) is None


@pytest.mark.parametrize(("size", "fits"), [(12, True), (11, False), (0, False)])
def test_a_clock_s_place_takes_a_clock_only(size: int, *, fits: bool) -> None:
    known = next(one for one in PROFILES["e450"].lists if one.name == "wiener-netze-9")
    elements = [(axdr.OCTET_STRING, bytes(size)), *[(axdr.DOUBLE_LONG_UNSIGNED, 5)] * 8]
    assert known.fits(elements) is fits


# --- Recognition ---


@pytest.mark.parametrize(
    ("maker", "address", "known"),
    [
        ("XMP", "ceff03", True),
        ("XMP", "", True),
        (None, "ceff03", True),
        (None, "", False),
        ("OTH", "ceff03", False),
    ],
)
def test_the_maker_decides_and_the_address_where_there_is_none(
    *, maker: str | None, address: str, known: bool
) -> None:
    one = Profile("meter", "Example", "X1", makers=("XMP",), addresses=("ceff03",))
    assert one.knows(maker, address) is known


@pytest.mark.parametrize(
    ("meter_type", "identification"),
    [
        ("am550", "ISK5\\2M550T-1012"),
        ("am550", "isk5\\2m550e-1012"),
        ("aidon", "ADN9 6534"),
        ("e360", "LGF5E360"),
        ("kamstrup", "KAM5"),
        ("kamstrup", "KMP5 KA6U001585575011"),
        ("q3d", "ESY5Q3DA1024 V3.03"),
        ("sagemcom-p1", "EST5\\253710000_A"),
        ("sagemcom-p1", "Lux5\\253663629_A"),
        ("sagemcom-p1", "SAG5SAG-METER"),
    ],
)
def test_a_p1_meter_is_known_by_its_identification(meter_type: str, identification: str) -> None:
    known = {name for name, one in PROFILES.items() if one.identifies(identification)}
    assert known - {name for name in known if PROFILES[name].takes_any_p1} == {meter_type}


def test_only_the_general_p1_profiles_take_any_meter() -> None:
    assert {name for name, one in PROFILES.items() if one.takes_any_p1} == {"dsmr", "dsmr2"}
    assert {name for name, one in PROFILES.items() if one.identifies("XMX5LGBBFG10")} == {
        *("dsmr", "dsmr2")
    }


# --- What else tells a family ---

ENERGY_CODE = (1, 8, 0)
TARIFF_CODE = (1, 8, 1)


@pytest.mark.parametrize(
    ("present", "absent", "is_told", "codes", "fits"),
    [
        ((), (), False, {TARIFF_CODE}, True),
        ((ENERGY_CODE,), (), True, {ENERGY_CODE, TARIFF_CODE}, True),
        ((ENERGY_CODE,), (), True, {TARIFF_CODE}, False),
        ((), (TARIFF_CODE,), True, {ENERGY_CODE}, True),
        ((), (TARIFF_CODE,), True, {ENERGY_CODE, TARIFF_CODE}, False),
        ((ENERGY_CODE,), (TARIFF_CODE,), True, {ENERGY_CODE}, True),
        ((ENERGY_CODE,), (TARIFF_CODE,), True, set(), False),
    ],
)
def test_a_p1_family_may_be_told_by_codes_that_are_there_or_not(
    *,
    present: tuple[tuple[int, int, int], ...],
    absent: tuple[tuple[int, int, int], ...],
    is_told: bool,
    codes: set[tuple[int, int, int]],
    fits: bool,
) -> None:
    one = Profile("p1", "", "", codes_present=frozenset(present), codes_absent=frozenset(absent))
    assert one.told_by_codes is is_told
    assert one.has_codes_of(codes) is fits


def test_the_first_maker_whose_form_an_identification_has_is_named() -> None:
    makers = ((re.compile("XMP"), "Example"), (re.compile("XM"), "Other"))
    one = Profile("p1", "of the family", "", manufacturers=makers)
    found = [one.maker_of(mark) for mark in ("XMP5\\1", "XMQ5\\1", "KFM5\\1")]
    assert found == ["Example", "Other", "of the family"]


def test_a_list_tells_what_its_energies_count() -> None:
    numbers = frozenset({axdr.DOUBLE_LONG_UNSIGNED})
    listed = PositionalList(
        "energies",
        "made up",
        (
            Place(Obis(1, 0, 1, 8, 0), numbers, 1, "Wh"),
            Place(Obis(1, 0, 3, 8, 0), numbers, -1, "kvarh"),
            Place(Obis(1, 0, 2, 8, 0), numbers),
            Place(Obis(1, 0, 1, 7, 0), numbers, 0, "W"),
            Place(None, numbers, 0, "Wh"),
        ),
    )
    assert listed.energies == {Obis(1, 0, 1, 8, 0): 1, Obis(1, 0, 3, 8, 0): 2}
