"""Reading from a pseudo terminal without the program."""

import os
import select


def read_some(descriptor: int, patience: float = 5) -> bytes:
    """Read what there is, for some seconds at most; nothing if none comes."""
    ready, _, _ = select.select([descriptor], [], [], patience)
    return os.read(descriptor, 4096) if ready else b""
