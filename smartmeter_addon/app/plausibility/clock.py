"""Compares a meter's clock with this computer's, and with the push interval of the list.

Most lists are pushed at a fixed push interval: each second, every 5 s, every 10 s. Once a list kept
its interval for some telegrams, a time between two multiples of it is damage. An invocation counter
tells which multiple it is, else the time passed. One interval after the last telegram is right at
any pace, as recordings, queues and slow gateways hand telegrams on faster or more slowly than sent,
unless it comes earlier than due by more than `SLACK` and the delay of the last one. Where another
telegram came between, though it was damaged, it is not the next one. On some lines another comes
between each two: there it is again, once the check was relaxed.
"""

from typing import Final

from app.language.catalogue import Sentence
from app.plausibility.decision import Violation
from app.plausibility.limits import Limits
from app.plausibility.track import Observation, Track

SLACK: Final = 20.0
_SHARE: Final = 0.02
"""Seconds, and share of the time passed, by which the meter's clock and the monotonic clock may
differ from one telegram to the next: gateways delay telegrams."""

_RESTART_SLACK: Final = 30.0
"""Seconds by which the meter's clock and this computer's date and time may differ over a restart:
either may have been set meanwhile."""

_MISSED_BY: Final = 2.0
"""Seconds by which some meters miss their own push interval in single telegrams."""

_UNSTEADY: Final = Violation("clock", Sentence("check.clock_unsteady"), "interval")

OFF_INTERVAL: Final = _UNSTEADY.name
"""Name of the violation that a time is not a push interval, or several, after the last one."""


def slack(limits: Limits, *, pending: bool = False) -> float:
    """Return the seconds by which a sender's times may miss the push interval."""
    return _MISSED_BY if pending or limits.factor(OFF_INTERVAL) > 1 else 0.0


def check(
    observation: Observation, track: Track, limits: Limits, *, pending: bool, checks_interval: bool
) -> Violation | None:
    """Return the check that a telegram's time fails, if any.

    Args:
        observation: the telegram.
        track: what it is compared with.
        limits: of the sender.
        pending: whether the track is of pending telegrams of the same list.
        checks_interval: whether it is compared with the push interval of the list, too.
    """
    time, known = observation.time, observation.found.known
    if track.time is None:
        return None
    if time is None:
        return Violation("clock", Sentence("check.clock_stopped")) if known and known.time else None
    interval = known.interval if known and checks_interval else None
    metered = time - track.time
    passed = max(0.0, observation.now - track.timed_at)
    late = passed - metered  # than the telegram before
    if interval and _is_counted(observation, track, metered / interval):
        return None
    rest = SLACK * limits.factor("clock")
    if metered < (0.0 if track.restored else SLACK - rest):
        return Violation("clock", Sentence("check.clock_back"))
    near = (_RESTART_SLACK if track.restored else rest) + _SHARE * passed
    # A gateway that delayed a telegram may deliver the next ones in time again.
    if -late > track.delay + near or (track.restored and late > near):
        return Violation("clock", Sentence("check.clock_off"))
    if known is None or interval is None:
        return None
    since = track.time if pending else known.time
    if since is None:
        return None
    if known.misses(time - since, observation.offset) > slack(limits, pending=pending):
        return _UNSTEADY
    # The next telegram may come at any pace. After lost telegrams one has to be on time.
    rest = min(SLACK, interval / 2)
    is_followed = track.is_followed and limits.factor(OFF_INTERVAL) == 1
    is_next = time - since < interval + rest and not is_followed
    on_time = is_next or (late <= rest and -late <= track.delay + rest)
    return None if on_time else _UNSTEADY


def _is_counted(observation: Observation, track: Track, intervals: float) -> bool:
    """Tell whether as many push intervals passed as the invocation counter says.

    A gateway that was not read for a while delivers its telegrams all at once.
    """
    counter, last = observation.counter, track.counter
    return counter is not None and last is not None and counter - last == intervals > 0
