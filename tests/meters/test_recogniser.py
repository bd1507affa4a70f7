"""Which family a telegram is of, and what its values are."""

from decimal import Decimal
from pathlib import Path

import pytest

from app.dlms import apdu
from app.dlms.axdr import Data
from app.fault import Kind
from app.meters import profile_files
from app.meters.profile import AUTO
from app.meters.recogniser import GENERIC, Recogniser, Understood, Unknown
from simulator import axdr, meters
from simulator.axdr import Node, Raw
from simulator.meters import obis_bytes
from tests.support.simulated import LISTS
from tests.support.telegrams import household, notification

PROFILES = profile_files.load()
LGZ = b"LGZ\x67\x70\x12\xd6\x87"
OTHER_LGZ = b"LGZ\x67\x70\x12\xd6\x88"
KFM = b"KFM\x67\x50\x00\x00\x09"
KAM = b"KAM\x01\x02\x03\x04\x05"
SAG = b"SAG\x01\x02\x03\x04\x05"
XMP = b"XMP\x01\x02\x03\x04\x05"
STRANGE = "ceff41"
"""Addresses that no profile names."""


def recogniser(meter_type: str = AUTO) -> Recogniser:
    return Recogniser(PROFILES, meter_type)


def understood(found: Understood | Unknown) -> Understood:
    assert isinstance(found, Understood)
    return found


def unknown(found: Understood | Unknown) -> Unknown:
    assert isinstance(found, Unknown)
    return found


def data(
    plaintext: bytes, title: bytes | None = LGZ, address: str = STRANGE, meter_type: str = AUTO
) -> Understood | Unknown:
    return recogniser(meter_type).data(apdu.parse(plaintext).body, title, address)


def objects(values: dict[str, int]) -> bytes:
    """A list of capture objects, the push setup's first, and their values."""
    rows = [(40, obis_bytes("0-9:25.9.0"), 2), *((3, obis_bytes(code), 2) for code in values)]
    listed = axdr.array(
        *(
            axdr.structure(
                axdr.uint16(class_id), axdr.octet_string(name), axdr.int8(index), axdr.uint16(0)
            )
            for class_id, name, index in rows
        )
    )
    return notification(listed, *(axdr.uint32(value) for value in values.values()))


def pairs(**values: int) -> bytes:
    """Codes and values without scale: ``c31=52`` is 1-0:31.7.0."""
    return notification(
        *(
            axdr.structure(axdr.octet_string(obis_bytes(f"1-0:{name[1:]}.7.0")), axdr.uint32(value))
            for name, value in values.items()
        )
    )


def loads(power: int, current: int) -> Data:
    """A body whose currents are all there, and all but one nothing."""
    return apdu.parse(pairs(c1=power, c31=current, c51=0, c71=0)).body


def row(text: str, value: Node, scaler: int, unit: int) -> Node:
    return axdr.structure(
        axdr.octet_string(obis_bytes(text)),
        value,
        axdr.structure(axdr.int8(scaler), axdr.enum(unit)),
    )


def shown(found: Understood | Unknown) -> dict[str, tuple[object, str | None]]:
    return {str(item.obis): (item.value, item.unit) for item in found.items}


VOLTAGE = row("1-0:32.7.0", axdr.uint16(2337), -1, 35)

# --- The family ---


@pytest.mark.parametrize(("family", "variant"), LISTS)
def test_a_list_is_recognised_without_cipher_and_address_by_what_it_holds(
    family: str, variant: str
) -> None:
    """As far as it names its maker anywhere; a list of bare values needs a title or an address."""
    meter = meters.build(family, variant)
    plaintext = meter.telegram(household(meter)).plaintext
    title = meter.identity.system_title
    assert understood(data(plaintext, title)).profile.type == family
    assert understood(data(plaintext, title, meter_type=family)).profile.type == family


def test_an_unciphered_telegram_is_recognised_by_its_addresses() -> None:
    meter = meters.build("e450", "burgenland")
    plaintext = meter.telegram(household(meter)).plaintext
    assert understood(data(plaintext, None, "ceff03")).profile is PROFILES["e450"]
    assert unknown(data(plaintext, None, "ff")).kind is Kind.UNKNOWN_LIST


