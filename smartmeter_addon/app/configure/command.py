"""The command ``configure``: takes the steps of the dialogue in a terminal."""

import argparse
import asyncio
import io
import os
import shlex
import signal
import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any, Final

from app.config.environment import PROGRAM
from app.config.timezone import local_zone
from app.configure import flags, options_file
from app.configure.dialogue import dialogue
from app.configure.given import GivenError, given_answers
from app.configure.interview import Interview, SetupError
from app.configure.listening import listen
from app.configure.login import log_in
from app.configure.steps import (
    Ask,
    FindAdapters,
    Listen,
    LogIn,
    ReadOptions,
    Say,
    Step,
    Steps,
    WriteOptions,
)
from app.configure.terminal import Terminal, may_colour, printable
from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.language.catalogue import Catalogue
from app.language.languages import language_of, languages
from app.meters import profile_files
from app.meters.profile import Profile
from app.meters.profile_files import OWN_FOLDER
from app.transport.adapters import adapters

INTERRUPTED: Final = 130
"""The exit status after Ctrl-C, as shells have it."""


class _World:
    """Takes steps for real.

    Args:
        terminal: where the user is.
        profiles: every meter family there is.
        seconds: how long to wait for a telegram; None for the usual patience.
    """

    def __init__(
        self, terminal: Terminal, profiles: Mapping[str, Profile], seconds: float | None
    ) -> None:
        self._terminal = terminal
        self._profiles = profiles
        self._seconds = seconds

    def decoder(self, keys: Keys) -> Decoder:
        """Make a decoder with some keys."""
        return Decoder(keys, self._profiles, local_zone())

    def take(self, step: Step) -> Any:  # noqa: ANN401 - what comes of it, see `steps`
        """Take a step, and give what came of it."""
        match step:
            case Say():
                return self._terminal.say(step)
            case Ask():
                return self._terminal.ask(step)
            case FindAdapters():
                return adapters()
            case Listen():
                self._terminal.say(Say("listening.begins", {"line": step.target}))
                listening = listen(
                    step, self.decoder(Keys()), self._terminal.show, seconds=self._seconds
                )
                heard = asyncio.run(listening)
                self._terminal.end_progress()
                self._terminal.forget_typed()
                return heard
            case LogIn(broker):
                self._terminal.say(Say("broker.trying", {"host": broker.host}))
                logged_in = asyncio.run(log_in(broker))
                self._terminal.forget_typed()
                return logged_in
            case ReadOptions(path):
                return options_file.read(path)
            case WriteOptions(path, raw):
                # From here on it ends by itself, and says truly whether the options are written.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                return options_file.write(path, raw)


def configure(
    options: argparse.Namespace,
    program: str,
    environment: Mapping[str, str] = os.environ,
) -> int:
    """Guide through the set-up.

    Args:
        options: as `flags.add_arguments` lets them be parsed.
        program: the command by which the program was called.
        environment: may hold answers, too.

    Returns:
        The exit status: 0 when the options are written, 1 when something was tried in vain, 2 for
        wrong usage, 130 after Ctrl-C.
    """
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # whatever the locale or a meter brings
    language = options.language or language_of(environment, languages())
    catalogue = Catalogue.load(language)
    terminal = Terminal(catalogue, sys.stdin, sys.stdout, colours=may_colour(environment))
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, _as_interrupt)
        given = given_answers(options, environment)
        profiles = profile_files.load(given.path and given.path.parent / OWN_FOLDER)
        world = _World(terminal, profiles, options.seconds)
        interview = Interview(interactive=terminal.interactive, hasty=options.yes)
        with terminal.session():
            path = _run(dialogue(interview, given, world.decoder, profiles, language), world)
    except (GivenError, profile_files.ProfileError) as error:
        sys.stderr.write(f"{program} configure: {error}\n")
        return 2
    except BrokenPipeError:  # whoever reads the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SetupError as error:
        terminal.end_progress()
        sys.stderr.write(f"{printable(catalogue.text(error.said))}\n")
        return error.status
    except (KeyboardInterrupt, EOFError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        terminal.say(Say("end.interrupted"))
        return INTERRUPTED
    terminal.say(Say("end.written"))
    key = "end.service" if path == flags.SERVICE_FILE else "end.by_hand"
    terminal.say(Say(key, {"program": _typed(program, environment), "path": path}))
    return 0


def _typed(program: str, environment: Mapping[str, str]) -> str:
    """Give the command as it has to be typed: an installed one, or a module of this interpreter."""
    if environment.get(PROGRAM):
        return program
    path = environment.get("PYTHONPATH", "")
    variable = f"PYTHONPATH={shlex.quote(path)} " if path else ""
    return f"{variable}{shlex.quote(sys.executable)} -m app"


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    """Take SIGTERM for Ctrl-C, which asyncio takes in a way that loses none of its callbacks."""
    signal.raise_signal(signal.SIGINT)


def _run(steps: Steps[Any], world: _World) -> Any:  # noqa: ANN401 - what the dialogue comes to
    answer = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration as end:
            return end.value
        answer = world.take(step)
