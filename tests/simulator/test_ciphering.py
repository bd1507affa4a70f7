"""Ciphering, against captures and by the security control byte."""

import pytest

from simulator.ciphering import GENERAL_DED, Ciphering
from tests.support.captures import Capture
from tests.support.dissection import BY_ID, apdus, decipher


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(one, id=one["id"])
        for one in BY_ID.values()
        if one["key"] and one["expected"]["status"] == "ok"
    ],
)
def test_every_capture_with_a_key_is_ciphered_again_to_the_same_bytes(one: Capture) -> None:
    found = decipher(apdus(one)[0], bytes.fromhex(one["key"]))
    ciphering = Ciphering(
        bytes.fromhex(one["key"]),
        bytes.fromhex(one["auth_key"] or "00" * 16),
        authenticated=bool(found.control & 0x10),
        suite=found.control & 0x0F,
    )

    apdu = ciphering.protect(
        found.plaintext, system_title=found.system_title, counter=found.counter
    )

    if ciphering.authenticated and not one["expected"]["security"]["tag_verifies"]:
        assert apdu[:-12].hex() == found.apdu[:-12].hex()
        assert apdu[-12:] != found.apdu[-12:]
    else:
        assert apdu.hex() == found.apdu.hex()


def test_security_control_and_service_follow_the_ciphering() -> None:
    def head(ciphering: Ciphering) -> str:
        apdu = ciphering.protect(b"\x0f" * 20, system_title=b"METERS01", counter=7)
        return apdu[:1].hex() + apdu[10:16].hex()

    assert head(Ciphering()) == "db" + "19" + "20" + "00000007"
    assert head(Ciphering(suite=1)) == "db" + "19" + "21" + "00000007"
    assert head(Ciphering(authenticated=True)) == "db" + "25" + "30" + "00000007"
    assert head(Ciphering(service=GENERAL_DED)) == "dc" + "19" + "20" + "00000007"
