"""Lines of the line protocol: read back by a reader of their own, and by a real InfluxDB."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.influxdb.line_protocol import MEASUREMENT, line
from app.meters.reading import Meter, Reading
from app.meters.sensors import SENSORS
from tests.support.influxdb import InfluxDB, with_influxdb
from tests.support.line_protocol import Point, parse
from tests.support.publishing import KAIFA

AT = 1_795_277_623_000
Values = Mapping[str, Decimal | int | str]


def written(values: Values, name: str | None = "House", meter: Meter = KAIFA, at: int = AT) -> str:
    made = line(Reading(meter, None, values), name=name, milliseconds=at)
    assert made is not None
    return made.decode()


def test_a_reading_is_one_line() -> None:
    values: Values = {
        "energy_import": Decimal("5341.671"),
        "power": -505,
        "voltage_l1": Decimal("230.0"),
    }
    assert written(values) == (
        "smartmeter,meter=1kfm02,name=House energy_import=5341.671,power=-505,voltage_l1=230"
        " 1795277623000"
    )


def test_what_a_telegram_does_not_say_is_no_field() -> None:
    reading = Reading(KAIFA, datetime.now(UTC), {"power": 0}, frozenset({"power_limit"}))
    made = line(reading, name=None, milliseconds=1)
    assert made == rb"smartmeter,meter=1kfm02,name=Kaifa\ MA309M power=0 1"


@pytest.mark.parametrize("values", [{}, {"power": "text"}, {"no_such_key": 1}])
def test_a_reading_without_a_value_that_fits_is_no_line(values: Values) -> None:
    assert line(Reading(KAIFA, None, values), name=None, milliseconds=1) is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (7, "7"),
        (-7, "-7"),
        (10**15, "1000000000000000"),
        (Decimal("4.40E+3"), "4400"),
        (Decimal("1E-9"), "0.000000001"),
        (Decimal("-0.0"), "0"),
        (Decimal("233.70"), "233.7"),
        (Decimal("0.1"), "0.1"),
        (Decimal("12345678901234567890.123"), "12345678901234567890.123"),
    ],
)
def test_every_digit_is_written_and_no_number_is_an_integer(
    number: Decimal | int, text: str
) -> None:
    assert parse(written({"power": number})).fields == {"power": text}


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("Haus, Keller", r"Haus\,\ Keller"),
        ("a=b", r"a\=b"),
        ("C:\\Zähler\\", "C:/Zähler/"),
        ("two\nlines", r"two\ lines"),
        ("tab\t", "tab"),
        ('"quoted"', '"quoted"'),
        ("half\ud800", "half"),
    ],
)
def test_names_are_escaped(name: str, tag: str) -> None:
    assert written({"power": 1}, name) == f"smartmeter,meter=1kfm02,name={tag} power=1 {AT}"


def test_a_meter_without_any_name_has_no_such_tag() -> None:
    nameless = replace(KAIFA, manufacturer="", model="")
    assert written({"power": 1}, None, nameless) == f"smartmeter,meter=1kfm02 power=1 {AT}"


TEXTS = st.text(max_size=20) | st.text(alphabet='\\ ,="\n\x00ä', max_size=8)
NUMBERS = st.integers(-(10**12), 10**12) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6
)
IS_NUMBER = {key: sensor.precision is not None for key, sensor in SENSORS.items()}


@st.composite
def readings(draw: st.DrawFn) -> Values:
    keys = draw(st.lists(st.sampled_from(sorted(SENSORS)), min_size=1, max_size=6, unique=True))
    return {key: draw(NUMBERS if IS_NUMBER[key] else TEXTS) for key in keys}


def plain(text: str) -> str:
    """Give a text as it is written: without control characters and halves of characters."""
    return "".join(
        " " if c < " " or "\x7f" <= c <= "\x9f" or c in "\u2028\u2029" or "\ud800" <= c <= "\udfff"
        else c
        for c in text
    )  # fmt: skip


def assert_says(point: Point, values: Values, name: str) -> None:
    assert point.measurement == MEASUREMENT
    tag = plain(name).replace("\\", "/").strip()
    assert point.tags == {"meter": KAIFA.id} | ({"name": tag} if tag else {})
    assert point.time == AT
    assert list(point.fields) == list(values)
    assert point.strings == {key for key in values if not IS_NUMBER[key]}
    for key, value in values.items():
        if IS_NUMBER[key]:
            assert Decimal(str(point.fields[key])) == value
            assert not str(point.fields[key]).endswith("i")
        else:
            assert point.fields[key] == plain(str(value))


@given(readings(), TEXTS.filter(bool))
def test_whatever_a_meter_says_is_read_back(values: Values, name: str) -> None:
    assert_says(parse(written(values, name)), values, name)


def test_an_integer_state_is_a_text_like_the_others() -> None:
    assert written({"active_tariff": 2}).endswith(f' active_tariff="2" {AT}')


# A real InfluxDB


@with_influxdb
def test_a_real_influxdb_reads_all_of_it_back(influxdb: InfluxDB) -> None:
    """The examples of the property above, each a point of its own."""
    lines: list[str] = []
    said: list[tuple[Values, str]] = []

    @given(readings(), TEXTS.filter(bool))
    def collect(values: Values, name: str) -> None:
        lines.append(written(values, name, at=AT + len(said)))
        said.append((values, plain(name).replace("\\", "/").strip()))

    collect()
    assert influxdb.write("\n".join(lines) + "\n") == 204
    points = influxdb.points()
    assert len(points) == len(said) > 10
    for i, (point, (values, name)) in enumerate(zip(points, said, strict=True)):
        expected: dict[str, object] = {"time": AT + i, "meter": KAIFA.id}
        expected |= {"name": name} if name else {}
        expected |= {
            key: float(value) if IS_NUMBER[key] else plain(str(value))
            for key, value in values.items()
        }
        assert point == expected


@with_influxdb
def test_a_real_influxdb_takes_whole_numbers_and_fractions_of_one_value(influxdb: InfluxDB) -> None:
    numbers: tuple[Decimal | int, ...] = (
        230,
        Decimal("230.5"),
        Decimal("230.0"),
        0,
        Decimal("5341.671"),
    )
    for i, number in enumerate(numbers):
        assert influxdb.write(written({"voltage_l1": number}, at=AT + i)) == 204
    assert [row["voltage_l1"] for row in influxdb.points()] == [float(one) for one in numbers]
    # What would happen otherwise:
    assert influxdb.write(f"{MEASUREMENT},meter=1kfm02 voltage_l1=230i {AT}") == 400
