"""The meters' own numbers, which some meters say in one list of several only."""

from collections.abc import Mapping, MutableMapping

from app.cosem import items
from app.dlms.receiver import Push
from app.meters.limits import MOST_SENDERS, NOTHING, has_room
from app.meters.profile import Profile
from app.meters.telegram import Telegram


class MeterNumbers:
    """What the senders of one line have said their numbers are.

    Args:
        known: the numbers by sender; kept up to date here, and worth keeping over a restart. An
            empty one is of a sender that did not say any for long. Without this memory nothing is
            waited for.
    """

    __slots__ = ("_known", "_patient", "_waited")

    def __init__(self, known: MutableMapping[str, str] | None) -> None:
        self._known = {} if known is None else known
        self._patient = known is not None
        # Telegrams of each sender whose number is to come.
        self._waited: Mapping[str, int] = NOTHING

    def of(self, sender: str) -> str | None:
        """Give the number that a sender has said."""
        return self._known.get(sender) or None

    def awaited(self, sender: str, profile: Profile, push: Push) -> bool:
        """Tell whether a telegram without number is to be passed over, as one with it will come."""
        if not self._patient or sender in self._known or len(self._waited) >= MOST_SENDERS:
            return False
        return self._waited.get(sender, 0) < _number_within(profile, push)

    def remember(self, telegram: Telegram) -> None:
        """Take the number that a telegram says, or that it leaves it out."""
        sender = telegram.sender
        if telegram.waiting:
            self._waited = {**self._waited, sender: self._waited.get(sender, 0) + 1}
        elif has_room(self._known, sender):
            if telegram.number:
                self._known[sender] = telegram.number
            elif self._waited.get(sender) and _number_within(telegram.profile, telegram.push):
                self._known[sender] = ""  # it does not come any more


def _number_within(profile: Profile | None, push: Push) -> int:
    """Give the telegrams after one of this shape within which the number comes; 0 for none."""
    if profile is None or not profile.number_within:
        return 0
    if push.content is None or isinstance(push.content, bytes):
        return 0
    return profile.number_within.get(items.shape(push.content.body), 0)
