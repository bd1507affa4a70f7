"""A real Home Assistant Core for the tests: started, asked, stopped, killed, started again.

Nothing here sleeps to let something happen: Core says in its log how far it is.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.support.mosquitto import free_port
from tests.support.processes import put_down

ROOT = Path(__file__).parent.parent.parent

ENVIRONMENT = "HOME_ASSISTANT_ENVIRONMENT"
"""The variable that names the virtual environment Core is in, as script/home-assistant makes it."""

REACTIVE_ENERGY = (2025, 7)
"""The release since which Core knows this device class; an older one refuses such entities."""

DEFAULT_ENTITY_IDS = (2025, 10)
"""The release since which Core takes the entity ids that we ask for."""

RENAMING = (2026, 2)
"""The release since which Core takes another name at once, and not when it loads anew."""

TOKEN_AGE = 15 * 60.0
"""Seconds after which a new access token is fetched; Core's are good for 30 minutes."""

PATIENCE = 180.0
"""Seconds that Core may take to start or to end."""

_CONFIGURATION = """\
automation: !include automations.yaml
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
config:
energy:
frontend:
history:
logbook:
onboarding:
recorder:
  commit_interval: 1
websocket_api:
statistics_now:
reload_by_hand:
ingress_standin:
logger:
  default: warning
  logs:
    homeassistant.bootstrap: info
    homeassistant.core: info
    homeassistant.components.mqtt: info
"""

_RECORD = re.compile(r"\d{4}-\d\d-\d\d \S+ (?P<level>[A-Z]+) \([^)]*\) \[(?P<logger>[^]]+)\] ")

# What hears of our messages. Camera, voices and others miss programs that no test needs, and that
# Core was killed recorder.util says.
_CONCERNED = re.compile(
    r"homeassistant\.(components\.(mqtt|sensor|binary_sensor|recorder(?!\.util)|energy|history)\b|helpers\b|util\b)"
)


def environment() -> Path | None:
    """Give the virtual environment that Core is in; None when there is none."""
    named = os.environ.get(ENVIRONMENT)
    path = Path(named) if named else ROOT / ".venv-home-assistant"
    return path if (path / "bin" / "hass").exists() else None


