import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fleet import payload
from app.fleet.payload import PayloadError

TELEGRAM = bytes.fromhex("68FAFA6853FF000167DB084B464D10200204409F")


@pytest.mark.parametrize(
    "form",
    [
        TELEGRAM,
        TELEGRAM.hex().encode(),
        TELEGRAM.hex(" ").upper().encode() + b"\r\n",
        json.dumps({"data": TELEGRAM.hex()}).encode(),
        json.dumps({"data": TELEGRAM.hex(" "), "rssi": -70}).encode(),
    ],
)
def test_a_telegram_comes_as_bytes_as_hex_digits_and_in_json(form: bytes) -> None:
    assert payload.bytes_of(form) == TELEGRAM


def test_a_few_digits_are_a_piece_of_a_text() -> None:
    assert payload.bytes_of(b"1AC4\r\n") == b"1AC4\r\n"


@pytest.mark.parametrize(
    "form",
    [
        b"",
        b"{}",
        b"{",
        b'{"data": 5}',
        b'{"data": ""}',
        b'{"data": "6"}',
        b'{"data": "zz"}',
        b'{"data": "\xc3\xa4"}',
        b'{"data": ' + b"[" * 100_000,
        b"\x68" * (payload.MOST_BYTES + 1),
        b"68" * (payload.MOST_BYTES + 1),
        b"{" + b" " * 4 * payload.MOST_BYTES,
    ],
    ids=range(12),
)
def test_what_holds_no_bytes_is_refused(form: bytes) -> None:
    with pytest.raises(PayloadError):
        payload.bytes_of(form)


@given(st.binary() | st.binary().map(lambda data: b"{" + data))
def test_anything_is_read_or_refused(form: bytes) -> None:
    with suppress(PayloadError):
        assert payload.bytes_of(form)
