"""Meters that share a line in the options: both are named, and the second is not read."""

from pathlib import Path

import pytest

from app.config.lines import doubled
from app.config.options import MeterOptions

ADVICE = "give it the device or url of its own adapter, or take it out of the options"


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (
            MeterOptions(),
            MeterOptions(),
            (
                "neither the first meter nor additional_meters[0] has a device or a url;"
                f" additional_meters[0] is not read: {ADVICE}"
            ),
        ),
        (
            MeterOptions(device="/dev/ttyUSB0", name="House"),
            MeterOptions(device="/dev/ttyUSB0", name="Heat pump"),
            (
                "the first meter (House) and additional_meters[0] (Heat pump) have the same device,"
                f" /dev/ttyUSB0; additional_meters[0] (Heat pump) is not read: {ADVICE}"
            ),
        ),
        (
            MeterOptions(url="tcp://Gateway:2000"),
            MeterOptions(url="tcp://gateway:2000/"),
            (
                "the first meter and additional_meters[0] have the same url, tcp://gateway:2000/;"
                f" additional_meters[0] is not read: {ADVICE}"
            ),
        ),
        (
            MeterOptions(device="/dev/ttyUSB0"),
            MeterOptions(url="/dev//ttyUSB0", device="/dev/ttyUSB1"),
            (
                "the first meter and additional_meters[0] have the same url, /dev//ttyUSB0;"
                f" additional_meters[0] is not read: {ADVICE}"
            ),
        ),
    ],
)
def test_a_meter_on_the_line_of_another_is_found(
    first: MeterOptions, second: MeterOptions, sentence: str
) -> None:
    found = doubled([first, second])
    assert {position: str(one) for position, one in found.items()} == {1: sentence}


def test_two_names_of_one_device_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyUSB0")
    devices = [MeterOptions(device=str(tmp_path / name)) for name in ("ttyUSB0", "by-id")]
    assert doubled(devices).keys() == {1}


def test_of_several_meters_only_those_that_are_doubled_are_found() -> None:
    one, other, none = (
        *(MeterOptions(device="/dev/a"), MeterOptions(url="tcp://h:1")),
        MeterOptions(),
    )
    assert doubled([one, other, one, none, other, none, one]).keys() == {2, 4, 5, 6}
    assert doubled([one, other, none]) == {}
    assert doubled([MeterOptions(url="tcp://h:1"), MeterOptions(url="tcp://h:2")]) == {}


def test_a_device_beside_a_url_does_not_count() -> None:
    first = MeterOptions(device="/dev/ttyUSB0")
    assert doubled([first, MeterOptions(device="/dev/ttyUSB0", url="tcp://h:1")]) == {}
