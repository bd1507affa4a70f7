"""What a meter says beside what it measures."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cosem.obis import UNSAID, Obis
from app.cosem.unit import Number
from app.meters import states
from app.meters.limits import MOST_SENDERS
from app.meters.sensors import SENSORS
from app.meters.telegram import Register


def read(
    code: str | Obis, value: Number | str, unit: str = "", *, is_p1: bool = True
) -> dict[str, object]:
    """Give the values that a register makes, with None for what is unknown."""
    obis = Obis.parse(code) if isinstance(code, str) else code
    found = states.read({obis: Register(value, unit)}, is_p1=is_p1)
    assert found.unknown <= SENSORS.keys()
    return {**found.values, **dict.fromkeys(found.unknown)}


def hex_of(text: str) -> str:
    return text.encode("latin-1").hex().upper()


@pytest.mark.parametrize(
    ("said", "tariff"),
    [
        *(("0001", 1), ("0002", 2), ("4", 4), ("TARIFF 1", 1), ("T2", 2), ("Tariff 03", 3)),
        *(("", None), ("0000", None), ("0005", None), ("0012", None), ("NIGHT", None)),
    ],
)
def test_the_tariff_in_use_is_a_number(said: str, tariff: int | None) -> None:
    assert read("0-0:96.14.0", said) == {"active_tariff": tariff}


def test_the_tariff_in_use_is_one_of_the_options() -> None:
    for option in SENSORS["active_tariff"].options:
        assert read("0-0:96.14.0", f"000{option}") == {"active_tariff": int(option)}


@pytest.mark.parametrize(
    ("said", "state"),
    [
        *(("0", "disconnected"), ("1", "connected"), ("2", "ready"), ("001", "connected")),
        *((0, "disconnected"), (1, "connected"), (2, "ready")),
        *(("ON", "connected"), ("off", "disconnected"), (True, "connected")),
        *((False, "disconnected"), ("", None), ("3", None), ("?", None)),
    ],
)
@pytest.mark.parametrize("code", ["0-0:96.3.10", "0-0:96.50.68"])
def test_the_breaker_is_in_one_of_three_states(
    code: str, said: str | int, state: str | None
) -> None:
    assert read(code, said) == {"breaker": state}
    assert state is None or state in SENSORS["breaker"].options


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_on_other_channels_it_is_a_relay(n: int) -> None:
    assert read(f"0-{n}:96.3.10", "1") == {f"relay_{n}": "ON"}
    assert read(f"0-{n}:96.3.10", 0) == {f"relay_{n}": "OFF"}
    assert read(f"0-{n}:96.3.10", "?") == {f"relay_{n}": None}


@pytest.mark.parametrize(
    ("value", "unit", "key", "watts"),
    [
        ("16.1", "kW", "power_limit", Decimal(16100)),
        ("24000", "W", "power_limit", Decimal(24000)),
        ("90.000", "kW", "power_limit", Decimal(90000)),
        ("77.376", "kVA", "apparent_power_limit", Decimal(77376)),
        ("16", "A", "current_limit", Decimal(16)),
        ("999.9", "kW", "power_limit", None),
        ("999", "kW", "power_limit", None),
        ("999000", "W", "power_limit", None),
        ("999.9", "kVA", "apparent_power_limit", None),
        ("999", "A", "current_limit", None),
        ("998.9", "kW", "power_limit", Decimal(998900)),
        ("1000", "kW", "power_limit", Decimal(1000000)),
        ("1000.5", "kW", "power_limit", Decimal(1000500)),
        ("999", "W", "power_limit", Decimal(999)),
    ],
)
def test_a_limit_is_of_what_its_unit_says_and_999_is_none(
    value: str, unit: str, key: str, watts: Decimal | None
) -> None:
    assert read("0-0:17.0.0", Decimal(value), unit) == {key: watts}


@pytest.mark.parametrize(("value", "unit"), [("0016", ""), (Decimal(16), ""), (Decimal(16), "kWh")])
def test_a_limit_of_no_known_unit_is_none(value: Number | str, unit: str) -> None:
    assert read("0-0:17.0.0", value, unit) == {}


@pytest.mark.parametrize(
    ("said", "limit"),
    [("(040*A)(-040*A)", 40), ("(63.5*A)(-20*A)", Decimal("63.5")), ("(999*A)(-040*A)", None)],
)
def test_of_a_limit_of_both_ways_import_counts(said: str, limit: Number | None) -> None:
    assert read("1-1:31.4.0", said) == {"current_limit": limit}


def test_a_limit_of_both_ways_may_be_one_number_or_none() -> None:
    assert read("1-1:31.4.0", 40, "A") == {"current_limit": 40}
    assert read("1-1:31.4.0", "(much)(little)") == {}


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("0-0:96.7.21", "power_failures"),
        ("0-0:96.7.9", "long_power_failures"),
        *((f"1-0:{12 + 20 * n}.32.0", f"voltage_sags_l{n}") for n in (1, 2, 3)),
        *((f"1-0:{12 + 20 * n}.36.0", f"voltage_swells_l{n}") for n in (1, 2, 3)),
    ],
)
def test_what_happened_is_counted(code: str, key: str) -> None:
    assert read(code, "00013") == {key: 13}
    assert read(code, "00000") == {key: 0}
    assert read(code, 7) == {key: 7}
    assert read(code, "") == {key: None}


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("0-0:96.13.0", "message"),
        *((f"0-0:96.13.{n}", f"message_{n}") for n in (2, 3, 4, 5)),
        ("0-0:96.13.1", "message_code"),
    ],
)
def test_a_message_is_hex_digits_of_its_characters(code: str, key: str) -> None:
    assert read(code, hex_of("Strom aus am 3.")) == {key: "Strom aus am 3."}
    assert read(code, hex_of("Zähler")) == {key: "Zähler"}
    assert read(code, hex_of("a\r\nb\x00\xff")) == {key: "a b"}
    assert read(code, "no digits") == {key: "no digits"}


@pytest.mark.parametrize("said", ["", "FF" * 1024, "ff", "00" * 40, "FF00", "F", "2020"])
def test_a_message_of_filling_is_none(said: str) -> None:
    assert read("0-0:96.13.0", said) == {"message": None}


def test_a_message_of_another_meter_is_in_characters() -> None:
    assert read("0-0:96.13.0", "1234", is_p1=False) == {"message": "1234"}
    assert read("0-0:96.13.0", "FFFFFFFF", is_p1=False) == {"message": None}


@given(st.text(st.characters(codec="ascii"), max_size=2000))
def test_no_state_is_longer_than_home_assistant_takes(text: str) -> None:
    for code in ("0-0:96.13.0", "0-0:97.97.0", "1-3:0.2.8"):
        for said in (text, hex_of(text)):
            for value in read(code, said).values():
                assert value is None or (isinstance(value, str) and 0 < len(value) <= 255)


@pytest.mark.parametrize(
    ("code", "said", "version"),
    [
        ("1-3:0.2.8", "50", "50"),
        ("0-0:96.1.4", "50217", "50217"),
        ("0-0:96.1.4", "3231313130", "21110"),
        ("1-3:0.2.8", "", None),
    ],
)
def test_the_version_of_the_standard_is_a_text(code: str, said: str, version: str | None) -> None:
    assert read(code, said) == {"p1_version": version}


def test_a_device_number_of_another_meter_is_no_version() -> None:
    assert read("0-0:96.1.4", "12345", is_p1=False) == {}


def test_the_error_register_is_shown_as_it_is_sent() -> None:
    assert read("0-0:97.97.0", "00000000") == {"error_register": "00000000"}


def test_the_first_of_two_codes_for_the_same_counts() -> None:
    breakers = {
        Obis.parse("0-0:96.50.68"): Register("?", ""),
        Obis.parse("0-0:96.3.10"): Register("1", ""),
    }
    assert states.read(breakers, is_p1=True) == ({"breaker": "connected"}, set())


@pytest.mark.parametrize(
    "code",
    ["0-1:96.14.0", "0-0:96.14.1", "0-5:96.3.10", "0-0:96.3.10*1", "1-0:1.8.0", "0-1:17.0.0"],
)
def test_nothing_is_read_of_other_codes(code: str) -> None:
    assert read(code, "1") == {}


def test_what_says_nothing_does_not_hide_what_stands_behind_it() -> None:
    said = {
        "0-0:96.3.10": Register("1", ""),
        "0-0:96.50.68": Register("0", ""),  # the breaker once more, which does not count
        "0-0:17.0.0": Register("much", ""),
        "0-0:96.14.0": Register("0002", ""),
    }
    registers = {Obis.parse(code): register for code, register in said.items()}
    found = states.read(registers, is_p1=True)
    assert found.values == {"breaker": "connected", "active_tariff": 2}


def test_codes_may_be_cut_short() -> None:
    assert read(Obis(UNSAID, UNSAID, 96, 14, 0), "0002") == {"active_tariff": 2}
    assert read(Obis(UNSAID, UNSAID, 96, 7, 21), "3") == {"power_failures": 3}


def states_of(**values: str | int | None) -> states.States:
    known: dict[str, states.State] = {key: one for key, one in values.items() if one is not None}
    return states.States(known, values.keys() - known.keys())


def test_without_protection_a_state_changes_once_two_telegrams_agree() -> None:
    unprotected = states.Unprotected()

    def told(said: states.States, sender: str = "m") -> states.States:
        agreed = unprotected.agreed(sender, said)
        unprotected.learn(sender, said)
        return agreed

    assert told(states_of(active_tariff=2, message=None)) == states_of(
        active_tariff=2, message=None
    )
    assert told(states_of(active_tariff=3, message="x")) == states_of()
    assert told(states_of(active_tariff=2, message=None)) == states_of(
        active_tariff=2, message=None
    )
    assert told(states_of(active_tariff=1, message=None)) == states_of(message=None)
    assert told(states_of(active_tariff=1, message="y")) == states_of(active_tariff=1)
    # Another list of the meter lies between.
    assert told(states_of(breaker="ready")) == states_of(breaker="ready")
    assert told(states_of(active_tariff=1)) == states_of(active_tariff=1)
    assert told(states_of(breaker="connected")) == states_of()
    assert told(states_of(active_tariff=2)) == states_of()
    assert told(states_of(breaker="connected")) == states_of(breaker="connected")
    assert told(states_of(active_tariff=4), sender="other") == states_of(active_tariff=4)


def test_states_of_as_many_senders_are_known_as_have_room() -> None:
    unprotected = states.Unprotected()
    for n in range(MOST_SENDERS):
        unprotected.learn(f"silent {n}", states_of())
    for n in range(MOST_SENDERS + 1):
        unprotected.learn(f"{n}", states_of(active_tariff=1))
    assert unprotected.of("0")
    assert not unprotected.of(f"{MOST_SENDERS}")
    unprotected.learn("0", states_of(active_tariff=2))
    assert unprotected.agreed("0", states_of(active_tariff=2)) == states_of(active_tariff=2)


def test_every_code_that_is_read_is_known_as_such() -> None:
    for code in ("0-0:96.14.0", "0-0:17.0.0", "0-0:96.13.5", "1-1:31.4.0", "1-0:52.32.0"):
        assert states.is_read(Obis.parse(code))
    for code in ("1-0:31.4.0", "1-0:1.8.0", "0-0:96.14.1"):
        assert not states.is_read(Obis.parse(code))
