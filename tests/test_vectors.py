"""Captures of real meters give exactly what they are known to say.

The shipped captures are those that may be passed on, see vectors/README.md. Others are taken from
the collection beside the project where that is there.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from telegrams import ZONE, decode, decoder, faults, registers, single_bytes, telegrams

from app.dlms.ciphering import Keys, parse_key
from app.fault import Fault, Kind
from app.meters import profile
from app.meters.interpreter import Telegram
from app.meters.profile import AUTO

Capture = dict[str, Any]
"""One entry of a collection; vectors/README.md describes its keys."""

CHOSEN = {
    "aidon": "aidon",
    "egd-cz": "xt211",
    "energomera": "energomera",
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
}
"""The meter type that a user would choose for a family."""

SPECIAL = {
    "p1-eon-hu": "sagemcom-p1",
    "p1-dsmr3": "dsmr2",
    "p1-esy-q3d": "q3d",
    "p1-isk-si-nocrc": "am550",
    "p1-kamstrup-se": "kamstrup",
    "p1-sag-t210dr-plain": "sagemcom-p1",
}
"""The meter type of captures whose family holds several makers' meters."""

VECTORS = Path(__file__).parent / "vectors"
REFERENCE = VECTORS.parents[2] / "shared" / "vectors" / "reference.json"

PROFILES = profile.load()
NOTHING_COMES_OUT = {"incomplete", "bad-frame", "undecodable"}
LINKS = {"raw-apdu": "raw", "p1-ascii": "p1", "p1-encrypted": "raw"}
WALL_CLOCK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")

without_reference = pytest.mark.skipif(
    not REFERENCE.exists(), reason="the reference captures are not beside the project"
)


def load(path: Path) -> list[Capture]:
    captures: list[Capture] = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    return captures


SHIPPED = load(VECTORS / "shippable.json")
CAPTURES = SHIPPED + (load(REFERENCE) if REFERENCE.exists() else [])
WITH_A_TYPE = [capture for capture in CAPTURES if capture["family"] in CHOSEN]


def by_id(captures: list[Capture]) -> pytest.MarkDecorator:
    """One test for each capture, and a skipped one that stands for those that are not there."""
    others = pytest.param({}, id="reference", marks=without_reference)
    parameters = [pytest.param(capture, id=capture["id"]) for capture in captures]
    return pytest.mark.parametrize(
        "capture", parameters if REFERENCE.exists() else [*parameters, others]
    )


def keys_of(capture: Capture) -> Keys:
    encryption, authentication = (
        parse_key(capture[name]) if capture[name] else None for name in ("key", "auth_key")
    )
    return Keys(encryption, authentication)


def chosen_for(capture: Capture) -> str:
    """The meter type that a user would choose."""
    return SPECIAL.get(capture["id"]) or CHOSEN[capture["family"]]


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


def expected_fault(said: Capture) -> Kind | None:
    """What has to be told: that a key is missing, or that nobody knows the list."""
    if said["status"] == "no-key":
        return Kind.KEY_MISSING
    return None if said["obis"] else Kind.UNKNOWN_LIST


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
    wrong = []
    if len(read) != expected["messages"]:
        wrong.append(f"{len(read)} telegrams, not {expected['messages']}")
    if bool(faults(events)) != bool(framing.get("gbt_lost_messages")):
        wrong.append(f"told are {[str(fault) for fault in faults(events)]}")
    for what, count in (("frames", one.frames), ("junk_bytes", one.junk)):
        if count != framing.get(what, count):
            wrong.append(f"{what} are {count}, not {framing[what]}")
    for telegram, said in zip(read, expected.get("all") or [expected], strict=False):
        wrong += compare(telegram, capture, said)
    return wrong


def compare(telegram: Telegram, capture: Capture, said: Capture) -> Iterator[str]:
    """Tell in what a telegram differs from what it is known to say."""
    push = telegram.push
    security = push.security
    found = {
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
        "fault": expected_fault(said),
        "registers": expected_registers(said),
        "timestamp": with_offset(said["timestamp"]),
        "meter_id": said["meter_id"],
        "authenticated": protected.get("tag_verifies"),
        "system_title": protected.get("system_title"),
        "invocation_counter": protected.get("invocation_counter"),
    }
    for name, value in wanted.items():
        if found[name] != value:
            yield f"{name}: {found[name]}, not {value}"


# --- The captures ---


@by_id(CAPTURES)
def test_a_capture_says_exactly_what_it_is_known_to_say(capture: Capture) -> None:
    assert differences(capture) == []


@by_id(WITH_A_TYPE)
def test_a_capture_says_the_same_when_its_meter_type_is_chosen(capture: Capture) -> None:
    assert differences(capture, chosen_for(capture)) == []


@by_id(WITH_A_TYPE)
def test_the_meter_type_that_a_user_would_choose_is_found_by_itself(capture: Capture) -> None:
    for meter_type in (AUTO, chosen_for(capture)):
        for telegram in telegrams(events_of(capture, meter_type)):
            assert telegram.fault or (
                telegram.profile and telegram.profile.type == chosen_for(capture)
            )


@by_id(WITH_A_TYPE)
def test_a_capture_says_nothing_when_a_type_of_another_maker_is_chosen(capture: Capture) -> None:
    """As far as it names its maker; the general P1 profiles take every maker's meters."""
    mine = PROFILES[chosen_for(capture)]
    for other in PROFILES.values():
        if other is mine or set(other.makers) & set(mine.makers):
            continue
        for telegram in telegrams(events_of(capture, other.type)):
            is_text = isinstance(telegram.push.content, bytes)
            if other.takes_any_p1 if is_text else telegram.push.security is None:
                continue
            assert telegram.fault is not None
            assert telegram.fault.kind in (Kind.OTHER_METER, Kind.KEY_MISSING)
            assert telegram.registers is None
            assert telegram.reading is None


@by_id(CAPTURES)
def test_a_capture_says_the_same_byte_by_byte(capture: Capture) -> None:
    assert differences(capture, piecemeal=True) == []


# --- The collection ---


def test_every_capture_is_compared() -> None:
    assert len(SHIPPED) == 22
    assert len(CAPTURES) == (81 if REFERENCE.exists() else 22)


def test_every_profile_that_calls_itself_verified_has_a_capture() -> None:
    """As far as the captures are there: families of which none may be passed on lack theirs."""
    if REFERENCE.exists():
        shown = {
            telegram.profile.type
            for capture in CAPTURES
            for telegram in telegrams(events_of(capture))
            if telegram.profile
        }
        assert shown == {one.type for one in PROFILES.values() if one.verified == "capture"}


def test_every_capture_has_a_name_of_its_own() -> None:
    names = [capture["id"] for capture in CAPTURES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("capture", SHIPPED, ids=lambda capture: capture["id"])
def test_a_shipped_capture_names_where_it_is_from_and_may_be_passed_on(capture: Capture) -> None:
    source = capture["source"]
    assert source["licence"] in ("MIT", "Apache-2.0")
    assert source["path"]
    assert source["commit"]
    assert f"github.com/{source['repo']}" in (VECTORS / "README.md").read_text("utf-8")
