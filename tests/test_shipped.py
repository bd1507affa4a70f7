import os
import sys
import tomllib
from pathlib import Path

import pytest

from app import shipped

ADDON = Path(shipped.__file__).parent


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def kept(folder: Path) -> list[Path]:
    return [path for path in (folder / "cache").rglob("*") if path.is_file()]


@pytest.mark.parametrize("path", sorted(ADDON.rglob("*.toml")), ids=lambda path: path.stem)
def test_each_file_is_read_the_same_the_second_time(path: Path) -> None:
    wanted = tomllib.loads(path.read_text("utf-8"))
    assert shipped.read(path) == shipped.read(path) == wanted


def test_what_is_parsed_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.toml"
    path.write_text("one = 1")
    shipped.read(path)
    monkeypatch.setattr(shipped, "_parse", lambda _: pytest.fail("it is parsed again"))
    assert shipped.read(path) == {"one": 1}
    assert len(kept(tmp_path)) == 1


def test_a_file_that_has_changed_is_parsed_again(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("one = 1")
    shipped.read(path)
    path.write_text("one = 2")
    assert shipped.read(path) == shipped.read(path) == {"one": 2}
    path.write_text("one = 20")
    assert shipped.read(path) == {"one": 20}


def test_what_is_kept_does_not_go_by_the_time_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image whose layers are made to be reproducible has other times than its build."""
    path = tmp_path / "a.toml"
    path.write_text("one = 1")
    shipped.read(path)
    os.utime(path, (1, 1))
    monkeypatch.setattr(shipped, "_parse", lambda _: pytest.fail("it is parsed again"))
    assert shipped.read(path) == {"one": 1}


@pytest.mark.parametrize(
    "damage", [b"", b"\xff", b"1", b"[]", b"[1, 2]", b"[1, 2, 3]", b'{"one": 1}', 9999 * b"["]
)
def test_a_damaged_file_of_what_was_parsed_is_written_anew(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "a.toml"
    path.write_text("one = 1")
    shipped.read(path)
    (made,) = kept(tmp_path)
    good = made.read_bytes()
    made.write_bytes(damage)
    assert shipped.read(path) == {"one": 1}
    assert made.read_bytes() == good


def test_nothing_is_kept_where_python_may_not_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.toml"
    path.write_text("one = 1")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert shipped.read(path) == {"one": 1}
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "cache").write_text("no folder")
    assert shipped.read(path) == {"one": 1}


def test_all_files_are_compiled(tmp_path: Path) -> None:
    shipped.compile_all()
    sources = sorted(path.stem for path in ADDON.rglob("*.toml"))
    assert sorted(path.name.partition(".")[0] for path in kept(tmp_path)) == sources
