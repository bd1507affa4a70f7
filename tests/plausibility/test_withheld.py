"""What is not published, and when that is told."""

from decimal import Decimal

import pytest

from app.dlms.receiver import Push
from app.link import Frame
from app.meters.telegram import Telegram
from app.plausibility.decision import Violation
from app.plausibility.evidence import Evidence
from app.plausibility.limits import Limits
from app.plausibility.lists import Found
from app.plausibility.track import Observation
from app.plausibility.withheld import Withholding

TELEGRAM = Telegram(Push(Frame("mbus", 0, b""), None, None))
JUMP = Violation("jump", "it jumps", "voltage")
CANNOT_BE = Violation("possible", "voltage_l1 of 2307 cannot be", "voltage_l1")
UNIT = Violation("unit", "its unit changed", "energy_import")


def said(structure: tuple[object, ...] = (), wall: float = 0.0, **values: int) -> Observation:
    """Return a telegram of a list with some values."""
    shown = {key: Decimal(value) for key, value in values.items()}
    found = Found(None, structure, 0, b"")
    return Observation(TELEGRAM, Evidence.SUM, found, None, None, None, 0.0, wall, shown)


def test_telegrams_of_a_list_are_told_when_three_in_a_row_are_not_accepted() -> None:
    withholding, told = Withholding(), []
    for n in range(4):
        withholding.hold(said(wall=100.0 + n), JUMP, "all values")
        told.append(withholding.told())
    assert [bool(one) for one in told] == [False, False, True, True]
    assert told[-1][0][:2] == ("all values", "it jumps")
    assert told[-1][0].since == 100.0
    assert withholding.holds
    withholding.accept(said(), (), Limits())
    assert withholding.told() == []
    assert not withholding.holds


def test_noise_that_makes_up_lists_does_not_fill_the_memory() -> None:
    withholding = Withholding()
    for n in range(3 * 50):
        withholding.hold(said((n % 50,)), JUMP, "all values")
    assert withholding.told() == []
    for n in range(3 * 8):
        withholding.hold(said((n % 8,)), JUMP, "all values")
    assert len(withholding.told()) == 8


def test_a_value_is_told_with_the_second_telegram_that_is_published_without_it() -> None:
    withholding, told = Withholding(), []
    withholding.begin(said(voltage_l1=2307), [CANNOT_BE])
    assert withholding.holds
    for _ in range(3):
        kept = withholding.accept(said(voltage_l1=2307, current_l1=1), [CANNOT_BE], Limits())
        assert kept == {"voltage_l1"}
        told.append(len(withholding.told()))
    assert told == [0, 1, 1]
    assert withholding.accept(said(voltage_l1=230), (), Limits()) == set()


def test_all_energies_are_withheld_with_one_in_another_unit() -> None:
    withholding = Withholding()
    withholding.begin(said(energy_import=5000), [UNIT])
    shown = said(energy_import=5001, energy_export=3, power_import=7)
    kept = withholding.accept(shown, [UNIT], Limits())
    assert kept == {"energy_import", "energy_export"}
    fell = Violation("fall", "it falls", "energy_import")
    assert withholding.remaining(said(energy_import=6000), [fell]) == []
    assert withholding.remaining(said(energy_import=0), [fell]) == [fell]
    withholding.forget_units()
    assert withholding.accept(shown, (), Limits()) == set()


def test_what_is_withheld_is_known_after_a_restart() -> None:
    withholding, restored = Withholding(), Withholding()
    withholding.begin(said(wall=1.8e9, energy_import=5000), [UNIT])
    restored.restore(withholding.memory())
    assert restored.memory() == withholding.memory()
    (withheld,) = restored.told()
    assert (withheld.what, withheld.since) == ("energy_import", 1.8e9)


def test_eight_lists_are_counted_at_once() -> None:
    withholding = Withholding()
    for n in range(3 * 9):
        withholding.hold(said((n % 9,)), JUMP, "all values")
    assert withholding.told() == []


