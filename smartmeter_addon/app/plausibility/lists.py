"""The lists that one sender pushes: structure, constant bits, and schedule of each."""

from typing import Any, Final, NamedTuple

from app.meters.telegram import Telegram
from app.plausibility import structure
from app.plausibility.schedule import Schedule
from app.plausibility.structure import Structure

_MOST: Final = 32
"""Lists that are known at most, so that a hostile sender does not fill the memory."""

_MOST_KEPT: Final = 8
"""Lists that are kept over a restart, and sizes and channels of a list: more than any meter has."""

_REPEATED: Final = 10
"""Telegrams in a row in which a text has to be the same before it is relied on."""

_GAP_STEP: Final = 0.1
"""Share by which one gap changes the usual one, whatever its length: so it becomes the median."""

_DATE: Final = 0xFFFFFFFFFF
"""Bits of a date-time's year, month, day and day of week."""

Channel = tuple[str, int | None]
"""The link's addresses, and the security control byte of ciphering."""


class _Bits:
    """The constant bits of the telegrams of one list that have the same size."""

    __slots__ = ("clocks", "count", "fixed", "last", "strings", "texts", "usual")

    def __init__(self, mask: structure.Mask, bits: int) -> None:
        self.fixed, self.strings, self.clocks, _ = mask
        self.texts = sum(self.strings)  # they do not overlap
        self.last = bits
        self.count = 0  # of telegrams
        dates = sum(_DATE << 8 * (mask.size - at - 5) for at in self.clocks)
        self.usual = self.fixed | self.texts | dates  # bits that change once a day at most

    def add(self, bits: int) -> None:
        """Take the bits of an accepted telegram."""
        if (changed := self.last ^ bits) & self.texts:
            # A text that changed once in an accepted telegram may change again.
            self.strings = tuple(one for one in self.strings if not one & changed)
            self.usual &= ~self.texts
            self.texts = sum(self.strings)
            self.usual |= self.texts
        self.last = bits
        self.count += 1

    def clocks_agree(self, content: bytes) -> bool:
        """Tell whether all clocks of a telegram show the same time of the day."""
        if len(self.clocks) < 2:  # noqa: PLR2004 - nothing to compare
            return True
        first, *others = self.clocks
        shown = content[first + 5 : first + 8]
        return all(content[at + 5 : at + 8] == shown for at in others)


class KnownList:
    """What is known of one list."""

    __slots__ = ("bits", "channels", "count", "gap", "schedule", "seen_at", "structure")

    def __init__(self, known: Structure, schedule: Schedule | None = None) -> None:
        self.structure = known
        self.schedule = schedule or Schedule()
        self.bits: dict[int, _Bits] = {}  # by size of the content
        self.channels: dict[Channel, None] = {}
        self.count = 0
        """Accepted telegrams."""
        self.seen_at: float | None = None
        """Monotonic seconds of the last one."""
        self.gap = 0.0
        """Usual seconds from one to the next."""

    def arrived(self, now: float) -> bool:
        """Take the time at which an accepted telegram arrived; tell whether that was about due."""
        passed, gap = 0.0 if self.seen_at is None else now - self.seen_at, self.gap
        if passed > 0:
            self.gap = (gap or passed) * (1 + _GAP_STEP if passed > gap else 1 - _GAP_STEP)
        self.seen_at = now
        self.count += 1
        return gap / 2 < passed < gap * 2


class Found(NamedTuple):
    """Which list a telegram is of.

    Args:
        known: the list; None for one that is not known.
        structure: of the telegram.
        bits: its content as one number.
        size: bytes of its content.
        channel: how it came.
        clocks: where its date-times stand in the content, in bytes.
        mask: its constant bits where it is the first of its size; None otherwise.
    """

    known: KnownList | None
    structure: Structure
    bits: int
    size: int
    channel: Channel
    clocks: tuple[int, ...] = ()
    mask: structure.Mask | None = None


