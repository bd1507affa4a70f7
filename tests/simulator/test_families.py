"""The lists of the meter families, and the names that their meters get."""

import pytest

from simulator import meters
from simulator.household import Household
from tests.support.dissection import capture, said_by
from tests.support.simulated import NIGHT

LENGTHS: dict[tuple[str, str], tuple[list[int], str]] = {
    ("kaifa", "netznoe"): ([256, 26], "81f820"),
    ("kaifa", "netznoe-1ph"): ([256, 26], "81f820"),
    ("kaifa", "tinetz"): ([256, 120], "82015521"),
    ("kaifa", "tinetz-1ph"): ([256, 44], "82010921"),
    ("sagemcom", "netznoe"): ([256, 26], "81f820"),
    ("sagemcom", "netznoe-unsigned"): ([256, 26], "81f820"),
    ("sagemcom", "netznoe-wrapped"): ([263, 19], "81f820"),
    ("e450", "burgenland"): ([120], "5e30"),
    ("e450", "burgenland-11"): ([111], "5530"),
    ("e450", "steiermark"): ([141, 141, 50], "82010330"),
    ("e450", "steiermark-1ph"): ([141, 67], "819b30"),
    ("e450", "wien"): ([105], "4f20"),
    ("e450", "klagenfurt"): ([141, 141, 141, 122], "8201c530"),
    ("e450", "swiss"): ([134, 127, 140], ""),
    ("e570", "swiss"): ([138, 135, 135, 135, 79], "8201ff20"),
    ("e360", "swiss"): ([354], ""),
    ("e360", "text"): ([704], ""),
    ("zmf100", "denmark"): ([396], ""),
    ("am550", "wien"): ([105], "4f20"),
    ("am550", "kaernten"): ([121], "5f20"),
    ("am550", "slovenia"): ([131], ""),
    ("am550", "rows"): ([166, 166, 47], ""),
    ("im350", "wien"): ([125], "6120"),
    ("im350", "kaernten"): ([123], "5f20"),
    ("kamstrup", "denmark"): ([491], "8201d030"),
    ("kamstrup", "nordic"): ([228], ""),
    ("kamstrup", "nordic-hourly"): ([302], ""),
    ("kamstrup", "text"): ([700], ""),
    ("aidon", "norway-1ph"): ([212], ""),
    ("aidon", "sweden"): ([581], ""),
    ("kaifa-nordic", "norway-1"): ([41], ""),
    ("kaifa-nordic", "norway-13"): ([123], ""),
    ("sagemcom-p1", "styria"): ([511], "8201f230"),
    ("sagemcom-p1", "styria-plain"): ([481], ""),
}
"""What is seen on the wire: lengths of the frames, and how the ciphering begins."""


@pytest.mark.parametrize(("family", "variant"), LENGTHS)
def test_lists_have_the_lengths_seen_on_the_wire(family: str, variant: str) -> None:
    lengths, cipher = LENGTHS[family, variant]
    meter = meters.build(family, variant)
    household = Household(3, NIGHT, phases=meter.phases)

    telegram = meter.telegram(household.at(NIGHT))

    assert [len(segment) for segment in telegram.segments] == lengths
    if cipher:
        assert telegram.apdu[10 : 10 + len(cipher) // 2].hex() == cipher
    assert (meter.ciphering is None) == (not cipher)


@pytest.mark.parametrize(
    ("name", "family", "variant", "digits"),
    [
        ("kaifa-ma110-netznoe-doc", "kaifa", "netznoe-1ph", 7),
        ("kaifa-vkw-keyed", "kaifa", "tinetz", 8),
        ("kaifa-tinetz-doc-1ph", "kaifa", "tinetz-1ph", 8),
        ("lg-e450-gbt4-zero-key", "e450", "klagenfurt", 8),
    ],
)
def test_title_number_and_name_of_a_serial_number_match_real_meters(
    name: str, family: str, variant: str, digits: int
) -> None:
    _, identity = said_by(capture(name))
    serial = int(identity.number[-digits:])

    made = meters.build(family, variant, serial=serial).identity
    assert (made.system_title, made.number) == (identity.system_title, identity.number)
    assert identity.name in {"", made.name}
