"""Addresses of lines as text."""

import re

import pytest

from app.transport.address import SerialPort, TcpGateway, parse_url
from app.transport.serial_mode import SerialMode

MODE = SerialMode(2400, 8, "E", 1)


@pytest.mark.parametrize(
    ("text", "host", "number"),
    [
        ("tcp://192.168.1.20:2000", "192.168.1.20", 2000),
        ("tcp://ser2net.local:1/", "ser2net.local", 1),
        ("TCP://[fe80::1]:65535", "fe80::1", 65535),
    ],
)
def test_a_gateway_s_url_is_read(text: str, host: str, number: int) -> None:
    gateway = parse_url(text)
    assert gateway == TcpGateway(host, number)
    assert str(gateway) == text.lower().rstrip("/")


def test_a_path_is_a_url_too() -> None:
    assert parse_url("/dev/serial/by-id/usb-FTDI x") == "/dev/serial/by-id/usb-FTDI x"
    assert str(SerialPort("/dev/ttyUSB0", MODE)) == "/dev/ttyUSB0 (2400 8E1)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "wanted is tcp://host:port"),
        ("192.168.1.20:2000", "wanted is tcp://host:port"),
        ("ttyUSB0", "or a path like /dev/ttyUSB0"),
        ("socket://h:1", "before :// is not known"),
        ("tcp://", "host is missing"),
        ("tcp://:2000", "host is missing"),
        ("tcp://a b:2000", "host is missing"),
        ("tcp://h", "port is missing"),
        ("tcp://h:0", "port is missing, or not from 1 to 65535"),
        ("tcp://h:65536", "something wrong with host or port"),
        ("tcp://h:x", "something wrong with host or port"),
        ("tcp://[::1:5", "something wrong with host or port"),
        ("tcp://u:secret@h:1", "no user name or password"),
        ("tcp://h:1/path", "something behind the port"),
        ("tcp://h:1?x=1", "something behind the port"),
        ("/dev/tty\x00USB0", "control characters"),
        ("tcp://h\n:1", "control characters"),
    ],
)
def test_an_error_about_a_wrong_url_does_not_repeat_it(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        parse_url(text)
    assert "secret" not in str(caught.value)
