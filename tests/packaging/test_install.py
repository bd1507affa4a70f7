"""script/install, in bare trees: what it puts where, what it keeps, and the unit of systemd.

Nothing is started here: that needs systemd as the first process.
"""

import configparser
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from app.config import options
from tests.support import captures

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "service"
UNIT = SERVICE / "smartmeter.service"

AS_ROOT = os.geteuid() == 0
ANALYZE = shutil.which("systemd-analyze")
RESET = "--no-ask-password reset-failed smartmeter.service\n"
with_analyze = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is missing")


def settings() -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False, delimiters="=")
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read_string(UNIT.read_text("utf-8"))
    return dict(parser["Service"])


# The unit


def test_the_program_is_watched_and_started_again() -> None:
    unit = settings()
    assert (unit["Type"], unit["NotifyAccess"], unit["Restart"]) == ("notify", "main", "on-failure")
    assert int(unit["WatchdogSec"]) >= 30
    limit = UNIT.read_text("utf-8")
    (interval,) = re.findall(r"^StartLimitIntervalSec=(\d+)$", limit, re.MULTILINE)
    (burst,) = re.findall(r"^StartLimitBurst=(\d+)$", limit, re.MULTILINE)
    # Else a program that ends at once would be started again for ever.
    assert int(unit["RestartSec"]) * int(burst) < int(interval)


def test_the_program_reads_the_options_by_a_credential() -> None:
    unit = settings()
    name, path = unit["LoadCredential"].split(":")
    assert path == "/etc/smartmeter/options.json"
    assert unit["ExecStart"] == (
        f"/opt/smartmeter/current/smartmeter run --options ${{CREDENTIALS_DIRECTORY}}/{name}"
    )


def test_the_service_may_do_nothing_that_it_need_not() -> None:
    unit = settings()
    assert unit["CapabilityBoundingSet"] == unit["AmbientCapabilities"] == ""
    assert (unit["ProtectSystem"], unit["ProtectHome"]) == ("strict", "yes")
    assert (unit["DevicePolicy"], unit["DeviceAllow"]) == ("closed", "char-tty* rw")
    assert set(unit["RestrictAddressFamilies"].split()) == {"AF_INET", "AF_INET6", "AF_UNIX"}
    assert unit["NoNewPrivileges"] == "yes"


