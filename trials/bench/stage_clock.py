"""Times and counts what a telegram passes through; runs in the program's own process, before it.

The program's process cannot import `trials`, so it is given the text of this module. It imports
nothing else of the trials therefore.
"""

import atexit
import importlib
import json
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

_times: dict[str, list[int]] = {}
"""Of each stage, the nanoseconds of each call, without the stages that it called."""
_calls: Counter[object] = Counter()
_stages: list[tuple[str, int, float]] = []
_inside: list[int] = []
"""Of the stages that are being called, the nanoseconds of those that each has called."""


def measure(stages: Mapping[str, str], file: str) -> None:
    """Put a clock around functions, which counts from SIGUSR1 on, and up to SIGUSR2.

    From there on all functions that are called are counted, until SIGUSR2 comes once more.

    Args:
        stages: what each function begins, by its name, such as ``app.module:Class.method``; of the
            functions of one stage, those that there are.
        file: is written at the end of the program, in JSON: ``stages``, each with its calls and the
            nanoseconds of one, the median; ``functions``, of each whether it is one of C, and how
            often it was called.

    Raises:
        LookupError: there is no function of a stage.
    """
    for name, stage in stages.items():
        module, _, path = name.partition(":")
        *parts, last = path.split(".")
        try:
            owner: Any = importlib.import_module(module)
            for part in parts:
                owner = getattr(owner, part)
            function = getattr(owner, last)
        except (ModuleNotFoundError, AttributeError):
            continue
        setattr(owner, last, _timed(function, _times.setdefault(stage, [])))
    if missing := sorted({*stages.values()} - _times.keys()):
        raise LookupError(f"nothing is called there: {', '.join(missing)}")
    signal.signal(signal.SIGUSR1, _begin)
    signal.signal(signal.SIGUSR2, _count)
    atexit.register(_write, Path(file))


def _timed(function: Callable[..., Any], times: list[int]) -> Callable[..., Any]:
    clock = time.thread_time_ns

    def timed(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the function takes
        _inside.append(0)
        begin = clock()
        try:
            return function(*args, **options)
        finally:
            passed = clock() - begin
            times.append(passed - _inside.pop())
            if _inside:
                _inside[-1] += passed

    return timed


def _begin(*_: object) -> None:
    for times in _times.values():
        times.clear()


def _count(*_: object) -> None:
    if sys.getprofile():
        sys.setprofile(None)
        return
    for stage, times in _times.items():
        _stages.append((stage, len(times), statistics.median(times or [0])))
    sys.setprofile(_called)


def _called(frame: FrameType, event: str, function: Any) -> None:  # noqa: ANN401 - as Python calls it
    if frame.f_code.co_name == "timed":
        return
    if event == "call":
        _calls[frame.f_code] += 1
    elif event == "c_call":
        _calls[getattr(function, "__qualname__", "")] += 1


def _write(file: Path) -> None:
    sys.setprofile(None)
    functions = [(isinstance(one, str), n) for one, n in _calls.items()]
    content = {"stages": _stages, "functions": functions}
    file.write_text(json.dumps(content), "utf-8")
