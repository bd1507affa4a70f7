"""The way from bytes to messages without event loop, line and broker, and what must hold on it.

The checks must hold for any bytes.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Final

from app import log
from app.config.options import MeterOptions, MqttOptions
from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.fault import Fault
from app.link import Scanner
from app.meters import profile_files
from app.meters.profile import AUTO
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.mqtt.layouts import LAYOUTS
from app.mqtt.packed import unpack
from app.mqtt.publisher import Publisher
from app.mqtt.topics import Topics
from app.run import line_reader
from app.state import Sections, State
from simulator.clock import VIENNA as ZONE
from tests.support.logs import attached
from tests.support.memory import Memory
from trials.made import NOON

PROFILES: Final = profile_files.load()

HELD_AT_MOST: Final = 32768 + 16
"""Bytes that a scanner may hold between two chunks; its longest frame has 16 kB."""

JOINED_AT_MOST: Final = 65536
"""Bytes of segments or blocks that wait for more."""

SENDERS_AT_MOST: Final = 32
"""Senders or meters of one line."""

UNNAMED_AT_MOST: Final = 200
"""Codes without a name that the log tells."""

STATE_AT_MOST: Final = 200_000
"""Bytes of the state, and of a message."""

LONGEST_LINE: Final = 20_000
"""Characters of a line of the log."""

LONGEST_TOPIC: Final = 255
"""Characters."""


class Finding(AssertionError):  # noqa: N818 - what a trial looks for
    """Something that must hold does not hold."""


def check(holds: object, what: str) -> None:
    """Raise a finding unless something holds.

    Args:
        holds: what must be true.
        what: the finding.

    Raises:
        Finding: it is not.
    """
    if not holds:
        raise Finding(what)


class Chain:
    """A line's reader and the publisher behind it, without event loop, line and broker.

    Args:
        keys: of the meter.
        meter_type: as the option.
        layout: the name of the layout of topics.
    """

    def __init__(self, keys: Keys, meter_type: str = AUTO, layout: str = "standard") -> None:
        self._now = 1000.0
        self._state = Memory()
        self._publisher = publisher(self._state, layout)
        self._line = line_reader(
            MeterOptions(meter_type=meter_type, keys=keys),
            self._publisher,
            profiles=PROFILES,
            zone=ZONE,
            state=self._state,
            clock=lambda: self._now,
            wall_clock=lambda: NOON + timedelta(seconds=self._now),
        )

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Check each line of the log meanwhile."""
        with attached(_Watcher(), level=logging.DEBUG, alone=True):
            yield

    def take(self, chunk: bytes) -> None:
        """Read bytes."""
        self._line._take(chunk)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and look at the line's health."""
        self._now += seconds
        self._line._look(self._now)

    @property
    def sections(self) -> Sections:
        """What is kept over a restart."""
        return self._state._sections

    def holds(self) -> None:
        """Check the decoder, the messages and the state."""
        decoder_is_bounded(self._line._decoder)
        messages_hold(self._publisher)
        state = json.dumps(self.sections)
        check(len(state) <= STATE_AT_MOST, f"the state has {len(state)} characters")
        check(len(self._line._narrator._unnamed) <= UNNAMED_AT_MOST, "unnamed registers pile up")
        check(len(self._line._heard) <= SENDERS_AT_MOST, "meters pile up")


async def _no_broker() -> MqttOptions:
    return MqttOptions()


def publisher(state: State, layout: str) -> Publisher:
    """Make a publisher without a broker."""
    return Publisher(
        find_broker=_no_broker,
        layout=LAYOUTS[layout](Topics(), language="de", version="0"),
        state=state,
        on_state=lambda _: None,
        today=NOON.date,
    )


def messages_hold(publisher: Publisher, *, ours: bool = True) -> None:
    """Check all messages that would be sent.

    Args:
        publisher: whose.
        ours: whether no topic is one that was read from a file.
    """
    for topic, kept in publisher._outbox._newest.items():
        message = unpack(kept)
        check(topic == message.topic, "a message under another's topic")
        check(topic.isprintable() and not set(topic) & set("+#"), f"the topic {topic!r}")
        check(not ours or (topic.isascii() and not set(topic) & set("$ ")), f"the topic {topic!r}")
        check(not ours or len(topic) <= LONGEST_TOPIC, f"a topic of {len(topic)} characters")
        payload = message.payload.encode()
        check(len(payload) <= STATE_AT_MOST, f"a message of {len(payload)} bytes")
        if payload.startswith(b"{"):
            json.loads(payload, parse_constant=_no_constant)


def _no_constant(name: str) -> object:
    raise Finding(f"{name} is no JSON")


class _Watcher(logging.Handler):
    """Raises exceptions that the program logs, and checks each line of the log."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            raise record.exc_info[1]
        line = _FORMATTER.format(record)
        check(all(c.isprintable() for c in line), f"the line {line!r}")
        check(len(line) <= LONGEST_LINE, f"a line of {len(line)} characters")


_FORMATTER: Final = log._Formatter(log.Redactor(), colour=False)


# --- What must hold ---


def scanner_is_bounded(scanner: Scanner, fed: int) -> None:
    """Check what a scanner holds.

    Args:
        scanner: of a line.
        fed: bytes of the line so far.
    """
    held = len(scanner._buffer)
    check(held <= HELD_AT_MOST, f"{held} bytes are held")
    check(len(scanner._head) <= HELD_AT_MOST, "the head grows")
    check(len(scanner._waiting) <= held, "beginnings outnumber the bytes")
    check(0 <= scanner.junk <= fed, f"{scanner.junk} of {fed} bytes are junk")
    for link in scanner._links:
        joiner = getattr(link, "segments", None)
        check(joiner is None or len(joiner._data) <= JOINED_AT_MOST, "segments pile up")


def decoder_is_bounded(decoder: Decoder) -> None:
    """Check what a decoder remembers."""
    receiver, interpreter = decoder._receiver, decoder._interpreter
    check(len(receiver._blocks._data) <= JOINED_AT_MOST, "blocks pile up")
    check(len(receiver.tagged) <= SENDERS_AT_MOST, "system titles pile up")
    numbers = interpreter._numbers
    for kept in (interpreter._clocks._heard, numbers._known, numbers._waited):
        check(len(kept) <= SENDERS_AT_MOST, "senders pile up")


def telegram_holds(event: Telegram | Fault) -> None:
    """Check what a decoder returned."""
    if isinstance(event, Fault):
        str(event)
        return
    if event.fault:
        check(event.reading is None, "a telegram with a fault has a reading")
    for obis, register in (event.registers or {}).items():
        str(obis)
        check(isinstance(register.value, (str, bool, int, Decimal)), "no such value")
    for reading in (*([event.reading] if event.reading else []), *event.others):
        reading_holds(reading)


def reading_holds(reading: Reading) -> None:
    """Check a reading."""
    safe = set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    check(reading.meter.id and set(reading.meter.id) <= safe, f"the id {reading.meter.id!r}")
    for key, value in reading.values.items():
        check(isinstance(value, (int, Decimal, str)), f"{key} is {value!r}")
        check(isinstance(value, str) or Decimal(value).is_finite(), f"{key} is {value!r}")
