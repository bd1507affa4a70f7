"""A check that a telegram fails."""

from typing import NamedTuple


class Violation(NamedTuple):
    """A check that a telegram fails.

    Args:
        check: its name in `checks.CHECKS`.
        sentence: for the log.
        detail: what of the telegram fails it: a reading key, a quantity, a law.
    """

    check: str
    sentence: str
    detail: str = ""

    @property
    def name(self) -> str:
        """Check and detail: what is counted for a sender, and relaxed."""
        return f"{self.check} {self.detail}".rstrip()
