"""Profiles are read from TOML; a mistake in one is told with file, key and reason."""

import re
from pathlib import Path

import pytest

from app.cosem.obis import Obis
from app.dlms import axdr
from app.meters import profile_files
from app.meters.profile import Place, PositionalList, Profile
from app.meters.profile_files import ProfileError
from app.meters.quantities import Quantity
from app.transport.serial_mode import SerialMode

PROFILES = profile_files.load()
EVERY_PROFILE = pytest.mark.parametrize("one", PROFILES.values(), ids=PROFILES)

METER = """
manufacturer = "Example"
model = "X1"
"""
LISTS = """
[positional.two-values]
source = "made up"
values = [
    { obis = "1-0:32.7.0", type = "long-unsigned|long", scaler = -1, unit = "V", absent = 65535 },
    { obis = "0-0:96.1.0", type = "octet-string" },
]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a user's own profile."""
    (tmp_path / "meter.toml").write_text(METER)
    return tmp_path


def own(folder: Path, text: str = METER, name: str = "meter") -> Profile:
    """Read a user's own profile."""
    (folder / f"{name}.toml").write_text(text)
    return profile_files.load(folder)[name]


def complaint(folder: Path) -> str:
    with pytest.raises(ProfileError) as caught:
        profile_files.load(folder)
    return str(caught.value)


# --- The shipped ones ---


@EVERY_PROFILE
def test_a_profile_says_what_the_user_has_to_know(one: Profile) -> None:
    assert PROFILES[one.type] is one
    assert one.manufacturer or one.takes_any_p1  # the telegram tells
    assert one.model
    assert one.operators
    assert one.interface
    assert one.keys
    assert one.publishes
    assert one.verified in ("capture", "documentation")
    assert one.serial_modes
    assert one.push_interval in range(1, 61)


@EVERY_PROFILE
def test_a_profile_can_be_recognised(one: Profile) -> None:
    assert one.makers or one.addresses or one.identifications
    for maker in one.makers:
        assert re.fullmatch(r"[A-Z]{3}", maker)


def test_types_come_in_the_order_of_their_names() -> None:
    assert list(PROFILES) == sorted(PROFILES)


def test_profiles_are_read_once() -> None:
    assert profile_files.load() is PROFILES


# --- Reading ---


def test_the_least_that_a_profile_says(folder: Path) -> None:
    one = own(folder)
    assert (one.type, one.manufacturer, one.model) == ("meter", "Example", "X1")
    assert one.push_interval == 10
    assert one.verified == "documentation"
    assert (one.makers, one.lists, one.serial_modes, one.identifications) == ((), (), (), ())
    assert one.nominal is None
    assert one.scaler_of(Quantity.ACTIVE_ENERGY) is None


def test_a_family_that_leaves_units_out_counts_whole_watts_and_watt_hours(folder: Path) -> None:
    one = own(folder, METER + "[nominal]\n")
    assert one.scaler_of(Quantity.ACTIVE_ENERGY) == 0
    assert one.scaler_of(Quantity.REACTIVE) == 0
    assert one.scaler_of(Quantity.VOLTAGE) is None


def test_a_family_may_count_in_several_ways_where_there_are_means_to_tell(folder: Path) -> None:
    one = own(folder, METER + "[nominal]\nactive_energy = [1, 0]\nvoltage = [0, -2]\n")
    assert (one.energy_scales, one.volt_scales) == ((1, 0), (0, -2))
    assert one.scaler_of(Quantity.ACTIVE_ENERGY) == 1
    assert one.scaler_of(Quantity.VOLTAGE) == 0


@pytest.mark.parametrize("scaler", [9, -9])
def test_digits_are_moved_by_up_to_nine(folder: Path, scaler: int) -> None:
    one = own(folder, METER + f"[nominal]\nvoltage = {scaler}\n")
    assert one.scaler_of(Quantity.VOLTAGE) == scaler


