"""From a link's frames to what the meter pushed: block transfer, deciphering, data-notification."""

from typing import Final, NamedTuple, TypeAlias

from app.dlms import apdu, ciphering, gbt
from app.dlms.apdu import DataNotification
from app.dlms.ciphering import Cipher, Keys, Parser
from app.fault import DecodeError, Fault, Kind
from app.language.catalogue import Sentence
from app.link import p1
from app.link.frame import Frame
from app.link.p1_checksum import Checksums
from app.link.segments import Joiner

_CIPHERED: Final = (
    bytes((ciphering.GENERAL_GLO_CIPHERING,)),
    bytes((ciphering.GENERAL_DED_CIPHERING,)),
)
_P1: Final = p1.P1.name
_BLOCK: Final = bytes((gbt.GENERAL_BLOCK_TRANSFER,))
_MOST_TITLES: Final = 32
_new: Final = tuple.__new__  # makes a named tuple in half the time that its class takes


class Security(NamedTuple):
    """How a telegram was ciphered.

    Args:
        system_title: of the sender, 8 bytes.
        security_control: the byte that says what was done (20 enciphered, 10 tag present).
        invocation_counter: counts the sender's telegrams.
        authenticated: True when the tag fits, False when not, None when it was not checked.
    """

    system_title: bytes
    security_control: int
    invocation_counter: int
    authenticated: bool | None

    @property
    def is_ciphered(self) -> bool:
        """Whether a key is needed to read the telegram."""
        return bool(self.security_control & ciphering.ENCRYPTED)

    @property
    def has_tag(self) -> bool:
        """Whether there is a tag that an authentication key can check."""
        return bool(self.security_control & ciphering.AUTHENTICATED)


class Push:
    """One telegram: what the meter pushed, and how it came.

    A data-notification is taken apart when its content is first asked for, as a telegram like the
    one before is read without that.

    Args:
        frame: link, place in the stream and addresses; its payload is the whole APDU.
        security: None when the telegram was not ciphered.
        plaintext: the APDU or the P1 text, deciphered; None when `fault` says why there is none.
        fault: what keeps the content from being read or accepted.
        is_text: whether it is a P1 text.
    """

    __slots__ = ("_content", "_fault", "frame", "is_text", "plaintext", "security")

    def __init__(
        self,
        frame: Frame,
        security: Security | None,
        plaintext: bytes | None,
        fault: Fault | None = None,
        *,
        is_text: bool = False,
    ) -> None:
        self.frame = frame
        self.security = security
        self.plaintext = plaintext
        self.is_text = is_text
        self._fault = fault
        self._content: DataNotification | bytes | None = plaintext if is_text else None

    @property
    def content(self) -> DataNotification | bytes | None:
        """The data-notification, a P1 text, or None when `fault` says why there is none."""
        self._read()
        return self._content

    @property
    def fault(self) -> Fault | None:
        """What keeps the content from being read or accepted."""
        self._read()
        return self._fault

    def with_plaintext(self, plaintext: bytes) -> "Push":
        """Return a telegram that came the same way with another content."""
        return Push(self.frame, self.security, plaintext, is_text=self.is_text)

    def _read(self) -> None:
        if self._content is not None or self._fault is not None or self.plaintext is None:
            return
        try:
            self._content = apdu.parse(self.plaintext)
        except DecodeError as error:
            self._fault = _unreadable(error, self.security, self.frame.offset)


Event: TypeAlias = Push | Fault