def test_an_unciphered_telegram_is_recognised_by_the_meter_s_name() -> None:
    meter = meters.build("kaifa", "tinetz")
    plaintext = meter.telegram(household(meter)).plaintext
    assert understood(data(plaintext, None, "")).profile is PROFILES["kaifa"]


@pytest.mark.parametrize(
    ("family", "sent", "volts"), [("e450", 231, Decimal(231)), ("am550", 2314, Decimal("231.4"))]
)
def test_a_list_of_capture_objects_is_read_though_nothing_tells_its_sender(
    family: str, sent: int, volts: Decimal
) -> None:
    """No system title, no name, a strange address: the makers that send such lists are left."""
    values = {"1-1:1.8.0": 1234567, "1-0:1.7.0": 362, "1-0:31.7.0": 160, "1-0:32.7.0": sent}
    found = understood(data(objects(values), None))
    assert found.profile.type == family
    assert shown(found) == {
        "1-1:1.8.0": (1234567, "Wh"),
        "1-0:1.7.0": (362, "W"),
        "1-0:31.7.0": (Decimal("1.60"), "A"),
        "1-0:32.7.0": (volts, "V"),
    }


def test_a_list_of_capture_objects_whose_values_have_no_unit_tells_no_family() -> None:
    assert understood(data(objects({"0-0:96.14.0": 1}), None)).profile.type == GENERIC


def test_makers_of_several_families_are_told_apart_by_whether_they_say_their_units() -> None:
    assert understood(data(notification(VOLTAGE), KFM)).profile.type == "kaifa"
    assert understood(data(pairs(c1=52), KFM)).profile.type == "kaifa-nordic"
    assert understood(data(notification(VOLTAGE), SAG)).profile.type == "sagemcom"


def test_attribute_descriptors_are_the_xt211_s() -> None:
    row = b"\x02\x02" + b"\x00\x03" + obis_bytes("1-0:1.7.0") + b"\x02\x06" + bytes(4)
    body = Raw(b"\x02\x01" + row)
    found = recogniser().data(
        apdu.parse(axdr.data_notification(body, invoke_id=1)).body, None, STRANGE
    )
    assert understood(found).profile.type == "xt211"


def test_a_chosen_type_is_believed_where_a_telegram_names_no_maker() -> None:
    plaintext = pairs(c32=2337)
    assert understood(data(plaintext, None)).profile.type == GENERIC
    found = understood(data(plaintext, None, meter_type="am550"))
    assert found.profile.type == "am550"
    assert shown(found) == {"1-0:32.7.0": (Decimal("233.7"), "V")}


def test_a_contradiction_of_the_chosen_type_is_told() -> None:
    found = unknown(data(notification(VOLTAGE), KAM, meter_type="e450"))
    assert found.kind is Kind.OTHER_METER
    assert found.reason == (
        "the telegram comes from a Kamstrup meter, but meter_type is e450 (Landis+Gyr E450);"
        " choose the right type, or auto"
    )
    assert len(found.items) == 1  # its clock is read all the same


# --- Scales ---


def test_the_e360_counts_tenths_of_a_volt() -> None:
    found = understood(data(pairs(c32=2337, c31=52, c1=119)))
    assert found.profile.type == "e360"
    assert shown(found) == {
        "1-0:32.7.0": (Decimal("233.7"), "V"),
        "1-0:31.7.0": (Decimal("0.52"), "A"),
        "1-0:1.7.0": (119, "W"),
    }
    assert found.note == (
        "the telegrams do not say what their values count; by their size they are those of a"
        " Landis+Gyr E360"
    )


def test_the_e450_counts_whole_volts_and_hundredths_of_an_ampere() -> None:
    found = understood(data(pairs(c32=234, c31=52, c1=119)))
    assert found.profile.type == "e450"
    assert shown(found)["1-0:31.7.0"] == (Decimal("0.52"), "A")


def test_the_e570_counts_whole_amperes() -> None:
    found = understood(data(pairs(c1=258_000, c31=400, c51=200, c71=601)))
    assert found.profile.type == "e570"
    assert shown(found)["1-0:71.7.0"] == (601, "A")
    assert found.note


