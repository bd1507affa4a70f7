"""Writes readings to the database: what comes is buffered, and sent in batches while `run` runs."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from typing import Final, Never

from app.config.influxdb import InfluxdbOptions
from app.config.tls import TlsFileError
from app.influxdb import endpoint
from app.influxdb.buffer import Batch, Buffer
from app.influxdb.explain import Outcome, Verdict, explain, judge
from app.influxdb.line_protocol import line
from app.influxdb.narrator import Narrator
from app.language.catalogue import Sentence, Text, changed
from app.line.output import LineDiagnostics
from app.line.trouble import Problem, Trouble
from app.log import Redactor
from app.meters.reading import Meter, Reading
from app.transport.http_request import HeaderError, send

GATHER: Final = 10.0
"""Seconds for which readings are gathered into one request: a database on an SD card writes to it
for each."""

DELAYS: Final = (5.0, 10.0, 30.0, 60.0)
"""Seconds before the next attempt after one that failed, after two...; the last one stays."""

LONGEST_DELAY: Final = 600.0
"""Seconds that the database can ask for at most."""

TIMEOUT: Final = 10.0
"""Seconds for a request, from the connection to the answer."""

LAST_FLUSH: Final = 2.0
"""Seconds that the program's end may wait for the database at most."""

MOST_POINTS_AT_ONCE: Final = 1000
MOST_BYTES_AT_ONCE: Final = 500_000
"""Of one request; servers such as nginx take 1 MB unless they are told otherwise."""

PROBLEM_AFTER: Final = 60.0
"""Seconds without success after which the database is a problem: it may be restarted meanwhile."""


