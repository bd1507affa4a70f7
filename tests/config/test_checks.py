"""Each validator takes what people enter, and refuses the rest with a sentence."""

import pytest

from app.config.options import parse
from app.dlms.ciphering import Keys
from tests.support.options import (
    KEY,
    METER_TYPES,
    PEM_CERTIFICATE,
    PEM_KEY,
    nested,
    problem,
    problems,
)

# What is understood


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_null_and_blank_texts_count_as_not_given(nothing: str | None) -> None:
    texts = ("meter_type", "key", "device", "url", "serial_mode", "name", "language", "log_level")
    broker = ("host", "username", "ca", "base_topic", "discovery_prefix")
    raw = dict.fromkeys(texts, nothing) | {"mqtt": dict.fromkeys(broker, nothing)}
    assert parse(raw, METER_TYPES) == parse({}, METER_TYPES)


@pytest.mark.parametrize("nothing", [None, ""])
def test_empty_numbers_groups_and_passwords_count_as_not_given(nothing: str | None) -> None:
    raw = {
        "mqtt": {"password": nothing, "port": nothing, "tls": nothing},
        "update_interval": nothing,
    }
    assert parse(raw, METER_TYPES) == parse({}, METER_TYPES)
    assert parse({"mqtt": nothing, "additional_meters": nothing}, METER_TYPES) == parse(
        {}, METER_TYPES
    )


@pytest.mark.parametrize("host", ["core-mosquitto", "192.168.1.5", "fe80::1", "my_broker.local."])
def test_host_names_and_ip_addresses_are_accepted(host: str) -> None:
    assert parse({"mqtt": {"host": host}}, METER_TYPES).mqtt.host == host


@pytest.mark.parametrize(
    "text",
    [KEY, KEY.lower(), f"0x{KEY}", f" {bytes.fromhex(KEY).hex(':')}\n", KEY[:16] + "-" + KEY[16:]],
)
def test_a_key_may_have_separators_and_a_prefix(text: str) -> None:
    (meter,) = parse({"key": text}, METER_TYPES).meters
    assert meter.keys == Keys(bytes.fromhex(KEY))


def test_choices_may_be_written_in_capitals() -> None:
    options = parse({"meter_type": "KAIFA", "log_level": "DEBUG"}, METER_TYPES)
    assert (options.meters[0].meter_type, options.log_level) == ("kaifa", "debug")


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


# What is refused


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("meter_type", "kaiffa", '"kaiffa" is given; wanted is one of auto, kaifa, sagemcom, e450'),
        ("language", "fr", '"fr" is given; wanted is one of en, de'),
        ("energy_unit", "kWh", '"kWh" is given; wanted is one of auto, 1 Wh, 10 Wh'),
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


def test_a_key_that_became_a_number_is_to_be_put_in_quotes() -> None:
    sentence = problem({"key": 12345678901234567890123456789012})
    assert "in quotes" in sentence
    assert "without quotes a key of digits is taken for a number" in sentence


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
def test_an_unknown_option_is_reported_with_the_nearest_known_one(
    raw: object, sentence: str
) -> None:
    assert problem(raw).startswith(sentence)


def test_all_problems_are_reported_at_once() -> None:
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
