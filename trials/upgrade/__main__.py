"""Plays the upgrade in all scenarios and prints a table: `python3 -m trials.upgrade --help`."""

import argparse
import asyncio
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.support import history
from tests.support.history import NotInCloneError
from tests.support.program import ADDON
from trials.upgrade import judge
from trials.upgrade.play import Outcome, play
from trials.upgrade.scenarios import SCENARIOS, Scenario, every_list

_COLUMNS: Final = (
    *("Scenario", "Unique ids kept", "Topics kept", "Announced once"),
    *("Readings before", "Readings after", "Way back", "Verdict"),
)
_WIDTHS: Final = {"Way back": len("begins anew"), "Verdict": len("99 differences")}
_MISSES_SHOWN: Final = 20
_LINES_SHOWN: Final = 12
_LONGEST_LINE: Final = 160


def main(arguments: Sequence[str] | None = None) -> int:
    """Play and print; the exit status is 1 when anything is not as before, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python3 -m trials.upgrade",
        description="Upgrades from an earlier version of the program to that of this tree.",
    )
    history.add_option(parser)
    parser.add_argument("--only", default="", metavar="TEXT", help="scenarios with it in the name")
    parser.add_argument(
        "--every-list", action="store_true", help="also one meter for each list of the simulator"
    )
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="scenarios at a time")
    given = parser.parse_args(arguments)
    scenarios = (*SCENARIOS, *(every_list() if given.every_list else ()))
    chosen = [scenario for scenario in scenarios if given.only in scenario.name]
    if not chosen or given.jobs < 1:
        parser.error("wanted are --jobs of at least 1 and --only with a text of a scenario's name")
    with tempfile.TemporaryDirectory(prefix="smartmeter-upgrade-") as folder:
        try:
            old = history.unpack(given.commit, Path(folder))
        except NotInCloneError as error:
            parser.error(str(error))
        _print(f"from {_version(old)} ({given.commit}) to {_version(ADDON)} (this tree)\n\n")
        return asyncio.run(_play_all(chosen, old, Path(folder), given.jobs))


async def _play_all(scenarios: Sequence[Scenario], old: Path, folder: Path, jobs: int) -> int:
    widths = [_WIDTHS.get(column, len(column)) for column in _COLUMNS]
    widths[0] = max(len(scenario.name) for scenario in scenarios)
    _print(_row(_COLUMNS, widths))
    _print(_row(["-" * width for width in widths], widths))
    free = asyncio.Semaphore(jobs)

    async def play_one(number: int, scenario: Scenario) -> Outcome:
        directory = folder / str(number)
        directory.mkdir()
        async with free:
            return await play(scenario, old, ADDON, directory)

    outcomes = []
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(play_one(*each)) for each in enumerate(scenarios)]
        for task in tasks:
            outcomes.append(await task)
            _print(_row(_cells(outcomes[-1]), widths))
    _print("".join(map(_told, outcomes)))
    ways = Counter(outcome.way_back for outcome in outcomes if outcome.way_back)
    told = ", ".join(f"{count} times it {way}" for way, count in ways.items())
    _print(f"\nThe earlier version, started on the new state file: {told or 'not tried'}.\n")
    failed = sum(bool(outcome.misses) for outcome in outcomes)
    _print(f"{len(outcomes)} scenarios, {failed} of them not as before.\n")
    return 1 if failed else 0


def _cells(outcome: Outcome) -> list[str]:
    """Give the cells of a scenario's row."""
    first, after = outcome.first, outcome.after
    before = _share(*first.published())
    verdict = f"{len(outcome.misses)} differences" if outcome.misses else "as before"
    if not after:
        return [outcome.scenario.name, "", "", "", before, "", outcome.way_back, verdict]
    ids, topics = judge.unique_ids(first), set(first.payloads())
    kept_ids = ids.intersection(*map(judge.unique_ids, after))
    kept_topics = topics.intersection(*(start.payloads() for start in after))
    announced = [
        times
        for start in after
        for times in judge.announcements(start, judge.new_keys(start, first)).values()
    ]
    once = [times for times in announced if len(times) == 1]
    published, wanted = map(sum, zip(*(start.published() for start in after), strict=True))
    return [
        outcome.scenario.name,
        _share(len(kept_ids), len(ids)),
        _share(len(kept_topics), len(topics)),
        _share(len(once), len(announced)),
        before,
        _share(published, wanted),
        outcome.way_back,
        verdict,
    ]


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Give a row of a Markdown table that is aligned."""
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |\n"


def _told(outcome: Outcome) -> str:
    """Say what is not as before, with the end of the log of each start that was given up."""
    lines = [f"- {miss}\n" for miss in outcome.misses[:_MISSES_SHOWN]]
    if len(outcome.misses) > _MISSES_SHOWN:
        lines.append(f"- and {len(outcome.misses) - _MISSES_SHOWN} more\n")
    lines += [f"- way back, which decides nothing: {failure}\n" for failure in outcome.back]
    for start in outcome.given_up:
        lines.append(f"  the log of the {start.name} ended with:\n")
        lines += [
            f"    {line[:_LONGEST_LINE]}\n" for line in start.output.splitlines()[-_LINES_SHOWN:]
        ]
    return "".join((f"\n{outcome.scenario.name}:\n", *lines)) if lines else ""


def _version(addon: Path) -> str:
    """Give the version of the program in an add-on's folder."""
    text = (addon / "app" / "__init__.py").read_text("utf-8")
    found = re.search(r'__version__ = "(.+)"', text)
    return found[1] if found else "an unknown version"


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
