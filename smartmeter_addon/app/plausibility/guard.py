"""Decides about each telegram of a line before it is published."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from app.fault import Fault, Kind
from app.language.catalogue import Sentence, Text
from app.meters.limits import MOST_SENDERS
from app.meters.telegram import Telegram
from app.plausibility.checks import BY_POWER
from app.plausibility.decision import Decision
from app.plausibility.memory import dump, load
from app.plausibility.sender import Sender
from app.plausibility.track import observe

_UNREADABLE: Final = frozenset((Kind.DAMAGED, Kind.KEY_WRONG))
"""Faults of telegrams whose link found them to be whole."""


class Guard:
    """Decides about the telegrams of one line.

    Args:
        memory: what `memory` returned before a restart; what cannot be understood is left out.
        clock: gives monotonic seconds.
        wall: gives the computer's time in seconds since 1970.
        compares_power: whether the power may contradict the unit of energies.
    """

    __slots__ = ("_clock", "_compares_power", "_heard", "_latest", "_senders", "_wall")

    def __init__(
        self,
        memory: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        *,
        compares_power: bool = True,
    ) -> None:
        self._clock = clock
        self._compares_power = compares_power
        self._wall = wall
        self._senders: dict[str, Sender] = {}  # by name, the one accepted last at the end
        self._latest: Sender | None = None
        self._heard = 0  # telegrams of senders of which some were accepted
        for name, content in list((memory or {}).items())[-MOST_SENDERS:]:
            if restored := load(content, clock(), wall()):
                self._add(name, Sender(*restored))

    def memory(self) -> dict[str, Any]:
        """Return what is kept over a restart: JSON values by sender, the latest last."""
        memory = {}
        for name, sender in self._senders.items():
            sender.settle()
            if sender.track:
                memory[name] = dump(sender.known, sender.track)
        return memory

    def judge(self, telegram: Telegram) -> tuple[Telegram, str | None]:
        """Decide about the next telegram of the line.

        Returns:
            The telegram as it is to be published, or with a fault and without readings when it is
            pending or rejected; and a sentence for the log about pending ones that it confirmed.
        """
        if telegram.fault and telegram.fault.kind in _UNREADABLE:
            for sender in self._senders.values():  # one of which it may be
                sender.miss()
        if telegram.fault or not (telegram.reading or telegram.others):
            return telegram, None
        name = sender_of(telegram)
        sender = self._senders.get(name) or self._new_sender(name)
        now, wall = self._clock(), self._wall()
        if sender.track:
            self._heard += 1
        decided, told = telegram, None
        if not (sender.usual and sender.usual.takes(telegram, now, wall)):
            is_alone = self._heard == sender.heard_before
            observation = observe(telegram, sender.known.lists.find(telegram), now, wall)
            decision = sender.judge(observation, is_alone=is_alone)
            decided, told = _decided(telegram, decision), decision.told
        elif sender is self._latest and len(self._senders) == 1:
            return decided, None
        if decided.fault is None and sender is not self._latest:
            self._accepted(name)
        withheld = [one for each in self._senders.values() for one in each.withheld(wall)]
        if withheld:
            decided = decided._replace(withheld=tuple(withheld))
        return decided, told

    def _new_sender(self, name: str) -> Sender:
        """Add a sender. Noise and attackers make up names: only the latest are kept."""
        sender = Sender(heard_before=self._heard)
        others = [one.known for one in self._senders.values() if one.track]
        sender.is_new = any(known.is_grown for known in others) or len(others) >= MOST_SENDERS
        self._add(name, sender)
        self._limit([name for name, one in self._senders.items() if one.track is None])
        return sender

    def _add(self, name: str, sender: Sender) -> None:
        self._senders[name] = sender
        limits = sender.known.limits
        if not self._compares_power:
            limits.relax(BY_POWER, give_up=True)
            sender.known.withholding.publish(BY_POWER)
        elif BY_POWER in limits.factors:  # the user said something else before the restart
            others = {check: one for check, one in limits.factors.items() if check != BY_POWER}
            limits.factors = others

    def _accepted(self, name: str) -> None:
        """Move a sender to the end; of those accepted only the latest are kept."""
        self._latest = self._senders[name] = self._senders.pop(name)
        self._limit([name for name, one in self._senders.items() if one.track])

    def _limit(self, names: list[str]) -> None:
        """Keep only the latest of some senders."""
        for longest_ago in names[:-MOST_SENDERS]:
            del self._senders[longest_ago]


def sender_of(telegram: Telegram) -> str:
    """Return the name that tells the senders of a line apart.

    With a wrong system title deciphering fails. Without ciphering only the meter's number tells.
    """
    if telegram.push.security is None and telegram.reading:
        return f"{telegram.sender} {telegram.reading.meter.id}"
    return telegram.sender


def _decided(telegram: Telegram, decision: Decision) -> Telegram:
    """Return a telegram as it was decided about: when it is not accepted with a fault only."""
    if not decision.is_accepted:
        key, kind = "check.pending", Kind.SUSPICIOUS
        if any(one.check == "replay" for one in decision.violations):
            key, kind = "check.rejected", Kind.REPLAYED
        reasons: list[Text] = []
        for one in decision.violations:
            if one.sentence not in reasons:
                reasons.append(one.sentence)
        reason = Sentence(key, {"reasons": tuple(reasons)})
        fault = Fault(kind, "meter", telegram.push.frame.offset, reason)
        return telegram._replace(fault=fault, reading=None, others=())
    if not (decision.withheld or decision.reports or decision.floors):
        return telegram
    reading = telegram.reading
    if reading is not None:
        values = {
            key: decision.floors.get(key, value)
            for key, value in reading.values.items()
            if key not in decision.withheld
        }
        reading = reading._replace(values=values) if values else None
    others = tuple(one for one in telegram.others if one.meter.id not in decision.reports)
    return telegram._replace(reading=reading, others=others)
