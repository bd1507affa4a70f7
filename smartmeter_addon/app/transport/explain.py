"""Why a line ended or cannot be opened, and what to do: one plain sentence for each error."""

import errno
import os
import re
import socket
from collections.abc import Mapping
from typing import Final

from app.language.catalogue import Sentence, Text
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
KNOWN_ERRORS: Final = frozenset(
    {
        *(errno.EIO, errno.ENXIO, errno.ENODEV, errno.ENOENT, errno.EACCES, errno.EPERM),
        *(errno.EBADF, errno.EINVAL, errno.EPIPE, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
        *(errno.ETIMEDOUT, errno.ECONNRESET, errno.ECONNREFUSED, errno.ECONNABORTED),
        *(errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN, errno.ENETRESET),
        *(errno.ENOTCONN, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.EPROTO),
        *(errno.EBUSY, errno.EAGAIN, errno.ENOTTY, errno.EISDIR),
    }
)
"""Errors that the catalogue has words for, in the group ``system``."""


def explain_serial(port: SerialPort, error: Exception | None, *, opened: bool) -> Sentence:
    """Say why a serial port ended or cannot be opened.

    Args:
        port: which one.
        error: what was raised; None when there was just nothing more to read.
        opened: whether it had been open.
    """
    cause = serial_cause(error, opened=opened)
    found: Text = ""
    if cause is Cause.MISSING:
        paths = ", ".join(adapter.path for adapter in adapters())
        found = paths or Sentence("serial.no_adapters")
    parameters = {
        "path": port.path,
        "mode": port.mode,
        "found": found,
        "words": _system_words(error),
    }
    return Sentence(f"serial.{cause.name.lower()}", parameters)


def serial_cause(error: Exception | None, *, opened: bool) -> Cause:
    """Tell why a serial port ended or cannot be opened; see `explain_serial`."""
    if opened:
        return Cause.GONE
    other = Cause.MODE_UNKNOWN if isinstance(error, ValueError) else Cause.OTHER
    return _SERIAL_CAUSES.get(error_number(error), other)


def explain_gateway(
    gateway: TcpGateway, error: Exception | None, *, opened: bool, said: str | None = None
) -> Sentence:
    """Say why a gateway's connection ended or cannot be opened; see `explain_serial`.

    Args:
        gateway: which one.
        error: as there.
        opened: as there.
        said: a text with which it ended the connection.
    """
    cause = gateway_cause(error, opened=opened, said=said)
    parameters = {
        "gateway": gateway,
        "said": said,
        "quoted": Sentence("gateway.quoted", {"said": said}) if said else "",
        "words": _system_words(error),
    }
    name = cause.name.lower().removeprefix("gateway_")
    return Sentence(f"gateway.{name}", parameters)


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


def own_words(error: OSError) -> Text:
    """Give the error's own words, without its number."""
    # An ssl.SSLError has it; to ask for that class would load TLS where nobody uses it.
    reason = getattr(error, "reason", None)
    if isinstance(reason, str) and reason:
        return reason.lower().replace("_", " ")
    if error.errno and error.strerror == os.strerror(error.errno):
        return system_words(error.errno)
    return (error.strerror or type(error).__name__).lower()


def error_number(error: Exception | None) -> int | None:
    """Find the error's number, also where it was only left in the text."""
    number = getattr(error, "errno", None)
    if number is None:
        # As "Multiple exceptions: [Errno 111] Connect...", or as "... port: (25, 'Inapprop...".
        found = re.findall(r"(?:\[Errno |\()([0-9]+)[],]", str(error))
        number = int(found[-1]) if found else None
    return number


def system_words(number: int) -> Text:
    """Give the system's words for an error; those that lines and networks fail with are known."""
    if number in KNOWN_ERRORS:
        return Sentence(f"system.{errno.errorcode[number].lower()}")
    return os.strerror(number).lower()


def _system_words(error: Exception | None) -> Text:
    """Give the system's own words for an error, in brackets."""
    number = error_number(error)
    return Sentence("system.in_brackets", {"words": system_words(number)}) if number else ""
