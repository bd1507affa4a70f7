"""Inputs of the fuzzer that are kept, in a file for each target.

Those of ``corpus/`` and the seeds reach all code that the fuzzer ever reached. Each is preceded by
its length (2 bytes), and the file is compressed with xz. Those of ``found/`` once made a target
fail: each is a line of base64 with a comment about the failure.
"""

import base64
import io
import lzma
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
KEPT: Final = _HERE / "corpus"
FOUND: Final = _HERE / "found"

_LENGTH: Final = 2
"""Bytes of an input's length."""


def load(name: str) -> list[bytes]:
    """Return the inputs of a target."""
    once_failed = [data for target, data, _ in found() if target == name]
    path = KEPT / f"{name}.xz"
    return once_failed + (list(_unpacked(path.read_bytes())) if path.exists() else [])


def found() -> list[tuple[str, bytes, str]]:
    """Return the inputs that once failed: target, input, and what happened."""
    parts = [
        (path.stem, line.partition(" # "))
        for path in sorted(FOUND.glob("*.txt"))
        for line in path.read_text("ascii").splitlines()
    ]
    return [(name, base64.b64decode(data), what) for name, (data, _, what) in parts]


def store(name: str, inputs: Iterable[bytes]) -> tuple[int, int]:
    """Write the inputs of a target.

    Returns:
        Their number, and the size of their file in bytes.
    """
    different = sorted(set(inputs))
    content = b"".join(len(data).to_bytes(_LENGTH, "big") + data for data in different)
    KEPT.mkdir(exist_ok=True)
    path = KEPT / f"{name}.xz"
    path.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    return len(different), path.stat().st_size


def _unpacked(packed: bytes) -> Iterator[bytes]:
    content = io.BytesIO(lzma.decompress(packed))
    while head := content.read(_LENGTH):
        yield content.read(int.from_bytes(head, "big"))
