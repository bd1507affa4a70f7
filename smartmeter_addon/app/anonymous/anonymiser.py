"""Makes a recording anonymous: finds its messages, disguises each, and leaves out the rest."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from app.anonymous import framing, notification, text
from app.anonymous.framing import Message
from app.anonymous.names import Names
from app.anonymous.notification import Sender
from app.anonymous.refused import RefusedError
from app.anonymous.stream import Stream
from app.dlms import apdu, ciphering
from app.dlms.ciphering import Cipher, CipheredApdu, Keys
from app.fault import DecodeError, Kind
from app.link import p1
from app.link.p1 import P1
from app.link.p1_checksum import Checksums
from app.meters.profile import AUTO, Profile
from app.meters.recogniser import Recogniser
from app.transport.recording import Recording

KEY: Final = bytes(range(16))
"""The made-up encryption key under which telegrams are ciphered anew; everybody may know it."""

AUTH_KEY: Final = bytes(range(0xD0, 0xE0))
"""Likewise the authentication key, for the tags of telegrams that had one."""

_CIPHERED: Final = (ciphering.GENERAL_GLO_CIPHERING, ciphering.GENERAL_DED_CIPHERING)
_TITLE_AT: Final = 2


class NoKeyError(RefusedError):
    """A telegram is ciphered, and there is no key, or not the right one."""


@dataclass(frozen=True, slots=True)
class Anonymised:
    """A recording that does not say whose meter it is of.

    Args:
        recording: its chunks, at the times that they had; those of which nothing is left are gone.
        telegrams: how many are in it.
        ciphered: how many of these are ciphered, under `KEY`.
        bytes_left_out: how many bytes were left out.
        left_out: telegrams that were left out, by the reason.
        keyless: of these, how many could not be deciphered.
    """

    recording: Recording
    telegrams: int = 0
    ciphered: int = 0
    bytes_left_out: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    keyless: int = 0


@dataclass(frozen=True, slots=True)
class Anonymiser:
    """Makes recordings of one line anonymous.

    Args:
        keys: of its meter, if it ciphers.
        profiles: every meter family there is; they tell what stands where in lists without codes.
        meter_type: one of them, or ``auto``.
    """

    keys: Keys
    profiles: Mapping[str, Profile]
    meter_type: str = AUTO

    def anonymise(self, recording: Recording) -> Anonymised:
        """Replace what identifies in a recording, and leave out what is not understood."""
        recogniser = Recogniser(self.profiles, self.meter_type)
        return _Disguise(Cipher(self.keys), recogniser).of(recording)


class _Disguised(NamedTuple):
    """What a message is replaced by: its payload, and what that says once deciphered."""

    payload: bytes
    plaintext: bytes
    ciphered: bool


class _Disguise:
    """The made-up names of one recording."""

    def __init__(self, cipher: Cipher, recogniser: Recogniser) -> None:
        self._cipher = cipher
        self._recogniser = recogniser
        self._names = Names()
        self._checksums = Checksums()

    def of(self, recording: Recording) -> Anonymised:
        """Disguise each message that is whole."""
        data = b"".join(chunk.data for chunk in recording)
        left_out: Counter[str] = Counter()
        keyless = 0
        done: list[tuple[Message, _Disguised]] = []
        for message in framing.messages(data, self._checksums):
            if done and message.parts[0].begin < done[-1][0].parts[-1].end:
                done.pop()  # it lost bytes, and the next one begins inside
                left_out["it is damaged"] += 1
            try:
                done.append((message, self._disguised(message)))
            except RefusedError as error:
                left_out[str(error)] += 1
                keyless += isinstance(error, NoKeyError)
        stream = Stream(data)
        telegrams = ciphered = 0
        traces = tuple(self._names.traces())
        for message, disguised in done:
            wire = self._write(stream, message, disguised.payload)
            if any(trace in wire or trace in disguised.plaintext for trace in traces):
                left_out["something in it still looks like a number that was replaced"] += 1
                continue
            telegrams += 1
            ciphered += disguised.ciphered
            stream.keep(message)
        return Anonymised(
            tuple(stream.chunks(recording)),
            telegrams,
            ciphered,
            stream.bytes_left_out,
            left_out,
            keyless,
        )

    def _write(self, stream: Stream, message: Message, payload: bytes) -> bytes:
        """Put a payload in the place of a message's; give the bytes of its frames."""
        if message.parts[0].link == P1.name:
            part = message.parts[0]
            before = stream.original[part.begin : part.end]
            return stream.write_text(part, framing.with_checksum(before, payload, self._checksums))
        return stream.write(message, payload)

    def _disguised(self, message: Message) -> _Disguised:
        payload = message.payload
        if message.link == P1.name:
            new = text.disguise(payload, self._names)
            return _Disguised(new, new, ciphered=False)
        if payload[0] == apdu.DATA_NOTIFICATION:
            sender = Sender(self._recogniser, None, message.address)
            new = notification.disguise(payload, self._names, sender)
            return _Disguised(new, new, ciphered=False)
        if payload[0] not in _CIPHERED:
            raise RefusedError("it is of a kind that this program does not know")
        return self._ciphered_anew(message)

    def _ciphered_anew(self, message: Message) -> _Disguised:
        payload = message.payload
        try:
            ciphered = ciphering.parse(payload)
        except DecodeError as error:
            raise RefusedError("it is damaged") from error
        try:
            opened, authenticated = self._cipher.open(ciphered)
        except DecodeError as error:
            if error.kind is Kind.KEY_MISSING:
                raise NoKeyError("it is ciphered, and no key is given") from error
            raise RefusedError("it cannot be deciphered") from error
        title = self._names.title(ciphered.system_title)
        sender = Sender(self._recogniser, ciphered.system_title, message.address)
        plaintext = self._plain(opened, sender)
        if authenticated is False:
            raise RefusedError("its tag is wrong, by damage or a wrong authentication key")
        anew = CipheredApdu(title, *ciphered[1:])
        behind = ciphering.seal(anew, plaintext, KEY, AUTH_KEY)
        title_end = _TITLE_AT + len(title)
        head = payload[:_TITLE_AT] + title + payload[title_end : len(payload) - len(behind)]
        return _Disguised(head + behind, plaintext, ciphered=True)

    def _plain(self, plaintext: bytes, sender: Sender) -> bytes:
        """Disguise what was deciphered.

        Raises:
            RefusedError: it cannot be read.
        """
        if plaintext[:1] == bytes((apdu.DATA_NOTIFICATION,)):
            return notification.disguise(plaintext, self._names, sender)
        if not p1.begins(plaintext):
            raise NoKeyError("it is ciphered, and the key is not this meter's")
        try:
            p1.whole(plaintext, self._checksums)
        except DecodeError as error:
            raise RefusedError("it is damaged") from error
        telegram, mark, _ = plaintext.rpartition(framing.P1_END)
        new = text.disguise(telegram + mark, self._names)
        changed = framing.with_checksum(plaintext, new, self._checksums)
        if len(changed) != len(plaintext):
            raise RefusedError("its checksum lacks a leading zero, and another has no room there")
        return changed
