"""Options from variables, and from the files that they name."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import environment
from app.config.influxdb import InfluxdbOptions
from app.config.options import Options, OptionsError, load
from tests.support.options import KEY, METER_TYPES

CONFIG = Path(__file__).parents[2] / "smartmeter_addon" / "config.yaml"


def read(folder: Path, variables: dict[str, str], content: str | None = None) -> Options:
    path = folder / "options.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    return load(path, METER_TYPES, variables)


def problems(folder: Path, variables: dict[str, str], content: str = "{}") -> tuple[str, ...]:
    with pytest.raises(OptionsError) as caught:
        read(folder, variables, content)
    return caught.value.problems


def kinds(schema: dict[str, Any]) -> dict[str, str]:
    """Give the type of each option of the form, those of groups by their path."""
    found: dict[str, str] = {}
    for name, kind in schema.items():
        if isinstance(kind, dict):
            found |= {f"{name}.{inner}": inner_kind for inner, inner_kind in kinds(kind).items()}
        else:
            found[name] = kind if isinstance(kind, str) else "list"
    return found


def test_each_option_has_a_variable() -> None:
    options = kinds(yaml.safe_load(CONFIG.read_text("utf-8"))["schema"])
    values = {
        name
        for name, kind in options.items()
        if kind == "list" or kind.startswith(("int", "bool", "port"))
    }
    assert set(environment.VALUES) == values
    assert set(environment.TEXTS) == options.keys() - values
    names = [environment.variable(one) for one in (*environment.TEXTS, *environment.VALUES)]
    assert len({*names, *(name + environment.FILE_SUFFIX for name in names)}) == 2 * len(names)


def test_variables_alone_are_enough(tmp_path: Path) -> None:
    options = read(
        tmp_path,
        {
            "SMARTMETER_KEY": KEY,
            "SMARTMETER_DEVICE": "/dev/ttyMeter",
            "SMARTMETER_UPDATE_INTERVAL": "30",
            "SMARTMETER_LANGUAGE": "de",
            "SMARTMETER_MQTT_HOST": "broker",
            "SMARTMETER_MQTT_PORT": "8883",
            "SMARTMETER_MQTT_TLS": "true",
            "SMARTMETER_ADDITIONAL_METERS": '[{"url": "tcp://h:1"}]',
        },
    )
    meter, other = options.meters
    assert meter.keys.encryption == bytes.fromhex(KEY)
    assert (meter.device, meter.update_interval, options.language) == ("/dev/ttyMeter", 30, "de")
    assert (options.mqtt.host, options.mqtt.port, options.mqtt.tls) == ("broker", 8883, True)
    assert other.url == "tcp://h:1"


def test_a_variable_wins_over_the_file_and_leaves_the_rest(tmp_path: Path) -> None:
    options = read(
        tmp_path,
        {"SMARTMETER_MQTT_PASSWORD": "new", "SMARTMETER_NAME": " "},
        '{"name": "Keller", "mqtt": {"host": "h", "password": "old"}}',
    )
    assert (options.mqtt.host, options.mqtt.password) == ("h", "new")
    assert options.meters[0].name == "Keller"


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    key, password = tmp_path / "key", tmp_path / "password"
    key.write_text(KEY + "\r\n")
    password.write_text(" with blanks \n")
    variables = {
        "SMARTMETER_KEY_FILE": str(key),
        "SMARTMETER_MQTT_HOST": "h",
        "SMARTMETER_MQTT_PASSWORD_FILE": str(password),
    }
    options = read(tmp_path, variables)
    assert options.meters[0].keys.encryption == bytes.fromhex(KEY)
    assert options.mqtt.password == " with blanks "
    assert {KEY, " with blanks "} <= options.secrets()


def test_a_database_comes_from_variables_and_its_token_from_a_file(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t0ken==\n")
    variables = {
        "SMARTMETER_INFLUXDB_URL": "https://h:8086",
        "SMARTMETER_INFLUXDB_ORG": "home",
        "SMARTMETER_INFLUXDB_BUCKET": "meter",
        "SMARTMETER_INFLUXDB_TOKEN_FILE": str(token),
        "SMARTMETER_INFLUXDB_TLS_INSECURE": "true",
        "SMARTMETER_CONSOLE": "json",
    }
    options = read(tmp_path, variables)
    assert options.influxdb == InfluxdbOptions(
        url="https://h:8086", org="home", bucket="meter", token="t0ken==", tls_insecure=True
    )
    assert options.console == "json"
    assert "t0ken==" in options.secrets()


def test_a_password_of_digits_stays_a_text(tmp_path: Path) -> None:
    options = read(tmp_path, {"SMARTMETER_MQTT_PASSWORD": "1234", "SMARTMETER_NAME": "true"})
    assert (options.mqtt.password, options.meters[0].name) == ("1234", "true")


def test_a_variable_that_is_no_option_is_somebody_else_s(tmp_path: Path) -> None:
    options = read(tmp_path, {"SMARTMETER_PORT": "tcp://10.0.0.1:80"}, "{}")
    assert options == read(tmp_path, {})
    assert not environment.gives_any({"SMARTMETER_PORT": "x", "SMARTMETER_KEY": " "})


def test_without_options_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OptionsError, match="is missing"):
        read(tmp_path, {"SMARTMETER_KEY": ""})


def test_all_problems_are_told_at_once_and_without_secrets(tmp_path: Path) -> None:
    not_text = tmp_path / "binary"
    not_text.write_bytes(b"\xff\xff")
    told = problems(
        tmp_path,
        {
            "SMARTMETER_KEY": "0011",
            "SMARTMETER_AUTH_KEY_FILE": KEY,
            "SMARTMETER_NAME_FILE": str(not_text),
            "SMARTMETER_MQTT_PASSWORD": "swordfish",
            "SMARTMETER_MQTT_PASSWORD_FILE": str(tmp_path / "missing"),
            "SMARTMETER_MQTT_USERNAME_FILE": str(tmp_path / "missing"),
            "SMARTMETER_MQTT_PORT": "many",
            "SMARTMETER_MQTT_TLS": "[" * 100_000,
            "SMARTMETER_ADDITIONAL_METERS": '[{"name": "a", "name": "b"}]',
        },
        '{"language": "fr"}',
    )
    assert sorted(sentence.partition(": ")[0] for sentence in told) == [
        "SMARTMETER_ADDITIONAL_METERS",
        "SMARTMETER_AUTH_KEY_FILE",
        "SMARTMETER_MQTT_PASSWORD",
        "SMARTMETER_MQTT_USERNAME_FILE",
        "SMARTMETER_NAME_FILE",
        "key",
        "language",
        "mqtt.port",
        "mqtt.tls",
    ]
    text = "\n".join(told)
    assert "cannot be read (no such file or directory)" in text
    assert "cannot be read (it is no text in UTF-8)" in text
    for secret in (KEY, "swordfish", "0011"):
        assert secret not in text


def test_a_file_that_is_no_group_is_told_as_ever(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, {"SMARTMETER_MQTT_HOST": "h"}, "[]")
    assert told.startswith("the options: a list of 0 is given; wanted is a group of options")


def test_a_group_of_the_wrong_kind_is_replaced(tmp_path: Path) -> None:
    options = read(tmp_path, {"SMARTMETER_MQTT_HOST": "h"}, '{"mqtt": null}')
    assert options.mqtt.host == "h"


def test_a_variable_that_is_misspelt_is_told() -> None:
    given = {"SMARTMETER_MQTT_PASWORD_FILE": "x", "SMARTMETER_KEY": "y", "PATH": "z"}
    (told,) = environment.unknown(given | {"SMARTMETER_PROGRAM": "smartmeter"})
    assert told == (
        "the variable SMARTMETER_MQTT_PASWORD_FILE names no option and is not read; did you mean"
        " SMARTMETER_MQTT_PASSWORD_FILE?"
    )
