"""Telegrams of simulated meters, and what the program makes of them, for several test modules."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.fault import Fault
from app.link.frame import Frame
from app.meters import profile_files
from app.meters.profile import AUTO
from app.meters.telegram import Telegram
from simulator import axdr, clock, meters
from simulator.ciphering import AUTH_KEY, KEY
from simulator.household import Household, Snapshot

ZONE = clock.VIENNA
"""Where the meters stand; written out in the simulator, so that no zone database is needed."""

NOON = datetime(2026, 7, 1, 10, 0, 5, tzinfo=UTC)
"""Noon in Austria, in summer."""

UNKNOWN_LIST = bytes.fromhex("0001000100010012 0f00000001 00 0202 0a03616263 0a03646566")
"""Two texts that no profile knows, in a data-notification without ciphering."""

KEYS = Keys(KEY)
BOTH_KEYS = Keys(KEY, AUTH_KEY)


def household(meter: meters.Meter, moment: datetime = NOON, seed: int = 1) -> Snapshot:
    """What a household makes a meter measure."""
    return Household(seed, moment, phases=meter.phases).at(moment)


def telegram(family: str, variant: str | None = None, moment: datetime = NOON) -> meters.Telegram:
    """One telegram of a meter with its usual settings."""
    meter = meters.build(family, variant)
    return meter.telegram(household(meter, moment))


def notification(*elements: axdr.Body, time: bytes | None = None) -> bytes:
    """A data-notification whose body is a structure of these elements."""
    body = b"\x02" + axdr.ber_length(len(elements)) + b"".join(map(axdr.encode, elements))
    return axdr.data_notification(axdr.Raw(body), invoke_id=1, time=time)


def decoder(keys: Keys = BOTH_KEYS, meter_type: str = AUTO) -> Decoder:
    return Decoder(keys, profile_files.load(), ZONE, meter_type)


def decode(
    chunks: Iterable[bytes], keys: Keys = BOTH_KEYS, meter_type: str = AUTO
) -> list[Telegram | Fault]:
    """Everything that a decoder gives for a whole stream."""
    one = decoder(keys, meter_type)
    return [*(event for chunk in chunks for event in one.feed(chunk)), *one.finish()]


def telegrams(events: Iterable[Telegram | Fault]) -> list[Telegram]:
    return [event for event in events if isinstance(event, Telegram)]


def frames(events: Iterable[Frame | Fault]) -> list[Frame]:
    return [event for event in events if isinstance(event, Frame)]


def faults(events: Iterable[object]) -> list[Fault]:
    return [event for event in events if isinstance(event, Fault)]


def single_bytes(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


def registers(one: Telegram) -> dict[str, tuple[Decimal | int | str | bool, str]]:
    """The registers of a telegram by the text of their code, in order."""
    found = one.registers or {}
    return {str(obis): (register.value, register.unit) for obis, register in found.items()}


def expected_registers(truth: meters.Truth) -> dict[str, tuple[Decimal | str, str]]:
    """What the program must show: as sent, and a clock without offset with that of the zone."""
    shown = truth.timestamp.replace(tzinfo=None).isoformat()
    return {
        code: (truth.timestamp.isoformat() if value == shown else value, unit)
        for code, (value, unit) in truth.registers.items()
    }
