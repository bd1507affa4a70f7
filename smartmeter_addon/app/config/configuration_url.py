"""Where Home Assistant shows the options of this app: the address that its devices link to."""

import re
from typing import Final

_APP_HOSTNAME: Final = re.compile(r"([0-9a-f]{8}|local)(-[a-z0-9]+)+")
"""The repository's hash or "local", then the app's own name."""


def configuration_url(token: str | None, hostname: str) -> str | None:
    """Give the address at which Home Assistant shows the options of this app.

    Args:
        token: SUPERVISOR_TOKEN; without one there is none.
        hostname: of the container; the Supervisor makes it of the app's name.

    Returns:
        An address such as ``homeassistant://config/app/a0d7b954_smartmeter/config``, the form that
        Home Assistant's own hassio integration uses; None where the name is not one of an app.
    """
    if not token or not _APP_HOSTNAME.fullmatch(hostname):
        return None
    return f"homeassistant://config/app/{hostname.replace('-', '_')}/config"
