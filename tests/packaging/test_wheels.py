"""The packages of the image: all of them wheels for its C library, so that nothing is compiled."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "smartmeter_addon" / "requirements.txt"

LARGEST = 8_000_000
"""Bytes that all of them may have together, packed."""


@pytest.mark.slow
@pytest.mark.parametrize("python", ["3.13", "3.14"])
@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
def test_every_package_comes_as_a_wheel_with_the_hash_that_is_pinned(
    architecture: str, python: str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """Asks the package index, so it needs the network."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--only-binary=:all:", "--require-hashes", "--implementation", "cp"),
            *("--platform", f"musllinux_1_2_{architecture}", "--python-version", python),
            *("--dest", str(tmp_path), "--requirement", str(REQUIREMENTS)),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    files = list(tmp_path.iterdir())
    pinned = REQUIREMENTS.read_text(encoding="utf-8").count("==")
    assert len(files) == pinned
    assert [file.name for file in files if file.suffix != ".whl"] == []
    size = sum(file.stat().st_size for file in files)
    figure(f"packages for {architecture}, Python {python}: {len(files)} wheels, {size} bytes")
    assert size < LARGEST
