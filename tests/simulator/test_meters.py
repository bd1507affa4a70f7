"""Telegrams of a simulated meter, one after the other."""

import struct
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from simulator import clock, links, meters
from simulator.axdr import Type
from simulator.household import Household, Report, Snapshot
from tests.support.simulated import NIGHT


def test_counters_go_on_from_telegram_to_telegram() -> None:
    meter = meters.build("kaifa", invocation_counter=0xFE, invoke_id=0xFFFFFF)
    snapshot = Household(1, NIGHT).at(NIGHT)

    first, second = meter.telegram(snapshot), meter.telegram(snapshot)

    assert (first.truth.invocation_counter, second.truth.invocation_counter) == (0xFE, 0xFF)
    assert first.plaintext[1:5].hex() == "80ffffff"
    assert second.plaintext[1:5].hex() == "80000000"
    assert first.apdu[20:] != second.apdu[20:]


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others() -> None:
    def run(seed: int) -> bytes:
        meter, household = meters.build("e450"), Household(seed, NIGHT)
        moments = (NIGHT + timedelta(seconds=5 * turn) for turn in range(20))
        return b"".join(meter.telegram(household.at(moment)).data for moment in moments)

    assert run(4) == run(4)
    assert run(4) != run(5)


def test_values_are_sent_at_the_resolution_of_the_meter() -> None:
    snapshot = Household(1, NIGHT).at(NIGHT)
    values = {**snapshot.values, "32.7.0": Decimal("233.46"), "13.7.0": Decimal("-0.5")}
    snapshot = replace(snapshot, values=values)

    def said(family: str, variant: str, code: str) -> Decimal | str:
        return meters.build(family, variant).telegram(snapshot).truth.registers[code][0]

    assert said("kaifa", "tinetz", "1-0:32.7.0") == Decimal("233.5")
    assert said("e450", "burgenland", "1-0:32.7.0") == Decimal(233)
    assert said("sagemcom", "netznoe", "1-0:13.7.0") == Decimal("-0.500")
    assert said("sagemcom", "netznoe-unsigned", "1-0:13.7.0") == Decimal("0.500")


def test_the_power_factor_of_sagemcom_is_signed_or_not() -> None:
    snapshot = Household(1, NIGHT).at(NIGHT)
    snapshot = replace(snapshot, values={**snapshot.values, "13.7.0": Decimal("-0.094")})
    signed = meters.build("sagemcom").telegram(snapshot).plaintext
    unsigned = meters.build("sagemcom", "netznoe-unsigned").telegram(snapshot).plaintext

    assert bytes.fromhex("0906 01000d0700ff 10 ffa2 0202 0ffd 16ff") in signed
    assert bytes.fromhex("0906 01000d0700ff 12 005e 0202 0ffd 16ff") in unsigned


def test_a_phase_without_current_has_the_angle_400() -> None:
    snapshot = Household(1, NIGHT, phases=1).at(NIGHT)

    registers = meters.build("e450").telegram(snapshot).truth.registers

    assert registers["1-0:31.7.0"][0] != Decimal(0)
    assert registers["1-0:81.7.40"][0] != Decimal(400)
    assert registers["1-0:51.7.0"] == (Decimal(0), "A")
    assert registers["1-0:81.7.51"] == (Decimal(400), "deg")


def test_a_value_that_is_missing_or_does_not_fit_is_an_error() -> None:
    meter = meters.build("kaifa")
    snapshot = Household(1, NIGHT).at(NIGHT)

    with pytest.raises(KeyError, match=r"1\.8\.0"):
        meter.telegram(replace(snapshot, values={}))
    with pytest.raises(OverflowError, match=r"1-0:1\.8\.0 cannot be 4294967296 Wh"):
        meter.telegram(replace(snapshot, values={**snapshot.values, "1.8.0": Decimal(2**32)}))
    with pytest.raises(KeyError, match=r"1-0:1\.8\.0"):
        meter.telegram(replace(snapshot, values={**snapshot.values, "1.8.0": None}))


def test_a_meter_can_be_given_another_list_order_link_and_clock() -> None:
    meter = meters.build("e450", "klagenfurt")
    items = tuple(reversed(meter.layout.items))
    meter = replace(
        meter,
        layout=replace(meter.layout, items=items, shape=meters.Shape.NESTED),
        link=links.Wrapper(),
        ciphering=None,
        header_time=None,
        clock_time=clock.Style(status=clock.DOUBTFUL, hundredths=clock.NOT_SPECIFIED),
        clock_error=timedelta(seconds=-20),
    )

    telegram = meter.telegram(Household(1, NIGHT).at(NIGHT))

    assert telegram.data[:6].hex() == "000100010001"
    assert telegram.data[6:8] == struct.pack(">H", len(telegram.plaintext))
    assert telegram.plaintext[5:8].hex() == "000211"  # no time; sixteen items, one of them flat
    assert list(telegram.truth.registers)[-1] == "0-0:96.1.0"
    assert telegram.truth.timestamp.isoformat() == "2026-03-29T00:59:30+01:00"
    assert bytes.fromhex("090c 07ea031d07 003b1eff ffc4 02") in telegram.plaintext


def test_two_registers_that_differ_only_in_channel_can_have_two_values() -> None:
    meter = meters.build("e450", "wien")
    items = tuple(
        meters.Register(code, Type.UINT32, meters.Unit.WH) for code in ("1-0:1.8.0", "1-1:1.8.0*7")
    )
    meter = replace(meter, layout=replace(meter.layout, items=items))
    snapshot = Snapshot(NIGHT, {"1.8.0": Decimal(5), "1-1:1.8.0*7": Decimal(6)})

    registers = meter.telegram(snapshot).truth.registers

    assert registers == {"1-0:1.8.0": (Decimal(5), "Wh"), "1-1:1.8.0*7": (Decimal(6), "Wh")}


def test_errors_of_build_are_plain_sentences() -> None:
    with pytest.raises(ValueError, match="no meter 'kaif', only kaifa, sagemcom, e450"):
        meters.build("kaif")
    with pytest.raises(ValueError, match="kaifa has no list 'wien', only netznoe, "):
        meters.build("kaifa", "wien")
    with pytest.raises(ValueError, match="a key has 16 bytes"):
        meters.build("kaifa", key=b"short")
    with pytest.raises(ValueError, match=r"'1\.8\.0' is no OBIS code"):
        meters.obis_bytes("1.8.0")


def test_the_repr_of_a_meter_does_not_hold_its_keys() -> None:
    key = bytes.fromhex("5EC2E7000102030405060708090A0B0C")
    shown = repr(meters.build("kaifa", key=key, auth_key=key))

    assert "5ec2e7" not in shown.lower()
    assert repr(key)[2:8] not in shown


def test_what_a_meter_behind_the_meter_reported_stands_in_place_of_its_counter() -> None:
    meter, house = meters.build("dsmr"), Household(1, NIGHT).at(NIGHT)
    time = NIGHT - timedelta(minutes=5)

    def telegram(code: str, report: Report) -> meters.Telegram:
        return meter.telegram(replace(house, reports={code: report}))

    told = telegram("gas", Report(time, Decimal("7.5"), "G42"))
    assert b"0-1:96.1.0(473432)\r\n0-1:24.2.1(260329005450W)(00007.500*m3)" in told.plaintext
    (other,) = told.truth.others
    assert (other.number, other.time, other.value) == ("G42", time, Decimal("7.5"))

    silent = telegram("0-1:24.2.1", Report("632525252525S", Decimal(0)))
    assert b"0-1:24.2.1(632525252525S)(00000.000*m3)" in silent.plaintext
    assert silent.truth.others == ()
