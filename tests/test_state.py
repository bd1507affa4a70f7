"""The state file: writing, reading, damage, the form of version 1."""

import asyncio
import errno
import json
import logging
import os
from pathlib import Path

import pytest

from app.state import MOST_WRITINGS, RETRY_AFTER, Json, State


def test_a_kept_value_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    State(path).set("serial mode", "/dev/ttyUSB0", "2400 8E1")
    assert State(path).get("serial mode", "/dev/ttyUSB0") == "2400 8E1"


def test_a_value_never_kept_is_none(tmp_path: Path) -> None:
    assert State(tmp_path / "state.json").get("serial mode", "/dev/ttyUSB0") is None


def test_a_forgotten_value_is_not_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = State(path)
    state.set("retained", "a/status", "")
    state.set("retained", "b/status", "")
    state.forget("retained", "a/status")
    assert State(path).section("retained") == {"b/status": ""}


def test_several_values_are_forgotten_together(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = State(path)
    state.update("retained", {"a/status": "", "b/status": "", "c/status": ""})
    state.forget("retained", "a/status", "never kept", "c/status")
    assert State(path).section("retained") == {"b/status": ""}


def test_forgetting_a_value_never_kept_does_not_write(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    State(path).forget("retained", "a/status")
    assert not path.exists()


def test_keeping_the_same_value_does_not_write(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = State(path)
    state.set("a", "b", "c")
    path.unlink()
    state.set("a", "b", "c")
    assert not path.exists()
    state.set("a", "b", "d")
    assert path.exists()


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "null", "7", '{"version": 1}', '{"version": 1, "sections": {"a": 3}}'),
        *("\xff", "[" * 100_000),
    ],
    ids=lambda content: content[:40] or "empty",
)
def test_a_broken_file_is_replaced_by_an_empty_state(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content.encode("latin-1"))
    state = State(path)
    assert "begun anew" in caplog.text
    state.set("a", "b", "c")
    assert json.loads(path.read_text("utf-8"))["sections"] == {"a": {"b": "c"}}


def test_a_file_of_a_newer_version_is_replaced_by_an_empty_state(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"version": 3, "sections": {"a": {"b": "c"}}}', "utf-8")
    assert State(path).get("a", "b") is None
    assert "is of version 3, which this program does not know" in caplog.text


def test_json_values_of_every_kind_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    kept: dict[str, Json] = {
        "a": None,
        "b": True,
        "c": 7,
        "d": 1.5,
        "e": "text",
        "f": [1, {"g": []}],
    }
    State(path).update("section", kept)
    assert State(path).section("section") == kept


def test_a_value_of_none_is_written(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = State(path)
    state.set("section", "key", None)
    assert State(path).section("section") == {"key": None}


METER = {
    "id": "1kfm02",
    "number": "1KFM02",
    "type": "kaifa",
    "manufacturer": "Kaifa",
    "model": "MA309M",
    "system_title": None,
}
ANNOUNCED = {"meter": METER, "name": None, "keys": ["power"], "derived": {}, "gone": []}
VERSION_1 = {
    "serial mode": {"/dev/ttyUSB0": "2400 8E1"},
    "meter numbers Keller": {"4B464D10": "1KFM02"},
    "retained": {"smartmeter/status": ""},
    "announced": {"1kfm02": json.dumps(ANNOUNCED), "damaged": "{"},
    "meters Keller": {"1kfm02": "", "never-announced": ""},
    "last seen Keller": {"4B464D10": json.dumps({"counter": 7}), "damaged": "["},
}


def test_a_file_of_version_1_is_carried_over(tmp_path: Path) -> None:
    """Version 0.1.0 of the program kept texts only, and JSON as text in some of them."""
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"version": 1, "sections": VERSION_1}), "utf-8")
    state = State(path)
    assert state.get("serial mode", "/dev/ttyUSB0") == "2400 8E1"
    assert state.get("meter numbers Keller", "4B464D10") == "1KFM02"
    assert state.section("retained") == {"smartmeter/status": ""}
    assert state.section("announced") == {"1kfm02": ANNOUNCED}
    assert state.section("meters Keller") == {"1kfm02": METER}
    assert state.section("history Keller") == {"4B464D10": {"counter": 7}}
    assert state.section("last seen Keller") == {}


