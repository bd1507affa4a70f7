"""Sentences for errors that cannot be provoked here."""

import errno
import termios

import pytest
import serial

from app.transport.address import SerialPort, TcpGateway
from app.transport.explain import error_number, explain_gateway, explain_serial
from app.transport.serial_mode import SerialMode

MODE = SerialMode(2400, 8, "E", 1)


@pytest.mark.parametrize(
    ("error", "opened", "words"),
    [
        (OSError(errno.EBUSY, "busy"), False, "is in use by another program"),
        (OSError(errno.EPERM, "no"), False, "permission denied"),
        (OSError(errno.ENXIO, "no"), False, "has no adapter behind it (no such device"),
        (termios.error(errno.EIO, "I/O"), False, "has no adapter behind it (input/output error)"),
        (ValueError("Failed to set custom baud rate"), False, "does not know the mode 2400 8E1"),
        (OSError(errno.EMFILE, "x"), False, "cannot be opened (too many open files)"),
        (OSError(errno.EIO, "x"), True, "is gone (input/output error); plug it in again"),
    ],
)
def test_errors_of_serial_ports_have_their_sentences(
    *, error: Exception, opened: bool, words: str
) -> None:
    assert words in str(explain_serial(SerialPort("/dev/ttyUSB0", MODE), error, opened=opened))


@pytest.mark.parametrize(
    ("error", "opened", "words"),
    [
        (OSError(errno.EHOSTUNREACH, "x"), False, "cannot be reached (no route to host)"),
        (OSError(errno.ENETUNREACH, "x"), False, "cannot be reached (network is unreachable)"),
        (OSError(errno.ETIMEDOUT, "x"), False, "does not answer in time"),
        (OSError(errno.EADDRNOTAVAIL, "x"), False, "no connection to the gateway"),
        (OSError(errno.ETIMEDOUT, "x"), True, "ended the connection (connection timed out)"),
    ],
)
def test_errors_of_gateways_have_their_sentences(
    *, error: Exception, opened: bool, words: str
) -> None:
    assert words in str(explain_gateway(TcpGateway("h", 2000), error, opened=opened))


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (
            OSError(
                "Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 111] X"
            ),
            111,
        ),
        (serial.SerialException("Could not configure port: (25, 'Inappropriate ioctl')"), 25),
        (serial.SerialException(2, "could not open port"), 2),
        (ValueError("no number"), None),
        (None, None),
    ],
)
def test_the_number_of_an_error_is_found_in_its_text(
    error: Exception | None, number: int | None
) -> None:
    assert error_number(error) == number
