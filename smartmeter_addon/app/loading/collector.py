"""Keeps Python's garbage collector from what is loaded."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Load what stays, such as modules, without looking for garbage in it, now and ever after.

    There is none, and looking for some takes a tenth of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
