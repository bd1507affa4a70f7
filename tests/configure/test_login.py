"""Logging in at a real broker."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.config.options import MqttOptions
from app.configure import login
from app.configure.login import log_in
from app.configure.steps import LoggedIn
from app.mqtt.explain import Cause
from tests.support.mosquitto import Mosquitto, free_port


async def test_whoever_is_let_in_leaves_nothing_behind(broker: Mosquitto) -> None:
    async with broker.watch() as watcher:
        assert await log_in(broker.options) == LoggedIn()
        await broker.logs("Received DISCONNECT from smartmeter-configure-")
        await watcher.publish("mark", "")
        await watcher.wait("mark")
    assert [(seen.topic, seen.payload) for seen in watcher.messages] == [
        ("smartmeter/configure", ""),
        ("homeassistant/device/smartmeter_configure/config", ""),
        ("mark", ""),
    ]
    async with broker.watch() as later:
        await later.publish("mark", "")
        await later.wait("mark")
    assert [seen.topic for seen in later.messages] == ["mark"]


async def test_the_running_program_s_connection_stays(broker: Mosquitto) -> None:
    async with broker.watch("smartmeter/#") as running:
        await log_in(broker.options)
        await running.wait("smartmeter/configure")


async def test_a_refusal_is_told_by_its_cause(broker: Mosquitto) -> None:
    anonymous = MqttOptions(host=broker.host, port=broker.port)
    assert (await log_in(anonymous)).cause is Cause.LOGIN_WANTED
    assert (await log_in(replace(broker.options, password="x"))).cause is Cause.LOGIN_WRONG
    nobody = replace(broker.options, port=free_port())
    assert (await log_in(nobody)).cause is Cause.NOBODY_LISTENS
    unknown = replace(broker.options, host="nobody.invalid")
    assert (await log_in(unknown)).cause is Cause.NAME_UNKNOWN
    encrypted = replace(broker.options, tls=True)
    assert (await log_in(encrypted)).cause in (Cause.TLS, Cause.HANGS_UP)
    no_file = replace(encrypted, ca="/none.pem")
    result = await log_in(no_file)
    assert result.failed
    assert "mqtt.ca" in str(result.reason)


async def test_a_topic_without_rights_is_found(tmp_path: Path) -> None:
    access = tmp_path / "access"
    access.write_text("user addons\ntopic readwrite smartmeter/#\n")
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder, f"acl_file {access}").start()
    try:
        result = await log_in(broker.options)
    finally:
        broker.kill()
    assert not result.failed
    assert result.unheard == ("homeassistant/device/smartmeter_configure/config",)


async def test_a_broker_that_hangs_does_not_hold_it_up(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "TIMEOUT", 0.5)
    with broker.stalled():
        assert (await log_in(broker.options)).cause is Cause.NO_ANSWER
