"""What can go wrong between the first byte and a reading, in one small vocabulary.

Noise is an ordinary event: the stages return faults beside their results instead of raising, so
that one bad telegram never stops the next one.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.language.catalogue import Text


class Kind(StrEnum):
    """Kinds of fault that call for different advice to the user."""

    DAMAGED = "damaged"
    """Bytes that began like a frame or telegram but fail a check: noise, or a wrong serial mode."""
    CHECKSUM_WRONG = "checksum wrong"
    """A whole telegram of text whose checksum is wrong: damage, but no wrong serial mode."""
    KEY_MISSING = "key missing"
    """A ciphered telegram, and no encryption key is configured."""
    KEY_WRONG = "encryption key wrong"
    """Deciphering gives no telegram."""
    AUTH_KEY_WRONG = "authentication key wrong"
    """The encryption key fits, the tag does not."""
    NOT_CIPHERED = "not encrypted"
    """A telegram that anybody can have made, of a meter whose telegrams have to be ciphered."""
    UNSUPPORTED = "unsupported"
    """A telegram that is whole but of a sort this program does not read."""
    UNKNOWN_LIST = "unknown list"
    """Deciphered and well-formed, but no profile knows what the values mean."""
    OTHER_METER = "other meter"
    """The telegram contradicts the chosen meter type."""
    SUSPICIOUS = "suspicious"
    """Pending: well-formed, but it does not follow from the telegrams before it."""
    REPLAYED = "replayed"
    """Rejected: a duplicate or a replay."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that could not be decoded.

    Args:
        kind: what sort of trouble it is.
        layer: the layer that noticed: a link's name, ``gbt``, ``ciphering``, ``apdu``, ``a-xdr``,
            ``list`` or ``meter``.
        offset: where the frame in question begins, in bytes since the start of the stream.
        reason: one plain sentence without secrets; where it can become the problem of a line, one
            of the catalogue.
    """

    kind: Kind
    layer: str
    offset: int
    reason: Text

    def __str__(self) -> str:
        return f"{self.layer}: byte {self.offset}: {self.reason}"


class DecodeError(Exception):
    """Bytes that do not say what their layer's standard wants.

    Args:
        layer: the layer that noticed.
        offset: the byte within what was handed to that layer.
        reason: as that of a `Fault`.
        kind: what sort of trouble it is.
    """

    def __init__(self, layer: str, offset: int, reason: Text, kind: Kind = Kind.DAMAGED) -> None:
        super().__init__(layer, offset, reason)
        self.layer = layer
        self.offset = offset
        self.reason = reason
        self.kind = kind

    def __str__(self) -> str:
        return f"{self.layer}: byte {self.offset}: {self.reason}"
