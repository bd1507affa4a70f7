#!/usr/bin/env bash
# Mosquitto acknowledges a message that the account may not write, and throws it away.
#
# Surprising: by MQTT 3.1.1 a client that publishes at QoS 1 gets its PUBACK, as for any other
# message, though the access list denies it the topic and nobody ever gets the message. A client
# cannot tell; it has to subscribe to its own topic and see whether the message comes back. The
# protocol has no other answer before version 5, where the same PUBACK bears the reason 135.
# A subscription to a topic that the list does not allow to be read is granted just so.
#
# Mosquitto 2.0.11 (Debian 12, package 2.0.11-1.2+deb12u2), paho-mqtt 2.2.0. Seen on 2026-11-28.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download --quiet --quiet mosquitto=2.0.11-1.2+deb12u2 libdlt2 libwrap0 2>apt.log ||
  { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check paho-mqtt==2.2.0

cat >access <<'ACCESS'
topic readwrite allowed
topic read denied
ACCESS
venv/bin/python - <<'PYTHON'
import os
import queue
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import paho.mqtt.client as mqtt

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
user = "user root\n" if os.geteuid() == 0 else ""
Path("mosquitto.conf").write_text(
    f"listener {port} 127.0.0.1\nallow_anonymous true\nacl_file {Path('access').resolve()}\n{user}"
)
folders = {str(one.parent) for one in Path("root").resolve().rglob("*.so*")}
environment = os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(sorted(folders))}
broker = subprocess.Popen(
    ["root/usr/sbin/mosquitto", "-c", "mosquitto.conf"],
    env=environment, stderr=subprocess.PIPE, text=True,
)
starting = next(line for line in broker.stderr if "mosquitto version" in line)
print(f"Mosquitto {starting.split('version ')[1].split()[0]}, paho-mqtt {version('paho-mqtt')}")


def publishes(protocol):
    """Publish to both topics; give the PUBACK's reason and what comes back, by topic."""
    got, granted = queue.Queue(), queue.Queue()
    reasons = {}
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=protocol)
    client.on_message = lambda _c, _u, message: got.put(message.topic)
    client.on_subscribe = lambda _c, _u, _m, codes, _p: granted.put([str(one) for one in codes])
    client.on_publish = lambda _c, _u, mid, reason, _p: reasons.setdefault(mid, str(reason))
    for _ in range(50):
        try:
            client.connect("127.0.0.1", port)
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    client.loop_start()
    client.subscribe([("allowed", 1), ("denied", 1), ("not listed", 1)])
    found = {"subscribed": granted.get(timeout=5)}
    print("  subscribed:", ", ".join(found["subscribed"]))
    for topic in ("allowed", "denied"):
        sent = client.publish(topic, "x", qos=1)
        deadline = time.monotonic() + 5
        while sent.mid not in reasons and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            back = got.get(timeout=1) == topic
        except queue.Empty:
            back = False
        found[topic] = (reasons.get(sent.mid), back)
        print(f"  {topic}: PUBACK {found[topic][0]}, {'comes back' if back else 'does not come back'}")
    client.disconnect()
    client.loop_stop()
    return found


try:
    print("MQTT 3.1.1")
    old = publishes(mqtt.MQTTv311)
    print("MQTT 5")
    new = publishes(mqtt.MQTTv5)
finally:
    broker.terminate()
    broker.wait()
expected = {"subscribed": ["Granted QoS 1"] * 3}
expected |= {"allowed": ("Success", True), "denied": ("Success", False)}
sys.exit(old != expected or new != expected | {"denied": ("Not authorized", False)})
PYTHON
