import pytest

from app.line.wording import duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (2 * 3600 + 5 * 60 + 9, "2 h 5 min"),
        (86400, "1 d"),
        (86400 + 3599, "1 d"),
        (90 * 86400 + 7200, "90 d 2 h"),
    ],
)
def test_a_span_of_time_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
