"""What is kept of a sender over a restart of the program, as JSON values.

The keys and the names of checks and invariants are those that version 0.1.0 wrote, so that its
state.json can be read. Where this program calls them otherwise now, the code below says so.
"""

import math
from decimal import Decimal
from typing import Any

from app.meters.quantities import CONNECTION_WATTS
from app.plausibility.history import LEARNED, History
from app.plausibility.tolerances import Tolerances
from app.transport.push_interval import PushInterval


def dump(history: History) -> dict[str, Any]:
    """Return what is kept of the accepted history of a sender."""
    tolerances, baseline = history.tolerances, history.baseline
    streaks = history.invariant_streaks
    return {
        "ids": sorted(history.meter_ids),
        "family": history.family,
        "lists": history.lists.memory(),
        "laws": [name for name, streak in streaks.items() if streak >= LEARNED],
        "counter": history.invocation_counter,
        "uncounted": history.invocation_counter_may_repeat,
        "time": history.clock.time,
        "wall": history.wall_time,
        "cadence": history.push_interval.median,
        "counters": {key: str(number) for key, number in baseline.counters.items()},
        "values": dict(baseline.values),
        "watts": tolerances.connection_watts,
        "stride": tolerances.refresh_seconds,
        "slip": tolerances.schedule_seconds,
        "slack": dict(tolerances.factors),
        "tolerated": sorted(tolerances.tolerated),
    }


def load(content: Any, now: float, wall_time: float) -> History | None:  # noqa: ANN401 - any JSON value
    """Restore the accepted history of a sender.

    Args:
        content: what `dump` returned, or anything else.
        now: by the monotonic clock, in seconds.
        wall_time: by this computer's clock, in seconds since 1970.

    Returns:
        None when the content cannot be understood.
    """
    tolerances = Tolerances()
    history = History(tolerances)
    try:
        history.meter_ids = frozenset(map(str, content["ids"]))
        history.family = str(content["family"])
        history.invariant_streaks = dict.fromkeys(map(str, content["laws"]), LEARNED)
        counter, time = content["counter"], content["time"]
        history.invocation_counter = None if counter is None else int(counter)
        history.invocation_counter_may_repeat = bool(content["uncounted"])
        meter_time = None if time is None else _finite(time)
        tolerances.connection_watts = max(_finite(content["watts"]), CONNECTION_WATTS)
        tolerances.refresh_seconds = _finite(content["stride"])
        tolerances.schedule_seconds = _finite(content["slip"])
        tolerances.factors = {str(k): max(1.0, _finite(v)) for k, v in content["slack"].items()}
        tolerances.tolerated = set(map(str, content["tolerated"]))
        history.wall_time = _finite(content["wall"])
        history.push_interval = PushInterval(max(0.0, _finite(content["cadence"])))
        counters = {str(k): Decimal(str(v)) for k, v in content["counters"].items()}
        if not all(map(math.isfinite, counters.values())):
            return None
        values = {str(k): _finite(v) for k, v in content["values"].items()}
        history.now = now - max(0.0, wall_time - history.wall_time)
        history.lists.restore(content["lists"])
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return None
    history.clock.restore(meter_time, history.now)
    history.baseline.restore(dict(counters), values, history.now)
    history.count = LEARNED
    return history if history.meter_ids else None


def _finite(value: str | float) -> float:
    """Return a number of the content.

    Raises:
        ValueError: it is infinite or no number.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number
