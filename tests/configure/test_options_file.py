"""The file of options: whole or not at all, and for its owner's eyes only."""

import json
import os
import stat
from pathlib import Path

import pytest

from app.configure import options_file
from app.configure.steps import Say

NEW = {"key": "0011", "name": "Zähler", "mqtt": {"port": 1}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "options.json"


def test_what_is_written_is_read_again(file: Path) -> None:
    assert options_file.read(file) == {}
    assert options_file.write(file, NEW) is None
    assert options_file.read(file) == NEW
    assert "Zähler" in file.read_text("utf-8")
    assert list(json.loads(file.read_text("utf-8"))) == list(NEW)
    assert [one.name for one in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
@pytest.mark.parametrize("before", [None, 0o600, 0o644, 0o777])
def test_it_is_its_owner_s_alone(file: Path, umask: int, before: int | None) -> None:
    if before is not None:
        file.write_text("{}")
        file.chmod(before)
    old = os.umask(umask)
    try:
        assert options_file.write(file, NEW) is None
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_stays(file: Path) -> None:
    file.write_text("{}")
    os.chown(file, 1234, 1235)
    assert options_file.write(file, NEW) is None
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 1235)


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "o.json"
    target.write_text('{"name": "old"}')
    file.symlink_to(target)
    assert options_file.read(file) == {"name": "old"}
    assert options_file.write(file, NEW) is None
    assert file.is_symlink()
    assert json.loads(target.read_text("utf-8")) == NEW


@pytest.mark.parametrize("failing", ["fsync", "fchmod", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_whatever_happens_the_old_file_stays(
    file: Path, monkeypatch: pytest.MonkeyPatch, failing: str, error: BaseException
) -> None:
    file.write_text("before")

    def fail(*_: object) -> None:
        raise error

    if failing == "replace":
        monkeypatch.setattr(Path, failing, fail)
    else:
        monkeypatch.setattr(os, failing, fail)
    if isinstance(error, OSError):
        said = options_file.write(file, NEW)
        assert said
        assert said.parameters["words"] == "no space left on device"
    else:
        with pytest.raises(KeyboardInterrupt):
            options_file.write(file, NEW)
    monkeypatch.undo()
    assert file.read_text() == "before"
    assert [one.name for one in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"{", "file.no_json"),
        (b"[]", "file.no_json"),
        (b"\xff\xfe", "file.no_json"),
        (b"", "file.no_json"),
        (b"[" * 100_000, "file.no_json"),
        (b'{"key": "", "key": ""}', "options.wrong"),
    ],
)
def test_what_is_no_options_is_told(file: Path, content: bytes, key: str) -> None:
    file.write_bytes(content)
    said = options_file.read(file)
    assert isinstance(said, Say)
    assert said.key == key


def test_a_byte_order_mark_is_no_harm(file: Path) -> None:
    file.write_text('{"name": "x"}', "utf-8-sig")
    assert options_file.read(file) == {"name": "x"}


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    said = options_file.read(tmp_path / "none" / "options.json")
    assert isinstance(said, Say)
    assert said.key == "file.no_folder"
    failed = options_file.write(tmp_path / "none" / "options.json", NEW)
    assert failed
    assert failed.key == "file.unwritable"


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    said = options_file.read(tmp_path)
    assert isinstance(said, Say)
    assert said.key == "file.is_folder"
