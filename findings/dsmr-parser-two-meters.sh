#!/usr/bin/env bash
# dsmr-parser gives two gas meters by one name: the last one as attribute, the first one by its
# key.
#
# Surprising: the two ways to ask a parsed telegram for a reading differ when it names two meters
# of a kind behind the electricity meter. telegram.MBUS_METER_READING is that of the last line,
# telegram[obis_references.MBUS_METER_READING] that of the first. It happens after an exchange of
# the gas meter, whose old channel goes on being sent: a program that changes from the older way to
# the newer one changes the meter, and a counter steps. With one meter both agree, so no test shows
# it. Right in both cases is MBUS_DEVICES, with a channel for each.
#
# dsmr-parser 1.11.2. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check dsmr-parser==1.11.2

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from dsmr_parser import obis_references, telegram_specifications
from dsmr_parser.parsers import TelegramParser

print(f"dsmr-parser {version('dsmr-parser')}")
GAS = {1: "00111.111", 2: "00222.222"}  # made up, as the numbers of the meters


def parse(channels):
    """Parse a telegram of DSMR 5 with a gas meter on each channel; give both ways' readings."""
    lines = ["/TST5TEST", "", "1-3:0.2.8(50)", "0-0:1.0.0(261129120000W)", "1-0:1.7.0(00.515*kW)"]
    for channel in channels:
        lines += [
            f"0-{channel}:24.1.0(003)",
            f"0-{channel}:96.1.0(473030{channel:02})",
            f"0-{channel}:24.2.1(261129115500W)({GAS[channel]}*m3)",
        ]
    text = "\r\n".join(lines) + "\r\n!"
    text += f"{TelegramParser.crc16(text):04X}\r\n"
    telegram = TelegramParser(telegram_specifications.V5).parse(text)
    attribute = telegram.MBUS_METER_READING.value
    key = telegram[obis_references.MBUS_METER_READING].value
    devices = [one.MBUS_METER_READING.value for one in telegram.MBUS_DEVICES]
    print(f"gas meters on channels {channels}: attribute {attribute}, key {key}, devices {devices}")
    return str(attribute), str(key), [str(one) for one in devices]


one, two = parse([1]), parse([1, 2])
first, last = "111.111", "222.222"
sys.exit(one != (first, first, [first]) or two != (last, first, [first, last]))
PYTHON
