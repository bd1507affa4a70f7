"""What energies count whose unit their telegrams do not say: what is published, kept and told.

The house uses the same power all the time; `tests/line/test_energy_units.py` has houses in which
people live.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from app.cosem.items import Item
from app.cosem.obis import Obis
from app.dlms import axdr
from app.meters import profile_files
from app.meters.energy_counts import EnergyKind, Record, Sample
from app.meters.energy_units import Counted, EnergyUnits
from app.meters.limits import MOST_SENDERS

FAMILY: Final = profile_files.load()["kamstrup"]
OTHER_FAMILY: Final = profile_files.load()["kaifa"]
METER: Final = "5706567000000001"
BEGIN: Final = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
STEP: Final = timedelta(minutes=2.5)
HOUR: Final = timedelta(hours=1)

IMPORT: Final = Obis.parse("1-1:1.8.0")
EXPORT: Final = Obis.parse("1-1:2.8.0")
REACTIVE: Final = Obis.parse("1-1:3.8.0")
POWER: Final = Obis.parse("1-1:1.7.0")

WATTS: Final = 1500
USUAL: Final = 1
"""The power of ten with which the profile lists energies: what most of these meters count."""


class Meter:
    """A meter in a house that uses the same power all the time.

    Args:
        units: what finds the unit of its energies.
        unit: the power of ten of Wh that they count.
        said_watts: what the meter says of that power.
    """

    def __init__(self, units: EnergyUnits, unit: int = USUAL, said_watts: int = WATTS) -> None:
        self.units = units
        self.unit = unit
        self.said_watts = said_watts
        self.now = BEGIN
        self.told: list[str] = []

    @property
    def watt_hours(self) -> int:
        """What the house has used."""
        return 23_060_000 + int(WATTS * (self.now - BEGIN) / HOUR)

    def sends(self, values: Mapping[str, Any], *, is_dated: bool = True) -> Counted:
        """Read a telegram with some values, the energies as counted, and remember it."""
        listed, energies = [], {}
        for code, said in values.items():
            obis, value = Obis.parse(f"1-1:{code}"), said
            if ".8." in code and isinstance(said, int):
                energies[obis] = USUAL
                value = said * 10**USUAL
            tag = axdr.VISIBLE_STRING if isinstance(said, str) else axdr.DOUBLE_LONG_UNSIGNED
            listed.append(Item(obis, tag, value, "Wh"))
        moment = self.now if is_dated else None
        counted = self.units.read(METER, FAMILY, listed, energies, moment)
        if counted.shown:
            self.units.remember(counted.shown)
        self.told += [counted.told] if counted.told else []
        return counted

    def sends_all(self, *, is_dated: bool = True) -> Counted:
        """Read a telegram with power and energies."""
        count = self.watt_hours // 10**self.unit
        values = {"1.7.0": self.said_watts, "1.8.0": count, "3.8.0": count // 4}
        values["2.8.0"] = 70 // 10**self.unit
        return self.sends(values, is_dated=is_dated)

    def lives(self, hours: float) -> Counted:
        """Let time pass, in which the power is read at each step and the energies each hour."""
        counted = self.sends_all()
        for _ in range(int(timedelta(hours=hours) / STEP)):
            self.now += STEP
            hourly = not (self.now - BEGIN) % HOUR
            counted = self.sends_all() if hourly else self.sends({"1.7.0": self.said_watts})
        return counted


def energies(counted: Counted) -> dict[str, Any]:
    """Return what is published of the energies, in Wh, by code."""
    return {
        str(item.obis)[4:]: item.number
        for item in counted.items
        if item.obis and item.obis.d == 8 and item.obis not in counted.undecided
    }


def record_of(counted: Counted) -> Record:
    assert counted.shown
    return counted.shown.record


def sample_of(values: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the import and export of power that a telegram is believed."""
    return record_of(Meter(EnergyUnits(kept={})).sends(values)).watts


# A new meter


@pytest.mark.parametrize("unit", [0, 1])
def test_energies_of_a_new_meter_wait_for_hours_of_power(unit: int) -> None:
    meter = Meter(EnergyUnits(kept={}), unit)
    first = meter.sends_all()
    assert first.undecided == {IMPORT, EXPORT, REACTIVE}
    assert first.told == (
        "the telegrams do not say whether their energies count 10 Wh or 1 Wh; no energy is"
        " published until the power of some hours has shown that, or the option energy_unit says it"
    )
    decided = meter.lives(4)
    assert energies(decided) == {
        "1.8.0": meter.watt_hours // 10**unit * 10**unit,
        "2.8.0": 70,
        "3.8.0": meter.watt_hours // 10**unit // 4 * 10**unit,
    }
    (told,) = meter.told[1:]
    assert told == (
        f"the energies of this meter count {10**unit} Wh, as the power of some hours shows; the"
        " option energy_unit overrules that"
    )
    assert record_of(decided).since is None


