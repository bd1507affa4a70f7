"""Addresses of TCP gateways that need no name server."""

import socket

import pytest

from app.transport.tcp import _literal


def test_an_ip_address_is_read_as_it_is() -> None:
    assert _literal("192.168.1.20", 2010)[:1] + _literal("192.168.1.20", 2010)[3:] == (
        socket.AF_INET,
        ("192.168.1.20", 2010),
    )
    assert _literal("fd00::20", 2010)[:1] + _literal("fd00::20", 2010)[3:] == (
        socket.AF_INET6,
        ("fd00::20", 2010, 0, 0),
    )


@pytest.mark.parametrize("host", ["gateway.local", "fe80::1%eth0", ""])
def test_what_the_system_has_to_look_up_is_none(host: str) -> None:
    with pytest.raises(ValueError, match=r"address|interface"):
        _literal(host, 2010)
