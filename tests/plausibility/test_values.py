"""The walk over the values of a telegram."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dlms.receiver import Push
from app.link import Frame
from app.meters.telegram import Telegram
from app.plausibility import values
from app.plausibility.limits import JOULES_PER_KWH, SUPPLY_VOLTS, Limits
from app.plausibility.track import Change, Seen, Track
from app.plausibility.values import Past

EXACT = Limits(connection_watts=JOULES_PER_KWH)
"""Of a connection that carries 1 kWh in a second."""

TELEGRAM = Telegram(Push(Frame("mbus", 0, b""), None, None))


def failed(last: str, value: str, seconds: float, *, before: str | None = None) -> str | None:
    """Return the check that an energy fails after another one."""
    track = Track()
    track.values = {"energy_import": Decimal(last)}
    if before:
        track.changed = {"energy_import": Change(0.0, Decimal(before))}
    walk = values.check({"energy_import": Decimal(value)}, Past(track, Limits(), seconds))
    return walk.violations[0].check if walk.violations else None


@pytest.mark.parametrize(
    ("value", "seconds", "check"),
    [
        ("500.001", 0, None),  # the last digit of most meters
        ("500.003", 0, "rise"),
        ("500.060", 5, None),  # three phases of 63 A for 5 s, and as much again for what is late
        ("500.070", 5, "rise"),
        ("499.999", 5, "fall"),
        ("5000.000", 5, "unit"),
        ("50.000", 5, "unit"),
        ("0.000", 5, "fall"),
    ],
)
def test_an_energy_rises_as_fast_as_the_connection_allows(
    value: str, seconds: float, check: str | None
) -> None:
    assert failed("500.000", value, seconds) == check


@pytest.mark.parametrize(("value", "check"), [("501", None), ("502", "rise")])
def test_an_energy_of_whole_kwh_rises_by_one_at_any_time(value: str, check: str | None) -> None:
    assert failed("500", value, 1) == check


def seldom(value: str, *, late: float = 0.0, changed_at: float | None = None) -> str | None:
    """Return the check that 500 kWh fail that are sent in the second of two lists only.

    They were sent last 18 s ago, and the other list 5 s ago.
    """
    track = Track()
    track.now, track.values = 4995.0, {"energy_import": Decimal(500)}
    track.seen = (
        Seen(("power",), 4995.0),
        Seen(("energy_import",), 4982.0),
    )
    if changed_at is not None:
        track.changed = {"energy_import": Change(changed_at, Decimal(499))}
    past = Past(track, Limits(refresh_seconds=900.0), 5000.0, late)
    walk = values.check({"energy_import": Decimal(value)}, past)
    return walk.violations[0].check if walk.violations else None


@pytest.mark.parametrize(
    ("value", "check"), [("500.219", None), ("500.220", "rise"), ("499.9", "fall")]
)
def test_an_energy_rises_since_its_own_list_came(value: str, check: str | None) -> None:
    assert seldom(value) == check


@pytest.mark.parametrize(("value", "check"), [("500.340", None), ("500.341", "rise")])
def test_an_energy_rises_while_a_gateway_holds_telegrams_back(
    value: str, check: str | None
) -> None:
    assert seldom(value, late=10.0) == check


@pytest.mark.parametrize(("value", "check"), [("507.247", None), ("507.248", "rise")])
def test_a_counter_that_is_refreshed_seldom_catches_up(value: str, check: str | None) -> None:
    """This one stood still for ten minutes."""
    assert seldom(value, changed_at=4400.0) == check


@pytest.mark.parametrize(("value", "check"), [("505.002", None), ("505.003", "rise")])
def test_energies_may_rise_by_more_while_the_computer_was_off(
    value: str, check: str | None
) -> None:
    track = Track()
    track.values = {"energy_import": Decimal(500)}
    walk = values.check({"energy_import": Decimal(value)}, Past(track, EXACT, 1.0, times=5.0))
    assert [one.check for one in walk.violations] == ([check] if check else [])


def test_the_counter_of_a_new_meter_falls_no_more_than_that_of_an_old_one() -> None:
    assert failed("0.020", "0.010", 60) == "fall"


@pytest.mark.parametrize("before", [{"energy_export": 7}, {"gas": 8}, {"power": 9}, {}])
def test_a_value_is_compared_whatever_stands_before_it(before: dict[str, int]) -> None:
    track = Track()
    track.values = {"energy_export": 7, "gas": 7, "power": 7, "energy_import": Decimal(500)}
    shown: dict[str, int | Decimal] = {**before, "energy_import": Decimal(499)}
    walk = values.check(shown, Past(track, Limits(), 5))
    assert [one.check for one in walk.violations] == ["fall"]


def test_energies_that_changed_are_named() -> None:
    track = Track()
    track.values = {"energy_import": 500, "energy_export": 7, "power": 1}
    shown: dict[str, int | Decimal] = {
        "energy_import": Decimal("500.01"),
        "energy_export": 7,
        "power": 2,
    }
    assert values.check(shown, Past(track, Limits(), 5)).moved == ["energy_import"]


@pytest.mark.parametrize(
    ("value", "is_reset"), [("500.001", False), ("499.953", False), ("499.951", True)]
)
def test_what_fell_by_four_times_its_last_rise_at_most_stays_as_published(
    value: str, *, is_reset: bool
) -> None:
    track = Track()
    track.values = {"energy_import": Decimal("500.016")}
    track.changed = {"energy_import": Change(0.0, Decimal("500.000"))}
    walk = values.check({"energy_import": Decimal(value)}, Past(track, Limits(), 5))
    assert [one.check for one in walk.violations] == ["fall"] * is_reset
    assert walk.floors == ({} if is_reset else {"energy_import": Decimal("500.016")})


@given(rises=st.sets(st.sampled_from([2**bit for bit in range(6)]), min_size=1))
def test_what_flipped_bits_raised_again_and_again_was_not_set_back(rises: set[int]) -> None:
    """In telegrams in a row, each compared with the one before; the counter itself moved on."""
    energy, track = Decimal("500.000"), Track()
    track.values = {"energy_import": energy}
    for raised in sorted(rises):
        damaged = energy + Decimal(raised) / 1000
        walk = values.check({"energy_import": damaged}, Past(track, Limits(), 5.0))
        assert walk.violations == []
        track.changed = {"energy_import": Change(0.0, track.values["energy_import"])}
        track.values = {"energy_import": damaged}
    walk = values.check({"energy_import": energy}, Past(track, Limits(), 5.0))
    assert walk.violations == []
    assert walk.floors == {"energy_import": damaged}


@pytest.mark.parametrize(
    ("value", "floors"), [("500.015", {"energy_import": Decimal("500.016")}), ("500.016", {})]
)
def test_what_was_published_stays_until_the_energy_is_there(
    value: str, floors: dict[str, Decimal]
) -> None:
    track = Track()
    track.values = {"energy_import": Decimal("500.001")}
    track.floors = {"energy_import": Decimal("500.016"), "energy_export": Decimal(7)}
    walk = values.check({"energy_import": Decimal(value)}, Past(track, Limits(), 5))
    assert walk.floors == floors


def load(shown: dict[str, int | Decimal], track: Track) -> tuple[float, float]:
    return values.check(shown, Past(track, Limits(), 5000.0)).load


def test_the_mean_power_is_that_of_the_energy_that_rose_the_fastest() -> None:
    track = Track()
    track.now = 4995.0
    track.values = {"energy_import": 500, "energy_export": 7, "power": 10}
    track.changed = {"energy_import": Change(1400.0, 499), "energy_export": Change(4900.0, 6)}
    risen = {"energy_import": Decimal("500.5"), "energy_export": Decimal("7.001")}
    assert load({**risen, "power": 9000}, track) == (500.0, 3600.0)
    assert load({**risen, "energy_import": 500}, track) == (36.0, 100.0)
    assert load({"energy_import": 500, "power": 9000}, track) == (0.0, 0.0)
    assert load({"energy_import": 499}, track) == (0.0, 0.0)
    track.changed.clear()
    assert load({"energy_import": Decimal("500.005")}, track) == (3600.0, 5.0)
    assert load({"energy_export_tariff_1": 5000}, track) == (0.0, 0.0)  # the first one
    track.now = 5000.0
    assert load({"energy_import": Decimal("500.005")}, track) == (36_000.0, 0.0)


@pytest.mark.parametrize(
    ("shown", "watts"),
    [
        ({"power_import": 50_000}, 65_000),
        ({"power_export": Decimal("50000.0")}, 65_000),
        ({"current_l1": 100}, 89_700),
        ({"voltage_l1": 230, "energy_import": 10**9}, 0),
    ],
)
def test_a_connection_carries_more_than_what_was_confirmed(
    shown: dict[str, int | Decimal], watts: int
) -> None:
    assert values.connection_watts(shown) == pytest.approx(watts)


@pytest.mark.parametrize(
    ("volts", "possible"),
    [
        ((230, 0, 0), True),
        ((0, SUPPLY_VOLTS, 0), True),
        ((0, SUPPLY_VOLTS - 1, 0), False),
        ((23, 23, 23), False),
    ],
)
def test_a_meter_that_sends_has_voltage_on_a_phase(
    volts: tuple[int, int, int], *, possible: bool
) -> None:
    shown = {f"voltage_l{n}": value for n, value in enumerate(volts, 1)}
    walk = values.check(shown, Past(Track(), Limits(), 5))
    assert {one.check for one in walk.violations} == (set() if possible else {"possible"})


def test_that_no_phase_has_any_voltage_is_to_be_confirmed() -> None:
    """Of a meter with a supply of its own."""
    shown, track = dict.fromkeys(("voltage_l1", "voltage_l2", "voltage_l3"), 0), Track()
    track.values = dict.fromkeys(shown, 230)
    before, after = Past(track, Limits(), 5), Track()
    assert [one.name for one in values.check(shown, before).violations] == ["jump voltage"]
    after.values = dict(shown)
    assert values.check(shown, Past(after, Limits(), 5)).violations == []


def test_that_no_phase_has_any_voltage_is_to_be_confirmed_also_where_none_was_seen() -> None:
    """Nothing tells the first telegram of a meter, or of one of its lists, from damage."""
    shown = {"voltage_l1": Decimal("0.0")}
    walk = values.check(shown, Past(Track(), Limits(), 5))
    assert [one.name for one in walk.violations] == ["jump voltage"]


@pytest.mark.parametrize(("volts", "check"), [(500, None), (Decimal("500.1"), "possible")])
def test_a_voltage_is_no_more_than_500_volts(volts: int | Decimal, check: str | None) -> None:
    """A first value is compared with what is possible alone."""
    shown: dict[str, int | Decimal] = {"energy_import": 10**6, "voltage_l1": volts}
    walk = values.check(shown, Past(Track(), Limits(), 5))
    assert [one.check for one in walk.violations] == ([check] if check else [])


@pytest.mark.parametrize(
    ("volts", "check"), [(245, None), (215, None), (Decimal("245.1"), "jump"), (214, "jump")]
)
def test_a_voltage_moves_by_15_volts_without_a_cause(
    volts: int | Decimal, check: str | None
) -> None:
    track = Track()
    track.values = {"voltage_l1": 230, "voltage_l2": 230}
    walk = values.check({"voltage_l1": volts, "voltage_l2": 230}, Past(track, Limits(), 5))
    assert [one.check for one in walk.violations] == ([check] if check else [])


def test_a_jump_of_power_is_explained_by_the_energy_since_the_last_telegram() -> None:
    """A gateway held the telegrams back: ten seconds passed at the meter, and here a tenth."""
    track = Track()
    track.now, track.values = 5000.0, {"power": 0, "energy_import": 500, "energy_export": 7}
    shown: dict[str, int | Decimal] = {
        "power": 30_000,
        "energy_import": Decimal("500.040"),
        "energy_export": 7,
    }
    assert not values.check(shown, Past(track, Limits(), 5000.1, 9.9)).violations
    standing: dict[str, int | Decimal] = {**shown, "energy_import": 500}
    (jump,) = values.check(standing, Past(track, Limits(), 5000.1, 9.9)).violations
    assert jump.check == "jump"
