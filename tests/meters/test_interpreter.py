"""From what a meter pushed to what a household reads."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dlms.ciphering import Keys
from app.dlms.receiver import Push, Security
from app.fault import Fault, Kind
from app.language.catalogue import Sentence
from app.link.frame import Frame
from app.meters import profile_files
from app.meters.energy_units import EnergyUnits
from app.meters.interpreter import Interpreter, _is_protected
from app.meters.profile import AUTO, Profile
from app.meters.reading import Meter
from app.meters.recogniser import GENERIC
from app.meters.telegram import Telegram
from simulator import axdr, clock, meters
from simulator.axdr import Node, Type
from tests.support.bodies import VOLTAGE, pair, scaled
from tests.support.interpreted import KAM, KFM, LGZ, XMP, from_meter, interpreter, push, read
from tests.support.recognised import STRANGE
from tests.support.simulated import LISTS
from tests.support.telegrams import (
    NOON,
    ZONE,
    decode,
    household,
    notification,
    registers,
    telegrams,
)

MAKERS = {"kaifa": "Kaifa", "sagemcom": "Sagemcom", "e450": "Landis+Gyr"}


# --- Which meter it is ---


@pytest.mark.parametrize(("family", "variant"), LISTS)
def test_every_list_is_recognised_by_what_it_holds(family: str, variant: str) -> None:
    telegram = read(*from_meter(family, variant))
    assert telegram.fault is None
    assert telegram.note is None
    assert telegram.profile is profile_files.load()[family]
    assert telegram.manufacturer == MAKERS[family]
    assert telegram.model
    assert telegram.reading is not None
    meter = telegram.reading.meter
    assert (meter.type, meter.manufacturer) == (family, MAKERS[family])
    assert meter.model == telegram.model


@pytest.mark.parametrize(("family", "variant"), LISTS)
def test_the_right_type_chosen_changes_nothing(family: str, variant: str) -> None:
    plaintext, title = from_meter(family, variant)
    chosen = read(plaintext, title, meter_type=family)
    assert chosen == read(plaintext, title)._replace(push=chosen.push)
    assert chosen.reading is not None


@pytest.mark.parametrize(("family", "variant"), LISTS)
@pytest.mark.parametrize("chosen", ["kaifa", "sagemcom", "e450", "dsmr"])
def test_a_telegram_that_contradicts_the_chosen_type_is_told_and_not_read(
    family: str, variant: str, chosen: str
) -> None:
    if chosen == family:
        return
    telegram = read(*from_meter(family, variant), meter_type=chosen)
    assert telegram.reading is None
    assert telegram.registers is None
    assert telegram.unknown == ()
    assert telegram.fault is not None
    assert (telegram.fault.kind, telegram.fault.layer) == (Kind.OTHER_METER, "meter")
    assert telegram.fault.offset == 5
    assert MAKERS[family] in str(telegram.fault.reason)
    assert f"meter_type is {chosen}" in str(telegram.fault.reason)


def test_a_telegram_that_does_not_contradict_the_chosen_type_is_read() -> None:
    """A meter that does not encipher sends no system title, which would name its maker."""
    meter = meters.build("kaifa", "netznoe", encrypted=False)
    (telegram,) = telegrams(decode([meter.telegram(household(meter)).data], Keys(), "kaifa"))
    assert telegram.fault is None
    assert telegram.reading is not None


def test_a_list_that_the_chosen_type_does_not_send_is_told() -> None:
    plaintext = notification(axdr.uint16(236), axdr.uint16(237))
    telegram = read(plaintext, LGZ, meter_type="e450")
    assert telegram.fault is not None
    assert telegram.fault.kind is Kind.UNKNOWN_LIST
    assert "e450" in str(telegram.fault.reason)
    assert [item.value for item in telegram.unknown] == [236, 237]


def test_a_list_that_no_profile_knows_is_handed_on_as_it_is() -> None:
    plaintext = notification(axdr.uint16(236), axdr.octet_string(b"30100007"))
    telegram = read(plaintext, LGZ)
    assert telegram.fault == Fault(Kind.UNKNOWN_LIST, "list", 5, Sentence("telegram.list_unknown"))
    assert [item.value for item in telegram.unknown] == [236, b"30100007"]
    assert telegram.reading is None
    assert telegram.registers is None
    assert telegram.profile is None


def test_a_positional_list_of_another_maker_is_not_believed() -> None:
    plaintext, _ = from_meter("e450", "burgenland")
    telegram = read(plaintext, KAM)
    assert telegram.fault is not None
    assert telegram.fault.kind is Kind.UNKNOWN_LIST


def test_a_meter_that_says_all_by_itself_needs_no_profile() -> None:
    telegram = read(notification(VOLTAGE), XMP)
    assert telegram.fault is None
    assert telegram.profile is not None
    assert telegram.profile.type == GENERIC
    assert telegram.reading is not None
    assert telegram.reading.meter.manufacturer == "XMP"
    assert telegram.reading.values == {"voltage_l1": Decimal("233.7")}


def test_the_maker_of_such_a_meter_is_shown_as_well_as_it_is_known() -> None:
    for title, name in ((b"XYZ12345", "XYZ"), (b"EGM12345", "Elgama"), (None, "unknown maker")):
        assert read(notification(VOLTAGE), title, address="").manufacturer == name


def test_a_meter_that_does_not_say_its_units_needs_a_profile_to_give_readings() -> None:
    telegram = read(notification(pair("1-0:32.7.0", axdr.uint16(2337))), XMP)
    assert telegram.fault is None
    assert registers(telegram) == {"1-0:32.7.0": (2337, "")}
    assert telegram.reading is None


# --- Identity ---


def test_the_meter_is_named_by_its_number() -> None:
    telegram = read(*from_meter("kaifa", "tinetz"))
    assert telegram.reading is not None
    assert telegram.number == "1KFM0201234567"
    assert telegram.reading.meter == Meter(
        id="1kfm0201234567",
        number="1KFM0201234567",
        type="kaifa",
        manufacturer="Kaifa",
        model="MA309",
        system_title="4b464d102012d687",
    )


def test_a_meter_without_number_is_named_by_its_system_title() -> None:
    telegram = read(*from_meter("e450", "steiermark"))
    assert telegram.number is None
    assert telegram.reading is not None
    assert telegram.reading.meter.id == LGZ.hex()
    assert telegram.reading.meter.number is None


# --- Values ---


def test_an_angle_of_400_is_a_register_and_no_reading() -> None:
    angles = {"81.7.40": None, "81.7.51": Decimal(53), "81.7.62": Decimal(0)}
    telegram = read(*from_meter("e450", "burgenland", angles))
    shown = registers(telegram)
    assert shown["1-0:81.7.40"] == (400, "deg")
    assert shown["1-0:81.7.51"] == (53, "deg")
    assert telegram.reading is not None
    assert "phase_angle_l1" not in telegram.reading.values
    assert telegram.reading.unknown == {"phase_angle_l1"}
    assert telegram.reading.values["phase_angle_l2"] == 53
    assert telegram.reading.values["phase_angle_l3"] == 0


def test_400_is_a_value_like_others_where_it_does_not_say_absent() -> None:
    values = {"1.7.0": Decimal(400), "32.7.0": Decimal(400)}
    telegram = read(*from_meter("e450", "burgenland", values))
    assert telegram.reading is not None
    assert telegram.reading.values["power_import"] == 400
    assert telegram.reading.values["voltage_l1"] == 400


def test_a_value_that_is_not_sent_is_neither_register_nor_reading() -> None:
    telegram = read(notification(VOLTAGE, scaled("1-0:52.7.0", Node(Type.NULL), -1, 35)), KAM)
    assert registers(telegram) == {"1-0:32.7.0": (Decimal("233.7"), "V")}
    assert telegram.reading is not None
    assert telegram.reading.values == {"voltage_l1": Decimal("233.7")}


def test_no_value_is_made_up_for_what_a_list_does_not_hold() -> None:
    telegram = read(*from_meter("e450", "wien"))
    assert telegram.reading is not None
    assert set(telegram.reading.values) == {
        *("energy_import", "energy_export", "reactive_energy_import", "reactive_energy_export"),
        *("power_import", "power_export", "power"),
        *("reactive_power_import", "reactive_power_export"),
    }


@pytest.mark.parametrize(("taken", "given"), [(321, 0), (0, 4500), (0, 0)])
def test_power_is_what_is_taken_less_what_is_given(taken: int, given: int) -> None:
    values = {"1.7.0": Decimal(taken), "2.7.0": Decimal(given)}
    telegram = read(*from_meter("kaifa", "netznoe", values))
    assert telegram.reading is not None
    assert telegram.reading.values["power"] == taken - given
    assert "1-0:16.7.0" not in registers(telegram)


def test_power_that_the_meter_sends_itself_counts() -> None:
    telegram = read(
        notification(
            scaled("1-0:1.7.0", axdr.uint32(500), 0, 27),
            scaled("1-0:2.7.0", axdr.uint32(100), 0, 27),
            scaled("1-0:16.7.0", Node(Type.INT32, -7), 0, 27),
        ),
        KAM,
    )
    assert telegram.reading is not None
    assert telegram.reading.values["power"] == -7


def test_power_is_not_known_when_one_direction_is_not_sent() -> None:
    telegram = read(notification(scaled("1-0:1.7.0", axdr.uint32(500), 0, 27)), KAM)
    assert telegram.reading is not None
    assert telegram.reading.values == {"power_import": 500}


def test_readings_are_in_the_units_of_a_household() -> None:
    telegram = read(*from_meter("kaifa", "netznoe", {"1.8.0": Decimal(4408736)}))
    assert registers(telegram)["1-0:1.8.0"] == (4408736, "Wh")
    assert telegram.reading is not None
    assert telegram.reading.values["energy_import"] == Decimal("4408.736")


def test_registers_without_scale_get_that_of_the_family() -> None:
    plaintext = notification(
        pair("1-0:32.7.0", axdr.uint16(234)),
        pair("1-0:31.7.0", axdr.uint16(52)),
        pair("1-0:13.7.0", axdr.uint16(941)),
        pair("1-1:1.8.0", axdr.uint32(886977)),
    )
    assert registers(read(plaintext, LGZ)) == {
        "1-0:32.7.0": (234, "V"),
        "1-0:31.7.0": (Decimal("0.52"), "A"),
        "1-0:13.7.0": (Decimal("0.941"), ""),
        "1-1:1.8.0": (886977, "Wh"),
    }


def test_registers_without_scale_that_the_family_does_not_know_are_no_readings() -> None:
    plaintext = notification(
        pair("1-0:14.7.0", axdr.uint16(4998)), pair("1-0:1.7.0", axdr.uint16(52))
    )
    telegram = read(plaintext, KFM)
    assert registers(telegram) == {"1-0:14.7.0": (4998, ""), "1-0:1.7.0": (52, "W")}
    assert telegram.reading is not None
    assert telegram.reading.values == {"power_import": 52}


def test_a_power_factor_without_scale_is_no_reading() -> None:
    for value in (1, 1000):
        telegram = read(notification(pair("1-0:13.7.0", axdr.uint16(value)), VOLTAGE), KFM)
        assert telegram.reading is not None
        assert telegram.reading.values == {"voltage_l1": Decimal("233.7")}


def test_a_scaler_counts_even_when_the_unit_is_unknown() -> None:
    telegram = read(notification(scaled("1-0:1.8.0", axdr.uint32(5), 3, 99)), KFM)
    assert telegram.reading is None or telegram.reading.values["energy_import"] == 5


def test_the_first_of_two_registers_for_one_reading_counts() -> None:
    plaintext = notification(
        scaled("1-0:1.8.0", axdr.uint32(1000), 0, 30),
        scaled("1-1:1.8.0", axdr.uint32(2000), 0, 30),
    )
    telegram = read(plaintext, KAM)
    assert registers(telegram) == {"1-0:1.8.0": (1000, "Wh"), "1-1:1.8.0": (2000, "Wh")}
    assert telegram.reading is not None
    assert telegram.reading.values == {"energy_import": 1}


def test_the_first_of_two_values_for_one_register_counts() -> None:
    plaintext = notification(
        scaled("1-0:1.8.0", axdr.uint32(1000), 0, 30),
        scaled("1-0:1.8.0", axdr.uint32(2000), 0, 30),
    )
    assert registers(read(plaintext, KAM)) == {"1-0:1.8.0": (1000, "Wh")}


def test_texts_and_lists_are_registers() -> None:
    plaintext = notification(
        VOLTAGE,
        pair("0-0:96.13.0", axdr.octet_string(b"\xff\x00")),
        pair("0-0:96.3.10", Node(Type.BOOLEAN, value=True)),
        pair("0-0:96.5.4", axdr.structure(axdr.uint16(1), axdr.octet_string(b"a"))),
    )
    assert registers(read(plaintext, KAM)) == {
        "1-0:32.7.0": (Decimal("233.7"), "V"),
        "0-0:96.13.0": ("FF00", ""),
        "0-0:96.3.10": (True, ""),
        "0-0:96.5.4": ('[1, "a"]', ""),
    }


def test_a_list_that_holds_no_reading_gives_none() -> None:
    plaintext = notification(scaled("0-1:24.2.1", axdr.uint32(7), 0, 13))
    telegram = read(plaintext, KAM)
    assert telegram.fault is None
    assert telegram.reading is None
    assert registers(telegram) == {"0-1:24.2.1": (7, "m3")}


# --- Text ---

P1 = [
    "0-0:1.0.0(260701120005S)",
    "0-0:96.1.1(4B384547303034303436333935353037)",
    "1-0:1.8.1(004426.123*kWh)",
    "1-0:1.7.0(01.234*kW)",
    "1-0:2.7.0(00.000*kW)",
    "1-0:32.7.0(229.1*V)",
    "0-0:96.14.0(0002)",
]


def text(identification: str, lines: Sequence[str] = P1, meter_type: str = AUTO) -> Telegram:
    whole = "\r\n".join((f"/{identification}" if identification else "", "", *lines, "!"))
    content = whole.encode("ascii")
    return interpreter(meter_type).read(Push(Frame("p1", 5, content), None, content, is_text=True))


@pytest.mark.parametrize("meter_type", [AUTO, "dsmr", "dsmr2"])
def test_text_says_what_its_lines_say(meter_type: str) -> None:
    telegram = text("ISK5\\2MT382-1000", meter_type=meter_type)
    assert telegram.fault is None
    assert telegram.timestamp == NOON
    assert telegram.manufacturer == "Iskraemeco"
    assert telegram.reading is not None
    meter = telegram.reading.meter
    assert meter.type == ("dsmr" if meter_type == AUTO else meter_type)
    assert (meter.id, meter.number) == ("k8eg004046395507", "K8EG004046395507")
    assert meter.system_title is None
    assert telegram.number == "4B384547303034303436333935353037"  # as it is sent
    assert telegram.reading.values == {
        "energy_import_tariff_1": Decimal("4426.123"),
        "power_import": 1234,
        "power_export": 0,
        "power": 1234,
        "voltage_l1": Decimal("229.1"),
        "active_tariff": 2,
    }
    assert registers(telegram)["0-0:96.14.0"] == ("0002", "")
    assert registers(telegram)["0-0:1.0.0"] == (NOON.astimezone(ZONE).isoformat(), "")


@pytest.mark.parametrize(
    ("identification", "unit", "key", "amperes"),
    [
        ("FLU5\\253769484_A", "A", "current_limit_l1", 25),
        ("AUX59900000017", "A", "current_limit_l1", 25),
        ("ESO5\\\\253000000_A", "A", "current_l1_average", 25),
        ("ESO5\\\\253000000_A", "kA", "current_l1_average", 25000),
        ("XMX5LG", "kA", "current_l1_average", 25000),
    ],
)
def test_the_code_of_a_fuse_is_an_average_in_lithuania(
    identification: str, unit: str, key: str, amperes: int
) -> None:
    reading = text(identification, [*P1, f"1-0:31.4.0(025*{unit})"]).reading
    assert reading is not None
    assert reading.values[key] == amperes
    assert not {"current_limit_l1", "current_l1_average"} - {key} & reading.values.keys()


def test_a_fuse_without_a_limit_is_unknown() -> None:
    reading = text("FLU5", [*P1, "1-0:31.4.0(999*A)", "0-0:17.0.0(999.9*kW)"]).reading
    assert reading is not None
    assert reading.unknown == {"current_limit_l1", "power_limit"}


def test_text_that_counts_by_tariff_only_has_a_total_that_is_marked() -> None:
    reading = text("FLU5", [*P1, "1-0:1.8.2(000001.001*kWh)"]).reading
    assert reading is not None
    assert reading.values["energy_import"] == Decimal("4427.124")
    formula = "energy_import_tariff_1 + energy_import_tariff_2"
    assert reading.derived["energy_import"] == formula


def test_the_state_of_a_text_without_a_checksum_is_confirmed_by_the_next_one() -> None:
    """Until then it is left out. Of one with a checksum it is taken at once."""

    def tariffs(checksum: int) -> list[object]:
        one = interpreter(AUTO)
        found: list[object] = []
        for tariff in (2, 1, 1, 3, 1):
            lines = ["1-0:1.7.0(01.234*kW)", f"0-0:96.14.0(000{tariff})"]
            content = "\r\n".join(("/XMX2", "", *lines, "!")).encode()
            reading = one.read(
                Push(Frame("p1", 5, content, checksum=checksum), None, content, is_text=True)
            ).reading
            found.append(reading and reading.values.get("active_tariff"))
        return found

    assert tariffs(checksum=0) == [2, None, 1, None, 1]
    assert tariffs(checksum=16) == [2, 1, 1, 3, 1]


def test_a_list_that_says_nothing_but_states_is_a_reading() -> None:
    telegram = read(notification(pair("0-0:96.3.10", Node(Type.BOOLEAN, value=True))), KAM)
    assert telegram.reading is not None
    assert telegram.reading.values == {"breaker": "connected"}


def test_text_names_its_model_by_its_identification() -> None:
    telegram = text("EST5\\253710000_A")
    assert (telegram.manufacturer, telegram.model) == ("Sagemcom", "T210-D-r")
    assert telegram.profile is profile_files.load()["sagemcom-p1"]


def test_text_of_a_type_other_than_the_chosen_one_is_told_and_not_read() -> None:
    telegram = text("ISK5\\2MT382-1000", meter_type="kaifa")
    assert telegram.reading is None
    assert telegram.fault is not None
    assert (telegram.fault.kind, telegram.fault.layer) == (Kind.OTHER_METER, "meter")
    assert "comes from an Iskraemeco meter, but meter_type is kaifa" in str(telegram.fault.reason)


def test_a_readout_without_identification_and_with_short_codes_is_read() -> None:
    lines = ["0.0.0(12345678)", "0.9.1(120005)", "0.9.2(260701)", "1.8.0(1234.567*kWh)"]
    telegram = text("", lines)
    assert telegram.fault is None
    assert telegram.timestamp == NOON
    assert telegram.reading is not None
    assert telegram.reading.meter.id == "12345678"
    assert telegram.reading.values == {"energy_import": Decimal("1234.567")}


def test_what_meters_behind_the_meter_say_is_not_its_own() -> None:
    gas = [
        "0-1:24.1.0(003)",
        "0-1:96.1.0(4730303533303033333738323839323137)",
        "0-1:24.2.1(260701110000S)(00107.123*m3)",
    ]
    telegram = text("XMX5LGBBFG1009394887", [*P1, *gas])
    assert telegram.reading is not None
    assert "gas" not in telegram.reading.values
    assert telegram.reading.timestamp == NOON
    (other,) = telegram.others
    assert other.meter.id == "g0053003378289217"
    assert other.values == {"gas": Decimal("107.123")}
    assert other.timestamp == NOON - timedelta(hours=1, seconds=5)


@given(st.text(alphabet="/!()*.:-0123456789SWkWhm3\r\n", max_size=200))
def test_any_text_is_read_without_an_error(content: str) -> None:
    raw = content.encode("ascii")
    interpreter().read(Push(Frame("p1", 0, raw), None, raw, is_text=True))


# --- What cannot be read ---


def test_a_fault_passes_through() -> None:
    fault = Fault(Kind.KEY_MISSING, "ciphering", 5, "no key is given")
    given = Push(Frame("hdlc", 5, b""), Security(LGZ, 0x30, 1, None), None, fault)
    assert interpreter().read(given) == Telegram(given, fault=fault)


def test_of_a_text_with_a_fault_no_value_is_read() -> None:
    raw = b"/KFM5KAIFA\r\n\r\n1-0:1.7.0(00.119*kW)\r\n!0000\r\n"
    fault = Fault(Kind.CHECKSUM_WRONG, "p1", 0, "its checksum is wrong")
    given = Push(Frame("p1", 0, raw), None, raw, fault, is_text=True)
    assert interpreter().read(given) == Telegram(given, fault=fault)


@pytest.mark.parametrize("body", [(), (axdr.structure(),), (Node(Type.NULL),)])
@pytest.mark.parametrize("meter_type", [AUTO, "kaifa"])
def test_a_list_of_nothing_is_not_known(body: tuple[Node, ...], meter_type: str) -> None:
    telegram = read(notification(*body), KFM, meter_type=meter_type)
    assert telegram.fault is not None
    assert telegram.fault.kind is Kind.UNKNOWN_LIST
    assert telegram.reading is None


def test_a_profile_is_compared_as_the_one_that_it_is() -> None:
    assert Profile("a", "b", "c") != Profile("a", "b", "c")


# --- Lists that are only described ---


def test_the_list_of_the_kaifa_meters_of_netz_burgenland_is_read() -> None:
    moment = clock.date_time(NOON.astimezone(ZONE))
    telegram = read(
        notification(
            axdr.octet_string(moment),
            axdr.octet_string(b"KFM1200200000017"),
            *(axdr.uint32(value) for value in (9_108_123, 45, 431, 0, 96, 9)),
        ),
        KFM,
    )
    assert telegram.fault is None
    assert telegram.profile is profile_files.load()["kaifa"]
    assert telegram.number == "KFM1200200000017"
    assert telegram.timestamp == NOON
    assert telegram.reading is not None
    assert telegram.reading.values == {
        "energy_import": Decimal("9108.123"),
        "energy_export": Decimal("0.045"),
        "power_import": 431,
        "power_export": 0,
        "power": 431,
        "reactive_energy_import": Decimal("0.096"),
        "reactive_energy_export": Decimal("0.009"),
    }


def test_a_zmf100_s_currents_are_read_though_their_codes_are_swapped() -> None:
    """By the dump: units are said, the codes of the currents begin with 06 09."""
    right = axdr.encode(scaled("1-0:31.7.0", axdr.uint16(52), -2, 33))
    swapped = right.replace(b"\x09\x06", b"\x06\x09", 1)
    body = axdr.Raw(b"\x02\x02" + axdr.encode(VOLTAGE) + swapped)
    telegram = read(axdr.data_notification(body, invoke_id=1), LGZ, address="")
    assert registers(telegram) == {
        "1-0:32.7.0": (Decimal("233.7"), "V"),
        "1-0:31.7.0": (Decimal("0.52"), "A"),
    }
    assert telegram.profile is profile_files.load()["zmf100"]


@pytest.mark.parametrize(
    ("family", "variant", "code"),
    [
        ("kaifa-nordic", "norway-13", "MA304H3E"),
        ("aidon", "norway", "6525"),
        ("aidon", "sweden", None),
        ("kaifa", "netznoe", None),
    ],
)
def test_the_makers_code_of_a_type_is_that_of_the_telegram(
    family: str, variant: str, code: str | None
) -> None:
    reading = read(*from_meter(family, variant)).reading
    assert reading is not None
    assert reading.type_code == code


# --- What one telegram tells of the next ones ---

NUMBERED = notification(pair("0-0:96.1.0", axdr.octet_string(b"56800003")), VOLTAGE)
THREE = {f"1-0:1.8.{n}": axdr.uint32(1000 * n) for n in (1, 2, 3)}


def tariffs(count: int) -> bytes:
    """Energies in Wh by the first tariffs."""
    return notification(*(scaled(*one, 0, 30) for one in [*THREE.items()][:count]))


def test_it_grows_when_the_same_telegram_is_read_in_another_way_from_now_on() -> None:
    lines = interpreter()
    revisions = [lines.revision]
    for plaintext in (NUMBERED, NUMBERED, tariffs(2), tariffs(2), tariffs(3), tariffs(3)):
        lines.read(push(plaintext, LGZ))
        revisions.append(lines.revision)
    steps = [later - earlier for earlier, later in pairwise(revisions)]
    assert steps == [1, 0, 1, 0, 1, 0]


def test_a_total_is_remembered_to_have_had_more_tariffs() -> None:
    lines = interpreter()
    found = [lines.read(push(tariffs(count), LGZ)).reading for count in (2, 3, 2, 3)]
    totals = [one.values.get("energy_import") if one else None for one in found]
    assert totals == [3, 6, None, 6]


def test_only_a_number_that_a_telegram_says_itself_keeps_the_meter_s_name() -> None:
    lines = interpreter()
    said, remembered = (
        lines.read(push(plaintext, LGZ)) for plaintext in (NUMBERED, notification(VOLTAGE))
    )
    assert (said.number, remembered.number) == ("56800003", "56800003")
    assert remembered.kept_id is None


def test_energies_that_are_not_published_for_long_are_told_of() -> None:
    """By the telegram's time, or by the computer's where it has none."""
    clock_of_computer = [NOON]
    units = EnergyUnits(kept={})
    one = Interpreter(
        profile_files.load(), AUTO, ZONE, energy_units=units, now=lambda: clock_of_computer[0]
    )
    telegram = one.read(push(*from_meter("kamstrup", "nordic-hourly")))
    assert telegram.timestamp
    assert one.withheld(telegram) == ()
    later = telegram._replace(timestamp=telegram.timestamp + timedelta(hours=3))
    (withheld,) = one.withheld(later)
    assert withheld.since == telegram.timestamp.timestamp()
    clock_of_computer[0] = telegram.timestamp + timedelta(hours=2)
    assert one.withheld(telegram._replace(timestamp=None)) == ()
    clock_of_computer[0] = telegram.timestamp + timedelta(hours=4)
    assert one.withheld(telegram._replace(timestamp=None)) == (withheld,)
    assert interpreter().withheld(later) == ()


def test_how_values_are_understood_is_told_with_the_first_telegram_only() -> None:
    lines = interpreter()
    volts = notification(pair("1-0:32.7.0", axdr.uint16(2337)))
    notes = [lines.read(push(volts, LGZ, STRANGE)).note for _ in range(3)]
    assert [note is not None for note in notes] == [True, False, False]


# --- What protects a telegram ---


@pytest.mark.parametrize(
    ("authenticated", "checksum", "parts", "protected"),
    [
        *((True, 0, 1, True), (True, 8, 2, True)),
        *((False, 8, 1, False), (None, 8, 1, False), (None, 16, 2, False)),
        *((False, 16, 1, True), (None, 16, 1, True)),
    ],
)
def test_a_verified_tag_or_a_checksum_of_16_bits_over_all_of_it_protects_a_telegram(
    checksum: int, parts: int, *, authenticated: bool | None, protected: bool
) -> None:
    frame = Frame("hdlc", 0, b"", checksum=checksum, parts=parts)
    assert _is_protected(Push(frame, Security(LGZ, 0x30, 1, authenticated), b"")) is protected
    assert _is_protected(Push(frame, None, b"")) is (checksum == 16 and parts == 1)
