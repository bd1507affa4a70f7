"""The part of the dialogue about a meter's keys, tried on a telegram that has just come."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Final

from app.config import checks
from app.configure import hearing, raw
from app.configure.hearing import Heard
from app.configure.interview import Interview, Question
from app.configure.raw import Raw
from app.configure.steps import Ask, Form, Listen, Say, Steps
from app.decoder import Decoder
from app.dlms.ciphering import Keys, describe_title, parse_key
from app.fault import Kind
from app.meters.telegram import Telegram

_UNCHECKED: Final = frozenset({"raw", "wrapper"})
"""Links without a checksum: a damaged telegram looks as if the key were wrong."""

MakeDecoder = Callable[[Keys], Decoder]


@dataclass(frozen=True, slots=True)
class KeysDialogue:
    """Asks for the keys that a meter's telegrams need, until they fit or are left out.

    Args:
        interview: asks.
        given: answers by the names of questions.
        heard: with a telegram.
        meter: the meter's options; the keys are set here.
        decoder: makes a decoder with some keys.
    """

    interview: Interview
    given: MutableMapping[str, str] = field(repr=False)
    heard: Heard
    meter: Raw = field(repr=False)
    decoder: MakeDecoder

    def run(self, telegram: Telegram) -> Steps[Telegram]:
        """Ask for both keys.

        Args:
            telegram: the one that was heard, read without a key.

        Returns:
            The telegram, read with the keys.
        """
        security = telegram.push.security
        if security is None or not hearing.is_ciphered(telegram):
            yield Say("meter.plain")
            return telegram
        yield Say("meter.ciphered", {"title": describe_title(security.system_title)})
        known: str | None = raw.text_of(self.meter, "key") or None
        while True:
            text = yield from self._ask("key", known)
            if not text:
                yield Say("key.later")
                return telegram
            keys = Keys(parse_key(text))
            read = yield from self._try(keys)
            if not _is(read, Kind.KEY_WRONG, Kind.KEY_MISSING):
                break
            known = None
            yield from self.interview.tell(Say("key.wrong"))
        yield Say("key.fits")
        return (yield from self._check_tag(keys, read)) if hearing.has_tag(telegram) else read

    def run_untried(self) -> Steps[None]:
        """Ask for the key of a meter that was not heard; nobody knows whether it needs one."""
        yield Say("key.untried")
        yield from self._ask("key", raw.text_of(self.meter, "key"))
        if "auth_key" in self.given:
            yield from self._ask("auth_key", "")

    def _check_tag(self, keys: Keys, read: Telegram) -> Steps[Telegram]:
        """Ask for the key that checks the telegrams' tags."""
        yield Say("auth_key.tag")
        known = raw.text_of(self.meter, "auth_key")
        while True:
            text = yield from self._ask("auth_key", known)
            if not text:
                return read
            checked = yield from self._try(Keys(keys.encryption, parse_key(text)))
            if not _is(checked, Kind.AUTH_KEY_WRONG):
                yield Say("auth_key.fits")
                return checked
            known = ""
            yield from self.interview.tell(Say("auth_key.wrong"))

    def _ask(self, name: str, known: str | None) -> Steps[str]:
        """Ask for a key, and set it; an empty answer is for none.

        Args:
            name: of the option.
            known: the key in the file; empty for none, None where a key is wanted.
        """

        def parse(text: str) -> str:
            return raw.checked(checks.key, text) if text.strip() else ""

        option = name.replace("_", "-")
        ask = Ask(name, Form.SECRET, enter=Say("enter.known" if known else "enter.none"))
        question = Question(ask, parse, f"--{option}-file, --no-{option}", known)
        text = yield from self.interview.ask(question, self.given)
        raw.put(self.meter, name, text)
        return text

    def _try(self, keys: Keys) -> Steps[Telegram]:
        """Read a telegram with keys: the one that came, or the next if that may be damaged."""
        telegram = self._read(self.heard, keys)
        kinds = hearing.PASSING
        if telegram.push.frame.link in _UNCHECKED:
            kinds |= {Kind.KEY_WRONG, Kind.AUTH_KEY_WRONG}
        if _is(telegram, *kinds):
            yield Say("key.once_more")
            again: Heard = yield Listen(self.heard.target, self.heard.mode)
            telegram = self._read(again, keys)
        return telegram

    def _read(self, heard: Heard, keys: Keys) -> Telegram:
        telegram = hearing.read_again(heard.chunks, self.decoder(keys)) or self.heard.telegram
        assert telegram  # noqa: S101 - `run` is called with one
        return telegram


def _is(telegram: Telegram, *kinds: Kind) -> bool:
    return telegram.fault is not None and telegram.fault.kind in kinds
