"""The trial of a fleet, in short."""

import pytest

from trials.fleet import failures


@pytest.mark.slow
async def test_a_short_run_loses_and_doubles_nothing() -> None:
    outcome = await failures.run(count=10, seconds=40)
    assert outcome.pushed > 50
    assert outcome.is_right, outcome