class Lists:
    """The lists of one sender."""

    __slots__ = ("_known", "_latest", "_restored")

    def __init__(self) -> None:
        self._known: dict[Structure, KnownList] = {}
        self._latest: KnownList | None = None
        self._restored: dict[int, Schedule] = {}  # by digest, of lists not seen since the restart

    def __bool__(self) -> bool:
        return bool(self._known or self._restored)

    @property
    def are_several(self) -> bool:
        """Whether the sender pushes more than one list."""
        return len(self._known) > 1

    def find(self, telegram: Telegram) -> Found:
        """Find the list of a telegram: by its constant bits, else by its structure."""
        push = telegram.push
        content = structure.content_of(telegram)
        bits, size = int.from_bytes(content, "big"), len(content)
        channel = push.frame.address, push.security and push.security.security_control
        known = self._latest
        if known and (clocks := _clocks(known, bits, size)) is not None:
            return Found(known, known.structure, bits, size, channel, clocks)
        for known in self._known.values():
            if (clocks := _clocks(known, bits, size)) is not None:
                return Found(known, known.structure, bits, size, channel, clocks)
        shape, mask = structure.structure_of(telegram)
        clocks = mask.clocks if mask else ()
        return Found(self._by_structure(shape), shape, bits, size, channel, clocks, mask)

    def nearest(self, shape: Structure) -> Structure | None:
        """Return the structure of the list that an unknown one may be a damaged form of."""
        return structure.nearly(shape, self._known)

    def add(self, found: Found) -> KnownList:
        """Take an accepted telegram; return its list, which becomes known."""
        known = found.known
        if known is None:
            known = KnownList(
                found.structure, self._restored.pop(structure.digest(found.structure), None)
            )
            self._known[found.structure] = known
            if len(self._known) > _MOST:
                del self._known[next(iter(self._known))]
        known.channels[found.channel] = None
        if len(known.channels) > _MOST_KEPT:
            del known.channels[next(iter(known.channels))]
        if found.mask:
            known.bits[found.size] = _Bits(found.mask, found.bits)
            if len(known.bits) > _MOST_KEPT:
                del known.bits[next(iter(known.bits))]
        if constant := known.bits.get(found.size):
            constant.add(found.bits)
        self._latest = known
        return known

    def distrust(self) -> None:
        """Rely on no schedule until it was kept again."""
        for schedule in (*(one.schedule for one in self._known.values()), *self._restored.values()):
            schedule.distrust()

    def memory(self) -> list[list[float | None]]:
        """Return what is kept over a restart: digest and schedule of each list."""
        schedules = {structure.digest(one.structure): one.schedule for one in self._known.values()}
        schedules |= self._restored
        return [[key, *schedule.memory()] for key, schedule in schedules.items()][:_MOST_KEPT]

    def restore(self, kept: list[Any]) -> None:
        """Restore what `memory` returned before a restart.

        Raises:
            ValueError, TypeError, OverflowError: it cannot be understood.
        """
        self._restored = {int(key): Schedule.restored_from(one) for key, *one in kept}

    def _by_structure(self, shape: Structure) -> KnownList | None:
        if known := self._known.get(shape):
            return known
        for known in self._known.values():
            if structure.alike(shape, known.structure):
                return known
        if (schedule := self._restored.pop(structure.digest(shape), None)) is None:
            return None
        known = self._known[shape] = KnownList(shape, schedule)
        return known


def texts_differ(found: Found) -> bool:
    """Tell whether a telegram does not repeat what its list repeated so far."""
    known = found.known
    if known is None or known.count < _REPEATED:
        return False
    if found.channel not in known.channels:
        return True
    constant = known.bits.get(found.size)
    return (
        constant is not None
        and constant.count >= _REPEATED
        and bool((constant.last ^ found.bits) & constant.texts)
    )


def _clocks(known: KnownList, bits: int, size: int) -> tuple[int, ...] | None:
    """Return where the date-times of a telegram stand; None if it is not of this list."""
    constant = known.bits.get(size)
    if constant is None or (constant.last ^ bits) & constant.fixed:
        return None
    return constant.clocks