@pytest.mark.parametrize(
    ("address", "meter_type"), [("ceff03", "e450"), ("ce9b03", "e570"), ("cf03", "e360")]
)
def test_addresses_decide_before_sizes_and_then_nothing_is_to_be_told(
    address: str, meter_type: str
) -> None:
    found = understood(data(pairs(c1=5, c31=3), address=address))
    assert found.profile.type == meter_type
    assert found.note is None


def test_a_current_that_may_be_either_stays_a_bare_number() -> None:
    found = understood(data(pairs(c1=50, c31=10)))
    assert shown(found) == {"1-0:1.7.0": (50, "W"), "1-0:31.7.0": (10, None)}
    assert found.note is None


def believed(
    line: Recogniser, body: Data, title: bytes = LGZ, address: str = STRANGE
) -> Understood:
    """Recognise a telegram and believe what it decides."""
    found = understood(line.data(body, title, address))
    if found.evidence is not None:
        line.learn(found.evidence)
    return found


def test_how_values_are_understood_is_told_once_for_each_meter() -> None:
    line = recogniser()
    body = apdu.parse(pairs(c32=2337, c1=119)).body
    notes = [
        believed(line, body, title).note is not None
        for title in (LGZ, LGZ, OTHER_LGZ, LGZ, OTHER_LGZ)
    ]
    assert notes == [True, False, True, False, False]


def test_what_one_telegram_decided_holds_for_those_that_leave_it_open() -> None:
    line = recogniser()
    clear, doubtful = (apdu.parse(pairs(c1=w, c31=a)).body for w, a in ((240, 105), (50, 10)))
    line.data(clear, LGZ, STRANGE)
    assert shown(line.data(doubtful, LGZ, STRANGE))["1-0:31.7.0"] == (10, None)
    believed(line, clear, LGZ)
    assert shown(line.data(doubtful, LGZ, STRANGE))["1-0:31.7.0"] == (Decimal("0.10"), "A")
    assert shown(line.data(doubtful, OTHER_LGZ, STRANGE))["1-0:31.7.0"] == (10, None)


def test_a_wrong_first_guess_is_corrected_and_told() -> None:
    """The power had risen already, the current not yet."""
    line = recogniser()
    early, later = (loads(w, a) for w, a in ((2000, 50), (120, 52)))
    assert believed(line, early).profile.type == "e570"
    found = believed(line, later)
    assert found.profile.type == "e450"
    assert found.note


def test_what_many_telegrams_decided_is_not_overturned_by_one_that_looks_otherwise() -> None:
    """A kettle: the power has risen, the currents are still those of the moment before."""
    line = recogniser()
    usual, kettle = loads(120, 52), loads(2000, 50)
    for body in (usual, usual, usual, kettle, usual, kettle, kettle):
        found = believed(line, body)
        assert found.profile.type == "e450"
        current = {120: "0.52", 2000: "0.50"}[shown(found)["1-0:1.7.0"][0]]  # type: ignore[index]
        assert shown(found)["1-0:31.7.0"] == (Decimal(current), "A")


def test_a_belief_that_only_chance_has_confirmed_is_overturned_by_as_many_telegrams() -> None:
    line = recogniser()
    types = [
        believed(line, body).profile.type for body in [loads(2000, 50)] * 3 + [loads(120, 52)] * 4
    ]
    assert types == ["e570"] * 5 + ["e450"] * 2


def test_a_meter_is_not_taken_for_another_because_it_lists_one_phase_s_current_alone() -> None:
    """The power is that of all three."""
    found = understood(data(pairs(c1=3000, c31=52)))
    assert shown(found)["1-0:31.7.0"] == (52, None)
    assert found.note is None


def test_voltages_that_sag_are_not_read_in_another_scale() -> None:
    line = recogniser()
    usual, sagged, gone = (apdu.parse(pairs(c32=v)).body for v in (2310, 310, 0))
    values = [
        shown(believed(line, body, address="ceff03"))["1-0:32.7.0"]
        for body in (usual, usual, sagged, usual, gone)
    ]
    assert values == [
        (Decimal("231.0"), "V"),
        (Decimal("231.0"), "V"),
        (Decimal("31.0"), "V"),
        (Decimal("231.0"), "V"),
        (0, "V"),
    ]


