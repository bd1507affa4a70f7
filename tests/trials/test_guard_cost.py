"""The measurement of the guard's cost, for one list and one slice."""

from itertools import pairwise

import pytest

from tests.support import history
from tests.support.history import NotInCloneError
from trials.guard_cost import __main__ as command
from trials.guard_cost import worker
from trials.guard_cost.worker import SLICE, WARM_UP


def test_both_programs_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        history.require(history.VERSION_0_1_0)
    except NotInCloneError as error:
        pytest.skip(str(error))
    assert command.main(["--slices", "1", "--family", "kaifa"]) == 0
    table = capsys.readouterr().out.splitlines()
    (row,) = (line for line in table if line.startswith("| kaifa netznoe"))
    _, _, *figures, _ = row.split("|")
    assert all(float(figure) > 0 for figure in figures)
    assert not [line for line in table if "not accepted" in line]


@pytest.mark.parametrize(("family", "variant"), command.LISTS)
def test_telegrams_that_are_measured_move_and_are_accepted(family: str, variant: str) -> None:
    telegrams = worker.decoded(family, variant or None, WARM_UP + 2 * SLICE)
    values = [telegram.reading.values for _, telegram in telegrams]
    assert sum(one != other for one, other in pairwise(values)) > 290
    measured = worker.slices(telegrams)
    assert [next(measured).not_accepted for _ in range(3)] == [0, 0, 0]


def test_a_program_that_cannot_be_measured_is_told() -> None:
    with (
        pytest.raises(ChildProcessError, match="failed"),
        command._started("kaifa", "no such list", history.ROOT),
    ):
        pass
