"""From a link's frames to what the meter pushed: block transfer, deciphering, data-notification."""

from typing import Final, NamedTuple, TypeAlias

from app.dlms import apdu, ciphering, gbt
from app.dlms.apdu import DataNotification
from app.dlms.ciphering import Cipher, Keys
from app.fault import DecodeError, Fault, Kind
from app.link import p1
from app.link.frame import Frame
from app.link.p1_checksum import Checksums
from app.link.segments import Joiner

_CIPHERED: Final = (
    bytes((ciphering.GENERAL_GLO_CIPHERING,)),
    bytes((ciphering.GENERAL_DED_CIPHERING,)),
)
_MOST_TITLES: Final = 32


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


class Push(NamedTuple):
    """One telegram: what the meter pushed, and how it came.

    Args:
        frame: link, place in the stream and addresses; its payload is the whole APDU.
        security: None when the telegram was not ciphered.
        content: the data-notification, a P1 text, or None when `fault` says why there is none.
        fault: what keeps the content from being read or accepted.
    """

    frame: Frame
    security: Security | None
    content: DataNotification | bytes | None
    fault: Fault | None = None


Event: TypeAlias = Push | Fault


class Receiver:
    """Turns the frames of one line into telegrams; keeps blocks until their message is whole.

    Args:
        keys: of the meter on the line.
        tagged: system titles whose tags were found right; kept up to date here.
        checksums: of the P1 texts that are deciphered; kept up to date here.
    """

    def __init__(
        self,
        keys: Keys,
        tagged: set[bytes] | None = None,
        checksums: Checksums | None = None,
    ) -> None:
        self._cipher = Cipher(keys)
        self._authentication = keys.authentication is not None
        self._tagged = set() if tagged is None else tagged
        self._checksums = checksums or Checksums()
        self._blocks = Joiner(gbt.LAYER, "block", gbt.FIRST_BLOCK)

    def feed(self, event: Frame | Fault) -> list[Event]:
        """Take what the link layer gave; never raises on what a line can bring."""
        if isinstance(event, Fault):
            return [event]
        if event.payload[:1] != bytes((gbt.GENERAL_BLOCK_TRANSFER,)):
            return [self._receive(event)]
        try:
            block = gbt.parse(event.payload)
        except DecodeError as error:
            return [*self._blocks.finish(), _fault(error, event.offset)]
        part = event._replace(payload=block.data)
        joined = self._blocks.feed(block.number, part, last=block.last)
        return [self._receive(item) if isinstance(item, Frame) else item for item in joined]

    def finish(self) -> list[Fault]:
        """Take the end of the stream; tell of what it cut off."""
        return self._blocks.finish()

    def _receive(self, frame: Frame) -> Push:
        if frame.link == p1.P1.name:
            return Push(frame, None, frame.payload)
        tag = frame.payload[:1]
        try:
            if tag in _CIPHERED:
                return self._decipher(frame)
            return Push(frame, None, apdu.parse(frame.payload))
        except DecodeError as error:
            return Push(frame, None, None, _fault(error, frame.offset))

    def _decipher(self, frame: Frame) -> Push:
        ciphered = ciphering.parse(frame.payload)
        title, control, counter = ciphered[:3]
        security = Security(title, control, counter, None)
        try:
            opened = self._cipher.open(ciphered)
        except DecodeError as error:
            return Push(frame, security, None, _fault(error, frame.offset))
        security = security._replace(authenticated=opened.authenticated)
        content: DataNotification | bytes
        try:
            if p1.begins(opened.plaintext):
                # Without a tag that is checked, the text's own checksum is all that guards it.
                text = p1.whole(opened.plaintext, self._checksums)
                content = text.content
                bits = text.checksum or frame.checksum
                frame = frame._replace(checksum=bits, parts=1, note=text.note)
            else:
                content = apdu.parse(opened.plaintext)
        except DecodeError as error:
            return Push(frame, security, None, _undecipherable(error, opened, frame.offset))
        if opened.authenticated is False:
            reason = (
                "the authentication key does not fit, though the encryption key does: check"
                " auth_key, or leave it empty to read without checking"
            )
            fault = Fault(Kind.AUTH_KEY_WRONG, "ciphering", frame.offset, reason)
            return Push(frame, security, None, fault)
        if opened.authenticated:
            if len(self._tagged) < _MOST_TITLES:
                self._tagged.add(title)
        elif self._authentication and title in self._tagged:
            reason = "the telegram has no tag, though this meter's telegrams have one"
            fault = Fault(Kind.DAMAGED, "ciphering", frame.offset, reason)
            return Push(frame, security, None, fault)
        return Push(frame, security, content)


def _undecipherable(error: DecodeError, opened: ciphering.Opened, offset: int) -> Fault:
    """Tell a wrong key from a telegram that cannot be read.

    A wrong key leaves random bytes, of which one message in 256 begins like a telegram by chance
    and breaks off soon after.
    """
    if opened.authenticated or error.layer in ("a-xdr", p1.P1.name):
        return _fault(error, offset)
    reason = "deciphering gives no telegram: the encryption key is not this meter's"
    return Fault(Kind.KEY_WRONG, "ciphering", offset, reason)


def _fault(error: DecodeError, offset: int) -> Fault:
    reason = error.reason
    if error.kind is Kind.DAMAGED:
        reason += f" (byte {error.offset} of the telegram)"
    return Fault(error.kind, error.layer, offset, reason)