def test_a_file_that_was_carried_over_is_written_in_the_new_form(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"version": 1, "sections": VERSION_1}), "utf-8")
    State(path).set("serial mode", "/dev/ttyUSB1", "9600 8N1")
    content = json.loads(path.read_text("utf-8"))
    assert content["version"] == 2
    assert content["sections"]["announced"] == {"1kfm02": ANNOUNCED}


def test_values_that_cannot_be_written_are_kept_in_memory_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    state = State(tmp_path / "missing" / "state.json")
    state.set("a", "b", "c")
    state.set("a", "b", "d")
    assert state.get("a", "b") == "d"
    assert caplog.text.count("cannot be written") == 1


def test_values_that_could_not_be_written_are_written_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = 0.0
    path = tmp_path / "missing" / "state.json"
    state = State(path, clock=lambda: now)
    state.set("a", "b", "c")
    path.parent.mkdir()
    now += RETRY_AFTER / 2
    state.set("a", "b", "c")
    assert not path.exists()
    now += RETRY_AFTER
    state.set("a", "b", "c")
    assert State(path).get("a", "b") == "c"
    assert "can be written again" in caplog.text


def test_a_full_disk_leaves_the_old_file_and_no_partial_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    state = State(path)
    state.set("a", "b", "c")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    state.set("a", "b", "d")
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]
    assert State(path).get("a", "b") == "c"
    assert state.get("a", "b") == "d"


def test_no_partial_file_is_left_where_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = State(path)
    state.set("a", "b", "c")
    (tmp_path / "state.new").mkdir()
    state.set("a", "b", "d")
    assert State(path).get("a", "b") == "c"


def test_an_update_is_written_once_and_only_if_it_changes_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    state, write = State(path), State._write
    writes: list[State] = []

    def counted(self: State) -> None:
        writes.append(self)
        write(self)

    monkeypatch.setattr(State, "_write", counted)
    state.update("history", {"a": "1", "b": "2"})
    state.update("history", {"a": "1", "b": "2"})
    state.update("history", {})
    assert len(writes) == 1
    assert State(path).section("history") == {"a": "1", "b": "2"}


def test_a_section_that_several_share_shows_what_each_sets(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    state = State(file)
    one, other = state.view("shared"), state.view("shared")
    one["a"] = 1
    assert dict(other) == {"a": 1}
    assert State(file).section("shared") == {"a": 1}
    del other["a"]
    assert not one
    with pytest.raises(KeyError):
        del one["a"]


async def test_many_changes_in_a_short_time_are_written_together(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    now = 0.0
    state = State(path, lambda: now)
    for n in range(MOST_WRITINGS):
        state.set("a", f"{n}", n)
        assert State(path).get("a", f"{n}") == n
    state.set("a", "late", 1)
    state.forget("a", "0")
    assert State(path).get("a", "late") is None
    assert (state.get("a", "late"), state.get("a", "0")) == (1, None)
    state.flush()
    assert State(path).section("a") == state.section("a")
    state.set("a", "later", 1)
    assert State(path).get("a", "later") is None
    state.flush()
    now = 300.0
    state.set("a", "at once", 1)
    assert State(path).get("a", "at once") == 1


async def test_what_is_gathered_is_written_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.state.GATHER_FOR", 0.01)
    path = tmp_path / "state.json"
    state = State(path, lambda: 0.0)
    for n in range(MOST_WRITINGS + 1):
        state.set("a", "b", n)
    while State(path).get("a", "b") != MOST_WRITINGS:  # noqa: ASYNC110 - a file tells nobody
        await asyncio.sleep(0.01)


def test_without_a_loop_nothing_is_gathered(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = State(path, lambda: 0.0)
    for n in range(2 * MOST_WRITINGS):
        state.set("a", "b", n)
        assert State(path).get("a", "b") == n
