"""Fuzzes each decoder and the whole chain, guided by the code that an input reaches (atheris).

    script/fuzz --minutes 30 --corpus FOLDER

script/fuzz makes an environment with smartmeter_addon/requirements.txt and requirements-fuzz.txt.
Each target of `targets` runs in a process of its own, one after the other, for a share of the time.
An input that makes a target fail, takes more than TIMEOUT seconds or more memory than MEMORY ends
that target. It is kept beside the corpus, and its name is printed.

    script/fuzz --keep --corpus FOLDER      minimises the corpus into trials/corpus
    script/fuzz chain --minutes 5           one target only
    script/fuzz chain --play FILE           replays an input
"""

import argparse
import importlib
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from trials import corpus

TIMEOUT: Final = 10
"""Seconds that one input may take, with the fuzzer's instrumentation."""

MEMORY: Final = 1024
"""MB that the process may take, those of the fuzzer included."""

WEIGHTS: Final = {
    **dict.fromkeys(("ber", "gbt", "clock"), 1),
    **dict.fromkeys(("apdu", "p1", "texts", "recording", "state"), 2),
    **dict.fromkeys(("axdr", "options", "page", "profile", "scanner"), 4),
    **dict.fromkeys(("endless", "receiver", "decoder", "interpreter", "template"), 6),
    "chain": 12,
}
"""By target, its share of the time."""

LONGEST: Final = {
    "ber": 16,
    "clock": 256,
    "gbt": 512,
    "texts": 512,
    "recording": 512,
    "profile": 4096,
}
_USUAL_LONGEST: Final = 2048
"""By target, bytes of the longest input; and of that of other targets."""

_STATUS: Final = re.compile(r"^#\d+\s.*cov: (\d+) ft: (\d+) corp: (\d+)/", re.MULTILINE)
_EXECUTED: Final = re.compile(r"number_of_executed_units: (\d+)")
_SLOWEST: Final = re.compile(r"slowest_unit_time_sec: *(\d+)")
_PEAK: Final = re.compile(r"peak_rss_mb: *(\d+)")
_ARTIFACT: Final = re.compile(r"Test unit written to (\S+)")


class Result(NamedTuple):
    """What the fuzzer printed about one target."""

    executions: int
    coverage: int
    features: int
    slowest: int
    memory: int
    finding: str | None


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the arguments; wrong ones end the program.

    What begins with one dash goes to the fuzzer itself, as ``more``.
    """
    parser = argparse.ArgumentParser(
        prog="script/fuzz", description="Fuzzes every decoder and the whole chain."
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(WEIGHTS))
    parser.add_argument("--minutes", type=float, default=30.0, metavar="N", help="in all")
    parser.add_argument("--corpus", type=Path, metavar="FOLDER", help="to begin with and to grow")
    parser.add_argument("--keep", action="store_true", help="minimise it into trials/corpus")
    parser.add_argument("--play", type=Path, metavar="FILE", help="replay one input")
    given, more = parser.parse_known_args(arguments)
    if wrong := [one for one in more if one.startswith("--")]:
        parser.error(f"unrecognized arguments: {' '.join(wrong)}")
    if unknown := set(given.targets) - WEIGHTS.keys():
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    given.more = more
    return given


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit status is 1 when there was a finding."""
    given = parse(arguments)
    names = given.targets or list(WEIGHTS)
    if given.play:
        for name in names:
            importlib.import_module("trials.targets").TARGETS[name](given.play.read_bytes())
        return 0
    if given.more:  # a child process with the fuzzer's own arguments
        _fuzz(names[0], given.more)
    folder = given.corpus or Path(tempfile.mkdtemp(prefix="corpus-"))
    if given.keep:
        for name in names:
            _keep(name, folder / name)
        return 0
    _say(f"the corpus grows in {folder}\n")
    return _run_all(names, given.minutes * 60, folder)


