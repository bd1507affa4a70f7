"""What the telegrams of a line have shown, so that one telegram alone does not overturn it."""

from collections.abc import Mapping
from typing import Final, Generic, NamedTuple, TypeVar

from app.meters.limits import NOTHING, has_room
from app.meters.profile import Profile

Sender = bytes | str
"""A sender's system title, or the address of its frames."""

_FIRM: Final = 12
"""How often a belief is confirmed until more makes it no firmer: a minute of telegrams or so."""

T = TypeVar("T")


class Evidence(NamedTuple):
    """What a telegram shows of its sender by the size of its values alone.

    Args:
        sender: the sender's system title, or the frame's address.
        family: the way to count that makes sense, and whether that is what was believed.
        volts: the power of ten that voltages count, and whether that is what was believed.
    """

    sender: Sender
    family: tuple[Profile, bool] | None = None
    volts: tuple[int, bool] | None = None


class Belief(Generic[T]):
    """What a sender's telegrams have shown; one that says otherwise does not overturn it.

    Power and currents of a telegram are not of the same moment, so now and then one looks as if it
    counted otherwise. Only as many as have confirmed a belief (at most `_FIRM`) overturn it.
    """

    def __init__(self, value: T) -> None:
        self.value = value
        self._confirmed = 1

    def overturned_by(self, *, agrees: bool) -> bool:
        """Tell whether one more telegram that agrees or does not ends the belief."""
        return not agrees and self._confirmed == 1

    def take(self, evidence: T, *, agrees: bool) -> None:
        """Take what one more telegram shows."""
        if self.overturned_by(agrees=agrees):
            self.value = evidence
        elif agrees:
            self._confirmed = min(self._confirmed + 1, _FIRM)
        else:
            self._confirmed -= 1


class Beliefs(Generic[T]):
    """The beliefs about the senders of one line."""

    __slots__ = ("_by_sender",)

    def __init__(self) -> None:
        self._by_sender: Mapping[Sender, Belief[T]] = NOTHING

    def of(self, sender: Sender) -> Belief[T] | None:
        """Give what is believed of a sender."""
        return self._by_sender.get(sender)

    def learn(self, sender: Sender, shown: tuple[T, bool] | None) -> None:
        """Take what a telegram shows, and whether that is what was believed."""
        if shown is None:
            return
        evidence, agrees = shown
        if belief := self._by_sender.get(sender):
            belief.take(evidence, agrees=agrees)
        elif has_room(self._by_sender, sender):
            self._by_sender = {**self._by_sender, sender: Belief(evidence)}
