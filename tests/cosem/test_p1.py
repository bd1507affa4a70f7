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
        ("1-0:1.8.0(101209110000W)(5)(7)", "(101209110000W)(5)(7)"),
        ("1-0:1.8.0(high)(kWh)(5)", "(high)(kWh)(5)"),
    ],
)
def test_all_else_is_text(line: str, text: str) -> None:
    item = one(line)
    assert (item.tag, item.value, item.unit) == (axdr.VISIBLE_STRING, text, "")
    assert item.number is None


def test_a_unit_may_be_missing_behind_its_star() -> None:
    assert (one("1-0:1.8.0(4.0*)").value, one("1-0:1.8.0(4.0*)").unit) == (Decimal("4.0"), "")


def test_a_point_makes_a_number_of_any_code() -> None:
    assert one("0-0:96.99.0(12.5)").value == Decimal("12.5")


def test_a_counter_of_a_meter_behind_stands_on_four_lines_at_most() -> None:
    begun = ("0-1:24.2.1(101209110000W)", "(m3)", "(m3)")
    assert one("\r\n".join((*begun, "(00124.477)"))).number == Decimal("124.477")
    parsed = p1.parse(telegram(*begun, "(m3)", "(00124.477)"))
    assert [item.number for item in parsed.items] == [None]
    assert parsed.passed_over == ["(00124.477)"]


@pytest.mark.parametrize("unit", ["k#Wh", "k Wh", "1kWh", "kWhkWhkWh", "-"])
def test_a_number_whose_unit_cannot_be_read_is_no_number(unit: str) -> None:
    """Else a counter would be taken in the unit that is usual where none is named."""
    assert one(f"0-1:24.2.1(00.107*{unit})").number is None


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


# --- Spellings ---

UNITS = ["kWh", "Wh", "MWh", "W", "kW", "var", "kvar", "kVAr", "kVArh", "VA", "V", "kV", "A", "kA"]
UNITS += ["Hz", "kHz", "m3", "GJ", "MJ", "dm3", "Nm3"]
blanks = st.sampled_from(["", " ", "\t", "  "])
mixed_case = st.lists(st.booleans(), min_size=6, max_size=6)


def is_mega(unit: str) -> bool:
    return unit[0] == "M"


@given(
    st.sampled_from(UNITS),
    mixed_case,
    st.decimals(0, 10**6, places=3),
    st.sampled_from([".", ","]),
    st.sampled_from(["*", " * ", " *", "* ", " ", ""]),
    st.lists(blanks, min_size=4, max_size=4),
)
def test_any_spelling_of_a_number_and_its_unit_is_read(
    unit: str, upper: list[bool], value: Decimal, point: str, star: str, spaces: list[str]
) -> None:
    letters = zip(unit, upper, strict=False)
    spelled = "".join(one.upper() if up else one.lower() for one, up in letters)
    if is_mega(unit):
        spelled = "M" + spelled[1:]
    before, after, inside, behind = spaces
    number = f"{value:010.3f}".replace(".", point)
    item = one(f"{before}1-0:1.8.0{after}({inside}{number}{star}{spelled}{behind}){before}")
    assert item.value == value
    assert item.unit in {*UNITS, "kvarh"}
    assert item.unit is not None
    assert item.unit.lower() == unit.lower()


@pytest.mark.parametrize(
    ("field", "value", "unit"),
    [
        ("00007137.694*kWh ", Decimal("7137.694"), "kWh"),
        ("230.5 V", Decimal("230.5"), "V"),
        ("230.5V", Decimal("230.5"), "V"),
        ("0230 V", 230, "V"),
        ("016A", 16, "A"),
        ("001,25*a", Decimal("1.25"), "A"),
        ("00,244*kw", Decimal("0.244"), "kW"),
        ("0,999", Decimal("0.999"), ""),
        ("0.242*kV", Decimal("0.242"), "kV"),
        ("0.049*kHz", Decimal("0.049"), "kHz"),
        ("24000*W", 24000, "W"),
        ("-00,5 kW", Decimal("-0.5"), "kW"),
    ],
)
def test_units_and_numbers_are_read_as_meters_write_them(
    field: str, value: Decimal | int, unit: str
) -> None:
    item = one(f"1-0:1.7.0({field})")
    assert (item.value, item.unit) == (value, unit)
    assert type(item.value) is type(value)


@pytest.mark.parametrize("unit", ["mWh", "mW", "mwh", "mJ", "kkWh", "Wk", "kWs"])
def test_a_unit_that_may_be_another_one_stays_as_it_is(unit: str) -> None:
    assert one(f"1-0:1.8.0(1.0*{unit})").unit == unit