def test_a_first_voltage_that_was_none_decides_nothing() -> None:
    line = recogniser()
    values = [
        shown(believed(line, apdu.parse(pairs(c32=v)).body, address="ceff03"))["1-0:32.7.0"]
        for v in (0, 2310)
    ]
    assert values == [(0, "V"), (Decimal("231.0"), "V")]


def test_no_current_at_night_is_no_current_in_every_scale() -> None:
    found = shown(data(pairs(c1=0, c31=0, c51=0, c71=0)))
    assert found["1-0:51.7.0"] == (0, "A")


def test_a_list_without_electrical_values_is_of_the_likeliest_family() -> None:
    number = axdr.structure(axdr.octet_string(obis_bytes("0-0:96.1.0")), axdr.octet_string(b"123"))
    body = apdu.parse(notification(number)).body
    line = recogniser()
    assert understood(line.data(body, LGZ, STRANGE)).profile.type == "e450"
    believed(line, apdu.parse(pairs(c32=2337, c31=52, c1=119)).body)
    assert believed(line, body).profile.type == "e360"


def test_a_list_that_says_its_units_is_of_the_family_whose_address_it_has() -> None:
    assert understood(data(notification(VOLTAGE), LGZ, "ceff03")).profile.type == "e450"
    assert understood(data(notification(VOLTAGE), LGZ)).profile.type == "zmf100"


@pytest.mark.parametrize("address", ["ceff03", STRANGE])
def test_a_value_that_is_impossible_in_every_way_stays_bare_and_costs_no_other(
    address: str,
) -> None:
    found = understood(data(pairs(c32=23_370, c1=119), address=address))
    assert found.profile.type == "e450"
    assert shown(found) == {"1-0:32.7.0": (23_370, None), "1-0:1.7.0": (119, "W")}


def test_one_dead_phase_does_not_make_the_others_doubtful() -> None:
    found = shown(data(pairs(c32=231, c52=12, c72=229), address="ceff03"))
    assert found["1-0:32.7.0"] == (231, "V")
    assert found["1-0:52.7.0"] == (12, "V")


def test_firmware_that_counts_tenths_is_understood_and_told() -> None:
    for meter_type in (AUTO, "e450"):
        found = understood(data(pairs(c32=2346), address="ceff03", meter_type=meter_type))
        assert shown(found) == {"1-0:32.7.0": (Decimal("234.6"), "V")}
        assert (
            found.note
            == "the voltages of this Landis+Gyr E450 count tenths of volts, by their size"
        )


def test_phases_that_cancel_each_other_out_cost_nothing() -> None:
    """Solar panels on one phase, and a meter that reckons the sum of all three."""
    found = shown(data(pairs(c1=5, c31=1087, c51=1087), address="ceff03"))
    assert found["1-0:1.7.0"] == (5, "W")
    assert found["1-0:31.7.0"] == (Decimal("10.87"), "A")


def test_one_impossible_telegram_of_a_meter_that_is_known_changes_nothing() -> None:
    """Power and currents of a telegram are not of the same moment."""
    line = recogniser()
    usual, odd = (apdu.parse(pairs(c1=w, c31=a)).body for w, a in ((120, 52), (3000, 52)))
    believed(line, usual, address="ceff03")
    found = understood(line.data(odd, LGZ, "ceff03"))
    assert found.profile.type == "e450"
    assert shown(found) == {"1-0:1.7.0": (3000, "W"), "1-0:31.7.0": (Decimal("0.52"), "A")}


def test_currents_without_power_are_read() -> None:
    """As of a battery that keeps the sum of three phases at nought."""
    found = understood(data(pairs(c1=0, c2=0, c31=1000, c51=1000, c71=5), address="ceff03"))
    assert shown(found)["1-0:31.7.0"] == (Decimal("10.00"), "A")


def test_a_chosen_type_does_not_make_a_voltage_possible() -> None:
    found = understood(data(pairs(c32=23_370), meter_type="e360"))
    assert shown(found) == {"1-0:32.7.0": (23_370, None)}
    assert found.note is None


def test_units_that_a_telegram_says_are_left_alone() -> None:
    plaintext = notification(
        VOLTAGE, axdr.structure(axdr.octet_string(obis_bytes("1-0:1.7.0")), axdr.uint32(119))
    )
    assert shown(data(plaintext, address="ceff03")) == {
        "1-0:32.7.0": (Decimal("233.7"), "V"),
        "1-0:1.7.0": (119, "W"),
    }


