"""Many meters, whose telegrams several readers share over NATS JetStream.

Gateways store telegrams in the stream RAW, each under the name of its meter. The server divides the
names among partitions, and each partition has one consumer, which is pinned to one reader at a
time. A reader reads what its partitions bring, stores the readings in the stream READINGS, and
acknowledges the telegrams only then. What another reader needs to go on stands in the engine.

- `partition` is the way through one partition, without any input or output: `events` come in,
  requests come out. Its rules are explained there.
- `meter_line` reads what comes under one name: the decoder, judged by the time of arrival.
- `owners` is which meter may come under which name.
- `home_assistant` is what Home Assistant is told of meters.
- `sharing` is what readers tell each other, so that each has its share of the partitions.
- `options` and `meters_file` are what the user gives.
- `streams` describes streams and consumers; `engine` speaks to the server, and is alone in that;
  `client` is nats-py's, mended; `message` is what the server says, and `outage` tells where it does
  not work.
- `reader`, `set_up` and `status` are what the command does.
"""
