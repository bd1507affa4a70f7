"""data-notifications with made-up numbers: what is no clock, code or version is replaced."""

from collections.abc import Iterator
from datetime import UTC
from typing import Final, NamedTuple

from app.anonymous.codes import Content, content
from app.anonymous.names import Names, is_model, is_short
from app.anonymous.placed import Integer, Octets, Reader, Text, strings
from app.anonymous.refused import RefusedError
from app.cosem import clock, items
from app.cosem.items import Item
from app.cosem.obis import from_logical_name
from app.dlms import apdu, axdr
from app.dlms.axdr import Data
from app.fault import DecodeError
from app.meters import identity
from app.meters.recogniser import Recogniser, Unknown

_HEADER: Final = 6  # tag, long-invoke-id-and-priority, length of the date-time
_LONGEST_STATUS: Final = 4
_LONGEST_CLOCK: Final = 14  # as text, YYYYMMDDhhmmss
_SOME_DAY: Final = bytes((0x07, 0xEA, 1, 1, 4))
_MIDNIGHT: Final = bytes((0, 0, 0, 0xFF, 0x80, 0, 0))  # time, deviation, status
_DATES: Final = (axdr.DATE_TIME, axdr.DATE, axdr.TIME)
_DEPARTURES: Final[tuple[dict[str, bool], ...]] = (
    {},
    {"bare_descriptors": True},
    {"swapped_names": True},
)


class Sender(NamedTuple):
    """What a telegram is recognised by, beside its values.

    Args:
        recogniser: of its line.
        title: its system title; None without ciphering.
        address: of its frame.
    """

    recogniser: Recogniser
    title: bytes | None
    address: str


class _Known(NamedTuple):
    """What is known of a telegram.

    Args:
        items: its values, with the codes that it or the description of its list gives them.
        number: the meter's own.
    """

    items: list[Item]
    number: str | None


def disguise(telegram: bytes, names: Names, sender: Sender) -> bytes:
    """Replace what identifies in a data-notification.

    Raises:
        RefusedError: it cannot be read, or its values would change.
    """
    try:
        plain = apdu.parse(telegram)
    except DecodeError as error:
        raise RefusedError("it cannot be read as a telegram") from error
    body = _placed(telegram, plain.date_time)
    known = _known(body, sender)
    changed = bytearray(telegram)
    contents = dict(_contents(known.items))
    values = {value.at for item in items.read(body) for value in _of(item)}
    for tag, value in strings(body):
        if tag in _DATES or (value.at not in values and _is_name(value)):
            continue
        new = _replaced(value, contents.get(value.at), known.number, names)
        changed[value.at : value.at + len(new)] = new
    for item in known.items:
        if item.obis and content(item.obis) is Content.NUMBER and item.number is not None:
            _replace_integer(changed, item, names)
    result = bytes(changed)
    if len(result) != len(telegram) or _measured(known) != _measured(_read(result, sender)):
        raise RefusedError("its values cannot be told from what identifies the meter")
    return result


def _known(body: Data, sender: Sender) -> _Known:
    """Give the values of a telegram codes, those of a list by position by their places."""
    listed = items.read(body)
    understood = sender.recogniser.data(body, sender.title, sender.address)
    if any(item.obis for item in listed) or isinstance(understood, Unknown):
        return _Known(listed, identity.number(listed))
    return _Known(understood.items, understood.number or identity.number(understood.items))


def _placed(telegram: bytes, date_time: bytes | None) -> Data:
    """Read the body of a data-notification that `apdu` could read."""
    begin = _HEADER
    if date_time:
        begin = telegram.index(date_time, _HEADER) + len(date_time)
    refused: Exception | None = None
    for departure in _DEPARTURES:
        try:
            return Reader(telegram, **departure).whole(begin)
        except (DecodeError, RefusedError) as error:
            refused = refused or error
    if isinstance(refused, RefusedError):
        raise refused
    raise RefusedError("it cannot be read as a telegram")


