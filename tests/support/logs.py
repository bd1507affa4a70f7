"""A handler for a while, on one of the program's loggers."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def attached(
    handler: logging.Handler, name: str = "app", *, level: int | None = None, alone: bool = False
) -> Iterator[None]:
    """Let a handler take what a logger is told, and leave the logger as it was.

    Args:
        handler: takes the records.
        name: of the logger.
        level: of the logger meanwhile; None leaves it.
        alone: whether no other handler takes the records.
    """
    logger = logging.getLogger(name)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    if level is not None:
        logger.setLevel(level)
    logger.propagate = logger.propagate and not alone
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]
