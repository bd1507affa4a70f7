"""What holds keys of somebody who works in the repository is not committed by accident."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "path", ["options.json", "smartmeter_addon/options.json", "state.json", "data/options.json"]
)
def test_options_and_state_are_ignored_by_git(path: str) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone, but an archive")
    subprocess.run(["git", "check-ignore", "-q", "--no-index", path], cwd=ROOT, check=True)


def test_the_options_of_the_service_stay_in_the_repository() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone, but an archive")
    ignored = ["git", "check-ignore", "-q", "--no-index", "service/options.json"]
    assert subprocess.run(ignored, cwd=ROOT, check=False).returncode == 1
