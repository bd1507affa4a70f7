"""The dialogue of ``configure`` without a terminal: a test plays user, line and broker."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.configure.dialogue import dialogue
from app.configure.given import Given
from app.configure.hearing import Heard, Hearing, Outcome
from app.configure.interview import Interview
from app.configure.steps import (
    Ask,
    FindAdapters,
    Listen,
    LoggedIn,
    LogIn,
    ReadOptions,
    Say,
    Step,
    Steps,
    WriteOptions,
)
from app.dlms.ciphering import Keys
from app.language.catalogue import Catalogue
from app.meters import profile_files
from app.transport.adapters import Adapter
from app.transport.events import Opened
from app.transport.serial_mode import SerialMode
from tests.support.telegrams import decoder, telegram

MODE = SerialMode.parse("2400 8E1")
PATH = Path("/etc/smartmeter/options.json")
ADAPTER = Adapter("/dev/serial/by-id/usb-FTDI-port0", "FT232R USB UART")
STICK = Adapter("/dev/serial/by-id/usb-Zigbee-port0", "Zigbee stick", foreign=True)


def heard(
    family: str, variant: str | None = None, *, mode: SerialMode = MODE
) -> Callable[[Listen], Heard]:
    """Let a telegram of a simulated meter come."""

    def listen(step: Listen) -> Heard:
        hearing = Hearing(step.target, decoder(Keys()), modes=1, now=0.0)
        hearing.take(Opened(step.target, mode), 0.0, lambda: None)
        came = hearing.take(telegram(family, variant).data, 1.0, lambda: None)
        assert came
        return came

    return listen


def not_heard(outcome: Outcome) -> Callable[[Listen], Heard]:
    """Let nothing that can be read come."""
    return lambda step: Heard(outcome, step.target)


@dataclass
class Played:
    """What a dialogue did.

    ``said`` are its sentences in English, ``asked`` the names of its questions.
    """

    written: Mapping[str, Any] | None = None
    path: Path | None = None
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    listens: list[Listen] = field(default_factory=list)
    log_ins: list[LogIn] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.said)


def play(
    answers: Iterable[tuple[str, str]] = (),
    *,
    given: Given | None = None,
    file: Any = None,  # noqa: ANN401 - what JSON gives, or a Say
    adapters: Iterable[Adapter] = (ADAPTER,),
    line: Iterable[Callable[[Listen], Heard]] = (),
    broker: Iterable[LoggedIn] = (),
    interactive: bool = True,
    hasty: bool = False,
    played: Played | None = None,
) -> Played:
    """Play a dialogue to its end.

    Args:
        answers: to the questions that are asked, in order, with the name of each.
        given: beforehand.
        file: what the file of options holds.
        adapters: that are plugged in.
        line: what comes each time the line is listened to; afterwards a meter in the clear.
        broker: what comes of each login; afterwards they work.
        interactive: whether there is somebody to ask.
        hasty: whether the user wants to be asked little.
        played: takes what the dialogue does, also where it ends by an exception.
    """
    played = played or Played()
    english = Catalogue.load("en")
    replies, lines, logins = iter(answers), iter(line), iter(broker)
    interview = Interview(interactive=interactive, hasty=hasty)
    given = given or Given()
    given.path = given.path or PATH
    steps = dialogue(interview, given, decoder, profile_files.load(), "en")

    def take(step: Step) -> Any:  # noqa: ANN401 - as the dialogue wants it
        match step:
            case Say():
                played.said.append(english.text(step))
            case Ask(name):
                played.asked.append(name)
                played.asks.append(step)
                english.text(Say(f"ask.{name}", step.parameters))
                expected, reply = next(replies, (name, ""))
                assert name == expected, f"{name} is asked; said was:\n{played.text}"
                return reply
            case FindAdapters():
                return list(adapters)
            case Listen():
                played.listens.append(step)
                return next(lines, heard("dsmr"))(step)
            case LogIn():
                played.log_ins.append(step)
                return next(logins, LoggedIn())
            case ReadOptions():
                return {} if file is None else file
            case WriteOptions(path, raw):
                played.path, played.written = path, raw
        return None

    _go_through(steps, take)
    left = list(replies)
    assert not left, f"not asked: {left}"
    return played


def _go_through(steps: Steps[Any], take: Callable[[Step], Any]) -> None:
    reply = None
    with suppress(StopIteration):
        while True:
            reply = take(steps.send(reply))
