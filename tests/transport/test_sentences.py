"""The sentences about a line for whoever watches a command."""

from app.transport.events import (
    Event,
    GatewaySaid,
    GaveUp,
    Lost,
    OnlyAdapter,
    Opened,
    Settled,
    SpeaksTelnet,
)
from app.transport.sentences import Sentences
from app.transport.serial_mode import SerialMode

MODE = SerialMode.parse("2400 8E1")
AGAIN = "(it is tried again until that works; Ctrl-C ends)"


def told(*events: Event) -> list[str | None]:
    sentences = Sentences()
    return [sentences.about(event) for event in events]


def test_why_a_line_cannot_be_opened_is_said_once() -> None:
    missing, busy = (Lost("/dev/a", reason, 2.0) for reason in ("it is missing", "it is in use"))
    later = Lost("/dev/a", "it is missing", 5.0)
    assert told(missing, later, busy, busy, missing) == [
        f"it is missing {AGAIN}",
        None,
        f"it is in use {AGAIN}",
        None,
        f"it is missing {AGAIN}",
    ]


def test_a_line_that_was_open_meanwhile_is_lost_anew() -> None:
    gone, opened = Lost("/dev/a", "it is gone", 1.0), Opened("/dev/a (2400 8E1)")
    assert told(opened, gone, gone, opened, gone) == [
        "reading /dev/a (2400 8E1); Ctrl-C ends",
        f"it is gone {AGAIN}",
        None,
        "reading /dev/a (2400 8E1); Ctrl-C ends",
        f"it is gone {AGAIN}",
    ]


def test_what_else_happens_is_said_each_time() -> None:
    for event, sentence in (
        (OnlyAdapter("/dev/a"), "reading the only serial adapter, /dev/a"),
        (GaveUp(MODE, was_right=False), "no whole frame with 2400 8E1, trying another mode"),
        (GatewaySaid("tcp://h:1", "hello"), 'tcp://h:1 says "hello"'),
        (SpeaksTelnet("tcp://h:1"), str(SpeaksTelnet("tcp://h:1"))),
        (Settled(MODE, searched=True), None),
        (b"bytes", None),
    ):
        assert told(event, event) == [sentence] * 2
