"""What a release takes: one public address, one version, and files that can be verified."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

import app

ROOT = Path(__file__).parents[2]
PLACES = (
    *("repository.yaml", "README.md", "README.de.md", "SECURITY.md", "docs/de/DOCS.md"),
    *(
        f"smartmeter_addon/{name}"
        for name in ("config.yaml", "CHANGELOG.md", "DOCS.md", "Dockerfile")
    ),
)
PLACEHOLDER = "OWNER/REPOSITORY"
PUBLIC = "The-Owner/the.repository"
ADDRESS = f"https://github.com/{PUBLIC}"
VERSION = app.__version__

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no clone")


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def release(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "script" / "release", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def missing(folder: Path, *arguments: str) -> list[str]:
    """Give what the check says is missing."""
    done = release(folder, "check", *arguments)
    assert not done.stderr
    lines = done.stdout.splitlines()
    assert done.returncode == (lines != ["nothing is missing"])
    return lines if done.returncode else []


def rewrite(path: Path, pattern: str, new: str) -> None:
    text, count = re.subn(pattern, new, path.read_text("utf-8"), flags=re.MULTILINE)
    assert count
    path.write_text(text, "utf-8")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Give a repository of its own with the files of this one, all of them committed."""
    folder = tmp_path / "clone"
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    for name in listed:
        if (ROOT / name).is_file() and not name.startswith((".venv", "tests/vectors/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=All")


@pytest.fixture
def ready(clone: Path) -> Path:
    """Give a repository of which the next version can be released."""
    assert not release(clone, "address", PUBLIC).returncode
    rewrite(clone / "smartmeter_addon/config.yaml", r'^version: ".+"$', 'version: "9.8.7"')
    rewrite(
        clone / "smartmeter_addon/app/__init__.py", '^__version__ = ".+"$', '__version__ = "9.8.7"'
    )
    rewrite(
        clone / "smartmeter_addon/CHANGELOG.md",
        r"^## \[Unreleased\]$",
        "## [Unreleased]\n\n## [9.8.7] - 2030-01-01",
    )
    commit(clone)
    return clone


# the address


def test_the_placeholder_stands_in_all_places_of_the_address_and_nowhere_else() -> None:
    holding = {
        name
        for name in git(ROOT, "ls-files").splitlines()
        if (ROOT / name).is_file() and PLACEHOLDER.encode() in (ROOT / name).read_bytes()
    }
    about_it = {"script/release", "tests/packaging/test_release.py"}
    assert holding - about_it == set(PLACES)


def test_one_command_sets_the_address_everywhere(clone: Path) -> None:
    before = {place: (clone / place).read_text("utf-8") for place in PLACES}
    assert not release(clone, "address", PUBLIC).returncode
    for place in PLACES:
        text = (clone / place).read_text("utf-8")
        assert "OWNER" not in text
        assert text.count(ADDRESS) == before[place].count(f"https://github.com/{PLACEHOLDER}") > 0
    assert yaml.safe_load((clone / "repository.yaml").read_text("utf-8"))["url"] == ADDRESS
    readme = (clone / "README.md").read_text("utf-8")
    assert f"repository_url={ADDRESS})" in readme
    assert "stands for the address" not in readme
    assert "cosign verify ghcr.io/the-owner/smartmeter:" in (clone / "SECURITY.md").read_text()
    assert {line[3:] for line in git(clone, "status", "--porcelain").splitlines()} == set(PLACES)


def test_a_repository_that_moves_gets_its_new_address_everywhere(clone: Path) -> None:
    release(clone, "address", "first/place")
    release(clone, "address", PUBLIC)
    moved = {place: (clone / place).read_text("utf-8") for place in PLACES}
    git(clone, "checkout", "--quiet", ".")
    release(clone, "address", PUBLIC)
    assert moved == {place: (clone / place).read_text("utf-8") for place in PLACES}


@pytest.mark.parametrize("address", ["owner", "https://github.com/a/b", "a/b/c", "-a/b", "a b/c"])
def test_an_address_of_another_form_is_refused(clone: Path, address: str) -> None:
    done = release(clone, "address", "--", address)
    assert done.returncode == 2
    assert "is not of the form OWNER/NAME" in done.stderr
    assert not git(clone, "status", "--porcelain")


# the check


def test_a_check_says_that_the_address_is_not_set(clone: Path) -> None:
    assert "the public address is not set: script/release address OWNER/NAME" in missing(clone)


def test_nothing_is_missing_of_what_is_ready(ready: Path) -> None:
    assert missing(ready) == []
    git(ready, "tag", "v9.8.7")
    assert missing(ready, "v9.8.7") == []


@pytest.mark.parametrize(
    ("place", "pattern", "new", "sentence"),
    [
        pytest.param(
            *("smartmeter_addon/CHANGELOG.md", ADDRESS, "https://github.com/some/other"),
            f"smartmeter_addon/CHANGELOG.md does not name {ADDRESS}",
            id="another-address",
        ),
        pytest.param(
            *("CONTRIBUTING.md", r"\A", f"{PLACEHOLDER}\n"),
            "CONTRIBUTING.md still has the placeholder of the address",
            id="placeholder",
        ),
        pytest.param(
            *("compose.yaml", "image: smartmeter", "image: ghcr.io/OWNER/smartmeter"),
            "compose.yaml still has the placeholder of the address",
            id="placeholder-of-the-registry",
        ),
        pytest.param(
            *("smartmeter_addon/app/__init__.py", "9.8.7", "9.8.6"),
            "config.yaml names version 9.8.7, the program 9.8.6",
            id="version-of-the-program",
        ),
        pytest.param(
            *("smartmeter_addon/CHANGELOG.md", r"\[9\.8\.7\] -", "[9.8.6] -"),
            "config.yaml names version 9.8.7, the newest in CHANGELOG.md is 9.8.6",
            id="version-in-the-changelog",
        ),
        pytest.param(
            *("smartmeter_addon/CHANGELOG.md", r"^## \[9\.8\.7\]", "- More.\n\n## [9.8.7]"),
            "CHANGELOG.md has changes that are under no version",
            id="unreleased",
        ),
        pytest.param(
            *("smartmeter_addon/config.yaml", "^arch:", "image: ghcr.io/The-Owner/x\narch:"),
            "the image in config.yaml is not ghcr.io/the-owner/smartmeter",
            id="image",
        ),
    ],
)
def test_what_is_missing_is_said(
    ready: Path, place: str, pattern: str, new: str, sentence: str
) -> None:
    rewrite(ready / place, pattern, new)
    assert missing(ready) == [sentence, "there are changes that are not committed"]


def test_the_image_of_the_repository_may_be_named(ready: Path) -> None:
    image = "image: ghcr.io/the-owner/smartmeter\narch:"
    rewrite(ready / "smartmeter_addon/config.yaml", "^arch:", image)
    commit(ready)
    assert missing(ready) == []


def test_a_version_is_released_once_and_under_its_own_tag(ready: Path) -> None:
    assert missing(ready, "v1.0.0") == ["the tag is v1.0.0, and that of version 9.8.7 is v9.8.7"]
    git(ready, "tag", "v9.8.7")
    assert missing(ready) == ["there is a tag v9.8.7 already; name another version"]


# the files


def installed_requirements(folder: Path) -> str:
    """Give the requirements that script/install installs, by what stands in it."""
    install = (folder / "script/install").read_text("utf-8")
    names = re.findall(r'--requirement "\$new/([\w.-]+)"', install)
    assert len(names) == install.count("--requirement ")
    places = {name: folder / name for name in names}
    places["requirements.txt"] = folder / "smartmeter_addon/requirements.txt"
    return "".join(place.read_text("utf-8") for place in places.values())


@pytest.mark.slow
def test_the_files_of_a_release_are_whole_and_name_every_package(clone: Path) -> None:
    """Installs cyclonedx-bom, so it needs the package index."""
    folder = clone.parent / "files"
    done = release(clone, "files", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    name = f"smartmeter-{VERSION}"
    made = {path.name for path in folder.iterdir()}
    assert made == {f"{name}.tar.gz", f"{name}.cdx.json", "SHA256SUMS"}
    summed = subprocess.run(
        ["sha256sum", "--strict", "--check", "SHA256SUMS"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert summed == f"{name}.cdx.json: OK\n{name}.tar.gz: OK\n"

    with tarfile.open(folder / f"{name}.tar.gz") as source:
        members = {member.name.removeprefix(f"{name}/") for member in source if member.isfile()}
        program = source.extractfile(f"{name}/script/install")
        assert program
        assert program.read() == (clone / "script/install").read_bytes()
    assert members == set(git(clone, "ls-files").splitlines())

    sbom = json.loads((folder / f"{name}.cdx.json").read_text("utf-8"))
    about = sbom["metadata"]["component"]
    assert (about["name"], about["version"]) == ("smartmeter", VERSION)
    lock = installed_requirements(clone)
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE))
    assert {part["name"]: part["version"] for part in sbom["components"]} == pinned
    hashes = {
        one["content"]
        for part in sbom["components"]
        for source in part["externalReferences"]
        for one in source.get("hashes", [])
    }
    assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", lock))
    text = (folder / f"{name}.cdx.json").read_text("utf-8")
    assert str(clone.parent) not in text
    assert os.uname().nodename not in text

    again = clone.parent / "again"
    assert release(clone, "files", str(again)).returncode == 0
    sums = (folder / "SHA256SUMS").read_bytes()
    assert (
        hashlib.sha256(sums).digest()
        == hashlib.sha256((again / "SHA256SUMS").read_bytes()).digest()
    )
    assert "is not empty" in release(clone, "files", str(again)).stderr
