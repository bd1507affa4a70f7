"""Which broker it is: that of the options, or the one that the Supervisor knows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from app.config.options import MqttOptions
from app.log import Redactor

SUPERVISOR_URL: Final = "http://supervisor"


async def find_broker(
    wanted: MqttOptions, environment: Mapping[str, str], redactor: Redactor
) -> MqttOptions:
    """Give the broker of the options, or the one that the Supervisor knows.

    Args:
        wanted: the options.
        environment: may name the Supervisor, by SUPERVISOR_URL and SUPERVISOR_TOKEN.
        redactor: of the log; it learns the password that the Supervisor names.

    Raises:
        SupervisorError: the options name no broker, and the Supervisor knows none.
    """
    if wanted.host:
        return wanted
    # Nobody else needs it: who names a broker, starts without loading it.
    from app.config import supervisor  # noqa: PLC0415

    service = await supervisor.mqtt_service(
        environment.get("SUPERVISOR_URL", SUPERVISOR_URL), environment.get("SUPERVISOR_TOKEN")
    )
    if service.password:
        redactor.hide(service.password)
    return replace(
        wanted,
        host=service.host,
        port=service.port,
        username=wanted.username or service.username,
        password=wanted.password or service.password,
        tls=wanted.tls or service.ssl,
    )
