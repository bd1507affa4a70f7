"""Recordings are made anonymous: nothing of the meter's names is left, and all that it measured is.

What must not be left is written down here once more, by hand, so that a form that the program does
not know of is found.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.anonymous import AUTH_KEY, KEY, Anonymised, Anonymiser
from app.dlms.ciphering import Keys
from app.fault import Kind
from app.meters import identity, states
from app.meters.telegram import Telegram
from app.transport.recording import Chunk, Recording
from simulator import axdr, ciphering, links
from simulator.lists import obis_bytes
from tests.support import field
from tests.support.captures import CAPTURES, PROFILES, Capture, keys_of
from tests.support.examples import of_hundred
from tests.support.simulated import EVERY_LIST, SimulatedMeter
from tests.support.telegrams import decode, notification, telegrams

OWN = Keys(bytes(range(0x40, 0x50)), bytes(range(0x60, 0x70)))
MADE_UP = Keys(KEY, AUTH_KEY)
FEW = 15
SHORTEST = 6
"""Characters of a name; fewer are found in values by chance."""

VERSIONS = {(96, 1, 4), (96, 1, 7)}

every_list = pytest.mark.parametrize(("family", "variant"), EVERY_LIST)
serials = st.integers(1_000_000, 9_999_999).filter(lambda serial: len(set(str(serial))) > 4)
"""Of enough digits that they occur nowhere by chance."""


def meter(family: str, variant: str, serial: int = 7391846) -> SimulatedMeter:
    assert OWN.encryption
    assert OWN.authentication
    return SimulatedMeter(
        None, family, variant, key=OWN.encryption, auth_key=OWN.authentication, serial=serial
    )


def anonymise(recording: Recording, keys: Keys) -> Anonymised:
    return Anonymiser(keys, PROFILES).anonymise(recording)


def whole(data: bytes) -> tuple[Chunk, ...]:
    return (Chunk(0.0, data),) if data else ()


def bytes_of(result: Anonymised) -> bytes:
    return b"".join(chunk.data for chunk in result.recording)


def said(one: Telegram) -> dict[str, Any]:
    """What has to stay: all that a telegram says but whose it is."""
    numbers = {
        str(obis): (register.value, register.unit, register.at)
        for obis, register in (one.registers or {}).items()
        if isinstance(register.value, (Decimal, int)) and obis.cde not in {(0, 0, 0), (0, 0, 1)}
    }
    security = one.push.security
    return {
        "timestamp": one.timestamp,
        "registers": numbers,
        "codes": list(map(str, one.registers or {})),
        "readings": without_messages(one.reading.values) if one.reading else None,
        "others": [(other.timestamp, dict(other.values)) for other in one.others],
        "type": one.profile.type if one.profile else None,
        "named": (one.manufacturer, one.model),
        "ciphered": (security.security_control, security.invocation_counter, security.authenticated)
        if security
        else None,
        "fault": one.fault.kind if one.fault else None,
        "frame": one.push.frame._replace(payload=b""),
    }


def without_messages(values: Mapping[str, Any]) -> dict[str, Any]:
    """Readings but what the operator writes to the customer."""
    return {key: value for key, value in values.items() if key not in states.MESSAGES.values()}


def plain(one: Telegram) -> bytes:
    """What a telegram says once deciphered, byte for byte."""
    assert one.push.plaintext is not None
    return one.push.plaintext


def in_all_forms(serial: int, one: SimulatedMeter) -> Iterator[bytes]:
    """The names of a meter in each form that any of the families writes them in, and some more."""
    own = one.meter.identity
    behind = [other.number for other in one.telegram().truth.others]
    for text in filter(None, (own.number, own.name, f"{serial}", *behind)):
        yield text.encode()
        yield text.encode().hex().encode()
        yield text.encode().hex().upper().encode()
        yield text.encode()[::-1]
    for digits in (f"{serial:08d}", f"{serial}0", f"{serial}F"):
        yield bytes.fromhex(digits)
        yield bytes.fromhex(digits)[::-1]
    for size in (4, 8):
        yield serial.to_bytes(size, "big")
        yield serial.to_bytes(size, "little")
    if own.number.isdecimal() and int(own.number) < 1 << 32:
        yield int(own.number).to_bytes(4, "big")
    if own.system_title:
        yield own.system_title
        yield own.system_title.hex().encode()
        yield own.system_title.hex().upper().encode()
        yield own.system_title[-4:]


def assert_nothing_is_left(result: Anonymised, forms: Iterator[bytes]) -> None:
    data = bytes_of(result)
    texts = [data, *map(plain, telegrams(decode([data], MADE_UP)))]
    for form in forms:
        for text in texts:
            assert form not in text, form


# --- Every family ---


@every_list
@settings(max_examples=of_hundred(FEW))
@given(serial=serials, data=st.data())
def test_the_values_and_times_stay_and_the_names_do_not(
    family: str, variant: str, serial: int, data: st.DataObject
) -> None:
    one = meter(family, variant, serial)
    sent = b"".join(one.telegram().data for _ in range(3))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(sent) - 1), max_size=20)))
    pieces = [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    recording = tuple(Chunk(0.5 * place, piece) for place, piece in enumerate(pieces))
    result = anonymise(recording, OWN)
    assert (result.telegrams, result.left_out, result.bytes_left_out) == (3, {}, 0)
    assert [(chunk.seconds, len(chunk.data)) for chunk in result.recording] == [
        (chunk.seconds, len(chunk.data)) for chunk in recording
    ]
    before = telegrams(decode([sent], OWN))
    after = telegrams(decode([chunk.data for chunk in result.recording], MADE_UP))
    assert list(map(said, after)) == list(map(said, before))
    assert len({one.number for one in after}) == 1
    if before[0].number:
        assert after[0].number not in {None, before[0].number}
        assert len(str(after[0].number)) == len(before[0].number)
    assert_nothing_is_left(result, in_all_forms(serial, one))


@every_list
@settings(max_examples=of_hundred(FEW))
@given(data=st.data())
def test_what_is_damaged_is_left_out_and_never_passed_on(
    family: str, variant: str, data: st.DataObject
) -> None:
    """Whatever a byte is turned into, and whatever stands between telegrams."""
    serial = 7391846
    one = meter(family, variant, serial)
    name = (one.meter.identity.number or "x").encode()
    sent = bytearray(name + one.telegram().data + name + one.telegram().data + name)
    for _ in range(data.draw(st.integers(1, 4))):
        sent[data.draw(st.integers(0, len(sent) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        begin = data.draw(st.integers(0, len(sent) - 1))
        del sent[begin : begin + data.draw(st.integers(1, 30))]
    result = anonymise(whole(bytes(sent)), OWN)
    data_left = bytes_of(result)
    assert len(data_left) + result.bytes_left_out == len(sent)
    for form in in_all_forms(serial, one):
        if len(form) >= 6:  # four bytes may come about by damage
            assert form not in data_left


@every_list
def test_nothing_ciphered_is_passed_on_without_its_key(family: str, variant: str) -> None:
    one = meter(family, variant)
    sent = one.telegram()
    for keys in (Keys(), Keys(bytes(range(0x20, 0x30)))):
        result = anonymise(whole(sent.data), keys)
        ciphered = sent.truth.invocation_counter is not None
        assert (result.telegrams == 0, result.keyless == 1) == (ciphered, ciphered)
        assert (bytes_of(result) == b"") is ciphered


@every_list
def test_a_second_time_changes_no_value(family: str, variant: str) -> None:
    one = meter(family, variant)
    once = anonymise(whole(one.telegram().data), OWN)
    twice = anonymise(once.recording, MADE_UP)
    before, after = (
        list(map(said, telegrams(decode([bytes_of(result)], MADE_UP)))) for result in (once, twice)
    )
    assert before == after
    assert before


# --- Real meters ---


def keys_after(keys: Keys) -> Keys:
    """Those that an anonymous recording has where the meter's own were these."""
    return Keys(KEY, AUTH_KEY if keys.authentication else None)


