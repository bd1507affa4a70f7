"""What the dialogue wants of the world.

The dialogue is a generator without input or output: it yields a step and is sent what came of it.
`command` takes the steps in a terminal; a test sends what it likes.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from app.config.options import MqttOptions
from app.language.catalogue import Sentence, Text
from app.mqtt.explain import Cause
from app.transport.serial_mode import SerialMode


class Form(Enum):
    """What an answer looks like."""

    TEXT = auto()
    SECRET = auto()
    """The answer is not shown while it is typed."""
    YES_NO = auto()
    """The answer is ``yes`` or ``no``, whatever the words for that are in the user's language."""


class Say(Sentence):
    """Says a sentence of the catalogue."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """Asks the user; the answer is a str, empty when only Enter was pressed.

    Args:
        name: of the question, whose sentence is ``ask.`` and this.
        form: of the answer.
        parameters: what the sentence takes, by name.
        enter: what Enter stands for, to be shown: a text, or a sentence; None for nothing.
        choices: sentences for the answers ``1``, ``2``...
    """

    name: str
    form: Form = Form.TEXT
    parameters: Mapping[str, object] = field(default_factory=dict)
    enter: str | Say | None = None
    choices: Sequence[Say] = ()


@dataclass(frozen=True, slots=True)
class FindAdapters:
    """Looks for serial adapters; comes to a list of `transport.adapters.Adapter`."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Listens to a line, and shows what comes; comes to a `hearing.Heard`.

    Args:
        target: ``tcp://host:port``, or the path of a serial device.
        mode: the only serial mode to read with; None to try those that occur.
        first: the mode that is tried first.
    """

    target: str
    mode: SerialMode | None = None
    first: SerialMode | None = None


@dataclass(frozen=True, slots=True)
class LogIn:
    """Logs in to the broker; comes to a `LoggedIn`."""

    broker: MqttOptions


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """What came of logging in.

    Args:
        cause: why it failed; None when it did not, or for a reason that only ``reason`` says.
        words: of the system or the broker.
        reason: a sentence for what has no cause.
        unheard: topics that the broker acknowledged a message of, but did not hand it on.
    """

    cause: Cause | None = None
    words: Text = ""
    reason: Text = ""
    unheard: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether there was no connection."""
        return self.cause is not None or bool(self.reason)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Reads a file of options; comes to a dict (empty for no file) or a Say of what is wrong."""

    path: Path


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """Writes a file of options; comes to None, or to a Say of what is wrong."""

    path: Path
    raw: Mapping[str, Any] = field(repr=False)


Step: TypeAlias = Say | Ask | FindAdapters | Listen | LogIn | ReadOptions | WriteOptions

_T = TypeVar("_T")
Steps: TypeAlias = Generator[Step, Any, _T]
"""A part of the dialogue, and what it comes to."""
