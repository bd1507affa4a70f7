"""What those who look are told at once."""

import json

from tests.support.paged import meter, opened


async def test_each_telegram_is_one_small_message_while_somebody_looks() -> None:
    paged = opened()
    simulated = meter()
    paged.push(simulated, 2)
    got: list[bytes] = []

    class Sink:
        def send(self, data: bytes) -> None:
            got.append(data)

    sink = Sink()
    stream = paged.line.stream()
    stream.begin(sink)
    paged.push(simulated, 3)
    stream.end(sink)
    paged.push(simulated, 3)
    readings = [data for data in got if data.startswith(b"event: reading\n")]
    assert len(readings) == 3
    assert all(len(data) < 1000 and data.endswith(b"\n\n") for data in readings)
    said = json.loads(readings[0].partition(b"data: ")[2])
    assert said["meter"] == 0
    assert said["older"] == {}
    assert "power" in said["values"]