def without_place(one: Telegram) -> dict[str, Any]:
    return {key: value for key, value in said(one).items() if key != "frame"}


def names_in(one: Telegram) -> Iterator[str]:
    """What a telegram says of whose it is, as text."""
    for obis, register in (one.registers or {}).items():
        if obis.cde[:2] in {(96, 1), (0, 0), (42, 0), (96, 13)} and obis.cde not in VERSIONS:
            yield str(register.value)
    yield one.number or ""
    yield from (other.meter.number or "" for other in one.others)
    if one.push.security:
        yield one.push.security.system_title.hex()


def in_any_form(name: str) -> Iterator[bytes]:
    """A name as characters, hex digits, decimal digits in halves, binary; each also backwards."""
    readable = identity.readable(name)
    for shown in {name, readable, re.sub(r"^.*\D", "", readable)}:
        digits = shown.lstrip("0")
        if len(digits) < SHORTEST or len(set(digits)) < 3:
            continue  # found by chance, or a number that is none, such as 0000000000
        characters = shown.encode()
        yield from (characters, characters.hex().encode(), characters.hex().upper().encode())
        yield characters[::-1]
        for padded in (shown, f"0{shown}", f"{shown}0", f"{shown}F"):
            try:
                packed = bytes.fromhex(padded)
            except ValueError:
                continue
            yield from (packed, packed[::-1])
        if digits.isdecimal() and int(digits) < 1 << 64:
            size = 4 if int(digits) < 1 << 32 else 8
            yield from (int(digits).to_bytes(size, "big"), int(digits).to_bytes(size, "little"))