@with_analyze
def test_systemd_rates_the_unit_as_the_readme_says() -> None:
    result = subprocess.run(
        [str(ANALYZE), "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (rated,) = re.findall(r"exposure level for smartmeter\.service: ([\d.]+)", result.stdout)
    (told,) = re.findall(
        r"systemd-analyze security.*?([\d.]+) of 10", (ROOT / "README.md").read_text("utf-8")
    )
    assert abs(float(rated) - float(told)) < 0.4  # each version of systemd asks for more


def test_the_program_takes_the_options_that_are_laid_down() -> None:
    raw = json.loads((SERVICE / "options.json").read_text("utf-8"))
    assert options.parse(raw, ["auto"]) == options.parse({}, ["auto"])


# Installing


class System:
    """A bare tree, and the installer that works on it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "tree"
        self.source = folder / "source"
        (self.root / "etc").mkdir(parents=True)
        for name, text in {
            "passwd": "root:x:0:0::/root:/bin/sh\n",
            "group": "root:x:0:\nuucp:x:10:\ndialout:x:20:\n",
            "shadow": "root:*:1::::::\n",
            "gshadow": "root:*::\n",
        }.items():
            (self.root / "etc" / name).write_text(text)
        for name in ("script", "service", "smartmeter_addon"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self.source / name, ignore=ignored)
        shutil.copy(ROOT / "requirements-fleet.txt", self.source)

    def install(self, *arguments: str) -> str:
        ended = subprocess.run(
            [self.source / "script" / "install", *arguments, "--root", self.root],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ended.returncode == 0, ended
        return ended.stdout

    def path(self, name: str) -> Path:
        return self.root / name.removeprefix("/")

    def active(self) -> str:
        return str(self.path("/opt/smartmeter/current").readlink())

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the command as it is installed."""
        return subprocess.run(
            [self.path("/opt/smartmeter/current/smartmeter"), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=more.pop("cwd", None),
            env={"PATH": os.environ["PATH"], **more},
            timeout=60,
        )


@pytest.fixture(scope="module", name="system")
def _system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("installed"))
    system.install()
    yield system
    system.install("--purge")
    left = [path for path in system.root.rglob("*") if "smartmeter" in path.name]
    assert left == []
    assert "smartmeter" not in system.path("/etc/passwd").read_text()
    assert "smartmeter" not in system.path("/etc/group").read_text()


@pytest.mark.slow
def test_everything_is_in_its_place(system: System) -> None:
    assert system.path("/etc/systemd/system/smartmeter.service").read_bytes() == UNIT.read_bytes()
    command = system.path("/usr/local/bin/smartmeter")
    assert str(command.readlink()) == "/opt/smartmeter/current/smartmeter"
    assert system.path("/etc/smartmeter/profiles").is_dir()
    file = system.path("/etc/smartmeter/options.json").stat()
    assert file.st_mode & 0o777 == 0o600
    # Nobody but root may change what root starts, or what the service does.
    for path in system.path("/opt").rglob("*"):
        assert path.is_symlink() or not path.stat().st_mode & 0o022, path
    assert not list(system.path("/opt").rglob("pip"))
    # The service may not write there, so what is not compiled would be so at each start.
    program = system.path("/opt/smartmeter/current/app").resolve()
    for source, compiled in (("*.py", "*.pyc"), ("*.toml", "*.json")):
        sources = {path.stem for path in program.rglob(source)}
        assert {path.name.split(".")[0] for path in program.rglob(compiled)} == sources


@pytest.mark.slow
@pytest.mark.skipif(not AS_ROOT, reason="only root can make a user")
def test_the_user_has_no_shell_and_may_open_serial_devices(system: System) -> None:
    (user,) = [
        line.split(":")
        for line in system.path("/etc/passwd").read_text().splitlines()
        if line.startswith("smartmeter:")
    ]
    assert user[-2:] == ["/nonexistent", "/usr/sbin/nologin"]
    groups = {
        line.split(":")[0]: line.split(":")[-1]
        for line in system.path("/etc/group").read_text().splitlines()
    }
    assert (groups["dialout"], groups["uucp"]) == ("smartmeter", "")


@pytest.mark.slow
def test_the_command_is_the_program(system: System) -> None:
    assert system.run("--version").stdout == f"{app.__version__}\n"
    assert "usage: smartmeter [-h]" in system.run().stdout
    capture = next(one for one in captures.SHIPPED if one["id"] == "kaifa-ma110-netznoe-doc")
    keys = {"SMARTMETER_KEY": str(capture["key"])}
    file = system.root / "capture"
    file.write_text(capture["raw_hex"])
    decoded = system.run("decode", str(file), **keys)
    assert decoded.returncode == 0, decoded
    assert json.loads(decoded.stdout)["registers"]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["fleet", "forward"])
def test_a_fleet_is_read_without_installing_more(system: System, command: str) -> None:
    options = system.root / f"{command}.json"
    options.write_text("{}")
    ended = system.run(command, "--options", str(options))
    assert ended.returncode == 1
    assert "servers: nothing is given" in ended.stdout


@pytest.mark.slow
def test_nothing_of_the_caller_is_imported(system: System, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("raise SystemExit('not ours')")
    result = system.run("--version", cwd=str(tmp_path), PYTHONPATH=str(tmp_path))
    assert result.stdout == f"{app.__version__}\n", result


@pytest.mark.slow
def test_the_log_is_the_journal_s(system: System, tmp_path: Path) -> None:
    journal = tmp_path / "journalctl"
    journal.write_text('#!/bin/sh\necho "$@"\n')
    journal.chmod(0o755)
    result = system.run("log", "-f", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert result.stdout == "--unit=smartmeter.service --output=cat -f\n"


def test_a_missing_journal_is_told(tmp_path: Path) -> None:
    result = subprocess.run(
        ["/bin/sh", SERVICE / "smartmeter", "log"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tmp_path)},
        timeout=60,
    )
    assert result.returncode == 1
    assert "there is no journalctl here" in result.stderr


@pytest.mark.parametrize(("command", "told"), [("configure", RESET), ("status", "")])
@pytest.mark.skipif(not AS_ROOT, reason="only root may tell systemd")
def test_starts_with_options_that_are_set_up_anew_do_not_count(
    command: str, told: str, tmp_path: Path
) -> None:
    """Else systemd refuses the start after the set-up, until five minutes are over."""
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/told\nexit 1\n')
    systemctl.chmod(0o755)
    (tmp_path / "told").touch()
    ended = subprocess.run(
        ["/bin/sh", SERVICE / "smartmeter", command],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        timeout=60,
    )
    assert "Install it once more" in ended.stderr  # as no version is there
    assert (tmp_path / "told").read_text() == told


@pytest.mark.slow
def test_a_python_that_is_gone_is_told(system: System) -> None:
    python = system.path("/opt/smartmeter/current/venv/bin/python")
    # Not python3, which is another one after an upgrade of the system.
    assert re.fullmatch(r"python3\.\d+", python.resolve().name)
    hidden = python.rename(python.with_name("hidden"))
    try:
        result = system.run("--version")
    finally:
        hidden.rename(python)
    assert result.returncode == 1
    assert "Install it once more: sudo script/install" in result.stderr


@pytest.mark.slow
@with_analyze
def test_systemd_finds_no_mistake_in_the_unit(system: System, tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    command = str(system.path("/opt/smartmeter/current/smartmeter"))
    text = UNIT.read_text("utf-8").replace("/opt/smartmeter/current/smartmeter", command)
    for content, mistakes in ((text, 0), (text + "Nonsense=1\n", 1)):
        unit.write_text(content)
        result = subprocess.run(
            [str(ANALYZE), "verify", "--man=no", str(unit)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        # Its exit status is 0 at mistakes, too.
        assert len((result.stdout + result.stderr).splitlines()) == mistakes, result


@pytest.mark.slow
def test_updating_and_going_back_keep_options_and_state(system: System) -> None:
    kept = {"/etc/smartmeter/options.json": '{"name": "Keller"}', "/var/lib/smartmeter/x": "state"}
    for name, text in kept.items():
        system.path(name).parent.mkdir(parents=True, exist_ok=True)
        system.path(name).write_text(text)
    system.path("/etc/smartmeter/options.json").chmod(0o644)  # as an editor leaves it
    first = system.active()
    # What the program keeps of what it parsed, where it was run in the clone.
    cache = system.source / "smartmeter_addon" / "app" / "language" / "__pycache__"
    cache.mkdir()
    (cache / "de.cpython-311.json").write_bytes(b"parsed")
    assert "installing" not in system.install()  # there is nothing new
    assert not system.path("/opt/smartmeter/previous").exists()
    versions = [first]
    for number in (1, 2):
        changed = system.source / "smartmeter_addon" / "app" / "__init__.py"
        changed.write_text(changed.read_text() + f"# change {number}\n")
        system.install()
        versions.append(system.active())
    assert len(set(versions)) == len(versions)
    there = {path.name for path in system.path("/opt/smartmeter/versions").iterdir()}
    assert there == {version.removeprefix("versions/") for version in versions[1:]}
    system.install("--rollback")
    assert system.active() == versions[1]
    assert system.run("--version").stdout == f"{app.__version__}\n"
    system.install("--rollback")
    assert system.active() == versions[2]
    system.install("--uninstall")
    assert not system.path("/opt/smartmeter").exists()
    for name, text in kept.items():
        assert system.path(name).read_text() == text
    assert system.path("/etc/smartmeter/options.json").stat().st_mode & 0o777 == 0o600
    system.install()
    assert system.path("/etc/smartmeter/options.json").read_text() == '{"name": "Keller"}'


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--help"], 0), (["--nonsense"], 2), (["--root", "/missing"], 1)]
)
def test_usage(arguments: list[str], status: int) -> None:
    ended = subprocess.run(
        [ROOT / "script" / "install", *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == status
    assert "sudo script/install --uninstall" in ended.stdout or "/missing" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rollback", "--purge"], "only one of --rollback, --uninstall and --purge"),
        (["--root"], "--root wants a folder"),
    ],
)
def test_what_is_not_clear_is_not_done(arguments: list[str], said: str, tmp_path: Path) -> None:
    command = [str(ROOT / "script" / "install"), "--root", str(tmp_path), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
