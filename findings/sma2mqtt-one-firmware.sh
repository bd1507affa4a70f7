#!/usr/bin/env bash
# sma2mqtt hears a meter of one firmware only, and looks for its readings within its readings.
#
# Surprising: an SMA Energy Meter or Home Manager sends records of a code and a value, at the end
# one with the version of its firmware. sma2mqtt takes the bytes of version 2.11.5.R for the end of
# a message, and throws one that ends otherwise away without a word: after an update of the meter
# there are no more readings, and nothing says why.
#
# It does not go from record to record, but looks for the bytes of a code in the whole message, so
# it finds them in values as well. The code of the power fed in is 00 02 04 00, which is also
# 13209.6 W: when the house draws that, the next code is its feed-in, 6758.4 W. At 6758.4 W drawn,
# and for 18 Wh from 2404.73 kWh on, it finds an energy or a power that is too large, and throws
# the message away.
#
# sma2mqtt 0.0.13, beside pysma-plus 0.5.4. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check sma2mqtt==0.0.13 pysma-plus==0.5.4

"$dir/venv/bin/python" - <<'PYTHON'
import contextlib
import io
import runpy
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

from pysmaplus.device_em import SMAspeedwireEM

sys.argv = ["sma2mqtt", "--no_mqtt"]
sma2mqtt = SimpleNamespace(**runpy.run_path(str(Path(sys.executable).with_name("sma2mqtt"))))

print(f"sma2mqtt {version('sma2mqtt')}, pysma-plus {version('pysma-plus')}")
DRAWN, FED_IN = 1, 2
PHASES = 20, 40, 60
READINGS = 1, 2, 3, 4, 9, 10  # each as a power, in 0.1 W, and as a counter, in Ws
POWER, COUNTER = 4, 8


def datagram(firmware, drawn, counted):
    """What a meter sends that draws so much, in 0.1 W, and has counted so many Ws."""
    values = {(DRAWN, POWER): drawn, (DRAWN, COUNTER): counted}
    records = b""
    for phase in (0, *PHASES):
        for index in READINGS:
            for kind in POWER, COUNTER:
                value = values.get((phase + index, kind), 0)
                records += bytes([0, phase + index, kind, 0]) + value.to_bytes(kind, "big")
        for index in (11, 12, 13) if phase else (13, 14):  # current, voltage, factor, frequency
            records += bytes([0, phase + index, POWER, 0]) + bytes(4)
    major, minor, build = map(int, firmware[:-2].split("."))
    records += bytes([0x90, 0, 0, 0, major, minor, build, ord(firmware[-1])])
    net = bytes.fromhex("6069 0174 B2D05E01 00123456") + records
    header = b"SMA\0" + bytes.fromhex("0004 02A0 00000001")
    return header + len(net).to_bytes(2, "big") + b"\x00\x10" + net + bytes(4)


def read(firmware, drawn, counted):
    """The powers in W that both read: drawn and fed in."""
    message = datagram(firmware, drawn, counted)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            _, values = sma2mqtt.decode_speedwire(message)
        found = values["total_w_buy"], values["total_w_sell"]
    except (sma2mqtt.MissingEndMarker, sma2mqtt.DataOutOfBounds) as error:
        found = type(error).__name__  # which its loop ignores
    other = SMAspeedwireEM().datagram_received(message, ("127.0.0.1", 9522))
    beside = other[f"{DRAWN}:{POWER}:0"] / 10, other[f"{FED_IN}:{POWER}:0"] / 10
    print(
        f"{firmware}, {drawn / 10} W, {counted / 3.6e6:.3f} kWh: {found}; "
        f"pysma-plus {beside} of {other['sw_version']}"
    )
    return found, beside == (drawn / 10, 0) and other["sw_version"] == firmware


OLD, NEW, KWH = "2.11.5.R", "2.13.4.R", 3600000
cases = {
    (OLD, 5150, 1000 * KWH): (515, 0),
    (NEW, 5150, 1000 * KWH): "MissingEndMarker",
    (OLD, 132095, 1000 * KWH): (13209.5, 0),
    (OLD, 132096, 1000 * KWH): (13209.6, 6758.4),
    (OLD, 67584, 1000 * KWH): "DataOutOfBounds",
    (OLD, 5150, 0x203FFFFFF): (515, 0),
    (OLD, 5150, 0x204001000): "DataOutOfBounds",
    (OLD, 5150, 0x20400FFFF): "DataOutOfBounds",
    (OLD, 5150, 0x204010000): (515, 0),
}
sys.exit(any(read(*case) != (expected, True) for case, expected in cases.items()))
PYTHON
