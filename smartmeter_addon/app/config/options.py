"""What the user asked for: options.json and the environment, checked before anything starts.

All problems are reported at once, each as a sentence that names the option, shows what was given
and says what is wanted. Keys and passwords are never shown.
"""

import json
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import voluptuous as vol

from app.config import checks, environment, hints, influxdb, json_input, layouts, pem, redaction
from app.config.influxdb import InfluxdbOptions
from app.config.key_doubts import key_doubts
from app.config.page import PageAddress, page
from app.dlms.ciphering import Keys
from app.language.languages import languages
from app.log import LEVELS, Redactor
from app.transport.serial_mode import SerialMode

MQTT_PORT: Final = 1883
MQTT_TLS_PORT: Final = 8883
LANGUAGES: Final = languages()
ENERGY_UNIT_CHOICES: Final[Mapping[str, int | None]] = {"auto": None, "1 Wh": 0, "10 Wh": 1}
"""Powers of ten of Wh that energies can count, by the word for it; None is to be found out."""
CONSOLE_CHOICES: Final = ("off", "text", "json")
"""What is written to standard output for each reading."""

_MAX_PORT: Final = 65535
_MAX_INTERVAL: Final = 86400


@dataclass(frozen=True, slots=True)
class MeterOptions:
    """One meter and the line it is read from.

    Args:
        meter_type: a profile's key, or ``auto``.
        keys: the operator's keys.
        device: path of a serial device.
        url: ``tcp://host:port`` or a path; wins over ``device``. When both are None, the one serial
            adapter present is meant.
        serial_mode: None when the meter type decides.
        name: what the household calls the meter.
        update_interval: seconds between published readings, 0 for every telegram.
        energy_unit: one of ENERGY_UNIT_CHOICES, for energies whose unit the telegrams do not say.
    """

    meter_type: str = "auto"
    keys: Keys = field(default_factory=Keys)
    device: str | None = None
    url: str | None = None
    serial_mode: SerialMode | None = None
    name: str | None = None
    update_interval: int = 0
    energy_unit: str = "auto"


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """The broker and the topics.

    Args:
        host: None when the Supervisor is to be asked.
        port: TCP port.
        username: None when the broker wants none.
        password: None when the broker wants none.
        tls: whether to encrypt.
        ca: the certificates to trust instead of the system's: PEM text, or the path of a file.
        client_cert: the certificate that names this client, likewise; goes with ``client_key``.
        client_key: its key, likewise.
        tls_insecure: whether to take any certificate.
        base_topic: what the state topics begin with.
        discovery_prefix: what Home Assistant's discovery topics begin with.
        discovery: whether the meters are announced to Home Assistant.
        layout: one of layouts.LAYOUT_NAMES.
        state_topic: of the layout lgraho; None for that which its program had at first.
        topics: of the layout topics.
    """

    host: str | None = None
    port: int = MQTT_PORT
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca: str | None = None
    client_cert: str | None = None
    client_key: str | None = field(default=None, repr=False)
    tls_insecure: bool = False
    base_topic: str = "smartmeter"
    discovery_prefix: str = "homeassistant"
    discovery: bool = True
    layout: str = layouts.STANDARD
    state_topic: str | None = None
    topics: tuple[layouts.ValueTopic, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """All options.

    Args:
        meters: at least one; the first is the flat one, the others are ``additional_meters``.
        mqtt: the broker and the topics.
        language: of the names in Home Assistant, one of LANGUAGES.
        log_level: a name of ``log.LEVELS``.
        influxdb: the database.
        console: one of CONSOLE_CHOICES.
        detail_interval: seconds between what Home Assistant gets of values that are not live, 0 for
            every telegram.
        page: whether there is a page, or where; None for what is usual, which is a page under the
            Supervisor and none elsewhere.
        entered: the keys and passwords as they were typed.
    """

    meters: tuple[MeterOptions, ...]
    mqtt: MqttOptions = field(default_factory=MqttOptions)
    language: str = "en"
    log_level: str = "info"
    influxdb: InfluxdbOptions = field(default_factory=InfluxdbOptions)
    console: str = CONSOLE_CHOICES[0]
    detail_interval: int = 60
    page: bool | PageAddress | None = None
    entered: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    @property
    def needs_broker(self) -> bool:
        """Whether MQTT is the only output: there is no database, and nothing is printed."""
        return not self.influxdb.url and self.console == CONSOLE_CHOICES[0]

    def secrets(self) -> frozenset[str]:
        """Give every text that must never be written: as entered, and as other code may show it."""
        keys = (
            key
            for meter in self.meters
            for key in (meter.keys.encryption, meter.keys.authentication)
            if key is not None
        )
        texts = set(self.entered)
        for key in keys:
            digits = key.hex()
            texts |= {digits, digits.upper(), repr(key)[2:-1]}
            if key.isascii():
                texts.add(key.decode("ascii"))
        passwords = self.mqtt.password, self.influxdb.password, self.influxdb.token
        texts.update(redaction.plain(password) for password in passwords if password is not None)
        texts -= {password for password in passwords if password and self._shows(password)}
        if self.mqtt.client_key is not None and pem.is_pem(self.mqtt.client_key):
            texts |= pem.lines(self.mqtt.client_key)
        return frozenset(texts | {text.strip() for text in texts} - {""})

    def doubts(self) -> Iterator[str]:
        """Say what can be meant as it stands, but is more likely a mistake."""
        for position, meter in enumerate(self.meters):
            group = f"additional_meters[{position - 1}]." if position else ""
            yield from (f"{group}{doubt}" for doubt in key_doubts(meter.keys))
        yield from layouts.unused(self.mqtt.layout, self.mqtt.state_topic, self.mqtt.topics)

    def _shows(self, password: str) -> bool:
        """Tell whether an option that is no secret holds a password, and is written all the same.

        To replace it there would say what the password is.
        """
        texts = [
            *(text for meter in self.meters for text in (meter.name, meter.device, meter.url)),
            *(self.mqtt.host, self.mqtt.username, self.mqtt.base_topic, self.mqtt.discovery_prefix),
            *(self.mqtt.state_topic, *(one.topic for one in self.mqtt.topics)),
            *(self.influxdb.url, self.influxdb.username, self.influxdb.database),
            *(self.influxdb.org, self.influxdb.bucket),
        ]
        wanted = redaction.plain(password).casefold()
        return any(wanted in text.casefold() for text in texts if text)


class OptionsError(Exception):
    """The options cannot be used.

    Args:
        problems: all that is wrong, a sentence each, without secrets.
        console: whether standard output is wanted for readings, and so is no place for problems.
    """

    def __init__(self, problems: Iterable[str], *, console: bool = False) -> None:
        self.problems = tuple(problems)
        self.console = console
        super().__init__("\n".join(self.problems))


def load(
    path: Path,
    meter_types: Collection[str],
    variables: Mapping[str, str] | None = None,
    *,
    reading_keys: Collection[str] = (),
) -> Options:
    """Read and check a file of options in JSON, and the options in the environment.

    Args:
        path: of the file; it may be missing where the environment holds an option.
        meter_types: the keys of all profiles, and ``auto``.
        variables: the environment, see `environment`; None for the file alone.
        reading_keys: as for `parse`.

    Raises:
        OptionsError: there is no such file, it is unreadable or no JSON, or options are wrong.
    """
    variables = variables or {}
    raw = read_json(
        path,
        missing="is missing; name another one with --options",
        default={} if environment.gives_any(variables) else None,
    )
    raw, problems = environment.overlaid(raw, variables)
    try:
        options = parse(raw, meter_types, reading_keys)
    except OptionsError as error:
        problems += error.problems
    if problems:
        raise OptionsError(problems, console=_wants_console(raw))
    return options


def readable_by_all(path: Path) -> Iterator[str]:
    """Warn of a file of options that holds a key or a password and that every user can read.

    Args:
        path: of the file; where there is none, there is nothing to warn of.
    """
    try:
        status = path.stat()
        secrets = any(redaction.entered_secrets(read_json(path)))
    except (OSError, OptionsError):
        return
    if secrets and status.st_mode & stat.S_IROTH:
        own = os.geteuid() in (0, status.st_uid)
        user = "" if own else "give it to the user of this program, then "
        yield (
            f"the file of options {path} holds a key or a password, and every user of this computer"
            f" can read it; {user}take the right from the others: chmod 600 {path}"
        )


def read_json(
    path: Path,
    what: str = "options",
    *,
    missing: str = "is missing",
    default: object = None,
    like: str = hints.LIKE,
) -> Any:  # noqa: ANN401 - any JSON value
    """Read a file of JSON.

    Args:
        path: of the file.
        what: stands in it, for the sentence that says what is wrong.
        missing: the end of that sentence where there is no such file.
        default: is given in place of a file that is missing; None where it may not be.
        like: an example of what is wanted.

    Raises:
        OptionsError: there is no such file, it is unreadable or no JSON, or a name stands in a
            group more than once.
    """
    try:
        return json_input.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        if default is not None:
            return default
        problem = missing
    except OSError as error:
        problem = f"cannot be read ({(error.strerror or str(error)).lower()})"
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        problem = (
            f"is no valid JSON, see {place} ({error.msg.lower()}){hints.no_json(error.doc, like)}"
        )
    except json_input.RepeatedNameError as error:
        raise OptionsError(error.problems) from None
    except (ValueError, RecursionError):  # no UTF-8, a number of 5000 digits, 5000 brackets
        problem = "is no valid JSON"
    raise OptionsError([f"the file of {what} {path} {problem}"])


def parse(raw: object, meter_types: Collection[str], reading_keys: Collection[str] = ()) -> Options:
    """Check options and give them their types; null and a blank text mean: not given.

    Args:
        raw: what JSON gave.
        meter_types: the keys of all profiles, and ``auto``.
        reading_keys: those that a topic can be for; empty where any will do.

    Raises:
        OptionsError: with all problems.
    """
    entered = frozenset(redaction.entered_secrets(raw))
    try:
        values = vol.Schema(_all_options(meter_types, reading_keys))(raw)
    except vol.MultipleInvalid as invalid:
        raise OptionsError(checks.sentences(invalid, entered, Redactor(entered))) from None
    names = ("language", "detail_interval", "log_level", "console", "page")
    shared = {name: values.pop(name) for name in names if name in values}
    mqtt = values.pop("mqtt", {})
    if mqtt.get("tls"):
        mqtt.setdefault("port", MQTT_TLS_PORT)
    database = InfluxdbOptions(**values.pop("influxdb", {}))
    groups = [values, *values.pop("additional_meters", [])]
    meters = tuple(map(_meter, groups))
    return Options(meters, MqttOptions(**mqtt), influxdb=database, entered=entered, **shared)


def _wants_console(raw: object) -> bool:
    """Tell whether options, right or wrong, have readings written to standard output."""
    given = raw.get("console") if isinstance(raw, dict) else None
    return isinstance(given, str) and given.strip().lower() not in ("", CONSOLE_CHOICES[0])


def _meter(values: dict[str, Any]) -> MeterOptions:
    keys = Keys(values.pop("key", None), values.pop("auth_key", None))
    return MeterOptions(keys=keys, **values)


def _all_options(meter_types: Collection[str], reading_keys: Collection[str]) -> checks.Validator:
    interval = checks.whole_number(0, _MAX_INTERVAL, "seconds, 0 for every telegram")
    meter: checks.Fields = {
        "meter_type": checks.one_of(meter_types, hints.meter_type),
        "key": checks.key,
        "auth_key": checks.key,
        "device": checks.device,
        "url": checks.url,
        "serial_mode": checks.serial_mode,
        "name": checks.text("a name"),
        "energy_unit": checks.one_of(ENERGY_UNIT_CHOICES),
        "update_interval": interval,
    }
    mqtt: checks.Fields = {
        "host": checks.host,
        "port": checks.whole_number(1, _MAX_PORT),
        "username": checks.text("a user name"),
        "password": checks.password,
        "tls": checks.flag,
        "ca": checks.pem_or_path(pem.certificates),
        "client_cert": checks.pem_or_path(pem.certificates),
        "client_key": checks.pem_or_path(pem.private_key),
        "tls_insecure": checks.flag,
        "base_topic": checks.topic,
        "discovery_prefix": checks.topic,
        "discovery": checks.flag,
        "layout": checks.one_of(layouts.LAYOUT_NAMES),
        "state_topic": checks.topic,
        "topics": layouts.value_topics(reading_keys),
    }
    others: checks.Fields = {
        "language": checks.one_of(LANGUAGES),
        "detail_interval": interval,
        "log_level": checks.one_of(LEVELS),
        "console": checks.one_of(CONSOLE_CHOICES),
        "page": page,
        "mqtt": checks.group(mqtt, _tls_problems, hints.mqtt_group),
        "influxdb": influxdb.group,
        "additional_meters": checks.list_of(checks.group(meter, example=hints.meter_group)),
    }
    return checks.group(meter | others, layouts.problems, hints.program_group)


def _tls_problems(given: Mapping[str, object]) -> checks.Problems:
    for one, other in (("client_cert", "client_key"), ("client_key", "client_cert")):
        if one in given and other not in given:
            wanted = f"nothing is given; wanted is one, as mqtt.{one} is given"
            yield other, vol.Invalid(wanted)
    # Without a host, the broker is the Supervisor's, who says whether it encrypts.
    if "host" in given and not given.get("tls"):
        unused = (
            "is given, but mqtt.tls is off and nothing would be encrypted; wanted is"
            " mqtt.tls: true, or this one empty"
        )
        for name in ("ca", "client_cert", "client_key"):
            if name in given:
                yield name, checks.Refused(given[name], unused)
