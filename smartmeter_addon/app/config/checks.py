"""Validators: each takes the value of an option and gives what the program uses.

A value that is refused raises ``voluptuous.Invalid`` with the sentence that follows the option's
name: what was given, and what is wanted. Voluptuous walks the groups of options and keeps the path
to each problem; `sentences` puts path, value and sentence together, and shows no value that is a
secret in another option.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, Self

import voluptuous as vol

from app.config import hints, pem, redaction
from app.dlms.ciphering import parse_key
from app.transport.address import parse_url
from app.transport.http_address import parse_server
from app.transport.serial_mode import SerialMode

Validator = Callable[[object], Any]
TextValidator = Callable[[object], str]
Fields = dict[str, Validator]
"""A validator for each option of a group, by the option's name."""


class Refused(vol.Invalid):
    """A value that cannot be used.

    Args:
        value: what was given; it is shown before the sentence.
        sentence: what follows.
    """

    def __init__(self, value: object, sentence: str) -> None:
        super().__init__(sentence)
        self.value = value

    def at(self, *path: str | int) -> Self:
        """Say where the value stands; give the problem itself."""
        self.prepend(list(path))
        return self


Problems = Iterable[tuple[str, vol.Invalid]]
"""Names of options, each with what is wrong."""

EXAMPLE_URL: Final = "http://192.168.1.10:8086"

_LONGEST_TOPIC: Final = 500
"""Characters of a topic that is entered, behind which others may be added."""

# Control characters, line separators, halves of surrogate pairs (JSON can carry those) and the
# characters that MQTT forbids.
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


# --- Plain values ---


def text(wanted: str) -> TextValidator:
    """Make a validator of a text without control characters; it strips blanks at both ends.

    Args:
        wanted: describes the text, for the sentence of a refused value.
    """

    def validate(value: object) -> str:
        if not isinstance(value, str):
            raise _refusal(value, f"a text in quotes: {wanted}")
        stripped = value.strip()
        if _FORBIDDEN.search(stripped):
            raise _refusal(value, f"{wanted}; there are control characters or the like in it")
        return stripped

    return validate


def one_of(
    choices: Collection[str], hint: Callable[[str, Collection[str]], str] = lambda *_: ""
) -> TextValidator:
    """Make a validator of one of several words, with or without capitals.

    Args:
        choices: the words.
        hint: gives what follows the sentence of a refused text, by it and the words.
    """
    spelt = {choice.lower(): choice for choice in choices}
    wanted = f"one of {', '.join(choices)}"
    plain = text(wanted)

    def validate(value: object) -> str:
        given = plain(value)
        choice = spelt.get(given.lower())
        if choice is None:
            raise _refusal(value, wanted + hint(given, choices))
        return choice

    return validate


