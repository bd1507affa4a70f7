"""Reads a serial device, in one mode after the other until one is right."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final, Never

from app.language.catalogue import Sentence
from app.state import State
from app.transport.adapters import by_id, only_adapter, present
from app.transport.address import SerialPort
from app.transport.events import Cause, Event, GaveUp, Lost, OnlyAdapter, Opened, Settled
from app.transport.explain import explain_serial, serial_cause
from app.transport.mode_search import ModeSearch
from app.transport.parity import errors_in
from app.transport.push_interval import PushInterval
from app.transport.reopening import DELAYS, Began, Ended, Feed, read_forever
from app.transport.serial_mode import SerialMode
from app.transport.serial_port import open_port

SERIAL_MODES: Final = "serial mode"
"""The section of the state in which the modes that proved right are kept, by device."""

ADAPTER_INTERVAL: Final = 2.0
"""Seconds between two looks for a serial adapter."""

_UNCHOSEN: Final = "the only serial adapter"


class _WrongModeError(Exception):
    """The bytes, or the end of a burst, have shown that the mode is wrong."""


class _AdapterGoneError(Exception):
    """The adapter that was read is no longer there."""


class SerialSource:
    """A serial device as a `Source`.

    Without a path, the only adapter that can be a meter's is read, as soon as there is exactly one.
    It is looked for again when it is gone: plugged in again it can have a new name.

    Args:
        path: of the device; None when none was chosen.
        modes: those that come into question, the likeliest first; at least one.
        state: keeps the mode that proved right, by device; it is tried first the next time.
        fixed: whether no other mode than these is tried, not even the one that was kept; None: so
            it is when there is only one.
        push_interval: of the meter, learned by whoever reads the telegrams.
        clock: a steady one, in seconds.
        delays: see `read_forever`.
        opening: opens a port and reads it into a feed.
    """

    def __init__(
        self,
        path: str | None,
        modes: Sequence[SerialMode],
        *,
        state: State | None = None,
        fixed: bool | None = None,
        push_interval: PushInterval | None = None,
        clock: Callable[[], float] = time.monotonic,
        delays: Sequence[float] = DELAYS,
        opening: Callable[[SerialPort, Feed], AbstractAsyncContextManager[None]] = open_port,
    ) -> None:
        self._chosen = path
        self._modes = modes
        self._state = state
        self._fixed = len(modes) == 1 if fixed is None else fixed
        self._push_interval = push_interval
        self._clock = clock
        self._delays = delays
        self._opening = opening
        self._path = ""  # of the device that the search is about
        self._search: ModeSearch | None = None
        self._feed: Feed | None = None  # of the port while it is open
        self._take: Callable[[Event], None] = lambda _: None
        self._settled: Settled | None = None  # yet to be told
        self._limit: asyncio.TimerHandle | None = None  # when the mode has proved wrong

    async def run(self, take: Callable[[Event], None]) -> None:
        """Read for ever; see `Source.run`."""
        self._take = take
        if self._chosen is None:
            await self._read_only_adapter()
        await self._read(by_id(self._chosen))

    def framed(self) -> None:
        """Take that there was a good frame: the mode is right."""
        search = self._search
        if search is None or search.is_over:
            return
        was_found = search.found
        search.framed()
        if search.found and not was_found:
            if self._state is not None:
                self._state.set(SERIAL_MODES, self._path, str(search.mode))
            self._settled = Settled(search.mode, searched=not search.alone)
        if not was_found:
            asyncio.get_running_loop().call_soon(self._look)

    async def _read_only_adapter(self) -> Never:
        """Read the only adapter for ever, whatever its name."""
        while True:
            found = only_adapter()
            if isinstance(found, Sentence):
                self._take(Lost(_UNCHOSEN, found, ADAPTER_INTERVAL, cause=Cause.UNCHOSEN))
                await asyncio.sleep(ADAPTER_INTERVAL)
                continue
            self._take(OnlyAdapter(found.path))
            with contextlib.suppress(_AdapterGoneError):
                await self._read(found.path)

    async def _read(self, path: str) -> Never:
        """Read one device for ever.

        Only bytes speak against a mode; a device that is not there says nothing.

        Raises:
            _AdapterGoneError: it is no longer there, and none was chosen.
        """
        self._search = search = ModeSearch(self._modes, self._known_mode(path), self._push_interval)
        self._path = path
        while True:
            port = SerialPort(path, search.mode)
            opening = partial(self._open, port)
            with contextlib.suppress(_WrongModeError):
                await read_forever(
                    opening, partial(self._read_on, port, search), delays=self._delays
                )
            self._take(GaveUp(search.mode, search.found, search.doubted))
            search.next()

    def _read_on(self, port: SerialPort, search: ModeSearch, event: bytes | Began | Ended) -> None:
        """Take what comes of a port."""
        match event:
            case bytes() as chunk if search.is_over:
                self._take(chunk)
            case bytes() as chunk:
                search.received(self._clock(), len(chunk), len(errors_in(chunk)))
                self._take(chunk)
                self._look()
            case Began():
                search.opened(self._clock())
                searching = not (search.alone or search.found)
                self._take(Opened(str(port), port.mode, searching=searching))
            case Ended(error, opened, retry_in):
                reason = explain_serial(port, error, opened=opened)
                cause = serial_cause(error, opened=opened)
                self._take(Lost(str(port), reason, retry_in, port.mode, cause))
                if self._chosen is None and not present(port.path):
                    raise _AdapterGoneError

    @contextlib.asynccontextmanager
    async def _open(self, port: SerialPort, feed: Feed) -> AsyncIterator[None]:
        self._feed = feed
        try:
            async with self._opening(port, feed):
                yield
        finally:
            self._feed = None
            self._set_limit(None)

    def _look(self) -> None:
        """Tell that the mode is settled, or end its trial: now, or when its burst is over."""
        search, feed = self._search, self._feed
        if search is None or feed is None:
            return
        if self._settled:
            settled, self._settled = self._settled, None
            feed.call(self._take, settled)
        now = self._clock()
        if search.wrong(now):
            feed.end(_WrongModeError())
        else:
            self._set_limit(search.wrong_after(now))

    def _set_limit(self, seconds: float | None) -> None:
        """End the trial of the mode in so many seconds; None for not at all."""
        if self._limit:
            self._limit.cancel()
            self._limit = None
        if seconds is not None and self._feed:
            loop = asyncio.get_running_loop()
            self._limit = loop.call_later(seconds, self._feed.end, _WrongModeError())

    def _known_mode(self, path: str) -> SerialMode | None:
        """Give the mode that proved right before: with this device, or else before it was gone."""
        if self._state is not None and not self._fixed:
            kept = self._state.get(SERIAL_MODES, path)
            if isinstance(kept, str):
                with contextlib.suppress(ValueError):
                    return SerialMode.parse(kept)
        return self._search.mode if self._search and self._search.found else None
