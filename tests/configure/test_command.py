"""The command that the set-up names at its end."""

import os
import subprocess

import pytest

from app import __version__
from app.configure.command import _typed


def test_the_installed_command_is_named_as_it_is() -> None:
    assert _typed("smartmeter", {"SMARTMETER_PROGRAM": "smartmeter"}) == "smartmeter"


@pytest.mark.parametrize("path", ["smartmeter_addon", "smartmeter_addon:my folder", ""])
def test_by_hand_the_command_can_be_typed_as_it_stands(path: str) -> None:
    typed = _typed("python3 -m app", {"PYTHONPATH": path})
    assert path in typed
    assert typed.endswith(" -m app")
    done = subprocess.run(
        ["sh", "-c", f"{typed} --version"],
        cwd=None if path else "smartmeter_addon",
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == __version__
