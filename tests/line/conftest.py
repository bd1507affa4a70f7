"""What the tests of a line use."""

import logging
from collections.abc import Iterator

import pytest

from app.log import NOTICE, TRACE
from tests.support.lines import WatchedLog


@pytest.fixture
def log() -> Iterator[WatchedLog]:
    """Give what a line writes into the log, down to the bytes that come."""
    log, logger = WatchedLog(), logging.getLogger("app.line.narrator")
    logger.addHandler(log)
    logger.setLevel(TRACE)
    logging.addLevelName(NOTICE, "NOTICE")
    yield log
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(log)
