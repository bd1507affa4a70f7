"""Serial adapters, by their names and what they call themselves."""

from pathlib import Path

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from app.transport.adapters import Adapter, adapters, by_id


@pytest.fixture
def links(tmp_path: Path) -> Path:
    directory = tmp_path / "by-id"
    directory.mkdir()
    (tmp_path / "ttyUSB0").touch()
    (tmp_path / "ttyUSB1").touch()
    (directory / "usb-FTDI-if00").symlink_to("../ttyUSB0")
    (directory / "usb-FTDI-if00-again").symlink_to("../ttyUSB0")
    (directory / "usb-gone").symlink_to("../ttyUSB9")
    return directory


def test_a_device_is_given_by_its_lasting_name(links: Path) -> None:
    assert by_id(str(links.parent / "ttyUSB0"), links) == str(links / "usb-FTDI-if00")


def test_a_device_without_a_lasting_name_is_given_by_its_own(links: Path) -> None:
    for name in ("ttyUSB1", "missing"):
        assert by_id(str(links.parent / name), links) == str(links.parent / name)
    assert by_id("/dev/null", links / "not-there") == "/dev/null"


def test_a_chosen_lasting_name_is_kept(links: Path) -> None:
    chosen = str(links / "usb-FTDI-if00-again")
    assert by_id(chosen, links) == chosen


def test_only_usb_adapters_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    stick, board = ListPortInfo("/dev/ttyUSB7"), ListPortInfo("/dev/ttyAMA0")
    stick.vid, stick.description = 0x0403, "FT232R USB UART"
    monkeypatch.setattr(list_ports, "comports", lambda: [board, stick])
    assert adapters() == [Adapter("/dev/ttyUSB7", "FT232R USB UART")]


@pytest.mark.parametrize(
    ("description", "product", "foreign"),
    [
        ("FT232R USB UART", None, False),
        ("CP2102 USB to UART Bridge Controller", None, False),
        ("USB-Serial Controller", "Hager EHZ IR head", False),
        ("Sonoff Zigbee 3.0 USB Dongle Plus", None, True),
        ("CP2102N", "SkyConnect v1.0", True),
        ("ConBee II", None, True),
        ("USB Dongle", "700 Series Z-Wave", True),
        ("ZWA-2", None, True),
        ("RFXtrx433", None, True),
    ],
)
def test_radio_sticks_of_other_programs_are_recognised(
    monkeypatch: pytest.MonkeyPatch, description: str, product: str | None, *, foreign: bool
) -> None:
    stick = ListPortInfo("/dev/ttyUSB7")
    stick.vid, stick.description, stick.product = 0x10C4, description, product
    monkeypatch.setattr(list_ports, "comports", lambda: [stick])
    assert adapters() == [Adapter("/dev/ttyUSB7", description, foreign)]
