"""The data-notification around what a meter pushes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dlms import apdu, axdr
from app.dlms.apdu import DataNotification
from app.fault import DecodeError, Kind
from simulator import axdr as written
from simulator import clock
from tests.support.simulated import LISTS
from tests.support.telegrams import NOON, ZONE, telegram

TIME = clock.date_time(NOON.astimezone(ZONE))
BODY = written.structure(written.uint16(236), written.octet_string(b"30100007"))
READ: axdr.Data = (
    axdr.STRUCTURE,
    [(axdr.LONG_UNSIGNED, 236), (axdr.OCTET_STRING, b"30100007")],
)


@pytest.mark.parametrize(
    ("time", "tagged"), [(None, False), (TIME, False), (TIME, True)], ids=["none", "12", "tagged"]
)
def test_each_way_of_writing_the_time_is_read(*, time: bytes | None, tagged: bool) -> None:
    notification = written.data_notification(BODY, invoke_id=7, time=time, tagged=tagged)
    assert apdu.parse(notification) == DataNotification(7, time, READ)


@given(st.integers(0, 2**32 - 1))
def test_any_invoke_id_is_read(invoke_id: int) -> None:
    notification = written.data_notification(BODY, invoke_id=invoke_id, time=TIME)
    assert apdu.parse(notification).invoke_id == invoke_id


@pytest.mark.parametrize("content", ["", "00", "60", "C4", "DB", "E0", "2F"])
def test_another_apdu_is_not_supported(content: str) -> None:
    found = content or "nothing"
    with pytest.raises(DecodeError) as caught:
        apdu.parse(bytes.fromhex(content) + bytes(20 if content else 0))
    assert (caught.value.layer, caught.value.offset) == ("apdu", 0)
    assert str(caught.value.reason) == f"{found} stands where a data-notification (0F) should"
    assert caught.value.kind is Kind.UNSUPPORTED


@pytest.mark.parametrize("size", [1, 5, 9, 11, 13, 0x80, 0xFF])
def test_a_time_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(DecodeError) as caught:
        apdu.parse(bytes.fromhex("0F 00000001") + bytes((size,)) + bytes(300))
    assert (caught.value.layer, caught.value.offset) == ("apdu", 5)
    assert caught.value.kind is Kind.DAMAGED


@pytest.mark.parametrize(("family", "variant"), LISTS)
def test_every_beginning_of_a_notification_is_refused(family: str, variant: str) -> None:
    notification = telegram(family, variant).plaintext
    for kept in range(len(notification)):
        with pytest.raises(DecodeError):
            apdu.parse(notification[:kept])


def test_bytes_left_over_behind_the_body_are_refused() -> None:
    notification = written.data_notification(BODY, invoke_id=7)
    with pytest.raises(DecodeError) as caught:
        apdu.parse(notification + b"\0\0\0")
    assert (caught.value.layer, caught.value.offset) == ("a-xdr", len(notification))
    assert caught.value.reason == "3 bytes are left over behind the body"


def test_what_is_wrong_in_the_body_is_told_by_its_own_layer_and_place() -> None:
    with pytest.raises(DecodeError) as caught:
        apdu.parse(bytes.fromhex("0F 00000001 00 0201 63"))
    assert (caught.value.layer, caught.value.offset) == ("a-xdr", 8)
    assert caught.value.reason == "63 is no data type"


def test_attribute_descriptors_without_a_tag_are_read_where_nothing_else_fits() -> None:
    row = bytes.fromhex("0202 0003 0100010800FF 02 06 0000303B")
    notification = bytes.fromhex("0F 00000001 00 0201") + row
    described = (axdr.DESCRIPTOR, (3, bytes.fromhex("0100010800FF"), 2))
    value = (axdr.DOUBLE_LONG_UNSIGNED, 12347)
    body: axdr.Data = (axdr.STRUCTURE, [(axdr.STRUCTURE, [described, value])])
    assert apdu.parse(notification).body == body


@given(st.binary(max_size=80))
def test_random_bodies_are_read_or_refused(body: bytes) -> None:
    try:
        parsed = apdu.parse(bytes.fromhex("0F 00000001 00") + body)
    except DecodeError as error:
        assert error.layer == "a-xdr"  # noqa: PT017 -- only some of the bodies are wrong
    else:
        assert parsed.date_time is None


SWAPPED_ROW = bytes.fromhex("0203 0609 01001F0700FF 120034 0202 0FFE 1621")
"""A current as the Landis+Gyr ZMF100 sends it: length and tag of its code the wrong way round."""
RIGHT_ROW = SWAPPED_ROW.replace(b"\x06\x09", b"\x09\x06", 1)


def test_a_code_whose_tag_and_length_are_swapped_is_read_all_the_same() -> None:
    head = bytes.fromhex("0F 00000001 00")
    swapped = head + b"\x02\x02" + RIGHT_ROW + SWAPPED_ROW
    right = head + b"\x02\x02" + RIGHT_ROW + RIGHT_ROW
    assert apdu.parse(swapped).body == apdu.parse(right).body
    flat = head + SWAPPED_ROW
    assert apdu.parse(flat).body == apdu.parse(flat.replace(b"\x06\x09", b"\x09\x06")).body


def test_a_number_that_looks_like_a_swapped_code_stays_a_number_in_a_telegram_that_is_right() -> (
    None
):
    number = bytes.fromhex("06 0901001F")
    assert apdu.parse(bytes.fromhex("0F 00000001 00 0201") + number).body == (
        2,
        [(6, 0x0901001F)],
    )


def test_a_telegram_that_cannot_be_read_in_any_way_is_told_in_the_standard_s_words() -> None:
    with pytest.raises(DecodeError, match="07 is no data type"):
        apdu.parse(bytes.fromhex("0F 00000001 00 0203 0609 01001F0700FE 120034 00"))
