#!/usr/bin/env bash
# pysmartmeter ends when the house feeds in, or a voltage is below 200 V.
#
# Surprising: the eBZ DD3, the meter it is made for, sends the power as 16.7.0, one number with a
# sign: what is drawn less what is fed in. In the description of the meter that comes with
# pysmartmeter that power has 0 for its lowest value, and a voltage 200 to 260 V. What is beyond
# raises an error that nobody catches: the program ends in the middle of the telegram, and what
# stands behind the value is not published. Started again, it ends with the next telegram, as long
# as the sun shines, though the counter of what is fed in is described beside the power.
#
# pysmartmeter 0.7.1 with ha-services 2.15.2. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME=$dir # where it keeps its settings
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  pysmartmeter==0.7.1 ha-services==2.15.2

"$dir/venv/bin/python" - <<'PYTHON'
import contextlib
import logging
import multiprocessing
import os
import sys
from importlib.metadata import version

from ha_services.exceptions import InvalidStateValue
from pysmartmeter import mqtt_handler, mqtt_publish
from pysmartmeter.user_settings import UserSettings

logging.disable()
print(f"pysmartmeter {version('pysmartmeter')}, ha-services {version('ha-services')}")


class Broker:
    """Keeps what is published of the meter instead of sending it."""

    def publish(self, topic, payload, **_):
        meter = f"-{UserSettings().hichi.name}-"
        if topic.endswith("/state") and meter in topic:
            published[topic.split(meter)[1].removesuffix("/state")] = payload


class Port:
    """A serial port at which a meter sends telegrams, and whose plug is then pulled."""

    def __init__(self, *telegrams):
        self.lines = "".join(telegrams).encode().splitlines(keepends=True)

    def readline(self):
        if not self.lines:
            raise EOFError
        return self.lines.pop(0)


def telegram(power, voltage):
    return (
        "/EBZ5DD3BZ06ETA_107\r\n\r\n"
        "1-0:96.1.0*255(1EBZ0100000123)\r\n"
        "1-0:1.8.0*255(005087.48789958*kWh)\r\n"
        "1-0:2.8.0*255(000012.34567890*kWh)\r\n"
        f"1-0:16.7.0*255({power}*W)\r\n"
        f"1-0:32.7.0*255({voltage}*V)\r\n"
        "0-0:96.8.0*255(00BEEF00)\r\n"
        "!\r\n"
    )


def run(power, voltage):
    """How the program ends with a meter's telegrams, and the readings that it published."""
    port = Port("!\r\n", telegram(power, voltage))
    mqtt_publish.get_serial_port = lambda _: port
    try:
        with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):
            mqtt_publish.publish_forever(verbosity=0)
    except (InvalidStateValue, EOFError) as error:
        end = type(error).__name__, len(published)
    print(f"{power} W and {voltage} V: {end[0]}, published: {', '.join(published)}", flush=True)
    return end


published = {}
mqtt_publish.get_user_settings = lambda _: UserSettings()
mqtt_handler.get_connected_client = lambda **_: Broker()
cases = {
    ("000236.12", "234.2"): ("EOFError", 7),
    ("-00236.12", "234.2"): ("InvalidStateValue", 4),
    ("000236.12", "199.9"): ("InvalidStateValue", 5),
}
sys.stdout.flush()
with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as fresh:
    found = fresh.starmap(run, cases, chunksize=1)  # each in a process of its own
sys.exit(found != list(cases.values()))
PYTHON
