"""How the running program is doing: one small file that it writes, and the command that shows it.

The file lies in the folder that RUNTIME_DIRECTORY names, as systemd sets it for a service: in
memory, and gone when the service ends. Without that folder nothing is written. The file holds
readings, so the folder's rights decide who may look.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, TextIO

from app import jsontext
from app.language.catalogue import Text
from app.language.counting import counted
from app.line.ticks import tick
from app.line.trouble import duration
from app.log import Redactor
from app.meters.sensors import SENSORS
from app.sd_notify import Notifier

FOLDER: Final = Path("/run/smartmeter")
"""Where the service that ``script/install`` makes has its file."""

NAME: Final = "status.json"

FIRST_INTERVAL: Final = 2.0
"""Seconds after the first file until the second one, when broker and line have been tried."""

INTERVAL: Final = 10.0
"""Seconds between two later files."""

STALE_AFTER: Final = 6 * INTERVAL
"""Seconds without a new file after which the program is taken for dead."""


class OutputState(NamedTuple):
    """How an output is doing: whether it works, and a sentence."""

    works: bool
    sentence: Text


class Status(NamedTuple):
    """What the file holds.

    Args:
        version: of the program.
        started: when it was started, aware.
        written: when the file was written, aware.
        outputs: how each is doing, by its name.
        lines: one object for each line, see `LineReader.status`, or `unread_line`.
    """

    version: str
    started: datetime
    written: datetime
    outputs: dict[str, OutputState]
    lines: list[dict[str, Any]]

    def redacted(self, redactor: Redactor) -> Self:
        """Give the status without secrets, which a name or somebody else's sentence may quote."""
        lines = [
            line | {key: line[key] and redactor(line[key]) for key in ("label", "line", "problem")}
            for line in self.lines
        ]
        outputs = {
            name: state._replace(sentence=redactor(str(state.sentence)))
            for name, state in self.outputs.items()
        }
        return self._replace(outputs=outputs, lines=lines)

    def write(self, folder: Path) -> None:
        """Write the file, so that whoever reads it never finds a part of it.

        Raises:
            OSError: the folder cannot be written to.
        """
        content = jsontext.dumps(
            {
                "version": self.version,
                "started": self.started.isoformat("T", "seconds"),
                "written": self.written.isoformat("T", "seconds"),
                "outputs": {
                    name: {"works": state.works, "sentence": str(state.sentence)}
                    for name, state in self.outputs.items()
                },
                "lines": self.lines,
            }
        )
        new = folder / f"{NAME}.new"
        new.write_text(content + "\n", encoding="utf-8")
        new.replace(folder / NAME)

    def summary(self) -> str:
        """Give one sentence for ``systemctl status``."""
        problems = [line["problem"] for line in self.lines if line["problem"]]
        telegrams = sum(line["telegrams"] for line in self.lines)
        outputs = [str(state.sentence) for state in self.outputs.values()]
        return "; ".join([f"{counted(telegrams, 'telegram')} read", *outputs, *problems])


def unread_line(label: str, why: str) -> dict[str, Any]:
    """Give the object for a line of the options that is not read, with the reason."""
    return {
        "label": label,
        "line": None,
        "problem": why,
        "telegrams": 0,
        "errors": 0,
        "meters": [],
    }


async def keep_telling(
    status: Callable[[], Status], folder: Path | None, notifier: Notifier
) -> None:
    """Tell how the program is doing, to the command ``status`` and to ``systemctl status``.

    Args:
        status: gives how it is doing, without secrets.
        folder: where the file is written; None for none.
        notifier: the way to systemd.
    """
    for seconds in chain((FIRST_INTERVAL,), repeat(INTERVAL)):
        current = status()
        notifier.status(current.summary())
        if folder:
            with contextlib.suppress(OSError):  # whoever asks is told how old the last one is
                current.write(folder)
        await tick(seconds)


def folder_of(environment: Mapping[str, str]) -> Path | None:
    """Give the folder that RUNTIME_DIRECTORY names; None where there is none."""
    name = environment.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(name) if name else None


def show(out: TextIO, errors: TextIO, now: datetime, folder: Path | None = None) -> int:
    """Show what the running program wrote last.

    Args:
        out: takes what the program wrote.
        errors: takes why there is nothing to show.
        now: the date and time, aware.
        folder: of the file; None for the one that the environment names, or the service's.

    Returns:
        The exit status: 0 when it runs and nothing is wrong, 1 otherwise.
    """
    path = (folder or folder_of(os.environ) or FOLDER) / NAME
    try:
        kept = json.loads(path.read_text("utf-8"))
        age = (now - datetime.fromisoformat(kept["written"])).total_seconds()
        lines = list(_told(kept, now))
        works = all(state["works"] for state in kept["outputs"].values())
        wrong = not works or any(line["problem"] for line in kept["lines"])
    except FileNotFoundError:
        print(f"the program does not run: there is no {path}", file=errors)
        return 1
    except PermissionError:
        print(f"{path} is not for everybody; ask with sudo", file=errors)
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"{path} cannot be read ({error})", file=errors)
        return 1
    for line in lines:  # a meter's text must not steer a terminal
        print("".join(c if c.isprintable() else "?" for c in line), file=out)
    stale = age > STALE_AFTER
    if stale:
        print(f"nothing was written for {duration(age)}: the program hangs or was ended", file=out)
    return int(stale or wrong)


def _told(kept: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Tell what the file holds, line by line.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: the file is of another form.
    """
    runs = (now - datetime.fromisoformat(kept["started"])).total_seconds()
    yield f"smart meter reader {kept['version']}, running for {duration(runs)}"
    for name, state in kept["outputs"].items():
        yield f"{name}: {state['sentence']}"
    for line in kept["lines"]:
        yield ""
        label = f"{line['label']}: " if line["label"] else ""
        yield f"{label}{line['line'] or 'no line is open'}"
        yield f"  problem: {line['problem'] or 'none'}"
        read = f"  {counted(line['telegrams'], 'telegram')}, {counted(line['errors'], 'error')}"
        with contextlib.suppress(KeyError):
            read += f", signal {line['signal_health']} %"
        if "last_telegram" in line:
            ago = (now - datetime.fromisoformat(line["last_telegram"])).total_seconds()
            read += f", the last telegram {duration(ago)} ago"
        yield read
        for meter in line["meters"]:
            yield f"  {meter['meter']}"
            yield from (f"    {_shown(key, value)}" for key, value in meter["values"].items())


def _shown(key: str, value: object) -> str:
    sensor = SENSORS[key]
    return f"{sensor.name_en:<32} {value} {sensor.unit or ''}".rstrip()
