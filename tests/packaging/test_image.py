"""The steps of the Dockerfile, replayed: on this system with a Python of its own, without Docker.

What stays untried is the base image itself, its musl and its busybox.
"""

import asyncio
import itertools
import os
import re
import shlex
import shutil
import signal
import subprocess
import venv
from dataclasses import dataclass, field
from datetime import UTC
from http import HTTPStatus
from pathlib import Path
from time import monotonic

import pytest
import yaml

from simulator.ciphering import KEY
from tests.support.asking import ask
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.program import Program
from tests.support.simulated import Adapter, SimulatedMeter

ROOT = Path(__file__).parents[2]
ADDON = ROOT / "smartmeter_addon"
BWRAP = shutil.which("bwrap")
STATE = "/run/state"
"""Stands for the folder /data, which cannot be made here."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        BWRAP is None or os.geteuid() != 0,
        reason="bwrap is missing (on Debian: apt-get install bubblewrap), or this is not root",
    ),
]


@dataclass
class Image:
    """What a Dockerfile makes.

    Args:
        folder: holds its working directory, and the Python that stands for the base image's.
        workdir: where that directory is in the image.
        environment: of every command.
        health: the command of the health check.
        command: what is started.
    """

    folder: Path
    workdir: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    health: str = ""
    command: list[str] = field(default_factory=list)

    def box(self, bind: str, *mounts: str) -> list[str]:
        """Give the command that runs another one in the image.

        Args:
            bind: how the working directory is there: ``--bind`` while it is built, ``--ro-bind``.
            mounts: what else is there, as bwrap's arguments.
        """
        venv_folder = str(self.folder / "venv")
        opt = (("--ro-bind", str(path), str(path)) for path in Path("/opt").iterdir())
        return [
            *(str(BWRAP), "--ro-bind", "/", "/", "--proc", "/proc", "--tmpfs", "/opt"),
            *itertools.chain.from_iterable(opt),  # pip's packages may be there
            *mounts,
            *(bind, venv_folder, venv_folder, bind, str(self.folder / "workdir"), self.workdir),
            *("--cap-drop", "ALL", "--chdir", self.workdir, "--"),
        ]

    @property
    def variables(self) -> dict[str, str]:
        """The environment, with the image's Python first on the path, and what pip needs here."""
        path = f"{self.folder}/venv/bin:{os.environ['PATH']}"
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        return {"PATH": path, **pip, **self.environment}

    def follow(self, instruction: str, argument: str) -> None:
        """Do what one line of the Dockerfile says."""
        match instruction:
            case "WORKDIR":
                self.workdir = argument
            case "ENV":
                name, _, value = argument.partition("=")
                self.environment[name] = value
            case "COPY":
                source, target = argument.split()
                to = self.folder / "workdir" / target
                if (ADDON / source).is_dir():
                    shutil.copytree(
                        ADDON / source, to, ignore=shutil.ignore_patterns("__pycache__")
                    )
                else:
                    shutil.copy(ADDON / source, to)
            case "RUN":
                command = [*self.box("--bind"), "sh", "-c", argument]
                subprocess.run(command, env=self.variables, check=True, timeout=300)
            case "HEALTHCHECK":
                self.health = argument.partition("CMD ")[2]
            case "CMD":
                self.command = shlex.split(re.sub(r"[\[\],]", " ", argument))
            case _:
                assert instruction in {"ARG", "FROM", "LABEL"}, instruction


