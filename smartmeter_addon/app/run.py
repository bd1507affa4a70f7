"""Wires the stages together and keeps them running until it is told to stop.

Each meter has a reader of its own with a source of its own; all readers hand their readings to all
outputs.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

from app import __version__
from app.config import lines
from app.config.configuration_url import configuration_url
from app.config.options import CONSOLE_CHOICES, MeterOptions, Options
from app.config.timezone import local_zone
from app.language.catalogue import Sentence, Text
from app.line import line_ids, sections
from app.line.diagnostics import diagnose_unread
from app.line.lasting import beat, for_ever
from app.line.line_ids import ALONE, NO_LINES, Line, Lines
from app.line.line_source import NO_SOURCES, LineSource, source_of
from app.line.one_line import OneLineEach
from app.line.output import Output, Outputs
from app.line.reader import LineReader, now_utc
from app.line.watcher import UNWATCHED, Watcher
from app.loading.collector import settle
from app.log import NOTICE, Redactor
from app.meters.profile import Profile
from app.mqtt.broker import find_broker
from app.mqtt.layouts import LAYOUTS
from app.mqtt.narrator import Narrator
from app.mqtt.publisher import BrokerState, Publisher
from app.mqtt.topics import Topics
from app.page.wiring import page_for
from app.sd_notify import Notifier
from app.state import State
from app.status import OutputState, Status, folder_of, keep_telling, unread_line
from app.transport.source import DELAYS

TIDY_INTERVAL: Final = 86400.0

_logger: Final = logging.getLogger(__name__)


async def serve(
    options: Options,
    profiles: Mapping[str, Profile],
    state: State,
    environment: Mapping[str, str],
    redactor: Redactor,
    *,
    sources: Mapping[int, LineSource] = NO_SOURCES,
) -> None:
    """Read every meter and publish what it says until a signal to stop comes.

    Args:
        options: all of them.
        profiles: every meter family there is.
        state: what is known from before the last restart.
        environment: see `commands.run`.
        redactor: of the log.
        sources: those that are open already, by the position of their meters in the options.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    _logger.info("smart meter reader %s", __version__)

    every = line_ids.lines_of(state, options.meters)
    wired = list(_wire_outputs(options, state, environment, redactor, every=every, stop=stop))
    supervised, outputs = "SUPERVISOR_TOKEN" in environment, partial(_states, wired)
    page = page_for(options, profiles, state, redactor, outputs, supervised=supervised)
    output = OneLineEach(Outputs([one.output for one in wired]))
    zone = local_zone()
    sections.carry_over(state, options.meters)
    doubled = lines.doubled(options.meters)
    # Lines of all, so that a meter keeps its own whether or not others can be read.
    readers = [
        line_reader(
            meter,
            output.of_line(line.label),
            profiles=profiles,
            zone=zone,
            state=state,
            line=line,
            watcher=page.watcher(line.label, meter) if page else UNWATCHED,
            source=sources.get(position),
        )
        for position, (meter, line) in enumerate(zip(options.meters, every.current, strict=True))
        if position not in doubled
    ]
    left_out = {every.current[position]: why for position, why in doubled.items()}
    unread = list(_tell_unread(left_out, output.output))
    if page:
        for why in left_out.values():
            page.leave_out(why)
    notifier = Notifier.from_environment(environment, os.getpid())
    started = now_utc()

    def status() -> Status:
        told = [*(reader.status() for reader in readers), *unread]
        shown = {"page": OutputState(page.works, page.sentence)} if page else {}
        both = outputs() | shown
        return Status(__version__, started, now_utc(), both, told).redacted(redactor)

    folder = folder_of(environment)
    telling = partial(keep_telling, status, folder, notifier)
    async with asyncio.TaskGroup() as group:
        publishing = [group.create_task(for_ever(one.run, one.what)) for one in wired]
        others = [
            group.create_task(beat(notifier)),
            group.create_task(settle()),
            *(
                group.create_task(for_ever(partial(_tidy, one.output, readers), "tidying up"))
                for one in wired
                if isinstance(one.output, Publisher)
            ),
            *(group.create_task(for_ever(one.run, "reading a meter")) for one in readers),
        ]
        if page:
            others.append(group.create_task(for_ever(partial(page.run, readers), "the page")))
        if folder or notifier.is_heard:
            others.append(group.create_task(for_ever(telling, "telling the status")))
        notifier.ready()
        await stop.wait()
        notifier.stopping()
        _logger.info("stopping")
        for task in others:
            task.cancel()
        for reader in readers:
            reader.flush()
            reader.keep()
        await asyncio.wait(others)
        for task in publishing:
            task.cancel()
    state.flush()
    _logger.info("stopped")


def _tell_unread(left_out: Mapping[Line, Sentence], output: Output) -> Iterator[dict[str, Any]]:
    """Say why lines are not read; give what `status` shows of them."""
    for line, why in left_out.items():
        _logger.error("%s", why)
        diagnose_unread(line, why, output, now_utc())
        yield unread_line(line.label, str(why))