def _run_all(names: Sequence[str], seconds: float, folder: Path) -> int:
    total = sum(WEIGHTS[name] for name in names)
    executed, findings = 0, 0
    begin = time.monotonic()
    _say("| Target | Seconds | Executions | Edges reached | Features | Slowest input | Memory |")
    _say("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in names:
        share = round(seconds * WEIGHTS[name] / total)
        result = _run(name, share, folder / name)
        executed += result.executions
        slowest = f"{result.slowest} s" if result.slowest else "below 1 s"
        _say(
            f"| {name} | {share} | {result.executions:,} | {result.coverage:,} |"
            f" {result.features:,} | {slowest} | {result.memory} MB |"
        )
        if result.finding:
            findings += 1
            _say(f"FINDING: {result.finding}")
    minutes = (time.monotonic() - begin) / 60
    _say(f"\n{executed:,} executions in {minutes:.1f} minutes, {findings} findings")
    return bool(findings)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _run(name: str, seconds: int, folder: Path) -> Result:
    """Fuzz one target in a process of its own, from the kept corpus and that in the folder."""
    _fill(name, folder)
    findings = folder.parent / "findings"
    findings.mkdir(exist_ok=True)
    done = _child(
        name,
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST.get(name, _USUAL_LONGEST)}",
        f"-timeout={TIMEOUT}",
        f"-rss_limit_mb={MEMORY}",
        f"-artifact_prefix={findings}/{name}-",
        "-print_final_stats=1",
        "-seed=1",
        str(folder),
    )
    text = done.stderr
    status = _STATUS.findall(text)
    artifact = _ARTIFACT.search(text)
    finding = None
    if done.returncode:
        what = next((line for line in text.splitlines() if "Error" in line or "ing:" in line), "")
        finding = f"{name}: {what} ({artifact[1] if artifact else text[-2000:]})"
    return Result(
        executions=_number(_EXECUTED, text),
        coverage=int(status[-1][0]) if status else 0,
        features=int(status[-1][1]) if status else 0,
        slowest=_number(_SLOWEST, text),
        memory=_number(_PEAK, text),
        finding=finding,
    )


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0


def _fill(name: str, folder: Path) -> None:
    """Write the inputs to begin with: the seeds, and the kept ones."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = importlib.import_module("trials.targets").seeds(name)
    for number, data in enumerate((*seeds, *corpus.load(name))):
        (folder / f"begin-{number}").write_bytes(data)


def _keep(name: str, folder: Path) -> None:
    """Keep the fewest inputs of a folder that reach all code that its inputs reach.

    The seeds among them are left out, as they are made again each time.
    """
    _fill(name, folder)
    with tempfile.TemporaryDirectory(prefix="merged-") as merged:
        longest = LONGEST.get(name, _USUAL_LONGEST)
        done = _child(name, "-merge=1", f"-max_len={longest}", merged, str(folder))
        done.check_returncode()
        inputs = [path.read_bytes() for path in Path(merged).iterdir()]
    seeds = set(importlib.import_module("trials.targets").seeds(name))
    size = corpus.store(name, set(inputs) - seeds)
    _say(f"{name}: {size[0]} inputs kept, {size[1]} bytes")


def _child(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - this program
        [sys.executable, "-m", "trials.fuzz", name, *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _fuzz(name: str, arguments: Sequence[str]) -> None:
    """Fuzz one target for as long as the fuzzer's own arguments say. It does not return."""
    # Imported by name, as the type checker does not have it.
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["app"]):
        targets = importlib.import_module("trials.targets")
    folders = [argument for argument in arguments if not argument.startswith("-")]
    options = [argument for argument in arguments if argument.startswith("-")]
    # To minimise, the fuzzer starts this program in a shell by the first argument.
    itself = f"{shlex.quote(sys.executable)} -m trials.fuzz {name}"
    atheris.Setup([itself, *options, *folders], targets.TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
