"""The log: one line a record, colours that Home Assistant's log tab renders, never a secret.

Every record of every library ends in the one handler made here. Secrets are taken out of the
finished text, so it does not matter whether they came as message, argument or exception.
"""

import io
import json
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO
from urllib.parse import quote

TRACE: Final = 5
"""Below debug: the bytes of telegrams."""
NOTICE: Final = 25
"""Between info and warning: worth seeing, nothing to do."""

LEVELS: Final = {
    "trace": TRACE,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": NOTICE,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
}
"""The names of the option ``log_level``, as all of Home Assistant's apps have them."""

# The log tab knows bold and the eight basic colours, neither faint nor the bright ones.
_COLOURS: Final = {
    logging.INFO: "\x1b[32m",
    NOTICE: "\x1b[36m",
    logging.WARNING: "\x1b[33m",
    logging.ERROR: "\x1b[31m",
    logging.CRITICAL: "\x1b[1;31m",
}
_RESET: Final = "\x1b[0m"

_HIDDEN: Final = "***"
_SHORTEST: Final = 8
"""Characters of the shortest secret that is replaced; fewer occur in any text."""
_LONGER_THAN_WORDS: Final = 24
"""Characters of a secret that is no text of the program's own."""
_MANY: Final = 200
"""Secrets that take longer to look for one by one than each piece of a text among them."""
_SOURCES: Final = (".py", ".toml")
_JOINED: Final = re.compile(r'"\s*\n\s*f?"')
"""Between the parts of a text that takes several lines of the source."""
_HEX_KEY: Final = re.compile(r"(?:[0-9a-f]{2}){16,}", re.IGNORECASE)
_BETWEEN_BYTES: Final = re.compile(r"[\s:-]+")
_DOTTED_I: Final = "\u0130"
"""The Turkish capital I with a dot, which counts as an i without regard to case."""
_LINE_BREAKS: Final = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+\s*")
# And what turns the direction of writing, or cannot be seen at all.
_CONTROLS: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)


class Redactor:
    """Replaces secrets in text by ``***``, in any mixture of upper and lower case.

    This is the net behind the places where secrets are kept out: what is short, or a word of the
    program's own, is not replaced. A password "meter" would tear every line, and ``***`` in place
    of a word that everybody knows says what the password is.

    Beside the text itself, it finds the forms that Python gives it in a repr, in JSON and in a URL,
    and keys in hexadecimal digits with blanks, colons or dashes between the bytes.

    Thousands of meters have thousands of keys, and a regular expression for all of them would take
    milliseconds for each line. So it is made of those secrets only of which the text holds how they
    begin.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._may_be_words = False  # some of them, in the program's own text
        self._begins: dict[str, tuple[str, ...]] = {}  # secrets, by how a form of them begins
        self.hide(*secrets)

    def hide(self, *secrets: str) -> None:
        """Add secrets that became known later, such as the password the Supervisor names."""
        new = {secret for secret in secrets if len(secret) >= _SHORTEST} - self._secrets
        self._secrets |= new
        self._may_be_words = any(len(secret) < _LONGER_THAN_WORDS for secret in self._secrets)
        self._find(new)

    def __call__(self, text: str) -> str:
        """Give the text without the secrets."""
        search = self._search(text)
        if search is None or not search.search(text):
            return text
        if self._may_be_words:  # only now, as it takes long, and hardly any text has a secret
            self._may_be_words = False
            self._secrets -= _words_among(self._secrets)
            self._begins.clear()
            self._find(self._secrets)
            search = self._search(text)
        return search.sub(_HIDDEN, text) if search else text

    def _find(self, secrets: Iterable[str]) -> None:
        for secret in secrets:
            for begin in {_folded(form)[:_SHORTEST] for form, _ in _forms(secret)}:
                self._begins[begin] = (*self._begins.get(begin, ()), secret)

    def _search(self, text: str) -> re.Pattern[str] | None:
        """Give a regular expression for the secrets that a text may hold; None for none."""
        folded = _folded(text)
        sought = f"{folded}\n{_BETWEEN_BYTES.sub('', folded)}"
        if len(self._begins) > _MANY:
            pieces = (sought[pos : pos + _SHORTEST] for pos in range(len(sought)))
            begins = self._begins.keys() & pieces
        else:
            known = tuple(self._begins)  # a copy, as another thread may add some
            begins = {begin for begin in known if begin in sought}
        secrets = {secret for begin in begins for secret in self._begins.get(begin, ())}
        patterns = {pattern for secret in secrets for _, pattern in _forms(secret)}
        # The longest first: a secret that begins with another one goes as a whole.
        ordered = sorted(patterns, key=lambda pattern: (-len(pattern), pattern))
        return re.compile("|".join(ordered), re.IGNORECASE) if ordered else None


def setup(
    level: str,
    secrets: Collection[str] = (),
    stream: TextIO | None = None,
    *,
    colour: bool | None = None,
) -> Redactor:
    """Send all logging to one stream; called again, it replaces what it set up before.

    Args:
        level: a name of LEVELS; records below it are dropped.
        secrets: texts that must never be written.
        stream: where to write; standard output when None.
        colour: whether to colour lines. None decides: never when NO_COLOR is set (no-color.org),
            otherwise on a terminal and under the Supervisor, whose log tab renders colours though
            it is none; files and journals stay plain.

    Returns:
        The redactor in use, for secrets that become known later.
    """
    stream = stream or sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")  # a strange name must not cost the line
    if colour is None:
        wanted = stream.isatty() or "SUPERVISOR_TOKEN" in os.environ
        colour = wanted and not os.environ.get("NO_COLOR")
    redactor = Redactor(secrets)
    handler = _Handler(stream)
    handler.setFormatter(_Formatter(redactor, colour=colour))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(LEVELS[level])
    return redactor


def log_crashes() -> None:
    """Send to the log what Python itself would write to standard error, past the redactor.

    Those are exceptions nobody caught, in the program or in a thread or while cleaning up, and
    warnings. Apart from ``setup``, because the hooks are Python's and not the log's.
    """
    logging.captureWarnings(capture=True)
    logger = logging.getLogger("app")

    def crashed(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            logger.info("interrupted")
        else:
            logger.critical("the program failed", exc_info=(kind, error, trace))

    def thread_crashed(args: threading.ExceptHookArgs) -> None:
        error = args.exc_value or args.exc_type()
        logger.error("a thread failed", exc_info=(args.exc_type, error, args.exc_traceback))

    def cleanup_failed(args: "sys.UnraisableHookArgs") -> None:
        error = args.exc_value or args.exc_type()
        logger.error("cleaning up failed", exc_info=(args.exc_type, error, args.exc_traceback))

    sys.excepthook = crashed
    threading.excepthook = thread_crashed
    sys.unraisablehook = cleanup_failed


class _Handler(logging.StreamHandler[TextIO]):
    """Writes records, but for one that says what another said less than a second before.

    It is written when it is more severe. Bytes of telegrams are no messages: each counts.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._said: dict[str, tuple[float, int]] = {}  # when and how severely, the latest last

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, if it is news."""
        if record.levelno <= TRACE or self._is_news(record):
            super().emit(record)

    def _is_news(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        what = f"{_message(record)} {error!r}"
        then, level = self._said.get(what, (float("-inf"), 0))
        if _within_a_second(then, record.created) and record.levelno <= level:
            return False
        self._said.pop(what, None)
        self._said[what] = record.created, record.levelno
        said = self._said.items()
        old = takewhile(lambda one: not _within_a_second(one[1][0], record.created), said)
        for what, _ in list(old):
            del self._said[what]
        return True

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Do nothing: logging's own way prints message and arguments, secrets included."""


