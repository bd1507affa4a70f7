#!/usr/bin/env bash
# python-tic reads every second telegram of a Linky, without its last line, and currents in Wh.
#
# Surprising: the sign that a telegram ends and the one that the next begins follow each other, and
# both stand behind the last line (historical mode). Whatever is in one line with the sign of the
# end is not looked at, so the last line, the meter's state, is never there. The sign of the
# beginning is gone with it, and the next telegram is waited for until it is over. Nothing says so.
# kylin does both in the same way.
#
# The unit that python-tic gives for a current (IINST) is Wh.
#
# python-tic 1.1.1, kylin 0.6.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  python-tic==1.1.1 kylin==0.6.0 pyserial==3.5

timeout 60 "$dir/venv/bin/python" - <<'PYTHON'
import logging
import os
import sys
import tty
from importlib.metadata import version

import kylin
from serial.tools import list_ports_common
from ticpy.teleinfo import Teleinfo


def line(name, value):
    text = f"{name} {value}"
    return f"\n{text} {chr(sum(text.encode()) % 64 + 32)}\r"


def telegrams():
    """Six telegrams of a meter, whose current tells which one it is."""
    text = ""
    for number in range(1, 7):
        values = {"ADCO": "012345678900", "IINST": f"{number:03}", "MOTDETAT": "000000"}
        text += "\x02" + "".join(line(*one) for one in values.items()) + "\x03"
    return text.encode()


def terminal():
    """A pseudo terminal: the end to write to, and the path of the other."""
    line_end, other = os.openpty()
    tty.setraw(other)
    return line_end, os.ttyname(other)


def with_python_tic():
    line_end, path = terminal()
    with Teleinfo(path) as reader:
        os.write(line_end, telegrams())
        frames = [reader.read_frame() for _ in range(3)]
    for frame in frames:
        print(f"python-tic: {[(one.info.name, one.value, one.info.unit) for one in frame.groups]}")
    return [[(one.info.name, one.value) for one in frame.groups] for frame in frames], {
        one.info.unit for frame in frames for one in frame.groups if one.info.name == "IINST"
    }


def with_kylin():
    line_end, path = terminal()
    # It wants a port of the system's list, which has no pseudo terminals.
    kylin.list_ports.comports = lambda: [list_ports_common.ListPortInfo(path)]
    reader = kylin.Kylin(path)
    reader.open()
    os.write(line_end, telegrams())
    frames = [reader.readframe() for _ in range(3)]
    reader.close()
    for frame in frames:
        print(f"kylin: {[(one['name'], one['value']) for one in frame]}")
    return [[(one["name"], one["value"]) for one in frame] for frame in frames]


logging.disable()
print(f"python-tic {version('python-tic')}, kylin {version('kylin')}")
found, units = with_python_tic()
other = with_kylin()
expected = [[("ADCO", "012345678900"), ("IINST", number)] for number in ("001", "003", "005")]
sys.exit(found != expected or units != {"Wh"} or other != expected)
PYTHON
