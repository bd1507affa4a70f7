"""Faults and decode errors have layer, place and reason."""

from app.fault import DecodeError, Fault, Kind


def test_the_text_of_a_fault_has_layer_place_and_reason() -> None:
    assert str(Fault(Kind.DAMAGED, "mbus", 17, "the checksum is wrong")) == (
        "mbus: byte 17: the checksum is wrong"
    )


def test_a_decode_error_has_layer_place_and_reason() -> None:
    error = DecodeError("a-xdr", 3, "63 is no data type")
    assert str(error) == "a-xdr: byte 3: 63 is no data type"
    assert (error.layer, error.offset, error.reason) == ("a-xdr", 3, "63 is no data type")
    assert error.kind is Kind.DAMAGED
    assert DecodeError("gbt", 0, "no", Kind.UNSUPPORTED).kind is Kind.UNSUPPORTED
