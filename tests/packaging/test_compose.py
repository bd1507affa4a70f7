"""compose.yaml: of the published form, and of one mind with the image and the program."""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import environment
from app.config.options import load
from app.meters import profile_files

ROOT = Path(__file__).parents[2]
FILE = ROOT / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
READER = SERVICES["smartmeter"]
BROKER = SERVICES["mosquitto"]
DOCKERFILE = (ROOT / READER["build"] / "Dockerfile").read_text("utf-8")


@pytest.mark.skipif(
    not importlib.util.find_spec("check_jsonschema"), reason="script/setup installs the schema"
)
def test_the_file_is_of_the_published_form(tmp_path: Path) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    subprocess.run([*check, FILE], check=True, timeout=60)
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(FILE.read_text("utf-8").replace("restart:", "restrat:"))
    assert subprocess.run([*check, wrong], check=False, capture_output=True, timeout=60).returncode


def test_each_variable_is_an_option_or_known_otherwise() -> None:
    options = {environment.variable(one) for one in (*environment.TEXTS, *environment.VALUES)}
    for name in READER["environment"]:
        known = name.removesuffix(environment.FILE_SUFFIX) in options
        assert known or name in {"TZ", "RUNTIME_DIRECTORY"}, name


def test_the_program_takes_the_variables(tmp_path: Path) -> None:
    variables = dict(READER["environment"])
    for name in list(variables):
        if name.endswith(environment.FILE_SUFFIX):
            secret = tmp_path / name
            secret.write_text("36C66639E48A8CA4D6BC8B282A793BBB\n")
            variables[name] = str(secret)
    options = load(tmp_path / "missing.json", ["auto", *profile_files.load()], variables)
    (meter,) = options.meters
    (mapped,) = READER["devices"]
    assert mapped.endswith(f":{meter.device}")
    assert options.mqtt.host in SERVICES
    assert options.mqtt.password
    assert meter.keys.encryption


def test_each_secret_that_is_named_is_handed_over() -> None:
    for service in SERVICES.values():
        text = yaml.safe_dump(service)
        assert set(re.findall(r"/run/secrets/(\w+)", text)) == set(service["secrets"])
        assert set(service["secrets"]) <= set(COMPOSE["secrets"])
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    for secret in COMPOSE["secrets"].values():
        assert "/" + secret["file"].removeprefix("./").split("/")[0] + "/" in ignored
    assert {"/.env", "/data/"} <= set(ignored)


def test_the_entry_point_is_in_the_image_and_the_program_finds_its_state() -> None:
    (folder,) = re.findall(r"^WORKDIR (.+)$", DOCKERFILE, re.MULTILINE)
    assert READER["entrypoint"] == [f"{folder}/run.sh"]
    assert "./data:/data" in READER["volumes"]  # where options.json is by default


def test_the_container_may_do_nothing_that_it_need_not() -> None:
    assert READER["read_only"] is True
    assert READER["cap_drop"] == ["ALL"]
    assert READER["security_opt"] == ["no-new-privileges:true"]
    assert not {"cap_add", "privileged", "network_mode", "ports"} & READER.keys()
    # What is written beside /data: the heartbeat of the health check, and the status.
    assert "/tmp" in READER["tmpfs"]  # noqa: S108 - inside the container


PASSWORDS = shutil.which("mosquitto_passwd", path="/usr/bin:/usr/local/bin:/usr/sbin")


@pytest.mark.skipif(not PASSWORDS, reason="mosquitto_passwd is missing")
def test_the_broker_s_command_makes_a_file_of_hashed_passwords(tmp_path: Path) -> None:
    (script,) = BROKER["command"]
    secret, passwords = tmp_path / "mqtt_password", tmp_path / "passwords"
    secret.write_text("it's: a $password")  # without a line break at its end
    # As compose does it: $$ is one. Who owns the file is the image's affair, and what is started.
    script = script.replace("$$", "$")
    script = script.replace("/run/secrets/mqtt_password", shlex.quote(str(secret)))
    script = script.replace("/tmp/passwords", shlex.quote(str(passwords)))  # noqa: S108 - the same
    script = script.replace("chown mosquitto", "true").replace("exec mosquitto", "exec echo")
    shell = [*BROKER["entrypoint"], script]
    ended = subprocess.run(shell, capture_output=True, text=True, check=True, timeout=30)
    assert ended.stdout == "-c /mosquitto/config/mosquitto.conf\n"
    assert re.fullmatch(r"smartmeter:\$7\$\S+\n", passwords.read_text())
    assert passwords.stat().st_mode & 0o777 == 0o600


def test_the_broker_s_configuration_is_mounted_and_wants_a_password() -> None:
    (mounted,) = [one for one in BROKER["volumes"] if one.endswith(":ro")]
    source, target, _ = mounted.split(":")
    (script,) = BROKER["command"]
    assert f"exec mosquitto -c {target}" in script
    lines = (ROOT / source).read_text("utf-8").splitlines()
    settings = dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    assert settings["password_file"] == "/tmp/passwords"  # noqa: S108 - inside the container
    assert "allow_anonymous" not in settings
    assert BROKER["ports"] == [f"{settings['listener']}:{settings['listener']}"]
