"""Compares a meter's clock with this computer's, and with the schedule of the list."""

from typing import Final

from app.plausibility.limits import Limits
from app.plausibility.schedule import Moment, Schedule
from app.plausibility.track import Observation, Track

_SLACK: Final = 20.0
_SHARE: Final = 0.02
"""Seconds, and share of the time passed, by which the meter's clock and the monotonic clock may
differ from one telegram to the next: gateways delay telegrams."""

_RESTART_SLACK: Final = 30.0
"""Seconds by which the meter's clock and this computer's date and time may differ over a restart:
either may have been set meanwhile."""

_MISSED_BY: Final = 2.0
"""Seconds by which some meters miss their own schedule in single telegrams."""


def schedule_slack(limits: Limits, *, pending: bool = False) -> float:
    """Return the seconds by which a sender's times may miss their schedule."""
    return _MISSED_BY if pending or limits.factor("schedule") > 1 else 0.0


def failed_check(
    observation: Observation,
    track: Track,
    limits: Limits,
    *,
    pending: bool,
    checks_schedule: bool,
) -> tuple[str, str] | None:
    """Return the name and the sentence of the check that a telegram's time fails, if any.

    Args:
        observation: the telegram.
        track: what it is compared with.
        limits: of the sender.
        pending: whether the track is of pending telegrams of the same list.
        checks_schedule: whether it is compared with the schedule of the list, too.
    """
    moment, known = observation.moment, observation.found.known
    if track.time is None:
        return None
    if moment is None:
        if known and known.schedule.last:
            return "clock", "its clock shows no time"
        return None
    metered = moment.time - track.time
    passed = max(0.0, observation.now - track.timed_at)
    near = _is_near(metered, passed, track, limits)
    if known and known.schedule.interval and checks_schedule:
        since = Moment(track.time, track.counter) if pending else known.schedule.last
        slack = schedule_slack(limits, pending=pending)
        if since and not _is_due(
            known.schedule, since, moment, track, late=passed - metered, slack=slack
        ):
            if near:
                return "schedule", "its clock does not go on as steadily as before"
            return _wrong(metered)
        if since and (not track.restored or known.schedule.is_counted(since, moment, slack)):
            return None
    return None if near else _wrong(metered)


def _wrong(metered: float) -> tuple[str, str]:
    if metered < 0:
        return "clock", "its clock goes back"
    return "clock", "its clock does not go on as time does"


def _is_near(metered: float, passed: float, track: Track, limits: Limits) -> bool:
    """Tell whether seconds on the meter's clock are about those on the monotonic clock."""
    if track.restored:
        return metered >= -_SLACK and abs(metered - passed) <= _RESTART_SLACK + _SHARE * passed
    rest = _SLACK * limits.factor("clock")
    # A gateway that delayed a telegram may deliver the next ones in time again.
    return _SLACK - rest <= metered <= passed + track.delay + rest + _SHARE * passed


def _is_due(
    schedule: Schedule, since: Moment, moment: Moment, track: Track, *, late: float, slack: float
) -> bool:
    """Tell whether the list is due at a telegram's time.

    Args:
        schedule: of the list.
        since: when a telegram of the list was sent before.
        moment: when this one was sent.
        track: of the sender.
        late: seconds by which this telegram is later than the sender's last one was.
        slack: seconds by which it may miss its schedule.
    """
    if schedule.misses(since, moment) > slack:
        return False
    if track.restored or schedule.is_counted(since, moment, slack):
        return True
    interval = schedule.interval or 0.0
    rest = min(_SLACK, interval / 2)
    # The next telegram may come late by any time. After lost telegrams it has to be on time.
    uncounted = moment.counter is None or since.counter is None or moment.counter <= since.counter
    is_next = uncounted and moment.time - since.time < interval + rest
    return -late <= track.delay + rest and (is_next or late <= rest)
