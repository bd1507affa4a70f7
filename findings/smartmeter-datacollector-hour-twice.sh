#!/usr/bin/env bash
# smartmeter-datacollector gives the readings of one hour in autumn the times of the hour before.
#
# Surprising: a meter may leave open how far its clock is from UTC (8000) and say by a bit of the clock
# status that it is summer time (Blue Book), as the clocks of some E450 in Switzerland do. The
# bit is not looked at; the zone of the computer decides, and in the hour that comes twice it takes
# summer time for both. So for an hour the times in UTC are those of the hour before again, with
# higher counters, and then one hour has no readings. All other times of the year are right, and so
# is a meter that tells the deviation.
#
# smartmeter-datacollector 2.0.0 with gurux-dlms 1.0.203. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  smartmeter-datacollector==2.0.0 gurux-dlms==1.0.203

TZ=Europe/Zurich "$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from smartmeter_datacollector.smartmeter.cosem import Cosem
from smartmeter_datacollector.smartmeter.hdlc_dlms_parser import HdlcDlmsParser

SUMMER, WINTER = "80", "00"  # clock status
OPEN, UTC_PLUS_1 = "8000", "FFC4"  # deviation


def checksum(data):
    """CRC-16/X-25, its low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 * (crc & 1)
    return (crc ^ 0xFFFF).to_bytes(2, "little")


def frame(clock):
    """An HDLC frame with a data-notification of a clock and 1-0:1.8.0."""
    apdu = f"0F 00000001 00 0204 0906 0000010000FF 090C {clock} 0906 0100010800FF 06 00001000"
    information = bytes.fromhex("E6E700" + apdu)
    head = (0xA000 + 2 + 2 + 1 + 1 + 2 + len(information) + 2).to_bytes(2, "big")
    head += bytes.fromhex("CEFF 03 13")
    body = head + checksum(head) + information
    return b"\x7e" + body + checksum(body) + b"\x7e"


def read(hour, minute, status, deviation=OPEN):
    """The time it gives a reading of 25 October 2026."""
    clock = f"07EA0A1907 {hour:02X}{minute:02X}00 00 {deviation} {status}"
    parser = HdlcDlmsParser(Cosem("fallback"))
    parser.append_to_hdlc_buffer(frame(clock))
    assert parser.extract_data_from_hdlc_frames()
    objects = parser.parse_to_dlms_objects()
    bundle = parser.convert_dlms_bundle_to_reader_data(objects, parser.extract_message_time())
    assert [point.value for point in bundle.data_points] == [4096]
    said = f"{bundle.timestamp:%H:%M %Z}"
    season = "summer" if status == SUMMER else "winter"
    print(f"{hour}:{minute:02} in {season} time, deviation {deviation}: {said}")
    return said


print(", ".join(f"{name} {version(name)}" for name in ("smartmeter-datacollector", "gurux-dlms")))
found = [
    read(1, 30, SUMMER),
    read(2, 30, SUMMER),
    read(2, 30, WINTER),
    read(2, 30, WINTER, UTC_PLUS_1),
    read(3, 30, WINTER),
]
sys.exit(found != ["23:30 UTC", "00:30 UTC", "00:30 UTC", "01:30 UTC", "02:30 UTC"])
PYTHON
