"""Options are read whole or refused with every problem, and no secret is ever shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config.options import MeterOptions, MqttOptions, Options, OptionsError, load, parse
from app.dlms.ciphering import Keys
from app.transport.serial_mode import SerialMode

METER_TYPES = ("auto", "kaifa", "sagemcom", "e450")
KEY = "36C66639E48A8CA4D6BC8B282A793BBB"
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


def problems(raw: object) -> tuple[str, ...]:
    with pytest.raises(OptionsError) as caught:
        parse(raw, METER_TYPES)
    assert str(caught.value) == "\n".join(caught.value.problems)
    assert caught.value.__cause__ is None
    return caught.value.problems


def problem(raw: object) -> str:
    (only,) = problems(raw)
    return only


def nested(path: str, value: object) -> dict[str, Any]:
    """Give options with one value, at a path like ``mqtt.port`` or ``additional_meters[1].key``."""
    if path.startswith("mqtt."):
        return {"mqtt": {path.removeprefix("mqtt."): value}}
    if path.startswith("additional_meters[1]."):
        name = path.removeprefix("additional_meters[1].")
        return {"additional_meters": [{}, {name: value}]}
    return {path: value}


# What is understood


def test_without_options_all_is_left_to_be_found() -> None:
    assert parse({}, METER_TYPES) == Options((MeterOptions(),), MqttOptions(), "en", "info")


def test_everything_given_is_taken_over() -> None:
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
    )


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_what_is_empty_is_not_given(nothing: str | None) -> None:
    texts = ("meter_type", "key", "device", "url", "serial_mode", "name", "language", "log_level")
    broker = ("host", "username", "ca", "base_topic", "discovery_prefix")
    raw = dict.fromkeys(texts, nothing) | {"mqtt": dict.fromkeys(broker, nothing)}
    assert parse(raw, METER_TYPES) == parse({}, METER_TYPES)


@pytest.mark.parametrize("nothing", [None, ""])
def test_empty_numbers_groups_and_passwords_are_not_given(nothing: str | None) -> None:
    raw = {
        "mqtt": {"password": nothing, "port": nothing, "tls": nothing},
        "update_interval": nothing,
    }
    assert parse(raw, METER_TYPES) == parse({}, METER_TYPES)
    assert parse({"mqtt": nothing, "additional_meters": nothing}, METER_TYPES) == parse(
        {}, METER_TYPES
    )


@pytest.mark.parametrize(
    ("mqtt", "port"), [({}, 1883), ({"tls": True}, 8883), ({"tls": True, "port": 1883}, 1883)]
)
def test_the_usual_port_depends_on_encryption(mqtt: dict[str, object], port: int) -> None:
    assert parse({"mqtt": mqtt}, METER_TYPES).mqtt.port == port


@pytest.mark.parametrize("host", ["core-mosquitto", "192.168.1.5", "fe80::1", "my_broker.local."])
def test_brokers_are_named_in_many_ways(host: str) -> None:
    assert parse({"mqtt": {"host": host}}, METER_TYPES).mqtt.host == host


@pytest.mark.parametrize(
    "text",
    [KEY, KEY.lower(), f"0x{KEY}", f" {bytes.fromhex(KEY).hex(':')}\n", KEY[:16] + "-" + KEY[16:]],
)
def test_a_key_is_read_as_people_have_it(text: str) -> None:
    (meter,) = parse({"key": text}, METER_TYPES).meters
    assert meter.keys == Keys(bytes.fromhex(KEY))


def test_choices_may_be_written_in_capitals() -> None:
    options = parse({"meter_type": "KAIFA", "log_level": "DEBUG"}, METER_TYPES)
    assert (options.meters[0].meter_type, options.log_level) == ("kaifa", "debug")


# What is refused


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("meter_type", "kaiffa", '"kaiffa" is given; wanted is one of auto, kaifa, sagemcom, e450'),
        ("language", "fr", '"fr" is given; wanted is one of en, de'),
        ("log_level", "loud", "wanted is one of trace, debug, info, notice, warning, error, fatal"),
        ("update_interval", -1, "-1 is given; wanted is a whole number from 0 to 86400 (seconds"),
        ("update_interval", 86401, "86401 is given"),
        ("update_interval", 1.5, "1.5 is given"),
        ("update_interval", True, "true is given"),
        ("device", "ttyUSB0", '"ttyUSB0" is given; wanted is the path of a serial device'),
        ("device", "tcp://h:1", "a gateway belongs into url"),
        ("url", "192.168.1.20:2000", '"192.168.1.20:2000" is given; wanted is tcp://host:port'),
        ("url", "tcp://h", '"tcp://h" is given; the port is missing'),
        ("serial_mode", "2400", '"2400" is given; a serial mode is a baud rate from 300'),
        ("serial_mode", 2400, "2400 is given; wanted is a text in quotes: a text like 2400 8E1"),
        ("name", 12, "12 is given; wanted is a text in quotes: a name"),
        ("name", ["a"], "a list of 1 is given"),
        ("name", "a\x1bb", r'"a\u001bb" is given; wanted is a name; there are control characters'),
        ("name", "a\ud800", r'"a\ud800" is given'),
        ("name", "x\n" * 99, 'x\\n"... is given'),
        ("mqtt", [], "a list of 0 is given; wanted is a group of options"),
        ("mqtt", "mqtt://u:secret@h", "a text of 17 characters is given; wanted is a group"),
        ("mqtt.port", 70000, "70000 is given; wanted is a whole number from 1 to 65535"),
        ("mqtt.port", 0, "0 is given"),
        ("mqtt.port", "1883", '"1883" is given'),
        ("mqtt.host", "mqtt://broker", '"mqtt://broker" is given; wanted is a name or IP address'),
        ("mqtt.host", "broker:1883", "the port belongs into mqtt.port"),
        ("mqtt.host", "a b", '"a b" is given'),
        ("mqtt.tls", "yes", '"yes" is given; wanted is true or false'),
        ("mqtt.tls_insecure", 1, "1 is given; wanted is true or false"),
        (
            "mqtt.ca",
            False,
            "false is given; wanted is a text in quotes: the PEM text, which begins with",
        ),
        ("mqtt.base_topic", "a/+/b", '"a/+/b" is given; wanted is an MQTT topic without + and #'),
        ("mqtt.base_topic", "a/#", '"a/#" is given'),
        ("mqtt.base_topic", "/a", '"/a" is given'),
        ("mqtt.base_topic", "a/", '"a/" is given'),
        ("mqtt.base_topic", "a//b", '"a//b" is given'),
        ("mqtt.base_topic", "$SYS", '"$SYS" is given'),
        ("mqtt.discovery_prefix", "a\x00b", r'"a\u0000b" is given'),
        ("additional_meters", {}, "a group of options is given; wanted is a list of groups"),
        ("additional_meters[1].meter_type", "x", '"x" is given'),
    ],
)
def test_a_problem_names_the_option_what_was_given_and_what_is_wanted(
    path: str, value: object, words: str
) -> None:
    sentence = problem(nested(path, value))
    assert sentence.startswith(f"{path}: ")
    assert words in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize("path", ["key", "auth_key", "additional_meters[1].key"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (KEY[:31], "31 hexadecimal digits; wanted are 32"),
        (KEY + "0", "33 hexadecimal digits; wanted are 32"),
        ("geheim", "6 characters"),
        (12345678901234567890123456789012, "a number of 32 digits is given (not shown)"),
        (1234e56, "a number with a decimal point or an exponent is given (not shown)"),
        (True, "true or false is given"),
        ([KEY], "a list of 1 is given"),
    ],
)
def test_a_wrong_key_is_described_and_not_shown(path: str, value: object, words: str) -> None:
    sentence = problem(nested(path, value))
    assert sentence.startswith(f"{path}: ")
    assert words in sentence
    assert "geheim" not in sentence
    assert KEY[:31] not in sentence
    assert "12345" not in sentence


def test_a_key_that_became_a_number_is_to_be_put_in_quotes() -> None:
    sentence = problem({"key": 12345678901234567890123456789012})
    assert "in quotes" in sentence
    assert "without quotes a key of digits is taken for a number" in sentence


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (123454321, "a number of 9 digits is given (not shown); wanted is a text, in quotes"),
        (["123454321"], "a list of 1 is given (not shown)"),
        ("123454321\ud800", "a text of 10 characters is given (not shown)"),
    ],
)
def test_a_wrong_password_is_described_and_not_shown(value: object, words: str) -> None:
    sentence = problem({"mqtt": {"password": value}})
    assert sentence.startswith("mqtt.password: ")
    assert words in sentence
    assert "123454321" not in sentence


@pytest.mark.parametrize(
    "raw",
    [
        {"serial_mode": KEY},
        {"meter_type": bytes.fromhex(KEY).hex(":")},
        {"device": f"key {KEY}"},
        {"url": f"tcp://someone:{KEY}@host:1"},
        {"url": "tcp://someone:p@ss-w0rd@host:1"},
        {"mqtt": {"host": "mqtt://someone:p@ss-w0rd@host"}},
        {"mqtt": {"host": "someone:p@ss-w0rd@host"}},
        {"mqtt": {"broker": "p@ss-w0rd"}},
        {"mqtt": [{"password": "p@ss-w0rd"}]},
        [{"password": "p@ss-w0rd"}],
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown_either(raw: object) -> None:
    sentence = problem(raw).lower()
    for part in (KEY.lower(), KEY.lower()[:2] + ":", "ss-w0rd", "someone"):
        assert part not in sentence


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"keyy": KEY}, "keyy: there is no such option; did you mean key?"),
        ({"KEY": KEY}, "KEY: there is no such option; did you mean key?"),
        ({"mqtt": {"user": "x"}}, "mqtt.user: there is no such option; did you mean username?"),
        (
            {"additional_meters": [{"log_level": "info"}]},
            "additional_meters[0].log_level: there is no such option; there are meter_type, key, ",
        ),
        ({"topic prefix": None}, '"topic prefix": there is no such option; there are meter_type'),
    ],
)
def test_an_unknown_option_is_told_with_the_nearest_known_one(raw: object, sentence: str) -> None:
    assert problem(raw).startswith(sentence)


def test_all_problems_are_told_at_once() -> None:
    raw = {
        "colour": "red",
        "key": "0",
        "update_interval": "often",
        "mqtt": {"port": 0, "hots": "x", "client_cert": "/c"},
        "additional_meters": [{"key": 1, "name": 2}, {}, "third", {"url": "x", "nam": ""}],
    }
    assert [sentence.partition(": ")[0] for sentence in problems(raw)] == [
        "colour",
        "key",
        "update_interval",
        "mqtt.hots",
        "mqtt.client_key",
        "mqtt.port",
        "additional_meters[0].key",
        "additional_meters[0].name",
        "additional_meters[2]",
        "additional_meters[3].nam",
        "additional_meters[3].url",
    ]


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


PEM_KEY = f"-----BEGIN PRIVATE KEY-----\n{'k1' * 32}\n{'k2' * 20}\n-----END PRIVATE KEY-----\n"
PEM_CERTIFICATE = f"-----BEGIN CERTIFICATE-----\n{'c1' * 32}\n-----END CERTIFICATE-----\n"


def test_certificates_and_key_can_be_given_as_text() -> None:
    mqtt = {
        "host": "h",
        "tls": True,
        "ca": PEM_CERTIFICATE.replace("\n", ""),
        "client_cert": PEM_CERTIFICATE.replace("\n", " "),
        "client_key": PEM_KEY.replace("\n", ""),
    }
    found = parse({"mqtt": mqtt}, METER_TYPES)
    assert (found.mqtt.ca, found.mqtt.client_cert) == (PEM_CERTIFICATE, PEM_CERTIFICATE)
    assert found.mqtt.client_key == PEM_KEY
    assert "k1" not in repr(found)


def test_a_private_key_is_a_secret_as_a_whole_and_line_by_line() -> None:
    folded = PEM_KEY.replace("\n", " ")
    given = {"mqtt": {"host": "h", "tls": True, "client_cert": "/c", "client_key": folded}}
    secrets = parse(given, METER_TYPES).secrets()
    assert {"k1" * 32, "k2" * 20, "k1" * 32 + "k2" * 20, folded} <= secrets
    by_path = {"mqtt": given["mqtt"] | {"client_key": "/k"}}
    assert parse(by_path, METER_TYPES).secrets() == frozenset()


@pytest.mark.parametrize(
    "wrong",
    [
        {"ca": PEM_KEY},
        {"client_cert": PEM_KEY, "client_key": PEM_CERTIFICATE},
        {"client_cert": "/c", "client_key": PEM_KEY[:100]},
        {"client_cert": "/c", "client_key": PEM_KEY.partition("-----\n")[2]},
        {"client_cert": "/c", "client_key": "k1" * 32},
        {"client_cert": PEM_KEY},
        {"tls": False, "ca": PEM_KEY},
        {"base_topic": PEM_KEY, "client_cert": "/c", "client_key": PEM_KEY},
        {"username": PEM_KEY + "\n"},
    ],
)
def test_a_private_key_in_the_wrong_place_is_not_shown(wrong: dict[str, object]) -> None:
    told = "\n".join(problems({"mqtt": {"host": "h", "tls": True} | wrong}))
    assert told
    assert "k1" not in told
    assert "k2" not in told


@pytest.mark.parametrize("raw", [None, [], "text", 1])
def test_options_are_a_group(raw: object) -> None:
    assert problem(raw).startswith("the options: ")
    assert problem(raw).endswith(" is given; wanted is a group of options")


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(METER_NAMES, json_values))
    | st.fixed_dictionaries(
        {"mqtt": st.fixed_dictionaries({}, optional=dict.fromkeys(MQTT_NAMES, json_values))}
    )
    | st.fixed_dictionaries({"additional_meters": st.lists(json_values, max_size=2)})
    | json_values
)
def test_whatever_is_given_is_read_or_refused_with_sentences_that_can_be_written(
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
def test_a_file_that_is_none_is_told(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "options.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OptionsError) as caught:
        load(path, METER_TYPES)
    assert caught.value.problems[0].startswith(f"the file of options {path} {words}")
    assert KEY not in str(caught.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(OptionsError, match=r"cannot be read \(is a directory\)"):
        load(tmp_path, METER_TYPES)