class _State(Protocol):
    """Tells how an output is doing, see `OutputState`."""

    @property
    def works(self) -> bool: ...

    @property
    def sentence(self) -> Text: ...


class _Wired(NamedTuple):
    """An output that the options ask for.

    Args:
        name: for the command ``status``.
        output: it.
        state: tells how it is doing.
        run: is run for as long as the program.
        what: begins the sentence that tells of a failure.
    """

    name: str
    output: Output
    state: _State
    run: Callable[[], Awaitable[None]]
    what: str


def _wire_outputs(
    options: Options,
    state: State,
    environment: Mapping[str, str],
    redactor: Redactor,
    *,
    every: Lines,
    stop: asyncio.Event,
) -> Iterator[_Wired]:
    """Make the outputs, MQTT first; what is not asked for is not even imported.

    Without a broker's address or a Supervisor that could know one, other outputs are enough.
    """
    broker = bool(options.mqtt.host) or "SUPERVISOR_TOKEN" in environment
    if broker or options.needs_broker:
        told = Narrator()
        publisher = make_publisher(
            options, state, environment, redactor, on_state=told, every=every
        )
        yield _Wired("broker", publisher, told, publisher.run, "publishing")
    else:
        _logger.info("mqtt.host is not set, so nothing is published by MQTT")
    if options.influxdb.url:
        from app.influxdb.writer import Writer  # noqa: PLC0415 - most have no database

        writer = Writer(options.influxdb, redactor)
        yield _Wired("database", writer, writer, writer.run, "writing to the database")
    if options.console != CONSOLE_CHOICES[0]:
        from app.console.printer import Printer  # noqa: PLC0415 - most print nothing

        alone = not (broker or options.influxdb.url)
        printer = Printer(
            sys.stdout.fileno(),
            json=options.console == "json",
            language=options.language,
            now=now_utc,
            on_closed=stop.set if alone else lambda: None,
        )
        yield _Wired("console", printer, printer, printer.run, "printing")


def _states(wired: Iterable[_Wired]) -> dict[str, OutputState]:
    """Tell how each output is doing."""
    return {one.name: OutputState(one.state.works, one.state.sentence) for one in wired}


def make_publisher(
    options: Options,
    state: State,
    environment: Mapping[str, str],
    redactor: Redactor,
    *,
    on_state: Callable[[BrokerState], None] | None = None,
    every: Lines = NO_LINES,
) -> Publisher:
    """Wire the publisher to the broker that the options or the Supervisor name.

    Args:
        options: all of them.
        state: what is known from before the last restart.
        environment: where the Supervisor is found.
        redactor: of the log; it learns the Supervisor's password.
        on_state: see `Publisher`; None only tells the log.
        every: the lines, see `Publisher`.
    """
    if options.mqtt.tls_insecure:
        _logger.warning(
            "mqtt.tls_insecure is set: the broker's certificate is not checked, so anybody in the"
            " network can pretend to be the broker and read its password"
        )
    token = environment.get("SUPERVISOR_TOKEN")
    layout = LAYOUTS[options.mqtt.layout](
        Topics.of(options.mqtt),
        language=options.language,
        version=__version__,
        lines=every,
        configuration_url=configuration_url(token, socket.gethostname()),
        announces=options.mqtt.discovery,
    )
    return Publisher(
        find_broker=partial(find_broker, options.mqtt, environment, redactor),
        layout=layout,
        state=state,
        detail_interval=options.detail_interval,
        on_state=on_state or Narrator(),
    )


def line_reader(
    options: MeterOptions,
    output: Output,
    *,
    profiles: Mapping[str, Profile],
    zone: tzinfo,
    state: State,
    line: Line = ALONE,
    watcher: Watcher = UNWATCHED,
    source: LineSource | None = None,
    clock: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], datetime] = now_utc,
    delays: Sequence[float] = DELAYS,
) -> LineReader:
    """Wire one meter's source, line and output.

    Args:
        options: of the meter.
        output: see `LineReader`, as for what follows.
        profiles: as there.
        zone: as there.
        state: as there.
        line: as there.
        watcher: as there.
        source: where the bytes come from; None for what the options say.
        clock: as there.
        wall_clock: as there.
        delays: see `source_of`.
    """
    source = source or source_of(options, profiles, state, clock=clock, delays=delays)
    return LineReader(
        options,
        source.source,
        output,
        profiles=profiles,
        zone=zone,
        state=state,
        push_interval=source.push_interval,
        line=line,
        watcher=watcher,
        clock=clock,
        wall_clock=wall_clock,
    )


async def _tidy(publisher: Publisher, readers: Sequence[LineReader]) -> None:
    """Once a day, take back what Home Assistant shows of meters that are gone for good.

    Not while a line hears no meter: the one that was not heard may be the one that is missing.
    """
    while True:
        await asyncio.sleep(TIDY_INTERVAL)
        if all(reader.hears for reader in readers):
            for meter in publisher.forget_unheard():
                _logger.log(
                    NOTICE,
                    "the meter %s was not heard for a week and is taken out of Home Assistant",
                    meter.number or meter.id,
                )
