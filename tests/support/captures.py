"""Captures of real meters, and in what the program reads them otherwise than they are known."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.dlms.ciphering import Keys, parse_key
from app.fault import Fault, Kind
from app.meters import profile_files
from app.meters.profile import AUTO
from app.meters.telegram import Telegram
from tests.support.telegrams import (
    ZONE,
    decode,
    decoder,
    faults,
    registers,
    single_bytes,
    telegrams,
)

Capture = dict[str, Any]
"""One entry of a collection; vectors/README.md describes its keys."""

VECTORS = Path(__file__).parents[1] / "vectors"
REFERENCE = VECTORS.parents[2] / "shared" / "vectors" / "reference.json"

PROFILES = profile_files.load()
NOTHING_COMES_OUT = {"incomplete", "bad-frame", "undecodable"}
LINKS = {"raw-apdu": "raw", "p1-ascii": "p1", "p1-encrypted": "raw"}
SCALERS = range(-3, 2)
WALL_CLOCK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")

REFERENCE_TYPES = {
    "aidon": "aidon",
    "iskra-am550-at": "am550",
    "iskra-am550-ch": "am550",
    "iskra-si-hr": "am550",
    "kaifa-at": "kaifa",
    "kaifa-nordic": "kaifa-nordic",
    "kamstrup": "kamstrup",
    "lg-e360": "e360",
    "lg-e450-at": "e450",
    "lg-e450-ch": "e450",
    "lg-e570": "e570",
    "p1-encrypted": "sagemcom-p1",
    "p1-plain": "dsmr",
    "sagemcom-at": "sagemcom",
    "siemens-im350": "im350",
    "siemens-td3511": "dsmr",
    "iskra-ie5-hr-33": "ie5",
    "p1-isk-si-nocrc": "am550",
    "p1-kamstrup-se": "kamstrup",
}
"""The meter type of captures of the collection beside the project, which does not say it.

By its own word for their family, or by the name of a capture whose family has several types.
"""


def load(path: Path) -> list[Capture]:
    captures: list[Capture] = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    return captures


def reference() -> list[Capture]:
    """Give the captures of the collection beside the project, with a meter type where one fits."""
    captures = load(REFERENCE) if REFERENCE.exists() else []
    for capture in captures:
        meter_type = REFERENCE_TYPES.get(capture["id"]) or REFERENCE_TYPES.get(capture["family"])
        if meter_type:
            capture["meter_type"] = meter_type
    return captures


SHIPPED = load(VECTORS / "shippable.json")
CAPTURES = SHIPPED + reference()
WITH_A_TYPE = [capture for capture in CAPTURES if "meter_type" in capture]


def keys_of(capture: Capture) -> Keys:
    encryption, authentication = (
        parse_key(capture[name]) if capture[name] else None for name in ("key", "auth_key")
    )
    return Keys(encryption, authentication)


def events_of(capture: Capture, meter_type: str = AUTO) -> list[Telegram | Fault]:
    """What comes out of a capture."""
    return decode([bytes.fromhex(capture["raw_hex"])], keys_of(capture), meter_type)


def with_offset(text: str | None) -> str | None:
    """A time as it has to be shown: one that the meter sends without offset is Austria's."""
    if text is None or not WALL_CLOCK.fullmatch(text):
        return text
    moment = datetime.fromisoformat(text).replace(tzinfo=ZONE)
    return moment.isoformat()


def expected_registers(expected: Capture) -> list[tuple[str, object, str]]:
    """Code, physical value and unit of each register, in order."""
    found = []
    for code, register in expected["obis"].items():
        physical = register.get("nominal", register)
        value = physical["value"]
        found.append(
            (code, with_offset(value) if isinstance(value, str) else value, physical["unit"])
        )
    return found


def expected_fault(capture: Capture, said: Capture) -> Kind | None:
    """What has to be told: that a key is missing, or that nobody knows the list."""
    if said["status"] == "no-key":
        return Kind.KEY_MISSING
    return None if said["obis"] or in_order_only(capture, said) else Kind.UNKNOWN_LIST


def in_order_only(capture: Capture, said: Capture) -> bool:
    """Tell whether the values are known, but not their codes: those of a list by position."""
    return not said["obis"] and "items" in said and "meter_type" in capture