def whole_number(low: int, high: int, what: str = "") -> Validator:
    """Make a validator of a whole number.

    Args:
        low: the least number.
        high: the greatest number.
        what: says what is counted, for the sentence of a refused value.
    """
    wanted = f"a whole number from {low} to {high}" + (f" ({what})" if what else "")

    def validate(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            quotes = ", without quotes" if isinstance(value, str) else ""
            raise _refusal(value, wanted + quotes)
        return value

    return validate


def flag(value: object) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        quotes = ", without quotes" if isinstance(value, str) else ""
        raise _refusal(value, f"true or false{quotes}")
    return value


# --- Secrets ---


def key(value: object) -> bytes:
    """Take an encryption or authentication key: 32 hexadecimal digits, as 16 bytes."""
    if not isinstance(value, str):
        # A key of digits only, typed in YAML mode without quotes, arrives as a number.
        raise vol.Invalid(
            f"{redaction.kind(value)} is given (not shown); wanted are 32 hexadecimal digits in"
            ' quotes, like key: "0011..."; without quotes a key of digits is taken for a number'
        )
    try:
        return parse_key(value)
    except ValueError as error:
        raise vol.Invalid(str(error)) from None


def password(value: object) -> redaction.Secret:
    """Take a password as it is, blanks included."""
    given = f"{redaction.kind(value)} is given (not shown)"
    if not isinstance(value, str):
        raise vol.Invalid(f"{given}; wanted is a text, in quotes")
    if not redaction.is_encodable(value):
        raise vol.Invalid(
            f"{given}, and some of them are none that can be sent; wanted is the password as you"
            " type it elsewhere"
        )
    return redaction.Secret(value)


def token(value: object) -> redaction.Secret:
    """Take the token of a database."""
    wanted = "wanted is the token as the database shows it, in one line without blanks"
    if not isinstance(value, str):
        raise vol.Invalid(f"{redaction.kind(value)} is given (not shown); {wanted}, in quotes")
    stripped = value.strip()
    if not re.fullmatch("[!-~]+", stripped):
        raise vol.Invalid(f"{redaction.kind(value)} is given (not shown); {wanted}")
    return redaction.Secret(stripped)


def pem_or_path(normalise: Callable[[str], str]) -> TextValidator:
    """Make a validator of PEM text, or of the path of a file with such a text.

    Args:
        normalise: gives PEM text in the form that OpenSSL takes; raises ValueError.
    """
    wanted = "the PEM text, which begins with -----BEGIN, or the path of a file"
    path = text(wanted)

    def validate(value: object) -> str:
        if isinstance(value, str) and pem.is_pem(value):
            try:
                return normalise(value)
            except ValueError as error:
                raise vol.Invalid(str(error)) from None
        if isinstance(value, str) and redaction.may_be_private_key(value):
            raise vol.Invalid(f"{redaction.kind(value)} is given (not shown); wanted is {wanted}")
        return path(value)

    return validate


# --- Where the meter is ---


def device(value: object) -> str:
    """Take the path of a serial device."""
    wanted = "the path of a serial device, like /dev/ttyUSB0; a gateway belongs into url"
    path = text(wanted)(value)
    if not path.startswith("/"):
        raise _refusal(value, wanted)
    return path


def url(value: object) -> str:
    """Take the address of a gateway, or a path."""
    address = text("tcp://host:port or a path")(value)
    try:
        parse_url(address)
    except ValueError as error:
        raise Refused(value, f"is given; {error}") from None
    return address


def serial_mode(value: object) -> SerialMode:
    """Take a serial mode like ``2400 8E1``."""
    mode = text("a text like 2400 8E1")(value)
    try:
        return SerialMode.parse(mode)
    except ValueError as error:
        raise Refused(value, f"is given; {error}") from None


# --- Where the broker and the database are ---


def host(value: object) -> str:
    """Take the name or IP address of the MQTT broker."""
    wanted = "a name or IP address alone, like core-mosquitto; the port belongs into mqtt.port"
    name = text(wanted)(value)
    if not _is_ip_address(name) and not re.fullmatch(r"[\w.-]+", name):
        raise _refusal(value, wanted)
    return name


def _is_ip_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def http_url(value: object) -> str:
    """Take the address of a server that speaks HTTP."""
    address = text(f"an address like {EXAMPLE_URL}")(value)
    try:
        parse_server(address)
    except ValueError as error:
        # What stands behind a question mark may be a token.
        raise Refused(
            address.partition("?")[0],
            f"is given; {error}; wanted is an address like {EXAMPLE_URL} or https://...,"
            " without user name, password and question mark: these have options of their own",
        ) from None
    return address


def topic(value: object) -> str:
    """Take an MQTT topic, or the beginning of some."""
    wanted = (
        "an MQTT topic without + and #, that neither begins with $ nor begins or ends with /,"
        " like smartmeter or house/meter"
    )
    levels = text(wanted)(value)
    if "+" in levels or "#" in levels or levels.startswith("$") or not all(levels.split("/")):
        raise _refusal(value, wanted)
    if len(levels) > _LONGEST_TOPIC:
        raise _refusal(value, f"a topic of at most {_LONGEST_TOPIC} characters")
    return levels


# --- Groups and lists ---


def group(
    fields: Fields,
    problems: Callable[[Mapping[str, object]], Problems] = lambda _given: (),
    example: Callable[[object], str] = lambda _: "",
) -> Validator:
    """Make a validator of a group of options; null and a blank text mean: not given.

    Args:
        fields: the group's options.
        problems: finds what is wrong between options. It runs on what was given, right or wrong,
            so that its problems are reported along with the others.
        example: gives what follows the sentence that refuses something else than a group, by it.
    """
    schema = vol.Schema({vol.Optional(name): validator for name, validator in fields.items()})

    def validate(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise vol.Invalid(
                f"{redaction.kind(value)} is given; wanted is a group of options{example(value)}"
            )
        errors = [
            vol.Invalid(hints.unknown_option(str(name), fields), [name])
            for name in value
            if name not in fields
        ]
        given = {
            name: item for name, item in value.items() if name in fields and not _is_blank(item)
        }
        for name, problem in problems(given):
            problem.prepend([name])
            errors.append(problem)
        values: dict[str, Any] = {}
        try:
            values = schema(given)
        except vol.MultipleInvalid as invalid:
            errors += invalid.errors
        if errors:
            raise vol.MultipleInvalid(errors)
        return values

    return validate


def list_of(validator: Validator) -> Validator:
    """Make a validator of a list. Voluptuous' own one stops at the first item with a problem."""

    def validate(value: object) -> list[Any]:
        if not isinstance(value, list):
            raise vol.Invalid(
                f"{redaction.kind(value)} is given; wanted is a list of groups of options"
                ", in square brackets, like [{...}]"
            )
        values, errors = [], []
        for position, item in enumerate(value):
            try:
                values.append(validator(item))
            except vol.Invalid as invalid:
                invalid.prepend([position])
                errors += invalid.errors if isinstance(invalid, vol.MultipleInvalid) else [invalid]
        if errors:
            raise vol.MultipleInvalid(errors)
        return values

    return validate


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


# --- Sentences ---


def sentences(
    invalid: vol.MultipleInvalid, secrets: Collection[str], redact: Callable[[str], str]
) -> list[str]:
    """Say all that is wrong, each problem with the path of its option.

    Args:
        invalid: what a validator raised.
        secrets: as they were entered; one may have been typed into a second option, too.
        redact: takes those out of a text that are told from its words.
    """
    return [redact(_sentence(error, secrets)) for error in invalid.errors]


def _sentence(error: vol.Invalid, secrets: Collection[str]) -> str:
    path = ""
    for part in error.path:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            name = str(part)
            # A word is shown also where a password is the same: most are the program's own names.
            shown = name if name.isidentifier() else redaction.shown(name, secrets)
            path += f".{shown}" if path else shown
    given = f"{redaction.shown(error.value, secrets)} " if isinstance(error, Refused) else ""
    return f"{path or 'the options'}: {given}{error.error_message}"


def _refusal(value: object, wanted: str) -> vol.Invalid:
    return Refused(value, f"is given; wanted is {wanted}")
