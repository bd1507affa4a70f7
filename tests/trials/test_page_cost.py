"""The measurement of what the page costs, for a few telegrams."""

import pytest

from trials import page_cost

CASES = [*page_cost.SIDE_BY_SIDE, *page_cost.ALONE]


@pytest.mark.slow
def test_each_case_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--telegrams", "5", "--blocks", "2", "--rounds", "1"]
    assert page_cost.main([*few, "--cases", *CASES]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told] == CASES
    assert ["longest turn" in line for line in told] == [False, False, False, True, True, True]
