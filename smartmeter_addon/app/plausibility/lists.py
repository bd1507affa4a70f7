"""The lists that one sender pushes: structure, constant bits, and push interval of each."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from app.meters import structure
from app.meters.limits import NOTHING
from app.meters.structure import Structure
from app.meters.telegram import Telegram
from app.plausibility.constant import Constant

_MOST: Final = 32
"""Lists that are known at most, so that a hostile sender does not fill the memory."""

_MOST_KEPT: Final = 8
"""Lists that are kept over a restart, and sizes of a list: more than any meter has."""

_VARYING: Final = 3
"""Lists of a text that differ in the decimals of numbers alone, before all decimals are taken:
some programs that stand for a meter leave out zeros at the end."""

_PUNCTUAL: Final = 3
"""Telegrams that have to keep the push interval before it is relied on: fewer may be chance."""

_LONGEST: Final = 1e6
"""Seconds: no meter pushes a list more rarely than once in eleven days."""

_HOUR: Final = 3600.0

_GAP_STEP: Final = 0.1
"""Share by which one gap changes the usual one, whatever its length: so it becomes the median."""


class KnownList:
    """What is known of one list.

    Args:
        known: its structure.
        interval: the push interval by the meter's clock in seconds; None when it is not known.
    """

    __slots__ = ("_kept", "_step", "constants", "gap", "offset", "seen_at", "structure", "time")

    def __init__(self, known: Structure, interval: float | None = None) -> None:
        self.structure = known
        self.constants: tuple[Constant, ...] = ()
        """One for each size of the content. A dict of one takes 224 bytes, here and below."""
        self.seen_at: float | None = None
        """Monotonic seconds of the last one."""
        self.gap = 0.0
        """Usual seconds from one to the next."""
        self.time: float | None = None
        """What the meter's clock showed in the last one, in seconds since 1970."""
        self.offset = 0.0
        """Seconds by which it was ahead of UTC then."""
        self._step = interval
        self._kept = _PUNCTUAL if interval else 0  # telegrams in a row that kept it

    @property
    def interval(self) -> float | None:
        """The push interval by the meter's clock in seconds; None as long as it is not known."""
        return self._step if self._kept >= _PUNCTUAL else None

    def misses(self, passed: float, offset: float) -> float:
        """Return by how many seconds a time misses the next multiple of the push interval.

        Summer time moves a list that is pushed at a time of day. For `offset` see `Observation`.
        """
        step, turned = self._step, offset - self.offset
        if not step:
            return passed
        shown = passed + turned * (abs(turned) == _HOUR)
        return min(abs(one - max(1, round(one / step)) * step) for one in (passed, shown))

    def arrived(
        self, now: float, time: float | None, offset: float, slack: float = 0.0, count: int = 1
    ) -> bool:
        """Take an accepted telegram; tell whether it came about when one was due.

        Args:
            now: when it came, in monotonic seconds.
            time: what the meter's clock shows; None for none.
            offset: see `Observation`.
            slack: seconds by which the meter misses its push interval.
            count: of telegrams in a row of which it is the last one.
        """
        passed, gap = 0.0 if self.seen_at is None else (now - self.seen_at) / count, self.gap
        if passed > 0:
            self.gap = (gap or passed) * (1 + _GAP_STEP if passed > gap else 1 - _GAP_STEP)
        self.seen_at = now
        if self.time is not None and time is not None:
            step = time - self.time
            if self._step and self.misses(step, offset) <= slack:
                # Where most telegrams are lost, their times may keep a multiple of the interval.
                self._kept += count if step <= count * self._step + slack else 0
            else:
                self._step, self._kept = step if step > 0 and step.is_integer() else None, 0
        self.time, self.offset = time, offset
        return gap / 2 < passed < gap * 2


