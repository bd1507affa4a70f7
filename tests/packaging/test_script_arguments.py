"""Wrong arguments of the scripts are refused, and help is given, before anything is installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WRONG = {
    "demo": ("--metr", "x"),
    "simulate": ("--meter", "kaifa"),
    "bench": ("peers", "--zz"),
    "fuzz": ("nosuch",),
    "lock": ("--upgrade", "x"),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """This tree without its environments, so that what would be installed is seen."""
    for name in ("script", "simulator", "smartmeter_addon", "trials", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    scripts = tmp_path / "script"
    scripts.unlink()
    scripts.mkdir()
    for file in (ROOT / "script").iterdir():
        if file.is_file():
            (scripts / file.name).write_bytes(file.read_bytes())
            (scripts / file.name).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("help_wanted", [False, True], ids=["wrong", "help"])
def test_wrong_arguments_and_help_need_nothing_installed(
    name: str,
    help_wanted: bool,  # noqa: FBT001 - a column of the table above
    tree: Path,
) -> None:
    arguments = ("--help",) if help_wanted else WRONG[name]
    # A Python without any package, as a new user's.
    environment = {
        **os.environ,
        "PYTHONNOUSERSITE": "1",
        "PYTHON": str(Path(sys.executable).resolve()),
    }
    ended = subprocess.run(
        [str(tree / "script" / name), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=60,
    )
    assert ended.returncode == (0 if help_wanted else 2), ended
    assert not list(tree.glob(".venv*"))
    assert "installing" not in ended.stdout
    assert "Traceback" not in ended.stderr