@pytest.mark.parametrize(
    "line",
    [
        "0-0:96.13.0(12 Uhr)",
        "0-0:96.13.0(1,5)",
        "0-0:96.1.1(0123A)",
        "0-0:96.1.0(1234567890V)",
        "0-0:1.0.0(170102192002W)",
        "1-0:0.9.1(222553)",
        "1-0:0.9.1(222553S)",
        "0-0:96.14.0(TARIFF 1)",
        "0-0:96.50.68(ON)",
        "0-1:24.1.0(003)",
        "1-0:1.7.0(1.234,5*kW)",
        "1-0:1.7.0(1,234.5*kW)",
        "1-0:1.7.0(1..5*kW)",
        "1-0:1.7.0(12 345*W)",
        "1-0:1.6.0(261102010000W)",
        "0-0:96.13.0(12.5 V)",
        "1-0:94.7.0(5 A)",
        "0-1:24.4.0(1,5)",
        "0-1:96.2.0(1,5)",
    ],
)
def test_what_may_be_something_else_is_no_number(line: str) -> None:
    item = one(line)
    assert item.number is None
    assert item.value == line.partition("(")[2].removesuffix(")")


# --- What is no ASCII ---


@pytest.mark.parametrize("cube", [b"\xb3", "³".encode()])
def test_the_sign_of_a_cube_is_a_three(cube: bytes) -> None:
    content = b"/XMX5\r\n\r\n0-1:24.2.1(261102122005W)(01501.449*m" + cube + b")\r\n!"
    (item,) = p1.read(p1.decode(content))
    assert (item.value, item.unit) == (Decimal("1501.449"), "m3")


LINES = [b"1-0:1.8.0(000101.821*kWh)", b"0-0:96.14.0(0001)", b"1-0:32.7.0(237.2*V)"]
strange_bytes = st.binary(min_size=1, max_size=5).map(
    lambda odd: bytes(
        byte | 0x80 if 0x20 <= byte < 0x7F or byte in b"\t\r\n" else byte for byte in odd
    )
)


@given(strange_bytes, st.integers(0, 2), st.floats(0, 1))
def test_what_is_no_text_costs_its_own_line_at_most(odd: bytes, number: int, place: float) -> None:
    at = round(place * len(LINES[number]))
    lines = [*LINES]
    lines[number] = lines[number][:at] + odd + lines[number][at:]
    content = b"\r\n".join((b"/XMX5", b"", *lines, b"!"))
    wanted = p1.read(p1.decode(b"\r\n".join((b"/XMX5", b"", *LINES, b"!"))))
    parsed = p1.parse(p1.decode(content))
    if len(parsed.items) == len(wanted):
        assert parsed.items == wanted
    else:
        assert parsed.items == wanted[:number] + wanted[number + 1 :]
        assert len(parsed.passed_over) == 1


def test_a_text_of_what_is_no_text_is_passed_over() -> None:
    text = p1.decode(b"/AUX5\r\n\r\n0-0:96.13.0(" + b"\xff" * 1024 + b")\r\n!")
    items, passed_over = p1.parse(text)
    assert items == []
    assert [len(line) for line in passed_over] == [1037]


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


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\n\r\n"])
@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["0-1:24.3.0(120517020000)(08)(60)(1)(0-1:24.2.1)(m3)", "(00124.477*m3)"], "124.477"),
        (["0-1:24.3.0(120517020000)(08)(60)(1)(0-1:24.2.1)(m3)", " ( 00124,477 )"], "124.477"),
        (["0-1:24.3.0(120517020000)(08)(60)(1)(0-1:24.2.1)(m3)(00124.477)"], "124.477"),
        (["0-1:24.2.1(120517020000)", "(00124.477*m3)"], "124.477"),
        (["0-1:24.2.1(120517020000)(m3)", "(00124.477)"], "124.477"),
        (["0-1:24.2.1(120517020000)(00124.477)"], "124.477"),
    ],
)
def test_a_counter_with_its_time_may_be_written_in_several_ways(
    lines: list[str], value: str, end: str
) -> None:
    item, _ = p1.read(telegram(*lines, "0-1:24.4.0(1)", end=end))
    assert (item.value, item.at) == (Decimal(value), "120517020000")
    assert item.unit in {"m3", ""}


def test_a_value_may_have_its_time_behind_it() -> None:
    """As Iskraemeco writes the peak of a month in Wallonia (mhendriks/P1-Dongel-ESP32#87)."""
    assert one("1-0:1.6.0(08.796*kW)(260102010000)") == Item(
        Obis(1, 0, 1, 6, 0), axdr.FLOAT64, Decimal("8.796"), "kW", "260102010000"
    )