def test_a_number_of_a_list_may_be_in_thousands(folder: Path) -> None:
    energy = LISTS.replace("32.7.0", "1.8.0").replace('"V"', '"kWh"')
    one = own(folder, METER + energy)
    assert one.lists[0].places[0].unit == "kWh"


def test_a_user_s_profile_may_be_certain_where_the_shipped_one_is_not(folder: Path) -> None:
    assert PROFILES["kamstrup"].energy_scales == (1, 0)
    one = own(folder, 'based_on = "kamstrup"\n[nominal]\nactive_energy = 0\n')
    assert one.energy_scales == ()
    assert one.scaler_of(Quantity.ACTIVE_ENERGY) == 0


def test_all_that_a_profile_can_say(folder: Path) -> None:
    one = own(
        folder,
        METER
        + """
operators = ["Netz Beispiel"]
interface = "wired"
keys = "one, by mail"
publishes = "voltage"
verified = "capture"
tried_with = "X1 and X2"
not_tried = "X3"
makers = ["XMP"]
addresses = ["ceff03"]
lists = ["burgenland-14"]
serial_modes = ["2400 8E1", "9600 8N1"]
push_interval = 5
identifications = ["XMP5"]

[nominal]
voltage = -1
active_energy = 1

[models]
"584D50" = "X2"
"584D5001" = "X3"
"""
        + LISTS,
    )
    assert one.operators == ("Netz Beispiel",)
    assert (one.interface, one.keys, one.publishes) == ("wired", "one, by mail", "voltage")
    assert (one.verified, one.tried_with, one.not_tried) == ("capture", "X1 and X2", "X3")
    assert one.makers == ("XMP",)
    assert one.addresses == ("ceff03",)
    assert one.serial_modes == (SerialMode(2400, 8, "E", 1), SerialMode(9600, 8, "N", 1))
    assert one.push_interval == 5
    assert one.scaler_of(Quantity.VOLTAGE) == -1
    assert one.scaler_of(Quantity.ACTIVE_ENERGY) == 1
    assert one.scaler_of(Quantity.ACTIVE) == 0
    assert one.identifies("XMP5\\2X1")
    assert not one.identifies("KFM5XMP5")
    assert one.lists == (
        PositionalList(
            "two-values",
            "made up",
            (
                Place(
                    Obis(1, 0, 32, 7, 0),
                    frozenset({axdr.LONG_UNSIGNED, axdr.LONG}),
                    -1,
                    "V",
                    65535,
                ),
                Place(Obis(0, 0, 96, 1, 0), frozenset({axdr.OCTET_STRING})),
            ),
        ),
        next(known for known in PROFILES["e450"].lists if known.name == "burgenland-14"),
    )


# --- Mistakes ---


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('colour = "red"', "colour"),
        ("push_interval = 0", "push_interval"),
        ('push_interval = "5"', "push_interval"),
        ('makers = "XMP"', "makers"),
        ('makers = [""]', "makers.0"),
        ('makers = ["xmp"]', "makers.0"),
        ('addresses = ["0xCE"]', "addresses.0"),
        ("push_interval = true", "push_interval"),
        ("[number_within]\nrows = 1000", "number_within.rows"),
        ("[number_within]\ncolumns = 5", "number_within.columns"),
        ('codes_absent = ["1.8.0"]', "codes_absent.0"),
        ('[manufacturers]\n"XMP5" = 5', "manufacturers.XMP5"),
        ('serial_modes = ["2400 8E1", "fast"]', "serial_modes.1"),
        ("[nominal]\ncolour = 0", "nominal.colour"),
        ("[nominal]\nvoltage = 10", "nominal.voltage"),
        ("[nominal]\nvoltage = 0.1", "nominal.voltage"),
        ("[nominal]\nvoltage = []", "nominal.voltage"),
        ("[nominal]\nactive_energy = [1, 1]", "nominal.active_energy"),
        ("[nominal]\ncurrent = [-2, -1]", "nominal"),
        ('[models]\n"584D50" = 2', "models.584D50"),
        ('verified = "hearsay"', "verified"),
        ('identifications = ["XMP5", "("]', "identifications.1"),
        ('based_on = "nothing"', "based_on"),
        ("based_on = 5", "based_on"),
        ('based_on = ["e450"]', "based_on"),
        ("positional = 5", "positional"),
        ('lists = ["three-values"]', "lists"),
    ],
)
def test_a_mistake_in_a_profile_names_file_key_and_reason(
    folder: Path, line: str, key: str
) -> None:
    (folder / "meter.toml").write_text(METER + line)
    said = complaint(folder)
    assert said.startswith("meter.toml: ")
    assert f" {key}: " in said
    assert said.partition(f" {key}: ")[2]


