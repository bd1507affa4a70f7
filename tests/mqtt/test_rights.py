"""Rights that the account lacks: without a broker, and at a real Mosquitto with access lists."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.line.trouble import Trouble
from app.mqtt.rights import Rights
from app.mqtt.topics import Topics
from tests.support.mosquitto import TIMEOUT, Mosquitto
from tests.support.publishing import (
    KAIFA,
    KAIFA_CONFIG,
    KAIFA_STATUS,
    STATUS,
    Publishing,
    publishing,
    running,
)

pytestmark = pytest.mark.usefixtures("nothing_goes_wrong_unseen")

DYNAMIC_SECURITY = Path("/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so")
BIRTH = "homeassistant/status"
PATIENCE = 0.3
PASSED = 3 * PATIENCE
"""Seconds after which all would be told that is to be told."""


@contextmanager
def mosquitto(folder: Path, *access: str) -> Iterator[Mosquitto]:
    """Run a broker with an access list."""
    (folder / "access").write_text("\n".join((f"user {Mosquitto.username}", *access)) + "\n")
    broker = Mosquitto(folder, f"acl_file {folder / 'access'}")
    try:
        yield broker.start()
    finally:
        broker.kill()


def rights_of(broker: Mosquitto, **options: Topics) -> Publishing:
    return publishing(broker.options, patience=PATIENCE, **options)  # type: ignore[arg-type]


async def told(made: Publishing) -> list[str]:
    """Give what is wrong with the rights, after all has been told."""
    reasons: list[str] = []
    while True:
        try:
            async with asyncio.timeout(PASSED):
                reasons = list(await made.rights())
        except TimeoutError:
            return reasons


def unheard(broker: Mosquitto, filter_: str, topic: str) -> str:
    return (
        f"the MQTT broker at {broker.host}:{broker.port} acknowledges what is published at {topic},"
        " but does not hand it on: the account may have no right to write there, or none to read,"
        f" which looks the same; allow it both for {filter_} in the broker's access list"
    )


# Without a broker


class Told:
    """Counts the news."""

    def __init__(self) -> None:
        self.news = 0
        self.rights = Rights(self.count, 0.01)

    def count(self) -> None:
        self.news += 1


async def test_what_comes_back_is_no_news() -> None:
    told = Told()
    told.rights.answered(["a/+"], [1])
    told.rights.sending("a/b")
    told.rights.heard("a/b")
    await asyncio.sleep(0.03)
    assert (told.news, told.rights.unheard) == (0, {})


async def test_what_does_not_come_back_is_told_once_until_it_comes() -> None:
    told = Told()
    told.rights.answered(["a/+"], [1])
    for _ in range(3):
        told.rights.sending("a/b")
        await asyncio.sleep(0.03)
        assert (told.news, list(told.rights.unheard)) == (1, ["a/b"])
    told.rights.heard("a/b")
    assert (told.news, told.rights.unheard) == (2, {})


async def test_nothing_is_claimed_of_what_was_not_subscribed_to() -> None:
    told = Told()
    told.rights.answered(["a/b", "a/+"], [0x80, 0x80])
    assert (told.news, list(told.rights.refused)) == (1, ["a/b"])
    told.rights.sending("a/b")
    told.rights.sending("a/c")
    await asyncio.sleep(0.03)
    assert (told.news, told.rights.unheard) == (1, {})
    assert told.rights.is_known("a/b")
    assert not told.rights.is_known("a/c")
    told.rights.answered(["a/b"], [1])
    assert (told.news, told.rights.refused) == (2, {})


async def test_the_end_of_a_connection_is_no_refusal() -> None:
    told = Told()
    told.rights.answered(["a"], [0])
    told.rights.sending("a")
    told.rights.close()
    told.rights.begin()
    assert not told.rights.is_known("a")
    await asyncio.sleep(0.03)
    assert told.news == 0


# At a real broker

ALL = ("topic readwrite smartmeter/#", "topic readwrite homeassistant/#")
OWN = "topic readwrite smartmeter/#"


@pytest.mark.parametrize(
    "access",
    [
        ALL,
        ("topic readwrite #",),
        (OWN, "topic readwrite homeassistant/device/+/config", f"topic read {BIRTH}"),
    ],
)
async def test_nothing_is_told_of_an_account_that_may_do_all_that_is_needed(
    tmp_path: Path, access: tuple[str, ...]
) -> None:
    with mosquitto(tmp_path, *access) as broker:
        async with running(rights_of(broker)) as made:
            made.publish(power="1")
            assert await told(made) == []
            assert made.publisher.problem() is None


@pytest.mark.parametrize(
    "access",
    [
        ("topic read #",),
        ("topic write #",),
        ("topic read smartmeter/#", "topic readwrite homeassistant/#"),
        ("topic write smartmeter/#", "topic readwrite homeassistant/#"),
        (f"topic deny {STATUS}", *ALL),
    ],
)
async def test_an_account_that_may_not_write_or_not_read_is_told(
    tmp_path: Path, access: tuple[str, ...]
) -> None:
    with mosquitto(tmp_path, *access) as broker:
        async with running(rights_of(broker)) as made:
            made.publish(power="1")
            reasons = await told(made)
            assert unheard(broker, "smartmeter/#", STATUS) in reasons
            others = [reason for reason in reasons if "smartmeter/#" not in reason]
            assert others == [
                unheard(broker, "homeassistant/#", KAIFA_CONFIG)
                for _ in access
                if access[-1] in ("topic read #", "topic write #")
            ]
            problem = made.publisher.problem()
            assert problem
            assert problem.trouble is Trouble.BROKER_RIGHTS
            assert str(problem.sentence) == unheard(broker, "smartmeter/#", STATUS)


async def test_one_status_that_is_not_handed_on_is_told(tmp_path: Path) -> None:
    access = (
        f"topic readwrite {STATUS}",
        "topic write smartmeter/#",
        "topic readwrite homeassistant/#",
    )
    with mosquitto(tmp_path, *access) as broker:
        async with running(rights_of(broker)) as made:
            made.publish(power="1")
            assert await told(made) == [unheard(broker, "smartmeter/#", KAIFA_STATUS)]


@pytest.mark.parametrize("right", ["read", "write"])
async def test_announcements_that_are_not_handed_on_are_told_but_are_no_problem(
    tmp_path: Path, right: str
) -> None:
    with mosquitto(tmp_path, OWN, f"topic {right} homeassistant/#") as broker:
        async with running(rights_of(broker)) as made:
            assert await told(made) == []
            made.publish(power="1")
            assert await told(made) == [unheard(broker, "homeassistant/#", KAIFA_CONFIG)]
            assert made.publisher.problem() is None


async def test_rights_that_are_given_later_end_the_problem(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "topic read #") as broker:
        async with running(rights_of(broker)) as made:
            made.publish(power="1")
            assert await told(made) != []
            (tmp_path / "access").write_text(f"user {broker.username}\ntopic readwrite #\n")
            broker.reload()
            await broker.logs("Reloading config.")
            made.publisher.meter_online(KAIFA.id, online=False)
            made.publish(power="2", frequency="50")
            reasons = await told(made)
            assert reasons == [unheard(broker, "smartmeter/#", STATUS)]
            # The status of the program is said anew with the next connection.
            broker.restart()
            assert await told(made) == []
            assert made.publisher.problem() is None


async def test_other_topics_are_named_as_they_are_set(tmp_path: Path) -> None:
    with mosquitto(tmp_path, "topic read #") as broker:
        async with running(rights_of(broker, topics=Topics("a/b", "c"))) as made:
            made.publish(power="1")
            assert await told(made) == [
                unheard(broker, "a/b/#", "a/b/status"),
                unheard(broker, "c/#", "c/device/smartmeter_1kfm02/config"),
            ]


# At a real broker that refuses subscriptions


@contextmanager
def dynamic_security(folder: Path, *granted: tuple[str, str]) -> Iterator[Mosquitto]:
    """Run a broker that refuses all subscriptions but those granted: sort of rule and topic."""
    salt, iterations = b"123456789012", 101
    password = hashlib.pbkdf2_hmac("sha512", Mosquitto.password.encode(), salt, iterations)
    client = {
        "username": Mosquitto.username,
        "password": base64.b64encode(password).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": iterations,
        "roles": [{"rolename": "meter"}],
    }
    rules = [{"acltype": kind, "topic": topic, "allow": True} for kind, topic in granted]
    config = {
        "defaultACLAccess": {
            "publishClientSend": True,
            "publishClientReceive": True,
            "subscribe": False,
            "unsubscribe": True,
        },
        "clients": [client],
        "roles": [{"rolename": "meter", "acls": rules}],
    }
    (folder / "dynamic-security.json").write_text(json.dumps(config))
    broker = Mosquitto(
        folder,
        f"plugin {DYNAMIC_SECURITY}",
        f"plugin_opt_config_file {folder / 'dynamic-security.json'}",
    )
    try:
        yield broker.start()
    finally:
        broker.kill()


refusing = pytest.mark.skipif(not DYNAMIC_SECURITY.exists(), reason="no plugin that refuses")


@refusing
async def test_a_refused_subscription_is_named_and_nothing_else_is_claimed(tmp_path: Path) -> None:
    with dynamic_security(tmp_path) as broker:
        async with running(rights_of(broker)) as made:
            made.publish(power="1")
            (reason,) = await told(made)
            assert reason == (
                f"the MQTT broker at {broker.host}:{broker.port} refuses subscriptions to topics of"
                " smartmeter/# and homeassistant/#, so it cannot be seen whether what is published"
                " arrives, nor what Home Assistant or another copy of this program says there;"
                " allow the account to read them in the broker's access list"
            )
            assert made.publisher.problem() is None


@refusing
async def test_statuses_are_subscribed_to_one_by_one_where_the_wildcard_is_refused(
    tmp_path: Path,
) -> None:
    literal = [("subscribeLiteral", topic) for topic in (BIRTH, STATUS, KAIFA_STATUS, KAIFA_CONFIG)]
    with dynamic_security(tmp_path, *literal) as broker:
        async with broker.watch(KAIFA_STATUS) as home, running(rights_of(broker)) as made:
            made.publish(power="1")
            assert await told(made) == []
            await home.wait(KAIFA_STATUS, "online")
            await home.publish(KAIFA_STATUS, "offline", retain=True)
            await home.wait(KAIFA_STATUS, "offline")
            async with asyncio.timeout(TIMEOUT):
                await home.wait(KAIFA_STATUS, "online")
