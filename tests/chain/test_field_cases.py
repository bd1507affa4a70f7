"""Cases from the field are read right; each names where it was seen."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.support.field import Case, cases, differences, kinds

KINDS: Final[dict[str, Callable[[Case], list[str]]]] = {
    "p1-bytes": differences,
    "p1-equal-numbers": differences,
    "p1-gas-lines": differences,
    "p1-lf": differences,
    "p1-no-report": differences,
    "p1-short-crc": differences,
    "p1-units": differences,
    "p1-x25": differences,
    "p1-zero-crc": differences,
}
"""How each kind is tried: what tells in what a case is not as it should be."""

ELSEWHERE: Final = frozenset(("demand", "lists", "streams", "telnet"))
"""Files that test_field_demand, test_field_lists, line/test_field_streams and
transport/test_gateway_stream try."""

CASES: Final = [pytest.param(kind, case, id=case["id"]) for kind in KINDS for case in cases(kind)]


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_a_case_from_the_field_is_read_right(kind: str, case: Case) -> None:
    assert KINDS[kind](case) == []


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_a_case_from_the_field_says_where_it_was_seen(kind: str, case: Case) -> None:
    assert case["id"].startswith(kind)
    assert case["source"]


def test_every_kind_is_tried() -> None:
    assert kinds() == KINDS.keys() | ELSEWHERE
