#!/usr/bin/env bash
# serial-teleinfo goes on showing an overload of a Linky for as long as it runs.
#
# Surprising: a Linky (historical mode) sends the line ADPS only while the current is over what the
# contract allows; that it is missing says that all is well. The values are kept by name and never
# taken away, so one cooking evening is an overload of 31 A for weeks, beside a current of 2 A. No
# value says when it was received. Readings of a tariff stay in the same way once the contract
# changes, as do all values when the cable is pulled: only "connected" tells that, after a while.
#
# serial-teleinfo 1.0.1. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  serial-teleinfo==1.0.1 pyserial==3.5

timeout 60 "$dir/venv/bin/python" - <<'PYTHON'
import os
import sys
import time
import tty
from importlib.metadata import version

from serial_teleinfo.updater import ValueUpdater


def telegram(**lines):
    groups = []
    for name, value in lines.items():
        text = f"{name} {value}"
        groups.append(f"\n{text} {chr(sum(text.encode()) % 64 + 32)}\r")
    return f"\x02{''.join(groups)}\x03".encode()


print(f"serial-teleinfo {version('serial-teleinfo')}")
line_end, terminal = os.openpty()
tty.setraw(terminal)
updater = ValueUpdater(os.ttyname(terminal))
updater.start()


def send(current, **more):
    """Send telegrams until their current is shown, and what follows it; give the values."""
    for _ in range(100):
        os.write(line_end, telegram(ADCO="012345678900", IINST=current, **more, PAPP="00450"))
        time.sleep(0.1)
        values = {name: one.value for name, one in updater.values.items()}
        if values.get("IINST") == int(current) and ("ADPS" in values or not more):
            print(f"sent IINST {current} and {more or 'no ADPS'}: {values}")
            return values
    raise SystemExit("The telegrams are not read.")


before = send("002")
during = send("031", ADPS="031")
after = send("002")
sys.exit("ADPS" in before or during["ADPS"] != 31 or (after["IINST"], after["ADPS"]) != (2, 31))
PYTHON
