"""Options from the environment, as containers and services are given them.

Each option has a variable: SMARTMETER_ and its name in capitals, those of a group with the group's
between, such as SMARTMETER_KEY and SMARTMETER_MQTT_HOST. With _FILE behind it, the variable
names a file that holds the value, such as a secret of Docker. The environment wins over the file of
options. Variables that name no option are passed over, and those that look like one are told.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from app.config import hints, json_input, redaction

PREFIX: Final = "SMARTMETER_"
FILE_SUFFIX: Final = "_FILE"

TEXTS: Final = (
    *("meter_type", "key", "auth_key", "device", "url", "serial_mode", "name"),
    *("language", "log_level", "energy_unit", "console", "page"),
    *("mqtt.host", "mqtt.username", "mqtt.password", "mqtt.ca", "mqtt.client_cert"),
    *("mqtt.client_key", "mqtt.base_topic", "mqtt.discovery_prefix", "mqtt.layout"),
    "mqtt.state_topic",
    *("influxdb.url", "influxdb.database", "influxdb.username", "influxdb.password"),
    *("influxdb.retention_policy", "influxdb.org", "influxdb.bucket", "influxdb.token"),
    "influxdb.ca",
)
"""Options that are texts, taken as they are."""

VALUES: Final = (
    *("update_interval", "detail_interval", "additional_meters"),
    *("mqtt.port", "mqtt.tls", "mqtt.tls_insecure", "mqtt.discovery", "mqtt.topics"),
    "influxdb.tls_insecure",
)
"""Options that are numbers, true or false, or lists: their variables hold JSON."""


PROGRAM: Final = "SMARTMETER_PROGRAM"
"""Names the installed command by which the program was called, for its help."""

OF_OTHERS: Final = frozenset((PROGRAM, "SMARTMETER_ADAPTER"))
"""Variables of the installed command and of ``compose.yaml``."""


def variable(option: str) -> str:
    """Name the variable of an option: ``mqtt.host`` is SMARTMETER_MQTT_HOST."""
    return PREFIX + option.replace(".", "_").upper()


def overlaid(raw: object, environment: Mapping[str, str]) -> tuple[object, list[str]]:
    """Put the options of the environment over those of the file.

    Args:
        raw: what the file gave, right or wrong; it is left as it is.
        environment: variables; a blank one is not given.

    Returns:
        The options, and all that is wrong with variables, a sentence each, without secrets.
    """
    problems: list[str] = []
    given = dict(_given(environment, problems))
    if not isinstance(raw, dict) or not given:
        return raw, problems
    options = dict(raw)
    for option, value in given.items():
        group, _, name = option.rpartition(".")
        target = options
        if group:
            inner = options.get(group)
            target = options[group] = dict(inner) if isinstance(inner, dict) else {}
        target[name] = value
    return options, problems


def unknown(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable that looks like one of ours and names no option."""
    known = {variable(option) for option in (*TEXTS, *VALUES)}
    known |= {f"{name}{FILE_SUFFIX}" for name in known} | OF_OTHERS
    sentences = []
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            near = hints.nearest(name, known)
            hint = f"; did you mean {near}?" if near else ""
            sentences.append(f"the variable {name} names no option and is not read{hint}")
    return sentences


def gives_any(environment: Mapping[str, str]) -> bool:
    """Tell whether the environment holds any option."""
    names = (variable(option) for option in (*TEXTS, *VALUES))
    return any(
        environment.get(name, "").strip() for one in names for name in (one, one + FILE_SUFFIX)
    )


def text(name: str, environment: Mapping[str, str]) -> str:
    """Give the text of a variable, or of the file that is named; blank if neither is given.

    Args:
        name: of the variable that may have _FILE behind it.
        environment: variables.

    Raises:
        ValueError: both are given, or the file cannot be read; a sentence without secrets.
    """
    value = environment.get(name, "")
    file = environment.get(name + FILE_SUFFIX, "").strip()
    if not file:
        return value
    if value.strip():
        raise ValueError(f"{name}: both it and {name}{FILE_SUFFIX} are given; wanted is one")
    try:
        return content(file)
    except ValueError as error:
        raise ValueError(f"{name}{FILE_SUFFIX}: {error}") from None


def _given(environment: Mapping[str, str], problems: list[str]) -> Iterator[tuple[str, Any]]:
    """Give the options of the environment by their names; what cannot be used is a problem."""
    for option in (*TEXTS, *VALUES):
        try:
            given = text(variable(option), environment)
        except ValueError as error:
            problems.append(str(error))
            continue
        if not given.strip():
            continue
        try:
            yield option, _value(given) if option in VALUES else given
        except json_input.RepeatedNameError as error:
            problems += (f"{variable(option)}: {problem}" for problem in error.problems)


def content(file: str) -> str:
    """Read a value from a file; the line break at its end is the editor's.

    Raises:
        ValueError: it cannot be read; the sentence quotes nothing that can be the value itself.
    """
    if not file.startswith("/"):
        raise ValueError(
            f"{redaction.kind(file)} is given (not shown); wanted is the path of a file that begins"
            " with /"
        )
    try:
        return Path(file).read_text("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    except ValueError:
        reason = "it is no text in UTF-8"
    raise ValueError(f"the file {redaction.shown(file)} cannot be read ({reason})")


def _value(text: str) -> object:
    """Give the JSON value of a text; of a text that is none, the text, which the checks refuse.

    Raises:
        RepeatedNameError: a name stands in a group more than once.
    """
    try:
        return json_input.loads(text)
    except json_input.RepeatedNameError:
        raise
    except (ValueError, RecursionError):
        return text