class Receiver:
    """Turns the frames of one line into telegrams; keeps blocks until their message is whole.

    Args:
        keys: of the meter on the line.
        tagged: what `tagged` of the one before says.
        checksums: of the P1 texts that are deciphered; kept up to date here.
        ciphered_only: whether a telegram that was made without one of the keys is a fault.
    """

    __slots__ = (
        "_authentication",
        "_blocks",
        "_checksums",
        "_cipher",
        "_ciphered_only",
        "_parser",
        "tagged",
    )

    def __init__(
        self,
        keys: Keys,
        tagged: tuple[bytes, ...] = (),
        checksums: Checksums | None = None,
        *,
        ciphered_only: bool = False,
    ) -> None:
        self._parser = Parser()
        self._cipher = Cipher(keys)
        self._authentication = keys.authentication is not None
        self.tagged = tagged
        """System titles whose tags were found right."""
        self._checksums = checksums or Checksums()
        self._ciphered_only = ciphered_only
        self._blocks = Joiner(gbt.LAYER, "block", gbt.FIRST_BLOCK)

    @property
    def under_way(self) -> bool:
        """Whether blocks are held whose message is not whole yet."""
        return self._blocks.under_way

    def feed(self, event: Frame | Fault) -> list[Event]:
        """Take what the link layer gave; never raises on what a line can bring."""
        if isinstance(event, Fault):
            return [event]
        kind = event.payload[:1]
        if kind in _CIPHERED:
            return [self._decipher(event)]
        if kind == _BLOCK:
            return self._receive_block(event)
        return [self._take(event)]

    def finish(self) -> list[Fault]:
        """Take the end of the stream; tell of what it cut off."""
        return self._blocks.finish()

    def _receive_block(self, frame: Frame) -> list[Event]:
        """Take a block; give the telegram that is whole with it, and tell of one that is not."""
        try:
            block = gbt.parse(frame.payload)
        except DecodeError as error:
            return [*self._blocks.finish(), _fault(error, frame.offset)]
        part = frame._replace(payload=block.data)
        joined = self._blocks.feed(block.number, part, last=block.last)
        events: list[Event] = []
        for item in joined:
            if isinstance(item, Fault):
                events.append(item)
            elif item.payload[:1] in _CIPHERED:
                events.append(self._decipher(item))
            else:
                events.append(self._take(item))
        return events

    def _take(self, frame: Frame) -> Push:
        """Take a telegram that is not ciphered."""
        if self._ciphered_only:
            return _not_ciphered(frame, None)
        return Push(frame, None, frame.payload, is_text=frame.link == _P1)

    def _decipher(self, frame: Frame) -> Push:
        """Take a telegram that is ciphered, which no P1 text begins like."""
        try:
            ciphered = self._parser.parse(frame.payload)
        except DecodeError as error:
            return Push(frame, None, None, _fault(error, frame.offset))
        title, control, counter, _, _ = ciphered
        try:
            plaintext, authenticated = self._cipher.open(ciphered)
        except DecodeError as error:
            security = Security(title, control, counter, None)
            return Push(frame, security, None, _fault(error, frame.offset))
        security = _new(Security, (title, control, counter, authenticated))
        if self._ciphered_only and authenticated is None and not security.is_ciphered:
            return _not_ciphered(frame, security)
        # Most plaintexts are none: to see that here takes less than to call.
        if plaintext[:1] == p1.START and p1.begins(plaintext):
            push = self._text(frame, security, plaintext)
        else:
            push = Push(frame, security, plaintext)
        if authenticated:
            if title not in self.tagged and len(self.tagged) < _MOST_TITLES:
                self.tagged += (title,)
        elif authenticated is False or (self._authentication and title in self.tagged):
            # What cannot be read at all tells more: a wrong key deciphers to anything.
            return push if push.fault else Push(frame, security, None, _wrong_tag(frame, security))
        return push

    def _text(self, frame: Frame, security: Security, plaintext: bytes) -> Push:
        """Take a P1 text that was ciphered."""
        try:
            # Without a tag that is checked, the text's own checksum is all that guards it.
            text = p1.whole(plaintext, self._checksums)
        except DecodeError as error:
            return Push(frame, security, None, _unreadable(error, security, frame.offset))
        bits = text.checksum or frame.checksum
        frame = frame._replace(checksum=bits, parts=1, note=text.note)
        return Push(frame, security, text.content, is_text=True)


def _not_ciphered(frame: Frame, security: Security | None) -> Push:
    """Refuse what could be anybody's."""
    reason = (
        "the telegram is not encrypted, though this meter has a key; if its telegrams never are,"
        " take the key out of its options"
    )
    return Push(frame, security, None, Fault(Kind.NOT_CIPHERED, "ciphering", frame.offset, reason))


def _wrong_tag(frame: Frame, security: Security) -> Fault:
    """Tell of a tag that does not fit, or that is missing where the meter's telegrams have one."""
    if security.authenticated is False:
        reason = Sentence("telegram.auth_key_wrong")
        return Fault(Kind.AUTH_KEY_WRONG, "ciphering", frame.offset, reason)
    missing = "the telegram has no tag, though this meter's telegrams have one"
    return Fault(Kind.DAMAGED, "ciphering", frame.offset, missing)


def _unreadable(error: DecodeError, security: Security | None, offset: int) -> Fault:
    """Tell a wrong key from a telegram that cannot be read.

    A wrong key leaves random bytes, of which one message in 256 begins like a telegram by chance
    and breaks off soon after.
    """
    readable = error.layer in ("a-xdr", _P1)
    if security is None or security.authenticated or readable:
        return _fault(error, offset)
    return Fault(Kind.KEY_WRONG, "ciphering", offset, Sentence("telegram.key_wrong"))


def _fault(error: DecodeError, offset: int) -> Fault:
    reason = error.reason
    if error.kind is Kind.DAMAGED:
        reason = f"{reason} (byte {error.offset} of the telegram)"
    return Fault(error.kind, error.layer, offset, reason)
