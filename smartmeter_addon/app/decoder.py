"""The whole way from bytes to accepted telegrams, without any input or output.

Each stage takes what the one before it gives, at once: a chunk goes in, and what became whole with
it comes out. Nothing here waits, and nothing raises on what the bytes hold.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import datetime, tzinfo

from app.dlms.ciphering import Keys
from app.dlms.receiver import Push, Receiver
from app.fault import Fault
from app.link import Frame, Scanner
from app.link.p1_checksum import Checksums
from app.meters.energy_units import EnergyUnits
from app.meters.interpreter import Interpreter
from app.meters.meter_ids import MeterIds
from app.meters.profile import AUTO, Profile
from app.meters.telegram import Telegram
from app.meters.templates import Templates
from app.plausibility import Guard


class Decoder:
    """Decodes one line; takes chunks as they come and never raises on what they hold.

    Args:
        keys: of the meter on the line.
        profiles: every meter family there is.
        meter_type: one of them, or ``auto``.
        zone: where the meter stands.
        label: see `Interpreter`.
        numbers: see `Interpreter`.
        ids: see `Interpreter`.
        energy_units: see `Interpreter`.
        guard: decides which telegrams are accepted; without one all are.
        now: see `Interpreter`.
        ciphered_only: see `Receiver`.
    """

    __slots__ = (
        "_checksums",
        "_ciphered_only",
        "_guard",
        "_interpreter",
        "_keys",
        "_receiver",
        "_scanner",
        "_templates",
    )

    def __init__(
        self,
        keys: Keys,
        profiles: Mapping[str, Profile],
        zone: tzinfo,
        meter_type: str = AUTO,
        *,
        label: str = "",
        numbers: MutableMapping[str, str] | None = None,
        ids: MeterIds | None = None,
        energy_units: EnergyUnits | None = None,
        guard: Guard | None = None,
        now: Callable[[], datetime] | None = None,
        ciphered_only: bool = False,
    ) -> None:
        self._guard = guard
        self._keys = keys
        self._ciphered_only = ciphered_only
        # The sorts of checksum of P1 meters, which are those of a line opened anew, too.
        self._checksums = Checksums()
        self._interpreter = Interpreter(
            profiles,
            meter_type,
            zone,
            label=label,
            numbers=numbers,
            ids=ids,
            energy_units=energy_units,
            now=now,
        )
        self._templates = Templates(self._interpreter)
        self._begin()

    def restart(self) -> None:
        """Begin a new stream of the same line: what is half read is forgotten, meters are not."""
        # Whose tags were right has to have one on a line opened anew, too.
        self._begin(self._receiver.tagged)

    def _begin(self, tagged: tuple[bytes, ...] = ()) -> None:
        self._scanner = Scanner(self._checksums)
        self._receiver = Receiver(
            self._keys, tagged, self._checksums, ciphered_only=self._ciphered_only
        )

    @property
    def junk(self) -> int:
        """Bytes so far that belong to no frame."""
        return self._scanner.junk

    @property
    def frames(self) -> int:
        """Frames so far that passed their link's checks."""
        return self._scanner.frames

    @property
    def under_way(self) -> bool:
        """Whether bytes are held that may be the beginning of a telegram."""
        return self._scanner.under_way or self._receiver.under_way

    def feed(self, chunk: bytes) -> list[Telegram | Fault]:
        """Take the next bytes; give the telegrams that became whole, and what was damaged."""
        # link: frames are found in the bytes, checked, and joined of their segments.
        return self._read(self._scanner.feed(chunk))

    def finish(self) -> list[Telegram | Fault]:
        """Take the end of the stream; tell of what it cut off."""
        return [*self._read(self._scanner.finish()), *self._receiver.finish()]

    def _read(self, events: Iterable[Frame | Fault]) -> list[Telegram | Fault]:
        """Take frames, and what was damaged, the rest of the way."""
        found: list[Telegram | Fault] = []
        for event in events:
            # dlms: blocks are joined, deciphered and taken apart; not each frame ends a telegram.
            for item in self._receiver.feed(event):
                found.append(self._interpret(item) if isinstance(item, Push) else item)  # noqa: PERF401 - a comprehension of both loops reads worse
        return found

    def _interpret(self, push: Push) -> Telegram:
        """Take what a meter pushed the rest of the way."""
        # cosem and meters: the values get codes, units, keys, and a meter.
        telegram = self._templates.read(push) or self._interpreter.interpret(push)
        told = None
        if self._guard is not None:
            # plausibility: is that what this meter can say after its telegrams so far?
            telegram, told = self._guard.judge(telegram)
        if self._interpreter.records and (withheld := self._interpreter.withheld(telegram)):
            telegram = telegram._replace(withheld=(*telegram.withheld, *withheld))
        if telegram.fault:
            return telegram
        # Only now, as nothing that a damaged telegram says of its sender may be remembered.
        if template := telegram.template:
            template.remember(telegram)
        else:
            self._interpreter.remember(telegram)
            self._templates.learn(telegram)
        if told:
            telegram = telegram._replace(told="; ".join(filter(None, (told, telegram.told))))
        return telegram
