"""What a fleet is deployed with: of the published forms, and of one mind with the program."""

import asyncio
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import aiomqtt
import nats
import nats.errors
import pytest
import yaml

from app.config.tls import trusting
from app.fleet import engine_options, meters_file, options, set_up, subjects
from app.fleet.engine import Engine, EngineError
from app.fleet.engine_options import EngineOptions
from app.fleet.message import Message
from app.line.lasting import HEARTBEAT
from app.meters import profile_files
from app.meters.profile import AUTO
from tests.support.certificates import Certificates, certificates
from tests.support.nats import TIMEOUT, Node, program, unclaimed_port
from tests.support.nats import engine as running

__all__ = ["certificates"]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "fleet"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
KUBERNETES: list[dict[str, Any]] = list(
    yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text("utf-8"))
)
NATS = (FOLDER / "nats.conf").read_text("utf-8")
PASSWORDS = {
    "READER_PASSWORD": "of-the-reader",
    "GATEWAY_1_PASSWORD": "of-the-gateway",
    "VIEWER_PASSWORD": "of-the-viewer",
    "DEVICE_1_PASSWORD": "of-the-device",
    "HOMEASSISTANT_PASSWORD": "of-home-assistant",
}


def with_all(text: str) -> str:
    """A file with the options that are off."""
    return re.sub(r"^( *)#(?! )", r"\1", text, flags=re.MULTILINE)


def without_comments(text: str) -> str:
    return re.sub(r"^ *#.*", "", text, flags=re.MULTILINE)


@pytest.mark.skipif(
    not importlib.util.find_spec("check_jsonschema"), reason="script/setup installs the schema"
)
def test_the_compose_file_is_of_the_published_form() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    subprocess.run([*check, FOLDER / "compose.yaml"], check=True, timeout=60)


@pytest.mark.skipif(
    not importlib.util.find_spec("kubernetes_validate"), reason="script/setup installs the schema"
)
def test_the_kubernetes_file_is_of_the_published_form() -> None:
    check = [sys.executable, "-m", "kubernetes_validate", "--strict"]
    subprocess.run([*check, FOLDER / "kubernetes.yaml"], check=True, timeout=60)


def test_the_servers_have_the_names_and_variables_of_their_configuration() -> None:
    servers = {name: one for name, one in COMPOSE["services"].items() if name.startswith("nats-")}
    assert set(re.findall(r"nats://(nats-\d):6222", NATS)) == servers.keys()
    for name, server in servers.items():
        assert server["environment"]["SERVER_NAME"] == name
        assert variables(without_comments(NATS)) == server["environment"].keys()
    compose = yaml.safe_load(with_all((FOLDER / "compose.yaml").read_text("utf-8")))
    assert variables(with_all(NATS)) == compose["services"]["nats-1"]["environment"].keys()


def variables(text: str) -> set[str]:
    return set(re.findall(r"\$(\w+)", text))


def test_readers_are_given_time_to_end() -> None:
    reader = COMPOSE["services"]["reader"]
    assert (ROOT / "deploy" / "fleet" / reader["build"]["context"]).resolve() == ROOT
    assert (ROOT / reader["build"]["dockerfile"]).exists()
    _, deployment = KUBERNETES
    pod = deployment["spec"]["template"]["spec"]
    assert int(reader["stop_grace_period"][:-1]) == pod["terminationGracePeriodSeconds"] == 15
    assert reader["read_only"]
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"]
    assert pod["securityContext"]["runAsNonRoot"]


def test_a_reader_whose_loop_hangs_is_restarted() -> None:
    image = (ROOT / "smartmeter_addon" / "Dockerfile").read_text("utf-8")
    check = re.search(r"^HEALTHCHECK (?:.*\\\n)*\s+CMD (.+)$", image, re.MULTILINE)
    assert check
    assert str(HEARTBEAT) in check[1]
    assert "HEALTHCHECK" not in (FOLDER / "Dockerfile").read_text("utf-8")
    _, deployment = KUBERNETES
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["livenessProbe"]["exec"]["command"] == ["sh", "-c", check[1]]


def test_kubernetes_gives_options_that_the_program_takes() -> None:
    secret, deployment = KUBERNETES
    files = secret["stringData"]
    loaded = options.parse(json.loads(files["fleet.json"]), Path("/etc/smartmeter"))
    types = (AUTO, *profile_files.load())
    assert meters_file.parse(json.loads(files["meters.json"]), types)
    assert loaded.meters.name in files
    assert loaded.engine.ca
    assert Path(loaded.engine.ca).name in files
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels


