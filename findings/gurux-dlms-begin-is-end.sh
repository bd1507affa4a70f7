#!/usr/bin/env bash
# gurux-dlms writes "begin of daylight saving" as its end, and the end as the begin.
#
# Surprising: in a date of DLMS the month can be FE, the month in which summer time begins, or FD,
# in which it ends (Blue Book, 4.1.6.1). Both are read as what they are, and shown so in the text,
# and are changed for one another when they are written. So a season of a tariff calendar, or a time
# of the clock, that is read from one meter and written unchanged to the next has summer in winter
# there. The days FE and FD, the last one of a month and the one before, go there and back unharmed.
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

from gurux_dlms import GXDLMSClient
from gurux_dlms.enums import DataType
from gurux_dlms.objects import GXDLMSClock

print(f"gurux-dlms {version('gurux-dlms')}")


def there_and_back(month, day):
    """The text of a moment with this month and day, and the bytes of both when they are written."""
    data = bytes.fromhex(f"07EA {month}{day}FF 0C000000 8000 00")
    clock = GXDLMSClock()
    clock.time = GXDLMSClient.changeType(data, DataType.DATETIME)
    text = clock.time.toFormatMeterString("%Y-%m-%d %H:%M:%S")
    [frame] = GXDLMSClient(True).write(clock, 2)
    written = frame[-15:-3]
    print(f"read {data.hex(' ')}: {text}; written {written.hex(' ')}")
    return text, written == data, written[2:4].hex().upper()


sys.exit(
    there_and_back("FE", "01") != ("2026-BEGIN-01 12:00:00", False, "FD01")
    or there_and_back("FD", "01") != ("2026-END-01 12:00:00", False, "FE01")
    or there_and_back("0B", "FE") != ("2026-11-LASTDAY 12:00:00", True, "0BFE")
    or there_and_back("0B", "FD") != ("2026-11-LASTDAY2 12:00:00", True, "0BFD")
)
PYTHON
