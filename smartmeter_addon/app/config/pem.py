"""Certificates and keys as PEM text (RFC 7468), as users paste it into the form of the options.

In Home Assistant the app sees no folder of the user's, so they cannot be given as files. The fields
of the form have one line: line breaks are lost, or become blanks.
"""

import base64
import binascii
import re
from typing import Final

_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
# Line breaks, and their escapes in the text of somebody who wrote them as \n.
_BREAKS: Final = re.compile(r"\s|\\[rn]")
_CERTIFICATES: Final = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
_PARAMETERS: Final = "EC PARAMETERS"
_KEY: Final = "PRIVATE KEY"
_WIDTH: Final = 64
_LOCKED: Final = "a private key with a pass phrase is given (not shown); wanted is one without"


def is_pem(text: str) -> bool:
    """Tell PEM text from the path of a file."""
    return "-----BEGIN" in text


def certificates(text: str) -> str:
    """Give certificates in the form that OpenSSL reads.

    Raises:
        ValueError: the text holds something else; a plain sentence that shows nothing of it.
    """
    blocks = _blocks(text, "certificate")
    if any(label.endswith(_KEY) for label, _ in blocks):
        raise ValueError("a private key is given (not shown); wanted is a certificate")
    if not all(label in _CERTIFICATES for label, _ in blocks):
        raise ValueError(f"PEM text with {_labels(blocks)} is given; wanted is a certificate")
    return "".join(_written(*block) for block in blocks)


def private_key(text: str) -> str:
    """Give a private key in the form that OpenSSL reads.

    Raises:
        ValueError: the text holds something else; a plain sentence that shows nothing of it.
    """
    blocks = [block for block in _blocks(text, "private key") if block[0] != _PARAMETERS]
    if len(blocks) != 1 or not blocks[0][0].endswith(_KEY):
        raise ValueError(
            f"PEM text with {_labels(blocks) or 'nothing of use'} is given; wanted is one private"
            " key"
        )
    ((label, body),) = blocks
    if label.startswith("ENCRYPTED"):
        raise ValueError(_LOCKED)
    return _written(label, body)


def lines(text: str) -> set[str]:
    """Give the lines of base64 text in PEM text, each by itself and all as one."""
    bodies = [_wrapped(_bare(body)) for _, body in _BLOCK.findall(text)]
    return {line for body in bodies for line in [*body, "".join(body)] if line}


def _blocks(text: str, what: str) -> list[tuple[str, str]]:
    """Split PEM text into its blocks, each a label and its base64 text without line breaks."""
    blocks = []
    for label, body in _BLOCK.findall(text):
        if "DEK-Info" in body:
            raise ValueError(_LOCKED)
        bare = _bare(body)
        try:
            base64.b64decode(bare, validate=True)
        except binascii.Error:
            bare = ""
        if not bare:
            break
        blocks.append((label, bare))
    if not blocks or len(blocks) != text.count("-----BEGIN"):
        raise ValueError(
            "PEM text that is damaged or cut is given (not shown); wanted is the whole text of the"
            f" {what}, from -----BEGIN to the last -----"
        )
    return blocks


def _wrapped(body: str) -> list[str]:
    import textwrap  # noqa: PLC0415 - hardly anybody has PEM text among the options

    return textwrap.wrap(body, _WIDTH)


def _bare(body: str) -> str:
    return _BREAKS.sub("", body)


def _labels(blocks: list[tuple[str, str]]) -> str:
    return ", ".join(label.lower() for label, _ in blocks)


def _written(label: str, bare: str) -> str:
    body = "\n".join(_wrapped(bare))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"
