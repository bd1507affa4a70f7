"""Requests to InfluxDB 1, 2 and 3."""

import base64
from dataclasses import replace

import pytest

from app.config.influxdb import InfluxdbOptions
from app.influxdb.endpoint import endpoint

V1 = InfluxdbOptions(url="http://h:8086", database="my db")
V2 = InfluxdbOptions(url="https://h/influx/", org="Müller & Co", bucket="a/b", token="t0ken")
V3 = InfluxdbOptions(url="http://h:8181", database="power", token="t0ken")


@pytest.mark.parametrize(
    ("options", "path", "authorization", "name"),
    [
        (V1, "/write?db=my%20db&precision=ms", None, "the database my db at http://h:8086"),
        (
            replace(V1, retention_policy="a month", username="me", password="pä:ss"),
            "/write?db=my%20db&rp=a%20month&precision=ms",
            f"Basic {base64.b64encode('me:pä:ss'.encode()).decode()}",
            "the database my db at http://h:8086",
        ),
        (
            replace(V1, username="me"),
            "/write?db=my%20db&precision=ms",
            f"Basic {base64.b64encode(b'me:').decode()}",
            "the database my db at http://h:8086",
        ),
        (
            V2,
            "/api/v2/write?org=M%C3%BCller%20%26%20Co&bucket=a%2Fb&precision=ms",
            "Token t0ken",
            "the bucket a/b at https://h:443/influx",
        ),
        (
            V3,
            "/api/v3/write_lp?db=power&precision=millisecond",
            "Bearer t0ken",
            "the database power at http://h:8181",
        ),
    ],
)
def test_each_version_has_a_path_and_credentials_of_its_own(
    options: InfluxdbOptions, path: str, authorization: str | None, name: str
) -> None:
    made = endpoint(options)
    assert (made.path, made.authorization, str(made.name)) == (path, authorization, name)
    request = made.request([b"a", b"b"])
    assert (request.method, request.path, request.body) == ("POST", path, b"a\nb\n")
    assert request.headers.get("Authorization") == authorization
    assert request.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_secrets_are_in_no_repr() -> None:
    secret = replace(V1, username="me", password="swordfish", token="t0ken")
    for shown in map(repr, (secret, endpoint(V2), endpoint(V2).request([]))):
        assert "swordfish" not in shown
        assert "t0ken" not in shown
