"""Fixtures of the tests of a line."""

import logging
from collections.abc import Iterator

import pytest

from app.log import NOTICE, TRACE
from tests.support.lines import WatchedLog
from tests.support.logs import attached


@pytest.fixture
def log() -> Iterator[WatchedLog]:
    """Give what a line writes into the log, down to the bytes that come."""
    log = WatchedLog()
    logging.addLevelName(NOTICE, "NOTICE")
    with attached(log, "app.line.narrator", level=TRACE):
        yield log
