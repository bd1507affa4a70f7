"""The file of options: read as it is, and written as a whole or not at all."""

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app.config import json_input
from app.configure.raw import Raw
from app.configure.steps import Say

_MODE: Final = 0o600
"""It holds keys and a password."""


def read(path: Path) -> Raw | Say:
    """Read the options that are there, and see whether they can be written.

    Returns:
        The options as JSON has them, empty for no file; or what is wrong.
    """
    path = path.resolve()
    try:
        if path.is_dir():
            return Say("file.is_folder", {"path": path})
        options = json_input.loads(path.read_text("utf-8-sig")) if path.exists() else {}
    except PermissionError:
        return Say("file.forbidden", {"path": path})
    except OSError as error:
        return Say("file.unreadable", {"path": path, "words": _words(error)})
    except json_input.RepeatedNameError as error:
        return Say("options.wrong", {"problems": error})
    except (ValueError, RecursionError):
        return Say("file.no_json", {"path": path})
    if not isinstance(options, dict):
        return Say("file.no_json", {"path": path})
    if not path.parent.is_dir():
        return Say("file.no_folder", {"path": path.parent})
    if not os.access(path.parent, os.W_OK):
        return Say("file.forbidden", {"path": path})
    return options


def write(path: Path, options: Mapping[str, Any]) -> Say | None:
    """Write options for their owner's eyes only; until the last moment the old file stays.

    Returns:
        What is wrong; None when it was written.
    """
    path = path.resolve()
    text = json.dumps(options, indent=2, ensure_ascii=False) + "\n"
    new: Path | None = None
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
        new = Path(name)
        with open(number, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            file.write(text)
            file.flush()
            os.fchmod(number, _MODE)
            _keep_owner(path, number)
            os.fsync(number)
        new.replace(path)
        new = None
        _sync(path.parent)
    except OSError as error:
        return Say("file.unwritable", {"path": path, "words": _words(error)})
    finally:
        if new:
            new.unlink(missing_ok=True)
    return None


def _keep_owner(path: Path, number: int) -> None:
    """Give the new file to the owner of the old one, as far as that is allowed."""
    with contextlib.suppress(OSError):
        kept = path.stat()
        os.fchown(number, kept.st_uid, kept.st_gid)


def _sync(folder: Path) -> None:
    """Have the folder's change on the disk, too, where the file system can do that."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
