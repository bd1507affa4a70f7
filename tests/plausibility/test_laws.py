"""Laws and bounds of the values of one telegram, and times of submeters' reports."""

import re
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cosem.unit import Number, scale
from app.meters.telegram import Telegram
from app.plausibility import laws
from app.plausibility.laws import LEARNED, Law, Learned
from simulator.axdr import Type
from simulator.meters import Register, Unit
from tests.support.guarded import GuardedLine, accepted, line_of
from tests.support.repair import repair, with_flipped_bit
from tests.support.simulated import SimulatedMeter


def with_gas_reported(data: bytes, later: timedelta) -> bytes:
    """Change the time of a gas meter's last report."""
    found = re.search(rb"0-1:24\.[23]\.[01]\((\d{12})", data)
    assert found
    told = datetime.strptime(f"{found[1].decode()}Z", "%y%m%d%H%M%S%z") + later
    stamp = told.strftime("%y%m%d%H%M%S").encode()
    return repair(data[: found.start(1)] + stamp + data[found.end(1) :])


@pytest.mark.parametrize(
    ("family", "name", "off"),
    [
        ("dsmr", "dsmr5", timedelta(hours=1)),
        ("dsmr2", "dsmr2", timedelta(minutes=1)),
        ("dsmr2", "dsmr2", timedelta(seconds=-1)),
    ],
)
def test_a_report_of_a_gas_meter_ahead_of_the_clock_or_off_the_hour_is_pending(
    family: str, name: str, off: timedelta
) -> None:
    meter = SimulatedMeter(None, family, name)
    line = line_of(meter)
    line.restart()
    for item in line.feed(with_gas_reported(meter.telegram().data, off)):
        assert isinstance(item, Telegram)
        assert not item.others
    assert all(line.push(meter, 5))


def test_a_law_that_single_telegrams_break_is_no_longer_relied_on() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    still = {code: meter._household._values()[code] for code in ("1.8.0", "2.8.0")}
    readings = []
    for n in range(600):
        both = Decimal(20 * (n % 50 == 49))  # import and export at once
        meter.more = {"1.7.0": 20 + both, "2.7.0": both, **still}  # type: ignore[dict-item]
        readings += line.push(meter)
    assert accepted(readings).count(False) <= 8
    assert all(readings[300:])


def test_a_lost_phase_that_appliances_feed_back_is_accepted() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    meter.more = {"52.7.0": Decimal(20)}
    assert accepted(line.push(meter, 60)).count(False) <= 1


def test_an_infinite_value_is_pending() -> None:
    meter = SimulatedMeter(None, "kaifa", "tinetz", encrypted=False)
    number = 0x7172737475767778
    angle = Register("1-0:81.7.40", Type.UINT64, Unit.DEGREE, 127)
    meter.meter.layout = replace(meter.meter.layout, items=(*meter.meter.layout.items, angle))
    meter.more = {"81.7.40": number * Decimal(10) ** 127}
    line = GuardedLine()
    for _ in range(3):
        first, second = meter.telegram().segments
        raw = number.to_bytes(8, "big")
        endless = bytes([Type.FLOAT64]) + struct.pack(">d", 1e308)
        line.take(repair(first))
        line.take(repair(second.replace(bytes([Type.UINT64]) + raw, endless)))
    assert "phase_angle_l1 of 1.000" in str(line.faults[0].reason)


# --- Each law, right at its bound ---


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (("energy_import", "energy_import_tariff_1"), ["energy_import"]),
        (("energy_export", "energy_export_tariff_1", "energy_export_tariff_2"), ["energy_export"]),
        (("reactive_energy_q2", "reactive_energy_q2_tariff_1"), ["reactive_energy_q2"]),
        (("energy_import", "energy_export_tariff_1"), []),
        (("energy_import_tariff_1", "energy_import_tariff_2"), []),
        (("power", "power_l1", "power_l2"), ["phases"]),
        (("power", "power_import_l1", "power_export_l1"), ["phases"]),
        (("power", "power_export_l1"), []),
        (("power_l1", "power_l2"), []),
        (("power_import", "power_export"), ["power_import"]),
        (("reactive_power_import", "reactive_power_export"), ["reactive_power_import"]),
        (("power_import", "reactive_power_export"), []),
        (("power", "voltage_l2", "current_l2", "phase_angle_l2"), ["angles"]),
        (("power", "voltage_l1", "phase_angle_l2"), []),
        (("voltage_l2", "current_l2", "phase_angle_l2"), []),
        (("power", "current_l1", "current_l2", "current_l3"), []),
    ],
)
def test_a_law_needs_all_that_it_says_something_of(keys: tuple[str, ...], names: list[str]) -> None:
    found = laws.applicable(keys)
    assert [law.name for law in found] == names
    for law in found:
        assert sorted(law.keys) == sorted(keys)


