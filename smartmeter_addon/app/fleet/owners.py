"""Which meter belongs to which name: the file of meters says so, else who came first.

Whoever pushes under a name decides what its telegrams say, a meter's number as well. MQTT clients
find readings by that number, and nobody but its own name may put something there.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Final

from app.fleet import answers, subjects
from app.fleet.engine import Engine
from app.fleet.message import Message
from app.fleet.meter_line import Meters

_MOST_METERS: Final = 64
"""Of one name that came first, as far as this reader knows: whoever makes up meters must not fill
the engine."""


class Owned(Enum):
    """Whether a meter belongs to a name."""

    YES = auto()
    NO = auto()
    UNKNOWN = auto()
    """The engine is to be asked, or did not answer."""


OnOwned = Callable[[Owned], Awaitable[None]]


class Owners:
    """The names of meters, as the engine keeps them for all readers.

    A name keeps a meter for as long as it is in the file of meters.

    Args:
        engine: connected.
        meters: the file.
    """

    def __init__(self, engine: Engine, meters: Meters) -> None:
        self._engine = engine
        self._meters = meters
        self._known: dict[str, str] = {}  # names by ids, of those that came first
        self._counts: Counter[str] = Counter()

    def forget(self) -> None:
        """Ask the engine anew, as the file of meters changed."""
        self._known.clear()
        self._counts.clear()

    def owned(self, name: str, meter_id: str) -> Owned:
        """Tell whether a meter belongs to a name; that it does not is counted as a refusal."""
        given = self._meters.may_come(name, meter_id)
        if given is not None:
            if not given:
                self._meters.refuse_meter(name, meter_id, "is not this one's by the file of meters")
            return Owned.YES if given else Owned.NO
        owner = self._known.get(meter_id)
        if owner == name:
            return Owned.YES
        if owner is None or owner not in self._meters.meters:
            return Owned.UNKNOWN
        self._meters.refuse_meter(name, meter_id, f"came first under the name {owner}")
        return Owned.NO

    async def ask(self, name: str, meter_id: str, take: OnOwned) -> None:
        """Ask the engine whether a meter belongs to a name, and give it if it is nobody's."""

        async def taken(message: Message | None) -> None:
            if message is None or message.status not in answers.KNOWN:
                await take(Owned.UNKNOWN)
                return
            owner, sequence = "", "0"
            if not message.status:
                owner, sequence = message.data.decode(), message.headers["Nats-Sequence"]
            if not owner or owner not in self._meters.meters:
                await self._give(name, meter_id, sequence, take)
                return
            self._known[meter_id] = owner
            await take(self.owned(name, meter_id))

        key = subjects.owner(meter_id)
        call = f"$JS.API.DIRECT.GET.{subjects.STATE_STREAM}.{key}"
        await self._engine.ask(call, b"", taken, of=subjects.STATE_STREAM)

    async def _give(self, name: str, meter_id: str, expected: str, take: OnOwned) -> None:
        """Give a meter to a name, unless another one was faster."""
        if self._counts[name] >= _MOST_METERS:
            why = f"is one too many to come first under this name, after {_MOST_METERS}"
            self._meters.refuse_meter(name, meter_id, why)
            await take(Owned.NO)
            return

        async def taken(message: Message | None) -> None:
            if message is not None and answers.is_done(message):
                self._known[meter_id] = name
                self._counts[name] += 1
                await take(Owned.YES)
            else:
                await take(Owned.UNKNOWN)  # asked again, it says who was faster

        headers = {subjects.EXPECTED: expected}
        subject = subjects.owner(meter_id)
        await self._engine.ask(subject, name.encode(), taken, headers, of=subjects.STATE_STREAM)