@pytest.mark.parametrize("key", ["manufacturer", "model"])
def test_a_missing_key_is_named(folder: Path, key: str) -> None:
    text = "\n".join(line for line in METER.splitlines() if not line.startswith(key))
    (folder / "meter.toml").write_text(text)
    assert complaint(folder) == f"meter.toml: {key}: this key has to be there"


def test_all_mistakes_of_a_file_are_told_at_once(folder: Path) -> None:
    (folder / "meter.toml").write_text(METER + 'colour = "red"\npush_interval = 0')
    said = complaint(folder)
    assert "colour: " in said
    assert "push_interval: " in said


def test_a_serial_mode_that_is_none_is_explained(folder: Path) -> None:
    (folder / "meter.toml").write_text(METER + 'serial_modes = ["fast"]')
    assert "like 2400 8E1 or 9600 8N1" in complaint(folder)


def test_a_list_that_there_is_not_is_named(folder: Path) -> None:
    lists = 'lists = ["burgenland-14", "two-values", "three-values"]'
    (folder / "meter.toml").write_text(METER + lists + LISTS)
    assert complaint(folder) == "meter.toml: lists: there is no list 'three-values'"


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('"1-0:32.7.0"', '"32.7.0"', "values.0.obis", "is no OBIS code"),
        ('"octet-string"', '"octets"', "values.1.type", "is no A-XDR type"),
        ("scaler = -1", "scaler = 0.1", "values.0.scaler", "whole number"),
        ("scaler = -1", "scaler = -10", "values.0.scaler", "-9"),
        (', type = "octet-string"', "", "values.1.type", "has to be there"),
        ("absent", "missing", "values.0.missing", "no such key"),
        ("scaler = -1", "scaler = true", "values.0.scaler", "whole number"),
        ("absent = 65535", "absent = true", "values.0.absent", "whole number"),
        ('"V"', '"Volt"', "values.0.unit", "'Volt' is no unit; one is "),
        ("scaler = -1, ", "", "values.0", "1-0:32.7.0 is a number, so it has to have a scaler"),
        (', unit = "V"', "", "values.0", "1-0:32.7.0 is in V, so unit has to be 'V'"),
        ('"V"', '"Wh"', "values.0", "1-0:32.7.0 is in V, so unit has to be 'V'"),
        ('"0-0:96.1.0"', '"1-0:32.7.0"', "values", "1-0:32.7.0 stands at several places"),
        ('source = "made up"', "", "source", "has to be there"),
    ],
)
def test_a_mistake_in_a_list_names_file_list_key_and_reason(
    folder: Path, old: str, new: str, key: str, reason: str
) -> None:
    assert old in LISTS
    (folder / "meter.toml").write_text(METER + LISTS.replace(old, new))
    said = complaint(folder)
    assert said.startswith("meter.toml: positional: two-values: ")
    assert f"{key}: " in said
    assert reason in said


def test_a_list_without_values_is_refused(folder: Path) -> None:
    empty = '[positional.empty]\nsource = "made up"\nvalues = []'
    (folder / "meter.toml").write_text(METER + empty)
    assert complaint(folder).startswith("meter.toml: positional: empty: values: ")


