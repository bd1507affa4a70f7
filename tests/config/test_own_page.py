"""The address of the app's own page follows from the name of its container."""

import pytest

from app.config.own_page import own_page

TOKEN = "made-up-token"


@pytest.mark.parametrize(
    ("token", "hostname", "page"),
    [
        (TOKEN, "a0d7b954-smartmeter", "homeassistant://config/app/a0d7b954_smartmeter/config"),
        (TOKEN, "local-smartmeter", "homeassistant://config/app/local_smartmeter/config"),
        (None, "a0d7b954-smartmeter", None),
        (TOKEN, "raspberrypi", None),
        (TOKEN, "a0d7b954", None),
    ],
)
def test_the_app_s_own_page_follows_from_the_container_s_name(
    token: str | None, hostname: str, page: str | None
) -> None:
    assert own_page(token, hostname) == page