# --- Profiles of one's own ---

OWN = """
manufacturer = "Example"
model = "X1"
makers = ["LGZ", "XMP"]
identifications = ["XYZ5"]

[nominal]
voltage = 0
current = -1
"""
OWN_LIST = """
[positional.four]
source = "made up"
values = [
    { obis = "1-0:2.8.0", type = "double-long-unsigned", scaler = 0, unit = "Wh" },
    { obis = "1-0:1.8.0", type = "double-long-unsigned", scaler = 0, unit = "Wh" },
]
"""


def with_own(folder: Path, text: str = OWN, name: str = "own") -> Recogniser:
    (folder / f"{name}.toml").write_text(text)
    return Recogniser(profile_files.load(folder), AUTO)


def test_auto_finds_a_profile_of_ones_own(tmp_path: Path) -> None:
    """In the form of Home Assistant it cannot be chosen."""
    line = with_own(tmp_path, OWN + OWN_LIST)
    two = apdu.parse(notification(axdr.uint32(5), axdr.uint32(7))).body
    found = understood(line.data(two, XMP, STRANGE))
    assert found.profile.type == "own"
    assert shown(found) == {"1-0:2.8.0": (5, "Wh"), "1-0:1.8.0": (7, "Wh")}
    assert (
        understood(line.text("/XYZ5METER\r\n\r\n1-0:1.7.0(00.119*kW)\r\n!")).profile.type == "own"
    )


def test_auto_prefers_a_profile_of_ones_own_where_shipped_ones_would_fit_as_well(
    tmp_path: Path,
) -> None:
    line = with_own(tmp_path)
    found = understood(line.data(loads(50, 10), LGZ, STRANGE))
    assert found.profile.type == "own"
    assert shown(found)["1-0:31.7.0"] == (Decimal("1.0"), "A")
    assert understood(line.data(loads(120, 52), OTHER_LGZ, STRANGE)).profile.type == "own"


def test_auto_prefers_the_list_of_a_profile_of_ones_own(tmp_path: Path) -> None:
    """An operator's list that looks like a shipped one, in another order."""
    text = (
        'based_on = "e450"\nmodel = "E450 of mine"\n'
        """
[positional.mine-9]
source = "made up"
values = [
    { obis = "0-0:1.0.0", type = "octet-string" },
"""
    )
    units = {"2.8": "Wh", "1.8": "Wh", "4.8": "varh", "3.8": "varh"}
    units |= {"2.7": "W", "1.7": "W", "4.7": "var", "3.7": "var"}
    for code, unit in units.items():
        text += f'    {{ obis = "1-0:{code}.0", type = "double-long-unsigned", scaler = 0'
        text += f', unit = "{unit}" }},\n'
    body = apdu.parse(notification(axdr.octet_string(bytes(12)), *map(axdr.uint32, range(8)))).body
    found = understood(with_own(tmp_path, text + "]\n").data(body, LGZ, STRANGE))
    assert found.profile.model == "E450 of mine"
    assert [str(item.obis) for item in found.items][1:3] == ["1-0:2.8.0", "1-0:1.8.0"]


def test_a_profile_of_ones_own_does_not_make_values_possible_that_are_not(tmp_path: Path) -> None:
    line = with_own(tmp_path)
    found = understood(line.data(apdu.parse(pairs(c32=2337, c1=119)).body, LGZ, STRANGE))
    assert found.profile.type == "e360"
    assert shown(found)["1-0:32.7.0"] == (Decimal("233.7"), "V")


# --- Text ---


def text(
    identification: str, meter_type: str = AUTO, lines: str = "1-0:1.7.0(00.119*kW)"
) -> Understood | Unknown:
    return recogniser(meter_type).text(f"/{identification}\r\n\r\n{lines}\r\n!")


