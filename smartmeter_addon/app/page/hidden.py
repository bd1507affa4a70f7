"""What of a text is not for everybody in the house: secrets, and whose meter it is."""

import re
from collections.abc import Callable
from typing import Final

from app.language.catalogue import Text, in_language
from app.listen import masked
from app.meters.reading import Meter

_SHORTEST: Final = 5  # anything shorter identifies nobody
_MOST: Final = 64


class Hider:
    """Takes secrets out of texts, and shortens the numbers of meters that it knows.

    Args:
        redactor: takes the secrets out.
        language: that sentences are put into.
    """

    def __init__(self, redactor: Callable[[str], str], language: str) -> None:
        self.language = language
        self._redactor = redactor
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, *numbers: str | None) -> None:
        """Take numbers that identify a meter."""
        for number in numbers:
            if number and number not in self._known and len(number) >= _SHORTEST:
                self._take(number)

    def _take(self, number: str) -> None:
        if len(self._known) < _MOST:
            self._known.add(number)
            longest = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest)), re.IGNORECASE)

    def learn_meter(self, meter: Meter) -> None:
        """Take what identifies a meter."""
        self.learn(meter.number, meter.id, meter.system_title)

    def __call__(self, text: Text) -> str:
        """Give a text without them, in the language."""
        said = self._redactor(str(in_language(text, self.language)))
        return self._pattern.sub(lambda found: masked(found[0]), said) if self._pattern else said
