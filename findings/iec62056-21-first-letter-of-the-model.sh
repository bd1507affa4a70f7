#!/usr/bin/env bash
# iec62056-21 takes the first letter off a meter's model: a ZMF100 is an MF100.
#
# Surprising: a meter says first who it is: maker, a character for the speed, and its model (IEC
# 62056-21, 6.3.2). A backslash with one more character may stand before the model, and mostly does
# not. It is counted on always: without it the model loses a letter, and with it the model has the
# character of the backslash in front. So two models that differ in their first letter are one. A
# message that was read and is written again has a backslash in the letter's place.
#
# Of a reading with its time in front, as of a gas meter behind the meter, the unit stays in the
# number, and the value is the one without an address.
#
# iec62056-21 0.0.2. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check iec62056-21==0.0.2

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from iec62056_21.messages import DataLine, IdentificationMessage

print(f"iec62056-21 {version('iec62056-21')}")


def identify(said):
    """The maker and the model of a meter, and what is written for them again."""
    message = IdentificationMessage.from_representation(said + "\r\n")
    found = message.manufacturer, message.identification, message.to_representation().strip()
    print(f"{said}: {found}")
    return found


def read(line):
    sets = DataLine.from_representation(line).data_sets
    found = [(one.address, one.value, one.unit) for one in sets]
    print(f"{line}: {found}")
    return found


sys.exit(
    identify("/LGZ4ZMF100AC.M26") != ("LGZ", "MF100AC.M26", "/LGZ4\\MF100AC.M26")
    or identify("/ISk5\\2MT174-0001") != ("ISk", "2MT174-0001", "/ISk5\\2MT174-0001")
    or read("1.8.0(005341.671*kWh)") != [("1.8.0", "005341.671", "kWh")]
    or read("0-1:24.2.1(261129115500)(00111.111*m3)")
    != [("0-1:24.2.1", "261129115500", None), (None, "00111.111*m3", None)]
)
PYTHON
