#!/usr/bin/env bash
# smartmeter-austria-energy cannot read a Kaifa of Netz NÖ from 9:06:00 to 9:06:59 each day.
#
# Surprising: whether a telegram can be read depends on the time of day. The library does not
# follow the structure of the list; it looks for the bytes 09 06, an octet string of length 6, and
# takes what follows for an OBIS code. This list begins with the clock, and 09 06 there is the hour
# and the minute. What follows makes a register whose unit is a byte of the energy: where no unit
# has that number, as below, the whole telegram is given up.
#
# It also wants two bytes behind the last value. This list ends with that value, so two bytes have
# to be put behind it, as below, or no telegram is read at any time.
#
# smartmeter-austria-energy 1.5.0, with pycryptodome 4.4.0, which it needs and does not name. Seen
# on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  smartmeter-austria-energy==1.5.0 pycryptodome==4.4.0

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from Crypto.Cipher import AES
from smartmeter_austria_energy.decrypt import Decrypt
from smartmeter_austria_energy.obisdata import ObisData
from smartmeter_austria_energy.supplier import SupplierEVN

print(f"smartmeter-austria-energy {version('smartmeter-austria-energy')}")
KEY = bytes(range(16))  # made up, as all values below
TITLE = b"KFM" + bytes(4) + b"\x01"
ENERGIES = {"1.8": (12345678, 30), "2.8": (0, 30), "1.7": (515, 27), "2.7": (0, 27)}
OTHERS = {
    "32.7": (2337, -1, 35), "52.7": (2340, -1, 35), "72.7": (2351, -1, 35),
    "31.7": (85, -2, 33), "51.7": (94, -2, 33), "71.7": (118, -2, 33), "13.7": (819, -3, 255),
}


def row(code, value, scaler, unit):
    code = bytes((1, 0, *map(int, code.split(".")), 0, 255))
    return b"\x09\x06" + code + value + bytes((2, 2, 0x0F, scaler & 0xFF, 0x16, unit))


def notification(hour, minute):
    """The data-notification of 29 November 2026, before it is ciphered."""
    clock = b"\x0c" + bytes.fromhex(f"07ea0b1d07 {hour:02x} {minute:02x} 1e ff ffc4 00")
    return b"".join((
        b"\x0f\x80\x00\x00\x01", clock,
        b"\x02\x23\x09", clock,
        *(row(code, b"\x06" + value.to_bytes(4, "big"), 0, unit)
          for code, (value, unit) in ENERGIES.items()),
        *(row(code, b"\x12" + value.to_bytes(2, "big"), scaler, unit)
          for code, (value, scaler, unit) in OTHERS.items()),
        b"\x09\x0c181200000001",
    ))  # fmt: skip


def frame(segment, data):
    """An M-Bus long frame."""
    inside = bytes((0x53, 0xFF, segment, 1, 0x67)) + data
    return b"\x68" + bytes((len(inside),)) * 2 + b"\x68" + inside + bytes((sum(inside) & 255, 0x16))


def read(hour, minute, behind=b""):
    """Give the energy that the library reads, or its error."""
    counter = (1).to_bytes(4, "big")
    text = AES.new(KEY, AES.MODE_GCM, nonce=TITLE + counter).encrypt(notification(hour, minute))
    apdu = b"\xdb\x08" + TITLE + bytes((0x81, 5 + len(text), 0x20)) + counter + text
    frames = frame(0, apdu[:245]), frame(0x11, apdu[245:] + behind)
    try:
        decrypted = Decrypt(SupplierEVN, *frames, KEY.hex())
        decrypted.parse_all()
        said = ObisData(decrypted, SupplierEVN.supplied_values).RealEnergyIn.value_string
    except ValueError as error:
        said = f"ValueError: {error}"
    print(f"{hour:02}:{minute:02}:30, {len(behind)} bytes behind: {said}")
    return said


right = "12345678 Wh"
found = [read(9, minute, bytes(2)) for minute in (5, 6, 7)]
found += [read(10, 6, bytes(2)), read(9, 5)]
sys.exit(
    found[:4] != [right, "ValueError: 97 is not a valid PhysicalUnits", right, right]
    or not found[4].startswith("ValueError: Not enough data to read the complete OctetString")
)
PYTHON
