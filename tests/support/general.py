"""A decoder that reads each telegram in the general way, to compare that by templates with."""

from app.decoder import Decoder
from app.dlms.receiver import Push
from app.meters.telegram import Telegram
from app.meters.template import Templates


class _None(Templates):
    """Reads no telegram."""

    def read(self, push: Push) -> Telegram | None:  # noqa: ARG002 - as `Templates.read`
        return None


class GeneralDecoder(Decoder):
    """A decoder without templates."""

    def _new_templates(self) -> Templates:
        return _None(self._interpreter)
