"""Where lines are posted to: the ways of InfluxDB 1, 2 and 3."""

import base64
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from app.config.influxdb import InfluxdbOptions
from app.config.tls import trusting
from app.language.catalogue import Sentence
from app.transport.http_address import Server, parse_server
from app.transport.http_request import Request


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how lines are written.

    Args:
        server: which answers.
        path: of the request, with the query.
        authorization: the header of this name; None for none. A secret.
        name: what it is called in sentences.
    """

    server: Server
    path: str
    authorization: str | None = field(repr=False)
    name: Sentence

    def request(self, lines: Iterable[bytes]) -> Request:
        """Make the request that writes lines."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self.authorization is not None:
            headers["Authorization"] = self.authorization
        return Request("POST", self.path, headers, b"\n".join(lines) + b"\n")


def endpoint(options: InfluxdbOptions) -> Endpoint:
    """Make the endpoint that the options mean.

    By InfluxDB's own documentation, version 1 has ``/write``, version 2 ``/api/v2/write``, and
    version 3 ``/api/v3/write_lp``.

    Args:
        options: checked ones, with an address.
    """
    server = parse_server(options.url or "")
    name = Sentence("database.database", {"database": options.database, "server": server})
    token: str | None
    match options.version:
        case 2:
            query = {"org": options.org, "bucket": options.bucket, "precision": "ms"}
            path = "/api/v2/write"
            name = Sentence("database.bucket", {"bucket": options.bucket, "server": server})
            token = "Token " + (options.token or "")  # a Secret shows itself in no f-string
        case 3:
            query = {"db": options.database, "precision": "millisecond"}
            path = "/api/v3/write_lp"
            token = "Bearer " + (options.token or "")
        case _:
            query = {"db": options.database, "rp": options.retention_policy, "precision": "ms"}
            path = "/write"
            token = _basic(options.username, options.password)
    given = {key: value for key, value in query.items() if value is not None}
    path += f"?{urlencode(given, quote_via=quote, safe='')}"
    return Endpoint(server, path, token, name)


def tls_context(options: InfluxdbOptions) -> "ssl.SSLContext":
    """Make the TLS context for an endpoint with https.

    Raises:
        TlsFileError: the authority's certificate cannot be used; its text says why.
    """
    return trusting(options.ca, "influxdb.ca", insecure=options.tls_insecure)


def _basic(username: str | None, password: str | None) -> str | None:
    if username is None:
        return None
    credentials = (username + ":" + (password or "")).encode()
    return f"Basic {base64.b64encode(credentials).decode('ascii')}"
