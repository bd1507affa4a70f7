"""The serial adapters that are plugged in, and which of them cannot be a meter's."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from app.language.catalogue import Sentence

_BY_ID: Final = Path("/dev/serial/by-id")
_FOREIGN: Final = (
    r"zig-?bee|z-?wave|zwa-?\d|z-?stick|conbee|raspbee|sonoff|skyconnect|connect zbt|nabu.?casa"
    r"|slzb|zzh|hubzb|husbzb|efr32|cc2531|cc2652|cc1352|ezsp|zigstar|tubeszb|rfxtrx|rfxcom|enocean"
    r"|thread|bluetooth|zooz|aeotec|deconz|dresden"
)
"""A pattern, which is seldom needed, and takes 2.7 ms to compile."""


class Adapter(NamedTuple):
    """A serial adapter on the USB.

    Args:
        path: its /dev/serial/by-id link where there is one, else its device.
        description: what it calls itself.
        foreign: whether it looks like another program's radio stick (Zigbee, Z-Wave, RFXtrx),
            which must not be opened unasked.
    """

    path: str
    description: str
    foreign: bool = False


def by_id(path: str, directory: Path = _BY_ID) -> str:
    """Give the /dev/serial/by-id link that points at a device, else the path itself.

    Unlike /dev/ttyUSB0, the link stays with the adapter when that is plugged in again.
    """
    try:
        target = Path(path).resolve()
        links = sorted(link for link in directory.iterdir() if link.resolve() == target)
    except (OSError, RuntimeError):  # there are no links; or a link that points at itself
        return path
    if not links or Path(path) in links:
        return path
    return str(links[0])


def present(path: str) -> bool:
    """Tell whether a device is there; a link that points nowhere is none."""
    return Path(path).exists()


def adapters() -> list[Adapter]:
    """List the serial adapters on the USB, by the names that last.

    The UARTs of the board itself are left out: they are there whether anything is wired to them or
    not, and on many boards belong to Bluetooth.
    """
    try:
        ports = list_ports.comports()
    except (OSError, ValueError):  # one was pulled while being looked at, or has a strange name
        return []
    return sorted(
        Adapter(by_id(port.device), port.description, _is_foreign(port))
        for port in ports
        if port.vid is not None
    )


def _is_foreign(port: ListPortInfo) -> bool:
    said = " ".join(filter(None, (port.description, port.manufacturer, port.product)))
    return bool(re.search(_FOREIGN, f"{said} {by_id(port.device)}", re.IGNORECASE))


def only_adapter() -> Adapter | Sentence:
    """Give the only serial adapter that can be a meter's; else say why there is none to read."""
    found = adapters()
    free = [adapter for adapter in found if not adapter.foreign]
    if len(free) == 1:
        return free[0]
    listed = ", ".join(f"{path} ({what})" for path, what, _ in free or found)
    if free:
        return Sentence("serial.several", {"listed": listed})
    if found:
        return Sentence("serial.foreign", {"listed": listed})
    return Sentence("serial.none")