def law(*keys: str) -> Law:
    (found,) = laws.applicable(keys)
    return found


@pytest.mark.parametrize(
    ("numbers", "kept"),
    [
        (("9.9975", "5.0000", "5.0000"), True),
        (("10.0025", "5.0000", "5.0000"), True),
        (("9.9974", "5.0000", "5.0000"), False),
        (("10.0026", "5.0000", "5.0000"), False),
        # Where the last digit is more, each tariff may lack one of it.
        (("10.002", "5.000", "5.000"), True),
        (("10.003", "5.000", "5.000"), False),
        (("9.998", "5.000", "5.000"), True),
        (("9.997", "5.000", "5.000"), False),
        (("12", "5", "5"), True),
        (("13", "5", "5"), False),
        (("10.02", "5.00", "5.000"), True),
        (("10.021", "5.00", "5.000"), False),
        (("1E+1", "5", "3"), True),
        (("1E+1", "5", "2"), False),
    ],
)
def test_tariffs_add_up_to_their_total(numbers: tuple[str, ...], *, kept: bool) -> None:
    tariffs = law("energy_import", "energy_import_tariff_1", "energy_import_tariff_2")
    values = dict(zip(tariffs.keys, map(Decimal, numbers), strict=True))
    assert tariffs.is_kept_by(values) is kept


@given(
    st.lists(st.tuples(st.integers(-30, 30), st.integers(-4, 4)), min_size=3, max_size=3),
    st.sampled_from(
        [
            ("energy_import", "energy_import_tariff_1", "energy_import_tariff_2"),
            ("power", "power_l1", "power_l2"),
        ]
    ),
)
def test_counts_keep_a_law_where_their_numbers_do(
    scaled: list[tuple[int, int]], keys: tuple[str, ...]
) -> None:
    counts, exponents = zip(*scaled, strict=True)
    numbers = dict(zip(keys, map(scale, counts, exponents), strict=True))
    kept = law(*keys).of_counts((0, 1, 2), exponents)(counts)
    assert law(*keys).is_kept_by(numbers) is kept


@pytest.mark.parametrize(
    ("exponent", "numbers", "kept"),
    [
        (0, (107, 60, 40, 0, 0), True),
        (0, (93, 60, 40, 0, 0), True),
        (0, (108, 60, 40, 0, 0), False),
        (0, (92, 60, 40, 0, 0), False),
        (0, (-210, 100, 0, 300, 0), True),
        (0, (-211, 100, 0, 300, 0), False),
        (0, (-189, 100, 0, 300, 0), False),
        (-1, (1070, 600, 400, 0, 0), True),
        (-1, (1071, 600, 400, 0, 0), False),
    ],
)
def test_phases_make_the_power(exponent: int, numbers: tuple[int, ...], *, kept: bool) -> None:
    plus = ("power_import_l1", "power_import_l2")
    phases = law("power", *plus, "power_export_l1", "power_export_l2")
    assert phases.of_counts(tuple(range(5)), (exponent,) * 5)(numbers) is kept


def test_power_goes_one_way() -> None:
    one_way = law("power_import", "power_export")
    for numbers, kept in (((5, 0), True), ((0, 5), True), ((0, 0), True), ((5, 1), False)):
        assert one_way.of_counts((0, 1), (0, 0))(numbers) is kept


@pytest.mark.parametrize(
    ("numbers", "kept"),
    [
        # 2300 VA at 60 degrees: 1150 W, within 4.5 W and 1.0794 % of 2300 VA.
        ((1179, 230, 10, 60, 0, 0, 0), True),
        ((1180, 230, 10, 60, 0, 0, 0), False),
        ((1121, 230, 10, 60, 0, 0, 0), True),
        ((1120, 230, 10, 60, 0, 0, 0), False),
        # The other phase gives 460 W: 1.5 W more, and 0.3 % of 460 VA.
        ((722, 230, 10, 60, 230, 2, 180), True),
        ((723, 230, 10, 60, 230, 2, 180), False),
        ((3, 230, 0, 60, 0, 10, 0), True),
        ((4, 230, 0, 60, 0, 10, 0), False),
        ((-3, 230, 0, 60, 0, 10, 0), True),
        ((-4, 230, 0, 60, 0, 10, 0), False),
        # Beyond the range of a float nothing is known of the angle.
        ((11, 230, 10, Decimal("1E+400"), 0, 0, 0), True),
        ((12, 230, 10, Decimal("1E+400"), 0, 0, 0), False),
    ],
)
def test_voltages_currents_and_angles_make_the_power(
    numbers: tuple[Number, ...], *, kept: bool
) -> None:
    of = [
        f"{what}_{phase}"
        for phase in ("l1", "l2")
        for what in ("voltage", "current", "phase_angle")
    ]
    angles = law("power", *of)
    assert angles.is_kept_by(dict(zip(angles.keys, numbers, strict=True))) is kept


