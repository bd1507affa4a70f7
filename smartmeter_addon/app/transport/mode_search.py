"""Finds the serial mode of a line, by reading it in one mode after the other.

A meter pushes in bursts. In the wrong mode a burst gives bytes but no frame, so two bursts without
a frame (the first may have been cut) show that a mode is wrong. One burst does if most of its bytes
have parity errors and it was not cut. Silence shows nothing.

A meter without parity can be read with one, and all its bytes have errors then. So a mode in which
frames come and most bytes have errors is doubted once: if its like without parity is one of those
to try, that one follows, and it comes back only if no frame comes there.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from app.transport.parity import Share
from app.transport.push_interval import PushInterval
from app.transport.serial_mode import SerialMode

USUAL: Final = tuple(
    SerialMode.parse(text)
    for text in (
        "2400 8E1",
        "9600 8N1",
        "115200 8N1",
        "2400 8N1",
        "9600 8E1",
        "9600 7E1",
        "19200 8N1",
        "19200 8E1",
        "2400 7E1",
        "115200 8E1",
        "300 7E1",
    )
)
"""The modes that occur, the likeliest first: those of the meter profiles, and the bits of M-Bus
(EN 13757-2: 8E1), of HDLC (IEC 62056-46: 8N1) and of IEC 62056-21 (7E1) at other usual rates."""

GAP: Final = 0.8
"""Seconds without a byte that end a burst; segments of one telegram follow within 0.2 s."""

_PAUSE: Final = 1.1 * GAP

FAILED_BURSTS: Final = 2
LONGEST_TRIAL: Final = 20.0
"""Seconds of bytes without a pause, and without a frame, after which a mode is given up."""

LOYALTY: Final = 600.0
LOYAL_PUSHES: Final = 20
"""A mode that was right is given up only after so many seconds, so many push intervals and so many
bursts without a frame. A silent meter says nothing about the mode, and neither does noise between
two pushes."""


class ModeSearch:
    """Decides which mode to read with; all times are of one steady clock, in seconds.

    Args:
        modes: in the order in which to try them, at least one.
        first: the mode that was right last time, tried before the others.
        push_interval: of the meter.
    """

    def __init__(
        self,
        modes: Iterable[SerialMode],
        first: SerialMode | None = None,
        push_interval: PushInterval | None = None,
    ) -> None:
        self._modes = _in_order(modes, first)
        self._push_interval = push_interval or PushInterval()
        self._index = 0
        self._found = False
        self._first_byte: float | None = None  # of this trial
        self._last_byte: float | None = None
        self._burst_began = 0.0
        self._bursts = 0
        self._share = Share()  # of bytes with parity errors, in this trial
        self._opened: float | None = None
        self._doubted = False  # frames came, but with errors
        self._doubted_in = 0  # the burst
        self._doubtless: set[SerialMode] = set()  # modes that are not doubted again
        self._return_to: int | None = None  # a mode that was doubted

    @property
    def mode(self) -> SerialMode:
        """The mode to read with now."""
        return self._modes[self._index]

    @property
    def found(self) -> bool:
        """Whether the mode has proved right."""
        return self._found

    @property
    def alone(self) -> bool:
        """Whether there is no other mode to try."""
        return len(self._modes) == 1

    @property
    def is_over(self) -> bool:
        """Whether whatever comes changes nothing any more."""
        return self._found and len(self._modes) == 1

    @property
    def doubted(self) -> bool:
        """Whether frames came with the mode, but most bytes have parity errors."""
        return self._doubted

    def opened(self, now: float) -> None:
        """The line was opened in the mode."""
        self._opened = now

    def received(self, now: float, size: int = 1, errors: int = 0) -> None:
        """Bytes came, and so many of them with a parity or framing error."""
        self._share.add(size, errors)
        if self._first_byte is None:
            self._first_byte = now
        if self._last_byte is None or now - self._last_byte > GAP:
            self._bursts += self._last_byte is not None
            self._burst_began = now
        self._last_byte = now

    def framed(self) -> None:
        """A frame came that passed its checks."""
        if not self._found and self._share.mode_is_wrong and self.mode not in self._doubtless:
            self._doubted = self._without_parity is not None
            self._doubted_in = self._bursts
        self._found = self._found or not self._doubted
        if self._found:
            self._return_to = None
            self._begin()

    def wrong(self, now: float) -> bool:
        """Tell whether the mode has proved wrong."""
        if self.alone or self._first_byte is None or self._last_byte is None:
            return False
        ended = self._bursts + (now - self._last_byte > GAP)
        without_pause = self._last_byte - self._burst_began
        if self._found:
            lasted = self._last_byte - self._first_byte
            loyalty = max(LOYALTY, LOYAL_PUSHES * self._push_interval.seconds)
            return without_pause > LOYALTY or (lasted > loyalty and ended >= LOYAL_PUSHES)
        if self._doubted:
            return ended > self._doubted_in
        if self._share.mode_is_wrong and self._begins_whole:
            return ended > 0 or without_pause > LONGEST_TRIAL
        return ended >= FAILED_BURSTS or without_pause > LONGEST_TRIAL

    def wrong_after(self, now: float) -> float | None:
        """Tell in how many seconds the mode has proved wrong if nothing comes; None for never."""
        if self._last_byte is None or self._found or not self.wrong(self._last_byte + _PAUSE):
            return None
        return max(0.0, self._last_byte + _PAUSE - now)

    def next(self) -> None:
        """Go on to the next mode; after the last one comes the first again."""
        other = self._without_parity
        if self._doubted and other is not None:
            self._doubtless.add(self.mode)
            self._return_to, self._index = self._index, other
        elif self._return_to is not None:
            self._index, self._return_to = self._return_to, None
        else:
            self._index = (self._index + 1) % len(self._modes)
        self._found = False
        self._begin()

    @property
    def _begins_whole(self) -> bool:
        """Whether the first burst of this trial cannot have been cut by opening the line."""
        if self._opened is None or self._first_byte is None:
            return False
        return self._first_byte - self._opened > GAP

    @property
    def _without_parity(self) -> int | None:
        """The place of the same mode without parity; None where it is not to be tried."""
        other = self.mode._replace(parity="N")
        return self._modes.index(other) if other != self.mode and other in self._modes else None

    def _begin(self) -> None:
        self._first_byte = self._last_byte = None
        self._bursts = 0
        self._share = Share()
        self._doubted = False


def _in_order(modes: Iterable[SerialMode], first: SerialMode | None) -> Sequence[SerialMode]:
    ordered = dict.fromkeys([first, *modes] if first else modes)
    return tuple(ordered)