def assert_only_names_change(data: bytes, keys: Keys) -> None:
    before = telegrams(decode([data], keys))
    result = anonymise(whole(data), keys)
    after = telegrams(decode([bytes_of(result)], keys_after(keys)))
    if any(one.fault and one.fault.kind is Kind.KEY_MISSING for one in before):
        assert not bytes_of(result)
        return
    assert list(map(without_place, after)) == list(map(without_place, before))
    texts = [bytes_of(result), *map(plain, after)]
    for one, new in zip(before, after, strict=True):
        assert new.number is None or new.number != one.number
        for form in (form for name in names_in(one) for form in in_any_form(name)):
            assert not any(form in text for text in texts), form
    # A meter is one meter, whichever of its lists says its number.
    pairs = {(one.number, new.number) for one, new in zip(before, after, strict=True)}
    assert len(pairs) == len({old for old, _ in pairs}) == len({new for _, new in pairs})


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture["id"])
def test_captures_of_real_meters(capture: Capture) -> None:
    assert_only_names_change(bytes.fromhex(capture["raw_hex"]), keys_of(capture))


@pytest.mark.parametrize("case", field.captured(), ids=lambda case: case["id"])
def test_cases_from_the_field(case: field.Case) -> None:
    assert_only_names_change(field.data_of(case), field.keys_of(case))


def test_a_meter_keeps_one_number_in_all_its_lists() -> None:
    """Iskraemeco's in Slovenia say the number alone, or behind the meter's model."""
    sent = b"".join(
        meter("am550", variant).telegram().data
        for variant in ("slovenia", "slovenia-4", "slovenia-12-energies", "slovenia")
    )
    read = telegrams(decode([bytes_of(anonymise(whole(sent), OWN))], MADE_UP))
    assert len(read) == 4
    assert len({one.number for one in read}) == 1


# --- What may stand in a telegram ---

TEXTS = [
    "0-0:1.0.0(260701120005S)",
    "0-0:96.1.1(4530303437303030303931383237333634)",
    "1-0:1.8.0(001234.567*kWh)",
    "1-0:1.6.0(260701100000S)(01.234*kW)",
    "0-0:96.7.21(00004)",
    "1-0:32.32.0(00002)",
    "0-0:96.13.0(486C6C6F2046726175204D75737465726D616E6E)",
    "0-0:96.13.1(Frau Mustermann)",
    "0-0:96.13.2(4711)",
    "0-0:200.1.0(Mustergasse 12)",
    "Mustergasse 12, 9182736",
    "0-1:24.1.0(003)",
    "0-1:96.1.0(4730303533303033333738323839323137)",
    "0-1:24.2.1(260701115500S)(00107.123*m3)",
]


