"""Takes what a gateway itself says out of what it hands on.

A program such as ser2net can put a banner ahead of a line's bytes, or say in a line of text why it
gives none (ser2net 4.3.11, and the banner of Debian's ser2net.yaml).
"""

import re
from typing import Final

_STARTS: Final = (
    b"ser2net",
    b"Port already in use",
    b"Port's device already in use",
    b"Port's device failed open",
    b"Device open failure",
)
"""With what the lines begin that may come in pieces."""

_OWN: Final = re.compile(rb"ser2net|already in use|failed open|open failure")
_IN_USE: Final = re.compile(r"(?i)in use|busy|too many")
_NO_DEVICE: Final = re.compile(r"(?i)failed open|open failure")

_LINE_ENDS: Final = b"\r\n"
_LONGEST: Final = 512
_LONGEST_TOLD: Final = 120
_WORDS: Final = re.compile(r"[A-Za-z']{2,}[ ,]+[A-Za-z']{2,}")
_P1: Final = re.compile(r"(?:^| )[/!]|\(")


class Greeting:
    """Takes the chunks of one connection, and gives those of the line."""

    def __init__(self) -> None:
        self.said: list[str] = []
        """The gateway's own lines so far, none of them empty."""
        self._over = False
        self._held = b""
        self._begin = b""  # of what was given, for as long as it may be nothing but text

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; give those that are no text of the gateway."""
        data = chunk
        if not self._over:
            self._held += chunk
            data = self._read()
        if len(self._begin) <= _LONGEST:
            self._begin += data[: _LONGEST + 1]
        return data

    def finish(self) -> bytes:
        """Take the end of the connection; give what was held back, but for text of the gateway."""
        rest, self._held, self._over = self._held, b"", True
        if rest.strip(_LINE_ENDS) and _OWN.search(rest):  # its last line has no end
            self.said.append(_plain(rest))
        if self.said:
            rest = b""
        self._begin += rest
        return rest

    def last_words(self) -> str | None:
        """Give what the gateway said before it ended the connection; None for nothing, or data.

        That is its last own line, or a text of which the whole connection consists.
        """
        if self.said:
            return self.said[-1]
        if len(self._begin) > _LONGEST or not self._begin.isascii():
            return None
        text = " ".join(self._begin.decode("ascii").split())
        if not text.isprintable() or not _WORDS.search(text) or _P1.search(text):
            return None
        return text[:_LONGEST_TOLD]

    def _read(self) -> bytes:
        """Take the gateway's lines from what is held; give what is none, if that is certain."""
        while True:
            text = self._held.lstrip(_LINE_ENDS)
            line, end, rest = text.partition(b"\n")
            if end and len(line) <= _LONGEST and _OWN.search(line) and _is_text(line):
                self.said.append(_plain(line))
                self._held = rest
                continue
            if not end and len(self._held) <= _LONGEST and _may_become_own(text):
                return b""
            self._over = True
            data = text if self.said else self._held
            self._held = b""
            return data


def lacks_device(said: str) -> bool:
    """Tell whether the gateway says that it cannot open its serial device."""
    return bool(_NO_DEVICE.search(said))


def is_in_use(said: str) -> bool:
    """Tell whether the gateway says that it serves somebody else."""
    return bool(_IN_USE.search(said)) and not lacks_device(said)


def _is_text(line: bytes) -> bool:
    return line.isascii() and line.strip().decode("ascii").isprintable()


def _may_become_own(text: bytes) -> bool:
    own = (text.startswith(start) or start.startswith(text) for start in _STARTS)
    return any(own) and _is_text(text)


def _plain(line: bytes) -> str:
    return " ".join(line.decode("ascii", "replace").split())[:_LONGEST_TOLD]