def test_a_time_that_no_words_have_is_not_restored() -> None:
    with pytest.raises(ValueError, match="68719476736"):
        Withholding().restore([["5", "unit", "its unit changed", "energy_import", 2.0**36]])


@pytest.mark.parametrize("since", [-1.0, 2.0**35])
def test_times_are_restored_from_1970_to_where_words_end(since: float) -> None:
    with pytest.raises(ValueError, match=str(since)):
        Withholding().restore([["5", "unit", "its unit changed", "energy_import", since]])
    for good in (0.0, 2.0**35 - 1):
        restored = Withholding()
        restored.restore([["5", "unit", "its unit changed", "energy_import", good]])
        assert restored.memory()[0][4] == good


def test_what_is_withheld_of_no_single_value_is_restored() -> None:
    restored, row = Withholding(), [None, "possible", "that cannot be", "voltage_l1", 5.0]
    restored.restore([row])
    assert restored.memory() == [row]


def test_a_check_that_telegrams_confirm_withholds_no_value_by_itself() -> None:
    withholding = Withholding()
    withholding.begin(said(voltage_l1=300), [JUMP])
    assert not withholding.holds


def test_each_check_says_what_ends_it() -> None:
    withholding = Withholding()
    shown = said(voltage_l1=2307, energy_import=5000)
    withholding.begin(shown, [CANNOT_BE, UNIT])
    for _ in range(2):
        withholding.accept(shown, [CANNOT_BE, UNIT], Limits())
    possible, unit = withholding.told()
    assert (possible.what, possible.why) == ("voltage_l1", CANNOT_BE.sentence)
    assert (unit.what, unit.why) == ("energy_import", UNIT.sentence)
    assert possible.until != unit.until


def test_a_value_that_cannot_be_is_withheld_whatever_it_is() -> None:
    withholding = Withholding()
    withholding.begin(said(voltage_l1=2307), [CANNOT_BE])
    for volts in (2306, 2307, 2308):
        assert withholding.remaining(said(voltage_l1=volts), [CANNOT_BE]) == []
    assert withholding.remaining(said(current_l1=1), [CANNOT_BE]) == []


def test_an_energy_in_another_unit_goes_on_until_it_is_set_back() -> None:
    withholding = Withholding()
    withholding.begin(said(energy_import=5000), [UNIT])
    assert withholding.remaining(said(energy_import=5000), [UNIT]) == []
    assert withholding.remaining(said(energy_import=4999), [UNIT]) == [UNIT]


def test_a_power_that_fits_shows_that_energies_are_in_the_right_unit() -> None:
    withholding = Withholding()
    found = [withholding.agrees]
    withholding.begin(said(voltage_l1=2307), [CANNOT_BE])
    withholding.forget_units()
    found.append(withholding.agrees)  # no unit was in doubt
    withholding.begin(said(energy_import=5000), [UNIT])
    withholding.forget_units()
    found.append(withholding.agrees)
    assert withholding.keys == {"voltage_l1"}
    withholding.accept(said(energy_import=5001), (), Limits())
    found.append(withholding.agrees)
    assert found == [False, False, True, False]


def test_a_violation_of_a_value_that_is_not_withheld_remains() -> None:
    withholding = Withholding()
    withholding.begin(said(voltage_l1=2307), [CANNOT_BE])
    assert withholding.remaining(said(voltage_l1=2307), [CANNOT_BE, JUMP]) == [JUMP]


def test_how_far_energies_in_another_unit_rise_says_nothing() -> None:
    """Else two of three telegrams would be pending, and the connection learned too large."""
    withholding = Withholding()
    rise, fall = (Violation(one, "energy", "energy_import") for one in ("rise", "fall"))
    shown = said(energy_import=6000, voltage_l1=2300)
    assert withholding.remaining(shown, [rise]) == [rise]
    withholding.begin(shown, [Violation("possible", "too much", "voltage_l1")])
    assert withholding.remaining(shown, [rise]) == [rise]
    withholding.begin(shown, [Violation("unit", "by the power", "energies")])
    assert withholding.remaining(shown, [rise]) == []
    assert withholding.remaining(shown, [fall]) == [fall]
