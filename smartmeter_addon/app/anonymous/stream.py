"""The bytes of a recording, of which some are replaced and the others left out."""

from collections.abc import Iterator

from app.anonymous import framing
from app.anonymous.framing import Message, Part
from app.transport.recording import Chunk, Recording


class Stream:
    """All bytes of a recording; none is kept before `keep` says so.

    Args:
        original: as they came.
    """

    def __init__(self, original: bytes) -> None:
        self.original = original
        self._bytes = bytearray(original)
        self._kept = bytearray(len(original))
        self._inserted: dict[int, bytes] = {}  # by the place before which they stand

    def write(self, message: Message, payload: bytes) -> bytes:
        """Replace the payload of a message; give the bytes of its frames."""
        for place, byte in zip(message.places, payload, strict=True):
            self._bytes[place] = byte
        wire = b""
        for part in message.parts:
            framing.remake_checksum(self._bytes, part)
            wire += self._bytes[part.begin : part.end]
        return wire

    def write_text(self, part: Part, telegram: bytes) -> bytes:
        """Replace a P1 telegram, whose checksum may be longer; give its bytes."""
        more = len(telegram) - (part.end - part.begin)
        digits = telegram.rindex(framing.P1_END) + 1
        self._bytes[part.begin : part.end] = telegram[:digits] + telegram[digits + more :]
        self._inserted[part.begin + digits] = telegram[digits : digits + more]
        return telegram

    def keep(self, message: Message) -> None:
        """Keep the frames of a message."""
        for part in message.parts:
            for place in (*range(part.begin, part.end), *framing.flags_around(self.original, part)):
                self._kept[place] = 1

    @property
    def bytes_left_out(self) -> int:
        """How many of the original bytes are not kept."""
        return len(self._kept) - sum(self._kept)

    def chunks(self, recording: Recording) -> Iterator[Chunk]:
        """Give what is kept, at the times of the recording; where nothing is, no chunk."""
        begin = 0
        for chunk in recording:
            end = begin + len(chunk.data)
            data = b"".join(self._at(place) for place in range(begin, end) if self._kept[place])
            if data:
                yield Chunk(chunk.seconds, data)
            begin = end

    def _at(self, place: int) -> bytes:
        return self._inserted.get(place, b"") + self._bytes[place : place + 1]