@pytest.mark.parametrize(
    ("identification", "meter_type", "manufacturer"),
    [
        (r"EST5\253710000_A", "sagemcom-p1", "Sagemcom"),
        (r"ISK5\2M550T-1012", "am550", "Iskraemeco"),
        (r"ISK5\2MT382-1000", "dsmr", "Iskraemeco"),
        ("KFM5KAIFA-METER", "dsmr", "Kaifa"),
        ("XMX5LGBBFG1009394887", "dsmr", "Landis+Gyr"),
        (r"FLU5\253769484_A", "dsmr", "Sagemcom"),
        (r"ELL5\253833635_A", "dsmr", "Sagemcom"),
        ("AUX5SX631", "dsmr", "Sanxing"),
        ("XYZ5METER", "dsmr", "XYZ"),
        ("LGF5E360", "e360", "Landis+Gyr"),
        ("KAM5", "kamstrup", "Kamstrup"),
        ("ESY5Q3DA1024 V3.03", "q3d", "EasyMeter"),
    ],
)
def test_text_is_recognised_by_its_identification(
    identification: str, meter_type: str, manufacturer: str
) -> None:
    for chosen in (AUTO, meter_type):
        found = understood(text(identification, chosen))
        assert found.profile.type == meter_type
        assert found.manufacturer == manufacturer


@pytest.mark.parametrize("chosen", ["dsmr", "dsmr2"])
@pytest.mark.parametrize("identification", [r"EST5\253710000_A", "XMX5LGBBFG1009394887", "KAM5"])
def test_the_general_p1_types_take_any_text(chosen: str, identification: str) -> None:
    found = understood(text(identification, chosen))
    assert found.profile.type == chosen
    assert shown(found) == {"1-0:1.7.0": (Decimal("0.119"), "kW")}


@pytest.mark.parametrize("chosen", sorted({*PROFILES} - {"dsmr", "dsmr2", "e360"}))
def test_text_that_contradicts_the_chosen_type_is_told(chosen: str) -> None:
    found = unknown(text("LGF5E360", chosen))
    assert found.kind is Kind.OTHER_METER
    assert f"comes from a Landis+Gyr meter, but meter_type is {chosen} (" in found.reason


def test_a_readout_without_identification_is_the_general_type_s() -> None:
    line = recogniser()
    found = understood(line.text("1.8.0(1234.567*kWh)\r\n!"))
    assert (found.profile.type, found.manufacturer) == ("dsmr", "")
    told = unknown(recogniser("e450").text("1.8.0(1234.567*kWh)\r\n!"))
    assert told.reason.startswith("the telegram comes from a different meter, but meter_type is ")


DSMR2 = """\
0-0:96.1.1(4B384547303034303436333935353037)\r
1-0:1.8.1(12345.678*kWh)\r
1-0:1.8.2(12345.678*kWh)\r
0-0:96.14.0(0002)\r
1-0:1.7.0(001.19*kW)\r
0-0:17.0.0(016*A)\r
0-1:24.1.0(03)\r
0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.1)(m3)\r
(00024.123)"""


@pytest.mark.parametrize("identification", [r"ISk5\2ME382-1003", "XMX5LGBBFG1009394887", "KMP5 ZA"])
def test_text_of_the_old_standard_is_known_by_what_it_holds(identification: str) -> None:
    assert understood(text(identification, lines=DSMR2)).profile.type == "dsmr2"
    for newer in ("1-3:0.2.8(42)", "0-0:1.0.0(260701120005S)", "0-0:96.1.4(50217)"):
        found = understood(text(identification, lines=f"{newer}\r\n{DSMR2}"))
        assert found.profile.type in ("dsmr", "kamstrup")


def test_the_old_standard_s_text_of_a_chosen_type_stays_of_that_type() -> None:
    assert understood(text(r"ISk5\2ME382-1003", "dsmr", DSMR2)).profile.type == "dsmr"


@pytest.mark.parametrize(
    ("code", "number", "manufacturer"),
    [
        ("0-0:96.1.1", "1SAG3101021605", "Sagemcom"),
        ("0-0:96.1.1", "31534147333130313032313630", "Sagemcom"),
        ("0-0:42.0.0", "LGZ1030655934512", "Landis+Gyr"),
        ("0-0:96.1.1", "1QQQ3101021605", "XYZ"),
        ("0-1:96.1.0", "1SAG3101021605", "XYZ"),  # of a meter behind this one
    ],
)
def test_the_meter_s_number_tells_the_maker_behind_letters_that_are_the_operator_s(
    code: str, number: str, manufacturer: str
) -> None:
    found = understood(text("XYZ5METER", lines=f"{code}({number})"))
    assert found.manufacturer == manufacturer
