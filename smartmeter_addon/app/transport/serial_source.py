"""Reads a serial device, in one mode after the other until one is right."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from functools import partial
from typing import Final

from app.state import State
from app.transport.adapters import by_id, only_adapter, present
from app.transport.address import SerialPort
from app.transport.events import Cause, Event, GaveUp, Lost, OnlyAdapter, Opened, Settled
from app.transport.explain import explain_serial, serial_cause
from app.transport.mode_search import ModeSearch
from app.transport.parity import errors_in
from app.transport.push_interval import PushInterval
from app.transport.reopening import DELAYS, Began, Ended, Read, read_forever
from app.transport.serial_mode import SerialMode
from app.transport.serial_port import open_port

SERIAL_MODES: Final = "serial mode"
"""The section of the state in which the modes that proved right are kept, by device."""

ADAPTER_INTERVAL: Final = 2.0
"""Seconds between two looks for a serial adapter."""

_UNCHOSEN: Final = "the only serial adapter"


class _WrongModeError(Exception):
    """The end of a burst has shown that the mode is wrong."""


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
        opening: opens a port.
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
        opening: Callable[[SerialPort], AbstractAsyncContextManager[Read]] = open_port,
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
        self._settled: Settled | None = None  # yet to be told

    def events(self) -> AsyncGenerator[Event, None]:
        """Read for ever; see `Source.events`."""
        if self._chosen is None:
            return self._read_only_adapter()
        return self._read(by_id(self._chosen))

    def framed(self) -> None:
        """Take that there was a good frame: the mode is right."""
        search = self._search
        if search is None:
            return
        was_found = search.found
        search.framed()
        if search.found and not was_found:
            if self._state is not None:
                self._state.set(SERIAL_MODES, self._path, str(search.mode))
            self._settled = Settled(search.mode, searched=not search.alone)

    async def _read_only_adapter(self) -> AsyncGenerator[Event, None]:
        """Read the only adapter for ever, whatever its name."""
        while True:
            found = only_adapter()
            if isinstance(found, str):
                yield Lost(_UNCHOSEN, found, ADAPTER_INTERVAL, cause=Cause.UNCHOSEN)
                await asyncio.sleep(ADAPTER_INTERVAL)
                continue
            yield OnlyAdapter(found.path)
            async with aclosing(self._read(found.path)) as events:
                async for event in events:
                    yield event
                    if isinstance(event, Lost) and not present(found.path):
                        break

    async def _read(self, path: str) -> AsyncGenerator[Event, None]:
        """Read one device for ever.

        Only bytes speak against a mode; a device that is not there says nothing.
        """
        self._search = search = ModeSearch(self._modes, self._known_mode(path), self._push_interval)
        self._path = path
        while True:
            port = SerialPort(path, search.mode)
            reading = read_forever(partial(self._open, port, search), delays=self._delays)
            with contextlib.suppress(_WrongModeError):
                async with aclosing(reading) as events:
                    async for event in events:
                        match event:
                            case Began():
                                search.opened(self._clock())
                                searching = not (search.alone or search.found)
                                yield Opened(str(port), port.mode, searching=searching)
                            case Ended(error, opened, retry_in):
                                reason = explain_serial(port, error, opened=opened)
                                cause = serial_cause(error, opened=opened)
                                yield Lost(str(port), reason, retry_in, port.mode, cause)
                            case chunk:
                                search.received(self._clock(), len(chunk), len(errors_in(chunk)))
                                yield chunk
                                if self._settled:
                                    settled, self._settled = self._settled, None
                                    yield settled
                                if search.wrong(self._clock()):
                                    break
            yield GaveUp(search.mode, search.found, search.doubted)
            search.next()

    @contextlib.asynccontextmanager
    async def _open(self, port: SerialPort, search: ModeSearch) -> AsyncIterator[Read]:
        """Open a port whose read raises `_WrongModeError` at the end of a burst that shows it."""
        async with self._opening(port) as read:

            async def read_on(size: int) -> bytes:
                limit = asyncio.timeout(search.wrong_after(self._clock()))
                try:
                    async with limit:
                        return await read(size)
                except TimeoutError:
                    if limit.expired():
                        raise _WrongModeError from None
                    raise

            yield read_on

    def _known_mode(self, path: str) -> SerialMode | None:
        """Give the mode that proved right before: with this device, or else before it was gone."""
        if self._state is not None and not self._fixed:
            kept = self._state.get(SERIAL_MODES, path)
            if isinstance(kept, str):
                with contextlib.suppress(ValueError):
                    return SerialMode.parse(kept)
        return self._search.mode if self._search and self._search.found else None
