"""An integration for the tests: has Core make its statistics now and not in up to five minutes.

Runs inside Core. Its service `compile` gives the recorder the very task that the recorder's clock
gives it every five minutes: for the five minutes that are under way, and when those were taken
already, as Core does it once only, for the five minutes after the last ones, also when Core was
started anew since.
"""

from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

DOMAIN = "statistics_now"
MINUTES = 5
PERIOD = timedelta(minutes=MINUTES)


async def async_setup(hass: Any, config: object) -> bool:  # noqa: ANN401, ARG001 - as Core calls it
    """Offer the service."""
    recorder = import_module("homeassistant.components.recorder")
    tasks = import_module("homeassistant.components.recorder.tasks")
    clock = import_module("homeassistant.util.dt")

    kept = Path(hass.config.path(DOMAIN))
    last = clock.utc_from_timestamp(0)
    if await hass.async_add_executor_job(kept.exists):
        last = datetime.fromisoformat(await hass.async_add_executor_job(kept.read_text))

    async def compile_now(call: object) -> None:  # noqa: ARG001 - as Core calls it
        nonlocal last
        now = clock.utcnow()
        current = now.replace(minute=now.minute - now.minute % MINUTES, second=0, microsecond=0)
        last = start = max(current, last + PERIOD)
        await hass.async_add_executor_job(kept.write_text, last.isoformat())
        instance = recorder.get_instance(hass)
        instance.queue_task(tasks.StatisticsTask(start, fire_events=True))
        await instance.async_block_till_done()

    hass.services.async_register(DOMAIN, "compile", compile_now)
    return True