class Found(NamedTuple):
    """Which list a telegram is of.

    Args:
        known: the list; None for one that is not known.
        structure: of the telegram.
        bits: its content as one number.
        content: see `structure.content_of`.
        constant: its constant bits; None where these cannot be told.
    """

    known: KnownList | None
    structure: Structure
    bits: int
    content: bytes
    constant: Constant | None = None

    @property
    def clocks(self) -> tuple[int, ...]:
        """Where its date-times stand in the content, in bytes."""
        return self.constant.mask.clocks if self.constant else ()

    @property
    def texts_differ(self) -> bool:
        """Whether the telegram does not repeat what its list repeated so far."""
        return self.constant is not None and self.constant.texts_differ(self.bits)


class Lists:
    """The lists of one sender."""

    __slots__ = ("_known", "_restored")

    def __init__(self) -> None:
        self._known: tuple[KnownList, ...] = ()
        self._restored: Mapping[int, float | None] = NOTHING
        """Push intervals by digest, of lists not seen twice since the restart.

        Digests say no addresses, and the first telegram may come with damaged ones.
        """

    def __bool__(self) -> bool:
        return bool(self._known or self._restored)

    @property
    def are_several(self) -> bool:
        """Whether the sender pushes more than one list."""
        return len(self._known) > 1

    def find(self, telegram: Telegram) -> Found:
        """Find the list of a telegram: by its constant bits, else by its structure."""
        content = structure.content_of(telegram)
        bits = int.from_bytes(content, "big")
        channel = structure.channel_of(telegram)
        for known in self._known:
            is_same_way = known.structure[: structure.CHANNEL_SIZE] == channel
            for constant in known.constants if is_same_way else ():
                if constant.mask.size == len(content) and constant.is_of(bits):
                    return Found(known, known.structure, bits, content, constant)
        shape, mask = structure.structure_of(telegram)
        if varying := self._of_other_decimals(shape):
            shape = varying.structure
        first = Constant(mask, bits) if mask else None
        return Found(self._by_structure(shape), shape, bits, content, first)

    def may_hold(self, shape: Structure) -> bool:
        """Tell whether an unknown list may be a damaged form of a known one.

        Digests of lists before a restart do not tell.
        """
        known = [one.structure for one in self._known]
        return not known or structure.nearly(shape, known) is not None

    def add(self, found: Found) -> KnownList:
        """Take an accepted telegram; its list becomes known."""
        known = found.known or KnownList(found.structure)
        if known not in self._known:
            self._known = (*self._known, known)[-_MOST:]
        elif self._restored:
            seen = structure.digest(known.structure)
            self._restored = {key: one for key, one in self._restored.items() if key != seen}
        if constant := found.constant:
            others = (one for one in known.constants if one.mask.size != constant.mask.size)
            known.constants = (*others, constant)[-_MOST_KEPT:]
            constant.add(found.bits)
        return known

    def memory(self) -> list[list[float | None]]:
        """Return what is kept over a restart: digest and push interval of each list."""
        kept = {structure.digest(one.structure): one.interval for one in self._known}
        others = [one for one in self._restored.items() if one[0] not in kept]
        return list(map(list, (*kept.items(), *others)))[:_MOST_KEPT]

    def restore(self, kept: list[Any]) -> None:
        """Restore what `memory` returned before a restart; version 0.1.0 kept more of each list.

        Raises:
            ValueError, TypeError, OverflowError: it cannot be understood.
        """
        self._restored = {
            int(key): float(interval) if interval and 1 <= interval < _LONGEST else None
            for key, interval, *_ in kept
        }

    def _of_other_decimals(self, shape: Structure) -> KnownList | None:
        """Return the first list of a text whose decimals vary; None where they do not."""
        alike = [one for one in self._known if structure.but_decimals(one.structure, shape)]
        return alike[0] if len(alike) >= _VARYING else None

    def _by_structure(self, shape: Structure) -> KnownList | None:
        for known in self._known:
            if structure.alike(shape, known.structure):
                return known
        digest = structure.digest(shape)
        return KnownList(shape, self._restored[digest]) if digest in self._restored else None
