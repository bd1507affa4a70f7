#!/usr/bin/env bash
# sml2mqtt sets a counter of the month back on the day it was started, whichever day that is.
#
# Surprising: a virtual meter can be set back at times of the day and on days of the month or week, as
# at 6:00 on the 1st. Of the day that has begun only the times are looked at, not whether it is one
# of the days. So after a start before 6:00 the counter is set back at 6:00 of that day too, and one
# that is to wait for its first day begins to count then, in the middle of the month. A start after
# 6:00 is right, and so is a counter that is set back at midnight, since no start is before that.
#
# sml2mqtt 3.7.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check sml2mqtt==3.7.0

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from datetime import datetime
from importlib.metadata import version

from sml2mqtt.config.operations import VirtualMeter

print(f"sml2mqtt {version('sml2mqtt')}")


def next_reset(started, at, day):
    """When a counter that is set back at this time and on this day is set back, after a start."""
    options = {"type": "meter", "start now": False, "reset times": [at], "reset days": [day]}
    reset = VirtualMeter(**options).get_kwargs_dt_fields()["dt_finder"].calc_next(started)
    print(f"at {at} on {day}, started on {started:%a %F %H:%M}: {reset:%a %F %H:%M}")
    return reset


SUNDAY = datetime(2026, 11, 29)
found = [
    next_reset(SUNDAY.replace(hour=5), "06:00", 1),
    next_reset(SUNDAY.replace(hour=7), "06:00", 1),
    next_reset(SUNDAY.replace(hour=5), "06:00", "wed"),
    next_reset(SUNDAY.replace(hour=7), "06:00", "wed"),
    next_reset(SUNDAY.replace(hour=5), "00:00", 1),
]
sys.exit(
    found
    != [
        datetime(2026, 11, 29, 6),
        datetime(2026, 12, 1, 6),
        datetime(2026, 11, 29, 6),
        datetime(2026, 12, 2, 6),
        datetime(2026, 12, 1),
    ]
)
PYTHON
