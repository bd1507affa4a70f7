"""A real InfluxDB 1 for the tests: Debian's, installed or unpacked by script/test."""

import asyncio
import base64
import json
import shutil
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from time import monotonic
from typing import Any, Self

import pytest

from app.config.influxdb import InfluxdbOptions
from tests.support.mosquitto import TIMEOUT, free_port

UNPACKED = Path(__file__).parents[2] / ".influxdb" / "usr" / "bin" / "influxd"
"""Where script/test unpacks Debian's package."""

INFLUXD = shutil.which("influxd") or (str(UNPACKED) if UNPACKED.exists() else None)

with_influxdb = pytest.mark.skipif(
    INFLUXD is None, reason="there is no InfluxDB here; on Debian, script/test fetches it"
)

Row = dict[str, Any]


class InfluxDB:
    """An InfluxDB that listens on a port of its own.

    Args:
        directory: empty, for its files.
        user: name and password of an administrator, without whom nobody gets in.
        certificate: and its key, for https.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        directory: Path,
        *,
        user: tuple[str, str] | None = None,
        certificate: tuple[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self._user = user
        self._tls = certificate is not None
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        lines = [
            "reporting-disabled = true",
            f'bind-address = "{self.host}:{free_port()}"',
            f'[meta]\ndir = "{directory}/meta"',
            f'[data]\ndir = "{directory}/data"\nwal-dir = "{directory}/wal"',
            "[monitor]\nstore-enabled = false",
            f'[http]\nbind-address = "{self.host}:{self.port}"\nlog-enabled = false',
            f"auth-enabled = {'true' if user else 'false'}",
        ]
        if certificate:
            lines += [
                "https-enabled = true",
                f'https-certificate = "{certificate[0]}"\nhttps-private-key = "{certificate[1]}"',
            ]
        (directory / "influxdb.conf").write_text("\n".join(lines) + "\n")

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    def options(self, database: str = "smartmeter") -> InfluxdbOptions:
        return InfluxdbOptions(url=self.url, database=database)

    def start(self) -> Self:
        """Start it and wait until it answers."""
        assert INFLUXD
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                (INFLUXD, "-config", str(self._directory / "influxdb.conf")),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        begin = monotonic()
        while not self._answers():
            assert monotonic() - begin < TIMEOUT, (self._directory / "log").read_text()
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def create(self, database: str = "smartmeter") -> None:
        """Make a database, and the administrator first."""
        if self._user:
            name, password = self._user
            create = f"CREATE USER \"{name}\" WITH PASSWORD '{password}' WITH ALL PRIVILEGES"
            self._query(create, anonymous=True)
        self._query(f'CREATE DATABASE "{database}"')

    def query(self, text: str, database: str = "smartmeter") -> list[Row]:
        """Give the rows of a query, those of all series, with their tags."""
        result = self._query(text, database)["results"][0]
        assert "error" not in result, f"{text}: {result['error']}"
        return [
            {**series.get("tags", {}), **dict(zip(series["columns"], values, strict=True))}
            for series in result.get("series", ())
            for values in series["values"]
        ]

    def points(self, database: str = "smartmeter") -> list[Row]:
        """Give all points, without the fields that they do not have."""
        rows = self.query("SELECT * FROM smartmeter", database)
        return [{key: one for key, one in row.items() if one is not None} for row in rows]

    async def holds(self, count: int) -> list[Row]:
        """Wait until there are so many points, and give them."""
        begin = monotonic()
        while len(found := self.points()) < count:
            assert monotonic() - begin < TIMEOUT, f"there are {len(found)} points, not {count}"
            await asyncio.sleep(0.02)
        return found

    def write(self, lines: str, database: str = "smartmeter") -> int:
        """Write lines as another program does; give the status."""
        request = urllib.request.Request(  # noqa: S310 - an address of our own
            f"{self.url}/write?db={database}&precision=ms", lines.encode()
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - see above
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    def _answers(self) -> bool:
        try:
            self._query("SHOW DATABASES", anonymous=True)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code in {401, 403}  # there are users, or none yet
        except OSError:
            assert self._process
            try:
                self._process.wait(0.02)
            except subprocess.TimeoutExpired:
                return False
            raise AssertionError((self._directory / "log").read_text()) from None
        return True

    def _query(self, text: str, database: str = "", *, anonymous: bool = False) -> Any:  # noqa: ANN401 - any JSON
        parameters = {"q": text, "db": database, "epoch": "ms"}
        data = urllib.parse.urlencode(parameters).encode()
        request = urllib.request.Request(f"{self.url}/query", data)  # noqa: S310 - our own
        if self._user and not anonymous:
            credentials = base64.b64encode(":".join(self._user).encode()).decode()
            request.add_header("Authorization", f"Basic {credentials}")
        context = ssl._create_unverified_context() if self._tls else None  # noqa: S323 - our own
        with urllib.request.urlopen(request, timeout=TIMEOUT, context=context) as answer:  # noqa: S310 - see above
            return json.load(answer)