def text_after(*lines: str) -> tuple[Anonymised, str]:
    result = anonymise(whole(links.p1("XMX5LGBBFG1009182736", list(lines))), Keys())
    (frame,) = telegrams(decode([bytes_of(result)]))
    return result, plain(frame).decode()


def test_a_text_keeps_its_values_and_loses_every_name() -> None:
    result, text = text_after(*TEXTS)
    assert (result.telegrams, result.left_out) == (1, {})
    for line in TEXTS:
        if line.endswith(("kWh)", "kW)", "m3)", "S)", "(00004)", "(00002)", "(003)")):
            assert line in text
    for name in (
        "Muster",
        "4711",
        "9182736",
        "4d7573746572",
        "39313832373336",
        "G0053003378289217",
    ):
        assert name.lower() not in text.lower()
        assert name.encode().hex() not in text.lower()
    assert text.startswith("/XMX5LGBBFG100")
    assert "xxxxxxxxxxx 00, 0000000" in text.lower()


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), min_size=6))
def test_no_customer_text_is_left(message: str) -> None:
    shown = message.translate(dict.fromkeys(map(ord, "()!/\\"), "-"))
    for written in (shown, shown.encode().hex()):
        result = anonymise(whole(links.p1("XMX5", [f"0-0:96.13.0({written})"])), Keys())
        if any(c.isalpha() for c in shown) and not set(shown) <= set("xX0 -"):
            assert shown.encode() not in bytes_of(result)
            assert shown.encode().hex().encode() not in bytes_of(result)


def row(code: str, value: axdr.Node) -> axdr.Node:
    return axdr.structure(axdr.octet_string(obis_bytes(code)), value)


TITLE = b"KFM\x67\x50\x91\x82\x73"


@pytest.mark.parametrize(
    ("value", "old"),
    [
        (row("0-0:96.1.0", axdr.octet_string(b"91827364")), b"91827364"),
        (row("0-0:96.1.0", axdr.visible_string("AB91827364")), b"91827364"),
        (row("0-0:96.1.0", axdr.octet_string(bytes.fromhex("91827364"))), b"\x91\x82\x73\x64"),
        (row("0-0:96.1.0", axdr.octet_string(b"91827364\0\0\0")), b"91827364"),
        (row("0-0:96.1.0", axdr.uint32(91827364)), (91827364).to_bytes(4, "big")),
        (row("0-0:96.1.1", axdr.octet_string(TITLE)), TITLE),
        (row("0-0:42.0.0", axdr.octet_string(TITLE.hex().encode())), TITLE.hex().encode()),
        (row("0-0:42.0.0", axdr.octet_string(b"LGZ1030691827364")), b"91827364"),
        (row("0-0:96.13.0", axdr.octet_string(b"Frau Mustermann")), b"Muster"),
        (row("0-0:96.13.0", axdr.visible_string("Frau Mustermann")), b"Muster"),
        (row("0-7:200.1.0", axdr.octet_string(b"\x91\x82\x73\x64\x55\x91")), b"\x91\x82\x73\x64"),
        (axdr.octet_string(b"91827364"), b"91827364"),
        (axdr.octet_string(b"Frau Mustermann"), b"Muster"),
        (axdr.structure(axdr.octet_string(b"91827364"), axdr.int8(1)), b"91827364"),
        (row("0-0:25.9.0", axdr.octet_string(b"91827364")), b"91827364"),
    ],
)
def test_names_go_wherever_they_stand_in_a_list(value: axdr.Body, old: bytes) -> None:
    energy = row("1-0:1.8.0", axdr.uint32(4408736))
    apdu = notification(value, energy, axdr.octet_string(b"KFM_001"))
    result = anonymise(whole(b"".join(links.Hdlc().frames(apdu))), Keys())
    assert (result.telegrams, result.left_out) == (1, {})
    (one,) = telegrams(decode([bytes_of(result)]))
    assert old not in plain(one)
    assert axdr.encode(energy) in plain(one)
    assert b"KFM_001" in plain(one)