def test_any_value_may_stand_on_the_next_line() -> None:
    first, second = p1.read(telegram("1-0:1.8.0", "(000101.821*kWh)", "1-0:1.7.0(00.193*kW)"))
    assert (first.value, second.value) == (Decimal("101.821"), Decimal("0.193"))


HISTORY = ["0-0:1.0.0(220201000000T)", "1-0:1.8.0(000999.000*kWh)", "1-0:2.8.0(000888.000*kWh)"]


@pytest.mark.parametrize(
    "lines",
    [
        ["0-0:98.1.0", "(", *HISTORY, ")"],
        ["0-0:98.1.0(", *HISTORY, ")"],
        ["0-0:98.1.0(" + HISTORY[0], *HISTORY[1:-1], HISTORY[-1] + ")"],
        ["0-0:98.1.0(" + "".join(HISTORY) + ")"],
        ["0-0:98.1.0", "(" + "".join(HISTORY), ")"],
    ],
)
def test_codes_in_a_list_of_past_values_are_no_current_values(lines: list[str]) -> None:
    """As Hungarian meters write it (esphome/issues#3042)."""
    current = "1-0:1.8.0(001234.000*kWh)"
    items, passed_over = p1.parse(telegram(*lines, current))
    assert [(str(item.obis), item.value) for item in items] == [
        ("0-0:98.1.0", "(" + "".join(HISTORY) + ")"),
        ("1-0:1.8.0", Decimal("1234.000")),
    ]
    assert passed_over == []


def test_a_list_of_past_values_that_never_ends_gives_no_current_value() -> None:
    items = p1.read(telegram("0-0:98.1.0", "(", *HISTORY))
    assert [str(item.obis) for item in items] == ["0-0:98.1.0"]


@pytest.mark.parametrize("cut", [0, 1, 3, 5])
def test_a_list_of_past_values_may_be_broken_between_its_values(cut: int) -> None:
    """As 0-0:98.1.0 of Belgium."""
    groups = [
        "(3)",
        "(1-0:1.6.0)",
        "(1-0:1.6.0)",
        "(260801000000S)",
        "(260731120000S)",
        "(01.747*kW)",
    ]
    head, tail = "".join(groups[:cut]), groups[cut:]
    first, second = p1.read(telegram(f"0-0:98.1.0{head}", *tail, "1-0:1.7.0(00.132*kW)"))
    assert (first.tag, first.value) == (axdr.VISIBLE_STRING, "".join(groups))
    assert second.value == Decimal("0.132")


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
        "1-0:1.8.0 x(1.0*kWh)",
    ],
)
def test_what_is_no_line_is_passed_over(line: str) -> None:
    items, passed_over = p1.parse(telegram("0-0:96.14.0(0001)", line, "1-0:1.7.0(00.193*kW)"))
    assert [(str(item.obis), item.value) for item in items] == [
        ("0-0:96.14.0", "0001"),
        ("1-0:1.7.0", Decimal("0.193")),
    ]
    assert passed_over == [line] * bool(line)


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


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("0-0:17.0.0(24.000 kW)", "kW"),
        ("0-0:17.0.0(24,000 kW)", "kW"),
        ("0-0:17.0.0(24000 W)", "W"),
        ("0-0:17.0.0(27.6 kVA)", "kVA"),
        ("0-0:17.0.0(016 A)", "A"),
    ],
)
def test_a_limit_needs_no_star(line: str, unit: str) -> None:
    assert one(line).unit == unit
    assert one("0-0:17.0.0(24)").unit == ""


@pytest.mark.parametrize("code", ["0-0:98.1.0", "1-0:99.97.0"])
def test_a_damaged_bracket_of_a_list_costs_its_own_line(code: str) -> None:
    text = telegram(f"{code}(1)(1-0:1.6.0\xff(01.747*kW)", "1-0:1.7.0(00.193*kW)")
    items, passed_over = p1.parse(text)
    assert [item.value for item in items] == [Decimal("0.193")]
    assert len(passed_over) == 1


def test_many_lines_of_brackets_are_passed_over_in_time() -> None:
    """Each is looked at by itself, not all of those before it with each."""
    items, passed_over = p1.parse(telegram("0-1:24.2.1(m3)", *["(m3)"] * 5000))
    assert len(items) <= 1
    assert len(passed_over) >= 4990


@pytest.mark.parametrize("time", ["", "2611011900", "20261101 19:00:00", "26110119000"])
@pytest.mark.parametrize("form", ["({0})(01.000*kW)", "(01.000*kW)({0})"])
def test_a_peak_is_read_whatever_its_time_is(form: str, time: str) -> None:
    item = one("1-0:1.6.0" + form.format(time))
    assert (item.value, item.unit, item.at) == (Decimal("1.000"), "kW", None)
