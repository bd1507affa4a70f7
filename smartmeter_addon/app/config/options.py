"""What the user asked for: options.json, checked to the last option before anything starts.

Every problem is a sentence that names the option, shows what was given and says what is wanted, and
all of them are told at once. What was given as a key or password is never shown.
"""

import difflib
import ipaddress
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import voluptuous as vol

from app.config import pem
from app.dlms.ciphering import Keys, parse_key
from app.log import LEVELS, Redactor
from app.transport.address import parse_url
from app.transport.serial_mode import SerialMode

MQTT_PORT: Final = 1883
MQTT_TLS_PORT: Final = 8883
LANGUAGES: Final = ("en", "de")
LAYOUTS: Final = ("standard", "burgenland", "lgraho", "greenmikeeu")
"""Our own way to publish, and those of predecessors."""

_LARGEST_PORT: Final = 65535
_LONGEST_INTERVAL: Final = 86400
_LONGEST_SHOWN: Final = 60
_LONGEST_PATH: Final = 150  # shorter than any certificate or key

# Control characters, line separators, halves of surrogate pairs (JSON can carry those) and the
# characters that MQTT forbids.
_STRANGE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


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
    """

    meter_type: str = "auto"
    keys: Keys = field(default_factory=Keys)
    device: str | None = None
    url: str | None = None
    serial_mode: SerialMode | None = None
    name: str | None = None
    update_interval: int = 0


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
        layout: one of LAYOUTS.
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
    layout: str = LAYOUTS[0]


@dataclass(frozen=True, slots=True)
class Options:
    """All options.

    Args:
        meters: at least one; the first is the flat one, the others are ``additional_meters``.
        mqtt: the broker and the topics.
        language: of the names in Home Assistant, one of LANGUAGES.
        log_level: a name of ``log.LEVELS``.
        entered: the keys and passwords as they were typed.
    """

    meters: tuple[MeterOptions, ...]
    mqtt: MqttOptions = field(default_factory=MqttOptions)
    language: str = "en"
    log_level: str = "info"
    entered: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

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
        if self.mqtt.password is not None:
            texts.add(self.mqtt.password)
        if self.mqtt.client_key is not None and pem.is_pem(self.mqtt.client_key):
            texts |= pem.lines(self.mqtt.client_key)
        return frozenset(texts | {text.strip() for text in texts} - {""})


class OptionsError(Exception):
    """The options cannot be used.

    Args:
        problems: all that is wrong, a sentence each, without secrets.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def load(path: Path, meter_types: Collection[str]) -> Options:
    """Read and check a file of options in JSON.

    Raises:
        OptionsError: there is no such file, it is unreadable or no JSON, or options are wrong.
    """
    try:
        raw = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        problem = "is missing; name another one with --options"
    except OSError as error:
        problem = f"cannot be read ({(error.strerror or str(error)).lower()})"
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        problem = f"is no valid JSON, see {place} ({error.msg.lower()})"
    except (ValueError, RecursionError):  # no UTF-8, a number of 5000 digits, 5000 brackets
        problem = "is no valid JSON"
    else:
        return parse(raw, meter_types)
    raise OptionsError([f"the file of options {path} {problem}"])


def parse(raw: object, meter_types: Collection[str]) -> Options:
    """Check options and give them their types; null and a blank text mean: not given.

    Args:
        raw: what JSON gave.
        meter_types: the keys of all profiles, and ``auto``.

    Raises:
        OptionsError: with all problems.
    """
    meter: _Fields = {
        "meter_type": _one_of(meter_types),
        "key": _key,
        "auth_key": _key,
        "device": _device,
        "url": _url,
        "serial_mode": _serial_mode,
        "name": _text("a name"),
        "update_interval": _whole(0, _LONGEST_INTERVAL, "seconds, 0 for every telegram"),
    }
    mqtt: _Fields = {
        "host": _host,
        "port": _whole(1, _LARGEST_PORT),
        "username": _text("a user name"),
        "password": _password,
        "tls": _flag,
        "ca": _pem(pem.certificates),
        "client_cert": _pem(pem.certificates),
        "client_key": _pem(pem.private_key),
        "tls_insecure": _flag,
        "base_topic": _topic,
        "discovery_prefix": _topic,
        "layout": _one_of(LAYOUTS),
    }
    options = _group(
        meter
        | {
            "language": _one_of(LANGUAGES),
            "log_level": _one_of(LEVELS),
            "mqtt": _group(mqtt, _check_mqtt),
            "additional_meters": _each(_group(meter)),
        },
        _check_layout,
    )
    try:
        values = vol.Schema(options)(raw)
    except vol.MultipleInvalid as invalid:
        # A password can have been typed into a second option, which shows what it was given.
        redact = Redactor(_entered(raw))
        raise OptionsError(_sentence(error, redact) for error in invalid.errors) from None
    shared = {name: values.pop(name) for name in ("language", "log_level") if name in values}
    broker = values.pop("mqtt", {})
    if broker.get("tls"):
        broker.setdefault("port", MQTT_TLS_PORT)
    groups = [values, *values.pop("additional_meters", [])]
    entered = frozenset(_entered(raw))
    return Options(tuple(map(_meter, groups)), MqttOptions(**broker), entered=entered, **shared)


