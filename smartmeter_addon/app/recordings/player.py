"""The command ``replay``: a recording through the whole program, as if the meter sent it now.

The recording's own time is the clock of the guard and of everything else that watches the line, so
the pace changes nothing.
"""

import asyncio
import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, TextIO

from app import jsontext
from app.config.options import Options
from app.decoder import Decoder
from app.line.line_source import source_of
from app.line.output import LineDiagnostics, Output
from app.line.trouble import Problem
from app.log import Redactor
from app.meters.profile import Profile
from app.meters.reading import Meter, Reading
from app.meters.telegram import Telegram
from app.run import line_reader, make_publisher
from app.state import State
from app.transport.capture import Capture
from app.transport.recording import Chunk
from app.transport.recording_source import RecordingSource
from app.transport.until import until_stopped

_logger: Final = logging.getLogger(__name__)

_USUAL_INTERVAL: Final = 5.0
"""Seconds between telegrams of a meter that is not known and says no time."""

_PATIENCE: Final = 10.0
"""Seconds that the broker has to take what is still due at the end."""


class _Printer:
    """Prints readings, and hands them on to another output if there is one."""

    def __init__(self, out: TextIO, output: Output | None) -> None:
        self._out = out
        self._output = output
        self.readings = 0

    def publish(self, reading: Reading, *, name: str | None) -> None:
        """See `Output.publish`."""
        self.readings += 1
        said = {
            "meter_id": reading.meter.number or reading.meter.id,
            "model": f"{reading.meter.manufacturer} {reading.meter.model}".strip(),
            "timestamp": reading.timestamp.isoformat() if reading.timestamp else None,
            "readings": dict(reading.values),
        }
        print(jsontext.dumps(said), file=self._out, flush=True)
        if self._output:
            self._output.publish(reading, name=name)

    def meter_online(self, meter_id: str, *, online: bool) -> None:
        """See `Output.meter_online`."""
        if self._output:
            self._output.meter_online(meter_id, online=online)

    def diagnose(self, meter: Meter, values: Mapping[str, object], *, name: str | None) -> None:
        """See `Output.diagnose`."""
        if self._output:
            self._output.diagnose(meter, values, name=name)

    def diagnose_line(self, diagnosed: LineDiagnostics) -> None:
        """Do nothing: a recording is no line of the program."""

    def problem(self) -> Problem | None:
        """See `Output.problem`."""
        return self._output.problem() if self._output else None


def replay(
    capture: Capture,
    options: Options,
    profiles: Mapping[str, Profile],
    zone: tzinfo,
    out: TextIO,
    *,
    name: str,
    speed: float = 1.0,
    redactor: Redactor | None = None,
) -> int:
    """Feed a capture to the program.

    Args:
        capture: what the meter sent.
        options: its first meter is the one that is read.
        profiles: every meter family there is.
        zone: where the meter stands.
        out: where readings are printed.
        name: what to call the capture.
        speed: how many times as fast as it was; 0 for at once.
        redactor: of the log, to publish to the broker of the options too; None not to.

    Returns:
        The exit status: 0 when there was at least one reading and nothing failed, else 1.
    """
    with tempfile.TemporaryDirectory(prefix="smartmeter-replay-") as folder:
        # What the program would keep over a restart is of this replay only.
        state = State(Path(folder) / "state.json")
        publisher = make_publisher(options, state, os.environ, redactor) if redactor else None
        printer = _Printer(out, publisher)
        meter = replace(options.meters[0], update_interval=0)
        decoder = Decoder(meter.keys, profiles, zone, meter.meter_type)
        capture = _with_times(capture, decoder)
        source = RecordingSource(capture.recording, name=name, pace=speed or None)
        begun = capture.begun_at(zone)
        reader = line_reader(
            meter,
            printer,
            profiles=profiles,
            zone=zone,
            state=state,
            source=source_of(meter, profiles, state)._replace(source=source),
            clock=source.clock,
            wall_clock=lambda: begun + timedelta(seconds=source.clock()),
        )

        async def run() -> None:
            publishing = asyncio.create_task(publisher.run()) if publisher else None
            try:
                await reader.run()
                if publisher:
                    async with asyncio.timeout(_PATIENCE):
                        await publisher.delivered()
            finally:
                if publishing:
                    publishing.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await publishing

        try:
            asyncio.run(until_stopped(run(), None))
        except TimeoutError:
            return 1  # the log has told what is wrong with the broker
        if not printer.readings:
            size = sum(len(chunk.data) for chunk in capture.recording)
            _logger.warning("no reading in %d bytes; `decode` shows what is in them", size)
        elif faults := reader.health.counts.faults:
            what = (
                "%d readings; %d pieces could not be read or are not accepted, `decode` shows more"
            )
            _logger.warning(what, printer.readings, faults)
        return 0 if printer.readings and not reader.health.counts.faults else 1


def _with_times(capture: Capture, decoder: Decoder) -> Capture:
    """Give bytes that have no times those that their telegrams say.

    Come at once, telegrams that differ could not follow from one another.
    """
    if len({chunk.seconds for chunk in capture.recording}) > 1:
        return capture
    data = b"".join(chunk.data for chunk in capture.recording)
    chunks: list[Chunk] = []
    first: datetime | None = None
    begin, seconds = 0, 0.0
    for end, telegram in _telegrams(data, decoder):
        if telegram.timestamp:
            first = first or telegram.timestamp
            seconds = max(seconds, (telegram.timestamp - first).total_seconds())
        elif chunks:
            seconds += telegram.profile.push_interval if telegram.profile else _USUAL_INTERVAL
        if begin < end:
            chunks.append(Chunk(seconds, data[begin:end]))
            begin = end
    if begin < len(data):
        chunks.append(Chunk(seconds, data[begin:]))
    return Capture(tuple(chunks), capture.begun or first)


def _telegrams(data: bytes, decoder: Decoder) -> Iterator[tuple[int, Telegram]]:
    """Give the telegrams of a stream, each with the position behind its last byte."""
    for end in range(1, len(data) + 1):
        for event in decoder.feed(data[end - 1 : end]):
            if isinstance(event, Telegram):
                yield end, event
    for event in decoder.finish():
        if isinstance(event, Telegram):
            yield len(data), event
