"""The files that the Supervisor reads: it drops what it does not know and rarely says so."""

import ast
import asyncio
import dataclasses
import importlib.util
import os
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

import app
from app import log
from app.config import options
from app.meters import profile_files
from simulator.ciphering import KEY
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.program import running
from tests.support.simulated import Adapter, SimulatedMeter

ROOT = Path(__file__).parents[2]
ADDON = ROOT / "smartmeter_addon"
LANGUAGES = ("en", "de")

# Keys and defaults of the Supervisor of 2026-08 (SCHEMA_ADDON_CONFIG in its source); None where a
# key is required or has no default.
SUPERVISOR_KEYS: Mapping[str, object] = {
    "name": None,
    "version": None,
    "slug": None,
    "description": None,
    "arch": None,
    "url": None,
    "startup": "application",
    "boot": "auto",
    "init": True,
    "stage": "stable",
    "machine": None,
    "homeassistant": None,
    "timeout": 10,
    "webui": None,
    "ingress": False,
    "ingress_port": 8099,
    "ingress_entry": None,
    "ingress_stream": False,
    "panel_icon": "mdi:puzzle",
    "panel_title": None,
    "panel_admin": True,
    "ports": None,
    "ports_description": None,
    "devices": None,
    "uart": False,
    "usb": False,
    "udev": False,
    "gpio": False,
    "video": False,
    "audio": False,
    "devicetree": False,
    "kernel_modules": False,
    "realtime": False,
    "full_access": False,
    "stdin": False,
    "tmpfs": False,
    "journald": False,
    "legacy": False,
    "docker_api": False,
    "auth_api": False,
    "hassio_api": False,
    "hassio_role": "default",
    "homeassistant_api": False,
    "host_network": False,
    "host_pid": False,
    "host_ipc": False,
    "host_uts": False,
    "host_dbus": False,
    "apparmor": True,
    "privileged": None,
    "services": None,
    "discovery": None,
    "environment": None,
    "map": None,
    "ulimits": None,
    "backup": "hot",
    "backup_pre": None,
    "backup_post": None,
    "backup_exclude": None,
    "breaking_versions": None,
    "image": None,
    "options": None,
    "schema": None,
}
REQUIRED_KEYS = ("name", "version", "slug", "description", "arch")

# What Supervisor's options validator accepts as the type of one value.
OPTION_TYPE = re.compile(
    r"(bool|email|url|port|str|password|int|float|device"
    r"|(str|password|int|float)\(-?\d*,-?\d*\)"
    r"|match\(.+\)|list\([^|]+(\|[^|]+)*\)|device\(subsystem=[a-z]+\))\??"
)

CHOICE = re.compile(r"list\((.+)\)\??")


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - as free as YAML is
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", name="config")
def _config() -> dict[str, Any]:
    config = read_yaml(ADDON / "config.yaml")
    assert isinstance(config, dict)
    return config


def fields_of(schema: object) -> dict[str, Any] | None:
    """Give the fields of a group or a list of groups, None for a single value."""
    if isinstance(schema, list):
        (schema,) = schema
    return schema if isinstance(schema, dict) else None


