"""The trial of a fleet, in short."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.nats import Node, connect, engine
from trials.fleet import __main__ as command
from trials.fleet import failures, stored


@pytest.mark.slow
async def test_a_short_run_loses_and_doubles_nothing() -> None:
    outcome = await failures.run(count=10, seconds=40)
    assert outcome.pushed > 50
    assert outcome.is_right, outcome


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path) as one:
        yield one


async def test_an_engine_that_never_answers_ends_a_trial(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "PATIENCE", 1.0)
    client = await connect(node)
    with pytest.raises(
        stored.TrialError, match=r"CONSUMER.INFO.RAW.partition-0: stream not found, for 1 s"
    ):
        await stored.waiting(client, 1)
    await client.close()


def test_what_ended_a_trial_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def never(*_: object) -> None:
        raise stored.TrialError("5 telegrams wait, and none was read for 120 s")

    monkeypatch.setattr("trials.fleet.cost.backlog", never)
    assert command.main(["backlog", "--readers", "1"]) == 2
    assert capsys.readouterr().err == "5 telegrams wait, and none was read for 120 s\n"
