"""Where the options of the app are follows from the name of its container."""

import pytest

from app.config.configuration_url import configuration_url

TOKEN = "made-up-token"


@pytest.mark.parametrize(
    ("token", "hostname", "url"),
    [
        (TOKEN, "a0d7b954-smartmeter", "homeassistant://config/app/a0d7b954_smartmeter/config"),
        (TOKEN, "local-smartmeter", "homeassistant://config/app/local_smartmeter/config"),
        (None, "a0d7b954-smartmeter", None),
        (TOKEN, "raspberrypi", None),
        (TOKEN, "a0d7b954", None),
    ],
)
def test_the_address_of_the_app_s_options_follows_from_the_container_s_name(
    token: str | None, hostname: str, url: str | None
) -> None:
    assert configuration_url(token, hostname) == url
