"""Answers that are given beforehand: in arguments, in files that they name, in the environment."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.config import environment
from app.configure.flags import SERVICE_FILE
from app.transport.serial_mode import SerialMode

_OF_METERS: Final = ("key", "auth_key", "name", "serial_mode")
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
    """
    raw, problems = environment.overlaid({}, variables)
    if problems:
        raise GivenError(problems[0])
    known = raw if isinstance(raw, dict) else {}
    first = {name: str(known[name]) for name in _OF_METERS if name in known}
    if line := known.get("url") or known.get("device"):
        first["line"] = str(line)
    group = known.get("mqtt", {})
    broker = {f"mqtt_{name}": _answer(group[name]) for name in _OF_BROKER if name in group}
    broker |= _broker(options)
    meters = [_with_files(meter) for meter in options.meters or [{}]]
    meters[0] = first | meters[0]
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


def _broker(options: argparse.Namespace) -> dict[str, str]:
    given = {
        f"mqtt_{name}": _answer(value)
        for name in ("host", "port", "username", "tls", "ca")
        if (value := getattr(options, f"mqtt_{name}")) is not None
    }
    if options.mqtt_password_file is not None:
        given["mqtt_password"] = _content("--mqtt-password-file", options.mqtt_password_file)
    return given


def _with_files(meter: Mapping[str, str]) -> dict[str, str]:
    """Read the files that are named for keys."""
    given = {name: text for name, text in meter.items() if not name.endswith("_file")}
    for name in ("key", "auth_key"):
        if (file := meter.get(f"{name}_file")) is not None:
            flag = f"--{name.replace('_', '-')}"
            given[name] = _content(f"{flag}-file", file)
            if not given[name].strip():
                raise GivenError(
                    f"{flag}-file: the file is empty; to go on without: --no{flag[1:]}"
                )
    return given


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
