"""Says how many there are of something, in English."""


def counted(number: int, what: str) -> str:
    """Return for example ``1 telegram`` or ``1,234 telegrams``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