def test_a_telegram_without_energies_does_not_say_that_they_are_missing() -> None:
    meter = Meter(EnergyUnits(kept={}))
    assert meter.sends({"1.7.0": WATTS}).told is None
    assert list(meter.units.withheld(BEGIN.timestamp() + 86_400)) == []
    assert meter.sends_all().told


def test_a_family_whose_meters_all_count_the_same_is_read_as_listed() -> None:
    listed = [Item(IMPORT, axdr.DOUBLE_LONG_UNSIGNED, 5000, "Wh")]
    assert EnergyUnits(kept={}).read(METER, OTHER_FAMILY, listed, {}, BEGIN) == Counted(listed)


def test_a_meter_that_was_published_before_keeps_the_usual_unit() -> None:
    meter = Meter(EnergyUnits(kept={}, published=[METER]))
    assert energies(meter.sends_all())["1.8.0"] == meter.watt_hours
    assert meter.told == []
    stranger = Meter(EnergyUnits(kept={}, published=["another"]))
    assert stranger.sends_all().undecided


def test_a_telegram_whose_time_is_not_known_shows_nothing() -> None:
    meter = Meter(EnergyUnits(kept={}))
    for _ in range(100):
        counted = meter.sends_all(is_dated=False)
        assert counted.undecided
        assert counted.told is None
        assert counted.shown
        assert not counted.shown.is_news
        assert counted.shown.energies == {IMPORT: USUAL, EXPORT: USUAL, REACTIVE: USUAL}
        assert record_of(counted) == Record.new((1, 0), None)


def test_telegrams_by_themselves_are_read_as_most_meters_count_and_say_so() -> None:
    """As by the command decode, which remembers nothing."""
    meter = Meter(EnergyUnits())
    counted = meter.sends_all()
    assert energies(counted)["1.8.0"] == meter.watt_hours
    assert counted.note == (
        "the telegram does not say whether its energies count 10 Wh or 1 Wh; shown is what most"
        " meters of this family count, 10 Wh"
    )
    assert meter.sends({"1.7.0": WATTS}).note is None


# What the option says


@pytest.mark.parametrize("chosen", [0, 1])
def test_the_option_says_what_energies_count(chosen: int) -> None:
    units = EnergyUnits(chosen, kept={})
    assert units.changes(METER)
    meter = Meter(units, unit=1)
    assert energies(meter.sends_all())["1.8.0"] == meter.watt_hours // 10 * 10**chosen
    assert energies(meter.lives(5))["1.8.0"] == meter.watt_hours // 10 * 10**chosen
    assert meter.told == [f"the energies of this meter count {10**chosen} Wh, as energy_unit says"]
    assert not units.changes(METER)
    assert list(units.withheld(meter.now.timestamp())) == []


def test_the_option_changes_what_was_published_before() -> None:
    kept: dict[str, Any] = {}
    Meter(EnergyUnits(1, kept)).sends_all()
    assert not EnergyUnits(None, kept).changes(METER)
    assert not EnergyUnits(1, kept).changes(METER)
    changed = EnergyUnits(0, kept)
    assert changed.changes(METER)
    assert Meter(changed).sends_all().told


def test_the_option_is_not_told_of_telegrams_without_energies() -> None:
    meter = Meter(EnergyUnits(0, kept={}))
    assert meter.sends({"1.7.0": WATTS}).told is None
    by_itself = Meter(EnergyUnits(0))
    assert by_itself.sends_all().told is None


def test_an_option_against_the_power_is_no_problem() -> None:
    kept: dict[str, Any] = {}
    found = Meter(EnergyUnits(kept=kept), unit=1)
    found.lives(1)
    chosen = EnergyUnits(0, kept)
    assert list(chosen.withheld(found.now.timestamp() + 86_400)) == []


def test_decimal_places_of_an_energy_are_kept() -> None:
    listed = [Item(IMPORT, axdr.FLOAT64, Decimal("2306.5"), "Wh")]
    (item,) = EnergyUnits(0).read(METER, FAMILY, listed, {IMPORT: USUAL}, BEGIN).items
    assert item.number == Decimal("230.65")


