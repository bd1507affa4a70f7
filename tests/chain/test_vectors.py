"""Captures of real meters give exactly what they are known to say.

The shipped captures are those that may be passed on, see vectors/README.md. Others are taken from
the collection beside the project where that is there.
"""

import pytest

from app.fault import Kind
from app.meters.profile import AUTO
from tests.support.captures import (
    CAPTURES,
    PROFILES,
    REFERENCE,
    SHIPPED,
    VECTORS,
    WITH_A_TYPE,
    Capture,
    differences,
    events_of,
)
from tests.support.telegrams import (
    telegrams,
)

without_reference = pytest.mark.skipif(
    not REFERENCE.exists(), reason="the reference captures are not beside the project"
)


def by_id(captures: list[Capture]) -> pytest.MarkDecorator:
    """One test for each capture, and a skipped one that stands for those that are not there."""
    others = pytest.param({}, id="reference", marks=without_reference)
    parameters = [pytest.param(capture, id=capture["id"]) for capture in captures]
    return pytest.mark.parametrize(
        "capture", parameters if REFERENCE.exists() else [*parameters, others]
    )


# --- The captures ---


@by_id(CAPTURES)
def test_a_capture_decodes_to_its_expected_values(capture: Capture) -> None:
    assert differences(capture) == []


@by_id(WITH_A_TYPE)
def test_a_capture_decodes_to_the_same_with_its_meter_type_chosen(capture: Capture) -> None:
    assert differences(capture, capture["meter_type"]) == []


@by_id(WITH_A_TYPE)
def test_the_meter_type_of_a_capture_is_recognised(capture: Capture) -> None:
    for meter_type in (AUTO, capture["meter_type"]):
        for telegram in telegrams(events_of(capture, meter_type)):
            assert telegram.fault or (
                telegram.profile and telegram.profile.type == capture["meter_type"]
            )


@by_id(WITH_A_TYPE)
def test_a_capture_gives_no_reading_with_another_maker_s_type_chosen(capture: Capture) -> None:
    """As far as it names its maker; the general P1 profiles take every maker's meters."""
    mine = PROFILES[capture["meter_type"]]
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
def test_a_capture_decodes_to_the_same_byte_by_byte(capture: Capture) -> None:
    assert differences(capture, piecemeal=True) == []


# --- The collection ---


def test_there_are_captures_to_compare() -> None:
    assert SHIPPED
    assert (len(CAPTURES) > len(SHIPPED)) == REFERENCE.exists()


def test_every_shipped_capture_has_a_known_meter_type() -> None:
    assert {capture["meter_type"] for capture in SHIPPED} <= PROFILES.keys()


def test_the_profiles_verified_by_capture_have_one() -> None:
    """As far as the captures are there: families of which none may be passed on lack theirs."""
    if REFERENCE.exists():
        shown = {
            telegram.profile.type
            for capture in CAPTURES
            for telegram in telegrams(events_of(capture))
            if telegram.profile
        }
        assert shown == {one.type for one in PROFILES.values() if one.verified == "capture"}


def test_every_capture_has_its_own_id() -> None:
    names = [capture["id"] for capture in CAPTURES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("capture", SHIPPED, ids=lambda capture: capture["id"])
def test_a_shipped_capture_has_its_source_and_a_free_licence(capture: Capture) -> None:
    source = capture["source"]
    assert source["licence"] in ("MIT", "Apache-2.0")
    assert source["path"]
    assert source["commit"]
    assert f"github.com/{source['repo']}" in (VECTORS / "README.md").read_text("utf-8")
