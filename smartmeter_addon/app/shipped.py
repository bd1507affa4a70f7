"""Reads the TOML files that come with the program.

To parse one takes some fifteen times as long as to load JSON of it. So that is kept beside the
file as Python keeps what it compiles: in ``__pycache__``, with the hash of its source, and only
where Python itself may write. The image and the installed service come with it.
"""

import contextlib
import json
import os
import sys
from importlib.util import cache_from_source, source_hash
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent


def read(path: Path) -> dict[str, Any]:
    """Read one of the files; none that a user wrote."""
    source = path.read_bytes()
    digest = source_hash(source).hex()
    kept = Path(cache_from_source(str(path))).with_suffix(".json")
    with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
        parsed_from, content = json.loads(kept.read_bytes())
        if parsed_from == digest:
            return dict(content)
    content = _parse(source)
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            new = kept.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps((digest, content)), "utf-8")
            new.replace(kept)
    return content


def compile_all() -> None:
    """Keep what is parsed of all the files."""
    for path in _FOLDER.rglob("*.toml"):
        read(path)


def _parse(source: bytes) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - most starts need none of it

    return tomllib.loads(source.decode())
