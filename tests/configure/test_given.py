"""Answers in arguments, files and the environment."""

import argparse
from pathlib import Path

import pytest

from app import cli
from app.configure import given
from app.configure.flags import SERVICE_FILE, add_arguments
from app.configure.given import Given, GivenError, given_answers
from simulator.ciphering import AUTH_KEY, KEY


def taken(*arguments: str, **variables: str) -> Given:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_arguments(parser, ("de", "en"))
    return given_answers(parser.parse_args(arguments), variables)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(f"{KEY.hex()}\n")
    return file


def test_nothing_given_is_nothing_answered() -> None:
    empty = taken()
    assert (empty.meters, empty.broker, empty.general, empty.language) == ([{}], {}, {}, None)


def test_every_answer_has_an_argument(secret: Path) -> None:
    answers = taken(
        *("--options", "/srv/o", "--language", "de", "--device", "/dev/a", "--name", "Cellar"),
        *("--key-file", str(secret), "--no-auth-key", "--serial-mode", "9600 8N1"),
        *("--accept-silence", "--mqtt-host", "h", "--mqtt-port", "8883", "--mqtt-tls"),
        *("--mqtt-username", "u", "--mqtt-password-file", str(secret), "--mqtt-ca", "/ca.pem"),
    )
    assert answers.path == Path("/srv/o")
    assert answers.language == "de"
    assert answers.meters == [
        {
            "line": "/dev/a",
            "name": "Cellar",
            "key": KEY.hex(),
            "auth_key": "",
            "serial_mode": "9600 8N1",
            "after_silence": "skip",
        }
    ]
    assert answers.broker == {
        "mqtt_host": "h",
        "mqtt_port": "8883",
        "mqtt_tls": "yes",
        "mqtt_username": "u",
        "mqtt_password": KEY.hex(),
        "mqtt_ca": "/ca.pem",
    }
    assert KEY.hex() not in repr(answers)


def test_answers_about_several_meters(secret: Path) -> None:
    answers = taken(
        *("--device", "/dev/a", "--another-meter", "--url", "tcp://h:1", "--no-key"),
        *("--another-meter", "--device", "/dev/c", "--key-file", str(secret)),
    )
    assert answers.meters == [
        {"line": "/dev/a"},
        {"line": "tcp://h:1", "key": ""},
        {"line": "/dev/c", "key": KEY.hex()},
    ]


def test_the_environment_answers_as_it_does_for_run(secret: Path) -> None:
    answers = taken(
        "--name",
        "Cellar",
        SMARTMETER_KEY_FILE=str(secret),
        SMARTMETER_AUTH_KEY=AUTH_KEY.hex(),
        SMARTMETER_URL="tcp://h:1",
        SMARTMETER_NAME="Attic",
        SMARTMETER_LANGUAGE="de",
        SMARTMETER_MQTT_HOST="h",
        SMARTMETER_MQTT_PORT="1884",
        SMARTMETER_MQTT_TLS="true",
        SMARTMETER_MQTT_PASSWORD="p",
    )
    assert answers.meters == [
        {"key": KEY.hex(), "auth_key": AUTH_KEY.hex(), "line": "tcp://h:1", "name": "Cellar"}
    ]
    assert answers.broker == {
        "mqtt_host": "h",
        "mqtt_port": "1884",
        "mqtt_tls": "yes",
        "mqtt_password": "p",
    }
    assert answers.language == "de"


def test_a_relative_path_of_a_file_will_do(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(secret.parent)
    assert taken("--key-file", "secret").meters == [{"key": KEY.hex()}]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--key-file", KEY.hex()),
        ("--auth-key-file", KEY.hex()),
        ("--mqtt-password-file", KEY.hex()),
        ("--serial-mode", "fast"),
    ],
)
def test_what_cannot_be_used_is_told_without_secrets(arguments: tuple[str, str]) -> None:
    with pytest.raises(GivenError) as caught:
        taken(*arguments)
    assert str(caught.value).startswith(f"{arguments[0]}: ")
    assert KEY.hex() not in str(caught.value)


@pytest.mark.parametrize("option", ["--key", "--auth-key"])
def test_an_empty_file_is_no_key(option: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    with pytest.raises(GivenError, match=f"^{option}-file: the file is empty.* --no{option[1:]}$"):
        taken(f"{option}-file", str(empty))


def test_a_variable_that_is_wrong_is_told() -> None:
    with pytest.raises(GivenError, match="SMARTMETER_KEY_FILE"):
        taken(SMARTMETER_KEY_FILE="/none")


@pytest.mark.parametrize("arguments", [("--key", KEY.hex()), ("--mqtt-password", KEY.hex())])
def test_no_argument_takes_a_secret(
    arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["configure", *arguments])
    assert ended.value.code == 2
    assert KEY.hex() not in "".join(capsys.readouterr())


def test_the_service_s_file_is_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert taken(CONFIGURATION_DIRECTORY="/etc/smartmeter").path == SERVICE_FILE
    for folder, path in ((tmp_path, tmp_path / "options.json"), (tmp_path / "none", None)):
        monkeypatch.setattr(given, "SERVICE_FILE", folder / "options.json")
        assert taken().path == path
