"""The AppArmor profile: Home Assistant's parser takes it, and it leaves the program what it needs.

No kernel here enforces it, so what the program opens is taken down while it runs, and held against
the rules. Too tight a rule would keep the app from starting in every house.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath

import pytest

from app.mqtt.topics import Topics
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.mosquitto import Mosquitto
from tests.support.program import ADDON, running
from tests.support.simulated import Adapter, SimulatedMeter

PROFILE = ADDON / "apparmor.txt"
TEXT = PROFILE.read_text(encoding="utf-8")

# How the Supervisor finds the name that it replaces, and how it replaces it.
SUPERVISORS_PATTERN = re.compile(r"^profile ([^ ]+)", re.MULTILINE)

PARSER = shutil.which("apparmor_parser", path="/usr/sbin:/sbin:/usr/bin:/bin")
with_parser = pytest.mark.skipif(
    PARSER is None, reason="apparmor_parser is missing; on Debian: apt-get install apparmor"
)


def parser(option: str, text: str, directory: Path) -> subprocess.CompletedProcess[bytes]:
    """Let Home Assistant OS' parser compile a profile without loading it, or say its names."""
    file = directory / "profile"
    file.write_text(text, encoding="utf-8")
    assert PARSER
    command = [PARSER, "--skip-kernel-load", "--skip-cache", option, str(file)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60)


def renamed(text: str, name: str) -> str:
    """Give the profile the name of the installed app, as the Supervisor does."""
    (old,) = SUPERVISORS_PATTERN.findall(text)
    return "".join(
        line.replace(old, name) if SUPERVISORS_PATTERN.match(line) else line
        for line in text.splitlines(keepends=True)
    )


def test_one_line_and_no_other_is_the_profile_s_for_the_supervisor() -> None:
    assert SUPERVISORS_PATTERN.findall(TEXT) == ["smartmeter"]


@with_parser
@pytest.mark.parametrize("name", ["smartmeter", "local_smartmeter", "0a1b2c3d_smartmeter"])
def test_the_profile_compiles_under_every_name_that_it_is_given(name: str, tmp_path: Path) -> None:
    text = renamed(TEXT, name)
    named = parser("--names", text, tmp_path)
    assert named.stdout.decode() == f"{name}\n{name}//program\n"
    made = parser("--stdout", text, tmp_path)
    assert made.returncode == 0, made.stderr
    assert f"{name}//program".encode() in made.stdout


@with_parser
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("  signal,\n", "  signl,\n"),
        ("    /opt/smartmeter/{,**} r,\n", "    /opt/smartmeter/{,** r,\n"),
        ("  /init ix,\n", "  /init ix,\n  /init px,\n"),
    ],
)
def test_a_mistake_in_it_would_be_found(right: str, wrong: str, tmp_path: Path) -> None:
    assert right in TEXT
    assert parser("--stdout", TEXT.replace(right, wrong), tmp_path).returncode != 0


# The rules, read as AppArmor reads them

# What abstractions/base of AppArmor allows of what the program opens.
OF_THE_BASE = """
    /dev/{null,zero,full} rw,
    /dev/{random,urandom} r,
    /usr/share/zoneinfo/{,**} r,
    /usr/share/locale/** r,
"""
FILE_RULE = re.compile(r"^ +(deny )?(/\S*|@\{PROC\}\S*) ([rwmlkix]+),$", re.MULTILINE)


def globbed(pattern: str) -> str:
    """Turn AppArmor's pattern of paths into a regular expression."""
    pattern = pattern.replace("@{PROC}", "/proc").replace("@{pid}", "[0-9]*")
    made = ""
    for token in re.findall(r"\*\*|\[[^]]+\]|.", pattern):
        match token:
            case "**":
                made += ".*"
            case "*":
                made += "[^/]*"
            case "{":
                made += "(?:"
            case "}":
                made += ")"
            case ",":
                made += "|"
            case _:
                made += token if token.startswith("[") else re.escape(token)
    return made


def ring(name: str) -> str:
    """Give the outer ring's rules, or those of the program's."""
    outer, inner = TEXT.split("  profile program ")
    return outer if name == "outer" else inner + OF_THE_BASE


def allowed(path: str, name: str = "program") -> str:
    """Give what the rules let be done with a file: some of rwmlkix, in order."""
    given: set[str] = set()
    denied: set[str] = set()
    for deny, pattern, permissions in FILE_RULE.findall(ring(name)):
        if re.fullmatch(globbed(pattern), path):
            (denied if deny else given).update(permissions)
    return "".join(sorted(given - denied))


def test_every_rule_about_files_is_read_by_this_test() -> None:
    lines = [line for line in TEXT.splitlines() if re.match(r" +(deny )?[/@]", line)]
    others = [line for line in lines if "->" not in line]
    assert len(FILE_RULE.findall(TEXT)) == len(others)


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/data/options.json", "r"),
        ("/config/profiles/own.toml", "r"),
        ("/data/state.json", "rw"),
        ("/tmp/smartmeter.alive", "rw"),  # noqa: S108 - a path inside the container
        ("/dev/ttyUSB0", "krw"),
        ("/dev/ttyACM12", "krw"),
        ("/dev/ttyAMA0", "krw"),
        ("/dev/ttyS4", "krw"),
        ("/dev/serial/by-id/", "r"),
        ("/sys/class/tty/", "r"),
        ("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/serial", "r"),
        ("/etc/resolv.conf", "r"),
        ("/etc/hosts", "r"),
        ("/etc/ssl/certs/ca-certificates.crt", "r"),
        ("/etc/ssl/cert.pem", "r"),
        ("/usr/share/zoneinfo/Europe/Vienna", "r"),
        ("/opt/smartmeter/app/meters/profiles/kaifa.toml", "r"),
        ("/usr/local/lib/libpython3.13.so.1.0", "mr"),
        ("/usr/lib/libssl.so.3", "mr"),
        ("/lib/ld-musl-aarch64.so.1", "mr"),
    ],
)
def test_the_program_may_what_it_needs(path: str, needed: str) -> None:
    assert set(needed) <= set(allowed(path))


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/shadow", "/root/.ssh/id_rsa", "/ssl/privkey.pem", "/dev/sda"),
        *("/homeassistant/secrets.yaml", "/share/file", "/addon_configs/other/file"),
    ],
)
def test_the_program_may_not_touch_what_is_none_of_its_business(path: str) -> None:
    assert allowed(path) == ""


