"""How many examples hypothesis makes of a property, where a hundred are too many or too few."""

from hypothesis import settings


def of_hundred(many: int) -> int:
    """Give as many examples as a property has when others have a hundred.

    The default run has fewer than a hundred of each, see the profiles in tests/conftest.py.
    """
    return max(1, many * settings().max_examples // 100)
