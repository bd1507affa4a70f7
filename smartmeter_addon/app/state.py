"""What is to be known again after a restart, in one small file beside the options.

SD cards wear out by writing, so the file is written only when something in it changes, and as a
whole under another name first: whatever happens meanwhile, there is always one complete file.
"""

import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

RETRY_AFTER: Final = 60.0
"""Seconds after which writing is tried again where it failed, as soon as something is kept."""

_VERSION: Final = 1
_logger: Final = logging.getLogger(__name__)


class State:
    """Texts by section and key.

    Args:
        path: of the file; it need not exist. What cannot be read is forgotten, with a word in the
            log; what cannot be written is kept in memory, and written later.
        clock: a steady one, in seconds.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._retry_at = 0.0
        self._sections: dict[str, dict[str, str]] = {}
        self._complained = False
        with contextlib.suppress(FileNotFoundError):
            self._read()

    def get(self, section: str, key: str) -> str | None:
        """Give what was kept, None if nothing was."""
        return self._sections.get(section, {}).get(key)

    def section(self, section: str) -> dict[str, str]:
        """Give a copy of all that was kept in a section."""
        return dict(self._sections.get(section, {}))

    def set(self, section: str, key: str, value: str) -> None:
        """Keep a text; the file is written when it is news, or when that failed a while ago."""
        self.update(section, {key: value})

    def forget(self, section: str, key: str) -> None:
        """Keep a text no longer; the file is written when there was one."""
        if self._sections.get(section, {}).pop(key, None) is not None:
            self._write()

    def update(self, section: str, texts: Mapping[str, str]) -> None:
        """Keep several texts of a section; the file is written once, as by `set`."""
        kept = self._sections.setdefault(section, {})
        news = any(kept.get(key) != value for key, value in texts.items())
        kept.update(texts)
        if news or (self._complained and self._clock() >= self._retry_at):
            self._write()

    def _read(self) -> None:
        try:
            content = json.loads(self._path.read_text("utf-8"))
            sections = content["sections"] if content["version"] == _VERSION else {}
            self._sections = {
                str(section): {str(key): str(value) for key, value in kept.items()}
                for section, kept in sections.items()
            }
        except FileNotFoundError:
            raise
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            _logger.warning("%s cannot be read and is begun anew (%s)", self._path, error)

    def _write(self) -> None:
        new = self._path.with_suffix(".new")
        try:
            with new.open("w", encoding="utf-8") as file:
                json.dump({"version": _VERSION, "sections": self._sections}, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            if not self._complained:
                reason = (error.strerror or str(error)).lower()
                _logger.warning("%s cannot be written (%s); going on without", self._path, reason)
            with contextlib.suppress(OSError):  # half a file takes room and helps nobody
                new.unlink(missing_ok=True)
            self._complained = True
            self._retry_at = self._clock() + RETRY_AFTER
        else:
            if self._complained:
                _logger.warning("%s can be written again", self._path)
            self._complained = False
