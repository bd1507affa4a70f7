import pytest

from app.language.counting import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 errors"), (1, "1 error"), (2, "2 errors"), (1234, "1,234 errors")]
)
def test_says_how_many_there_are(number: int, said: str) -> None:
    assert counted(number, "error") == said
