"""Runs the trial of life and prints its table: `python3 -m trials.life --help`."""

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence

from app.plausibility.checks import BY_NAME
from trials.life.event import EVENTS
from trials.life.subjects import subjects
from trials.life.trial import Total, run_all
from trials.rules import RULES, left_out

_SHOWN = 3
_NAME = 42


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; the exit status is 1 when a goal is missed, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python3 -m trials.life",
        description="Lets everything happen to meters that happens in life.",
    )
    parser.add_argument("--family", help="only the lists of this family")
    parser.add_argument("--list", default="", metavar="TEXT", help="only lists with it in the name")
    parser.add_argument(
        "--event", default="", metavar="TEXT", help="only events with it in the name"
    )
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--shown", type=int, default=_SHOWN, help="cases of each kind")
    parser.add_argument("--stories", action="store_true", help="only tell what happens")
    parser.add_argument(
        "--unguarded", action="store_true", help="publish everything: what scenarios are like"
    )
    parser.add_argument(
        "--without", default="", metavar="RULE", choices=[*BY_NAME, *RULES], help="leave it out"
    )
    given = parser.parse_args(arguments)
    events = [one for name, one in EVENTS.items() if given.event in name]
    chosen = [one for one in subjects(given.family) if given.list in str(one)]
    if not events or not chosen or given.processes < 1:
        parser.error("there is no such event or list")
    if given.stories:
        sys.stdout.writelines(f"{event.name}: {event.story}\n" for event in events)
        return 0
    begun = time.monotonic()
    totals = {event.name: Total(event) for event in events}
    with left_out(given.without):  # the processes are forked
        for verdicts in run_all(chosen, events, given.processes, guarded=not given.unguarded):
            for run, verdict in verdicts:
                totals[run.event].add(run, verdict)
            if verdicts:
                sys.stderr.write(f"{time.monotonic() - begun:.0f} s: {verdicts[0][0].subject}\n")
    sys.stdout.writelines(f"{line}\n" for line in _table(totals, given.shown))
    sys.stdout.write(f"\n{time.monotonic() - begun:.0f} s\n")
    return int(any(total.missed for total in totals.values()))


def _table(totals: dict[str, Total], shown: int) -> Iterator[str]:
    """Give the lines of the table, and what misses a goal."""
    yield f"{'event':{_NAME}} runs  wrong  longest hold  held of good        not right at the end"
    for name, total in totals.items():
        held = f"{total.held} of {total.good}"
        yield (
            f"{name:{_NAME}} {total.runs:4} {total.wrong:6} {total.longest:6} of"
            f" {total.event.hold}   {held:18} {len(total.not_right):6}  {'MISSED' * total.missed}"
        ).rstrip()
    missed = [total for total in totals.values() if total.missed]
    for total in missed:
        yield ""
        yield f"{total.event.name}: {total.event.story}"
        for title, cases in (
            ("wrong", total.shown),
            ("held for long", total.over),
            ("not right at the end", total.not_right),
        ):
            yield from (f"  {title}: {case}" for case in cases[:shown])
            if len(cases) > shown:
                yield f"  {title}: and {len(cases) - shown} more"
    yield ""
    yield f"{len(missed)} of {len(totals)} events miss a goal"


if __name__ == "__main__":
    sys.exit(main())