def test_the_program_may_change_neither_itself_nor_the_options_and_may_run_nothing() -> None:
    assert allowed("/data/options.json") == "r"
    assert allowed("/config/profiles/own.toml") == "r"
    assert allowed("/opt/smartmeter/app/run.py") == "r"
    assert "w" not in allowed("/usr/local/lib/python3.13/site-packages/paho/mqtt/client.py")
    runs = [rule for rule in FILE_RULE.findall(ring("program")) if "x" in rule[2]]
    assert runs == []


@pytest.mark.parametrize(
    "path",
    [
        "/init",
        "/package/admin/s6-overlay-3.2.3.0/libexec/preinit",
        "/command/with-contenv",
        "/usr/bin/with-contenv",
        "/bin/busybox",
        "/usr/bin/find",
        "/run/s6/basedir/bin/init",
        "/opt/smartmeter/run.sh",
        "/usr/local/bin/python3.12",
    ],
)
def test_the_image_may_start_and_its_health_be_checked(path: str) -> None:
    assert {"i", "x", "r"} <= set(allowed(path, "outer"))


def test_the_image_s_python_runs_in_the_inner_ring() -> None:
    dockerfile = (ADDON / "Dockerfile").read_text(encoding="utf-8")
    version = re.search(r"base-python:(3\.\d+)-alpine", dockerfile)
    assert version
    assert f"  /usr/local/bin/python{version[1]} cx -> program,\n" in TEXT


# What the real program opens

WATCH = """
import os, sys
_log = os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def _hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        flags = arguments[2] or 0
        wanted = "rw" if flags & os.O_RDWR else "w" if flags & os.O_WRONLY else "r"
        os.write(_log, f"{wanted} {os.path.abspath(os.fsdecode(arguments[0]))}\\n".encode())
    elif event in ("os.listdir", "os.scandir") and isinstance(arguments[0], (str, bytes)):
        path = os.path.abspath(os.fsdecode(arguments[0])).rstrip("/")
        os.write(_log, f"r {path}/\\n".encode())
    elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork"):
        os.write(_log, f"x {event}\\n".encode())
sys.addaudithook(_hook)
"""


def in_the_image(path: str, own: Mapping[str, str]) -> str:
    """Give where a file of this machine lies in the image."""
    for here, there in own.items():
        if path == here or path.startswith(here + "/"):
            return there + path[len(here) :]
    return path


def places(data: Path) -> Iterator[tuple[str, str]]:
    """Give the folders that lie elsewhere in the image, the innermost first."""
    version = f"python3.{sys.version_info.minor}"
    yield str(data), "/data"
    yield str(ADDON), "/opt/smartmeter"
    for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        yield folder, f"/usr/local/lib/{version}/site-packages"
    yield sysconfig.get_path("stdlib"), f"/usr/local/lib/{version}"
    yield str(Path(sysconfig.get_path("stdlib")).parent), "/usr/local/lib"
    yield sys.prefix, "/usr/local"
    yield sys.base_prefix, "/usr/local"


async def test_the_running_program_opens_nothing_else(broker: Mosquitto, tmp_path: Path) -> None:
    watch, data, log = tmp_path / "watch", tmp_path / "data", tmp_path / "opened"
    watch.mkdir()
    data.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    given = {
        "key": KEY.hex(),
        "auth_key": AUTH_KEY.hex(),
        "mqtt": {
            "host": broker.host,
            "port": broker.port,
            "username": broker.username,
            "password": broker.password,
        },
        # And one whose adapter is looked for.
        "additional_meters": [{}],
    }
    environment = {"PYTHONPATH": str(watch), "WATCHED": str(log), "TZ": "Europe/Vienna"}
    with closing(Adapter(tmp_path / "ttyMeter")) as adapter:
        meter = SimulatedMeter(adapter, "kaifa", "tinetz")
        given["url"] = str(adapter.path)
        async with broker.watch() as home, running(given, data, environment) as program:
            await program.ready()
            await meter.push()
            await home.wait(Topics().state(meter.id))
            await program.stop()
    opened = set(log.read_text(encoding="utf-8").splitlines())
    assert f"r {data / 'options.json'}" in opened
    assert f"rw {adapter.path}" in opened
    own = dict(places(data)) | {str(adapter.path): "/dev/ttyUSB0", str(log): "/dev/null"}
    refused = set()
    for line in opened:
        wanted, _, path = line.partition(" ")
        there = in_the_image(path, own)
        if wanted == "w" and PurePosixPath(there).parent.name == "__pycache__":
            continue  # the image comes with what is compiled, and a refusal does no harm
        if str(watch) not in path and not set(wanted) <= set(allowed(there)):
            refused.add(f"{wanted} {there}")
    assert refused == set()
