"""What the fuzzer tries: its corpus played again, and the same entry points with other inputs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.dlms import axdr
from app.link import Scanner
from tests.support.program import ADDON, bare_environment
from trials import chain, corpus, fuzz, targets

ROOT = Path(__file__).parents[2]

SHORT = 8192
SMALL = 200_000
SLOW = ("profile", "state")  # they write and read files

EVERY_TARGET = pytest.mark.parametrize("name", targets.TARGETS)


@pytest.fixture(autouse=True)
def not_quite_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "ENDLESS", SHORT)


def test_the_targets_need_only_what_the_fuzzer_installs() -> None:
    """That is the app's packages and the fuzzer, see script/setup, and none of the tests'."""
    named = re.findall(
        r"^([\w-]+)==", (ROOT / "requirements-dev.txt").read_text("utf-8"), re.MULTILINE
    )
    missing = {name.lower().replace("-", "_"): None for name in named}
    code = f"import sys; sys.modules.update({missing}); import trials.fuzz, trials.targets"
    environment = {**bare_environment(), "PYTHONPATH": f"{ROOT}:{ADDON}"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


@EVERY_TARGET
def test_no_input_that_was_kept_makes_a_target_fail(name: str) -> None:
    for data in corpus.load(name):
        targets.TARGETS[name](data)


@EVERY_TARGET
def test_every_target_has_inputs_to_begin_with(name: str) -> None:
    for data in targets.seeds(name):
        targets.TARGETS[name](data)


@EVERY_TARGET
def test_no_input_makes_a_target_fail(name: str) -> None:
    _try(name, 30)


@pytest.mark.slow
@EVERY_TARGET
def test_none_of_many_inputs_makes_a_target_fail(name: str) -> None:
    _try(name, 300 if name in SLOW else 1500)


def _play(name: str) -> None:
    for data in (*targets.seeds(name), *corpus.load(name)):
        targets.TARGETS[name](data)


def _try(name: str, often: int) -> None:
    @settings(max_examples=often)
    @given(st.binary(max_size=fuzz.LONGEST.get(name, 600)))
    @example(b"")
    def run(data: bytes) -> None:
        targets.TARGETS[name](data)

    run()


@pytest.mark.parametrize("once_failed", corpus.found(), ids=lambda one: f"{one[0]}: {one[2]}")
def test_what_once_failed_is_well(
    once_failed: tuple[str, bytes, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # as long as it has to be
    name, data, _ = once_failed
    targets.TARGETS[name](data)


def test_the_corpus_is_small() -> None:
    sizes = [path.stat().st_size for path in (*corpus.KEPT.iterdir(), *corpus.FOUND.iterdir())]
    assert sum(sizes) <= SMALL


def test_every_target_is_given_time() -> None:
    assert fuzz.WEIGHTS.keys() == targets.TARGETS.keys()


# --- The targets do fail where something is wrong ---


@pytest.mark.parametrize("name", ["axdr", "apdu", "decoder", "chain"])
def test_an_error_that_is_not_documented_is_a_finding(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> object:
        raise RuntimeError("never thought of that")

    monkeypatch.setattr(axdr, "parse", fail)
    with pytest.raises(RuntimeError, match="never thought"):
        _play(name)


def test_bytes_that_pile_up_are_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "ENDLESS", 131_072)
    monkeypatch.setattr(Scanner, "_discard", lambda _self, _end: None)
    with pytest.raises(chain.Finding, match="bytes are held"):
        targets.fuzz_endless(b"\0\xff\x55")
