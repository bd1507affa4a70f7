"""What a database answers, or why it does not, in plain words: what is wrong, and what to do.

The answers are those of InfluxDB 1.6 as it gives them, and of 2 and 3 as they are documented.
"""

import json
import socket
import ssl
from enum import Enum, auto
from typing import Final, NamedTuple

from app.influxdb.endpoint import Endpoint
from app.transport.explain import own_words
from app.transport.http_request import Answer, HeaderError

_MOST_SHOWN: Final = 300
"""Characters of an answer that are shown."""


class Outcome(Enum):
    """What became of a batch."""

    WRITTEN = auto()
    PARTLY = auto()
    """Written but for what the database will never take."""
    REFUSED = auto()
    """Not written, because of something in it."""
    TOO_LARGE = auto()
    LATER = auto()
    """Not written, and nothing is wrong with it."""


class Verdict(NamedTuple):
    """What became of a batch.

    Args:
        outcome: that.
        reason: why it was not written as a whole, and what to do, a sentence; else empty.
        retry_after: seconds after which the database wants to be asked again; 0 where it does not
            say.
    """

    outcome: Outcome
    reason: str = ""
    retry_after: float = 0.0


def judge(answer: Answer, endpoint: Endpoint) -> Verdict:
    """Tell what became of a batch by the database's answer.

    Args:
        answer: the answer.
        endpoint: whose it is.
    """
    words = _words(answer)
    said = f' (it says "{words}")' if words else ""
    where = endpoint.name
    match answer.status:
        case 204 | 202:
            return Verdict(Outcome.WRITTEN)
        case 200 if not answer.body.strip():
            return Verdict(Outcome.WRITTEN)
        case 400 | 422 if "partial write" not in words:
            reason = (
                f"{where} refuses what is written{said}; check whether influxdb.url is InfluxDB's"
            )
            return Verdict(Outcome.REFUSED, reason)
        case 201 | 400 | 422:  # 201 is InfluxDB Cloud's
            reason = (
                f"{where} does not take all that is written{said}; the rest is written, and what"
                " was refused is lost"
            )
            return Verdict(Outcome.PARTLY, reason)
        case 413:
            return Verdict(Outcome.TOO_LARGE, f"{where} refuses a request as too large{said}")
        case 429 | 503:
            reason = f"{where} takes nothing for the moment{said}"
            return Verdict(Outcome.LATER, reason, _retry_after(answer))
    return Verdict(Outcome.LATER, _mistake(answer, endpoint, words, said))


def _mistake(answer: Answer, endpoint: Endpoint, words: str, said: str) -> str:
    """Say what is wrong, by an answer that has nothing to do with what is written."""
    where = endpoint.name
    match answer.status:
        case 401:
            return f"{where} {_login(endpoint)}{said}"
        case 403:
            return (
                f"{where} does not let this account write{said}; give it the right to write there"
            )
        case 404:
            return (
                f"{where} is not there{said}; create it, or check its name and influxdb.url, which"
                " has to be the database's address alone, without /write behind it"
            )
        case 301 | 302 | 303 | 307 | 308:
            to = _shortened(_header(answer, "location"))
            return (
                f"{endpoint.server} sends elsewhere{f' ({to})' if to else ''}; put the address of"
                " the database itself into influxdb.url"
            )
        case 500 if "retention policy not found" in words:
            return f"{where} has no such retention policy{said}; check influxdb.retention_policy"
        case 500 | 502 | 504:
            return f"{where} fails (HTTP status {answer.status}){said}; look into its log"
    return (
        f"{endpoint.server} answers as no InfluxDB does (HTTP status {answer.status}){said}; check"
        " influxdb.url"
    )


def explain(error: Exception, endpoint: Endpoint) -> str:
    """Say in one sentence why there is no answer, and what to do.

    Args:
        error: what the request raised.
        endpoint: where it went.
    """
    server = endpoint.server
    if isinstance(error, HeaderError):
        return "the credentials for the database hold characters that HTTP cannot carry"
    if isinstance(error, TimeoutError):
        return (
            f"{endpoint.name} does not answer; see whether it runs, whether influxdb.url is right,"
            " and whether a firewall is in between"
        )
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return (
            f"the database's name {server.host} is not known in the network; check influxdb.url, or"
            " give the IP address there"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {server} is not to be trusted ({error.verify_message}); give its"
            " authority's certificate in influxdb.ca, and in influxdb.url the name that the"
            " certificate has"
        )
    if isinstance(error, ssl.SSLError):
        return (
            f"{server} does not get along with TLS ({own_words(error)}); check whether influxdb.url"
            " is to begin with http: or https:"
        )
    if isinstance(error, ConnectionRefusedError):
        return (
            f"nothing answers at {server}, where the database should be; start it, or check"
            " influxdb.url: InfluxDB mostly has the port 8086, version 3 8181"
        )
    if isinstance(error, ConnectionError):
        return (
            f"{server} hangs up instead of answering; check influxdb.url, and whether it is to"
            " begin with http: or https:"
        )
    if isinstance(error, OSError):
        return (
            f"{server} cannot be reached ({own_words(error)}); check influxdb.url and the network"
        )
    return f"{server} does not answer as HTTP servers do; check influxdb.url"


def _login(endpoint: Endpoint) -> str:
    if endpoint.authorization is None:
        return (
            "wants to know who writes; fill in influxdb.username and influxdb.password, or"
            " influxdb.token"
        )
    if endpoint.authorization.startswith("Basic "):
        return (
            "refuses the user name or the password; check influxdb.username and influxdb.password"
        )
    return "refuses the token; check influxdb.token, and that the token was not taken back"


def _words(answer: Answer) -> str:
    """Give the message in an answer: of JSON its text, else the text itself, of a page nothing."""
    text = answer.body.decode("utf-8", "replace").strip()
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.startswith("<") else _shortened(text)
    if not isinstance(content, dict):
        return _shortened(text)
    message = content.get("error") or content.get("message") or ""
    details = content.get("data")  # of InfluxDB 3: what was wrong in each line
    if isinstance(details, list) and details and isinstance(details[0], dict):
        message = f"{message}: {details[0].get('error_message', '')}"
    return _shortened(str(message))


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def _header(answer: Answer, name: str) -> str:
    return next((value for key, value in answer.headers.items() if key.lower() == name), "")


def _retry_after(answer: Answer) -> float:
    """Give the seconds that the header Retry-After says; 0 for none, or for a date."""
    text = _header(answer, "retry-after").strip()
    return float(text) if text.isascii() and text.isdigit() else 0.0
