"""Describes the streams and consumers to the engine, as its JetStream API takes it."""

from typing import Any, Final, NamedTuple

from app.fleet import payload, subjects
from app.fleet.options import FleetOptions

PIN_SECONDS: Final = 5.0
"""After which a partition is given to another reader, when its own does not pull; it pulls each
second."""

_ACK_SECONDS: Final = 30.0
"""After which a message that is not acknowledged is delivered again; that alone tells a reader that
waits, when a meter sends nothing more, that the reader before it is gone."""

_MOST_RAW_BYTES: Final = 4 * payload.MOST_BYTES
"""Of a raw message with its headers; the server refuses more. A reader pulls some hundred at once,
which would fill its memory."""

_MOST_AN_HOUR: Final = 5 * 3600
"""Raw messages of one name, on average over the time for which they are kept; of a name that has
more, its own oldest ones go. A meter pushes a telegram a second at most, perhaps in pieces."""

_DUPLICATE_SECONDS: Final = 120.0
_PARTITIONS: Final = "smartmeter.partitions"
_SECOND: Final = 10**9


class Stream(NamedTuple):
    """A stream as it is wanted: its name, and what the API is told."""

    name: str
    config: dict[str, Any]


def streams(options: FleetOptions) -> list[Stream]:
    """Describe all streams."""
    common = {
        "storage": "file",
        "retention": "limits",
        "num_replicas": options.replicas,
        "allow_direct": True,
        "max_consumers": -1,
    }
    hour = 3600 * _SECOND
    raw = {
        "subjects": ["raw.*"],
        "max_age": options.raw_hours * hour,
        "max_bytes": options.raw_megabytes * 10**6,
        "max_msgs_per_subject": options.raw_hours * _MOST_AN_HOUR,
        "discard": "old",
        "max_msg_size": _MOST_RAW_BYTES,
        "duplicate_window": int(_DUPLICATE_SECONDS * _SECOND),
        "subject_transform": {
            "src": "raw.*",
            "dest": f"raw.{{{{partition({options.partitions},1)}}}}.{{{{wildcard(1)}}}}",
        },
        "metadata": {_PARTITIONS: str(options.partitions)},
    }
    base = subjects.of_topic(options.base_topic)
    readings = {
        "subjects": [subjects.readings("*")],
        "max_age": options.reading_hours * hour,
        "duplicate_window": int(_DUPLICATE_SECONDS * _SECOND),
        "republish": {
            "src": subjects.readings("*"),
            "dest": f"{base}.{{{{wildcard(2)}}}}.state",
        },
    }
    states = {
        "subjects": [f"$KV.{subjects.STATES}.>"],
        "max_msgs_per_subject": 1,
        "discard": "new",
        "allow_rollup_hdrs": True,
        "deny_delete": True,
    }
    wanted = {subjects.RAW: raw, subjects.READINGS: readings, subjects.STATE_STREAM: states}
    return [Stream(name, {"name": name, **common, **config}) for name, config in wanted.items()]


def partitions_of(config: Any) -> int:  # noqa: ANN401 - any JSON value
    """Tell how many partitions the stream of raw telegrams has, by its configuration.

    Raises:
        ValueError: it was not made by this program.
    """
    try:
        return int(config["metadata"][_PARTITIONS])
    except (KeyError, TypeError, ValueError):
        raise ValueError("the stream does not say how many partitions it has") from None


def consumer(partition: int) -> dict[str, Any]:
    """Describe the consumer of a partition."""
    name = subjects.consumer(partition)
    return {
        "name": name,
        "durable_name": name,
        "deliver_policy": "all",
        "ack_policy": "all",
        "ack_wait": int(_ACK_SECONDS * _SECOND),
        "max_deliver": -1,
        "max_ack_pending": -1,
        "filter_subject": subjects.of_partition(partition),
        "replay_policy": "instant",
        "priority_policy": "pinned_client",
        "priority_groups": [subjects.GROUP],
        "priority_timeout": int(PIN_SECONDS * _SECOND),
    }


def differs(wanted: Any, there: Any) -> bool:  # noqa: ANN401 - any JSON values
    """Tell whether a configuration lacks something that is wanted; the server adds more."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return any(differs(value, there.get(key)) for key, value in wanted.items())
    return bool(wanted != there)
