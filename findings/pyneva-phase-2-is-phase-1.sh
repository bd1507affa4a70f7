#!/usr/bin/env bash
# pyneva gives phase 1 of a three-phase Neva meter as phase 2, and phase 2 as phase 3.
#
# Surprising: the active power of phase 2 is asked for by the code of phase 1, that of phase 3 by
# the code of phase 2. The power of phase 3 is never read, and a load on it is in the sum alone.
# Voltages and currents are those of their phases. The power factor of phase 2 is that of phase 3,
# but for the meter MT324AOS. Whoever balances the phases by that takes the wrong one.
#
# pyneva 0.7.51. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pyneva==0.7.51 pyserial==3.5

"$dir/venv/bin/python" - <<'PYTHON'
import functools
import operator
import socketserver
import sys
import threading
from importlib.metadata import version

from pyneva import NevaMT324R

print(f"pyneva {version('pyneva')}")
STX, ETX, ACK = b"\x02", b"\x03", b"\x06"
READINGS = {
    "200700FF": "230.11",
    "340700FF": "230.22",
    "480700FF": "230.33",
    "240700FF": "0100.1",
    "380700FF": "0200.2",
    "4C0700FF": "0300.3",
    "100700FF": "0600.6",
    "2107FFFF": "10.91",  # the first digit tells whether it is of a coil
    "3507FFFF": "10.92",
    "4907FFFF": "10.93",
}


def with_bcc(start, message):
    return start + message + bytes([functools.reduce(operator.xor, message)])


class Meter(socketserver.StreamRequestHandler):
    """A meter that answers to the programming mode of IEC 62056-21, behind a serial server."""

    def message(self):
        text = b""
        while not text.endswith(ETX):
            byte = self.rfile.read(1)
            if not byte:
                return b"B0"
            text += byte
        self.rfile.read(1)  # the block check character
        return text[1:-1]

    def handle(self):
        self.rfile.readline()
        self.wfile.write(b"/TPC5NEVAMT324.2307\r\n")
        self.rfile.readline()
        self.wfile.write(with_bcc(b"\x01", b"P0" + STX + b"(00000000)" + ETX))
        while not (asked := self.message()).startswith(b"B0"):
            if asked.startswith(b"P1"):
                self.wfile.write(ACK)
                continue
            code = asked.removeprefix(b"R1" + STX).removesuffix(b"()")
            reading = READINGS[code.decode()].encode()
            codes.append(code.decode()[:2])
            self.wfile.write(with_bcc(STX, code + b"(" + reading + b")" + ETX))


def read(meter, name):
    """The three phases of a reading, and by which codes (their group C) it asked for them."""
    codes.clear()
    phases = getattr(meter, name)[:3]
    print(f"{name}: {phases}, asked for {codes[:3]}")
    return phases, codes[:3]


codes = []
with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Meter) as server:
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with NevaMT324R(f"socket://127.0.0.1:{server.server_address[1]}") as meter:
        names = "voltage", "active_power", "power_factor"
        voltage, power, factor = (read(meter, name) for name in names)
    server.shutdown()

sys.exit(
    voltage != ((230.11, 230.22, 230.33), ["20", "34", "48"])
    or power != ((100.1, 100.1, 200.2), ["24", "24", "38"])
    or factor != (("L0.91", "L0.93", "L0.93"), ["21", "49", "49"])
)
PYTHON
