#!/usr/bin/env bash
# gurux-dlms leaves a value that was read before its scaler as it is: 5341.671 Wh are 5341671 Wh.
#
# Surprising: a register has its value in attribute 2, its scaler and unit in attribute 3. The value
# is multiplied when it comes, with the scaler that is known by then, which is 1 at first. Whoever
# reads 2 and then 3 has a register with the right unit, the right scaler and a value a thousand
# times too large, until the value is read once more. The registers of a demand behave likewise. The
# order that the library gives itself has the scaler first.
#
# The multiplication is done in floating point: 3 with a scaler of -1 is 0.30000000000000004.
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
from gurux_dlms.objects import GXDLMSRegister

print(f"gurux-dlms {version('gurux-dlms')}")
client = GXDLMSClient(True)
SCALER = 3
MILLI, TENTH = [-3, 30], [-1, 30]  # scaler and unit, which is Wh


def read(value, scaler, *order):
    """The value of a register whose attributes come in this order, and its scaler and unit."""
    register = GXDLMSRegister("1.0.1.8.0.255")
    for attribute in order:
        client.updateValue(register, attribute, scaler if attribute == SCALER else value)
    found = register.value, register.scaler, register.unit
    print(f"attributes {order} of {value}: value {found[0]}, scaler {found[1]}, unit {found[2]}")
    return found


sys.exit(
    read(5341671, MILLI, 3, 2) != (5341.671, 0.001, 30)
    or read(5341671, MILLI, 2, 3) != (5341671, 0.001, 30)
    or read(5341671, MILLI, 2, 3, 2) != (5341.671, 0.001, 30)
    or read(3, TENTH, 3, 2) != (0.30000000000000004, 0.1, 30)
)
PYTHON
