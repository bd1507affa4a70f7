"""general-glo-ciphering and general-ded-ciphering with AES-128-GCM.

Sources: DLMS Green Book, security suite 0 (AES-GCM-128, 12-byte tag, initialization vector =
system title and invocation counter, additional data = security control byte and authentication
key). Kaifa meters in Tyrol, Vorarlberg and Salzburg set the suite bits to 1 and still use AES-128
without a tag, as the worked example in fneur/smart-meter-tirol shows, so the suite bits decide
nothing here.
"""

import string
import struct
from _operator import _compare_digest as compare_digest  # hmac's own, without loading OpenSSL
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from app.dlms import ber, key_text
from app.fault import DecodeError, Kind
from app.language.catalogue import Sentence

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

GENERAL_GLO_CIPHERING: Final = 0xDB
GENERAL_DED_CIPHERING: Final = 0xDC

KEY_SIZE: Final = 16
TAG_SIZE: Final = 12
"""Bytes of a tag: the first ones of GCM's."""
_GCM_TAG_SIZE: Final = 16
_ENCIPHERED: Final = slice(-_GCM_TAG_SIZE)
_TAG: Final = slice(-_GCM_TAG_SIZE, TAG_SIZE - _GCM_TAG_SIZE)
_TITLE_LENGTH: Final = bytes((8,))
_TITLE: Final = slice(2, 10)
_VECTOR: Final = struct.Struct(">8sI")  # system title and invocation counter
_CONTROLS: Final = [bytes((control,)) for control in range(256)]
"""Each security control byte."""
_HEADER_SIZE: Final = 5  # security control byte and invocation counter

AUTHENTICATED: Final = 0x10
ENCRYPTED: Final = 0x20
_COMPRESSED: Final = 0x80

_LAYER: Final = "ciphering"
_SEPARATORS: Final = str.maketrans("", "", string.whitespace + ":-")


def parse_key(text: str) -> bytes:
    """Read a key as people have it: 32 hex digits, or 16 plain characters.

    White space, colons, dashes and a leading 0x between or before hex digits are ignored. Some
    operators hand out keys of 16 characters that are meant as they stand (a Vorarlberg meter's
    key, for one).

    Returns:
        The 16 bytes of the key.

    Raises:
        ValueError: anything else; the sentence says what was counted and never holds the key.
    """
    digits = text.translate(_SEPARATORS).lower().replace("0x", "")
    if len(digits) == 2 * KEY_SIZE and all(c in string.hexdigits for c in digits):
        return bytes.fromhex(digits)
    plain = text.strip()
    if len(plain) == KEY_SIZE and plain.isascii() and plain.isprintable():
        return plain.encode("ascii")
    raise ValueError(key_text.explain(text))


@dataclass(frozen=True, slots=True)
class Keys:
    """What a customer gets from the grid operator; neither shows in a log.

    Args:
        encryption: global unicast encryption key (GUEK), 16 bytes.
        authentication: global authentication key (GAK), 16 bytes; tags are checked when given.
    """

    encryption: bytes | None = field(default=None, repr=False)
    authentication: bytes | None = field(default=None, repr=False)


class CipheredApdu(NamedTuple):
    """The parts of a ciphered APDU, nothing deciphered yet."""

    system_title: bytes
    security_control: int
    invocation_counter: int
    content: bytes
    tag: bytes

    @property
    def initialization_vector(self) -> bytes:
        """System title and invocation counter, 12 bytes."""
        return _VECTOR.pack(self.system_title, self.invocation_counter)


Parts: TypeAlias = tuple[bytes, int, int, bytes, bytes]
"""The fields of a `CipheredApdu`, which takes longer to make."""


_Header: TypeAlias = tuple[int, bytes, bytes, int, Callable[[bytes], tuple[Any, ...]]]
"""The header of a ciphered APDU: the size of the whole APDU; its bytes up to and with the security
control byte; system title; security control byte; and what takes a whole APDU apart into the bytes
of the header, invocation counter, content and tag."""


class Parser:
    """Takes ciphered APDUs apart; those of a sender mostly have the same header."""

    __slots__ = ("_header",)

    def __init__(self) -> None:
        self._header: _Header | None = None

    def parse(self, apdu: bytes) -> Parts:
        """Take a general-glo-ciphering or general-ded-ciphering APDU apart.

        Raises:
            DecodeError: it ends early, has bytes left over, or is of a sort that is not supported.
        """
        if self._header:
            size, start, title, control, split = self._header
            if len(apdu) == size:
                begin, counter, content, tag = split(apdu)
                if begin == start:
                    return title, control, counter, content, tag
        self._header = _, _, title, control, split = _header(apdu)
        _, counter, content, tag = split(apdu)
        return title, control, counter, content, tag


def parse(apdu: bytes) -> CipheredApdu:
    """Take one APDU apart, see `Parser.parse`."""
    return CipheredApdu(*Parser().parse(apdu))


