#!/usr/bin/env bash
# gurux-dlms takes a time of 12:00 at -05:00, given as text, for 12:00 at +05:00.
#
# Surprising: the text of a time may end in its zone, and the sign is looked for to find the zone and
# then left out. Whoever sets the clock of a meter in New York with the time as text sets it to a
# moment ten hours away: the frame is the same to the last byte for both signs.
#
# The other way round a zone west of Greenwich is written with two signs, "--5:00". Read back, these
# whole hours are right; three and a half hours, of Newfoundland, come back as two and a half. With
# times read from the meter's bytes, and zones east of Greenwich, all is well.
#
# gurux-dlms 1.0.203. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check gurux-dlms==1.0.203

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from gurux_dlms import GXDateTime, GXDLMSClient
from gurux_dlms.enums import DataType
from gurux_dlms.objects import GXDLMSClock

print(f"gurux-dlms {version('gurux-dlms')}")
PATTERN = "%Y-%m-%d %H:%M:%S"


def set_clock(zone):
    """What 12:00 in this zone is read as, and the frame that sets a meter's clock to it."""
    clock = GXDLMSClock()
    clock.time = GXDateTime(f"2026-11-29 12:00:00{zone}", PATTERN)
    moment, frames = clock.time.value.isoformat(), GXDLMSClient(True).write(clock, 2)
    print(f"12:00:00{zone} is read as {moment}, sent as {frames[0][-18:-3].hex()}")
    return moment, frames


def there_and_back(deviation):
    """The time of a meter with this deviation, its text, and what the text is read as."""
    data = bytes.fromhex(f"07ea0b1d07 0c000000 {deviation} 00")
    moment = GXDLMSClient.changeType(data, DataType.DATETIME)
    text = moment.toFormatMeterString(PATTERN)
    found = moment.value.isoformat()[19:], text[19:], GXDateTime(text, PATTERN).value.isoformat()[19:]
    print(f"deviation {deviation}: {found[0]}, written as {found[1]}, read back as {found[2]}")
    return found


east, west = set_clock("+05:00"), set_clock("-05:00")
sys.exit(
    west[0] != "2026-11-29T12:00:00+05:00"
    or west != east
    or there_and_back("ffc4") != ("+01:00", "+01:00", "+01:00")
    or there_and_back("012c") != ("-05:00", "--5:00", "-05:00")
    or there_and_back("00d2") != ("-03:30", "--3:30", "-02:30")
)
PYTHON
