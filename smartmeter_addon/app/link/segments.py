"""Messages that arrive in numbered parts, each in a frame of its own, one behind the other."""

from typing import Final

from app.fault import Fault, Kind
from app.link.frame import Frame

_LONGEST_MESSAGE: Final = 65536

_LONGEST_GAP: Final = 96
"""Bytes of a frame beside its content, and of noise."""


class Joiner:
    """Joins parts that arrive in order; a lost, doubled or swapped part drops the message.

    So does a gap that may have held the end of a message and the beginning of another one, to whose
    rest this beginning would be joined. Where their bytes are lost, not damaged, nothing shows it.

    Args:
        layer: who complains.
        part: what a part is called in a complaint.
        first: the number of a message's first part.
    """

    __slots__ = (
        *("_data", "_first", "_layer", "_offset", "_parity_errors", "_part", "_until"),
        "expected",
    )

    def __init__(self, layer: str, part: str, first: int) -> None:
        self.expected = first
        """The number that the next part must have."""
        self._layer = layer
        self._part = part
        self._first = first
        self._offset = 0
        self._data: bytes | bytearray = b""  # the latter only while a message is under way
        self._until = 0  # the furthest at which its next part begins
        self._parity_errors = 0

    @property
    def under_way(self) -> bool:
        """Whether a message has begun and not ended."""
        return self.expected != self._first

    def feed(self, number: int, part: Frame, *, last: bool) -> list[Frame | Fault]:
        """Take the next part; give the message that is whole now, and tell of one that is not."""
        if last and number == self._first == self.expected:
            return [part]
        events: list[Frame | Fault] = []
        has_gap = self.under_way and part.offset > self._until
        if number != self.expected or has_gap:
            events.append(self._complain(number, part.offset))
            self._forget()
            if number != self._first:
                return events
        if number == self._first:
            self._offset = part.offset
            self._data = bytearray()
        self.expected = number + 1
        self._data += part.payload
        gap = max(_LONGEST_GAP * part.parts, len(self._data))  # what a beginning takes at least
        self._until = part.offset + len(part.payload) + gap
        self._parity_errors += part.parity_errors
        if len(self._data) > _LONGEST_MESSAGE:
            reason = f"a message is longer than {_LONGEST_MESSAGE} bytes"
            events.append(Fault(Kind.DAMAGED, self._layer, self._offset, reason))
            self._forget()
        elif last:
            parts = number - self._first + part.parts
            payload = bytes(self._data)
            events.append(
                Frame(
                    part.link,
                    self._offset,
                    payload,
                    part.address,
                    part.checksum,
                    parts,
                    part.note,
                    self._parity_errors,
                )
            )
            self._forget()
        return events

    def finish(self) -> list[Fault]:
        """Tell of a message that the end of the stream cut off, and forget it."""
        if not self.under_way:
            return []
        fault = self._complain(self._first, self._offset)
        self._forget()
        return [fault]

    def _forget(self) -> None:
        self.expected = self._first
        self._data = b""
        self._parity_errors = 0

    def _complain(self, number: int, offset: int) -> Fault:
        if number in {self._first, self.expected}:
            offset = self._offset
            reason = f"a message broke off before its {self._part} {self.expected}"
        elif self.under_way:
            reason = f"{self._part} {number} came where {self._part} {self.expected} was due"
        else:
            reason = f"{self._part} {number} arrived without the beginning of its message"
        return Fault(Kind.DAMAGED, self._layer, offset, reason)
