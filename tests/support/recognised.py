"""Telegrams as a recogniser gets them, and what it makes of them."""

from app.dlms import apdu
from app.dlms.axdr import Data
from app.meters import profile_files
from app.meters.profile import AUTO
from app.meters.recogniser import Recogniser, Understood, Unknown
from simulator import axdr
from simulator.meters import obis_bytes
from tests.support.telegrams import notification

LGZ = b"LGZ\x67\x70\x12\xd6\x87"
OTHER_LGZ = b"LGZ\x67\x70\x12\xd6\x88"
STRANGE = "ceff41"
"""Addresses that no profile names."""


def recogniser(meter_type: str = AUTO) -> Recogniser:
    return Recogniser(profile_files.load(), meter_type)


def understood(found: Understood | Unknown) -> Understood:
    assert isinstance(found, Understood)
    return found


def data(
    plaintext: bytes, title: bytes | None = LGZ, address: str = STRANGE, meter_type: str = AUTO
) -> Understood | Unknown:
    return recogniser(meter_type).data(apdu.parse(plaintext).body, title, address)


def believed(
    line: Recogniser, body: Data, title: bytes = LGZ, address: str = STRANGE
) -> Understood:
    """Recognise a telegram and believe what it decides."""
    found = understood(line.data(body, title, address))
    if found.evidence is not None:
        line.learn(found.evidence)
    return found


def pairs(**values: int) -> bytes:
    """Codes and values without scale: ``c31=52`` is 1-0:31.7.0."""
    return notification(
        *(
            axdr.structure(axdr.octet_string(obis_bytes(f"1-0:{name[1:]}.7.0")), axdr.uint32(value))
            for name, value in values.items()
        )
    )


def loads(power: int, current: int) -> Data:
    """A body whose currents are all there, and all but one nothing."""
    return apdu.parse(pairs(c1=power, c31=current, c51=0, c71=0)).body


def shown(found: Understood | Unknown) -> dict[str, tuple[object, str | None]]:
    return {str(item.obis): (item.value, item.unit) for item in found.items}
