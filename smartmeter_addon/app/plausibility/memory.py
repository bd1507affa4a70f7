"""What is known of a sender over a restart of the program, as a text."""

import json
import math
from decimal import Decimal

from app.plausibility.history import LEARNED, History
from app.plausibility.invariants import CONNECTION
from app.plausibility.tolerances import Tolerances


def dump(track: History) -> str:
    """Give what is worth knowing after a restart."""
    habits, baseline = track.habits, track.baseline
    content = {
        "ids": sorted(track.ids),
        "family": track.family,
        "lists": track.lists.memory(),
        "laws": [law for law, streak in track.law_streaks.items() if streak >= LEARNED],
        "counter": track.counter,
        "uncounted": track.uncounted,
        "time": track.clock.time,
        "wall": track.wall,
        "cadence": track.cadence,
        "counters": {key: str(number) for key, number in baseline.counters.items()},
        "values": baseline.values,
        "watts": habits.watts,
        "stride": habits.stride,
        "slip": habits.slip,
        "slack": habits.slack,
        "tolerated": sorted(habits.tolerated),
    }
    return json.dumps(content)


def load(text: str, now: float, wall: float) -> History | None:
    """Go on from what was known before the restart; None when it cannot be understood."""
    track = History(Tolerances())
    habits = track.habits
    try:
        content = json.loads(text)
        track.ids = known = frozenset(map(str, content["ids"]))
        track.family = str(content["family"])
        track.law_streaks = dict.fromkeys(map(str, content["laws"]), LEARNED)
        counter, moment = content["counter"], content["time"]
        track.counter = None if counter is None else int(counter)
        track.uncounted = bool(content["uncounted"])
        time = None if moment is None else _finite(moment)
        habits.watts = max(_finite(content["watts"]), CONNECTION)
        habits.stride, habits.slip = _finite(content["stride"]), _finite(content["slip"])
        habits.slack = {str(k): max(1.0, _finite(v)) for k, v in content["slack"].items()}
        habits.tolerated = set(map(str, content["tolerated"]))
        track.wall = _finite(content["wall"])
        track.cadence = max(0.0, _finite(content["cadence"]))
        counters = {str(k): Decimal(str(v)) for k, v in content["counters"].items()}
        if not all(map(math.isfinite, counters.values())):
            return None
        values = {str(k): _finite(v) for k, v in content["values"].items()}
        track.now = then = now - max(0.0, wall - track.wall)
        track.lists.restore(content["lists"])
    except (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return None
    track.clock.restore(time, then)
    track.baseline.restore(dict(counters), values, then)
    track.count = LEARNED
    return track if known else None


def _finite(value: str | float) -> float:
    """Take a number from a memory.

    Raises:
        ValueError: it is none that can be calculated with.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number
