"""What the link layers hand on, and what they tell the scanner."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

from app.fault import Fault, Kind
from app.language.catalogue import Text


class Frame(NamedTuple):
    """The payload of one whole message of the link layer, its segments joined.

    Args:
        link: ``mbus``, ``hdlc``, ``wrapper``, ``raw`` or ``p1``.
        offset: where its first byte stands, in bytes since the start of the stream.
        payload: an APDU, a block of one, or for ``p1`` the text from ``/`` to the checksum.
        address: the link's addresses as hex digits, empty where it has none; makers differ in them.
        checksum: bits of the checksum that covered each of its parts; 0 for none.
        parts: in how many frames or blocks it came; no checksum of a part covers them all.
        note: a sentence for the log on how it was checked, where that is not the usual way.
        parity_errors: how many of its bytes came with a parity or framing error, on a line whose
            good frames mostly have none; elsewhere errors say nothing of damage, and it is 0.
    """

    link: str
    offset: int
    payload: bytes
    address: str = ""
    checksum: int = 0
    parts: int = 1
    note: str = ""
    parity_errors: int = 0


class More(NamedTuple):
    """A frame may begin here.

    Args:
        end: look again when the buffer reaches this position.
        begun: whether what is there already is a frame's whole header, and ``end`` the frame's.
        again: what to look again with, in place of the link's ``probe``, where that would search
            the same bytes once more.
    """

    end: int
    begun: bool = False
    again: "Look | None" = None


class Refused(NamedTuple):
    """No frame begins here.

    Args:
        reason: why, when the beginning looked like a frame; None when it never did.
        end: how far the frame claimed to reach; what begins before that and has no checksum is
            taken for its content.
        kind: what sort of trouble the reason tells of.
    """

    reason: Text | None = None
    end: int = 0
    kind: Kind = Kind.DAMAGED


NOT_HERE = Refused()


class Found(NamedTuple):
    """A frame that passed its checks.

    Args:
        end: up to where it reaches.
        content: its part of the message.
        number: of that part, 0 for the first; a link that does not number them gives 1 for others.
        last: whether it is the last one.
        address: all that the parts of a message have in common.
        checksum: see `Frame`.
        note: see `Frame`.
    """

    end: int
    content: bytes
    number: int = 0
    last: bool = True
    address: str = ""
    checksum: int = 0
    note: str = ""


Probe: TypeAlias = More | Refused | Found
Look: TypeAlias = Callable[[bytearray, int], Probe]
"""Tells whether a frame begins at a position of a buffer."""


class Link(Protocol):
    """One link layer."""

    name: str
    starts: bytes
    """A regular expression for the byte with which a frame begins."""
    checked: bool
    """Whether each frame has a checksum, so that one is accepted wherever it stands.

    A frame of another link is accepted likewise if it has one."""
    mark: int
    """How many bytes at the beginning are the same in all frames of a line; 0 where checked."""

    def probe(self, buffer: bytearray, pos: int) -> Probe:
        """Tell whether a frame begins at ``pos``."""
        ...

    def accept(self, found: Found, offset: int, parity_errors: int) -> list[Frame | Fault]:
        """Take a frame that was found, in order; give what became whole, and what broke off."""
        ...

    @property
    def under_way(self) -> bool:
        """Whether a message has begun whose last frame is still to come."""
        ...

    def finish(self) -> list[Fault]:
        """Tell of a message that the end of the stream cut off between its frames."""
        ...
