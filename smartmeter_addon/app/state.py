"""What is to be known again after a restart, in one small file beside the options.

SD cards wear out by writing, so the file is written only when something in it changes, and many
changes together; as a whole, and under another name first: whatever happens meanwhile, there is
always one complete file.

Its sections, each named where it is used; those of one line have its label behind their name:

- ``serial mode``: the mode that proved right, by device (`transport.serial_source`);
- ``lines``: the address of each, by label (`line.sections`, for all that is kept by line);
- ``line ids``: address and name of each, by its id (`line.line_ids`);
- ``meter numbers``: by sender (`line.reader`);
- ``meter ids``: those that are not made of the number, by number (`meters.meter_ids`);
- ``energy units``: what energies count, by the meter's id (`meters.energy_units`);
- ``history``: what the guard learned, by sender (`line.reader`, `plausibility.memory`);
- ``meters``: those that a line leads to, by id (`line.diagnostics`);
- ``line health``: how good it was, by day (`page.line_health`);
- ``line events``: what happened on it (`page.events`);
- ``announced``: what Home Assistant was told, by the meter's id (`mqtt.announcements`);
- ``retained``: the topics at which the broker keeps messages of ours (`mqtt.outbox`);
- ``takeover``: announcements before which another program's are still to be taken back
  (`mqtt.takeover`).
"""

import asyncio
import contextlib
import json
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final, TypeAlias

MOST_WRITINGS: Final = 30
"""Writings within five minutes after which news are gathered: with hundreds of meters, the program
would do little else after a start."""

GATHER_FOR: Final = 30.0
"""Seconds for which news are gathered then."""

_FIVE_MINUTES: Final = 300.0

RETRY_AFTER: Final = 60.0
"""Seconds after which writing is tried again where it failed, as soon as something is kept."""

_VERSION: Final = 2
_logger: Final = logging.getLogger(__name__)

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
"""What JSON can hold. Exact numbers with decimal places are kept as texts."""

Sections: TypeAlias = dict[str, dict[str, Any]]


class State:
    """JSON values by section and key.

    A value that was handed over is not changed afterwards, else the change would go unnoticed.

    Args:
        path: of the file; it need not exist. What cannot be read is forgotten, with a word in the
            log; what cannot be written is kept in memory, and written later.
        clock: a steady one, in seconds.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._retry_at = 0.0
        self._sections: Sections = {}
        self._complained = False
        self._written_at: deque[float] = deque(maxlen=MOST_WRITINGS)
        self._later: asyncio.TimerHandle | None = None  # when what is gathered is written
        with contextlib.suppress(FileNotFoundError):
            self._read()

    def get(self, section: str, key: str) -> Any:  # noqa: ANN401 - any JSON value
        """Give what was kept, None if nothing was."""
        return self._sections.get(section, {}).get(key)

    def section(self, section: str) -> dict[str, Any]:
        """Give a copy of all that was kept in a section, by key."""
        return dict(self._sections.get(section, {}))

    def view(self, section: str) -> "View":
        """Give a section that several share: what one sets in it, the others see."""
        return View(self, section, self._sections.setdefault(section, {}))

    def set(self, section: str, key: str, value: Json) -> None:
        """Keep a value; the file is written when it is news, or when that failed a while ago."""
        self.update(section, {key: value})

    def forget(self, section: str, *keys: str) -> None:
        """Keep some values no longer; the file is written once, when there was one of them."""
        kept = self._sections.get(section, {})
        if [key for key in keys if kept.pop(key, None) is not None]:
            self._keep()

    def update(self, section: str, values: Mapping[str, Json]) -> None:
        """Keep several values of a section; the file is written once, as by `set`."""
        kept = self._sections.setdefault(section, {})
        news = not values.items() <= kept.items()
        if news:
            kept.update(values)
        if news or (self._complained and self._clock() >= self._retry_at):
            self._keep()

    def flush(self) -> None:
        """Write what is gathered."""
        if self._later:
            self._later.cancel()
            self._later = None
            self._write()

    def _keep(self) -> None:
        """Write the file, now or with what else will be news."""
        if self._later:
            return
        now = self._clock()
        if len(self._written_at) == MOST_WRITINGS and now - self._written_at[0] < _FIVE_MINUTES:
            with contextlib.suppress(RuntimeError):  # no loop runs that could do it later
                loop = asyncio.get_running_loop()
                self._later = loop.call_later(GATHER_FOR, self.flush)
                return
        self._written_at.append(now)
        self._write()

    def _read(self) -> None:
        try:
            self._sections = _sections(json.loads(self._path.read_text("utf-8")))
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
                file.write(_text(self._sections))
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


class View(MutableMapping[str, Any]):
    """A section of the state as a mapping; what is set is kept.

    Args:
        state: the state.
        section: its name.
        kept: what the state keeps of it.
    """

    def __init__(self, state: State, section: str, kept: Mapping[str, Any]) -> None:
        self._state = state
        self._section = section
        self._kept = kept

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - any JSON value
        return self._kept[key]

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
        self._state.set(self._section, key, value)

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._state.forget(self._section, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def _text(sections: Sections) -> str:
    """Write all as JSON, a section a line: json's own way to indent is many times as slow."""
    lines = (f"{json.dumps(name)}: {json.dumps(kept)}" for name, kept in sections.items())
    return f'{{"version": {_VERSION}, "sections": {{\n' + ",\n".join(lines) + "\n}}\n"


def _sections(content: Any) -> Sections:  # noqa: ANN401 - any JSON value
    """Take the sections out of the file's content.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: it is damaged, or of a newer program.
    """
    sections = {section: dict(kept) for section, kept in content["sections"].items()}
    if content["version"] == 1:
        return _from_version_1(sections)
    if content["version"] != _VERSION:
        raise ValueError(f"it is of version {content['version']}, which this program does not know")
    return sections


def _from_version_1(sections: Sections) -> Sections:
    """Carry over what version 0.1.0 kept: texts only, some of which held JSON."""
    announced = dict(_parsed(sections.get("announced", {})))
    carried: Sections = {}
    for section, kept in sections.items():
        if section == "announced":
            carried[section] = announced
        elif section.startswith("last seen"):  # of what is called history now
            carried[section.replace("last seen", "history", 1)] = dict(_parsed(kept))
        elif section.split(" ")[0] == "meters":  # named in the section before; now kept whole
            carried[section] = {
                meter_id: announced[meter_id]["meter"] for meter_id in kept if meter_id in announced
            }
        else:
            carried[section] = kept
    return carried


def _parsed(texts: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Give the JSON values that texts hold, and leave out what is damaged."""
    for key, text in texts.items():
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            yield key, json.loads(text)
