import json
import re
from pathlib import Path

import pytest

from app.config.options import OptionsError
from app.fleet import meters_file, options
from app.fleet.meters_file import FleetMeter
from app.fleet.options import FleetOptions
from app.meters.profile import AUTO
from simulator.ciphering import AUTH_KEY, KEY

TYPES = (AUTO, "kaifa")
SERVERS = {"servers": ["nats://10.0.0.1:4222", "tls://nats.example:4222"]}


def problems(given: object) -> list[str]:
    with pytest.raises(OptionsError) as caught:
        options.parse(given, Path())
    return list(caught.value.problems)


def meters_problems(given: object) -> list[str]:
    with pytest.raises(OptionsError) as caught:
        meters_file.parse(given, TYPES)
    return list(caught.value.problems)


def test_a_server_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "fleet.json"
    file.write_text(json.dumps({"servers": "nats://127.0.0.1:4222"}))
    loaded = options.load(file)
    assert loaded.engine.servers == ("nats://127.0.0.1:4222",)
    assert loaded.meters == tmp_path / "meters.json"
    assert (loaded.partitions, loaded.replicas, loaded.base_topic) == (8, 3, "smartmeter")


def test_all_options_are_taken() -> None:
    given = {
        **SERVERS,
        "username": "reader",
        "password": "a password ",
        "ca": "/etc/ca.pem",
        "meters": "/run/secrets/meters.json",
        "partitions": 16,
        "replicas": 1,
        "raw_hours": 2,
        "raw_megabytes": 100,
        "reading_hours": 3,
        "base_topic": "house/meters",
        "discovery_prefix": "ha",
        "language": "DE",
        "silent_after": 60,
        "log_level": "debug",
    }
    loaded = options.parse(given, Path("/etc/smartmeter"))
    assert isinstance(loaded, FleetOptions)
    assert loaded.meters == Path("/run/secrets/meters.json")
    assert (loaded.raw_megabytes, loaded.language, loaded.discovery_prefix) == (100, "de", "ha")
    assert loaded.engine.password == "a password "
    assert loaded.secrets() == {"a password "}
    assert "a password" not in repr(loaded)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "servers: nothing is given"),
        ({"servers": []}, "servers: an empty list"),
        ({"servers": "10.0.0.1:4222"}, "servers: "),
        ({"servers": "mqtt://10.0.0.1"}, "servers: "),
        ({"servers": "nats://10.0.0.1:99999"}, "servers: "),
        ({**SERVERS, "server": "x"}, "server: there is no such option; did you mean servers?"),
        ({**SERVERS, "password": "p"}, "username: nothing is given"),
        ({**SERVERS, "client_key": "/key"}, "client_cert: nothing is given"),
        ({**SERVERS, "partitions": 0}, "partitions: 0 is given"),
        ({**SERVERS, "base_topic": "a.b"}, 'base_topic: "a.b" is given'),
        ({**SERVERS, "base_topic": "readings"}, 'base_topic: "readings" is given; wanted is an'),
        ({**SERVERS, "replicas": 6}, "replicas: 6 is given"),
        ({**SERVERS, "raw_hours": 10, "reading_hours": 9}, "reading_hours: 9 is given"),
        ([], "the options: a list of 0 is given"),
    ],
)
def test_wrong_options_are_told(given: object, problem: str) -> None:
    assert any(told.startswith(problem) for told in problems(given)), problems(given)


def test_a_password_in_an_address_is_not_shown() -> None:
    (told,) = problems({"servers": "nats://user:verysecret@10.0.0.1:4222"})
    assert "verysecret" not in told
    assert "options of their own" in told


def test_meters_have_names_keys_and_types() -> None:
    given = {
        "m1": {"key": KEY.hex(), "auth_key": AUTH_KEY.hex(), "meter_type": "Kaifa"},
        "m2": {},
    }
    meters = meters_file.parse(given, TYPES)
    assert meters["m1"].keys.encryption == KEY
    assert meters["m1"].keys.authentication == AUTH_KEY
    assert meters["m1"].meter_type == "kaifa"
    assert meters["m2"] == FleetMeter()


def test_home_assistant_is_told_of_chosen_meters_only() -> None:
    meters = meters_file.parse({"m1": {"home_assistant": True, "device_name": "Top 3"}}, TYPES)
    assert meters == {"m1": FleetMeter(home_assistant=True, device_name="Top 3")}
    assert not FleetMeter().home_assistant


def test_a_meter_may_have_an_id_or_several_as_they_are_printed_too() -> None:
    given = {"m1": {"id": "1KFM0200204404"}, "m2": {"id": ["181221234567", "gas-1"]}, "m3": {}}
    meters = meters_file.parse(given, TYPES)
    assert meters["m1"].ids == {"1kfm0200204404"}
    assert meters["m2"].ids == {"181221234567", "gas-1"}
    assert meters["m3"].ids == frozenset()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([], "the meters: a list of 0 is given"),
        ({"m1": {"id": 181221234567}}, "m1.id: 181221234567 is given; wanted is a text in quotes"),
        ({"m1": {"id": ["..."]}}, "m1.id: "),
        ({"a b": {}}, "this is no name"),
        ({"m1": {"key": "12"}}, "m1.key: "),
        ({"m1": {"key": KEY.hex(), "typ": "kaifa"}}, "m1.typ: there is no such option"),
        ({"m1": {"guek": KEY.hex()}}, "m1.guek: there is no such option; did you mean key?"),
        ({"m1": {"interval": 5}}, "m1.interval: there is no such option; there are key, auth_key"),
        ({"m1": KEY.hex()}, "m1: a text of 32 characters is given"),
        ({"m1": {"meter_type": "wien"}}, 'm1.meter_type: "wien" is given'),
    ],
)
def test_wrong_meters_are_told_without_their_keys(given: object, problem: str) -> None:
    told = meters_problems(given)
    assert any(problem in one for one in told), told
    assert KEY.hex() not in "".join(told)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "is missing"),
        (b"{", "no valid JSON"),
        (b"\xff", "no valid JSON"),
        (b"", 'the file is empty: wanted is JSON, like {"meter-1": {"key": "..."}}'),
        (b"meter-1: {}", 'this is YAML: wanted is JSON, like {"meter-1": {"key": "..."}}'),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    file = tmp_path / "meters.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(OptionsError, match=re.escape(why)):
        meters_file.load(file, TYPES)


def test_half_a_key_is_doubted_and_so_is_an_authentication_key_alone() -> None:
    given = {
        "m1": {"key": KEY.hex()[:16]},
        "m2": {"auth_key": AUTH_KEY.hex()},
        "m3": {"key": KEY.hex(), "auth_key": AUTH_KEY.hex()},
    }
    half, alone = meters_file.doubts(meters_file.parse(given, TYPES))
    assert half.startswith("m1.key: the key has 16 hexadecimal digits")
    assert alone.startswith("m2.auth_key: it is given without key")
    assert KEY.hex()[:16] not in half


def test_a_meter_that_stands_twice_in_the_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "meters.json"
    file.write_text(f'{{"m1": {{}}, "m2": {{"key": "", "key": "{KEY.hex()}"}}, "m1": {{}}}}')
    with pytest.raises(OptionsError) as caught:
        meters_file.load(file, TYPES)
    once = "this name stands in its group more than once; wanted is each name once"
    assert caught.value.problems == (f"m1: {once}", f"m2.key: {once}")
