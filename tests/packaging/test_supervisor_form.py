"""What users enter in the form, through the Supervisor's rules, into the program."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import options
from app.meters import profile_files
from tests.support.supervisor_form import RefusedError, validated

CONFIG = yaml.safe_load(
    (Path(__file__).parents[2] / "smartmeter_addon" / "config.yaml").read_text(encoding="utf-8")
)
TYPES = ("auto", *profile_files.load())
ADAPTER = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
KEY = "000102030405060708090A0B0C0D0E0F"
PEM = "-----BEGIN CERTIFICATE-----Y2VydGlmaWNhdGU=-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    "entered",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"key": KEY}, id="the key alone"),
        pytest.param({"key": "00:01:02:03 04-05 060708090A0B0C0D0E0F"}, id="key as printed"),
        pytest.param({"key": KEY, "device": ADAPTER}, id="adapter chosen"),
        pytest.param({"url": "tcp://192.168.1.20:2001", "auth_key": ""}, id="gateway"),
        pytest.param({"update_interval": "30", "log_level": "debug"}, id="number as text"),
        pytest.param({"mqtt": {"host": "h", "port": 8883, "tls": True, "ca": PEM}}, id="broker"),
        pytest.param({"mqtt": {"host": "", "username": "", "password": ""}}, id="emptied again"),
        pytest.param(
            {"device": ADAPTER, "additional_meters": [{"url": "tcp://h:1", "key": KEY}, {}]},
            id="three meters",
        ),
        pytest.param({"mqtt": {"layout": "lgraho"}}, id="group of 0.1.0, without the list in it"),
        pytest.param(
            {"mqtt": {"layout": "topics", "topics": [{"key": "power", "topic": "a/b"}, {}]}},
            id="topics of one's own and an empty line",
        ),
        pytest.param({"mqtt": {"discovery": "false"}}, id="nothing announced"),
        pytest.param({"colour": "red", "mqtt": {"retain": True}}, id="options of other readers"),
    ],
)
def test_what_the_supervisor_takes_the_program_takes(entered: dict[str, Any]) -> None:
    written = validated(CONFIG, entered, [ADAPTER])
    assert len(options.parse(written, TYPES).meters) == 1 + len(written["additional_meters"])
    assert written.keys() >= {"meter_type", "key", "language", "mqtt", "additional_meters"}


@pytest.mark.parametrize(
    "entered",
    [
        {"meter_type": "kaiffa"},
        {"meter_type": ""},
        {"language": "fr"},
        {"log_level": "loud"},
        {"key": 12345678901234567890123456789012},
        {"key": None},
        {"device": None},
        {"update_interval": -1},
        {"update_interval": "often"},
        {"update_interval": 86401},
        {"detail_interval": -1},
        {"detail_interval": 86401},
        {"mqtt": None},
        {"mqtt": []},
        {"mqtt": {"port": 0}},
        {"mqtt": {"port": 65536}},
        {"mqtt": {"tls": "perhaps"}},
        {"mqtt": {"password": 1}},
        {"mqtt": {"layout": "evn"}},
        {"mqtt": {"topics": {}}},
        {"mqtt": {"topics": ["a/b"]}},
        {"additional_meters": {}},
        {"additional_meters": ["tcp://h:1"]},
        {"additional_meters": [{"meter_type": "kaiffa"}]},
        {"additional_meters": [{"key": 1}]},
    ],
)
def test_what_cannot_be_right_is_refused_in_the_form(entered: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        validated(CONFIG, entered)


def test_a_chosen_adapter_that_is_missing_keeps_the_app_from_starting() -> None:
    for entered in ({"device": ADAPTER}, {"additional_meters": [{"device": ADAPTER}]}):
        with pytest.raises(RefusedError, match="does not exist"):
            validated(CONFIG, entered)


def test_the_same_adapter_as_an_address_does_not() -> None:
    written = validated(CONFIG, {"url": ADAPTER})
    assert options.parse(written, TYPES).meters[0].url == ADAPTER


@pytest.mark.parametrize(
    "entered",
    [{"key": KEY[1:]}, {"url": "192.168.1.20"}, {"serial_mode": "fast"}, {"mqtt": {"host": "h:1"}}],
)
def test_what_the_form_cannot_check_the_program_does(entered: dict[str, Any]) -> None:
    written = validated(CONFIG, entered)
    with pytest.raises(options.OptionsError):
        options.parse(written, TYPES)