def _header(apdu: bytes) -> _Header:
    """Read the header of an APDU; see `Parser.parse` for the errors."""
    title = apdu[_TITLE]
    if apdu[1:2] != _TITLE_LENGTH:
        size, _ = ber.length(apdu, 1, _LAYER)
        raise DecodeError(_LAYER, 1, f"a system title has 8 bytes, this one says {size}")
    size, pos = ber.length(apdu, _TITLE.stop, _LAYER)
    if pos + size != len(apdu):
        raise DecodeError(_LAYER, pos, f"{size} bytes announced, {len(apdu) - pos} present")
    control = apdu[pos] if size else 0
    tag_size = TAG_SIZE if control & AUTHENTICATED else 0
    if size < _HEADER_SIZE + tag_size:
        raise DecodeError(_LAYER, pos, f"{size} bytes are too few for a ciphered telegram")
    if control & _COMPRESSED:
        raise DecodeError(_LAYER, pos, Sentence("telegram.compressed"), Kind.UNSUPPORTED)
    start = apdu[: pos + 1]
    split = _splitter(len(start), size - _HEADER_SIZE - tag_size, tag_size)
    return len(apdu), start, title, control, split


@lru_cache(maxsize=64)
def _splitter(start: int, content: int, tag: int) -> Callable[[bytes], tuple[Any, ...]]:
    """Return what takes an APDU apart whose parts have these sizes; see `_Header`."""
    return struct.Struct(f">{start}sI{content}s{tag}s").unpack


class Cipher:
    """Opens the telegrams that were ciphered with one pair of keys."""

    __slots__ = ("_authentication", "_encryption")

    def __init__(self, keys: Keys) -> None:
        self._encryption = keys.encryption
        self._authentication = keys.authentication

    def open(self, ciphered: Parts) -> tuple[bytes, bool | None]:
        """Decipher, and check the tag when there is one and an authentication key to check it.

        A tag that does not fit does not hide the plaintext: whether that is a telegram tells a
        wrong authentication key from a wrong encryption key. The caller decides; the time taken
        does not depend on the tag.

        Returns:
            The plaintext, and whether the tag fits; None when it was not or could not be checked.

        Raises:
            DecodeError: there is no encryption key.
        """
        title, control, counter, content, tag = ciphered
        key, authentication = self._encryption, self._authentication
        if not key:
            if not control & ENCRYPTED:
                return content, None
            sender = {"title": describe_title(title)}
            missing = Sentence("telegram.key_missing", sender)
            raise DecodeError(_LAYER, 0, missing, Kind.KEY_MISSING)
        gcm, vector = _gcm(key), _VECTOR.pack(title, counter)
        plaintext = content
        if control & ENCRYPTED:
            # GCM enciphers by XOR with a key stream that depends on key and vector alone, so
            # enciphering once more gives the plaintext, without needing a tag to check.
            plaintext = gcm.encrypt(vector, content, None)[_ENCIPHERED]
        if not tag or authentication is None:
            return plaintext, None
        expected = _tag(gcm, vector, control, plaintext, authentication)
        return plaintext, compare_digest(expected, tag)


def seal(ciphered: CipheredApdu, plaintext: bytes, key: bytes, authentication: bytes) -> bytes:
    """Cipher a plaintext in the way of a telegram that was there before.

    Args:
        ciphered: says by its security control what is done, and its title and counter are the
            vector; its content and tag are not looked at.
        plaintext: an APDU or a P1 text.
        key: encryption key, 16 bytes.
        authentication: authentication key, 16 bytes.

    Returns:
        What stands behind the invocation counter: the content, and the tag if there is one.
    """
    gcm, control, vector = _gcm(key), ciphered.security_control, ciphered.initialization_vector
    content = plaintext
    if control & ENCRYPTED:
        content = gcm.encrypt(vector, plaintext, None)[: len(plaintext)]
    if not control & AUTHENTICATED:
        return content
    return content + _tag(gcm, vector, control, plaintext, authentication)


def _tag(
    gcm: "AESGCM", vector: bytes, control: int, plaintext: bytes, authentication: bytes
) -> bytes:
    additional = _CONTROLS[control] + authentication
    if control & ENCRYPTED:
        sealed = gcm.encrypt(vector, plaintext, additional)
    else:
        sealed = gcm.encrypt(vector, b"", additional + plaintext)
    return sealed[_TAG]


@lru_cache(maxsize=8)
def _gcm(key: bytes) -> "AESGCM":
    """Prepare a key; those of the last few lines only, as one takes 2.5 kB, and 2 us to make."""
    # Only where there is a key: it takes 7 MB, and many meters do not cipher.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return AESGCM(key)


def describe_title(system_title: bytes) -> str:
    """Hex digits of a system title, with its maker's three letters when they are letters."""
    maker = system_title[:3]
    letters = f" ({maker.decode('ascii')})" if maker.isalpha() and maker.isascii() else ""
    return system_title.hex() + letters
