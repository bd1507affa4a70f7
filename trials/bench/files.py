"""Telegrams in a file, for processes that cannot import the simulator."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_SIZE: Final = struct.Struct(">I")


def write(telegrams: Sequence[bytes], path: Path) -> None:
    """Write telegrams, each behind its size: four bytes, the highest first."""
    path.write_bytes(b"".join(_SIZE.pack(len(one)) + one for one in telegrams))


def read(path: Path) -> list[bytes]:
    """Read what `write` has written."""
    data, pos, telegrams = path.read_bytes(), 0, []
    while pos < len(data):
        (size,) = _SIZE.unpack_from(data, pos)
        pos += _SIZE.size
        telegrams.append(data[pos : pos + size])
        pos += size
    return telegrams