def test_a_file_that_is_no_toml_is_named_with_the_line(folder: Path) -> None:
    (folder / "meter.toml").write_text("manufacturer = 'Example'\nmodel = \nmakers = []")
    said = complaint(folder)
    assert said.startswith("meter.toml: ")
    assert "line 2" in said


def test_a_file_that_is_nested_too_deeply_is_named(folder: Path) -> None:
    (folder / "meter.toml").write_text(f"makers = {'[' * 5000}{']' * 5000}")
    assert complaint(folder) == "meter.toml: this is no TOML: it is nested too deeply"


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "meter.toml").write_bytes(b'model = "\xff"')
    assert complaint(folder).startswith("meter.toml: ")


def test_a_folder_in_place_of_a_file_is_named(folder: Path) -> None:
    (folder / "other.toml").mkdir()
    assert complaint(folder).startswith("other.toml: ")


@pytest.mark.parametrize("name", ["auto", "My Meter", "Meter", "-meter", "zähler"])
def test_a_file_whose_name_can_be_no_meter_type_is_named(folder: Path, name: str) -> None:
    (folder / f"{name}.toml").write_text(METER)
    assert complaint(folder).startswith(f"{name}.toml: the file's name is the meter_type")


# --- Profiles of one's own ---


@pytest.mark.parametrize("path", [None, Path("/nowhere/at/all")])
def test_without_profiles_of_ones_own_there_are_the_shipped_ones(path: Path | None) -> None:
    assert list(profile_files.load(path)) == list(PROFILES)


def test_a_profile_of_ones_own_is_added(folder: Path) -> None:
    found = profile_files.load(folder)
    assert set(found) == {*PROFILES, "meter"}
    assert list(found) == sorted(found)
    assert [one.type for one in found.values() if one.own] == ["meter"]


def test_a_profile_of_ones_own_replaces_the_shipped_one_of_its_name(folder: Path) -> None:
    assert own(folder, name="kaifa").model == "X1"
    found = profile_files.load(folder)
    assert found["kaifa"].makers == ()
    assert found["e450"].makers == PROFILES["e450"].makers
    assert PROFILES["kaifa"].model == "MA309"


def test_other_files_beside_profiles_of_ones_own_are_left_alone(folder: Path) -> None:
    (folder / "README.md").write_text("my meters")
    (folder / "old.toml.bak").write_text("no profile")
    assert set(profile_files.load(folder)) == {*PROFILES, "meter"}


def test_a_profile_of_ones_own_may_be_based_on_a_shipped_one(folder: Path) -> None:
    base = PROFILES["e450"]
    one = own(folder, 'based_on = "e450"\nmodel = "E450 mine"\n[nominal]\nvoltage = -1\n')
    assert (one.type, one.manufacturer, one.model) == ("meter", "Landis+Gyr", "E450 mine")
    assert one.makers == base.makers
    assert one.serial_modes == base.serial_modes
    assert [known.name for known in one.lists] == [known.name for known in base.lists]
    assert one.scaler_of(Quantity.VOLTAGE) == -1
    assert PROFILES["e450"].scaler_of(Quantity.VOLTAGE) == 0


def test_a_profile_of_ones_own_may_be_based_on_the_one_that_it_replaces(folder: Path) -> None:
    one = own(folder, 'based_on = "kaifa"\npush_interval = 60\n', name="kaifa")
    assert (one.manufacturer, one.model, one.push_interval) == ("Kaifa", "MA309", 60)


def test_lists_of_ones_own_are_looked_at_before_the_shipped_ones(folder: Path) -> None:
    one = own(folder, 'based_on = "e450"\n' + LISTS)
    assert [known.name for known in one.lists][:2] == ["two-values", "burgenland-14"]


def test_a_list_of_ones_own_replaces_the_shipped_one_of_its_name(folder: Path) -> None:
    mine = LISTS.replace("two-values", "burgenland-14")
    one = own(folder, METER + 'lists = ["burgenland-14"]\n' + mine)
    assert {known.source for known in one.lists} == {"made up"}
