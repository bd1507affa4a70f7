"""Keys that can be meant as they stand, but are more likely a mistake."""

import string
from collections.abc import Iterator

from app.dlms.ciphering import Keys


def key_doubts(keys: Keys) -> Iterator[str]:
    """Say what is doubtful about a meter's keys, each sentence with the option before it."""
    for option, key in (("key", keys.encryption), ("auth_key", keys.authentication)):
        if key and all(chr(byte) in string.hexdigits for byte in key):
            yield (
                f"{option}: the key has 16 hexadecimal digits, and is taken for 16 plain"
                " characters; if the operator's has 32 digits, this is half a key"
            )
    if keys.authentication and not keys.encryption:
        yield (
            "auth_key: it is given without key, and does nothing then; if the operator gave one key"
            " only, it belongs into key"
        )
