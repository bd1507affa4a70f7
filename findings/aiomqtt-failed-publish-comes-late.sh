#!/usr/bin/env bash
# aiomqtt delivers messages whose publish() has failed, after newer ones, with the next connection.
#
# Surprising: publish() ends with MqttError "Operation timed out" while the broker is away, and the
# message stays in the client. When the same Client is entered again, as its documentation shows for
# reconnecting, a message that is published at once goes out first and the failed ones behind it. So
# a program that waits for the broker and then publishes the newest value has the oldest one kept as
# the retained message; one that publishes the failed message again doubles it. A new Client for each
# connection does not know the old messages.
#
# aiomqtt 2.5.1, paho-mqtt 2.2.0, Mosquitto 2.0.11 (Debian 12, package 2.0.11-1.2+deb12u2).
# Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download --quiet --quiet mosquitto=2.0.11-1.2+deb12u2 libdlt2 libwrap0 2>apt.log ||
  { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aiomqtt==2.5.1 paho-mqtt==2.2.0

venv/bin/python - <<'PYTHON'
import asyncio
import os
import re
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import aiomqtt

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
user = "user root\n" if os.geteuid() == 0 else ""
Path("mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n{user}")
folders = {str(one.parent) for one in Path("root").resolve().rglob("*.so*")}
environment = os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(sorted(folders))}
TOPIC = "meter/state"


def start():
    broker = subprocess.Popen(
        ["root/usr/sbin/mosquitto", "-c", "mosquitto.conf"],
        env=environment, stderr=subprocess.PIPE, text=True,
    )
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    return broker


async def try_to_publish(client, payload):
    try:
        await client.publish(TOPIC, payload, qos=1, retain=True, timeout=1)
    except aiomqtt.MqttError as error:
        print(f"  publish({payload}): {error}")
        return False
    return True


async def messages():
    """Yield what is published, and first what the broker has retained."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe(TOPIC, qos=1)
        async for message in client.messages:
            yield message.payload.decode()


async def collect(got):
    async for payload in messages():
        got.append(payload)


async def main():
    broker = start()
    print(f"aiomqtt {version('aiomqtt')}, paho-mqtt {version('paho-mqtt')}")
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # of the lost connection
    client = aiomqtt.Client("127.0.0.1", port)
    published = []
    try:
        async with client:
            broker.terminate()
            broker.wait()
            for payload in ("1", "2"):
                published.append(await try_to_publish(client, payload))
    except aiomqtt.MqttError as error:
        print(f"  the connection has ended: {error}")
    starting = re.search(r"mosquitto version (\S+)", broker.stderr.read())
    print(f"Mosquitto {starting[1]} is started again")
    broker = start()
    got = []
    listener = asyncio.create_task(collect(got))
    await asyncio.sleep(0.5)
    async with client:
        published.append(await try_to_publish(client, "3"))
        await asyncio.sleep(0.5)
    print(f"  publish of 1, 2, 3 came back: {published}; delivered: {got}")
    listener.cancel()
    retained = await anext(messages())
    print(f"  retained: {retained}")
    broker.terminate()
    broker.wait()
    return published != [False, False, True] or got != ["3", "1", "2"] or retained != "2"


sys.exit(asyncio.run(main()))
PYTHON
