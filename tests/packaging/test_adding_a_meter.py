"""A meter of a new maker takes three files by hand: profile, capture and changelog.

It is added to a copy of the repository by the blocks of ADDING_A_METER.md, in which the fictitious
meter gets another name: the page shows its own as one that no profile knows.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from app.meters import profile_files
from simulator import axdr, links
from simulator.ciphering import Ciphering
from tests.support.telegrams import notification

ROOT = Path(__file__).parents[2]
THIS = Path(__file__).name
CAPTURES = "tests/vectors/shippable.json"
CHANGELOG = "smartmeter_addon/CHANGELOG.md"
PROFILE = "smartmeter_addon/app/meters/profiles/beispiel.toml"
BY_HAND = {PROFILE, CAPTURES, CHANGELOG}
BY_SCRIPT = {
    "README.md",
    "docs/de/DOCS.md",
    "smartmeter_addon/DOCS.md",
    "smartmeter_addon/config.yaml",
    "tests/vectors/README.md",
}
TITLE = b"BSP\x01\x00\x00\x00\x42"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Give a copy of the repository."""
    left = shutil.ignore_patterns(
        ".git", ".venv*", ".*_cache", ".hypothesis", ".influxdb", "__pycache__"
    )
    return Path(shutil.copytree(ROOT, tmp_path / "tree", ignore=left))


def contents(tree: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(tree)): path.read_bytes()
        for path in tree.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in before | after if before.get(name) != after.get(name)}


def run(tree: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=tree,
        env=environment,
        timeout=900,
    )


def write(tree: Path) -> str:
    """Run the script that brings all lists up to date; give what it says."""
    ended = run(tree, "script/meters", "--write")
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def telegram() -> bytes:
    """What the page's meter sends, under the name of another maker."""
    clock = bytes.fromhex("07EA0B1506111E0000FFC400")
    plaintext = notification(
        axdr.octet_string(clock),
        *map(axdr.uint32, (5341671, 268868, 431, 0)),
        axdr.uint16(2331),
        axdr.octet_string(b"71000042"),
    )
    apdu = Ciphering().protect(plaintext, system_title=TITLE, counter=7)
    return b"".join(links.Hdlc().frames(apdu))


def add_by_hand(tree: Path) -> None:
    """Do what the page tells to do by hand."""
    page = (tree / "ADDING_A_METER.md").read_text("utf-8")
    page = page.replace("Netz Beispiel", "Netz Muster").replace("Nordlicht", "Beispiel")
    page = page.replace("nordlicht", "beispiel").replace("NLT", TITLE[:3].decode())
    (profile,) = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tree / PROFILE).write_text(profile, "utf-8")
    *_, block = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    capture = json.loads(block)
    capture["raw_hex"] = telegram().hex()
    capture["expected"]["security"]["system_title"] = TITLE.hex().upper()
    shipped = json.loads((tree / CAPTURES).read_text("utf-8"))
    text = json.dumps([*shipped, capture], indent=1, ensure_ascii=False)
    (tree / CAPTURES).write_text(f"{text}\n", "utf-8")
    changelog = (tree / CHANGELOG).read_text("utf-8")
    if "## [Unreleased]\n" not in changelog:
        changelog = changelog.replace("## [", "## [Unreleased]\n\n### Added\n\n## [", 1)
    before, heading, after = changelog.partition("## [Unreleased]\n")
    after = after.replace("### Added\n\n", "### Added\n\n- Reads the Beispiel N1.\n", 1)
    changelog = f"{before}{heading}{after}"
    (tree / CHANGELOG).write_text(changelog, "utf-8")


def test_all_lists_of_meters_are_up_to_date(tree: Path) -> None:
    before = contents(tree)
    assert write(tree) == "", "run script/meters --write"
    assert changed(before, contents(tree)) == set()


def test_the_script_writes_a_meter_that_is_added_into_every_list(tree: Path) -> None:
    before = contents(tree)
    add_by_hand(tree)
    assert changed(before, contents(tree)) == BY_HAND
    write(tree)
    after = contents(tree)
    assert changed(before, after) == BY_HAND | BY_SCRIPT
    for name in BY_SCRIPT - {"tests/vectors/README.md", "docs/de/DOCS.md"}:
        assert b"beispiel" in after[name]
    schema = yaml.safe_load(after["smartmeter_addon/config.yaml"])["schema"]
    types = "|".join(sorted({"beispiel", *profile_files.load()}))
    assert schema["meter_type"] == f"list(auto|{types})"
    assert schema["additional_meters"][0]["meter_type"] == f"list(auto|{types})?"
    row = "| **Netz Muster** | Beispiel N1 | optical head | ask the operator | encryption key | |\n"
    for name in ("docs/de/DOCS.md", "smartmeter_addon/DOCS.md"):
        assert row in after[name].decode()
    origin = "| [example/captures](https://github.com/example/captures) | MIT | Beispiel N1 |\n"
    assert origin in after["tests/vectors/README.md"].decode()
    assert write(tree) == ""
    assert contents(tree) == after


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("README.md", "| Family | Tried with", "| Type | Tried with"),
        ("smartmeter_addon/config.yaml", '    - meter_type: "list', '    - meter_type: "match'),
    ],
)
def test_the_script_says_what_it_does_not_find(tree: Path, name: str, old: str, new: str) -> None:
    text = (tree / name).read_text("utf-8")
    assert old in text
    (tree / name).write_text(text.replace(old, new), "utf-8")
    ended = run(tree, "script/meters", "--write")
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"script/meters: {name} has ")


@pytest.mark.slow
def test_a_meter_that_is_added_passes_the_tests(tree: Path) -> None:
    add_by_hand(tree)
    write(tree)
    named = ("meters", "packaging", "config", "chain/test_vectors.py")
    paths = [f"tests/{name}" for name in (*named, "test_decode_cli.py")]
    # But this module, as the copy has the meter already.
    select = ("-m", "not slow and not home_assistant", f"--ignore=tests/packaging/{THIS}")
    ended = run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *select, *paths)
    assert ended.returncode == 0, ended.stdout[-5000:]
