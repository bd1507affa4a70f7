"""The options of the group ``influxdb``: where the database is, and which version of InfluxDB.

The version is not asked for: InfluxDB 2 alone has organizations and buckets, and tokens are those
of 2 and 3.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

import voluptuous as vol

from app.config import checks, hints, pem

_OF_ALL: Final = frozenset({"url", "ca", "tls_insecure"})
_OF_VERSION: Final = {
    1: _OF_ALL | {"database", "username", "password", "retention_policy"},
    2: _OF_ALL | {"org", "bucket", "token"},
    3: _OF_ALL | {"database", "token"},
}
"""The options that each version of InfluxDB has."""


@dataclass(frozen=True, slots=True)
class InfluxdbOptions:
    """A database that takes InfluxDB's line protocol over HTTP.

    Args:
        url: ``http://host:port`` or ``https://...``, with a path if it has one; None for no
            database.
        database: of InfluxDB 1 and 3.
        username: of InfluxDB 1; None when it wants none.
        password: of InfluxDB 1.
        retention_policy: of InfluxDB 1; None for the database's own.
        org: the organization, of InfluxDB 2.
        bucket: of InfluxDB 2.
        token: of InfluxDB 2 and 3.
        ca: the certificates to trust instead of the system's: PEM text, or the path of a file.
        tls_insecure: whether to take any certificate.
    """

    url: str | None = None
    database: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    retention_policy: str | None = None
    org: str | None = None
    bucket: str | None = None
    token: str | None = field(default=None, repr=False)
    ca: str | None = None
    tls_insecure: bool = False

    @property
    def version(self) -> int:
        """The version of InfluxDB whose way of writing is used: 1, 2 or 3."""
        given = {"bucket": self.bucket, "token": self.token}
        return _version([name for name, value in given.items() if value is not None])


def _version(given: Collection[str]) -> int:
    """Tell by the names of the options that are given which version is meant."""
    if "bucket" in given or "org" in given:
        return 2
    return 3 if "token" in given else 1


_FIELDS: Final[checks.Fields] = {
    "url": checks.http_url,
    "database": checks.text("the name of a database"),
    "username": checks.text("a user name"),
    "password": checks.password,
    "retention_policy": checks.text("the name of a retention policy"),
    "org": checks.text("the name of an organization"),
    "bucket": checks.text("the name of a bucket"),
    "token": checks.token,
    "ca": checks.pem_or_path(pem.certificates),
    "tls_insecure": checks.flag,
}


_WANTED: Final = {
    "url": f"the address of the database, like {checks.EXAMPLE_URL}",
    "database": "the name of the database, or for InfluxDB 2 influxdb.bucket",
    "org": "the name of the organization, as influxdb.bucket is given",
    "bucket": "the name of the bucket, as influxdb.org is given",
    "token": "the token that may write into the bucket",
    "username": "the name of the user whose password is given",
}
"""What is to be given, by the name of the option."""

_SIGNS: Final = {2: "influxdb.bucket or influxdb.org", 3: "influxdb.token"}
"""The options by which a version is told."""


def _problems(given: Mapping[str, object]) -> checks.Problems:
    """Tell what is wrong between the options."""
    named = {name for name, value in given.items() if value is not False}
    if not named:
        return
    version = _version(named)
    needed = ["url", *(("org", "bucket", "token") if version == 2 else ("database",))]  # noqa: PLR2004 - said above
    if version == 1 and "password" in named:
        needed.append("username")
    for name in needed:
        if name not in named:
            yield name, vol.Invalid(f"nothing is given; wanted is {_WANTED[name]}")
    for name in sorted(named - _OF_VERSION[version]):
        sentence = (
            f"is given, but so is {_SIGNS[version]}, by which InfluxDB {version} is meant, and that"
            " has no such thing; wanted is this one empty"
        )
        yield name, vol.Invalid(sentence)
    url = given.get("url")
    if isinstance(url, str) and url.strip().lower().startswith("http:"):
        unused = (
            "is given, but influxdb.url begins with http: and nothing would be encrypted; wanted is"
            " an address with https:, or this one empty"
        )
        for name in ("ca", "tls_insecure"):
            if name in named:
                yield name, checks.Refused(given[name], unused)


group: Final = checks.group(_FIELDS, _problems, hints.influxdb_group)
"""The validator of the group."""
