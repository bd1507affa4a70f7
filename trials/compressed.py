"""An event loop whose clock jumps: while nothing is ready, the next thing due is due at once.

Tasks, timeouts and delays behave as ever, only nobody waits. File descriptors that are ready come
first. What runs in threads or other processes is not waited for, so none may be in play.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

_T = TypeVar("_T")


class StuckError(RuntimeError):
    """Everybody waits and nothing is due."""


class _Jumping(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise StuckError("everybody waits, and nothing is due")
            self.now += max(timeout, 0.0)
        return ready


class CompressedLoop(asyncio.SelectorEventLoop):
    """The loop; its clock begins at 0."""

    def __init__(self) -> None:
        self._jumping: Final = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Give the seconds passed."""
        return self._jumping.now


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end, as ``asyncio.run`` does."""
    with asyncio.Runner(loop_factory=CompressedLoop) as runner:
        return runner.run(coroutine)
