"""Telegrams as an interpreter gets them, and what it makes of them."""

from collections.abc import Mapping
from datetime import tzinfo
from decimal import Decimal

from app.dlms.receiver import Push, Security
from app.link.frame import Frame
from app.meters import profile_files
from app.meters.interpreter import Interpreter
from app.meters.profile import AUTO
from app.meters.telegram import Telegram
from simulator import meters
from simulator.household import Snapshot
from tests.support.telegrams import ZONE, household

LGZ = b"LGZ\x67\x70\x12\xd6\x87"
KFM = b"KFM\x67\x50\x00\x00\x09"
KAM = b"KAM\x01\x02\x03\x04\x05"
XMP = b"XMP\x01\x02\x03\x04\x05"


def interpreter(meter_type: str = AUTO, zone: tzinfo = ZONE) -> Interpreter:
    return Interpreter(profile_files.load(), meter_type, zone)


def push(
    plaintext: bytes, title: bytes | None = None, address: str = "ceff03", offset: int = 5
) -> Push:
    security = Security(title, 0x20, 1, None) if title else None
    return Push(Frame("hdlc", offset, plaintext, address), security, plaintext)


def read(
    plaintext: bytes, title: bytes | None = None, meter_type: str = AUTO, address: str = "ceff03"
) -> Telegram:
    return interpreter(meter_type).read(push(plaintext, title, address))


def from_meter(
    family: str, variant: str, values: Mapping[str, Decimal | None] | None = None
) -> tuple[bytes, bytes]:
    """The plaintext of a simulated meter and its system title."""
    meter = meters.build(family, variant)
    snapshot = household(meter)
    snapshot = Snapshot(snapshot.time, {**snapshot.values, **(values or {})})
    return meter.telegram(snapshot).plaintext, meter.identity.system_title
