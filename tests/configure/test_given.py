"""Answers in arguments, files and the environment."""

import argparse
from pathlib import Path

import pytest

from app import cli
from app.configure import given
from app.configure.flags import SERVICE_FILE, add_arguments, seconds
from app.configure.given import Given, GivenError, given_answers
from app.configure.interview import SetupError
from app.configure.steps import Say
from app.language.catalogue import Catalogue
from app.language.languages import languages
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


@pytest.mark.parametrize("port", ["many", "0", "65536", "-1", ""])
def test_a_port_that_is_none_is_told_before_anything_is_tried(port: str) -> None:
    with pytest.raises(SetupError) as caught:
        taken(f"--mqtt-port={port}")
    assert caught.value.status == 2
    assert caught.value.said == Say(
        "given.wrong", {"flag": "--mqtt-port", "wrong": Say("wrong.mqtt_port")}
    )


@pytest.mark.parametrize("option", ["--key", "--auth-key"])
def test_an_empty_file_is_no_key(option: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    with pytest.raises(GivenError, match=f"^{option}-file: the file is empty.* --no{option[1:]}$"):
        taken(f"{option}-file", str(empty))


def test_a_variable_that_is_wrong_is_told() -> None:
    with pytest.raises(GivenError, match="SMARTMETER_KEY_FILE"):
        taken(SMARTMETER_KEY_FILE="/none")


@pytest.mark.parametrize(
    ("arguments", "variables", "named"),
    [
        (("--key-file", "SECRET", "--no-key"), {}, ("--key-file", "--no-key")),
        (("--no-key", "--key-file", "SECRET"), {}, ("--key-file", "--no-key")),
        (
            ("--auth-key-file", "SECRET", "--no-auth-key"),
            {},
            ("--auth-key-file", "--no-auth-key"),
        ),
        (
            ("--another-meter", "--no-key", "--key-file", "SECRET"),
            {},
            ("--key-file", "--no-key"),
        ),
        (("--no-key",), {"SMARTMETER_KEY": KEY.hex()}, ("SMARTMETER_KEY", "--no-key")),
        (("--no-key",), {"SMARTMETER_KEY_FILE": "SECRET"}, ("SMARTMETER_KEY_FILE", "--no-key")),
        (
            ("--no-auth-key",),
            {"SMARTMETER_AUTH_KEY": KEY.hex()},
            ("SMARTMETER_AUTH_KEY", "--no-auth-key"),
        ),
        (("--device", "/dev/a", "--url", "tcp://h:1"), {}, ("--device", "--url")),
        (("--url", "tcp://h:1", "--device", "/dev/a"), {}, ("--device", "--url")),
        (("--no-mqtt", "--mqtt-host", "h"), {}, ("--mqtt-host", "--no-mqtt")),
        (("--no-mqtt", "--no-mqtt-tls"), {}, ("--no-mqtt-tls", "--no-mqtt")),
        (("--no-mqtt", "--mqtt-tls"), {}, ("--mqtt-tls", "--no-mqtt")),
        (
            ("--no-mqtt", "--mqtt-password-file", "SECRET"),
            {},
            ("--mqtt-password-file", "--no-mqtt"),
        ),
        (("--no-mqtt",), {"SMARTMETER_MQTT_HOST": "h"}, ("SMARTMETER_MQTT_HOST", "--no-mqtt")),
        (
            ("--no-mqtt",),
            {"SMARTMETER_MQTT_PASSWORD_FILE": "SECRET"},
            ("SMARTMETER_MQTT_PASSWORD_FILE", "--no-mqtt"),
        ),
    ],
)
def test_answers_that_contradict_each_other_are_both_named(
    arguments: tuple[str, ...],
    variables: dict[str, str],
    named: tuple[str, str],
    secret: Path,
) -> None:
    arguments = tuple(str(secret) if one == "SECRET" else one for one in arguments)
    variables = {k: str(secret) if v == "SECRET" else v for k, v in variables.items()}
    with pytest.raises(SetupError) as caught:
        taken(*arguments, **variables)
    assert caught.value.status == 2
    for language in languages():
        text = Catalogue.load(language).text(caught.value.said)
        assert all(f"{one} " in text for one in named)
        assert KEY.hex() not in text


def test_what_only_seems_to_contradict_is_taken(secret: Path) -> None:
    answers = taken(
        *("--no-key", "--url", "tcp://h:1", "--another-meter", "--device", "/dev/a"),
        *("--key-file", str(secret)),
        SMARTMETER_DEVICE="no device",
        SMARTMETER_AUTH_KEY=AUTH_KEY.hex(),
    )
    assert answers.meters == [
        {"key": "", "line": "tcp://h:1", "auth_key": AUTH_KEY.hex()},
        {"line": "/dev/a", "key": KEY.hex()},
    ]
    assert taken("--no-mqtt").broker == {"mqtt_host": ""}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        *(("--url", line) for line in ("http://foo", "foo", "tcp://h", "tcp://h:0", "1", "")),
        *(("--device", line) for line in ("http://foo", "", " ", KEY.hex())),
        *(("SMARTMETER_URL", line) for line in ("http://foo", "1")),
        *(("SMARTMETER_DEVICE", line) for line in ("ttyUSB0", "1")),
    ],
)
def test_of_a_wrong_line_only_what_gave_it_is_named(source: str, line: str) -> None:
    arguments = (source, line) if source.startswith("--") else ()
    variables = {} if arguments else {source: line}
    with pytest.raises(SetupError) as caught:
        taken(*arguments, **variables)
    assert caught.value.status == 2
    for language in languages():
        text = Catalogue.load(language).text(caught.value.said)
        assert f"{source} " in text
        assert ("--url" in text, "--device" in text) == (source == "--url", source == "--device")
        assert KEY.hex() not in text
        assert "number" not in text.lower()
        assert "nummer" not in text.lower()


def test_the_path_of_a_device_may_be_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("ttyUSB0", "./serial/adapter", "1", "Zähler"):
        with pytest.raises(SetupError) as caught:
            taken("--device", path)
        assert caught.value.status == 2
        for language in languages():
            text = Catalogue.load(language).text(caught.value.said)
            assert f'"{path}"' in text
            assert "--device" in text
            assert "--url" not in text
    with pytest.raises(SetupError):
        taken("--device", "x" * 300)
    (tmp_path / "ttyUSB0").touch()
    assert taken("--device", "ttyUSB0").meters == [{"line": str(tmp_path / "ttyUSB0")}]


@pytest.mark.parametrize("command", [("configure",), ("listen", "/dev/null"), ("record", "-")])
@pytest.mark.parametrize("text", ["-1", "0", "-0.0", "nan", "inf", "-inf", "1e999", "x", ""])
def test_seconds_that_cannot_be_waited_are_refused(
    command: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, f"--seconds={text}"])
    assert ended.value.code == 2
    assert "argument --seconds: must be a number of seconds above 0" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "number"), [("0.05", 0.05), ("70", 70.0), ("1e3", 1000.0)])
def test_seconds_may_be_any_above_0(text: str, number: float) -> None:
    assert seconds(text) == number


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
