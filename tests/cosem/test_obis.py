"""OBIS codes as text and as logical names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cosem.obis import Obis, from_logical_name

byte = st.integers(0, 255)
codes = st.tuples(byte, byte, byte, byte, byte, byte)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1-0:1.8.0", Obis(1, 0, 1, 8, 0)),
        ("1-0:1.8.0*255", Obis(1, 0, 1, 8, 0)),
        ("1-0:1.8.0.255", Obis(1, 0, 1, 8, 0)),
        ("1-0:1.8.0*0", Obis(1, 0, 1, 8, 0, 0)),
        ("0-128:96.255.7*12", Obis(0, 128, 96, 255, 7, 12)),
    ],
)
def test_a_code_is_read(text: str, code: Obis) -> None:
    assert Obis.parse(text) == code


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (Obis(1, 0, 1, 8, 0), "1-0:1.8.0"),
        (Obis(1, 0, 1, 8, 0, 0), "1-0:1.8.0*0"),
        (Obis(0, 1, 24, 2, 1, 254), "0-1:24.2.1*254"),
    ],
)
def test_the_billing_period_is_written_when_it_says_something(code: Obis, text: str) -> None:
    assert str(code) == f"{code}" == text


@given(codes)
def test_any_code_is_read_back(code: tuple[int, int, int, int, int, int]) -> None:
    assert Obis.parse(str(Obis(*code))) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.8.0",
        "1-0:1.8",
        "1-0:1.8.0*",
        "1-0:1.8.0*1*2",
        "1-0:256.8.0",
        "1-0:1.8.0 ",
        "a-0:1.8.0",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no OBIS code; wanted is a form like 1-0:1\.8\.0"):
        Obis.parse(text)


def test_what_is_measured_is_the_same_on_every_channel() -> None:
    assert Obis(1, 1, 1, 8, 0).cde == Obis(1, 0, 1, 8, 0).cde == (1, 8, 0)


@given(st.tuples(st.integers(0, 15), byte, byte, byte, byte, byte))
def test_a_logical_name_is_a_code(code: tuple[int, int, int, int, int, int]) -> None:
    assert from_logical_name(bytes(code)) == Obis(*code)


def test_the_highest_medium_is_15() -> None:
    assert from_logical_name(b"\x0f\x00\x01\x08\x00\xff") == Obis(15, 0, 1, 8, 0)


@pytest.mark.parametrize("raw", [b"", b"\x01\x00\x01\x08\x00", b"\x01\x00\x01\x08\x00\xff\x00"])
def test_another_number_of_bytes_is_no_logical_name(raw: bytes) -> None:
    assert from_logical_name(raw) is None


@pytest.mark.parametrize("raw", [b"160456", b"\x10\x00\x01\x08\x00\xff", b"KFM001"])
def test_six_bytes_that_are_a_value_are_no_logical_name(raw: bytes) -> None:
    assert from_logical_name(raw) is None