@pytest.mark.parametrize("options_on", [str, with_all])
def test_the_server_takes_its_configuration(
    tmp_path: Path, certificates: Certificates, options_on: Callable[[str], str]
) -> None:
    config = placed(options_on(NATS), certificates)
    file = tmp_path / "nats.conf"
    file.write_text(config)
    environment = {**os.environ, **PASSWORDS, "SERVER_NAME": "nats-1"}
    command = [program(), "-t", "-c", str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("password", ["12345", "10k", "true", "a b#c", "it's;a,word}", "-x"])
def test_a_password_may_look_like_something_else(tmp_path: Path, password: str) -> None:
    given = COMPOSE["x-passwords"]["READER_PASSWORD"]
    environment = {**os.environ, "READER_PASSWORD": re.sub(r"\$\{.*?\}", password, given)}
    file = tmp_path / "nats.conf"
    file.write_text("authorization {users: [{user: reader, password: $READER_PASSWORD}]}")
    command = [program(), "-t", "-c", str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr


def placed(config: str, certificates: Certificates) -> str:
    """A configuration with the test's certificates."""
    config = config.replace("/etc/nats/certs/server.pem", certificates.server[0])
    config = config.replace("/etc/nats/certs/server.key", certificates.server[1])
    return config.replace("/etc/nats/certs/ca.pem", certificates.ca)


@pytest.fixture
def node(
    tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Node]:
    """One server with TLS and the users of the configuration."""
    for name, password in PASSWORDS.items():
        monkeypatch.setenv(name, password)
    users = NATS[NATS.index("accounts {") :]
    cert, key = certificates.server
    tls = f'tls {{cert_file: "{cert}", key_file: "{key}"}}'
    with running(tmp_path, tls, users) as one:
        yield one


def user(node: Node, certificates: Certificates, name: str, password: str) -> EngineOptions:
    given = {"servers": node.url, "username": name, "password": password, "ca": certificates.ca}
    return EngineOptions.taken_from(
        {key: engine_options.FIELDS[key](value) for key, value in given.items()}
    )


async def test_a_gateway_may_push_its_own_meters_and_nothing_else(
    node: Node, certificates: Certificates
) -> None:
    reader = await Engine.connect(
        user(node, certificates, "reader", "of-the-reader"), "reader", patient=True
    )
    given = user(node, certificates, "reader", "of-the-reader")
    await set_up.set_up(reader, options.FleetOptions(given, Path("meters.json"), 1, 1))
    gateway = await Engine.connect(
        user(node, certificates, "gateway-1", "of-the-gateway"), "gateway", own_inboxes=True
    )
    overheard: list[bytes] = []

    async def hear(message: Any) -> None:  # noqa: ANN401 - any message
        overheard.append(message.data)

    await gateway.listen("raw.>", hear)
    answer = await gateway.request(subjects.raw("meter-1"), b"mine")
    assert json.loads(answer.data)["seq"] == 1
    for subject in (subjects.raw("meter-3"), f"$JS.API.STREAM.DELETE.{subjects.RAW}"):
        await gateway.publish(subject, b"not mine")
    await gateway.request(subjects.raw("meter-2"), b"mine as well")
    # The server acknowledges to wherever a client wants, whatever the client may publish to.
    for subject in (subjects.readings("meter-3", "5"), subjects.owner("5"), "smartmeter.5.state"):
        await reader.listen(subject, hear)
        await gateway.publish(subjects.raw("meter-1"), b"mine", reply=subject)
    await gateway.request(subjects.raw("meter-2"), b"mine as well")
    infos = [
        await reader.api(f"STREAM.INFO.{stream}")
        for stream in (subjects.RAW, subjects.READINGS, subjects.STATE_STREAM)
    ]
    assert [info["state"]["messages"] for info in infos] == [6, 0, 0]
    assert not overheard
    await gateway.close()
    await reader.close()


@pytest.mark.slow
async def test_nobody_is_let_in_without_a_password(node: Node, certificates: Certificates) -> None:
    with pytest.raises(Exception, match="does not let this program in"):
        await Engine.connect(user(node, certificates, "reader", "wrong"), "reader")


class Servers(NamedTuple):
    """Three servers with all of the configuration, and the MQTT port of one."""

    nodes: list[Node]
    mqtt_port: int


@pytest.fixture
def servers(
    tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Servers]:
    for name, password in PASSWORDS.items():
        monkeypatch.setenv(name, password)
    config = placed(with_all(NATS), certificates)
    between = config[config.index("  no_advertise") : config.index("\n}\n\ntls {")]
    others = config[config.index("\ntls {") :]
    ports = [unclaimed_port() for _ in range(3)]
    nodes = [
        Node(tmp_path, f"nats-{number}", others.replace("0.0.0.0:8883", f"127.0.0.1:{port}"))
        for number, port in enumerate(ports, 1)
    ]
    for node in nodes:
        node.join(nodes, between)
        node.start()
    try:
        yield Servers(nodes, ports[0])
    finally:
        for node in nodes:
            node.kill()


@asynccontextmanager
async def mqtt(
    servers: Servers, certificates: Certificates, name: str, password: str
) -> AsyncIterator[aiomqtt.Client]:
    context = trusting(certificates.ca, "ca", insecure=False)
    async with aiomqtt.Client(
        "127.0.0.1",
        servers.mqtt_port,
        username=name,
        password=password,
        tls_context=context,
        timeout=TIMEOUT,
    ) as client:
        yield client


async def test_three_servers_with_all_of_it_serve_a_device_and_home_assistant_by_mqtt(
    servers: Servers, certificates: Certificates
) -> None:
    given = user(servers.nodes[0], certificates, "reader", "of-the-reader")
    wanted = options.FleetOptions(given, Path("meters.json"), partitions=1)
    async with asyncio.timeout(TIMEOUT):
        reader = await Engine.connect(given, "reader", patient=True)
    assert "connect_urls" not in reader._client._server_info
    async with asyncio.timeout(TIMEOUT):
        while not await is_set_up(reader, wanted):  # noqa: ASYNC110 - there is no leader yet
            await asyncio.sleep(0.5)
    await reader.publish("raw.meter-3", b"")  # which is stored, so that there are streams of MQTT
    async with (
        mqtt(servers, certificates, "homeassistant", "of-home-assistant") as home,
        mqtt(servers, certificates, "device-1", "of-the-device") as device,
    ):
        for topic in ("homeassistant/+/+/config", "homeassistant/+/+/+/config", "smartmeter/#"):
            await home.subscribe(topic)
        heard = asyncio.Queue[str]()

        async def hear(message: Message) -> None:
            await heard.put(message.subject)

        await reader.listen("homeassistant.status", hear)
        info = await reader.api(
            f"STREAM.INFO.{subjects.RAW}"
        )  # the server takes one after the other
        await home.publish("homeassistant/status", "online")
        async with asyncio.timeout(TIMEOUT):
            assert await heard.get() == "homeassistant.status"
        await device.publish("raw/meter-3", b"mine", qos=1)
        for topic in ("raw/meter-1", "homeassistant/device/x/config", "smartmeter/5/state"):
            await device.publish(topic, b"not mine", qos=1)
        await reader.publish("homeassistant.device.x.config", b"{}")
        await reader.publish("smartmeter.5.state", b"{}")
        async with asyncio.timeout(TIMEOUT):
            messages = [await anext(aiter(home.messages)) for _ in range(2)]
        assert [message.payload for message in messages] == [b"{}", b"{}"]
        info = await reader.api(f"STREAM.INFO.{subjects.RAW}")
        assert info["state"]["messages"] == 2
    await reader.close()


async def test_a_gateway_hears_from_any_server_that_its_telegram_is_stored(
    servers: Servers, certificates: Certificates
) -> None:
    given = user(servers.nodes[0], certificates, "reader", "of-the-reader")
    async with asyncio.timeout(TIMEOUT):
        reader = await Engine.connect(given, "reader", patient=True)
        while not await is_set_up(reader, options.FleetOptions(given, Path("meters.json"), 1)):  # noqa: ASYNC110 - there is no leader yet
            await asyncio.sleep(0.5)
    for number, node in enumerate(servers.nodes, 1):
        of_gateway = user(node, certificates, "gateway-1", "of-the-gateway")
        gateway = await Engine.connect(of_gateway, "gateway", own_inboxes=True)
        answer = await gateway.request(subjects.raw("meter-1"), b"mine")
        assert json.loads(answer.data)["seq"] == number
        await gateway.close()
    await reader.close()


async def test_users_of_the_mqtt_port_are_not_let_in_by_nats(
    servers: Servers, certificates: Certificates
) -> None:
    """By NATS a device could have the acknowledgement sent to another meter's readings."""
    (node, *_) = servers.nodes
    async with asyncio.timeout(TIMEOUT):
        await (
            await Engine.connect(
                user(node, certificates, "reader", "of-the-reader"), "reader", patient=True
            )
        ).close()
    context = trusting(certificates.ca, "ca", insecure=False)
    for name, password in (("device-1", "of-the-device"), ("homeassistant", "of-home-assistant")):
        with pytest.raises(nats.errors.Error, match=r"(?i)authorization violation"):
            await nats.connect(
                node.url, user=name, password=password, tls=context, allow_reconnect=False
            )


async def is_set_up(engine: Engine, wanted: options.FleetOptions) -> bool:
    """Try to set an engine up."""
    with suppress(EngineError):
        await set_up.set_up(engine, wanted)
        return True
    return False
