"""Devices and readers that speak MQTT, at NATS' own MQTT port."""

import json
from pathlib import Path

import aiomqtt

from simulator import meters
from tests.support.fleets import fleet, known
from tests.support.nats import TIMEOUT, connect, engine, unclaimed_port
from tests.support.telegrams import household


async def test_telegrams_and_readings_may_go_by_mqtt(tmp_path: Path) -> None:
    port = unclaimed_port()
    with engine(tmp_path, f'mqtt {{listen: "127.0.0.1:{port}"}}') as node:
        await (await connect(node)).close()  # which waits until it runs
        meter = meters.build("kaifa")
        telegram = meter.telegram(household(meter))
        async with (
            fleet(node, partitions=2) as one,
            aiomqtt.Client("127.0.0.1", port, timeout=TIMEOUT) as client,
        ):
            await one.join(known("m1"))
            await client.subscribe("smartmeter/+/state")
            await client.publish("raw/m1", telegram.data, qos=1)
            message = await anext(aiter(client.messages))
            assert message.topic.value == "smartmeter/181221234567/state"
            assert isinstance(message.payload, bytes)
            said = json.loads(message.payload)
            assert said["timestamp"] == telegram.truth.timestamp.isoformat()
            await one.settle()
            assert await one.stored() == {"m1": [said["timestamp"]]}