# Changes of the unit


def test_counts_of_ten_times_as_many_digits_count_a_tenth() -> None:
    meter = Meter(EnergyUnits(kept={}, published=[METER]))
    meter.lives(1)
    meter.unit = 0
    counted = meter.lives(1)
    assert energies(counted)["1.8.0"] == meter.watt_hours
    assert energies(counted)["3.8.0"] == meter.watt_hours // 4
    (told,) = meter.told
    assert told.startswith("the energies of this meter count 1 Wh from now on, and 10 Wh before")


def test_reactive_energies_can_keep_their_unit_when_the_active_ones_change() -> None:
    meter = Meter(EnergyUnits(kept={}, published=[METER]))
    meter.sends({"1.8.0": 2_306_000, "3.8.0": 576_500})
    meter.now += HOUR
    counted = meter.sends({"1.8.0": 23_061_500, "3.8.0": 576_501})
    assert energies(counted) == {"1.8.0": 23_061_500, "3.8.0": 5_765_010}


def test_a_power_against_the_published_unit_withholds_the_energies() -> None:
    meter = Meter(EnergyUnits(kept={}, published=[METER]), unit=0)
    assert not meter.sends_all().undecided
    counted = meter.lives(6)
    assert counted.undecided == {IMPORT, EXPORT, REACTIVE}
    (told,) = meter.told
    assert told == (
        "the energies of this meter count 1 Wh, as the power of some hours shows, and were read as"
        " 10 Wh so far. They are not published any more until energy_unit is set to 1 Wh; see DOCS,"
        " as Home Assistant takes the fall for a new meter"
    )
    (withheld,) = meter.units.withheld(meter.now.timestamp())
    assert str(withheld.what) == "energies"
    assert "1 Wh" in str(withheld.until)
    assert withheld.since == record_of(counted).since
    assert BEGIN.timestamp() < withheld.since < meter.now.timestamp()


