"""What is kept of a sender over a restart of the program, as JSON values.

The keys are those that version 0.1.0 wrote, so that its state.json can be read. Earlier names of
checks are translated; what is no longer known is left out.
"""

import contextlib
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from app.meters.quantities import CONNECTION_WATTS
from app.plausibility.clock import OFF_INTERVAL
from app.plausibility.known import Known
from app.plausibility.laws import Learned
from app.plausibility.limits import Limits
from app.plausibility.track import Change, Seen, Track

_RENAMED: Final = {
    "schedule": OFF_INTERVAL,
    "power": "jump active_power",
    "current": "jump current",
    "voltage": "jump voltage",
    "frequency": "jump frequency",
    "factor": "jump power_factor",
    "reactive": "jump reactive_power",
}
"""Names of violations, by those that earlier versions kept."""


def dump(known: Known, track: Track) -> dict[str, Any]:
    """Return what is kept of a sender."""
    limits, measured = known.limits, {}
    counters, before = known.reports.memory(), {}
    numbers = dict(known.numbers) | known.reports.numbers
    for key, value in track.values.items():
        limit = limits.of(key)
        if limit.is_energy:
            shown = track.floors.get(key, value)
            change = track.changed.get(key)
            counters[key] = str(shown)
            # Else a low bit that was damaged looks like a reset.
            if (least := change.before if change and shown == value else value) != shown:
                before[key] = str(least)
        elif limit.quantity is not None:
            measured[key] = float(value)
    ages = {key: round(track.now - track.seen_at(key), 3) for key in track.values}
    return {
        "ids": sorted(name for name, _ in known.numbers),
        "numbers": {name: number for name, number in numbers.items() if number is not None},
        "family": known.family,
        "lists": known.lists.memory(),
        "laws": known.laws.names(),
        "counter": track.counter,
        "uncounted": track.counter_may_repeat,
        "time": track.time,
        "age": round(track.now - track.timed_at, 3),
        "delay": round(track.delay, 3),
        "wall": track.wall,
        "ages": {key: age for key, age in ages.items() if age},
        "counters": counters,
        "before": before,
        "values": measured,
        "watts": limits.connection_watts,
        "stride": limits.refresh_seconds,
        "slack": dict(limits.factors),
        "withheld": known.withholding.memory(),
        "recent": list(track.recent or ()),
    }


def load(content: Any, now: float, wall: float) -> tuple[Known, Track] | None:  # noqa: ANN401 - any JSON value
    """Restore what is known of a sender.

    Args:
        content: what `dump` returned, or anything else.
        now: by the monotonic clock, in seconds.
        wall: by this computer's clock, in seconds since 1970.

    Returns:
        None when the content cannot be understood.
    """
    known, track = Known(), Track()
    try:
        numbers = {str(k): str(v) for k, v in content.get("numbers", {}).items()}
        ids = dict.fromkeys(map(str, content["ids"]))
        known.numbers = tuple((name, numbers.get(name)) for name in ids)
        known.family = str(content["family"])
        known.laws = Learned(map(str, content["laws"]))
        watts = max(_finite(content["watts"]), CONNECTION_WATTS)
        known.limits = Limits(watts, _finite(content["stride"]), _factors(content))
        known.lists.restore(content["lists"])
        counter, time = content["counter"], content["time"]
        track.counter = None if counter is None else int(counter)
        track.counter_may_repeat = bool(content["uncounted"])
        track.time = None if time is None else _finite(time)
        track.wall = _finite(content["wall"])
        track.now = then = now - max(0.0, wall - track.wall)
        track.timed_at = then - _finite(content.get("age", 0))
        track.delay = _finite(content.get("delay", 0))
        ages = {str(key): _finite(age) for key, age in content.get("ages", {}).items()}
        counters = {str(key): _exact(one) for key, one in content["counters"].items()}
        before = {str(key): _exact(one) for key, one in content.get("before", {}).items()}
        measured = {str(key): _exact(one) for key, one in content["values"].items()}
        known.withholding.restore(content.get("withheld", ()))
        for checksum in content.get("recent", ()):
            track.remember(int(checksum))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return None
    known.reports.restore(counters, numbers, then)
    energies = {key: value for key, value in counters.items() if "/" not in key}
    track.values = {**measured, **energies}
    keys_by_age: dict[float, list[str]] = {}
    for key in track.values:
        keys_by_age.setdefault(ages.get(key, 0.0), []).append(key)
    track.seen = tuple(Seen(keys, then - age) for age, keys in keys_by_age.items())
    track.changed = {key: Change(then, before.get(key, one)) for key, one in energies.items()}
    track.restored = True
    known.count = 10
    return (known, track) if known.numbers else None


def ids_with_energies(memory: Mapping[str, Any]) -> set[str]:
    """Return the ids of the meters whose energies were accepted.

    Args:
        memory: what `dump` returned, by sender; what is damaged is left out.
    """
    found: set[str] = set()
    for kept in memory.values():
        with contextlib.suppress(AttributeError, KeyError, TypeError):
            if any(key.startswith("energy") for key in kept["counters"]):
                found.update(map(str, kept["ids"]))
    return found


def _factors(content: Mapping[str, Any]) -> dict[str, float]:
    """Return the limits that were widened."""
    factors = {_RENAMED.get(str(k), str(k)): _finite(v) for k, v in content["slack"].items()}
    if content.get("slip"):  # version 0.1.0: seconds by which times miss the push interval
        factors[OFF_INTERVAL] = 2.0
    return factors


def _exact(value: str | float) -> Decimal:
    """Return a number of the content; raise an error where it is infinite or none."""
    number = Decimal(str(value))
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _finite(value: str | float) -> float:
    """Return the same as a float."""
    return float(_exact(value))
