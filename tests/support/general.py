"""Telegrams read in the general way, to compare those that are read by templates with."""

import random
from datetime import tzinfo

from app import jsontext
from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.dlms.receiver import Push
from app.fault import Fault
from app.meters import profile_files
from app.meters.energy_units import EnergyUnits
from app.meters.profile import AUTO
from app.meters.telegram import Telegram
from app.meters.template import Template
from app.meters.templates import Templates
from app.recordings.decode import describe
from simulator.ciphering import AUTH_KEY, KEY
from simulator.clock import VIENNA
from tests.support.repair import with_flipped_bit
from tests.support.simulated import SILENT

BOTH_KEYS = Keys(KEY, AUTH_KEY)

MADE_AFTER = 3
"""Telegrams of a list after which a template is made."""

WITHOUT_TEMPLATE = SILENT | {
    # Their time and date are texts of their own.
    *(("am550", "kaernten"), ("am550", "text"), ("am550", "text-zeros"), ("dsmr", "denmark-nes")),
    *(("ie5", "croatia"), ("ie5", "croatia-28"), ("im350", "kaernten"), ("im350", "wels")),
}
"""Lists of the simulator that no template reads."""


class _None(Templates):
    """Reads no telegram."""

    def read(self, push: Push) -> Telegram | None:  # noqa: ARG002 - as `Templates.read`
        return None


def said(item: Telegram | Fault) -> object:
    """Give all that a telegram says, with the order of its values."""
    if isinstance(item, Fault):
        return item
    readings = [one for one in (item.reading, *item.others) if one]
    return (
        jsontext.dumps(describe(item)),
        [list(one.values) for one in readings],
        [(one.meter, one.timestamp, one.unknown, dict(one.derived)) for one in readings],
        dict(item.registers or {}),
        (item.push.frame, item.push.security, item.number, item.kept_id, item.waiting),
        (item.note, item.told, item.sender, item.unknown, item.profile),
    )


class Both:
    """Two decoders of one line, one of which has no templates.

    Args:
        keys: of the meter on the line.
        zone: where it stands.
        meter_type: see `Interpreter`.
        label: see `Interpreter`.
        energy_unit: the power of ten of Wh that its energies count; None for what is found.
    """

    def __init__(
        self,
        keys: Keys = BOTH_KEYS,
        zone: tzinfo = VIENNA,
        meter_type: str = AUTO,
        label: str = "a",
        energy_unit: int | None = None,
    ) -> None:
        self._decoders = tuple(
            Decoder(
                keys,
                profile_files.load(),
                zone,
                meter_type,
                label=label,
                numbers={},
                energy_units=EnergyUnits(energy_unit, {}),
            )
            for _ in range(2)
        )
        general = self._decoders[1]
        general._templates = _None(general._interpreter)
        self.read = 0
        """Telegrams that were read by a template."""

    def templates(self) -> list[Template]:
        """Give all templates that there are."""
        channels = self._decoders[0]._templates._channels
        return [one for channel in channels for one in channel.templates]

    def feed(self, *chunks: bytes) -> list[Telegram | Fault]:
        """Feed both, and compare what they give."""
        found: list[Telegram | Fault] = []
        for chunk in chunks:
            by_templates, general = (one.feed(chunk) for one in self._decoders)
            assert list(map(said, by_templates)) == list(map(said, general))
            assert not any(isinstance(one, Telegram) and one.template for one in general)
            found += by_templates
        self.read += sum(isinstance(one, Telegram) and bool(one.template) for one in found)
        return found


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Flip one bit of a telegram, and make its checksums fit."""
    return with_flipped_bit(data, chance.randrange(1, len(data) - 1), chance.randrange(8))
