"""The options of the command ``fleet``, checked before anything starts."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import voluptuous as vol

from app.config import checks, pem, redaction
from app.config.options import OptionsError
from app.fleet.meters_file import read_json
from app.log import LEVELS, Redactor

MOST_PARTITIONS: Final = 256
_LIKE: Final = "nats://192.168.1.10:4222 or tls://..."
_HOURS: Final = 24 * 366


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How the engine is reached.

    Args:
        servers: ``nats://host:port`` or ``tls://host:port``, at least one.
        username: None where the server wants none.
        password: None where the server wants none.
        ca: the certificates to trust instead of the system's: PEM text, or the path of a file.
        client_cert: the certificate that names this client, likewise; goes with ``client_key``.
        client_key: its key, likewise.
        tls_insecure: whether to take any certificate.
    """

    servers: tuple[str, ...]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None
    client_cert: str | None = None
    client_key: str | None = field(default=None, repr=False)
    tls_insecure: bool = False


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """All options.

    Args:
        engine: how it is reached.
        meters: the file of meters.
        partitions: among which the names are divided; a set-up decides it.
        replicas: servers that each stream is on.
        raw_hours: for which raw telegrams are kept.
        reading_hours: for which readings are kept.
        base_topic: of the MQTT topics at which readings are published again.
        silent_after: seconds after which a meter that is not heard is silent.
        log_level: a name of ``log.LEVELS``.
        entered: the passwords as they were typed.
    """

    engine: EngineOptions
    meters: Path
    partitions: int = 8
    replicas: int = 3
    raw_hours: int = 24
    reading_hours: int = 168
    base_topic: str = "smartmeter"
    silent_after: int = 900
    log_level: str = "info"
    entered: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    def secrets(self) -> frozenset[str]:
        """Give every text that must never be written."""
        texts = {redaction.plain(one) for one in self.entered}
        if self.engine.client_key is not None and pem.is_pem(self.engine.client_key):
            texts |= pem.lines(self.engine.client_key)
        return frozenset(texts)


def load(path: Path) -> FleetOptions:
    """Read and check a file of options in JSON.

    Raises:
        OptionsError: it cannot be used; with all problems.
    """
    return parse(read_json(path, "options"), path.parent)


def parse(raw: object, folder: Path) -> FleetOptions:
    """Check options and give them their types; null and a blank text mean: not given.

    Args:
        raw: what JSON gave.
        folder: that of the file; the file of meters is named relative to it.

    Raises:
        OptionsError: with all problems.
    """
    entered = frozenset(redaction.entered_secrets(raw))
    try:
        values = vol.Schema(_GROUP)(raw)
    except vol.MultipleInvalid as invalid:
        raise OptionsError(checks.sentences(invalid, entered, Redactor(entered))) from None
    names = EngineOptions.__slots__
    engine = EngineOptions(**{name: values.pop(name) for name in names if name in values})
    meters = folder / values.pop("meters", "meters.json")
    return FleetOptions(engine, meters, entered=entered, **values)


def _servers(value: object) -> tuple[str, ...]:
    """Take the address of one server, or a list of them."""
    given = value if isinstance(value, list) else [value]
    if not given:
        raise vol.Invalid(f"an empty list is given; wanted is at least one server, like {_LIKE}")
    return tuple(map(_server, given))


def _server(value: object) -> str:
    address = checks.text(f"the address of a NATS server, like {_LIKE}")(value)
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    is_whole = (
        parts.scheme in ("nats", "tls") and parts.hostname and not (parts.path or parts.query)
    )
    if not is_whole or "@" in address or port == 0:
        sentence = (
            f"is given; wanted is the address of a NATS server, like {_LIKE}, without user name and"
            " password: these have options of their own"
        )
        raise checks.Refused(value, sentence)
    return address


def _base_topic(value: object) -> str:
    """Take the beginning of MQTT topics that are NATS subjects as well."""
    topic = checks.topic(value)
    if not re.fullmatch(r"[^\s.*>]+", topic):
        sentence = (
            "is given; wanted is an MQTT topic without blanks, dots, * and >, like smartmeter"
        )
        raise checks.Refused(value, sentence)
    return topic


def _problems(given: Any) -> checks.Problems:  # noqa: ANN401 - a mapping of what JSON gave
    if "servers" not in given:
        yield "servers", vol.Invalid(f"nothing is given; wanted is a NATS server, like {_LIKE}")
    for one, other in (("client_cert", "client_key"), ("client_key", "client_cert")):
        if one in given and other not in given:
            yield other, vol.Invalid(f"nothing is given; wanted is one, as {one} is given")
    if "password" in given and "username" not in given:
        wanted = "wanted is the name of the user whose password is given"
        yield "username", vol.Invalid(f"nothing is given; {wanted}")
    raw, kept = given.get("raw_hours", 24), given.get("reading_hours", 168)
    if isinstance(raw, int) and isinstance(kept, int) and kept < raw:
        sentence = (
            "is given; wanted are at least as many as raw_hours, as a reader finds by the last"
            " reading of a meter what was read already"
        )
        yield "reading_hours", checks.Refused(kept, sentence)


_GROUP: Final = checks.group(
    {
        "servers": _servers,
        "username": checks.text("a user name"),
        "password": checks.password,
        "ca": checks.pem_or_path(pem.certificates),
        "client_cert": checks.pem_or_path(pem.certificates),
        "client_key": checks.pem_or_path(pem.private_key),
        "tls_insecure": checks.flag,
        "meters": checks.text("the path of the file of meters, like meters.json"),
        "partitions": checks.whole_number(1, MOST_PARTITIONS),
        "replicas": checks.whole_number(1, 5, "servers that keep each stream: 1, 3 or 5"),
        "raw_hours": checks.whole_number(1, _HOURS),
        "reading_hours": checks.whole_number(1, _HOURS),
        "base_topic": _base_topic,
        "silent_after": checks.whole_number(1, 31 * 86400, "seconds"),
        "log_level": checks.one_of(LEVELS),
    },
    _problems,
    example=lambda _: ', like {"servers": ["nats://192.168.1.10:4222"]}',
)
