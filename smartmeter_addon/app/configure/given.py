"""Answers that are given beforehand: in arguments, in files that they name, in the environment."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.config import checks, environment, redaction
from app.configure import raw
from app.configure.flags import SERVICE_FILE
from app.configure.interview import SetupError
from app.configure.steps import Say
from app.transport.serial_mode import SerialMode

_KEYS: Final = ("key", "auth_key")
_OF_METERS: Final = (*_KEYS, "name", "serial_mode")
_OF_BROKER: Final = ("host", "port", "username", "password", "tls", "ca")


class GivenError(Exception):
    """An answer that was given cannot be used; the text is a sentence without secrets."""


@dataclass(slots=True)
class Given:
    """Answers that were given beforehand, each by the name of its question.

    Args:
        path: of the file of options; None to ask for it.
        meters: for each meter that is set up, at least one.
        broker: about the broker.
        general: about everything else.
        language: of the sensors' names; None to leave it to the file.
    """

    path: Path | None = None
    meters: list[dict[str, str]] = field(default_factory=lambda: [{}], repr=False)
    broker: dict[str, str] = field(default_factory=dict, repr=False)
    general: dict[str, str] = field(default_factory=dict)
    language: str | None = None


def given_answers(options: argparse.Namespace, variables: Mapping[str, str]) -> Given:
    """Give the answers in the arguments, and in the environment what they leave out.

    Args:
        options: as the parser gives them.
        variables: the environment; options stand there as `config.environment` says.

    Raises:
        GivenError: a file cannot be read, or a variable is wrong.
        SetupError: a line or a port is wrong, or answers contradict each other.
    """
    overlaid, problems = environment.overlaid({}, variables)
    if problems:
        raise GivenError(problems[0])
    known = overlaid if isinstance(overlaid, dict) else {}
    meters = [_of_meter(meter) for meter in options.meters or [{}]]
    meters[0] = _with_variables(meters[0], known, variables)
    group = known.get("mqtt", {})
    broker = {f"mqtt_{name}": _answer(group[name]) for name in _OF_BROKER if name in group}
    broker |= _broker(options)
    if options.no_mqtt:
        if broker:
            raise _conflict(_source(next(iter(broker)), options, variables), "--no-mqtt")
        broker = {"mqtt_host": ""}
    if options.mqtt_port is not None:
        _check_port(options.mqtt_port)
    for meter in meters:
        if mode := meter.get("serial_mode"):
            try:
                SerialMode.parse(mode)
            except ValueError as error:
                raise GivenError(f"--serial-mode: {error}") from None
    return Given(
        options.options or _options_file(variables),
        meters,
        broker,
        {},
        options.language or known.get("language"),
    )


def _with_variables(
    meter: dict[str, str], known: Mapping[str, Any], variables: Mapping[str, str]
) -> dict[str, str]:
    """Add to the answers about the first meter what the environment says of it."""
    for name in _KEYS:
        if meter.get(name) == "" and name in known:
            raise _conflict(_variable(name, variables), f"--no-{_flag_name(name)}")
    given = {name: str(known[name]) for name in _OF_METERS if name in known} | meter
    for name in ("url", "device"):
        if name in known and "line" not in given:
            given["line"] = _line(_variable(name, variables), str(known[name]))
    return given


def _broker(options: argparse.Namespace) -> dict[str, str]:
    given = {
        f"mqtt_{name}": _answer(value)
        for name in ("host", "port", "username", "tls", "ca")
        if (value := getattr(options, f"mqtt_{name}")) is not None
    }
    if options.mqtt_password_file is not None:
        given["mqtt_password"] = _content("--mqtt-password-file", options.mqtt_password_file)
    return given


def _conflict(one: str, other: str) -> SetupError:
    return SetupError(Say("given.conflict", {"one": one, "other": other}), 2)


def _flag_name(name: str) -> str:
    return name.replace("_", "-")


def _variable(option: str, variables: Mapping[str, str]) -> str:
    """Name the variable that gives an option: it, or the one of a file."""
    name = environment.variable(option)
    return name if variables.get(name, "").strip() else f"{name}{environment.FILE_SUFFIX}"


def _source(name: str, options: argparse.Namespace, variables: Mapping[str, str]) -> str:
    """Name the argument, else the variable, that gives an answer about the broker."""
    if name == "mqtt_password" and options.mqtt_password_file is not None:
        return "--mqtt-password-file"
    value = getattr(options, name, None)
    if value is not None:
        return f"--no-{_flag_name(name)}" if value is False else f"--{_flag_name(name)}"
    return _variable(name.replace("_", ".", 1), variables)


def _of_meter(meter: Mapping[str, str]) -> dict[str, str]:
    """Give the answers about a meter, with its line by one name, and keys read from files."""
    kept = {*_OF_METERS, "after_silence"}
    given = {name: text for name, text in meter.items() if name in kept}
    if "device" in meter and "url" in meter:
        raise _conflict("--device", "--url")
    if "url" in meter:
        given["line"] = _line("--url", meter["url"])
    if "device" in meter:
        given["line"] = _line("--device", _device(meter["device"]))
    for name in _KEYS:
        if (file := meter.get(f"{name}_file")) is not None:
            flag = f"--{_flag_name(name)}"
            if name in meter:
                raise _conflict(f"{flag}-file", f"--no{flag[1:]}")
            given[name] = _content(f"{flag}-file", file)
            if not given[name].strip():
                raise GivenError(
                    f"{flag}-file: the file is empty; to go on without: --no{flag[1:]}"
                )
    return given


def _line(source: str, text: str) -> str:
    """Check a line that is given by an argument or a variable.

    Raises:
        SetupError: it is none.
    """
    try:
        return raw.checked(checks.url, text)
    except ValueError:
        raise SetupError(Say("given.line_wrong", {"flag": source}), 2) from None


def _check_port(text: str) -> None:
    """Check the port at once, as the broker is tried long after the meter.

    Raises:
        SetupError: it is none.
    """
    try:
        raw.port(text)
    except ValueError:
        said = {"flag": "--mqtt-port", "wrong": Say("wrong.mqtt_port")}
        raise SetupError(Say("given.wrong", said), 2) from None


def _device(text: str) -> str:
    """Give the path of a device from the root on, as the service has another folder.

    Raises:
        SetupError: there is no such device in the folder of the user.
    """
    if not text.strip() or "://" in text or text.startswith("/"):
        return text
    if not os.path.exists(text):  # noqa: PTH110 - Path.exists fails on a name that is too long
        shown = redaction.shown(text)
        if not shown.startswith('"'):  # it looks like a key
            return text  # which is no line, either
        raise SetupError(Say("given.device_missing", {"flag": "--device", "path": shown}), 2)
    return str(Path(text).absolute())


def _content(flag: str, file: str) -> str:
    try:
        return environment.content(str(Path(file).expanduser().absolute()))
    except ValueError as error:
        raise GivenError(f"{flag}: {error}") from None


def _answer(value: object) -> str:
    """Give a value of JSON as the answer to a question."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _options_file(variables: Mapping[str, str]) -> Path | None:
    """Give the service's file of options, where there is a service."""
    folder = variables.get("CONFIGURATION_DIRECTORY", "").partition(":")[0]
    if folder:
        return Path(folder) / SERVICE_FILE.name
    return SERVICE_FILE if SERVICE_FILE.parent.is_dir() else None