SUNDAY = datetime(2026, 11, 29, 12, 30, 15, tzinfo=UTC)
CLOCK = bytes.fromhex("07EA0B1D07 0C1E0F 00 FFC4 00")


@pytest.mark.parametrize(
    ("place", "byte", "broken"),
    [
        (4, 7, []),
        (4, 6, ["weekday"]),
        (4, 1, ["weekday"]),
        (4, 0, []),
        (4, 8, []),
        (4, 0xFF, []),
        (16, 1, []),
        (3, 28, ["clocks"]),
        (5, 13, ["clocks"]),
        (7, 16, ["clocks"]),
        (8, 50, []),
        (19, 16, ["clocks"]),
        (12, 8, ["clocks"]),
    ],
)
def test_clocks_of_a_telegram_agree(place: int, byte: int, broken: list[str]) -> None:
    content = bytearray(CLOCK + CLOCK)
    content[place] = byte
    kept = {name: name not in broken for name in laws.CLOCK_LAWS}
    assert laws.kept_by_clocks(bytes(content), (0, 12), SUNDAY) == kept
    assert laws.kept_by_clocks(b"behind" + content, (6, 18), SUNDAY) == kept


# --- Learning ---

NAMES = ("phases", "weekday")
KEPT = dict.fromkeys(NAMES, True)


def test_a_law_has_to_be_kept_once_ten_telegrams_kept_it() -> None:
    learned = Learned()
    assert not learned.hold("weekday")
    for n in range(1, LEARNED + 5):
        learned.add(KEPT)
        assert learned.hold("phases") is (n >= LEARNED)
        assert learned.hold("weekday")
        assert learned.names() == (list(NAMES) if n >= LEARNED else [])
    assert not learned.hold("angles")


def test_a_law_that_was_broken_has_to_be_kept_for_long() -> None:
    learned = Learned(NAMES)
    assert learned.hold("phases")
    for _ in range(3):
        learned.add(KEPT)
    for _ in range(2):
        learned.add({**KEPT, "phases": False})
    assert not learned.hold("phases")
    assert learned.hold("weekday")
    for n in range(1, 115):
        learned.add(KEPT)
        assert learned.hold("phases") is (n >= 11 * LEARNED)


def test_a_law_is_learned_from_ten_telegrams() -> None:
    learned = Learned()
    learned.add(KEPT, 9)
    assert not learned.hold(NAMES[0])
    learned.add(KEPT)
    assert learned.hold(NAMES[0])


# --- By the guard ---


def at_once(watts: int) -> dict[str, Decimal]:
    """Import and export at once, which no meter shows that sums its phases before it counts."""
    return dict.fromkeys(("1.7.0", "2.7.0"), Decimal(watts))


def test_a_telegram_that_breaks_a_law_is_pending() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    meter.more = at_once(300)
    assert line.push(meter) == [None]
    assert "contradict" in str(line.faults[0].reason)
    meter.more = {}
    assert all(line.push(meter, 3))


def test_a_meter_that_breaks_a_law_from_the_beginning_is_read() -> None:
    meter, line = SimulatedMeter(None, "kaifa"), GuardedLine()
    meter.more = at_once(300)
    assert all(line.push(meter, 20))


def test_a_first_telegram_of_another_list_is_asked_for_no_law_of_values() -> None:
    first, other = (SimulatedMeter(None, "kaifa-nordic", f"norway-{n}") for n in (9, 13))
    line = line_of(first)
    other._now, other.more = first._now, at_once(300)
    assert line.push(other) != [None]
    assert line.faults == []


def test_a_meter_that_always_shows_another_weekday_is_read_from_its_second_telegram_on() -> None:
    """No other law is asked for in a first telegram."""
    meter, line = SimulatedMeter(None, "kaifa", encrypted=False), GuardedLine()
    readings = []
    for _ in range(20):
        data = meter.telegram().data
        weekday = data.index((2026).to_bytes(2, "big")) + 4
        readings.append(line.take(with_flipped_bit(data, weekday, 0)))
    assert accepted(readings) == [False] + [True] * 19
