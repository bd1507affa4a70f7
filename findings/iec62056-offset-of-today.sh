#!/usr/bin/env bash
# iec62056 gives a telegram's time the offset of the day on which it is read.
#
# Surprising: it drops the letter S or W, which tells the offset, and takes the one that the
# machine has at this moment. A telegram of July that is read in November is an hour off, and so is
# one of November that is read in July; tried on the day of its telegram it is right. In the night
# of the change the two moments of 2:30 are the same one. A program that replays captures, or a
# test with a telegram in it, changes with the season.
#
# iec62056 0.5.1. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check iec62056==0.5.1

TZ=Europe/Amsterdam "$dir/venv/bin/python" - <<'PYTHON'
import sys
from datetime import datetime
from importlib.metadata import version

from iec62056.parser import Parser

print(f"iec62056 {version('iec62056')}; the machine's zone is Europe/Amsterdam")


def read(text):
    """Parse a telegram of that time; give the offset that comes out."""
    lines = ["/TST5TEST", "", "1-3:0.2.8(50)", f"0-0:1.0.0({text})", "1-0:1.7.0(00.515*kW)"]
    moment = Parser().parse("\r\n".join([*lines, "!0000", ""]))["timestamp"].value
    print(f"{text} is read as {moment}")
    return moment.utcoffset()


now = datetime.now().astimezone().utcoffset()
print(f"the offset of today is {now}")
times = ("260715120000S", "260115120000W", "261025023000S", "261025023000W")
sys.exit([read(one) for one in times] != [now] * len(times))
PYTHON
