"""The command ``forward``: wires lines to the engine, and keeps them running until told to stop."""

import asyncio
import logging
import signal
from contextlib import suppress
from pathlib import Path
from time import monotonic, time_ns
from typing import Final

from app import __version__, log
from app.config.options import OptionsError
from app.config.tls import TlsFileError
from app.fleet.engine import Engine, EngineError
from app.fleet.forwarding import options
from app.fleet.forwarding.cutter import Cutter
from app.fleet.forwarding.options import ForwardOptions, LineOptions
from app.fleet.forwarding.sender import Sender
from app.fleet.forwarding.spool import Spool, SpoolError
from app.language.counting import counted
from app.line.narrator import Narrator
from app.line.reminders import Reminder
from app.state import State
from app.transport.source import Event, Lost, Opened, Source, source_for

TICK: Final = 0.25
"""Seconds between two looks at what is due."""

_logger: Final = logging.getLogger(__name__)


def forward(options_file: Path) -> int:
    """Forward until SIGTERM, SIGINT or SIGHUP.

    Args:
        options_file: options in JSON.

    Returns:
        The exit status: 0 after a signal, 1 when the options cannot be used.
    """
    log.setup("info")
    try:
        loaded = options.load(options_file)
        log.setup(loaded.log_level, loaded.secrets())
        log.log_crashes()
        spool = Spool(loaded.spool, loaded.spool_megabytes * 10**6, loaded.spool_hours * 3600)
    except OptionsError as error:
        for problem in error.problems:
            _logger.critical("%s", problem)
        return 1
    except SpoolError as error:
        _logger.critical("%s", error)
        return 1
    status = 0
    try:
        asyncio.run(_forward(loaded, spool))
    except* (EngineError, SpoolError, TlsFileError) as failed:
        for one in failed.exceptions:
            _logger.critical("%s", one)
        status = 1
    finally:
        spool.close()
    return status


class LineForwarder:
    """Forwards one line.

    Args:
        line: its options.
        source: where the bytes come from.
        sender: takes the messages.
    """

    def __init__(self, line: LineOptions, source: Source, sender: Sender) -> None:
        self._name = line.name
        self._source = source
        self._sender = sender
        self._cutter = Cutter()
        self._narrator = Narrator(line.name, monotonic)
        self._lost = Reminder(_logger)

    async def run(self) -> None:
        """Read for ever."""
        await self._source.run(self.take)

    def take(self, event: Event) -> None:
        """Take what the source gives."""
        if isinstance(event, bytes):
            message, framed = self._cutter.feed(event, monotonic())
            if framed:
                self._source.framed()
                self._narrator.framed()
                self._lost.over()
            self._push(message)
            return
        if isinstance(event, Opened):
            self._push(self._cutter.restart())
        elif isinstance(event, Lost):
            self._lost.tell(event.cause, f"{self._name}: {event.reason}", monotonic())
        self._narrator.source(event)

    def tick(self) -> None:
        """Push what came before a pause, and keep what waits for too long."""
        self._push(self._cutter.tick(monotonic()))
        self._sender.tick()

    def finish(self) -> None:
        """Push what came last, whole or not."""
        self._push(self._cutter.restart())

    def _push(self, message: bytes) -> None:
        if message:
            self._sender.push(time_ns(), message)


async def _forward(loaded: ForwardOptions, spool: Spool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    count = counted(len(loaded.lines), "line")
    _logger.info("smart meter reader %s, forwarding %s", __version__, count)
    if waiting := spool.count():
        _logger.info("still to be pushed from before: %s", counted(waiting, "telegram"))
    state = State(loaded.state)
    senders = [Sender(line.name, spool) for line in loaded.lines]
    lines = [
        LineForwarder(
            line, source_for(line.url or line.device, mode=line.serial_mode, state=state), sender
        )
        for line, sender in zip(loaded.lines, senders, strict=True)
    ]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                *(group.create_task(line.run()) for line in lines),
                group.create_task(_send(loaded, senders)),
                group.create_task(_tick(lines)),
            ]
            await stop.wait()
            _logger.info("stopping")
            for task in tasks:
                task.cancel()
    finally:
        for line in lines:
            line.finish()
        for sender in senders:
            sender.end()


async def _send(loaded: ForwardOptions, senders: list[Sender]) -> None:
    """Connect, and push; what comes before there is a connection waits."""
    engine = await Engine.connect(
        loaded.engine, "smartmeter forward", patient=True, own_inboxes=True
    )
    try:
        async with asyncio.TaskGroup() as group:
            for sender in senders:
                group.create_task(sender.run(engine))
            while True:
                await asyncio.sleep(TICK)
                await engine.expire()
    finally:
        with suppress(asyncio.CancelledError):
            await engine.close()


async def _tick(lines: list[LineForwarder]) -> None:
    while True:
        await asyncio.sleep(TICK)
        for line in lines:
            line.tick()
