"""The options of the database, and which version of InfluxDB they mean."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from app.config.influxdb import InfluxdbOptions
from app.config.options import Options, OptionsError, load, parse
from tests.support.options import METER_TYPES, PEM_CERTIFICATE, problem, problems

URL = "http://192.168.1.10:8086"
V1 = {"url": URL, "database": "smartmeter"}
V2 = {"url": URL, "org": "home", "bucket": "meter", "token": "t0ken"}
V3 = {"url": URL, "database": "smartmeter", "token": "t0ken"}


def read(**given: object) -> InfluxdbOptions:
    return parse({"influxdb": given}, METER_TYPES).influxdb


def told(**given: object) -> list[str]:
    return [sentence.removeprefix("influxdb.") for sentence in problems({"influxdb": given})]


@pytest.mark.parametrize(("given", "version"), [(V1, 1), (V2, 2), (V3, 3)])
def test_the_version_follows_from_what_is_given(given: dict[str, Any], version: int) -> None:
    options = read(**given)
    assert options == InfluxdbOptions(**given)
    assert options.version == version


@pytest.mark.parametrize("given", [{}, {"url": " ", "token": ""}, {"tls_insecure": False}])
def test_nothing_given_is_no_database(given: dict[str, Any]) -> None:
    assert read(**given).url is None


def test_all_options_of_version_1() -> None:
    given = V1 | {"username": "me", "password": " p ", "retention_policy": "year"}
    assert read(**given) == InfluxdbOptions(**given)  # type: ignore[arg-type]


def test_certificates_go_with_https() -> None:
    given = {**V1, "url": "https://h", "ca": PEM_CERTIFICATE, "tls_insecure": True}
    assert read(**given).tls_insecure


@pytest.mark.parametrize(
    ("given", "sentences"),
    [
        (
            {"url": URL},
            ["database: nothing is given; wanted is the name of the database, or for InfluxDB 2"],
        ),
        ({"database": "d"}, ["url: nothing is given; wanted is the address of the database, like"]),
        (
            {"url": URL, "bucket": "b"},
            ["org: nothing is given; wanted is", "token: nothing is given; wanted is"],
        ),
        ({"url": URL, "org": "o", "token": "t0ken"}, ["bucket: nothing is given; wanted is"]),
        ({"url": URL, "token": "t0ken"}, ["database: nothing is given"]),
        (V1 | {"password": "swordfish"}, ["username: nothing is given; wanted is"]),
        (V2 | {"database": "d"}, ["database: is given, but so is influxdb.bucket or influxdb.org"]),
        (V2 | {"username": "me"}, ["username: is given, but so is influxdb.bucket"]),
        (
            V3 | {"username": "me", "password": "swordfish"},
            [
                "password: is given, but so is influxdb.token, by which InfluxDB 3 is meant, and",
                "username: is given, but so is influxdb.token",
            ],
        ),
        (V3 | {"retention_policy": "x"}, ["retention_policy: is given, but so is influxdb.token"]),
        (V1 | {"ca": "/ca.pem"}, ['ca: "/ca.pem" is given, but influxdb.url begins with http:']),
        (V1 | {"tls_insecure": True}, ["tls_insecure: true is given, but influxdb.url begins"]),
        (V1 | {"url": "192.168.1.10:8086"}, ['url: "192.168.1.10:8086" is given; it is not of']),
        (V1 | {"url": "ftp://h"}, ['url: "ftp://h" is given; it is not of']),
        (V1 | {"url": "http://h:99999"}, ['url: "http://h:99999" is given; the port is not']),
        (V1 | {"url": 8086}, ["url: 8086 is given; wanted is a text in quotes: an address like"]),
        (V1 | {"database": 5}, ["database: 5 is given; wanted is a text in quotes"]),
        (V3 | {"token": 5}, ["token: a number of 1 digit is given (not shown); wanted is the"]),
        (V1 | {"db": "d"}, ["db: there is no such option"]),
    ],
)
def test_what_is_wrong_is_told(given: dict[str, Any], sentences: list[str]) -> None:
    found = told(**given)
    assert len(found) == len(sentences)
    for sentence, begin in zip(found, sentences, strict=True):
        assert sentence.startswith(begin)


@pytest.mark.parametrize(
    "given",
    [
        V1 | {"url": "http://me:swordfish@h:8086"},
        V1 | {"url": "http://h:8086/write?u=me&p=swordfish"},
        V3 | {"token": "sword fish"},
        V3 | {"token": "swordfish\x00"},
        V3 | {"token": "swördfish"},
        V3 | {"token": ["swordfish"]},
        V1 | {"password": "swordfish"},
        V2 | {"token": "swordfish", "database": "swordfish"},
        V2 | {"token": "swordfish", "org": "a\x00swordfish"},
    ],
)
def test_no_secret_is_shown(given: dict[str, Any]) -> None:
    for sentence in problems({"influxdb": given}):
        assert "fish" not in sentence


def test_whatever_is_given_is_told_or_makes_one_version() -> None:
    """Every choice of options: what passes has all that its version needs, and nothing else."""
    values = {**V1, **V2, "username": "me", "password": "p", "retention_policy": "r"}
    passed = set()
    for size in range(len(values) + 1):
        for names in itertools.combinations(sorted(values), size):
            try:
                options = read(**{name: values[name] for name in names})
            except OptionsError:
                continue
            of_1 = {"password", "username", "retention_policy"}
            passed.add((frozenset(names) - of_1, options.version))
    assert passed == {
        (frozenset(), 1),
        (frozenset(V1), 1),
        (frozenset(V2), 2),
        (frozenset(V3), 3),
    }


@pytest.mark.parametrize("console", ["off", "text", "json", "JSON", ""])
def test_the_console_is_off_unless_it_is_asked_for(console: str) -> None:
    options: Options = parse({"console": console}, METER_TYPES)
    assert options.console == (console.lower() or "off")


def test_another_console_is_told() -> None:
    assert problem({"console": "yes"}) == (
        'console: "yes" is given; wanted is one of off, text, json'
    )


@pytest.mark.parametrize(
    ("console", "wanted"),
    [("text", True), ("jsn", True), ("off", False), (7, False), (None, False)],
)
def test_problems_keep_off_standard_output_where_readings_belong(
    tmp_path: Path, console: object, *, wanted: bool
) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps({"console": console, "key": "00"}))
    with pytest.raises(OptionsError) as caught:
        load(path, METER_TYPES)
    assert caught.value.console is wanted
