"""What a database answers, or why it does not, in plain words."""

import errno
import socket
import ssl
from http.client import BadStatusLine

import pytest

from app.config.influxdb import InfluxdbOptions
from app.influxdb.endpoint import Endpoint, endpoint
from app.influxdb.explain import Outcome, explain, judge
from app.transport.http_request import Answer, HeaderError

ENDPOINT = endpoint(InfluxdbOptions(url="http://h:8086", database="d"))
WITH_TOKEN = endpoint(InfluxdbOptions(url="http://h:8086", database="d", token="t"))
WITH_USER = endpoint(InfluxdbOptions(url="http://h:8086", database="d", username="u"))
WHERE = "the database d at http://h:8086"

TYPE_CONFLICT = (
    '{"error":"partial write: field type conflict: input field \\"power\\" on measurement'
    ' \\"smartmeter\\" is type float, already exists as type integer dropped=1"}'
)
BY_LINE = (
    '{"error":"partial write of line protocol occurred","data":[{"original_line":"smartmeter,x",'
    '"line_number":2,"error_message":"no fields"}]}'
)


@pytest.mark.parametrize(
    ("status", "body", "outcome", "words"),
    [
        (204, "", Outcome.WRITTEN, ""),
        (202, "", Outcome.WRITTEN, ""),
        (200, "\n", Outcome.WRITTEN, ""),
        (201, '{"message":"some points were rejected"}', Outcome.PARTLY, "some points were rej"),
        (400, TYPE_CONFLICT, Outcome.PARTLY, "already exists as type integer"),
        (422, '{"message":"failure: partial write: x"}', Outcome.PARTLY, "the rest is written"),
        (400, BY_LINE, Outcome.PARTLY, 'occurred: no fields")'),
        (400, '{"error":"unable to parse"}', Outcome.REFUSED, '(it says "unable to parse")'),
        (422, "", Outcome.REFUSED, f"{WHERE} refuses what is written; check"),
        (413, '{"error":"Request Entity Too Large"}', Outcome.TOO_LARGE, "as too large"),
        (401, '{"error":"authorization failed"}', Outcome.LATER, "wants to know who writes"),
        (403, '{"error":"no right"}', Outcome.LATER, "does not let this account write"),
        (404, '{"error":"database not found: \\"d\\""}', Outcome.LATER, "is not there (it says"),
        (404, "404 page not found", Outcome.LATER, "without /write behind it"),
        (500, '{"error":"retention policy not found: x"}', Outcome.LATER, "no such retention"),
        (500, '{"error":"timeout"}', Outcome.LATER, 'fails (HTTP status 500) (it says "timeout")'),
        (502, "<html>Bad gateway</html>", Outcome.LATER, "fails (HTTP status 502); look into"),
        (503, "", Outcome.LATER, "takes nothing for the moment"),
        (429, "", Outcome.LATER, "takes nothing for the moment"),
        (302, "", Outcome.LATER, "sends elsewhere; put the address"),
        (200, "<html>Welcome</html>", Outcome.LATER, "answers as no InfluxDB does"),
        (418, "\xff", Outcome.LATER, "HTTP status 418"),
        (400, "[" * 5000, Outcome.REFUSED, "..."),
        (400, "[1]", Outcome.REFUSED, '"[1]"'),
        (400, '{"error":["x"]}', Outcome.REFUSED, "x"),
    ],
)
def test_each_answer_is_told(status: int, body: str, outcome: Outcome, words: str) -> None:
    verdict = judge(Answer(status, {}, body.encode()), ENDPOINT)
    assert verdict.outcome is outcome
    assert words in str(verdict.reason)
    assert bool(verdict.reason) == (outcome is not Outcome.WRITTEN)
    assert len(str(verdict.reason)) < 600
    assert "\n" not in str(verdict.reason)


@pytest.mark.parametrize(
    ("endpoint_", "words"),
    [
        (ENDPOINT, "fill in influxdb.username and influxdb.password, or influxdb.token"),
        (WITH_TOKEN, "refuses the token; check influxdb.token"),
        (WITH_USER, "check influxdb.username and influxdb.password"),
    ],
)
def test_wrong_credentials_are_told_by_their_options(endpoint_: Endpoint, words: str) -> None:
    assert words in str(judge(Answer(401, {}, b""), endpoint_).reason)


@pytest.mark.parametrize(
    ("value", "seconds"), [("30", 30.0), (" 7 ", 7.0), ("Sat, 28 Nov 2026", 0.0), ("-1", 0.0)]
)
def test_the_database_says_when_to_come_again(value: str, seconds: float) -> None:
    assert judge(Answer(503, {"retry-AFTER": value}, b""), ENDPOINT).retry_after == seconds


def test_a_redirection_names_its_target() -> None:
    answer = Answer(301, {"Location": "https://h:8086/write"}, b"")
    assert "http://h:8086 sends elsewhere (https://h:8086/write)" in str(
        judge(answer, ENDPOINT).reason
    )


def no_tls() -> ssl.SSLError:
    error = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1)")
    error.reason = "WRONG_VERSION_NUMBER"
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), f"{WHERE} does not answer; see whether it runs"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "the database's name h is not known"),
        (ConnectionRefusedError(), "nothing answers at http://h:8086, where the database"),
        (ConnectionResetError(), "hangs up instead of answering"),
        (BrokenPipeError(), "hangs up instead of answering"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "(network is unreachable)"),
        (ssl.SSLCertVerificationError("x"), "is not to be trusted"),
        (no_tls(), "does not get along with TLS (wrong version number)"),
        (BadStatusLine("SSH-2.0"), "does not answer as HTTP servers do"),
        (HeaderError(), "hold characters that HTTP cannot carry"),
    ],
    ids=repr,
)
def test_each_error_is_told_with_what_to_do(error: Exception, words: str) -> None:
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_message = "self-signed certificate"
    assert words in str(explain(error, ENDPOINT))