class Broker(Protocol):
    """Where Core's integration MQTT connects to."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...


class Core:
    """A Home Assistant Core on a free port, with a user who has gone through onboarding.

    Args:
        environment: the virtual environment that it is in.
        directory: for its configuration; empty, and nobody else's.
    """

    host = "127.0.0.1"

    def __init__(self, environment: Path, directory: Path) -> None:
        self._hass = environment / "bin" / "hass"
        self._directory = directory
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread()
        self._lines: list[str] = []
        self.port = free_port()
        self._token = ""
        self._token_ends = 0.0
        self._refresh_token = ""
        self.version = ""
        self.release = (0, 0)
        configuration = _CONFIGURATION.format(port=self.port)
        (directory / "configuration.yaml").write_text(configuration, encoding="utf-8")
        (directory / "automations.yaml").write_text("[]\n", encoding="utf-8")
        shutil.copytree(
            Path(__file__).parent / "custom_components",
            directory / "custom_components",
            ignore=shutil.ignore_patterns("__pycache__"),
        )

    @property
    def database(self) -> Path:
        """Where its recorder writes."""
        return self._directory / "home-assistant_v2.db"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        """All it has logged so far, all starts together."""
        return "".join(self._lines)

    def start(self) -> Self:
        """Start it and wait until it has set up everything it was told to."""
        self._process = subprocess.Popen(
            [
                *(str(self._hass), "--config", str(self._directory)),
                *("--skip-pip", "--log-no-color"),
            ],
            env={**os.environ, "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started = threading.Event()
        self._reader = threading.Thread(target=self._read_log, args=(self._process, started))
        self._reader.start()
        if not started.wait(PATIENCE) or self._process.poll() is not None:
            self.kill()
            raise AssertionError(f"Home Assistant Core does not start:\n{self.log}")
        return self

    def stop(self) -> None:
        """Stop it, as a user does; it writes down what it knows."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(PATIENCE)
            finally:
                self.kill()

    def restart(self) -> None:
        """Stop it and start it again, with the same configuration."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self._process is None:
            return
        put_down(self._process, self._reader)
        self._process = None

    def complaints(self, since: int = 0) -> list[str]:
        """Give what it logged as a warning or worse about messages, entities and statistics.

        Args:
            since: lines of the log that are passed over, as ``position`` counts them.
        """
        return [
            record
            for record in _records(self._lines[since:])
            if (head := _RECORD.match(record))
            and head["level"] in {"WARNING", "ERROR", "CRITICAL"}
            and (_CONCERNED.match(head["logger"]) or "smartmeter" in record)
            and not (self.release < REACTIVE_ENERGY and "reactive_energy" in record)
            and "No device components to cleanup" not in record  # of meters that tests took away
        ]

    @property
    def position(self) -> int:
        """How many lines it has logged so far."""
        return len(self._lines)

    def onboard(self) -> None:
        """Make the first user, by the same requests as the page that a new user sees."""
        client = f"{self.url}/"
        user = {"name": "Tester", "username": "tester", "password": "correct horse"}
        made = self.ask("/api/onboarding/users", {**user, "client_id": client, "language": "en"})
        form = {"grant_type": "authorization_code", "code": made["auth_code"], "client_id": client}
        self._refresh_token = self._log_in(form)["refresh_token"]
        self.version = self.ask("/api/config")["version"]
        year, month, *_ = self.version.split(".")
        self.release = int(year), int(month)

    @property
    def token(self) -> str:
        """An access token of the user, good for some minutes at least; empty before onboarding."""
        if self._token and time.monotonic() > self._token_ends:
            self._token = ""
            form = {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
            self._log_in({**form, "client_id": f"{self.url}/"})
        return self._token

    def _log_in(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Fetch an access token, and give all that Core answers."""
        answer: dict[str, Any] = self._send("/auth/token", urlencode(form).encode())
        self._token = answer["access_token"]
        self._token_ends = time.monotonic() + TOKEN_AGE
        return answer

    def finish_onboarding(self) -> None:
        """Take the remaining steps, after which Core shows its pages."""
        self.ask("/api/onboarding/core_config", {})
        self.ask("/api/onboarding/analytics", {})
        place = {"client_id": f"{self.url}/", "redirect_uri": f"{self.url}/"}
        self.ask("/api/onboarding/integration", place)

    def connect_mqtt(self, broker: Broker) -> None:
        """Set up the integration MQTT, by its own form."""
        flows = "/api/config/config_entries/flow"
        form = self.ask(flows, {"handler": "mqtt", "show_advanced_options": False})
        given = {
            "broker": broker.host,
            "port": broker.port,
            "username": broker.username,
            "password": broker.password,
            "set_client_cert": False,
            "set_ca_cert": "off",
        }
        done = self.ask(f"{flows}/{form['flow_id']}", _fill(form, given))
        assert done["type"] == "create_entry", done

    def ask(self, path: str, data: object = None) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Send a request with the user's token: POST with data, else GET."""
        return self._send(path, None if data is None else json.dumps(data).encode())

    def delete(self, path: str) -> None:
        """Send a request with the user's token that takes something away."""
        self._send(path, None, "DELETE")

    def _send(self, path: str, body: bytes | None, method: str | None = None) -> Any:  # noqa: ANN401 - whatever JSON holds
        headers = {}
        if body is not None and body[:1] in {b"{", b"["}:
            headers["Content-Type"] = "application/json"
        if token := self.token:
            headers["Authorization"] = f"Bearer {token}"
        request = Request(self.url + path, data=body, headers=headers, method=method)  # noqa: S310 - always http
        try:
            with urlopen(request, timeout=PATIENCE) as response:  # noqa: S310 - always http
                return json.load(response)
        except HTTPError as error:
            raise AssertionError(f"{path}: {error} {error.read().decode()}") from None

    def _read_log(self, process: subprocess.Popen[str], started: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._lines.append(line)
            if "[homeassistant.core] Starting Home Assistant" in line:
                started.set()
        started.set()  # it has ended: whoever waits need not wait any longer


@contextmanager
def core_with(broker: Broker, folder: Path) -> Iterator[Core]:
    """Give a Core with a user and the integration MQTT, freshly made; skip where there is none."""
    where = environment()
    if where is None:
        pytest.skip("there is no Home Assistant Core here; script/home-assistant installs one")
    core = Core(where, folder)
    try:
        core.start()
        core.onboard()
        core.connect_mqtt(broker)
        yield core
    finally:
        core.stop()


def _records(lines: list[str]) -> Iterator[str]:
    """Yield records, each with the lines that belong to it."""
    record = ""
    for line in lines:
        if _RECORD.match(line) and record:
            yield record
            record = ""
        record += line
    if record:
        yield record


def _fill(form: Mapping[str, Any], given: Mapping[str, object]) -> dict[str, object]:
    """Fill a form in: what is given, and for the rest that it requires what it suggests."""
    filled: dict[str, object] = {}
    for field in form["data_schema"]:
        name = field["name"]
        if name in given:
            filled[name] = given[name]
        elif field.get("type") == "expandable" or "schema" in field:
            filled[name] = _fill({"data_schema": field["schema"]}, given)
        elif field.get("required") and "default" in field:
            filled[name] = field["default"]
    return filled
