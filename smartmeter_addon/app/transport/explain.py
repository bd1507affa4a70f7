"""Why a line ended or cannot be opened, and what to do: one plain sentence for each error."""

import errno
import os
import re
import socket
import ssl
from collections.abc import Mapping
from typing import Final

from app.transport.adapters import adapters
from app.transport.address import SerialPort, TcpGateway
from app.transport.events import Cause
from app.transport.greeting import is_in_use, lacks_device

_SERIAL_CAUSES: Final[Mapping[int | None, Cause]] = {
    errno.ENOENT: Cause.MISSING,
    errno.EACCES: Cause.FORBIDDEN,
    errno.EPERM: Cause.FORBIDDEN,
    errno.EBUSY: Cause.BUSY,
    errno.EAGAIN: Cause.BUSY,
    errno.ENOTTY: Cause.NO_SERIAL_DEVICE,
    errno.EISDIR: Cause.NO_SERIAL_DEVICE,
    errno.EINVAL: Cause.NO_SERIAL_DEVICE,
    errno.EIO: Cause.NO_ADAPTER,
    errno.ENXIO: Cause.NO_ADAPTER,
    errno.ENODEV: Cause.NO_ADAPTER,
}
_GATEWAY_CAUSES: Final[Mapping[int | None, Cause]] = {
    errno.ECONNREFUSED: Cause.GATEWAY_REFUSES,
    errno.EHOSTUNREACH: Cause.GATEWAY_UNREACHABLE,
    errno.ENETUNREACH: Cause.GATEWAY_UNREACHABLE,
    errno.ENETDOWN: Cause.GATEWAY_UNREACHABLE,
    errno.EHOSTDOWN: Cause.GATEWAY_UNREACHABLE,
}

_SERIAL: Final[Mapping[Cause, str]] = {
    Cause.GONE: "the serial adapter {path} is gone{words}; plug it in again",
    Cause.MISSING: (
        "the serial device {path} is missing; plug the adapter in or choose another one"
        " (adapters found: {found})"
    ),
    Cause.FORBIDDEN: (
        "permission denied for the serial device {path}; in Home Assistant restart the"
        " app (add-on), elsewhere add this program's user to the group dialout"
    ),
    Cause.BUSY: (
        "the serial device {path} is in use by another program; stop that one (another"
        " reader or integration), or choose another device"
    ),
    Cause.NO_SERIAL_DEVICE: "{path} is no serial device; choose one",
    Cause.NO_ADAPTER: (
        "the serial device {path} has no adapter behind it{words}; plug the adapter in again"
    ),
    Cause.MODE_UNKNOWN: (
        "the serial adapter {path} does not know the mode {mode}; choose another one"
    ),
    Cause.OTHER: "the serial device {path} cannot be opened{words}; plug it in again",
}
_GATEWAY: Final[Mapping[Cause, str]] = {
    Cause.GATEWAY_BUSY: (
        'the gateway {gateway} serves another program already (it says "{said}"); end that'
        " one, or have the gateway serve several at once: with ser2net by max-connections"
    ),
    Cause.GATEWAY_LACKS_DEVICE: (
        'the gateway {gateway} cannot open its serial device (it says "{said}"); see that the'
        " adapter is plugged in there, and named right in the gateway's settings"
    ),
    Cause.GATEWAY_ENDED: (
        "the gateway {gateway} ended the connection{quoted}{words}; if this repeats,"
        " look whether it was restarted or serves another program"
    ),
    Cause.GATEWAY_UNKNOWN: (
        "the name of the gateway {gateway} is not known; check it, or enter its IP address"
    ),
    Cause.GATEWAY_REFUSES: (
        "the gateway {gateway} refuses the connection; check the port, and that the"
        " program there (such as ser2net) runs"
    ),
    Cause.GATEWAY_UNREACHABLE: (
        "the gateway {gateway} cannot be reached{words}; check its address, power and network"
    ),
    Cause.GATEWAY_SILENT: (
        "the gateway {gateway} does not answer in time; check its address, power and network"
    ),
    Cause.OTHER: "no connection to the gateway {gateway}{words}; check its address and network",
}


def explain_serial(port: SerialPort, error: Exception | None, *, opened: bool) -> str:
    """Say why a serial port ended or cannot be opened.

    Args:
        port: which one.
        error: what was raised; None when there was just nothing more to read.
        opened: whether it had been open.
    """
    cause = serial_cause(error, opened=opened)
    found = ""
    if cause is Cause.MISSING:
        found = ", ".join(adapter.path for adapter in adapters()) or "none"
    return _SERIAL[cause].format(
        path=port.path, mode=port.mode, found=found, words=_system_words(error)
    )


def serial_cause(error: Exception | None, *, opened: bool) -> Cause:
    """Tell why a serial port ended or cannot be opened; see `explain_serial`."""
    if opened:
        return Cause.GONE
    other = Cause.MODE_UNKNOWN if isinstance(error, ValueError) else Cause.OTHER
    return _SERIAL_CAUSES.get(error_number(error), other)


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
    cause = gateway_cause(error, opened=opened, said=said)
    quoted = f' with the words "{said}"' if said else ""
    return _GATEWAY[cause].format(
        gateway=gateway, said=said, quoted=quoted, words=_system_words(error)
    )


def gateway_cause(error: Exception | None, *, opened: bool, said: str | None = None) -> Cause:
    """Tell why a gateway's connection ended or cannot be opened; see `explain_gateway`."""
    if said and is_in_use(said):
        return Cause.GATEWAY_BUSY
    if said and lacks_device(said):
        return Cause.GATEWAY_LACKS_DEVICE
    if opened:
        return Cause.GATEWAY_ENDED
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return Cause.GATEWAY_UNKNOWN
    other = Cause.GATEWAY_SILENT if isinstance(error, TimeoutError) else Cause.OTHER
    return _GATEWAY_CAUSES.get(error_number(error), other)


def own_words(error: OSError) -> str:
    """Give the error's own words, without its number."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return (error.strerror or type(error).__name__).lower()


def error_number(error: Exception | None) -> int | None:
    """Find the error's number, also where it was only left in the text."""
    number = getattr(error, "errno", None)
    if number is None:
        # As "Multiple exceptions: [Errno 111] Connect...", or as "... port: (25, 'Inapprop...".
        found = re.findall(r"(?:\[Errno |\()([0-9]+)[],]", str(error))
        number = int(found[-1]) if found else None
    return number


def _system_words(error: Exception | None) -> str:
    """Give the system's own words for an error, in brackets."""
    number = error_number(error)
    return f" ({os.strerror(number).lower()})" if number else ""
