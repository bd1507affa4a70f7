"""The templates of one line: which telegrams are read by them, and when one is made."""

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from app.dlms.receiver import Push, Security
from app.link.frame import Frame
from app.meters.interpreter import Interpreter
from app.meters.telegram import Telegram

if TYPE_CHECKING:
    from app.meters.template import Template

_AFTER: Final = 3
_TIMES: Final = 4
_WORTH: Final = 500
"""Telegrams of a channel that are read in the general way before a template is made; and how many
times more before the next one, unless so many were read by templates meanwhile. Making one takes as
long as reading some dozens."""

_MOST: Final = 8
"""Templates of one channel: lists of a meter that have the same size, and states it is in."""

_MOST_CHANNELS: Final = 32
"""Channels that are remembered; a hostile sender makes up others."""

# What takes fields of a named tuple, faster than Python unpacks one.
_link_of: Final = itemgetter(
    *map(Frame._fields.index, ("link", "address", "checksum", "parts", "note"))
)
_ciphering_of: Final = itemgetter(
    *map(Security._fields.index, ("system_title", "security_control", "authenticated"))
)
_bits_of: Final = int.from_bytes  # to make a method of the class each time takes 40 ns


@dataclass(slots=True)
class _Channel:
    """How telegrams come that are like each other.

    Args:
        key: what they have in common, see `_channel_of`.
        templates: of their lists, the latest last.
        accepted: telegrams that were read in the general way since the last template was made.
        read: telegrams that were read by templates since then.
        after: telegrams until the next one is made.
    """

    key: tuple[object, ...]
    templates: "tuple[Template, ...]" = ()
    accepted: int = 0
    read: int = 0
    after: int = _AFTER

    def is_due(self) -> bool:
        """Take one more telegram that was accepted; tell whether to make a template of it."""
        self.accepted += 1
        if self.accepted < (_AFTER if self.read >= _WORTH else self.after):
            return False
        self.after = _AFTER if self.read >= _WORTH else self.after * _TIMES
        self.accepted = self.read = 0
        return True


class Templates:
    """The templates of one line.

    Args:
        interpreter: of the line, the general way.
    """

    __slots__ = ("_channels", "_interpreter", "_revision")

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._channels: tuple[_Channel, ...] = ()  # a dict of one takes 224 bytes
        self._revision = interpreter.revision

    def read(self, push: Push) -> Telegram | None:
        """Read a telegram; None if it is to be read in the general way."""
        content, key = push.plaintext, _channel_of(push)
        if content is None:
            return None
        for channel in self._channels:
            if channel.key == key:
                break
        else:
            return None
        bits = _bits_of(content)
        for template in channel.templates:
            if bits & template.constant == template.bits and (
                (pick := template.pick_names) is None or b"".join(pick(content)) == template.names
            ):
                channel.read += 1
                return template.read(push, content)
        return None

    def learn(self, telegram: Telegram) -> None:
        """Take a telegram that was accepted; make a template of it when that is due."""
        if self._revision != self._interpreter.revision:
            self._revision = self._interpreter.revision
            for one in self._channels:
                one.templates = ()
        if telegram.template is not None or telegram.reading is None or telegram.told:
            return
        key = _channel_of(telegram.push)
        channel = self._channel(key)
        if channel is None:
            channel = _Channel(key)
            self._channels = (*self._channels, channel)[-_MOST_CHANNELS:]
        if channel.is_due() and (template := self._made(telegram.push)):
            channel.templates = (*channel.templates[1 - _MOST :], template)

    def _channel(self, key: tuple[object, ...]) -> _Channel | None:
        for one in self._channels:
            if one.key == key:
                return one
        return None

    def _made(self, push: Push) -> "Template | None":
        # Not before some telegrams were read: the first of them is to be published soon.
        from app.meters import template  # noqa: PLC0415

        return template.made(push, self._interpreter)


def _channel_of(push: Push) -> tuple[object, ...]:
    """Return what all telegrams of a template have in common besides the plaintext."""
    size, security = len(push.plaintext or b""), push.security
    if security is None:
        return size, push.is_text, _link_of(push.frame)
    return size, push.is_text, _link_of(push.frame), _ciphering_of(security)
