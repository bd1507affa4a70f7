"""Readings on their way to a database that records, fails, hangs, or refuses."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from time import monotonic, perf_counter

import pytest

from app.config.influxdb import InfluxdbOptions
from app.influxdb.buffer import Buffer
from app.influxdb.writer import DELAYS, LAST_FLUSH, Writer
from app.line.trouble import Trouble
from app.log import Redactor
from tests.support.database import NO_CONTENT, Database, Reply, Written, database
from tests.support.mosquitto import TIMEOUT, free_port
from tests.support.publishing import E450, KAIFA, reading, stop

OPTIONS = InfluxdbOptions(database="smartmeter")
TOKEN = replace(OPTIONS, token="wr0ng")
USER = replace(OPTIONS, username="me", password="swordfish")
BAD = Reply(400, '{"error":"unable to parse"}')
WRONG_TOKEN = Reply(401, '{"code":"unauthorized","message":"unauthorized access"}')


class Writing:
    """A writer at work, its clocks, and what it wrote last."""

    def __init__(self, options: InfluxdbOptions, buffer: Buffer | None = None) -> None:
        self.now = 1000.0
        self.time = 1_795_277_623.0
        self.redactor = Redactor()
        self.writer = Writer(
            options,
            self.redactor,
            gather=0.0,
            delays=(0.01,),
            timeout=0.5,
            clock=lambda: self.now,
            wall_clock=lambda: self.time,
            buffer=buffer,
        )

    def publish(self, *powers: int) -> None:
        """Publish readings, a second from one to the next."""
        for power in powers:
            self.time += 1
            self.writer.publish(reading(KAIFA, power=str(power)), name="House")

    async def nothing_waits(self) -> None:
        """Wait until all is written, and the writer knows it."""
        await until(lambda: "wait" not in str(self.writer.sentence))


@asynccontextmanager
async def writing(
    url: str, buffer: Buffer | None = None, options: InfluxdbOptions = OPTIONS
) -> AsyncGenerator[Writing]:
    made = Writing(replace(options, url=url), buffer)
    task = asyncio.create_task(made.writer.run())
    try:
        yield made
    finally:
        await stop(task)


def powers(lines: list[str]) -> list[int]:
    """Give the powers in lines."""
    return [int(line.partition("power=")[2].partition(" ")[0]) for line in lines]


def told(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= level]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT):
        while not condition():  # noqa: ASYNC110 - whatever it is
            await asyncio.sleep(0.005)


# All is well


async def test_readings_are_gathered_into_one_request(recording: Database) -> None:
    async with writing(recording.url) as made:
        made.publish(1, 2, 3)
        assert powers(await recording.takes(3)) == [1, 2, 3]
        await made.nothing_waits()
        assert made.writer.works
        assert made.writer.problem() is None
    assert len(recording.requests) == 1
    assert recording.requests[0].lines[0] == (
        "smartmeter,meter=1kfm02,name=House power=1 1795277624000"
    )


async def test_a_first_success_is_told_and_then_nothing(
    recording: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with writing(recording.url) as made:
        assert str(made.writer.sentence).startswith("nothing was written yet to the database")
        for count in (1, 2, 3):
            made.publish(count)
            await recording.takes(count)
        await made.nothing_waits()
        assert str(made.writer.sentence) == f"writing to the database smartmeter at {recording.url}"
    assert told(caplog, logging.INFO) == [f"writing to the database smartmeter at {recording.url}"]


async def test_much_goes_in_several_requests(recording: Database) -> None:
    async with writing(recording.url) as made:
        made.publish(*range(2500))
        assert powers(await recording.takes(2500)) == list(range(2500))
        await made.nothing_waits()
    assert [len(request.lines) for request in recording.requests] == [1000, 1000, 500]


async def test_points_at_the_same_moment_are_kept_apart(recording: Database) -> None:
    async with writing(recording.url) as made:
        for power in ("1", "2", "3"):
            made.writer.publish(reading(KAIFA, power=power), name=None)
        made.writer.publish(reading(E450, power="4"), name=None)
        made.time -= 3600  # the clock was wrong
        made.writer.publish(reading(KAIFA, power="5"), name=None)
        lines = await recording.takes(5)
    times = [int(line.rpartition(" ")[2]) - 1_795_277_623_000 for line in lines]
    assert times == [0, 1, 2, 0, -3_600_000]


async def test_a_reading_without_values_is_passed_over(recording: Database) -> None:
    async with writing(recording.url) as made:
        made.writer.publish(reading(KAIFA), name=None)
        made.writer.meter_online(KAIFA.id, online=False)
        made.writer.diagnose(KAIFA, {"errors": 1}, name=None)
        made.publish(1)
        assert powers(await recording.takes(1)) == [1]


# A database that is away


async def test_what_comes_while_the_database_is_away_is_written_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    port = free_port()
    async with writing(f"http://127.0.0.1:{port}") as made:
        made.publish(*range(100))
        await until(lambda: not made.writer.works)
        made.publish(*range(100, 200))
        assert str(made.writer.sentence).endswith("; points that wait: 200")
        async with database(port) as back:
            assert powers(await back.takes(200)) == list(range(200))
            await until(lambda: made.writer.works)
    first, *others = told(caplog, logging.INFO)
    assert first == (
        f"nothing answers at http://127.0.0.1:{port}, where the database should be; start it, or"
        " check influxdb.url: InfluxDB mostly has the port 8086, version 3 8181 (next attempt in"
        " 0 s; new values are kept until then)"
    )
    assert others == [f"writing to the database smartmeter at http://127.0.0.1:{port}"]


async def test_that_it_is_back_is_told_with_what_was_dropped(
    recording: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with writing(recording.url, Buffer(most_points=10)) as made:
        made.publish(0)
        await recording.takes(1)
        recording.reply = lambda _: Reply(500, '{"error":"timeout"}')
        made.publish(1)
        await until(lambda: not made.writer.works)
        made.publish(*range(2, 30))
        made.now += 3700
        recording.reply = lambda _: NO_CONTENT
        taken = await recording.takes(11)
        await until(lambda: made.writer.works)
    assert powers(taken)[-10:] == list(range(20, 30))
    messages = told(caplog, logging.INFO)
    assert messages[0].startswith("writing to the database smartmeter")
    assert 'fails (HTTP status 500) (it says "timeout")' in messages[1]
    assert messages[2].startswith("10 points, or 4194304 bytes, wait for the database")
    assert messages[3].endswith(
        "takes points again, after 1 h 1 min; points that were dropped meanwhile: 19"
    )
    assert len(messages) == 4


async def test_a_wrong_token_is_told_once_and_everything_is_kept(
    recording: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recording.reply = lambda _: WRONG_TOKEN
    async with writing(recording.url, options=TOKEN) as made:
        made.publish(1, 2)
        await recording.requested(5)
        assert len(told(caplog)) == 1
        assert "refuses the token; check influxdb.token" in told(caplog)[0]
        assert recording.requests[0].headers["authorization"] == "Bearer wr0ng"
        recording.reply = lambda _: NO_CONTENT
        assert powers(await recording.takes(2)) == [1, 2]


@pytest.mark.parametrize(
    "reply", [Reply(403), Reply(404), Reply(429), Reply(503), Reply(502), Reply(301), Reply(204)]
)
async def test_whatever_it_answers_nothing_is_lost(
    recording: Database, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    recording.reply = lambda _: reply
    async with writing(recording.url) as made:
        made.publish(1, 2)
        await recording.requested(1 if reply == NO_CONTENT else 3)
        recording.reply = lambda _: NO_CONTENT
        made.publish(3)
        assert powers(await recording.takes(3)) == [1, 2, 3]
    assert len(told(caplog)) == (0 if reply == NO_CONTENT else 1)


async def test_a_server_that_hangs_delays_nobody(
    recording: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recording.hangs = True
    async with writing(recording.url) as made:
        slowest = 0.0
        for power in range(500):
            begin = perf_counter()
            made.publish(power)
            slowest = max(slowest, perf_counter() - begin)
            await asyncio.sleep(0)
        assert slowest < 0.1
        await until(lambda: not made.writer.works)
        recording.hangs = False
        assert powers(await recording.takes(500)) == list(range(500))
    assert "does not answer; see whether it runs" in told(caplog)[0]


async def test_the_database_says_when_it_wants_to_be_asked_again(
    recording: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recording.reply = lambda _: Reply(429, headers=(("Retry-After", "3600"),))
    async with writing(recording.url) as made:
        made.publish(1)
        await until(lambda: not made.writer.works)
        assert "next attempt in 600 s" in told(caplog)[0]
        recording.reply = lambda _: NO_CONTENT
    assert powers(recording.taken) == [1]  # at the end it is tried once more


async def test_no_http_server_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        async with writing(f"http://127.0.0.1:{port}") as made:
            made.publish(1)
            await until(lambda: not made.writer.works)
    assert "does not answer as HTTP servers do; check influxdb.url" in told(caplog)[0]


async def test_a_certificate_that_is_missing_is_told(
    recording: Database, caplog: pytest.LogCaptureFixture
) -> None:
    url = recording.url.replace("http:", "https:")
    async with writing(url, options=replace(OPTIONS, ca="/no/such/ca.pem")) as made:
        made.publish(1)
        await until(lambda: not made.writer.works)
    assert told(caplog)[0].startswith(
        "/no/such/ca.pem cannot be used (no such file or directory); check the option influxdb.ca"
    )


async def test_a_certificate_that_is_not_checked_is_told_at_each_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Writing(replace(OPTIONS, url="https://127.0.0.1", tls_insecure=True))
    assert "influxdb.tls_insecure is set" in told(caplog)[0]


# A database that refuses


def refusing(*bad: int) -> Callable[[Written], Reply]:
    """Let a database refuse requests that hold some powers, as InfluxDB 2 does."""
    return lambda request: BAD if set(bad) & set(powers(request.lines)) else NO_CONTENT


@pytest.mark.parametrize("bad", [(0,), (99,), (50,), (0, 1, 2), (3, 30, 33, 98)])
async def test_a_point_that_is_refused_costs_no_other_one(
    recording: Database, caplog: pytest.LogCaptureFixture, bad: tuple[int, ...]
) -> None:
    recording.reply = refusing(*bad)
    async with writing(recording.url) as made:
        made.publish(*range(100))
        taken = await recording.takes(100 - len(bad))
        made.publish(200)
        taken = await recording.takes(101 - len(bad))
    assert sorted(powers(taken)) == [n for n in range(100) if n not in bad] + [200]
    assert len(recording.requests) < 100
    (message,) = told(caplog)
    assert message.endswith("\"); check whether influxdb.url is InfluxDB's; this point is lost")


async def test_a_server_that_refuses_everything_gets_everything_later(
    recording: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recording.reply = lambda _: BAD
    async with writing(recording.url) as made:
        made.publish(*range(20))
        await recording.requested(40)
        assert not made.writer.works
        recording.reply = lambda _: NO_CONTENT
        assert sorted(powers(await recording.takes(20))) == list(range(20))
    assert len(told(caplog)) == 1


async def test_a_bad_point_alone_does_not_block_those_after_it(recording: Database) -> None:
    recording.reply = refusing(1)
    async with writing(recording.url) as made:
        made.publish(1)
        await recording.requested(2)
        made.publish(2)
        assert powers(await recording.takes(1)) == [2]
        await made.nothing_waits()


async def test_what_is_written_in_part_is_done(
    recording: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recording.reply = lambda _: Reply(400, '{"error":"partial write: x dropped=1"}')
    async with writing(recording.url) as made:
        for count in (1, 2, 3):
            made.publish(count)
            await recording.requested(count)
        await made.nothing_waits()
        assert not made.writer.works
        assert made.writer.problem() is None
        made.now += 61
        problem = made.writer.problem()
        assert problem
        assert "the rest is written" in str(problem.sentence)
        made.now += 600
        await until(lambda: made.writer.works)
    assert [len(request.lines) for request in recording.requests] == [1, 1, 1]
    assert len(told(caplog)) == 1


async def test_requests_become_smaller_where_they_are_too_large(recording: Database) -> None:
    recording.reply = lambda request: Reply(413) if len(request.lines) > 30 else NO_CONTENT
    async with writing(recording.url) as made:
        made.publish(*range(100))
        assert powers(await recording.takes(100)) == list(range(100))


async def test_a_point_that_is_too_large_is_lost_and_no_other(
    recording: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recording.reply = lambda request: (
        Reply(413) if "power=3 " in "".join(request.lines) else NO_CONTENT
    )
    async with writing(recording.url) as made:
        made.publish(*range(10))
        taken = await recording.takes(9)
    assert sorted(powers(taken)) == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert "refuses a request as too large" in told(caplog)[0]


# What others are told


async def test_a_database_that_is_away_for_a_minute_is_a_problem(recording: Database) -> None:
    recording.reply = lambda _: WRONG_TOKEN
    async with writing(recording.url, options=TOKEN) as made:
        made.publish(1)
        await until(lambda: not made.writer.works)
        assert made.writer.problem() is None
        made.now += 61
        problem = made.writer.problem()
        assert problem
        assert problem.trouble is Trouble.DATABASE
        assert "refuses the token" in str(problem.sentence)
        recording.reply = lambda _: NO_CONTENT
        await recording.takes(1)
        await until(lambda: made.writer.problem() is None)


async def test_secrets_that_the_server_repeats_are_not_told(
    recording: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(request: Written) -> Reply:
        return Reply(401, f"you sent {request.headers['authorization']}")

    recording.reply = echo
    async with writing(recording.url, options=USER) as made:
        made.publish(1)
        await until(lambda: not made.writer.works)
        sent = recording.requests[0].headers["authorization"].removeprefix("Basic ")
        for text in (str(made.writer.sentence), *told(caplog)):
            assert "you sent Basic ***" in text
            assert sent not in text


# The end


async def test_at_the_end_what_is_left_is_written(recording: Database) -> None:
    made = Writer(replace(OPTIONS, url=recording.url), Redactor(), gather=60.0)
    task = asyncio.create_task(made.run())
    made.publish(reading(KAIFA, power="7"), name=None)
    await asyncio.sleep(0)
    assert await stop(task) < LAST_FLUSH
    assert powers(recording.taken) == [7]


async def test_the_end_waits_for_nobody_and_tells_what_is_lost(
    recording: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recording.hangs = True
    made = Writer(replace(OPTIONS, url=recording.url), Redactor(), gather=0.0)
    task = asyncio.create_task(made.run())
    made.publish(reading(KAIFA, power="7"), name=None)
    await recording.requested(1)
    assert await stop(task) < LAST_FLUSH + 1
    assert told(caplog) == [
        f"the database smartmeter at {recording.url} did not take all: points that are lost: 1"
    ]


async def test_a_deaf_port_is_given_up_in_time(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        made = Writing(replace(OPTIONS, url=f"http://127.0.0.1:{deaf.getsockname()[1]}"))
        task = asyncio.create_task(made.writer.run())
        made.publish(1)
        begin = monotonic()
        await until(lambda: not made.writer.works)
        assert monotonic() - begin < TIMEOUT
        await stop(task)
    assert "does not answer" in told(caplog)[0]


def test_the_delays_grow_to_a_minute() -> None:
    assert list(DELAYS) == sorted(DELAYS)
    assert DELAYS[-1] == 60


async def test_a_decimal_of_a_meter_is_written_to_the_last_digit(recording: Database) -> None:
    async with writing(recording.url) as made:
        exact = reading(KAIFA, energy_import="5341.671")
        assert exact.values["energy_import"] == Decimal("5341.671")
        made.writer.publish(exact, name=None)
        assert "energy_import=5341.671 " in (await recording.takes(1))[0]