def test_a_power_that_fits_again_publishes_the_energies_as_before() -> None:
    """As after a day at which some other device confused the meter's power."""
    meter = Meter(EnergyUnits(kept={}, published=[METER]), unit=1, said_watts=WATTS // 10)
    assert meter.lives(6).undecided
    meter.said_watts = WATTS
    counted = meter.lives(6)
    assert energies(counted)["1.8.0"] == meter.watt_hours // 10 * 10
    assert len(meter.told) == 2
    assert meter.told[1] == "the energies of this meter count 10 Wh, as before"
    assert list(meter.units.withheld(meter.now.timestamp())) == []


def test_energies_that_nothing_decides_are_a_problem_after_three_hours() -> None:
    meter = Meter(EnergyUnits(kept={}), said_watts=0)
    meter.sends_all()
    begun = BEGIN.timestamp()
    assert list(meter.units.withheld(begun + 3 * 3600 - 1)) == []
    (withheld,) = meter.units.withheld(begun + 3 * 3600)
    assert withheld.since == begun
    assert "10 Wh or 1 Wh" in str(withheld.until)


# What is kept over a restart


def test_what_was_found_is_known_after_a_restart() -> None:
    kept: dict[str, Any] = {}
    assert not EnergyUnits(kept=kept).records
    meter = Meter(EnergyUnits(kept=kept), unit=0)
    meter.lives(5)
    assert EnergyUnits(kept=kept).records
    again = Meter(EnergyUnits(kept=kept), unit=0)
    again.now = meter.now + HOUR
    assert energies(again.sends_all())["1.8.0"] == again.watt_hours
    assert again.told == []


def test_what_cannot_be_understood_of_what_was_kept_is_ignored() -> None:
    assert Meter(EnergyUnits(kept={METER: {"odds": 1}})).sends_all().undecided


def test_what_is_kept_changes_each_quarter_of_an_hour() -> None:
    kept: dict[str, Any] = {}
    meter = Meter(EnergyUnits(kept=kept, published=[METER]))
    changes, before = [], None
    for _ in range(int(2 * HOUR / STEP)):
        meter.sends_all()
        if kept[METER] != before:
            changes.append((meter.now - BEGIN) / timedelta(minutes=1))
            before = kept[METER]
        meter.now += STEP
    assert changes == [15.0 * n for n in range(8)]


def test_what_is_kept_changes_when_the_clock_was_set_back() -> None:
    kept: dict[str, Any] = {}
    meter = Meter(EnergyUnits(kept=kept, published=[METER]))
    meter.sends_all()
    meter.sends({"1.7.0": WATTS, "1.8.0": 2_306_001})
    assert kept[METER]["counts"]["active"]["1"] == 2_306_000  # it is the same second
    meter.now -= timedelta(seconds=1)
    meter.sends({"1.7.0": WATTS, "1.8.0": 2_306_001})
    assert kept[METER]["counts"]["active"]["1"] == 2_306_001


def test_news_are_kept_at_once() -> None:
    kept: dict[str, Any] = {}
    meter = Meter(EnergyUnits(kept=kept, published=[METER]))
    meter.sends_all()
    assert kept[METER]["active"] == 1
    meter.now += timedelta(seconds=10)
    meter.unit = 0
    meter.sends_all()
    assert kept[METER]["active"] == 0


def test_a_hostile_line_cannot_fill_the_state() -> None:
    kept: dict[str, Any] = {}
    units = EnergyUnits(kept=kept)
    for n in range(2 * MOST_SENDERS):
        listed = [Item(IMPORT, axdr.DOUBLE_LONG_UNSIGNED, 5000, "Wh")]
        shown = units.read(f"meter {n}", FAMILY, listed, {IMPORT: USUAL}, BEGIN).shown
        assert shown
        units.remember(shown)
    assert len(kept) == MOST_SENDERS


# Telegrams that are read by a template


def goes_on(meter: Meter, count: int) -> bool:
    """Tell whether a telegram with another count of imported energy can be read by a template."""
    shown = meter.sends_all().shown
    assert shown
    numbers = ((POWER, WATTS), (IMPORT, count * 10**USUAL))
    after = meter.units.goes_on(shown, numbers, meter.now + STEP)
    assert after is None or (after.record.watts, after.is_news) == ((WATTS, 0.0), False)
    return after is not None


def test_telegrams_that_go_on_are_read_like_those_before() -> None:
    meter = Meter(EnergyUnits(kept={}, published=[METER]))
    assert goes_on(meter, meter.watt_hours // 10)
    assert not goes_on(meter, meter.watt_hours)  # they count 1 Wh now


def test_energies_that_wait_go_on_waiting_but_the_first_is_told() -> None:
    meter = Meter(EnergyUnits(kept={}))
    shown = meter.sends({"1.7.0": WATTS}).shown
    assert shown
    with_energies = shown._replace(energies={IMPORT: USUAL})
    numbers = [(POWER, WATTS), (IMPORT, 23_060_000)]
    assert meter.units.goes_on(with_energies, numbers, meter.now + STEP) is None
    assert goes_on(meter, meter.watt_hours // 10)


def test_a_meter_that_is_not_known_goes_on_from_nothing() -> None:
    shown = Meter(EnergyUnits(kept={})).sends_all().shown
    assert shown
    assert EnergyUnits(kept={}).goes_on(shown, [(POWER, WATTS)], BEGIN) is None


@pytest.mark.parametrize("published", [(), (METER,)])
def test_the_telegram_that_decides_is_read_in_the_general_way(published: tuple[str, ...]) -> None:
    """It is told, be it that the unit was found or that the published one is wrong."""
    meter = Meter(EnergyUnits(kept={}, published=published), unit=0)
    shown, general = meter.sends_all().shown, []
    assert shown
    for n in range(1, int(6 * HOUR / STEP)):
        meter.now = BEGIN + n * STEP
        numbers = [(POWER, WATTS), (IMPORT, meter.watt_hours * 10)]
        after = meter.units.goes_on(shown, numbers, meter.now)
        if after is None:
            general.append(n)
            after = meter.units.read(
                METER,
                FAMILY,
                [Item(code, axdr.DOUBLE_LONG, one, "") for code, one in numbers],
                {IMPORT: USUAL},
                meter.now,
            ).shown
            assert after
            assert after.is_news
        meter.units.remember(after)
    assert len(general) == 1


# The power that is believed


@pytest.mark.parametrize(
    ("values", "watts"),
    [
        ({"1.7.0": 300, "2.7.0": 0}, (300.0, 0.0)),
        ({"2.7.0": 4000}, (0.0, 4000.0)),
        ({"1.7.0": None, "2.7.0": 12}, (0.0, 12.0)),
        ({"1.7.0": "300", "1.8.0": 5}, None),
        ({"1.8.0": 5}, None),
        ({}, None),
    ],
)
def test_import_and_export_are_the_power(
    values: Mapping[str, int | str | None], watts: tuple[float, float] | None
) -> None:
    assert sample_of(values) == watts


@pytest.mark.parametrize(
    ("values", "is_believed"),
    [
        ({"1.7.0": 6250, "32.7.0": 230, "31.7.0": 5}, True),  # five times 1150 VA, and 500
        ({"1.7.0": 6251, "32.7.0": 230, "31.7.0": 5}, False),
        ({"1.7.0": 6000, "2.7.0": 251, "32.7.0": 230, "31.7.0": 5}, False),
        ({"1.7.0": 9000, "32.7.0": 230, "31.7.0": 5, "52.7.0": 230, "51.7.0": 5}, True),
        ({"1.7.0": 9000, "32.7.0": 230, "31.7.0": 5, "72.7.0": 230, "71.7.0": 5}, True),
        ({"1.7.0": 9000, "32.7.0": 230, "31.7.0": 5, "52.7.0": 230}, False),  # no current of L2
        ({"1.7.0": 9000, "32.7.0": 230, "31.7.0": 5, "51.7.0": 5}, False),  # no voltage of L2
        ({"1.7.0": 9000, "32.7.0": 230, "31.7.0": 5, "52.7.0": 230, "71.7.0": 50}, False),
        ({"1.7.0": 9000, "32.7.0": 230, "52.7.0": 230}, True),  # nothing to compare it with
        ({"1.7.0": 9000, "31.7.0": 5}, True),
        # What these were some time ago says nothing.
        ({"1.7.0": 9000, "32.7.0": 230, "31.7.0": 5, "52.24.0": 230, "51.24.0": 50}, False),
        ({"1.7.0": 6250, "32.7.0": 230, "31.7.0": 5, "32.24.0": 1, "31.24.0": 1}, True),
        # Nor do codes of other quantities, such as the current of the neutral.
        ({"1.7.0": 9000, "32.7.0": 230, "31.7.0": 5, "92.7.0": 230, "91.7.0": 50}, False),
    ],
)
def test_a_power_far_beyond_volts_times_amperes_is_not_believed(
    values: Mapping[str, int], *, is_believed: bool
) -> None:
    assert (sample_of(values) is not None) is is_believed


def test_volts_times_amperes_are_exact_to_a_watt() -> None:
    phase = {"32.7.0": Decimal("118.0"), "31.7.0": Decimal("0.3")}
    assert sample_of({"1.7.0": 677, **phase}) == (677.0, 0.0)
    assert sample_of({"1.7.0": 678, **phase}) is None


# The counts


@pytest.mark.parametrize("count", [0, 1, 2**64 - 1])
def test_counts_are_of_all_that_a_counter_shows(count: int) -> None:
    record = record_of(Meter(EnergyUnits(kept={})).sends({"1.8.0": count, "3.8.0": 4, "4.8.0": 5}))
    assert record.counts == {
        EnergyKind.ACTIVE: {"1": count},
        EnergyKind.REACTIVE: {"3": 4, "4": 5},
    }


@pytest.mark.parametrize("count", [-1, 2**64])
def test_what_no_counter_shows_is_no_count(count: int) -> None:
    record = record_of(Meter(EnergyUnits(kept={})).sends({"1.8.0": count, "2.8.0": 6}))
    assert record.counts == {EnergyKind.ACTIVE: {"2": 6}}


def test_an_energy_whose_unit_the_telegram_says_is_no_count() -> None:
    listed = [Item(IMPORT, axdr.DOUBLE_LONG_UNSIGNED, 5000, "Wh")]
    counted = EnergyUnits(kept={}).read(METER, FAMILY, listed, {}, BEGIN)
    assert counted.told is None
    assert record_of(counted).counts == {}


def test_the_first_value_that_is_missing_hides_none_behind_it() -> None:
    values = {"32.7.0": None, "1.7.0": 100, "1.8.0": 5}
    record = record_of(Meter(EnergyUnits(kept={})).sends(values))
    assert (record.watts, record.counts) == ((100.0, 0.0), {EnergyKind.ACTIVE: {"1": 5}})


def test_bare_values_have_no_code_to_go_by() -> None:
    listed = [Item(None, axdr.LONG, 17), Item(POWER, axdr.LONG, 250, "W")]
    counted = EnergyUnits(kept={}).read(METER, FAMILY, listed, {}, BEGIN)
    assert (
        record_of(counted)
        == Record.new((1, 0), None).after(Sample(BEGIN.timestamp(), (250.0, 0.0), {}))[0]
    )
