"""How spans of time read in a sentence."""

from itertools import pairwise
from typing import Final

_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def duration(seconds: float) -> str:
    """Give a span of time in the largest unit that it fills, and the one below: ``2 h 5 min``."""
    rest = round(seconds)
    for (size, name), (smaller, smaller_name) in pairwise(_UNITS):
        if rest >= size:
            count, rest = divmod(rest, size)
            below = rest // smaller
            return f"{count} {name} {below} {smaller_name}" if below else f"{count} {name}"
    return f"{rest} s"
