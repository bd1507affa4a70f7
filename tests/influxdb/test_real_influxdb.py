"""A writer and a real InfluxDB 1: rights, TLS, restarts, and what it refuses."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from app.config.influxdb import InfluxdbOptions
from app.influxdb.buffer import MOST_POINTS
from app.influxdb.writer import Writer
from app.log import Redactor
from tests.support.certificates import Certificates
from tests.support.influxdb import InfluxDB, with_influxdb
from tests.support.mosquitto import TIMEOUT
from tests.support.publishing import KAIFA, reading, stop

pytestmark = with_influxdb

HOUR = 3600


class Writing:
    """A writer at work, whose clock goes a second from one reading to the next."""

    def __init__(self, options: InfluxdbOptions) -> None:
        self.time = 1_795_277_623.0
        self.writer = Writer(
            options, Redactor(), gather=0.0, delays=(0.05,), wall_clock=lambda: self.time
        )

    def publish(self, *powers: int) -> None:
        for power in powers:
            self.time += 1
            self.writer.publish(reading(KAIFA, power=str(power)), name=None)

    async def says(self, words: str) -> str:
        """Wait until the writer says something of itself."""
        async with asyncio.timeout(TIMEOUT):
            while words not in str(self.writer.sentence):  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0.01)
        return str(self.writer.sentence)


@asynccontextmanager
async def writing(options: InfluxdbOptions) -> AsyncGenerator[Writing]:
    made = Writing(options)
    task = asyncio.create_task(made.writer.run())
    try:
        yield made
    finally:
        await stop(task)


async def test_an_hour_away_costs_no_reading(influxdb: InfluxDB) -> None:
    async with writing(influxdb.options()) as made:
        made.publish(-1)
        await influxdb.holds(1)
        influxdb.stop()
        made.publish(*range(HOUR))
        await made.says("nothing answers at")
        influxdb.start()
        points = await influxdb.holds(1 + HOUR)
    assert [point["power"] for point in points] == [-1, *range(HOUR)]
    times = [point["time"] for point in points]
    assert {later - earlier for earlier, later in pairwise(times)} == {1000}


async def test_of_more_than_the_bound_the_newest_are_there(influxdb: InfluxDB) -> None:
    influxdb.stop()
    async with writing(influxdb.options()) as made:
        made.publish(*range(MOST_POINTS + 500))
        await made.says("nothing answers at")
        influxdb.start()
        points = await influxdb.holds(MOST_POINTS)
    assert [point["power"] for point in points] == list(range(500, MOST_POINTS + 500))


async def test_a_database_that_is_made_later_gets_everything(influxdb: InfluxDB) -> None:
    async with writing(influxdb.options("later")) as made:
        made.publish(1, 2)
        sentence = await made.says("is not there")
        assert '(it says "database not found: "later""); create it' in sentence
        influxdb.create("later")
        await made.says("writing to")
    assert [point["power"] for point in influxdb.points("later")] == [1, 2]


async def test_a_retention_policy_is_written_to_and_missed(influxdb: InfluxDB) -> None:
    options = replace(influxdb.options(), retention_policy="a decade")
    async with writing(options) as made:
        made.publish(1)
        await made.says("has no such retention policy")
        influxdb.query('CREATE RETENTION POLICY "a decade" ON smartmeter DURATION 0s REPLICATION 1')
        await made.says("writing to")
    assert influxdb.points() == []
    (row,) = influxdb.query('SELECT power FROM "a decade".smartmeter')
    assert row["power"] == 1


async def test_points_older_than_the_database_keeps_do_not_block_others(
    influxdb: InfluxDB, caplog: pytest.LogCaptureFixture
) -> None:
    influxdb.query("CREATE RETENTION POLICY day ON smartmeter DURATION 1d REPLICATION 1 DEFAULT")
    async with writing(influxdb.options()) as made:
        made.time = 1_000_000_000.0
        made.publish(1)
        made.time = 1_000_000_000.0 + 86400 * 36500
        made.publish(2)
        await made.says("points beyond retention policy")
        assert [row["power"] for row in await influxdb.holds(1)] == [2]
    assert "what was refused is lost" in caplog.text


async def test_a_field_of_another_type_costs_its_points_only(
    influxdb: InfluxDB, caplog: pytest.LogCaptureFixture
) -> None:
    assert influxdb.write("smartmeter,meter=other power=5i 1795277623000") == 204
    async with writing(influxdb.options()) as made:
        made.publish(1)
        made.writer.publish(reading(KAIFA, voltage_l1="230.1"), name=None)
        await made.says("already exists as type integer")
        points = await influxdb.holds(2)
        made.publish(2)
        made.writer.publish(reading(KAIFA, voltage_l1="230.2"), name=None)
        points = await influxdb.holds(3)
    assert [point.get("voltage_l1") for point in points] == [None, 230.1, 230.2]
    assert [point["power"] for point in points if "power" in point] == [5]
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


async def test_users_need_their_password_and_the_right_to_write(tmp_path: Path) -> None:
    influxdb = InfluxDB(tmp_path, user=("admin", "swordfish"))
    try:
        influxdb.start()
        influxdb.create()
        influxdb.query("CREATE USER reader WITH PASSWORD 'pw'")
        influxdb.query('GRANT READ ON "smartmeter" TO reader')
        for user, password, words in (
            (None, None, "wants to know who writes; fill in influxdb.username"),
            ("admin", "wrong", "refuses the user name or the password"),
            ("reader", "pw", "does not let this account write"),
        ):
            options = replace(influxdb.options(), username=user, password=password)
            async with writing(options) as made:
                made.publish(1)
                await made.says(words)
        right = replace(influxdb.options(), username="admin", password="swordfish")
        async with writing(right) as made:
            made.publish(1)
            await influxdb.holds(1)
    finally:
        influxdb.stop()


async def test_https_is_written_to_if_the_certificate_is_trusted(
    tmp_path: Path, certificates: Certificates
) -> None:
    influxdb = InfluxDB(tmp_path, certificate=certificates.server)
    try:
        influxdb.start()
        influxdb.create()
        plain = replace(influxdb.options(), url=influxdb.url.replace("https", "http"))
        for options, words in (
            (influxdb.options(), "is not to be trusted"),
            (plain, "refuses what is written"),
        ):
            async with writing(options) as made:
                made.publish(1)
                await made.says(words)
        for trusting in ({"ca": certificates.ca}, {"tls_insecure": True}):
            count = len(influxdb.points())
            async with writing(replace(influxdb.options(), **trusting)) as made:
                made.time += 10 * count
                made.publish(1)
                await influxdb.holds(count + 1)
    finally:
        influxdb.stop()
