"""What a source of bytes tells, beside the bytes themselves."""

from enum import StrEnum
from typing import NamedTuple

from app.language.catalogue import Text
from app.transport.serial_mode import SerialMode


class Cause(StrEnum):
    """Why a line is not open, for whoever has sentences of its own."""

    UNCHOSEN = "unchosen"
    """No device was chosen, and there is not exactly one adapter that can be a meter's."""
    GONE = "gone"
    """The adapter was pulled."""
    MISSING = "missing"
    FORBIDDEN = "forbidden"
    """This program's user may not open the device."""
    BUSY = "busy"
    """Another program has the device open."""
    NO_SERIAL_DEVICE = "no serial device"
    NO_ADAPTER = "no adapter"
    """There is a device, but no adapter behind it."""
    MODE_UNKNOWN = "mode unknown"
    """The adapter does not know the serial mode."""
    GATEWAY_BUSY = "gateway busy"
    GATEWAY_LACKS_DEVICE = "gateway lacks device"
    GATEWAY_ENDED = "gateway ended"
    GATEWAY_UNKNOWN = "gateway unknown"
    """Its name is not known in the network."""
    GATEWAY_REFUSES = "gateway refuses"
    GATEWAY_UNREACHABLE = "gateway unreachable"
    GATEWAY_SILENT = "gateway silent"
    """It does not answer in time."""
    OTHER = "other"


class Opened(NamedTuple):
    """The line is open; bytes may follow.

    Args:
        line: which one, for people: ``/dev/ttyUSB0 (2400 8E1)``, ``tcp://host:2000``.
        mode: the serial mode it is read with; None where there is none to choose here.
        remote: whether the serial mode is set elsewhere, at a gateway.
        searching: whether other modes are tried when this one gives no frame.
        anew: a gateway was called again only because it had been silent for long.
    """

    line: str
    mode: SerialMode | None = None
    remote: bool = False
    searching: bool = False
    anew: bool = False


class Lost(NamedTuple):
    """The line could not be opened, or ended.

    Args:
        line: which one, as in `Opened`.
        reason: a plain sentence on what is wrong and what to do.
        retry_in: seconds until it is opened again.
        mode: of a serial device; None for everything else.
        cause: the same as ``reason``, as a word.
    """

    line: str
    reason: Text
    retry_in: float
    mode: SerialMode | None = None
    cause: Cause = Cause.OTHER


class GaveUp(NamedTuple):
    """A serial mode proved wrong; the next one follows.

    Args:
        mode: which one.
        was_right: whether frames had come with it before.
        doubted: whether frames came now, but most bytes have parity errors.
    """

    mode: SerialMode
    was_right: bool
    doubted: bool = False

    def __str__(self) -> str:
        if self.doubted:
            return f"most bytes have parity errors with {self.mode}, trying it without parity"
        doubt = "no whole frame any more" if self.was_right else "no whole frame"
        return f"{doubt} with {self.mode}, trying another mode"


class Settled(NamedTuple):
    """A frame came for the first time, so the serial mode is right.

    Args:
        mode: which one.
        searched: whether there were others to try.
    """

    mode: SerialMode
    searched: bool


class OnlyAdapter(NamedTuple):
    """No device was chosen, and this is the only adapter that can be a meter's.

    Args:
        path: of its device.
    """

    path: str


class SpeaksTelnet(NamedTuple):
    """A gateway speaks telnet; that is undone, and the bytes given are those of the line.

    Args:
        line: which one, as in `Opened`.
    """

    line: str

    def __str__(self) -> str:
        return (
            f"{self.line} begins with a telnet negotiation, so the gateway sends some bytes twice;"
            " that is undone here, but set the gateway to raw TCP: with ser2net, write the accepter"
            " as tcp,2010 and not as telnet,tcp,2010"
        )


class GatewaySaid(NamedTuple):
    """A gateway said something ahead of the line's bytes.

    Args:
        line: which one, as in `Opened`.
        text: in its own words, printable ASCII.
    """

    line: str
    text: str

    def __str__(self) -> str:
        return f'{self.line} says "{self.text}"'


Event = bytes | Opened | Lost | GaveUp | Settled | OnlyAdapter | SpeaksTelnet | GatewaySaid
"""Bytes as they come, at least one, and what happens in between; see `parity.Received`."""
