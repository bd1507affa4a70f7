"""The name of a meter stays for as long as the meter lives."""

import pytest

from app.meters.limits import MOST_SENDERS
from app.meters.meter_ids import MeterIds


def test_without_a_memory_a_meter_is_named_by_its_number() -> None:
    ids = MeterIds()
    ids.remember("1KFM 02", "1kfm_02")
    assert ids.of("1KFM 02", before="LIST") == "1kfm_02"


def test_a_new_meter_is_named_by_its_number_and_a_known_one_as_it_was() -> None:
    kept: dict[str, str] = {}
    assert MeterIds(kept).of("0012", before=None) == "0012"
    MeterIds(kept).remember("0012", "of_old")
    assert kept == {"0012": "of_old"}
    assert MeterIds(kept).of("0012", before=None) == "of_old"


def test_a_meter_that_was_published_by_the_name_of_its_list_keeps_it() -> None:
    assert MeterIds({}).of("0012", before="LIST A") == "list_a"


@pytest.mark.parametrize(
    ("kept", "before"),
    [
        pytest.param({"0011": "list_a"}, "LIST A", id="name-of-another"),
        pytest.param({"0011": "0011"}, "0011", id="number-of-another"),
    ],
)
def test_a_second_meter_does_not_get_the_name_of_the_first(
    kept: dict[str, str], before: str
) -> None:
    assert MeterIds(kept).of("0012", before=before) == "0012"


def test_names_are_kept_of_as_many_meters_as_a_line_can_have() -> None:
    kept = {str(n): str(n) for n in range(MOST_SENDERS)}
    ids = MeterIds(kept)
    ids.remember("new", "new")
    ids.remember("0", "other")
    assert "new" not in kept
    assert kept["0"] == "other"


def test_a_meter_without_number_has_the_name_it_was_published_with() -> None:
    ids = MeterIds(nameless={"kaifa": "kaifa_cellar"})
    assert ids.without_number("kaifa") == "kaifa_cellar"
    assert ids.without_number("aidon") is None
    assert MeterIds().without_number("kaifa") is None