def _meter(values: dict[str, Any]) -> MeterOptions:
    keys = Keys(values.pop("key", None), values.pop("auth_key", None))
    return MeterOptions(keys=keys, **values)


def _entered(raw: object) -> Iterable[str]:
    """Find the secrets as they were typed."""
    if isinstance(raw, dict):
        for name, value in raw.items():
            if name in ("key", "auth_key", "password") and isinstance(value, str) and value:
                yield value
            elif name == "client_key" and isinstance(value, str) and pem.is_pem(value):
                yield value
                yield from pem.lines(value)
            else:
                yield from _entered(value)
    elif isinstance(raw, list):
        for item in raw:
            yield from _entered(item)


# Validators: each takes what was given and returns what the program uses, or raises vol.Invalid
# with the sentence that follows the option's name. Voluptuous walks the tree and keeps the paths.

_Validator = Callable[[object], Any]
_TextValidator = Callable[[object], str]
_Fields = dict[str, _Validator]
_Check = Callable[[Mapping[str, object]], Iterable[tuple[str, str]]]


def _group(fields: _Fields, check: _Check = lambda _given: ()) -> _Validator:
    """Validate a group of options.

    Args:
        fields: a validator for each.
        check: finds problems between them, as pairs of an option and its sentence. It runs on what
            was given, right or wrong, so that its problems are told along with the others.
    """
    schema = vol.Schema({vol.Optional(name): validator for name, validator in fields.items()})

    def validate(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise vol.Invalid(f"{_kind(value)} is given; wanted is a group of options")
        errors = [
            vol.Invalid(_unknown(name, fields), [name]) for name in value if name not in fields
        ]
        given = {name: item for name, item in value.items() if name in fields and not _blank(item)}
        errors += [vol.Invalid(text, [name]) for name, text in check(given)]
        values: dict[str, Any] = {}
        try:
            values = schema(given)
        except vol.MultipleInvalid as invalid:
            errors += invalid.errors
        if errors:
            raise vol.MultipleInvalid(errors)
        return values

    return validate


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _each(validator: _Validator) -> _Validator:
    """Validate a list. Voluptuous' own way stops at the first item with a problem inside."""

    def validate(value: object) -> list[Any]:
        if not isinstance(value, list):
            raise vol.Invalid(f"{_kind(value)} is given; wanted is a list of groups of options")
        values, errors = [], []
        for position, item in enumerate(value):
            try:
                values.append(validator(item))
            except vol.Invalid as invalid:
                invalid.prepend([position])
                errors += invalid.errors if isinstance(invalid, vol.MultipleInvalid) else [invalid]
        if errors:
            raise vol.MultipleInvalid(errors)
        return values

    return validate


def _text(wanted: str) -> _TextValidator:
    def validate(value: object) -> str:
        if not isinstance(value, str):
            raise _refuse(value, f"a text in quotes: {wanted}")
        text = value.strip()
        if _STRANGE.search(text):
            raise _refuse(value, f"{wanted}; there are control characters or the like in it")
        return text

    return validate


def _one_of(choices: Collection[str]) -> _TextValidator:
    listed = f"one of {', '.join(choices)}"
    text = _text(listed)

    def validate(value: object) -> str:
        choice = text(value).lower()
        if choice not in choices:
            raise _refuse(value, listed)
        return choice

    return validate


def _whole(low: int, high: int, what: str = "") -> _Validator:
    wanted = f"a whole number from {low} to {high}" + (f" ({what})" if what else "")

    def validate(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _refuse(value, wanted)
        return value

    return validate


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _refuse(value, "true or false")
    return value


def _key(value: object) -> bytes:
    if not isinstance(value, str):
        # A key of digits only, typed in YAML mode without quotes, arrives as a number.
        raise vol.Invalid(
            f"{_kind(value)} is given (not shown); wanted are 32 hexadecimal digits in quotes, like"
            ' key: "0011..."; without quotes a key of digits is taken for a number'
        )
    try:
        return parse_key(value)
    except ValueError as error:
        raise vol.Invalid(str(error)) from None


def _password(value: object) -> str:
    if not isinstance(value, str):
        raise vol.Invalid(f"{_kind(value)} is given (not shown); wanted is a text, in quotes")
    if not _encodable(value):
        raise vol.Invalid(
            f"a text of {len(value)} characters is given (not shown), and some of them are none"
            " that can be sent; wanted is the password as you type it elsewhere"
        )
    return value


def _pem(normalise: Callable[[str], str]) -> _TextValidator:
    wanted = "the PEM text, which begins with -----BEGIN, or the path of a file"
    path = _text(wanted)

    def validate(value: object) -> str:
        if isinstance(value, str) and pem.is_pem(value):
            try:
                return normalise(value)
            except ValueError as error:
                raise vol.Invalid(str(error)) from None
        if isinstance(value, str) and _may_be_a_key(value):
            raise vol.Invalid(f"{_kind(value)} is given (not shown); wanted is {wanted}")
        return path(value)

    return validate


def _may_be_a_key(text: str) -> bool:
    """Tell whether a text can be a private key without its first line, and must not be shown."""
    bare = re.fullmatch(r"[A-Za-z0-9+][A-Za-z0-9+/=\s]{50,}", text.strip())
    return bare is not None or "-----" in text or len(text) > _LONGEST_PATH


def _device(value: object) -> str:
    wanted = "the path of a serial device, like /dev/ttyUSB0; a gateway belongs into url"
    path = _text(wanted)(value)
    if not path.startswith("/"):
        raise _refuse(value, wanted)
    return path


def _url(value: object) -> str:
    url = _text("tcp://host:port or a path")(value)
    try:
        parse_url(url)
    except ValueError as error:
        raise vol.Invalid(f"{_shown(value)} is given; {error}") from None
    return url


def _serial_mode(value: object) -> SerialMode:
    mode = _text("a text like 2400 8E1")(value)
    try:
        return SerialMode.parse(mode)
    except ValueError as error:
        raise vol.Invalid(f"{_shown(value)} is given; {error}") from None


def _host(value: object) -> str:
    wanted = "a name or IP address alone, like core-mosquitto; the port belongs into mqtt.port"
    host = _text(wanted)(value)
    if not _is_address(host) and not re.fullmatch(r"[\w.-]+", host):
        raise _refuse(value, wanted)
    return host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _topic(value: object) -> str:
    wanted = (
        "an MQTT topic without + and #, that neither begins with $ nor begins or ends with /,"
        " like smartmeter or house/meter"
    )
    topic = _text(wanted)(value)
    if "+" in topic or "#" in topic or topic.startswith("$") or not all(topic.split("/")):
        raise _refuse(value, wanted)
    return topic


def _check_mqtt(given: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    for one, other in (("client_cert", "client_key"), ("client_key", "client_cert")):
        if one in given and other not in given:
            yield other, f"nothing is given; wanted is one, as mqtt.{one} is given"
    if "host" in given and not given.get("tls"):
        for name in ("ca", "client_cert", "client_key"):
            if name in given:
                yield (
                    name,
                    (
                        f"{_shown(given[name])} is given, but mqtt.tls is off and nothing would be"
                        " encrypted; wanted is mqtt.tls: true, or this one empty"
                    ),
                )


def _check_layout(given: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    broker = given.get("mqtt")
    layout = broker.get("layout") if isinstance(broker, dict) else None
    if layout in LAYOUTS[1:] and given.get("additional_meters"):
        yield (
            "additional_meters",
            (
                f"meters are given, but mqtt.layout is {layout}, whose program knew one meter only;"
                " wanted is no further meter, or mqtt.layout: standard"
            ),
        )


def _unknown(name: object, known: Collection[str]) -> str:
    near = difflib.get_close_matches(str(name).lower(), known, n=1)
    if near:
        return f"there is no such option; did you mean {near[0]}?"
    return f"there is no such option; there are {', '.join(known)}"


def _sentence(error: vol.Invalid, redact: Redactor) -> str:
    path = ""  # of names and numbers that the program knows, which no short password may blot out
    for part in error.path:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            name = str(part)
            path += ("." if path else "") + (name if name.isidentifier() else redact(_shown(name)))
    return f"{path or 'the options'}: {redact(error.error_message)}"


def _refuse(value: object, wanted: str) -> vol.Invalid:
    return vol.Invalid(f"{_shown(value)} is given; wanted is {wanted}")


def _shown(value: object) -> str:
    """Show a value that is no secret, unless somebody put one there all the same."""
    if isinstance(value, (dict, list)):
        return _kind(value)  # there may be a password inside
    if isinstance(value, str):
        if pem.is_pem(value):
            return "PEM text (not shown)"
        if re.search(r"([0-9a-fA-F][\s:-]*){32}", value):
            return "a text that looks like a key (not shown)"
        value = re.sub("^(.*//)?.*@", r"\1***@", value, flags=re.DOTALL)  # user:password@host
    if isinstance(value, str) and len(value) > _LONGEST_SHOWN:
        return json.dumps(value[:_LONGEST_SHOWN]) + "..."
    return json.dumps(value, ensure_ascii=not _encodable(str(value)))


def _kind(value: object) -> str:
    """Name the kind and size of a value without showing it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int():
            return f"a number of {len(str(abs(value)))} digits"
        case float():
            return "a number with a decimal point or an exponent"
        case str():
            return f"a text of {len(value)} characters"
        case list():
            return f"a list of {len(value)}"
    return "a group of options"


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, possible in JSON
        return False
    return True