def leaves(schema: Mapping[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in schema.items():
        fields = fields_of(value)
        if fields is None:
            yield path + key, str(value)
        else:
            yield from leaves(fields, f"{path}{key}.")


def schema_paths(schema: Mapping[str, object], path: str = "") -> Iterator[str]:
    for key, value in schema.items():
        yield path + key
        yield from schema_paths(fields_of(value) or {}, f"{path}{key}.")


def translation_paths(translation: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key, value in translation.items():
        yield path + key
        yield from translation_paths(value.get("fields", {}), f"{path}{key}.")


def translation_entries(translation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for value in translation.values():
        yield value
        yield from translation_entries(value.get("fields", {}))


def files_the_supervisor_sees(pattern: str) -> set[Path]:
    """Find as the Supervisor does: at any depth, but not in directories that start with a dot."""
    paths = (path.relative_to(ROOT) for path in ROOT.rglob(pattern))
    return {
        path
        for path in paths
        if path.suffix in {".yaml", ".yml", ".json"}
        and not any(part.startswith(".") for part in path.parts)
    }


def requirements() -> dict[str, list[str]]:
    """Read requirements.txt: the hashes of each requirement as it is pinned."""
    joined = (ADDON / "requirements.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (line.split("#")[0].split() for line in joined.splitlines())
    return {words[0]: words[1:] for words in lines if words}


def normalised(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


# config.yaml


def test_every_required_key_is_there(config: dict[str, Any]) -> None:
    assert [key for key in REQUIRED_KEYS if not config.get(key)] == []


def test_the_supervisor_knows_every_key(config: dict[str, Any]) -> None:
    assert config.keys() - SUPERVISOR_KEYS.keys() == set()


def test_no_key_repeats_the_supervisors_default(config: dict[str, Any]) -> None:
    repeated = [
        key
        for key, value in config.items()
        if SUPERVISOR_KEYS.get(key) is not None and value == SUPERVISOR_KEYS[key]
    ]
    empty = [key for key, value in config.items() if value in (None, "", [], {})]
    assert repeated + empty == []


def test_the_addon_asks_for_serial_adapters_and_the_broker_and_for_no_privilege(
    config: dict[str, Any],
) -> None:
    privileges = SUPERVISOR_KEYS.keys() - REQUIRED_KEYS
    privileges -= {"homeassistant", "url", "image", "init", "tmpfs", "options", "schema"}
    assert {key: config[key] for key in config.keys() & privileges} == {
        "uart": True,
        "services": ["mqtt:want"],
        # Its own folder, which costs no point of the security rating, by the name that every
        # Supervisor knows.
        "map": [{"type": "addon_config", "read_only": True}],
        "ingress": True,
        "panel_icon": "mdi:meter-electric-outline",
        "panel_admin": False,
    }


def test_the_supervisor_rates_its_security_with_the_best_mark(config: dict[str, Any]) -> None:
    """By the rule of the Supervisor's ``rating_security``, as far as keys of ours play a part."""
    rating = 5
    rating += 1 if (ADDON / "apparmor.txt").exists() and config.get("apparmor", True) else -1
    rating += 2 if config.get("ingress") else bool(config.get("auth_api"))
    costly = ("privileged", "kernel_modules", "host_network", "host_pid", "host_uts")
    assert not any(config.get(key) for key in (*costly, "docker_api", "full_access"))
    assert config.get("hassio_role", "default") == "default"
    assert rating == 8


def test_both_supported_architectures_are_named_and_no_other(config: dict[str, Any]) -> None:
    assert config["arch"] == ["aarch64", "amd64"]


def test_the_values_have_the_form_that_linter_and_supervisor_ask_for(
    config: dict[str, Any],
) -> None:
    assert re.fullmatch(r"[-_.A-Za-z0-9]+", config["slug"])
    # Numbers without quotes would be no texts: 1.10 would become 1.1.
    assert re.fullmatch(r"\d+\.\d+\.\d+", config["version"])
    assert re.fullmatch(r"20\d\d\.\d+\.\d+", config["homeassistant"])
    assert [key for key in ("init", "uart", "tmpfs") if not isinstance(config[key], bool)] == []
    assert "\n" not in config["name"] + config["description"]


def test_every_type_that_ends_in_a_question_mark_is_quoted() -> None:
    """The linter's reader of YAML stumbles over it otherwise, which the Supervisor's does not."""
    text = (ADDON / "config.yaml").read_text(encoding="utf-8")
    quoted = [line for line in text.splitlines() if re.search(r'\?"$', line)]
    assert len(quoted) > 10
    assert [line for line in text.splitlines() if re.search(r"\?$", line)] == []


# options and schema


def test_every_option_has_a_type_the_supervisor_knows(config: dict[str, Any]) -> None:
    unknown = {
        path: kind for path, kind in leaves(config["schema"]) if not OPTION_TYPE.fullmatch(kind)
    }
    assert unknown == {}


def test_optional_options_have_no_default_and_all_others_have_one(config: dict[str, Any]) -> None:
    # A default would make an optional option one that has to be given; a missing one would keep
    # the add-on from starting until it is filled in. A group can never be optional.
    with_default = {
        key
        for key, kind in config["schema"].items()
        if fields_of(kind) is not None or not kind.endswith("?")
    }
    assert config["options"].keys() == with_default


def empty(kind: object) -> object:
    """Give the default of a group or a list, in which only lists have to be given."""
    if isinstance(kind, list):
        return []
    assert isinstance(kind, dict)
    return {name: [] for name, inner in kind.items() if isinstance(inner, list)}


def test_groups_are_empty_by_default_and_so_every_option_in_them_is_optional(
    config: dict[str, Any],
) -> None:
    for key, kind in config["schema"].items():
        fields = fields_of(kind)
        if fields is not None:
            assert config["options"][key] == empty(kind), key
            assert [path for path, leaf in leaves(fields) if not leaf.endswith("?")] == [], key


def test_no_option_inside_a_list_of_groups_is_a_group_again(config: dict[str, Any]) -> None:
    for key, kind in config["schema"].items():
        if isinstance(kind, list):
            nested = [name for name, leaf in kind[0].items() if fields_of(leaf) is not None]
            assert nested == [], key


def test_the_oldest_home_assistant_is_the_one_that_the_tests_run_against(
    config: dict[str, Any],
) -> None:
    """By script/home-assistant, with HOME_ASSISTANT_VERSION=oldest."""
    required = (ROOT / "requirements-home-assistant-oldest.txt").read_text("utf-8")
    assert f"homeassistant=={config['homeassistant']}\n" in required


def test_an_additional_meter_takes_the_per_meter_options_of_the_first(
    config: dict[str, Any],
) -> None:
    schema = config["schema"]
    (additional,) = schema["additional_meters"]
    outputs = {"mqtt", "influxdb", "console", "page"}
    of_the_program = {"language", "detail_interval", "log_level", "additional_meters", *outputs}
    assert additional.keys() == schema.keys() - of_the_program
    assert {key: kind.rstrip("?") for key, kind in additional.items()} == {
        key: schema[key].rstrip("?") for key in additional
    }


def test_every_secret_is_masked_in_the_form(config: dict[str, Any]) -> None:
    secret = {
        path
        for path, _ in leaves(config["schema"])
        if path.split(".")[-1] in {"key", "auth_key", "password", "client_key", "token"}
        and path != "mqtt.topics.key"  # names a value
    }
    masked = {path for path, kind in leaves(config["schema"]) if kind.startswith("password")}
    assert secret
    assert masked == secret


# the schema and the program


def choices(kind: str) -> list[str]:
    match = CHOICE.fullmatch(kind)
    assert match, kind
    return match[1].split("|")


def names(description: type) -> set[str]:
    """Name the options that become one of the program's groups of options."""
    fields = {field.name for field in dataclasses.fields(description) if field.compare}
    return (fields - {"keys"}) | ({"key", "auth_key"} if "keys" in fields else set())


def test_the_form_offers_exactly_the_options_that_the_program_takes(
    config: dict[str, Any],
) -> None:
    schema = config["schema"]
    (additional,) = schema["additional_meters"]
    assert additional.keys() == names(options.MeterOptions)
    assert schema["mqtt"].keys() == names(options.MqttOptions)
    of_the_program = (names(options.Options) - {"meters"}) | {"additional_meters"}
    assert schema.keys() == names(options.MeterOptions) | of_the_program


def test_the_program_takes_every_option_by_the_name_it_has_in_the_form(
    config: dict[str, Any],
) -> None:
    def empty(fields: dict[str, Any]) -> dict[str, Any]:
        return {
            key: [empty(kind[0])]
            if isinstance(kind, list)
            else empty(kind)
            if isinstance(kind, dict)
            else None
            for key, kind in fields.items()
        }

    parsed = options.parse(empty(config["schema"]), ["auto"])
    assert parsed == options.Options((options.MeterOptions(), options.MeterOptions()))


def test_the_defaults_of_the_form_are_those_of_the_program(config: dict[str, Any]) -> None:
    parsed = options.parse(config["options"], choices(config["schema"]["meter_type"]))
    assert parsed == options.Options((options.MeterOptions(),))


def test_the_form_offers_every_meter_type_language_and_log_level(config: dict[str, Any]) -> None:
    schema = config["schema"]
    assert sorted(choices(schema["meter_type"])) == sorted(["auto", *profile_files.load()])
    assert sorted(choices(schema["language"])) == sorted(options.LANGUAGES)
    assert choices(schema["log_level"]) == list(log.LEVELS)


# translations


@pytest.mark.parametrize("language", LANGUAGES)
def test_exactly_the_options_are_translated(config: dict[str, Any], language: str) -> None:
    translation = read_yaml(ADDON / "translations" / f"{language}.yaml")
    # Sorted lists, for the sake of a readable difference.
    assert sorted(translation_paths(translation["configuration"])) == sorted(
        schema_paths(config["schema"])
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_has_a_name_and_a_description(language: str) -> None:
    translation = read_yaml(ADDON / "translations" / f"{language}.yaml")
    assert translation.keys() == {"configuration"}
    for entry in translation_entries(translation["configuration"]):
        assert entry.keys() - {"fields"} == {"name", "description"}, entry
        assert isinstance(entry["name"], str), entry
        assert isinstance(entry["description"], str), entry
        assert entry["name"], entry
        assert entry["description"].endswith((".", "...")), entry


def test_there_is_a_translation_for_every_language_of_the_sensors_and_no_other(
    config: dict[str, Any],
) -> None:
    assert sorted(choices(config["schema"]["language"])) == sorted(LANGUAGES)
    assert {path.stem for path in (ADDON / "translations").iterdir()} == set(LANGUAGES)


# versions


def test_config_changelog_and_program_name_the_same_version(config: dict[str, Any]) -> None:
    changelog = (ADDON / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(.+?)\] - \d{4}-\d{2}-\d{2}$", changelog, re.MULTILINE)
    assert newest
    headings = re.findall(r"^## .*$", changelog, re.MULTILINE)
    assert headings.index(newest[0]) == headings.count("## [Unreleased]")
    assert config["version"] == newest[1] == app.__version__


# the image


def test_dockerfile_and_build_file_start_from_the_same_image(config: dict[str, Any]) -> None:
    dockerfile = (ADDON / "Dockerfile").read_text(encoding="utf-8")
    (default,) = re.findall(r"^ARG BUILD_FROM=(.+)$", dockerfile, re.MULTILINE)
    build = read_yaml(ADDON / "build.yaml")
    assert build == {"build_from": dict.fromkeys(config["arch"], default)}
    assert re.fullmatch(r"ghcr\.io/home-assistant/base-python:3\.13-alpine3\.\d+", default)


def test_requirements_are_installed_before_the_program_is_copied() -> None:
    dockerfile = (ADDON / "Dockerfile").read_text(encoding="utf-8")
    assert 0 < dockerfile.index("--require-hashes") < dockerfile.index("COPY app")


def test_nothing_is_left_in_a_layer_that_only_the_building_needs() -> None:
    dockerfile = (ADDON / "Dockerfile").read_text(encoding="utf-8")
    (install,) = re.findall(
        r"^RUN (.*\\\n(?:.*\\\n)*.*)requirements\.txt$", dockerfile, re.MULTILINE
    )
    for word in ("--no-cache-dir", "--only-binary=:all:", "PYTHONDONTWRITEBYTECODE=1"):
        assert word in install
    assert not re.search(r"\bapk\b|build-base|gcc|\bgit\b", dockerfile)


async def test_the_image_comes_with_all_compiled_that_the_program_uses_of_the_library(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    """What is missing would be compiled at each start, and lost with the container."""
    text = (ADDON / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    (compiling,) = re.findall(r'python3 -c "([^"]*)"', text)
    show = "import atexit, sys; atexit.register(lambda: print('modules', *sys.modules))"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-B", "-c", f"{compiling}; {show}"),
        cwd=ADDON,
        stdout=asyncio.subprocess.PIPE,
    )
    image, _ = await process.communicate()
    meter = SimulatedMeter(adapter, "kaifa")
    given = {
        "key": KEY.hex(),
        "url": str(adapter.path),
        "page": f"127.0.0.1:{free_port()}",
        "mqtt": {
            "host": broker.host,
            "port": broker.port,
            "username": broker.username,
            "password": broker.password,
        },
    }
    async with running(given, tmp_path, before=show) as program:
        await program.ready()
        await meter.push()
        await program.logs("first telegram")
        await program.stop()
    assert program.lines[-1].startswith("modules ")
    missing = {
        name
        for name in set(program.lines[-1].split()) - set(image.decode().split())
        if name.partition(".")[0] in sys.stdlib_module_names
        and (spec := importlib.util.find_spec(name))
        and str(spec.origin).endswith(".py")
    }
    assert missing == set()


def test_the_image_says_what_it_is() -> None:
    dockerfile = (ADDON / "Dockerfile").read_text(encoding="utf-8")
    labels = dict(re.findall(r'^    ([\w.]+)="(.+?)"', dockerfile, re.MULTILINE))
    assert labels["io.hass.type"] == "app"
    assert labels["io.hass.arch"] == "${BUILD_ARCH}"
    assert labels["io.hass.version"] == "${BUILD_VERSION}"
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    arguments = re.findall(r"^ARG (\w+)", dockerfile, re.MULTILINE)
    assert arguments == ["BUILD_FROM", "BUILD_ARCH", "BUILD_VERSION"]


def test_everything_the_dockerfile_copies_gets_into_the_build_context() -> None:
    dockerfile = (ADDON / "Dockerfile").read_text(encoding="utf-8")
    copied = set(re.findall(r"^COPY (\S+) ", dockerfile, re.MULTILINE))
    ignored = (ADDON / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert copied == {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert [name for name in copied if not (ADDON / name).exists()] == []


def test_the_image_runs_run_sh_from_where_it_was_copied_to() -> None:
    dockerfile = (ADDON / "Dockerfile").read_text(encoding="utf-8")
    (workdir,) = re.findall(r"^WORKDIR (.+)$", dockerfile, re.MULTILINE)
    (command,) = re.findall(r"^CMD \[(.+)\]$", dockerfile, re.MULTILINE)
    assert command == f'"/usr/bin/with-contenv", "{workdir}/run.sh"'


@pytest.mark.parametrize(
    ("age", "healthy"),
    [
        pytest.param(30, True, id="fresh"),
        pytest.param(300, False, id="old"),
        pytest.param(None, False, id="missing"),
    ],
)
def test_the_health_check_looks_at_the_age_of_the_heartbeat_file(
    tmp_path: Path,
    age: int | None,
    healthy: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    dockerfile = (ADDON / "Dockerfile").read_text(encoding="utf-8")
    match = re.search(r"^HEALTHCHECK (?:.*\\\n)*\s+CMD (.+)$", dockerfile, re.MULTILINE)
    assert match
    assert "/tmp/smartmeter.alive" in match[1]  # noqa: S108 - a path inside the container
    heartbeat = tmp_path / "alive"
    if age is not None:
        heartbeat.touch()
        then = heartbeat.stat().st_mtime - age
        os.utime(heartbeat, (then, then))
    command = match[1].replace("/tmp/smartmeter.alive", str(heartbeat))  # noqa: S108 - the same
    status = subprocess.run(["sh", "-c", command], check=False, capture_output=True).returncode
    assert (status == 0) is healthy


def test_run_sh_is_executable_and_has_unix_line_ends() -> None:
    script = ADDON / "run.sh"
    assert script.stat().st_mode & 0o111 == 0o111
    assert b"\r" not in script.read_bytes()
    assert script.read_bytes().startswith(b"#!/bin/sh\n")


def test_run_sh_gives_way_to_the_program_and_passes_its_arguments(tmp_path: Path) -> None:
    stand_in = tmp_path / "python3"
    stand_in.write_text('#!/bin/sh\necho "$$" "$PWD" "$@"\n', encoding="utf-8")
    stand_in.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    with subprocess.Popen(
        [ADDON / "run.sh", "--options", "some file"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        output, _ = process.communicate(timeout=10)
    # The same process: a signal of the Supervisor reaches the program, not a shell around it.
    assert output == f"{process.pid} {ADDON} -m app run --options some file\n"
    assert process.returncode == 0


# the store page


@pytest.mark.parametrize(("name", "size"), [("icon", (128, 128)), ("logo", (250, 100))])
def test_a_picture_has_its_size_and_a_transparent_ground(name: str, size: tuple[int, int]) -> None:
    picture = (ADDON / f"{name}.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour_type = struct.unpack_from(">IIBB", picture, 16)
    assert (width, height) == size
    assert (depth, colour_type) == (8, 6)  # red, green, blue and alpha
    chunks, position = b"", 8
    while position < len(picture):
        (length,) = struct.unpack_from(">I", picture, position)
        if picture[position + 4 : position + 8] == b"IDAT":
            chunks += picture[position + 8 : position + 8 + length]
        position += 12 + length
    # Whatever filter the first row has, its first pixel stands there as it is.
    assert zlib.decompress(chunks)[4] == 0
    assert (ROOT / "art" / f"{name}.svg").exists()
    assert len(picture) < 20_000


def test_what_the_store_shows_is_there() -> None:
    shown = ("README.md", "DOCS.md", "CHANGELOG.md", "icon.png", "logo.png", "apparmor.txt")
    assert [name for name in shown if not (ADDON / name).stat().st_size] == []


# requirements


def test_every_requirement_is_pinned_with_hashes() -> None:
    assert requirements()
    for requirement, hashes in requirements().items():
        assert re.fullmatch(r"[\w.-]+==[\w.]+", requirement)
        assert hashes, requirement
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", word) for word in hashes)


def test_the_lock_file_holds_what_was_asked_for() -> None:
    lines = (ADDON / "requirements.in").read_text(encoding="utf-8").splitlines()
    wanted = {line for line in lines if line and not line.startswith("#")}
    assert wanted
    assert wanted - requirements().keys() == set()


def test_the_program_imports_only_itself_the_standard_library_and_what_is_pinned() -> None:
    pinned = {normalised(requirement.split("==")[0]) for requirement in requirements()}
    providers = packages_distributions()
    sources = sorted((ADDON / "app").rglob("*.py"))
    assert sources
    foreign = []
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                continue
            for package in {name.split(".")[0] for name in names}:
                known = package == "app" or package in sys.stdlib_module_names
                provided_by = {normalised(name) for name in providers.get(package, [])}
                # The command fleet is no part of the app; tests/fleet shows that it does without.
                of_a_fleet = package == "nats" and source.parent.name == "fleet"
                if not known and not of_a_fleet and not provided_by & pinned:
                    foreign.append(f"{source.relative_to(ADDON)}: {package}")
    assert foreign == []


# the repository


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("config.*", "smartmeter_addon/config.yaml"),
        ("build.*", "smartmeter_addon/build.yaml"),
        ("repository.*", "repository.yaml"),
    ],
)
def test_the_supervisor_finds_one_file_of_a_kind_and_no_ghost(pattern: str, wanted: str) -> None:
    assert files_the_supervisor_sees(pattern) == {Path(wanted)}


def test_the_repository_file_names_the_repository() -> None:
    repository = read_yaml(ROOT / "repository.yaml")
    assert repository.keys() <= {"name", "url", "maintainer"}
    assert repository["name"]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no clone")
def test_no_file_that_is_to_be_ignored_is_kept() -> None:
    listed = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    kept = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert kept == ""
