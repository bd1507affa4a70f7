#!/usr/bin/env bash
# dlms-cosem writes a date-time that other libraries refuse, and reads it back without complaint.
#
# Surprising: a data-notification that it has read and writes again is another one. The octet in
# front of the date-time is the length of an octet string, 0C (Green Book), and dlms-cosem writes
# 01 there. It reads anything but 00 as "there is a date-time", so a test with its own two halves
# passes, while amshan refuses what it wrote. It matters to whoever makes telegrams with it to try
# a reader. The day of the week is lost too: it comes out as FF, not specified.
#
# dlms-cosem 25.1.0, amshan 2.1.1. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check dlms-cosem==25.1.0 amshan==2.1.1

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import construct
from dlms_cosem.protocol.xdlms import DataNotification
from han import aidon

print(f"dlms-cosem {version('dlms-cosem')}, amshan {version('amshan')}")
# A list as Aidon's of one register: import 515 W, at 12:00:00 on 29 November 2026, +01:00.
READ = bytes.fromhex(
    "0f00000001 0c 07ea0b1d07 0c000000 ffc400"
    "0101 0203 0906 0100010700ff 06 00000203 0202 0f00 161b"
)


def amshan(apdu):
    """Give the power that amshan reads, or its error."""
    try:
        return aidon.decode_frame_content(b"\xe6\xe7\x00" + apdu)["active_power_import"]
    except construct.ConstructError as error:
        return type(error).__name__


notification = DataNotification.from_bytes(READ)
written = notification.to_bytes()
same = DataNotification.from_bytes(written) == notification
found = amshan(READ), amshan(written)
print(f"read:    {READ.hex()}; of this amshan gives {found[0]}")
print(f"written: {written.hex()}; of this amshan gives {found[1]}")
print(f"dlms-cosem takes the two for {'the same' if same else 'different'}")
expected = READ.replace(bytes.fromhex("0c07ea0b1d07"), bytes.fromhex("0107ea0b1dff"), 1)
sys.exit(not same or written != expected or found != (515, "ConstError"))
PYTHON