class Writer:
    """An `app.line.output.Output` that writes to a database; `publish` never waits for it.

    Args:
        options: of the database, with an address.
        redactor: takes secrets out of what the database says; it learns those that are sent.
        gather: seconds for which readings are gathered.
        delays: seconds before the attempts after those that failed.
        timeout: seconds for a request.
        clock: a steady one, in seconds.
        wall_clock: the time in seconds since 1970.
        buffer: keeps the lines.
    """

    def __init__(
        self,
        options: InfluxdbOptions,
        redactor: Redactor,
        *,
        gather: float = GATHER,
        delays: Sequence[float] = DELAYS,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        buffer: Buffer | None = None,
    ) -> None:
        self._options = options
        self._endpoint = endpoint.endpoint(options)
        if self._endpoint.authorization:
            redactor.hide(self._endpoint.authorization.partition(" ")[2])
        self._redactor = redactor
        self._gather = gather
        self._delays = delays
        self._timeout = timeout
        self._clock = clock
        self._wall_clock = wall_clock
        self._buffer = Buffer() if buffer is None else buffer
        self._news = asyncio.Event()
        self._context: ssl.SSLContext | None = None
        self._most_points = MOST_POINTS_AT_ONCE  # of a request; fewer after one was too large
        self._moments: dict[str, int] = {}  # of each meter's last point, in milliseconds
        bounds = f"{self._buffer.most_points} points, or {self._buffer.most_bytes} bytes,"
        self._narrator = Narrator(self._endpoint.name, bounds, clock)
        if options.tls_insecure:
            self._narrator.insecure()

    # --- What the lines say ---

    def publish(self, reading: Reading, *, name: str | None) -> None:
        """Take a reading; its time is now, by this computer's clock."""
        moment = self._moment(reading.meter.id)
        written = line(reading, name=name, milliseconds=moment)
        if written is None:
            return
        self._moments[reading.meter.id] = moment
        self._narrator.dropped(self._buffer.put(written))
        self._news.set()

    def meter_online(self, meter_id: str, *, online: bool) -> None:
        """Do nothing: that no points come says it."""

    def diagnose(self, meter: Meter, values: Mapping[str, object], *, name: str | None) -> None:
        """Do nothing: only readings are written."""

    def diagnose_line(self, diagnosed: LineDiagnostics) -> None:
        """Do nothing: only readings are written."""

    def problem(self) -> Problem | None:
        """Give the problem of a database that takes nothing, or not all."""
        reason = self._narrator.reason
        if reason is None or self._narrator.seconds < PROBLEM_AFTER:
            return None
        return Problem(Trouble.DATABASE, parameters={"reason": reason})

    # --- What is said of it ---

    @property
    def works(self) -> bool:
        """Whether all that was tried lately was written."""
        return self._narrator.reason is None

    @property
    def sentence(self) -> Text:
        """How writing goes."""
        how, waiting = self._narrator.sentence, len(self._buffer)
        return Sentence("database.waiting", {"how": how, "count": waiting}) if waiting else how

    # --- Writing ---

    async def run(self) -> Never:
        """Write what there is, again and again.

        Cancelled, it tries once more to write what is left, for LAST_FLUSH seconds at most.
        """
        try:
            while True:
                await self._news.wait()
                await asyncio.sleep(self._gather)
                self._news.clear()
                await self._write_until_done()
        except asyncio.CancelledError:
            await self._flush()
            raise

    async def _write_until_done(self) -> None:
        """Write until nothing is left, however often it takes."""
        failures = 0
        while verdict := await self._write_all():
            delay = self._delays[min(failures, len(self._delays) - 1)]
            delay = max(delay, min(verdict.retry_after, LONGEST_DELAY))
            failures += 1
            self._narrator.failed(verdict.reason, delay)
            await asyncio.sleep(delay)

    async def _flush(self) -> None:
        """Write what is left, if that is quickly done, and tell what is lost."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_FLUSH):
                await self._write_all()
        self._narrator.ended(len(self._buffer))

    async def _write_all(self) -> Verdict | None:
        """Write until nothing is left; give why that was not possible, or None."""
        while len(self._buffer):
            batch = self._buffer.batch(self._most_points, MOST_BYTES_AT_ONCE)
            verdict = await self._post(batch)
            match verdict.outcome:
                case Outcome.WRITTEN:
                    self._buffer.done(batch)
                    self._narrator.taken()
                    self._most_points = min(2 * self._most_points, MOST_POINTS_AT_ONCE)
                case Outcome.PARTLY:
                    self._buffer.done(batch)
                    self._narrator.taken()
                    self._narrator.refused(verdict.reason)
                case Outcome.REFUSED | Outcome.TOO_LARGE if len(batch.lines) > 1:
                    self._most_points = len(batch.lines) // 2
                case Outcome.REFUSED | Outcome.TOO_LARGE if not await self._others_are_taken():
                    return verdict
                case Outcome.REFUSED | Outcome.TOO_LARGE:
                    self._buffer.done(batch)
                    lost = Sentence("database.point_lost", {"reason": verdict.reason})
                    self._narrator.refused(lost)
                case Outcome.LATER:
                    return verdict
        return None

    async def _others_are_taken(self) -> bool:
        """Find out whether the oldest point is to blame that it is refused, or the database.

        Others are written for that; written once more later, they are the same points.
        """
        count = len(self._buffer)
        for skip in sorted({1, count // 2, count - 1} & set(range(1, count))):
            verdict = await self._post(self._buffer.batch(1, MOST_BYTES_AT_ONCE, skip))
            if verdict.outcome in {Outcome.WRITTEN, Outcome.PARTLY}:
                return True
        return False

    async def _post(self, batch: Batch) -> Verdict:
        """Send a request; what goes wrong is a verdict, too."""
        try:
            if self._endpoint.server.tls and self._context is None:
                self._context = endpoint.tls_context(self._options)
            answer = await send(
                self._endpoint.server,
                self._endpoint.request(batch.lines),
                timeout=self._timeout,
                context=self._context,
                name="influxdb",
            )
        except TlsFileError as error:
            return Verdict(Outcome.LATER, error.reason)
        except (OSError, HTTPException, HeaderError, UnicodeError) as error:
            return Verdict(Outcome.LATER, changed(explain(error, self._endpoint), self._redactor))
        verdict = judge(answer, self._endpoint)
        return verdict._replace(reason=changed(verdict.reason, self._redactor))

    def _moment(self, meter_id: str) -> int:
        """Give the time of a meter's next point, another one than that of the last."""
        now = int(self._wall_clock() * 1000)
        last = self._moments.get(meter_id, 0)
        # Telegrams that come at once, as after a gateway's pause; a clock set back goes its way.
        return last + 1 if now <= last < now + 1000 else now
