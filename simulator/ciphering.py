"""general-glo-ciphering: the protected APDU around a telegram (Green Book, 9.2.7.2.4).

    DB | 08 system title | length | security control | invocation counter | ciphertext | tag

AES-128 in Galois/Counter mode; the nonce is system title and invocation counter, the tag is
cut to twelve bytes. Many meters send no tag although the mode computes one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.axdr import ber_length

GENERAL_GLO = 0xDB
GENERAL_DED = 0xDC
"""Tags of ciphering with the global and with a dedicated key."""

_AUTHENTICATED = 0x10
_ENCRYPTED = 0x20
_TAG_LENGTH = 12
_FULL_TAG_LENGTH = 16

KEY_LENGTH = 16
KEY = bytes(range(KEY_LENGTH))
"""A made-up encryption key, used where none is given."""
AUTH_KEY = bytes(range(0xD0, 0xE0))
"""A made-up authentication key, used where none is given."""


@dataclass(frozen=True, slots=True)
class Ciphering:
    """How a meter protects its telegrams.

    Args:
        key: Encryption key, 16 bytes.
        auth_key: Authentication key, 16 bytes; without effect where no tag is sent.
        authenticated: Whether the tag is sent.
        suite: Security suite bits of the security control byte. Meters that send 1 there
            cipher with AES-128 all the same.
        service: `GENERAL_GLO` or `GENERAL_DED`.
    """

    key: bytes = field(default=KEY, repr=False)
    auth_key: bytes = field(default=AUTH_KEY, repr=False)
    authenticated: bool = False
    suite: int = 0
    service: int = GENERAL_GLO

    def protect(self, plaintext: bytes, *, system_title: bytes, counter: int) -> bytes:
        """Cipher an APDU.

        Args:
            plaintext: The APDU.
            system_title: Eight bytes that name the meter.
            counter: Invocation counter, 32 bits, never to be used twice with one key.

        Returns:
            The whole protected APDU.
        """
        # Only here: what needs no cipher, such as a list of the meters, runs with any Python.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        control = bytes((_ENCRYPTED | (_AUTHENTICATED if self.authenticated else 0) | self.suite,))
        invocation = counter.to_bytes(4, "big")
        sealed = AESGCM(self.key).encrypt(
            system_title + invocation, plaintext, control + self.auth_key
        )
        tag_sent = _TAG_LENGTH if self.authenticated else 0
        content = control + invocation + sealed[: len(sealed) - _FULL_TAG_LENGTH + tag_sent]
        return b"".join(
            (
                bytes((self.service, len(system_title))),
                system_title,
                ber_length(len(content)),
                content,
            )
        )