def _read(telegram: bytes, sender: Sender) -> _Known:
    try:
        return _known(apdu.parse(telegram).body, sender)
    except DecodeError as error:
        raise RefusedError("it could not be read any more") from error


def _of(item: Item) -> Iterator[Octets | Text]:
    """Give the texts and octets of a value."""
    for _, value in strings((item.tag, item.value)):
        yield value


def _contents(listed: list[Item]) -> Iterator[tuple[int, Content]]:
    """Give what the texts of values with a code hold, by where they stand."""
    for item in listed:
        if item.obis:
            for value in _of(item):
                yield value.at, content(item.obis)


def _is_name(value: Octets | Text) -> bool:
    return isinstance(value, Octets) and from_logical_name(bytes(value)) is not None


def _replaced(value: Octets | Text, kind: Content | None, own: str | None, names: Names) -> bytes:
    """Give what takes the place of a text or of octets.

    Args:
        value: what is there.
        kind: what its code says of it; None where it has none.
        own: the meter's number.
        names: makes up names.
    """
    raw = value.raw if isinstance(value, Text) else bytes(value)
    shown = items.text(value).strip()
    if not raw.strip(b"\0 \xff"):
        return raw
    if kind in {Content.NUMBER, None} and own and shown.endswith(own):
        return _with_number(raw, own.encode("utf-8"), names)
    if kind is Content.NUMBER:
        return names.octets(raw)
    if _is_moment(raw) or (kind is Content.HARMLESS and len(raw) <= _LONGEST_STATUS):
        return raw
    if not (raw.isascii() and raw.rstrip(b"\0").decode("ascii").isprintable()):
        return raw if kind is Content.CLOCK else names.octets(raw)
    if kind in {Content.MESSAGE, Content.TEXT}:
        return names.text(raw.decode("ascii")).encode("ascii")
    if is_model(shown) or (kind is Content.CLOCK and len(raw) <= _LONGEST_CLOCK):
        return raw
    if any(map(str.isdecimal, shown)) and " " not in shown:
        return names.octets(raw)
    return names.text(raw.decode("ascii")).encode("ascii")


def _with_number(raw: bytes, own: bytes, names: Names) -> bytes:
    """Replace the meter's number in a name that begins with its model, as in other lists.

    Where it stands in another form, such as hex digits, all of it is replaced.
    """
    head, found, tail = raw.rpartition(own)
    if is_short(own.decode("utf-8")) or not (found and is_short(head.decode("latin-1"))):
        return names.octets(raw)
    return head + names.octets(found) + tail


def _is_moment(raw: bytes) -> bool:
    """Tell whether octets are a date-time, a date or a time (Blue Book)."""
    match len(raw):
        case clock.SIZE:
            return clock.parse(raw, UTC, even_invalid=True) is not None
        case 5:
            return clock.parse(raw + _MIDNIGHT, UTC) is not None
        case 4:
            return clock.parse(_SOME_DAY + raw + _MIDNIGHT[-3:], UTC) is not None
    return False


def _replace_integer(changed: bytearray, item: Item, names: Names) -> None:
    value = item.value
    if not isinstance(value, Integer):
        raise RefusedError("a number of the meter has a form that cannot be replaced")
    if value < 0:
        raise RefusedError("a number of the meter is less than nothing")
    most = (1 << 8 * value.size - value.signed) - 1
    new = int(names.number(str(int(value)), most=most))
    changed[value.at : value.at + value.size] = new.to_bytes(value.size, "big")


def _measured(known: _Known) -> list[tuple[object, ...]]:
    """Give what must not change: numbers but those of meters, codes, types and units."""
    return [
        (
            item.obis,
            item.tag,
            item.unit,
            None if item.obis and content(item.obis) is Content.NUMBER else item.number,
        )
        for item in known.items
    ]
