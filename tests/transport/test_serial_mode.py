"""The serial mode as text."""

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from app.transport.serial_mode import SerialMode

MODE = SerialMode(2400, 8, "E", 1)


@given(
    st.integers(300, 921600), st.integers(5, 8), st.sampled_from("NEOMS"), st.sampled_from([1, 2])
)
def test_a_mode_is_read_back_from_its_own_text(
    baudrate: int, bytesize: int, parity: str, stopbits: int
) -> None:
    mode = SerialMode(baudrate, bytesize, parity, stopbits)
    assert SerialMode.parse(str(mode)) == mode


@pytest.mark.parametrize("text", ["8M1", "8S1", "7M1", "7s2"])
def test_mark_and_space_are_parities(text: str) -> None:
    mode = SerialMode.parse(f"9600 {text}")
    assert str(mode) == f"9600 {text.upper()}"
    assert {"M": serial.PARITY_MARK, "S": serial.PARITY_SPACE}[mode.parity] == mode.parity


@pytest.mark.parametrize("text", ["2400 8E1", " 2400  8e1 ", "2400,8E1", "2400, 8E1"])
def test_a_mode_is_read_in_its_usual_spellings(text: str) -> None:
    assert SerialMode.parse(text) == MODE
    assert str(SerialMode.parse(text)) == "2400 8E1"


@pytest.mark.parametrize(
    "text",
    [
        *("", "2400", "8E1", "24008E1", "299 8E1", "921601 8E1", "2400 9E1", "2400 4E1"),
        *("2400 8X1", "2400 8E3", "2400 8E1.5", "2400 8E1 x", "٢٤٠٠ 8E1", "-2400 8E1"),
    ],
)
def test_an_error_about_a_wrong_serial_mode_gives_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="like 2400 8E1"):
        SerialMode.parse(text)
