"""Telegrams read in the general way, to compare those that are read by templates with."""

from app import jsontext
from app.decoder import Decoder
from app.dlms.receiver import Push
from app.fault import Fault
from app.meters.telegram import Telegram
from app.meters.template import Templates
from app.recordings.decode import describe


class _None(Templates):
    """Reads no telegram."""

    def read(self, push: Push) -> Telegram | None:  # noqa: ARG002 - as `Templates.read`
        return None


class GeneralDecoder(Decoder):
    """A decoder without templates."""

    def restart(self) -> None:
        """Begin a new stream, as at the decoder's own beginning."""
        super().restart()
        self._templates = _None(self._interpreter)


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
