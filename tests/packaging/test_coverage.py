"""The script that measures which lines and branches of the program the tests run."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "script" / "coverage"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *arguments], capture_output=True, text=True, check=False, timeout=600
    )


def test_branches_are_measured_and_the_program_as_a_process_too() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["coverage"]
    assert settings["run"] == {"branch": True, "source_pkgs": ["app"], "patch": ["subprocess"]}


def test_the_help_is_what_stands_at_the_top() -> None:
    assert "script/coverage link dlms" in run("--help").stdout
    assert run("--no-such-option").returncode == 2


# The script works in the repository's own environment, which it would make anew under another one.
@pytest.mark.slow
@pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv", reason="the tests run in another environment"
)
def test_one_folder_is_measured_by_its_own_tests() -> None:
    done = run("cosem")
    assert done.returncode == 0, done.stdout + done.stderr
    (total,) = re.findall(r"^TOTAL .* (\d+\.\d)%$", done.stdout, re.MULTILINE)
    assert float(total) > 97
    assert "smartmeter_addon/app/link/" not in done.stdout
    assert not list(ROOT.glob(".coverage*"))
    assert "there is no folder nowhere" in run("nowhere").stderr
