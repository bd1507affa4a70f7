"""The corruption trial, for some lists and few telegrams."""

from collections.abc import Callable

from trials import corruption
from trials.corruption import Case


def test_of_damaged_telegrams_only_small_errors_are_published(
    figure: Callable[[str], None],
) -> None:
    total = corruption.Result()
    for one in corruption.lists()[::4]:
        for repaired in (False, True) if one.checked else (True,):
            verified = one.tagged and not repaired
            case = Case(one.family, one.variant, repaired, verified, "established", 5, 20)
            total.add(corruption.run(case, streams=1, length=90))
    assert not [kind for kind in total.errors if kind.startswith(corruption.GRAVE)], total.shown
    assert total.damaged > 500
    assert total.stuck == 0
    figure(
        f"corruption: {total.damaged} damaged telegrams, {total.wrong} published with anything"
        " wrong, all of it small"
    )
