"""One partition with the engine around it: what it asks for is done, what comes is handed on."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from time import monotonic
from typing import Any, Final

from app.fleet import answers, subjects
from app.fleet.engine import Engine, Inbox
from app.fleet.events import (
    Ack,
    Ask,
    Event,
    Keep,
    LookBack,
    Publish,
    Published,
    Pull,
    Request,
    Reset,
    WasReset,
)
from app.fleet.lane import Lines
from app.fleet.message import Message, refusal
from app.fleet.owners import Owned, Owners
from app.fleet.partition import Partition, Stage

_EXPECTED_OF: Final = f"{subjects.EXPECTED}-Subject"
_SECOND: Final = 10**9


class Edge:
    """One partition with the engine around it.

    Args:
        engine: connected.
        number: of the partition.
        lines: makes the lines.
        inboxes: numbers of inboxes.
        owners: tells whose meters are.
    """

    def __init__(
        self, engine: Engine, number: int, lines: Lines, inboxes: Iterable[int], owners: Owners
    ) -> None:
        self.number = number
        self.partition = Partition(lines, inboxes)
        self.held_since = 0.0
        """When it was pinned to this reader, by the steady clock."""
        self._engine = engine
        self._owners = owners
        self._consumer = subjects.consumer(number)
        self._inbox: Inbox | None = None
        self._inbox_number = 0
        self._delayed: set[asyncio.Future[None]] = set()

    async def want(self) -> None:
        """Ask for the pin."""
        await self._do(self.partition.want(monotonic()))

    async def leave(self) -> None:
        """Give it back."""
        await self._do(self.partition.leave(monotonic()))
        if self.partition.stage is Stage.IDLE:
            self._engine.outage.forget(self._consumer)

    async def lapse(self) -> None:
        """Take the pin for lost."""
        await self._do(self.partition.lapse(monotonic()))

    async def tick(self) -> None:
        """Do what is due."""
        await self._do(self.partition.tick(monotonic()))

    async def close(self) -> None:
        """Take nothing more."""
        if self._inbox:
            await self._inbox.close()
            self._inbox = None

    async def _take(self, event: Event) -> None:
        was_held = self.partition.is_held
        requests = self.partition.take(event, monotonic())
        if self.partition.is_held and not was_held:
            self.held_since = monotonic()
        await self._do(requests)

    async def _do(self, requests: list[Request]) -> None:
        """Carry out what the partition asks for, in order."""
        if self._inbox and self.partition.inbox != self._inbox_number:
            await self.close()
        for request in requests:
            delay = getattr(request, "delay", 0.0)
            if delay:
                asyncio.get_running_loop().call_later(delay, self._later, request)
            else:
                await self._carry_out(request)

    def _later(self, request: Request) -> None:
        self._start(self._carry_out(request))

    def _start(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(doing)
        self._delayed.add(task)  # the loop alone would forget it
        task.add_done_callback(self._delayed.discard)

    async def _carry_out(self, request: Request) -> None:
        if isinstance(request, Publish):
            await self._publish(request)
        elif isinstance(request, LookBack):
            await _LookingBack(self._engine, request, self._take).begin()
        elif isinstance(request, Ack):
            await self._engine.publish(request.reply)
        elif isinstance(request, Pull):
            wanted: dict[str, object] = {"batch": request.most, "no_wait": True, "id": request.pin}
            await self._pull(request.inbox, wanted)
        elif isinstance(request, Ask):
            wanted = {"batch": 1, "expires": int(request.seconds * _SECOND)}
            await self._pull(request.inbox, wanted)
        elif isinstance(request, Reset):
            await self._reset(request)
        elif isinstance(request, Keep):
            value = json.dumps(request.value).encode()
            await self._engine.publish(subjects.state(request.name), value)
        else:
            call = f"$JS.API.CONSUMER.UNPIN.{subjects.RAW}.{self._consumer}"
            await self._engine.publish(call, json.dumps({"group": subjects.GROUP}).encode())

    async def _pull(self, number: int, wanted: dict[str, object]) -> None:
        if number != self.partition.inbox:
            return
        if self._inbox is None:

            async def take(message: Message) -> None:
                why_not = refusal(message) if message.status else ""
                self._engine.outage.answered(self._consumer, why_not)
                await self._take(answers.event_of(message, number))

            self._inbox, self._inbox_number = await self._engine.inbox(take), number
        data = json.dumps({**wanted, "group": subjects.GROUP}).encode()
        call = f"$JS.API.CONSUMER.MSG.NEXT.{subjects.RAW}.{self._consumer}"
        self._engine.outage.asked(self._consumer)
        await self._engine.publish(call, data, reply=self._inbox.subject)

    async def _reset(self, request: Reset) -> None:
        async def take(message: Message | None) -> None:
            done = message is not None and answers.is_done(message)
            await self._take(WasReset(request.inbox, done))

        call = f"$JS.API.CONSUMER.RESET.{subjects.RAW}.{self._consumer}"
        await self._engine.ask(call, b"", take, of=self._consumer)

    async def _publish(self, request: Publish) -> None:
        async def take(owned: Owned) -> None:
            await self._owned(request, owned)

        owned = self._owners.owned(request.name, request.meter_id)
        if owned is Owned.UNKNOWN:
            await self._owners.ask(request.name, request.meter_id, take)
        else:
            await take(owned)

    async def _owned(self, request: Publish, owned: Owned) -> None:
        """Store a reading where its meter belongs to its name."""
        if owned is Owned.YES:
            await self._store(request)
            return
        event = Published(request.inbox, request.name, foreign=owned is Owned.NO)
        # Not at once, as the next reading may end here as well, and the one after it.
        self._start(self._take(event))

    async def _store(self, request: Publish) -> None:
        if request.description:
            await self._engine.publish(*request.description)

        async def take(message: Message | None) -> None:
            await self._take(answers.published(request, message))

        headers = {
            subjects.MESSAGE_ID: str(request.position),
            subjects.ARRIVAL: str(request.arrival),
            subjects.EXPECTED: str(request.expected),
            _EXPECTED_OF: subjects.readings(request.name),
        }
        subject = subjects.readings(request.name, request.meter_id)
        await self._engine.ask(subject, request.payload, take, headers, of=subjects.READINGS)


class _LookingBack:
    """Finds out the last reading of a name, and what was kept of it.

    Args:
        engine: connected.
        request: what is asked for.
        take: takes the event.
    """

    def __init__(
        self, engine: Engine, request: LookBack, take: Callable[[Event], Awaitable[None]]
    ) -> None:
        self._engine = engine
        self._request = request
        self._take = take
        self._last: Message | None = None
        self._kept: Message | None = None
        self._missing = 1 + request.kept

    async def begin(self) -> None:
        """Ask."""
        name = self._request.name
        if self._request.kept:
            kept = f"$JS.API.DIRECT.GET.{subjects.STATE_STREAM}.{subjects.state(name)}"
            await self._engine.ask(kept, b"", self._take_kept, of=subjects.STATE_STREAM)
        wanted = json.dumps({"last_by_subj": subjects.readings(name)}).encode()
        call = f"$JS.API.DIRECT.GET.{subjects.READINGS}"
        await self._engine.ask(call, wanted, self._take_last, of=subjects.READINGS)

    async def _take_last(self, message: Message | None) -> None:
        self._last = message
        await self._answered()

    async def _take_kept(self, message: Message | None) -> None:
        self._kept = message
        await self._answered()

    async def _answered(self) -> None:
        self._missing -= 1
        if not self._missing:
            await self._take(answers.looked_back(self._request, self._last, self._kept))
