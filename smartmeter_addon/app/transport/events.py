"""What a source of bytes tells, beside the bytes themselves."""

from dataclasses import dataclass

from app.transport.serial_mode import SerialMode


@dataclass(frozen=True, slots=True)
class Opened:
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


@dataclass(frozen=True, slots=True)
class Lost:
    """The line could not be opened, or ended.

    Args:
        line: which one, as in `Opened`.
        reason: a plain sentence on what is wrong and what to do.
        retry_in: seconds until it is opened again.
        mode: of a serial device; None for everything else.
    """

    line: str
    reason: str
    retry_in: float
    mode: SerialMode | None = None


@dataclass(frozen=True, slots=True)
class GaveUp:
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


@dataclass(frozen=True, slots=True)
class Settled:
    """A frame came for the first time, so the serial mode is right.

    Args:
        mode: which one.
        searched: whether there were others to try.
    """

    mode: SerialMode
    searched: bool


@dataclass(frozen=True, slots=True)
class OnlyAdapter:
    """No device was chosen, and this is the only adapter that can be a meter's.

    Args:
        path: of its device.
    """

    path: str


@dataclass(frozen=True, slots=True)
class SpeaksTelnet:
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


@dataclass(frozen=True, slots=True)
class GatewaySaid:
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
