"""Options are read whole or refused with every problem; secrets are named for the log."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config.options import (
    MeterOptions,
    MqttOptions,
    Options,
    OptionsError,
    load,
    parse,
    readable_by_all,
)
from app.dlms.ciphering import Keys
from app.transport.serial_mode import SerialMode
from tests.support.options import KEY, METER_TYPES, PEM_KEY, problem

AUTH_KEY = "d0 d1 d2 d3 d4 d5 d6 d7 d8 d9 da db dc dd de df"
PLAIN_KEY = "Sixteen.Letters!"
PASSWORD = " pass word "

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
METER_NAMES = ("meter_type", "key", "auth_key", "device", "url", "serial_mode", "name")
MQTT_NAMES = ("host", "port", "username", "password", "tls", "ca", "client_cert", "client_key")


# What is understood


def test_without_options_the_defaults_are_used() -> None:
    assert parse({}, METER_TYPES) == Options((MeterOptions(),), MqttOptions(), "en", "info")


def test_every_option_is_read() -> None:
    options = parse(
        {
            "meter_type": "kaifa",
            "key": KEY,
            "auth_key": AUTH_KEY,
            "device": "/dev/ttyUSB0",
            "url": "tcp://gateway:2000",
            "serial_mode": "2400 8e1",
            "name": " Zähler ",
            "language": "de",
            "update_interval": 86400,
            "detail_interval": 300,
            "energy_unit": "10 WH",
            "log_level": "trace",
            "mqtt": {
                "host": "broker.local",
                "port": 18883,
                "username": "user",
                "password": PASSWORD,
                "tls": True,
                "ca": "/ssl/ca.pem",
                "client_cert": "/ssl/cert.pem",
                "client_key": "/ssl/key.pem",
                "tls_insecure": True,
                "base_topic": "house/meter",
                "discovery_prefix": "ha",
            },
            "additional_meters": [{"name": "second", "url": "/tmp/pty", "update_interval": 0}],  # noqa: S108 - any path
        },
        METER_TYPES,
    )
    assert options == Options(
        (
            MeterOptions(
                "kaifa",
                Keys(bytes.fromhex(KEY), bytes.fromhex(AUTH_KEY)),
                "/dev/ttyUSB0",
                "tcp://gateway:2000",
                SerialMode(2400, 8, "E", 1),
                "Zähler",
                86400,
                "10 Wh",
            ),
            MeterOptions(name="second", url="/tmp/pty"),  # noqa: S108 - any path
        ),
        MqttOptions(
            host="broker.local",
            port=18883,
            username="user",
            password=PASSWORD,
            tls=True,
            ca="/ssl/ca.pem",
            client_cert="/ssl/cert.pem",
            client_key="/ssl/key.pem",
            tls_insecure=True,
            base_topic="house/meter",
            discovery_prefix="ha",
        ),
        "de",
        "trace",
        detail_interval=300,
    )


@pytest.mark.parametrize(
    ("mqtt", "port"), [({}, 1883), ({"tls": True}, 8883), ({"tls": True, "port": 1883}, 1883)]
)
def test_the_default_port_depends_on_tls(mqtt: dict[str, object], port: int) -> None:
    assert parse({"mqtt": mqtt}, METER_TYPES).mqtt.port == port


# What is refused


@pytest.mark.parametrize("raw", [None, [], "text", 1])
def test_options_are_a_group(raw: object) -> None:
    assert problem(raw).startswith("the options: ")
    assert " is given; wanted is a group of options" in problem(raw)


def test_certificate_and_key_go_together() -> None:
    mqtt = {"host": "h", "tls": True}
    one = problem({"mqtt": mqtt | {"client_cert": "/c"}})
    assert one.startswith("mqtt.client_key: nothing is given; wanted is one, as")
    assert "mqtt.client_cert" in one
    other = problem({"mqtt": mqtt | {"client_key": "/k", "client_cert": ""}})
    assert other.startswith("mqtt.client_cert: nothing is given")


def test_certificates_without_encryption_are_a_mistake() -> None:
    sentence = problem({"mqtt": {"host": "h", "ca": "/ca.pem"}})
    assert sentence.startswith('mqtt.ca: "/ca.pem" is given, but mqtt.tls is off')
    # The Supervisor's broker says itself whether it encrypts.
    assert parse({"mqtt": {"ca": "/ca.pem"}}, METER_TYPES).mqtt.ca == "/ca.pem"


def test_a_legacy_layout_goes_with_one_meter_only() -> None:
    sentence = problem({"mqtt": {"layout": "lgraho"}, "additional_meters": [{}]})
    assert sentence == (
        "additional_meters: meters are given, but mqtt.layout is lgraho, whose program knew one"
        " meter only; wanted is no further meter, or mqtt.layout: standard"
    )
    assert parse({"mqtt": {"layout": "lgraho"}}, METER_TYPES).mqtt.layout == "lgraho"
    assert len(parse({"additional_meters": [{}]}, METER_TYPES).meters) == 2


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(METER_NAMES, json_values))
    | st.fixed_dictionaries(
        {"mqtt": st.fixed_dictionaries({}, optional=dict.fromkeys(MQTT_NAMES, json_values))}
    )
    | st.fixed_dictionaries({"additional_meters": st.lists(json_values, max_size=2)})
    | json_values
)
def test_any_json_is_read_or_refused_with_sentences_that_can_be_encoded(
    raw: object,
) -> None:
    found: tuple[str, ...] = ()
    try:
        parse(raw, METER_TYPES)
    except OptionsError as error:
        found = error.problems or ("none",)
    assert all(": " in sentence for sentence in found)
    "".join(found).encode()


# Secrets


def test_every_form_of_every_secret_is_named_for_the_log() -> None:
    options = parse(
        {
            "key": f" {KEY[:16]}-{KEY[16:]}",
            "auth_key": PLAIN_KEY,
            "mqtt": {"password": PASSWORD},
            "additional_meters": [{"key": AUTH_KEY}],
        },
        METER_TYPES,
    )
    assert options.secrets() >= {
        f"{KEY[:16]}-{KEY[16:]}",
        KEY,
        KEY.lower(),
        PLAIN_KEY,
        PLAIN_KEY.encode().hex(),
        PLAIN_KEY.encode().hex().upper(),
        AUTH_KEY,
        AUTH_KEY.replace(" ", ""),
        AUTH_KEY.replace(" ", "").upper(),
        PASSWORD,
        PASSWORD.strip(),
        r"6\xc6f9\xe4\x8a\x8c\xa4\xd6\xbc\x8b(*y;\xbb",
    }
    assert "" not in options.secrets()


def test_a_private_key_is_a_secret_as_a_whole_and_line_by_line() -> None:
    folded = PEM_KEY.replace("\n", " ")
    given = {"mqtt": {"host": "h", "tls": True, "client_cert": "/c", "client_key": folded}}
    secrets = parse(given, METER_TYPES).secrets()
    assert {"k1" * 32, "k2" * 20, "k1" * 32 + "k2" * 20, folded} <= secrets
    by_path = {"mqtt": given["mqtt"] | {"client_key": "/k"}}
    assert parse(by_path, METER_TYPES).secrets() == frozenset()


@pytest.mark.parametrize("password", ["homepi-2026", "HomePi", "house/meter", "gateway:2000"])
def test_a_password_that_another_option_shows_is_not_hidden_there(password: str) -> None:
    raw = {
        "url": "tcp://gateway:2000",
        "mqtt": {"host": "homepi-2026", "base_topic": "house/meter", "password": password},
    }
    assert parse(raw, METER_TYPES).secrets() == frozenset()


def test_without_secrets_none_is_named() -> None:
    assert parse({"key": "", "mqtt": {"password": None}}, METER_TYPES).secrets() == frozenset()


def test_no_secret_is_seen_in_the_repr_of_options() -> None:
    raw = {"key": KEY, "auth_key": PLAIN_KEY, "mqtt": {"password": PASSWORD}}
    options = parse(raw, METER_TYPES)
    assert not any(secret in repr(options) for secret in options.secrets())


# The file


def test_a_file_of_options_is_read(tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps({"name": "Zähler"}, ensure_ascii=False), "utf-8-sig")
    assert load(path, METER_TYPES).meters[0].name == "Zähler"
    path.write_text('{"keyy": ""}')
    with pytest.raises(OptionsError, match="keyy: there is no such option"):
        load(path, METER_TYPES)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "is missing; name another one with --options"),
        (b"", "is no valid JSON, see line 1, column 1 (expecting value)"),
        (b'{"key": "' + KEY.encode() + b'"\n"name": 1}', "is no valid JSON, see line 2, column 1"),
        (b'{"name": "\xff"}', "is no valid JSON"),
        (b"[" * 200_000, "is no valid JSON"),
        (b"1" * 5000, "is no valid JSON"),
    ],
)
def test_a_file_that_is_missing_or_no_json_is_reported(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "options.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OptionsError) as caught:
        load(path, METER_TYPES)
    assert caught.value.problems[0].startswith(f"the file of options {path} {words}")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("mode", "raw", "warned"),
    [
        (0o644, {"key": KEY}, True),
        (0o604, {"mqtt": {"password": "p"}}, True),
        (0o640, {"key": KEY}, False),
        (0o600, {"key": KEY}, False),
        (0o644, {"name": "Keller"}, False),
    ],
)
def test_a_file_with_secrets_that_everybody_can_read_is_warned_of_once(
    tmp_path: Path, mode: int, raw: object, *, warned: bool
) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps(raw))
    path.chmod(mode)
    sentence = (
        f"the file of options {path} holds a key or a password, and every user of this computer can"
        f" read it; take the right from the others: chmod 600 {path}"
    )
    assert list(readable_by_all(path)) == [sentence] * warned


def test_without_a_file_of_options_there_is_nothing_to_warn_of(tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    assert list(readable_by_all(path)) == []


@pytest.mark.parametrize(
    ("keys", "options"),
    [
        ({"key": KEY[:16]}, ["key"]),
        ({"key": KEY, "auth_key": "1234567890123456"}, ["auth_key"]),
        ({"additional_meters": [{}, {"key": KEY[16:]}]}, ["additional_meters[1].key"]),
        ({"key": PLAIN_KEY, "auth_key": KEY}, []),
    ],
)
def test_a_key_of_16_digits_is_taken_and_doubted(
    keys: dict[str, object], options: list[str]
) -> None:
    assert [doubt.partition(":")[0] for doubt in parse(keys, METER_TYPES).doubts()] == options


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    with pytest.raises(OptionsError, match=r"cannot be read \(is a directory\)"):
        load(tmp_path, METER_TYPES)
