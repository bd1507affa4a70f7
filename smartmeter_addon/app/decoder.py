"""The whole way from bytes to telegrams, without any input or output."""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import replace
from datetime import datetime, tzinfo

from app.dlms.ciphering import Keys
from app.dlms.receiver import Push, Receiver
from app.fault import Fault
from app.link import Frame, Scanner
from app.meters.interpreter import Interpreter
from app.meters.profile import AUTO, Profile
from app.meters.telegram import Telegram
from app.plausibility import Guard


class Decoder:
    """Decodes one line; takes chunks as they come and never raises on what they hold.

    Args:
        keys: of the meter on the line.
        profiles: every meter family there is.
        meter_type: one of them, or ``auto``.
        zone: where the meter stands.
        line: see `Interpreter`.
        numbers: see `Interpreter`.
        guard: decides which telegrams are accepted; without one all are.
        now: see `Interpreter`.
    """

    def __init__(
        self,
        keys: Keys,
        profiles: Mapping[str, Profile],
        zone: tzinfo,
        meter_type: str = AUTO,
        *,
        line: str = "",
        numbers: MutableMapping[str, str] | None = None,
        guard: Guard | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._guard = guard
        self._keys = keys
        self._tagged: set[bytes] = (
            set()
        )  # a meter that had a tag has one on a line opened anew, too
        self._interpreter = Interpreter(
            profiles, meter_type, zone, line=line, numbers=numbers, now=now
        )
        self.restart()

    def restart(self) -> None:
        """Begin a new stream of the same line: what is half read is forgotten, meters are not."""
        self._scanner = Scanner()
        self._receiver = Receiver(self._keys, self._tagged)

    @property
    def junk(self) -> int:
        """Bytes so far that belong to no frame."""
        return self._scanner.junk

    @property
    def frames(self) -> int:
        """Frames so far that passed their link's checks."""
        return self._scanner.frames

    def feed(self, chunk: bytes) -> list[Telegram | Fault]:
        """Take the next bytes; give the telegrams that became whole, and what was damaged."""
        return self._read(self._scanner.feed(chunk))

    def finish(self) -> list[Telegram | Fault]:
        """Take the end of the stream; tell of what it cut off."""
        return [*self._read(self._scanner.finish()), *self._receiver.finish()]

    def _read(self, events: Iterable[Frame | Fault]) -> list[Telegram | Fault]:
        return [
            self._interpret(item) if isinstance(item, Push) else item
            for event in events
            for item in self._receiver.feed(event)
        ]

    def _interpret(self, push: Push) -> Telegram:
        if self._guard is None:
            return self._interpreter.read(push)
        telegram, told = self._guard.judge(self._interpreter.interpret(push))
        if telegram.fault:
            return telegram
        # Only now, as nothing that a damaged telegram says of its sender may be remembered.
        self._interpreter.remember(telegram)
        return replace(telegram, told=told) if told else telegram