def corrected(said: Capture, correction: Capture) -> Capture:
    """What a capture is known to say since it was recorded, see the collection's own README.

    Args:
        said: the capture's ``expected``, or one of its telegrams.
        correction: ``corrected`` of the capture: codes that nothing is known of any more.
    """
    gone = correction.get("without", ())
    return {**said, "obis": {c: r for c, r in said["obis"].items() if c not in gone}}


def differences(capture: Capture, meter_type: str = AUTO, *, piecemeal: bool = False) -> list[str]:
    """Tell in what a capture is not read as it should be."""
    one = decoder(keys_of(capture), meter_type)
    data = bytes.fromhex(capture["raw_hex"])
    chunks = single_bytes(data) if piecemeal else [data]
    events = [*(event for chunk in chunks for event in one.feed(chunk)), *one.finish()]
    expected = capture["expected"]
    read = telegrams(events)
    if expected["status"] in NOTHING_COMES_OUT:
        told = [] if faults(events) else ["nothing is told of what is wrong"]
        return [*(f"{telegram} came out" for telegram in read), *told]
    framing = expected["framing"]
    correction = capture.get("corrected", {})
    wrong = []
    if len(read) != expected["messages"]:
        wrong.append(f"{len(read)} telegrams, not {expected['messages']}")
    if bool(faults(events)) != bool(framing.get("gbt_lost_messages")):
        wrong.append(f"told are {[str(fault) for fault in faults(events)]}")
    for what, count in (("frames", one.frames), ("junk_bytes", one.junk)):
        if count != framing.get(what, count):
            wrong.append(f"{what} are {count}, not {framing[what]}")
    for telegram, said in zip(read, expected.get("all") or [expected], strict=False):
        wrong += compare(telegram, capture, corrected(said, correction))
        number, end = telegram.number, correction.get("meter_id_ends_with", "")
        if end and not (number and number.endswith(end)):
            wrong.append(f"meter_id: {number}, which does not end with {end}")
    return wrong


def numbers_in_order(telegram: Telegram, said: Capture) -> Iterator[str]:
    """Tell which numbers of a telegram are not those of the capture, apart from their scale."""
    found = [
        register.value
        for register in (telegram.registers or {}).values()
        if isinstance(register.value, (int, Decimal)) and not isinstance(register.value, bool)
    ]
    wanted = [item["value"] for item in said["items"] if isinstance(item["value"], int)]
    wanted = [value for value in wanted if not isinstance(value, bool)]
    remaining = iter(wanted)
    for value in found:
        # What a list leaves unnamed is passed over.
        if not any(Decimal(raw).scaleb(scaler) == value for raw in remaining for scaler in SCALERS):
            yield f"{value} is not among the numbers that are left of {wanted}"
    if not found:
        yield "no number is read"


def compare(telegram: Telegram, capture: Capture, said: Capture) -> Iterator[str]:
    """Tell in what a telegram differs from what it is known to say."""
    push = telegram.push
    security = push.security
    found: dict[str, Any] = {
        "link": push.frame.link,
        "encrypted": security is not None,
        "fault": telegram.fault.kind if telegram.fault else None,
        "registers": [(code, *register) for code, register in registers(telegram).items()],
        "timestamp": telegram.timestamp.isoformat() if telegram.timestamp else None,
        "meter_id": telegram.number,
        "authenticated": security.authenticated if security else None,
        "system_title": security.system_title.hex().upper() if security else None,
        "invocation_counter": security.invocation_counter if security else None,
    }
    protected = said.get("security") or {}
    wanted = {
        "link": LINKS.get(capture["link"], capture["link"]),
        "encrypted": capture["encrypted"],
        "fault": expected_fault(capture, said),
        "registers": expected_registers(said),
        "timestamp": with_offset(said["timestamp"]),
        "meter_id": said["meter_id"],
        "authenticated": protected.get("tag_verifies"),
        "system_title": protected.get("system_title"),
        "invocation_counter": protected.get("invocation_counter"),
    }
    unknown = set()
    if "meter_id_ends_with" in capture.get("corrected", {}):
        unknown = {"meter_id"}
    if in_order_only(capture, said):
        unknown = {"meter_id", "registers"}
        yield from numbers_in_order(telegram, said)
    if without := capture.get("corrected", {}).get("without"):
        left_out = [one for one in found["registers"] if one[0] in without]
        found["registers"] = [one for one in found["registers"] if one not in left_out]
    for name, value in wanted.items():
        if name not in unknown and found[name] != value:
            yield f"{name}: {found[name]}, not {value}"
