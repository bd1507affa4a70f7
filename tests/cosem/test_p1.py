"""The text of a P1 telegram, line by line."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cosem import p1
from app.cosem.items import Item
from app.cosem.obis import UNSAID, Obis
from app.dlms import axdr


def telegram(*lines: str, end: str = "\r\n") -> str:
    return end.join(("/ISK5\\2M550T-1012", "", *lines, "!"))


def one(line: str) -> Item:
    (item,) = p1.read(telegram(line))
    return item


@pytest.mark.parametrize(
    ("text", "identification"),
    [
        (telegram(), "ISK5\\2M550T-1012"),
        (telegram(end="\n"), "ISK5\\2M550T-1012"),
        ("/KFM5KAIFA-METER \r\n!", "KFM5KAIFA-METER"),
        ("/", ""),
        ("1.8.0(1.0*kWh)\r\n!", ""),
        ("", ""),
    ],
)
def test_the_first_line_says_what_the_meter_is(text: str, identification: str) -> None:
    assert p1.identification(text) == identification


@pytest.mark.parametrize(
    ("line", "code", "value", "unit"),
    [
        ("1-0:1.8.1(004426.123*kWh)", "1-0:1.8.1", Decimal("4426.123"), "kWh"),
        ("1-0:1.8.0(00004426123*Wh)", "1-0:1.8.0", 4426123, "Wh"),
        ("1-0:1.7.0(00.193*kW)", "1-0:1.7.0", Decimal("0.193"), "kW"),
        ("1-0:16.7.0(-00.193*kW)", "1-0:16.7.0", Decimal("-0.193"), "kW"),
        ("1-0:16.7.0(+00.193*kW)", "1-0:16.7.0", Decimal("0.193"), "kW"),
        ("1-0:3.8.0(000001.000*kVArh)", "1-0:3.8.0", Decimal("1.000"), "kVArh"),
        ("1-0:32.7.0(229.1*V)", "1-0:32.7.0", Decimal("229.1"), "V"),
        ("1-0:31.7.0(002*A)", "1-0:31.7.0", 2, "A"),
        ("1-0:13.7.0(0.941)", "1-0:13.7.0", Decimal("0.941"), ""),
        ("1-0:1.8.0*255(004426.123*kWh)", "1-0:1.8.0", Decimal("4426.123"), "kWh"),
        ("1-0:1.8.0*1(004426.123*kWh)", "1-0:1.8.0*1", Decimal("4426.123"), "kWh"),
        ("1-1:1.8.0(1.0*kWh)", "1-1:1.8.0", Decimal("1.0"), "kWh"),
        ("0-0:17.0.0(016.1*kW)", "0-0:17.0.0", Decimal("16.1"), "kW"),
    ],
)
def test_a_number_has_the_unit_behind_its_star_and_every_digit(
    line: str, code: str, value: Decimal | int, unit: str
) -> None:
    assert one(line) == Item(Obis.parse(code), axdr.FLOAT64, value, unit)
    assert type(one(line).value) is type(value)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("0-0:96.14.0(0002)", "0002"),  # a tariff, a switch: what is no quantity keeps its zeros
        ("0-0:96.1.1(4B384547303034303436333935353037)", "4B384547303034303436333935353037"),
        ("0-0:1.0.0(170102192002W)", "170102192002W"),
        ("0-0:96.13.0()", ""),
        ("0-0:96.13.1(3031203631203831)", "3031203631203831"),
        ("0-0:96.1.4(50213)", "50213"),
        ("0-0:96.13.0(a*b*c)", "a*b*c"),
        ("0-0:1.0.0(20240111 09:35:00)", "20240111 09:35:00"),
        ("0-0:96.13.0(" + "9" * 5000 + "*x)", "9" * 5000 + "*x"),
    ],
)
def test_all_else_is_text(line: str, text: str) -> None:
    item = one(line)
    assert (item.tag, item.value, item.unit) == (axdr.VISIBLE_STRING, text, "")
    assert item.number is None


def test_a_unit_that_is_none_is_left_out() -> None:
    assert one("0-1:24.2.1(00.107*m³)").unit == ""
    assert one("1-0:1.8.0(4.0*)").value == Decimal("4.0")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("1.8.0(1.0*kWh)", Obis(UNSAID, UNSAID, 1, 8, 0)),
        ("32.7(230.1*V)", Obis(UNSAID, UNSAID, 32, 7, UNSAID)),
        ("1.8.0*12(1.0*kWh)", Obis(UNSAID, UNSAID, 1, 8, 0, 12)),
    ],
)
def test_codes_may_be_cut_short(line: str, code: Obis) -> None:
    assert one(line).obis == code


# --- Meters behind the meter ---


def test_a_value_may_have_the_time_of_its_own_before_it() -> None:
    assert one("0-1:24.2.1(170102161005W)(00000.107*m3)") == Item(
        Obis(0, 1, 24, 2, 1), axdr.FLOAT64, Decimal("0.107"), "m3", "170102161005W"
    )


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_value_may_stand_on_the_next_line(end: str) -> None:
    """As DSMR 2 and 3 write it."""
    lines = ("0-1:24.3.0(120517020000)(08)(60)(1)(0-1:24.2.1)(m3)", "(00124.477)", "0-1:24.4.0(1)")
    first, second = p1.read(telegram(*lines, end=end))
    assert first == Item(
        Obis(0, 1, 24, 3, 0), axdr.FLOAT64, Decimal("124.477"), "m3", "120517020000"
    )
    assert (str(second.obis), second.value) == ("0-1:24.4.0", "1")


def test_a_list_of_several_values_is_kept_as_text() -> None:
    log = "(1)(0-0:96.7.19)(000101000001W)(2147483647*s)"
    item = one(f"1-0:99.97.0{log}")
    assert (item.tag, item.value, item.at) == (axdr.VISIBLE_STRING, log, None)


# --- What is no line ---


@pytest.mark.parametrize(
    "line",
    [
        "",
        "(00124.477)",
        "1-0:1.8.0",
        "1-0:1.8.0(",
        "1-0:1.8.0(1.0*kWh",
        "1-0:(1.0*kWh)",
        "x1-0:1.8.0(1.0*kWh)",
        "1-0:1.8.0 (1.0*kWh)",
    ],
)
def test_what_is_no_line_is_passed_over(line: str) -> None:
    items = p1.read(telegram("0-0:96.14.0(0001)", line, "1-0:1.7.0(00.193*kW)"))
    assert [str(item.obis) for item in items] == ["0-0:96.14.0", "1-0:1.7.0"]


@given(st.text(alphabet="/!()*.:-+0123456789SWkWhm3 \r\n", max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    p1.identification(text)
    for item in p1.read(text):
        assert item.obis is not None


codes = st.builds(
    "{}-{}:{}.{}.{}".format, *(st.integers(0, top) for top in (15, 255, 255, 255, 255))
)
numbers = st.decimals(0, 10**9, places=3)


@given(st.dictionaries(codes, st.tuples(numbers, st.sampled_from(["kWh", "kW", "V", "A", "m3"]))))
def test_what_was_written_is_read_back_in_order(values: dict[str, tuple[Decimal, str]]) -> None:
    lines = [f"{code}({value:013.3f}*{unit})" for code, (value, unit) in values.items()]
    read = [(str(item.obis), item.value, item.unit) for item in p1.read(telegram(*lines))]
    assert read == [(str(Obis.parse(code)), value, unit) for code, (value, unit) in values.items()]