def _within_a_second(then: float, now: float) -> bool:
    """Tell whether less than a second is between two times; a clock that is set back shows more."""
    return 0 <= now - then < 1


class _Formatter(logging.Formatter):
    def __init__(self, redactor: Redactor, *, colour: bool) -> None:
        super().__init__()
        self._redactor = redactor
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        text = _message(record)
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        if record.stack_info:
            text += "\n" + record.stack_info
        # Secrets go first: taking line breaks out would change one that contains them.
        text = _one_line(self._redactor(text))
        number, name = _level(record.levelno)
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        line = f"{moment} {name:7} {text}"
        colour = _COLOURS.get(number) if self._colour else None
        return f"{colour}{line}{_RESET}" if colour else line


def _message(record: logging.LogRecord) -> str:
    """Give the record's text, also when its arguments do not fit it."""
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - arguments format themselves with any code
        return f"{record.msg} (its arguments do not fit: {type(error).__name__})"


def _one_line(text: str) -> str:
    """Join lines, and disarm control characters: a telegram's text must not steer a terminal."""
    joined = _LINE_BREAKS.sub(" | ", text.strip())
    return _CONTROLS.sub(_escaped, joined)


def _escaped(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if match[0] <= "\xff" else f"\\u{number:04x}"


def _level(number: int) -> tuple[int, str]:
    """Give the highest named level that is not above ``number``."""
    reached = [(own, name) for name, own in LEVELS.items() if own <= number]
    own, name = max(reached, default=(TRACE, "trace"))
    return own, name.upper()


def _words_among(secrets: Collection[str]) -> set[str]:
    """Give the secrets that the program's own text holds."""
    sources = (path for path in Path(__file__).parent.rglob("*") if path.suffix in _SOURCES)
    own = _JOINED.sub("", "\n".join(path.read_text("utf-8") for path in sources)).casefold()
    return {
        secret
        for secret in secrets
        if len(secret) < _LONGER_THAN_WORDS and secret.casefold() in own
    }


def _folded(text: str) -> str:
    """Return the same for all texts that `re.IGNORECASE` takes for the same.

    Each character by itself, and none is left out: so what a text holds, its folded form holds.
    """
    return text.replace(_DOTTED_I, "i").upper().casefold()


def _forms(secret: str) -> Iterator[tuple[str, str]]:
    """Give the forms in which a secret may turn up, each with its regular expression."""
    for form in {
        secret,
        repr(secret)[1:-1],
        repr(secret.encode("utf-8", "backslashreplace"))[2:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, safe="", errors="backslashreplace"),
    }:
        yield form, re.escape(form)
    if _HEX_KEY.fullmatch(secret):
        pairs = (secret[i : i + 2] for i in range(0, len(secret), 2))
        yield secret, f"(?:{_BETWEEN_BYTES.pattern})?".join(pairs)
