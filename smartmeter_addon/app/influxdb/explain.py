"""What a database answers, or why it does not, in plain words: what is wrong, and what to do.

The answers are those of InfluxDB 1.6 as it gives them, and of 2 and 3 as they are documented.
"""

import json
import socket
import ssl
from enum import Enum, auto
from typing import Final, NamedTuple

from app.influxdb.endpoint import Endpoint
from app.language.catalogue import Sentence, Text
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
    reason: Text = ""
    retry_after: float = 0.0


def judge(answer: Answer, endpoint: Endpoint) -> Verdict:
    """Tell what became of a batch by the database's answer.

    Args:
        answer: the answer.
        endpoint: whose it is.
    """
    words = _words(answer)
    about: dict[str, object] = {
        "where": endpoint.name,
        "server": endpoint.server,
        "said": Sentence("database.says", {"words": words}) if words else "",
    }
    match answer.status:
        case 204 | 202:
            return Verdict(Outcome.WRITTEN)
        case 200 if not answer.body.strip():
            return Verdict(Outcome.WRITTEN)
        case 400 | 422 if "partial write" not in words:
            return Verdict(Outcome.REFUSED, Sentence("database.refuses", about))
        case 201 | 400 | 422:  # 201 is InfluxDB Cloud's
            return Verdict(Outcome.PARTLY, Sentence("database.takes_a_part", about))
        case 413:
            return Verdict(Outcome.TOO_LARGE, Sentence("database.too_large", about))
        case 429 | 503:
            later = Sentence("database.takes_nothing", about)
            return Verdict(Outcome.LATER, later, _retry_after(answer))
    mistake, more = _mistake(answer, endpoint, words)
    return Verdict(Outcome.LATER, Sentence(mistake, {**about, **more}))


def _mistake(answer: Answer, endpoint: Endpoint, words: str) -> tuple[str, dict[str, object]]:
    """Tell what is wrong, by an answer that has nothing to do with what is written.

    Returns:
        The key of the sentence, and parameters that it has of its own.
    """
    match answer.status:
        case 401:
            return _login(endpoint), {}
        case 403:
            return "database.no_right", {}
        case 404:
            return "database.not_there", {}
        case 301 | 302 | 303 | 307 | 308:
            to = _shortened(_header(answer, "location"))
            shown = Sentence("system.in_brackets", {"words": to}) if to else ""
            return "database.elsewhere", {"to": shown}
        case 500 if "retention policy not found" in words:
            return "database.no_retention_policy", {}
        case 500 | 502 | 504:
            return "database.fails", {"status": answer.status}
    return "database.no_influxdb", {"status": answer.status}


def explain(error: Exception, endpoint: Endpoint) -> Sentence:
    """Say in one sentence why there is no answer, and what to do.

    Args:
        error: what the request raised.
        endpoint: where it went.
    """
    key, words = _cause(error)
    parameters = {
        "where": endpoint.name,
        "server": endpoint.server,
        "host": endpoint.server.host,
        "words": words,
    }
    return Sentence(key, parameters)


def _cause(error: Exception) -> tuple[str, Text]:
    """Give the key of the sentence for an error, and the error's own words."""
    match error:
        case HeaderError():
            return "database.credentials_unsendable", ""
        case TimeoutError():
            return "database.no_answer", ""
        case socket.gaierror() | UnicodeError():
            return "database.name_unknown", ""
        case ConnectionRefusedError():
            return "database.nobody_listens", ""
        case ConnectionError():
            return "database.hangs_up", ""
        # Behind these, as to ask for the classes of TLS loads it.
        case ssl.SSLCertVerificationError():
            return "database.certificate", error.verify_message
        case ssl.SSLError():
            return "database.tls", own_words(error)
        case OSError():
            return "database.unreachable", own_words(error)
    return "database.no_http", ""


def _login(endpoint: Endpoint) -> str:
    if endpoint.authorization is None:
        return "database.login_wanted"
    if endpoint.authorization.startswith("Basic "):
        return "database.login_wrong"
    return "database.token_wrong"


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
