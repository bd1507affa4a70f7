"""The options that say how the engine is reached; of the commands ``fleet`` and ``forward``."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import voluptuous as vol

from app.config import checks, pem, redaction

_LIKE: Final = "nats://192.168.1.10:4222 or tls://..."


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

    @classmethod
    def taken_from(cls, values: dict[str, Any]) -> "EngineOptions":
        """Make it of those of the checked options that are its own, and take these out."""
        return cls(**{name: values.pop(name) for name in FIELDS if name in values})

    def secrets(self, entered: Collection[str]) -> frozenset[str]:
        """Give every text that must never be written.

        Args:
            entered: the passwords as they were typed.
        """
        texts = {redaction.plain(one) for one in entered}
        if self.client_key is not None and pem.is_pem(self.client_key):
            texts |= pem.lines(self.client_key)
        return frozenset(texts)


def problems(given: Any) -> checks.Problems:  # noqa: ANN401 - a mapping of what JSON gave
    """Tell what is wrong between these options."""
    if "servers" not in given:
        yield "servers", vol.Invalid(f"nothing is given; wanted is a NATS server, like {_LIKE}")
    for one, other in (("client_cert", "client_key"), ("client_key", "client_cert")):
        if one in given and other not in given:
            yield other, vol.Invalid(f"nothing is given; wanted is one, as {one} is given")
    if "password" in given and "username" not in given:
        wanted = "wanted is the name of the user whose password is given"
        yield "username", vol.Invalid(f"nothing is given; {wanted}")


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


FIELDS: Final[checks.Fields] = {
    "servers": _servers,
    "username": checks.text("a user name"),
    "password": checks.password,
    "ca": checks.pem_or_path(pem.certificates),
    "client_cert": checks.pem_or_path(pem.certificates),
    "client_key": checks.pem_or_path(pem.private_key),
    "tls_insecure": checks.flag,
}
"""A validator for each option."""
