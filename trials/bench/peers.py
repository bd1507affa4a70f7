"""Bytes to readings, and the command ``decode``: this program beside others, in process.

Libraries come from PyPI, pinned, each in an environment of its own. ESPHome comes from there, too,
and its parser is compiled with g++ and Mbed TLS. Its newer parser is not on PyPI; it is measured
where its sources are given. A program that does not read a list, or reads another power than the
meter said, has no figure there.

The guard is no part of this: it is in the figure of the whole program.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from tests.support import history
from trials.bench import esphome, files, lists, machine
from trials.bench.workers import Worker, holds, ratio, started, table, take_turns

PACKAGES: Final = {
    # The two others are needed by it, and not named in its requirements.
    "smartmeter-austria-energy": (
        *("smartmeter-austria-energy==1.5.0", "pycryptodome==4.4.0", "pyserial==3.5"),
    ),
    "dlms-cosem": ("dlms-cosem==25.1.0",),
    "gurux-dlms": ("gurux-dlms==1.0.203",),
    "amshan": ("amshan==2.1.1",),
    "dsmr-parser": ("dsmr-parser==1.11.2",),
}
"""What is installed for each library."""

ESPHOME: Final = "esphome==2026.5.3"  # the last whose component dlms_meter is a parser by itself

THIS: Final = "this tree"


class Program(NamedTuple):
    """A program that is measured.

    Args:
        command: the beginning of its worker's command; list, file and size follow.
        paths: where it finds packages.
    """

    command: Sequence[str]
    paths: Sequence[Path] = ()


def run(given: argparse.Namespace, then: Path) -> None:
    """Measure and print.

    Args:
        given: the options.
        then: the earlier program's folder.
    """
    earlier = given.earlier
    with tempfile.TemporaryDirectory(prefix="smartmeter-bench-") as name:
        folder = Path(name)
        trees = {THIS: history.ROOT / "smartmeter_addon", earlier: then}
        decoders = {name: _python("readings", tree) for name, tree in trees.items()}
        commands = {name: _python("decode", tree) for name, tree in trees.items()}
        others: dict[str, Program] = {}
        if not given.no_libraries:
            others |= _libraries(given.environments or folder)
        others |= _esphome(given, folder)
        sys.stdout.write(machine.described() + "\n")
        for title, programs in (
            ("Bytes to readings", decoders | others),
            ("The command `decode`", commands),
        ):
            _measure_all(title, programs, given, folder)


def _measure_all(
    title: str, programs: Mapping[str, Program], given: argparse.Namespace, folder: Path
) -> None:
    rows = []
    for name in given.list or lists.LISTS:
        measured = _measure(name, programs, given, folder)
        ours = measured[THIS]
        cells = [name]
        for program in programs:
            figures = measured.get(program, [])
            cells.append(_cell(figures, None if program == THIS else ours, given.telegrams))
        rows.append(cells)
    head = ("µs a telegram", *programs)
    sys.stdout.write(f"\n{title}, and in brackets the ratio of this tree to it:\n\n")
    sys.stdout.write(table(head, rows))
    sys.stdout.flush()


def _cell(figures: Sequence[int], ours: Sequence[int] | None, telegrams: int) -> str:
    if not figures:
        return "-"
    microseconds = f"{statistics.median(figures) / telegrams / 1000:.1f}"
    return microseconds if ours is None else f"{microseconds} ({ratio(ours, figures):.2f})"


def _measure(
    name: str, programs: Mapping[str, Program], given: argparse.Namespace, folder: Path
) -> dict[str, list[int]]:
    """Measure one list with each program; return nanoseconds, one for each round."""
    telegrams, power = lists.moving(name, 5 * given.telegrams)
    path = folder / "telegrams"
    files.write(telegrams, path)
    workers: dict[str, Worker] = {}
    with ExitStack() as running:
        for program, (command, paths) in programs.items():
            arguments = (*command, name, str(path), str(given.telegrams))
            worker = running.enter_context(started(arguments, paths))
            numbers = worker.numbers()
            if numbers is not None and holds(numbers, power):
                workers[program] = worker
            elif numbers is not None:
                sys.stdout.write(f"{program} reads {name} without its power of {power} W\n")
        take_turns(list(workers.values()), given.rounds)
    return {program: worker.figures for program, worker in workers.items()}


def _python(contender: str, *paths: Path, python: Path = Path(sys.executable)) -> Program:
    return Program((str(python), "-m", "trials.bench.worker", contender), paths)


def _libraries(folder: Path) -> dict[str, Program]:
    """Install each library in an environment of its own, unless that is done."""
    programs = {}
    for name, packages in PACKAGES.items():
        environment = folder / name
        python = environment / "bin" / "python"
        if not python.exists():
            venv.create(environment, with_pip=True)
        _install(python, *packages)
        programs[name] = _python(name, python=python)
    return programs


def _esphome(given: argparse.Namespace, folder: Path) -> dict[str, Program]:
    """Compile ESPHome's parsers: from PyPI, and from the sources that are given."""
    if given.no_libraries and not given.esphome:
        return {}
    if not esphome.can_compile():
        sys.stdout.write(
            "ESPHome's parser is left out: it needs g++ and the headers of Mbed TLS"
            " (on Debian the packages g++ and libmbedtls-dev)\n"
        )
        return {}
    programs = {}
    if not given.no_libraries:
        sources = (given.environments or folder) / ESPHOME
        if not sources.exists():
            _install(Path(sys.executable), "--no-deps", "--target", str(sources), ESPHOME)
        programs["ESPHome"] = Program((str(esphome.component(sources, folder)),))
    if given.esphome:
        programs["dlms_parser"] = Program((str(esphome.library(given.esphome, folder)),))
    return programs


def _install(python: Path, *packages: str) -> None:
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run((*pip, *packages), check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - pinned above
