"""The option for the page."""

import pytest

from app.config.checks import Refused
from app.config.page import PORT, PageAddress, page


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        *((True, True), ("on", True), ("True", True), (" on ", True)),
        *((False, False), ("off", False), ("FALSE", False)),
        ("127.0.0.1:8099", PageAddress()),
        ("0.0.0.0:80", PageAddress("0.0.0.0", 80)),  # noqa: S104
        ("[::1]:8080", PageAddress("::1", 8080)),
        ("nas.local", PageAddress("nas.local", PORT)),
        (f"{'a' * 63}.{'b' * 63}:1", PageAddress(f"{'a' * 63}.{'b' * 63}", 1)),
    ],
)
def test_it_is_switched_on_and_off_or_given_an_address(given: object, taken: object) -> None:
    assert page(given) == taken


@pytest.mark.parametrize(
    "given",
    [
        *(
            "",
            "8099",
            ":8099",
            "nas:",
            "nas:0",
            "nas:65536",
            "nas:100000",
            "nas:80:80",
            "http://nas",
        ),
        *("::1", "[::1", "a b", "nas/x", "nas:8\u0660", "n\u00e4s:80"),
        *("a..b:80", ".:80", ".a", "a.", f"{'a' * 64}:80"),
        *(8099, 1.5, None, [], {}),
    ],
)
def test_what_is_no_address_is_refused(given: object) -> None:
    with pytest.raises(Refused, match="on, off, or an address"):
        page(given)
