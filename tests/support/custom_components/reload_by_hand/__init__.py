"""An integration for the tests: leaves it to them when MQTT is set up anew.

Runs inside Core, which sets up an integration anew 30 seconds after a user enabled one of its
entities. The tests do that at once; a second time, later, would fall into whatever then runs.
"""

from importlib import import_module
from typing import Any

DAY = 24 * 60 * 60


async def async_setup(hass: object, config: object) -> bool:  # noqa: ARG001 - as Core calls it
    """Put off what Core does by itself until no test runs any more."""
    entries: Any = import_module("homeassistant.config_entries")
    assert hasattr(entries, "RELOAD_AFTER_UPDATE_DELAY")
    entries.RELOAD_AFTER_UPDATE_DELAY = DAY
    return True
