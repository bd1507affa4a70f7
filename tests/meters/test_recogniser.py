"""Which family a telegram is of, and what its values are."""

from decimal import Decimal
from pathlib import Path

import pytest

from app.dlms import apdu
from app.fault import Kind
from app.meters import profile_files
from app.meters.profile import AUTO, Proof
from app.meters.recogniser import GENERIC, Recogniser, Understood, Unknown
from simulator import axdr, meters
from simulator.axdr import Raw
from simulator.meters import obis_bytes
from tests.support.bodies import VOLTAGE
from tests.support.recognised import (
    LGZ,
    OTHER_LGZ,
    STRANGE,
    data,
    loads,
    pairs,
    recogniser,
    shown,
    understood,
)
from tests.support.simulated import LISTS
from tests.support.telegrams import household, notification

PROFILES = profile_files.load()
KFM = b"KFM\x67\x50\x00\x00\x09"
KAM = b"KAM\x01\x02\x03\x04\x05"
SAG = b"SAG\x01\x02\x03\x04\x05"
XMP = b"XMP\x01\x02\x03\x04\x05"


def unknown(found: Understood | Unknown) -> Unknown:
    assert isinstance(found, Unknown)
    return found


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
    assert str(found.reason) == (
        "the telegram comes from a Kamstrup meter, but meter_type is e450 (Landis+Gyr E450);"
        " choose the right type, or auto"
    )
    assert len(found.items) == 1  # its clock is read all the same


@pytest.mark.parametrize(
    ("title", "name"),
    [(None, "unknown maker"), (XMP, "XMP"), (b"EGM\x01\x02\x03\x04\x05", "Elgama")],
)
def test_a_meter_that_no_profile_knows_is_named_by_its_maker(
    title: bytes | None, name: str
) -> None:
    found = understood(data(notification(VOLTAGE), title))
    assert (found.profile.type, found.profile.manufacturer) == (GENERIC, name)


@pytest.mark.parametrize(
    ("family", "variant", "known"),
    [
        ("kaifa-nordic", "norway-9", True),
        ("am550", "slovenia-8", True),
        ("am550", "slovenia-4", False),  # too short
        ("am550", "wien", False),  # without a number
    ],
)
def test_a_number_at_its_place_tells_a_long_list_where_nothing_names_a_maker(
    family: str, variant: str, *, known: bool
) -> None:
    meter = meters.build(family, variant)
    plaintext = meter.telegram(household(meter)).plaintext
    assert isinstance(data(plaintext, None), Understood) is known
    assert unknown(data(plaintext, XMP)).kind is Kind.UNKNOWN_LIST


@pytest.mark.parametrize("variant", [one for one in meters.FAMILIES["am550"] if "text" not in one])
def test_an_order_that_rests_on_one_source_is_told(variant: str) -> None:
    meter = meters.build("am550", variant)
    body = apdu.parse(meter.telegram(household(meter)).plaintext).body
    found = understood(recogniser().data(body, meter.identity.system_title, "cf0223"))
    known = found.profile.positional(body[1])
    rests_on_one = known is not None and known.proof is Proof.ONE_SOURCE
    assert ("rests on one source" in (found.note or "")) is rests_on_one


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


@pytest.mark.parametrize(("others", "known"), [(6, False), (7, True)])
def test_a_number_at_its_place_tells_a_list_of_eight_of_ones_own(
    tmp_path: Path, others: int, *, known: bool
) -> None:
    """It names no maker, and neither address nor title is known."""
    text = (
        'manufacturer = "Example"\nmodel = "X1"\n[positional.own]\nsource = "made up"\nvalues = [\n'
    )
    text += '{ obis = "0-0:96.1.0", type = "octet-string", text = \'NO([0-9]{6})\' },\n'
    for phase in range(others):
        text += f'{{ obis = "1-{phase}:1.7.0", type = "double-long-unsigned"'
        text += ', scaler = 0, unit = "W" },\n'
    values = axdr.octet_string(b"NO123456"), *map(axdr.uint32, range(others))
    body = apdu.parse(notification(*values)).body
    found = with_own(tmp_path, text + "]\n").data(body, None, STRANGE)
    assert isinstance(found, Understood) is known
    assert not known or understood(found).number == "123456"


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


@pytest.mark.parametrize(
    "chosen", [name for name, one in PROFILES.items() if not one.identifies("LGF5E360")]
)
def test_text_that_contradicts_the_chosen_type_is_told(chosen: str) -> None:
    found = unknown(text("LGF5E360", chosen))
    assert found.kind is Kind.OTHER_METER
    assert f"comes from a Landis+Gyr meter, but meter_type is {chosen} (" in str(found.reason)


def test_a_readout_without_identification_is_the_general_type_s() -> None:
    line = recogniser()
    found = understood(line.text("1.8.0(1234.567*kWh)\r\n!"))
    assert (found.profile.type, found.manufacturer) == ("dsmr", "")
    told = unknown(recogniser("e450").text("1.8.0(1234.567*kWh)\r\n!"))
    assert str(told.reason).startswith(
        "the telegram comes from a different meter, but meter_type is "
    )


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
