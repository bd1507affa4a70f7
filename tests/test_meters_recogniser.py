"""Which family a telegram is of, and what its values are."""

from decimal import Decimal

import pytest
from simulated import LISTS
from telegrams import household, notification

from app.dlms import apdu
from app.dlms.axdr import Data
from app.fault import Kind
from app.meters import profile
from app.meters.profile import AUTO
from app.meters.recogniser import GENERIC, Recogniser, Understood, Unknown
from simulator import axdr, meters
from simulator.axdr import Node, Raw
from simulator.meters import obis_bytes

PROFILES = profile.load()
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


def pairs(**values: int) -> bytes:
    """Codes and values without scale: ``c31=52`` is 1-0:31.7.0."""
    return notification(
        *(
            axdr.structure(axdr.octet_string(obis_bytes(f"1-0:{name[1:]}.7.0")), axdr.uint32(value))
            for name, value in values.items()
        )
    )


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


def believed(line: Recogniser, body: Data, title: bytes) -> Understood:
    """Recognise a telegram and believe what it decides."""
    found = understood(line.data(body, title, STRANGE))
    if found.settles is not None:
        line.settle(found.settles, found.profile)
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
    early, later = (apdu.parse(pairs(c1=w, c31=a)).body for w, a in ((2000, 50), (120, 52)))
    assert understood(line.data(early, LGZ, STRANGE)).profile.type == "e570"
    found = understood(line.data(later, LGZ, STRANGE))
    assert found.profile.type == "e450"
    assert found.note


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
    line.data(usual, LGZ, "ceff03")
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


# --- Text ---


def text(identification: str, meter_type: str = AUTO) -> Understood | Unknown:
    return recogniser(meter_type).text(f"/{identification}\r\n\r\n1-0:1.7.0(00.119*kW)\r\n!")


@pytest.mark.parametrize(
    ("identification", "meter_type", "manufacturer"),
    [
        (r"EST5\253710000_A", "sagemcom-p1", "Sagemcom"),
        (r"ISK5\2M550T-1012", "am550", "Iskraemeco"),
        (r"ISK5\2MT382-1000", "dsmr", "Iskraemeco"),
        ("KFM5KAIFA-METER", "dsmr", "Kaifa"),
        ("XMX5LGBBFG1009394887", "dsmr", "XMX"),
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
