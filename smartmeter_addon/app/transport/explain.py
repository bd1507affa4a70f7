"""Why a line ended or cannot be opened, and what to do: one plain sentence for each error."""

import errno
import os
import re
import socket

from app.transport.adapters import adapters
from app.transport.address import SerialPort, TcpGateway
from app.transport.greeting import is_in_use, lacks_device


def explain_serial(port: SerialPort, error: Exception | None, *, opened: bool) -> str:
    """Say why a serial port ended or cannot be opened.

    Args:
        port: which one.
        error: what was raised; None when there was just nothing more to read.
        opened: whether it had been open.
    """
    path, number = port.path, error_number(error)
    if opened:
        return f"the serial adapter {path} is gone{_strange(error)}; plug it in again"
    match number:
        case errno.ENOENT:
            found = ", ".join(adapter.path for adapter in adapters()) or "none"
            return (
                f"the serial device {path} is missing; plug the adapter in or choose another one"
                f" (adapters found: {found})"
            )
        case errno.EACCES | errno.EPERM:
            return (
                f"permission denied for the serial device {path}; in Home Assistant restart the"
                " app (add-on), elsewhere add this program's user to the group dialout"
            )
        case errno.EBUSY | errno.EAGAIN:
            return (
                f"the serial device {path} is in use by another program; stop that one (another"
                " reader or integration), or choose another device"
            )
        case errno.ENOTTY | errno.EISDIR | errno.EINVAL:
            return f"{path} is no serial device; choose one"
        case errno.EIO | errno.ENXIO | errno.ENODEV:
            return (
                f"the serial device {path} has no adapter behind it{_strange(error)}; plug the"
                " adapter in again"
            )
    if isinstance(error, ValueError):
        return f"the serial adapter {path} does not know the mode {port.mode}; choose another one"
    return f"the serial device {path} cannot be opened{_strange(error)}; plug it in again"


def explain_gateway(
    gateway: TcpGateway, error: Exception | None, *, opened: bool, said: str | None = None
) -> str:
    """Say why a gateway's connection ended or cannot be opened; see `explain_serial`.

    Args:
        gateway: which one.
        error: as there.
        opened: as there.
        said: a text with which it ended the connection.
    """
    if said and is_in_use(said):
        return (
            f'the gateway {gateway} serves another program already (it says "{said}"); end that'
            " one, or have the gateway serve several at once: with ser2net by max-connections"
        )
    if said and lacks_device(said):
        return (
            f'the gateway {gateway} cannot open its serial device (it says "{said}"); see that the'
            " adapter is plugged in there, and named right in the gateway's settings"
        )
    if opened:
        words = f' with the words "{said}"' if said else ""
        return (
            f"the gateway {gateway} ended the connection{words}{_strange(error)}; if this repeats,"
            " look whether it was restarted or serves another program"
        )
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return f"the name of the gateway {gateway} is not known; check it, or enter its IP address"
    match error_number(error):
        case errno.ECONNREFUSED:
            return (
                f"the gateway {gateway} refuses the connection; check the port, and that the"
                " program there (such as ser2net) runs"
            )
        case errno.EHOSTUNREACH | errno.ENETUNREACH | errno.ENETDOWN | errno.EHOSTDOWN:
            return (
                f"the gateway {gateway} cannot be reached{_strange(error)}; check its address,"
                " power and network"
            )
    if isinstance(error, TimeoutError):
        return (
            f"the gateway {gateway} does not answer in time; check its address, power and network"
        )
    return f"no connection to the gateway {gateway}{_strange(error)}; check its address and network"


def error_number(error: Exception | None) -> int | None:
    """Find the error's number, also where it was only left in the text."""
    number = getattr(error, "errno", None)
    if number is None:
        # As "Multiple exceptions: [Errno 111] Connect...", or as "... port: (25, 'Inapprop...".
        found = re.findall(r"(?:\[Errno |\()([0-9]+)[],]", str(error))
        number = int(found[-1]) if found else None
    return number


def _strange(error: Exception | None) -> str:
    """Give the system's own words for an error, in brackets."""
    number = error_number(error)
    return f" ({os.strerror(number).lower()})" if number else ""