def test_a_type_that_may_hide_a_number_is_refused() -> None:
    """Compact arrays and bit strings."""
    bits = axdr.Raw(b"\x04\x20\x91\x82\x73\x64")
    result = anonymise(whole(b"".join(links.Hdlc().frames(notification(bits)))), Keys())
    assert result.telegrams == 0
    assert list(result.left_out) == ["it holds a type of data that may hide a number"]


def test_a_name_that_hides_in_a_value_is_refused() -> None:
    """Nothing can be told from a number that is also what a register says."""
    apdu = notification(
        row("0-0:96.1.0", axdr.octet_string(b"91827364")), row("1-0:1.8.0", axdr.uint32(91827364))
    )
    result = anonymise(whole(b"".join(links.Hdlc().frames(apdu))), Keys())
    assert result.telegrams == 0
    assert bytes_of(result) == b""


def test_another_protocol_is_left_out() -> None:
    """An OMS record holds the meter's number in binary-coded decimals."""
    body = bytes.fromhex("53ff5b64738291") + b"\x2d\x4c\x01\x0e" + bytes(20)
    size = len(body)
    frame = bytes((0x68, size, size, 0x68, *body, sum(body) & 0xFF, 0x16))
    result = anonymise(whole(frame), Keys())
    assert (result.recording, result.bytes_left_out) == ((), len(frame))


@pytest.mark.parametrize("service", [ciphering.GENERAL_GLO, ciphering.GENERAL_DED])
@pytest.mark.parametrize("authenticated", [False, True])
@pytest.mark.parametrize("suite", [0, 1])
def test_ciphering_stays_as_it_was(*, service: int, authenticated: bool, suite: int) -> None:
    assert OWN.encryption
    assert OWN.authentication
    way = ciphering.Ciphering(OWN.encryption, OWN.authentication, authenticated, suite, service)
    text = notification(row("1-0:1.8.0", axdr.uint32(5)))
    apdu = way.protect(text, system_title=TITLE, counter=77)
    result = anonymise(whole(b"".join(links.MBus().frames(apdu))), OWN)
    (one,) = telegrams(decode([bytes_of(result)], MADE_UP))
    assert one.push.security
    assert one.push.security.invocation_counter == 77
    assert one.push.security.authenticated is (True if authenticated else None)
    assert one.push.security.system_title[:5] == TITLE[:5]
    assert plain(one) == text


def test_a_wrong_tag_is_left_out() -> None:
    assert OWN.encryption
    way = ciphering.Ciphering(OWN.encryption, bytes(16), authenticated=True)
    apdu = way.protect(
        notification(row("1-0:1.8.0", axdr.uint32(5))), system_title=TITLE, counter=1
    )
    result = anonymise(whole(b"".join(links.MBus().frames(apdu))), OWN)
    assert (result.telegrams, sum(result.left_out.values())) == (0, 1)


def test_several_meters_get_several_numbers() -> None:
    sent = b"".join(
        meter("kaifa", "netznoe", serial).telegram().data for serial in (7391846, 7391847, 7391846)
    )
    found = [
        one.number for one in telegrams(decode([bytes_of(anonymise(whole(sent), OWN))], MADE_UP))
    ]
    assert found[0] == found[2] != found[1]


def test_an_empty_recording_stays_empty() -> None:
    assert anonymise((), OWN) == Anonymised(())


@given(st.binary(max_size=400))
def test_any_bytes_are_left_out_or_made_anonymous(data: bytes) -> None:
    result = anonymise(whole(data), OWN)
    assert len(bytes_of(result)) + result.bytes_left_out == len(data)
