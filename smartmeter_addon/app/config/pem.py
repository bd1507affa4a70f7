"""Certificates and keys as text, for those who can paste but cannot place a file.

In Home Assistant the program sees no folder of the user's, and the form has fields of one line:
what is pasted there arrives without its line breaks, or with blanks in their place. The form of the
text is that of RFC 7468.
"""

import base64
import binascii
import re
import textwrap
from typing import Final

_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
# Line breaks, and what remains of them where somebody wrote them as \n.
_BREAKS: Final = re.compile(r"\s|\\[rn]")
_CERTIFICATES: Final = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
_PARAMETERS: Final = "EC PARAMETERS"
_KEY: Final = "PRIVATE KEY"
_WIDTH: Final = 64


def is_pem(text: str) -> bool:
    """Tell PEM text from the path of a file."""
    return "-----BEGIN" in text


def certificates(text: str) -> str:
    """Give certificates in the form that OpenSSL takes.

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
    """Give a private key in the form that OpenSSL takes.

    Raises:
        ValueError: the text holds something else; a plain sentence that shows nothing of it.
    """
    blocks = [block for block in _blocks(text, "private key") if block[0] != _PARAMETERS]
    if [label for label, _ in blocks if not label.endswith(_KEY)] or len(blocks) != 1:
        raise ValueError(
            f"PEM text with {_labels(blocks) or 'nothing of use'} is given; wanted is one private"
            " key"
        )
    ((label, body),) = blocks
    if label.startswith("ENCRYPTED"):
        raise ValueError(_LOCKED)
    return _written(label, body)


def lines(text: str) -> set[str]:
    """Give the lines of PEM text that hold its contents, whole and in one."""
    bodies = [textwrap.wrap(_bare(body), _WIDTH) for _, body in _BLOCK.findall(text)]
    return {line for body in bodies for line in [*body, "".join(body)] if line}


_LOCKED: Final = "a private key with a pass phrase is given (not shown); wanted is one without"


def _blocks(text: str, what: str) -> list[tuple[str, str]]:
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


def _bare(body: str) -> str:
    return _BREAKS.sub("", body)


def _labels(blocks: list[tuple[str, str]]) -> str:
    return ", ".join(label.lower() for label, _ in blocks)


def _written(label: str, bare: str) -> str:
    body = "\n".join(textwrap.wrap(bare, _WIDTH))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"
