"""The measurement of what the page costs, for a few telegrams."""

import pytest

from trials import page_cost


@pytest.mark.slow
def test_each_case_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert page_cost.main(["--telegrams", "10", "--rounds", "1"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told] == list(page_cost.CASES)
