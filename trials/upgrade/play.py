"""Plays one scenario: five starts, of which each is judged."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trials.upgrade import judge
from trials.upgrade.judge import Start
from trials.upgrade.scenarios import Scenario
from trials.upgrade.stage import staged


@dataclass
class Outcome:
    """What came of a scenario.

    Args:
        scenario: which.
        first: the earlier program's first start.
        after: the starts of the program that is judged, until one is given up.
        misses: what is not as before, as sentences.
        back: how the earlier program fails when it is started once more, as sentences.
        way_back: the same in a word or two; empty when that start was not made.
        given_up: the starts that were.
    """

    scenario: Scenario
    first: Start
    after: tuple[Start, ...] = ()
    misses: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    way_back: str = ""
    given_up: list[Start] = field(default_factory=list)

    def take(self, start: Start, misses: Sequence[str]) -> None:
        """Take note of what is wrong with a start."""
        self.misses += [f"{start.name}: {miss}" for miss in misses]
        if start.failure:
            self.given_up.append(start)


async def play(scenario: Scenario, old: Path, new: Path, directory: Path) -> Outcome:
    """Play a scenario.

    Args:
        scenario: which.
        old: the add-on's folder of the earlier version.
        new: the add-on's folder of the version that is judged.
        directory: for all files; empty.
    """
    async with staged(scenario, old, directory) as stage:
        scripts = stage.first_scripts()
        first = await stage.start("first start", old, scripts)
        first = judge.within(first, first)
        outcome = Outcome(scenario, first)
        outcome.take(first, judge.first_start(first))
        if outcome.misses:
            return outcome
        state = stage.state_file.read_bytes()

        scripts = stage.next_scripts(scripts, replayed=0)
        control = judge.within(await stage.start("control", old, scripts), first)
        outcome.take(control, judge.next_start(control, first))
        stage.state_file.write_bytes(state)
        upgrade = await stage.start("upgrade", new, scripts)
        outcome.take(upgrade, judge.next_start(upgrade, first, control))
        outcome.after = (upgrade,)
        if upgrade.failure:
            return outcome

        scripts = stage.next_scripts(scripts, replayed=-1)
        again = await stage.start("start after the upgrade", new, scripts)
        outcome.take(again, judge.next_start(again, first))
        outcome.after = (upgrade, again)
        if again.failure:
            return outcome

        scripts = stage.next_scripts(scripts, replayed=-1)
        back = judge.within(await stage.start("way back", old, scripts, awaited=False), first)
        outcome.back = judge.ended(back)
        if outcome.back:
            outcome.way_back = "fails"
            outcome.given_up.append(back)
        else:
            outcome.way_back = "begins anew" if judge.next_start(back, first) else "goes on"
    return outcome
