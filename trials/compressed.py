"""An event loop whose clock jumps: while no task is ready, the next delay ends at once.

Tasks, timeouts and delays behave as usual, only no time is spent waiting. File descriptors that are
ready come first. Threads and other processes are not waited for, so there must be none.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

_T = TypeVar("_T")


class StuckError(RuntimeError):
    """All tasks wait, and no delay will end."""


class _Jumping(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise StuckError("all tasks wait, and no delay will end")
            self.now += max(timeout, 0.0)
        return ready


class CompressedLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock begins at 0 and jumps."""

    def __init__(self) -> None:
        self._jumping: Final = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the seconds passed on the loop's clock."""
        return self._jumping.now


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end, as ``asyncio.run`` does."""
    with asyncio.Runner(loop_factory=CompressedLoop) as runner:
        return runner.run(coroutine)