@pytest.fixture(scope="module", name="image")
def _image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    folder = tmp_path_factory.mktemp("image", numbered=True)
    (folder / "workdir").mkdir()
    image = Image(folder)
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    text = (ADDON / "Dockerfile").read_text("utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip():
            image.follow(*line.split(maxsplit=1))
    return image


def test_all_is_compiled_where_the_image_is_built(image: Image) -> None:
    program = image.folder / "workdir" / "app"
    packages = [
        *(image.folder / "venv").glob("lib/python3*/site-packages/paho"),
        *(image.folder / "venv").glob("lib/python3*/site-packages/serial"),
    ]
    assert len(packages) == 2
    optimized = f".opt-{image.environment['PYTHONOPTIMIZE']}"  # Python loads no other
    for folder in (program, *packages):
        for source, compiled in (("*.py", ".pyc"), ("*.toml", ".json")):
            sources = {path.relative_to(folder) for path in folder.rglob(source)}
            made = folder.rglob(f"*{optimized}{compiled}")
            found = {
                (path.parents[1] / path.name.split(".")[0]).relative_to(folder) for path in made
            }
            assert found == {path.with_suffix("") for path in sources}


def test_what_is_compiled_is_taken_whatever_the_times_of_the_files(image: Image) -> None:
    """To make an image reproducible, a builder can give all files of a layer another time."""
    for path in image.folder.rglob("*.*"):
        if not path.is_symlink() and {"app", "paho", "serial"} & {*path.parts}:
            os.utime(path, (1, 1))
    code = (
        "import sys, paho.mqtt.client, serial, app.cli, app.commands.run, app.run, app.shipped;"
        " app.shipped.compile_all(); assert 'tomllib' not in sys.modules"
    )
    done = subprocess.run(
        [*image.box("--ro-bind"), "python3", "-v", "-c", code],
        env=image.variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "/app/__pycache__/cli." in done.stderr
    compiled = re.findall(r"^# code object from ['\"]?(\S+)\.py\b", done.stderr, re.MULTILINE)
    assert not [path for path in compiled if re.search("/(app|paho|serial)/", path)]


def within(process: int) -> tuple[str, int]:
    """Give the process that bwrap started, and its capabilities."""
    (inside,) = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    status = Path(f"/proc/{inside}/status").read_text("ascii")
    (capabilities,) = re.findall(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return inside, int(capabilities, 16)


async def test_the_container_of_compose_reads_a_meter_and_ends_when_told(
    image: Image, broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    """As root without a capability, with nothing to write to but its state."""
    reader = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["smartmeter"]
    (data := tmp_path / "data").mkdir()
    line = os.path.realpath(adapter.path)  # noqa: ASYNC240 - nothing runs yet
    mounts = ["--tmpfs", "/run", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 - inside
    mounts += ["--dev-bind", line, reader["environment"]["SMARTMETER_DEVICE"]]
    mounts += ["--bind", str(data), STATE]
    for name, secret in (("meter_key", KEY.hex()), ("mqtt_password", broker.password)):
        (tmp_path / name).write_text(secret + "\n")
        mounts += ["--ro-bind", str(tmp_path / name), f"/run/secrets/{name}"]
    mounts += ["--unshare-pid", "--as-pid-1", "--die-with-parent"]
    page = free_port()
    process = await asyncio.create_subprocess_exec(
        *image.box("--ro-bind", *mounts),
        *reader["entrypoint"],
        env={
            **image.variables,
            **reader["environment"],
            "TZ": "UTC",
            "STATE_DIRECTORY": STATE,
            "SMARTMETER_MQTT_HOST": broker.host,
            "SMARTMETER_MQTT_PORT": str(broker.port),
            "SMARTMETER_MQTT_USERNAME": broker.username,
            "SMARTMETER_PAGE": f"127.0.0.1:{page}",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    program = Program(process, monotonic())
    reading = asyncio.create_task(program.read())
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    try:
        await program.logs("there is no file of options /data/options.json")
        await program.ready()
        await meter.push()
        await program.logs("first telegram")
        for path in ("", "page.js", "page.css", "pictures.js", "chart.js", "icon.svg", "telegram"):
            assert (await ask(page, f"/{path}")).status == HTTPStatus.OK
        inside, rights = within(process.pid)
        assert rights == 0
        healthy = await asyncio.create_subprocess_exec(
            *("nsenter", "-t", inside, "-m", "sh", "-c", image.health)
        )
        assert await healthy.wait() == 0
        os.kill(int(inside), signal.SIGTERM)
        assert await program.ends() == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading
    assert program.lines[-1].endswith("stopped\n")
    assert not program.errors
    assert (data / "state.json").exists()
    for secret in (KEY.hex(), broker.password):
        assert secret not in program.output
