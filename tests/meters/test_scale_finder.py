"""What the numbers of lists without units count, as a recogniser finds it."""

from decimal import Decimal

import pytest

from app.cosem.obis import Obis
from app.dlms import apdu
from app.meters.profile import AUTO
from simulator import axdr
from simulator.meters import obis_bytes
from tests.support.bodies import VOLTAGE
from tests.support.recognised import (
    LGZ,
    OTHER_LGZ,
    STRANGE,
    believed,
    data,
    loads,
    pairs,
    recogniser,
    shown,
    understood,
)
from tests.support.telegrams import notification


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


def test_what_is_believed_of_a_sender_is_known_by_its_evidence() -> None:
    line = recogniser()
    doubtful, clear = (apdu.parse(pairs(**one)).body for one in ({"c31": 10}, {"c32": 2337}))
    found = believed(line, doubtful)
    assert line.known_of(found.evidence) == (None, None)  # it decides nothing
    found = believed(line, clear)
    assert line.known_of(found.evidence) == (found.profile, -1)


def test_senders_without_a_title_are_told_apart_by_their_addresses() -> None:
    line = recogniser()
    body = loads(120, 52)
    senders = {
        found.evidence.sender
        for address in ("ceff03", "ce9b03")
        if (found := understood(line.data(body, None, address))).evidence
    }
    assert senders == {"ceff03", "ce9b03"}


def test_codes_of_energies_come_with_the_scale_of_the_family() -> None:
    energy = axdr.structure(axdr.octet_string(obis_bytes("1-0:1.8.0")), axdr.uint32(5341))
    plain = axdr.structure(axdr.octet_string(obis_bytes("1-0:1.7.0")), axdr.uint32(119))
    found = understood(data(notification(energy, plain), address="ceff03"))
    assert found.energies == {Obis(1, 0, 1, 8, 0): 0}


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


def test_voltages_that_count_finer_in_service_are_right_at_once() -> None:
    line = recogniser()
    usual, finer = (apdu.parse(pairs(c32=v)).body for v in (231, 2310))
    values = [
        shown(believed(line, body, address="ceff03"))["1-0:32.7.0"]
        for body in (*[usual] * 20, finer, finer)
    ]
    assert values[19:] == [(231, "V"), (Decimal("231.0"), "V"), (Decimal("231.0"), "V")]


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
