"""The URL of an HTTP server is taken apart, or refused."""

import pytest

from app.transport.http_address import Server, parse_server


@pytest.mark.parametrize(
    ("text", "server", "shown"),
    [
        ("http://h:8086", Server("h", 8086), "http://h:8086"),
        ("HTTP://h", Server("h", 80), "http://h:80"),
        ("https://h/", Server("h", 443, tls=True), "https://h:443"),
        ("https://h:1/a/b/", Server("h", 1, tls=True, path="/a/b"), "https://h:1/a/b"),
        ("http://[::1]:8086", Server("::1", 8086), "http://[::1]:8086"),
        ("http://a0d7b954-influxdb:8086", Server("a0d7b954-influxdb", 8086), None),
    ],
)
def test_an_address_is_taken_apart(text: str, server: Server, shown: str | None) -> None:
    assert parse_server(text) == server
    assert str(server) == (shown or text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "h:8086", "ftp://h", "http://", "http:///x", "http://h:port", "http://h:0"),
        *("http://h:65536", "http://h:123456", "http://h /", "http://u:p@h", "http://h?db=x"),
        *("http://h/#x", "http://h/ x", "http://hä", "http://h/ä", "http://h/\x01", "http://h\n"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"it is not of the form|the port is not"):
        parse_server(text)
