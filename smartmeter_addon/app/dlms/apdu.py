"""data-notification, the APDU in which a meter pushes its readings (Green Book, DataNotification).

``0F | long-invoke-id-and-priority 4 | date-time | body``. The date-time is an octet string without
a tag: 00, or 0C and 12 bytes; Kaifa in Norway and Sweden writes it with its tag, 09 0C (capture
``kaifa-no-list2``).
"""

import contextlib
from typing import Final, NamedTuple

from app.dlms import axdr
from app.dlms.axdr import Data
from app.fault import DecodeError, Kind
from app.language.catalogue import Sentence

DATA_NOTIFICATION: Final = 0x0F

_LAYER: Final = "apdu"
_DATE_TIME_SIZE: Final = 12
_DATE_TIME_POS: Final = 5
_TAGGED_DATE_TIME: Final = bytes((axdr.OCTET_STRING, _DATE_TIME_SIZE))


class DataNotification(NamedTuple):
    """What a meter pushed.

    Args:
        invoke_id: long-invoke-id-and-priority, as the meter counts its pushes.
        date_time: the header's date-time, 12 bytes, or None.
        body: the value pushed, mostly a structure.
    """

    invoke_id: int
    date_time: bytes | None
    body: Data


def parse(apdu: bytes) -> DataNotification:
    """Read a data-notification to its last byte.

    Raises:
        DecodeError: another kind of APDU, or bytes that end early or are left over.
    """
    if not apdu or apdu[0] != DATA_NOTIFICATION:
        found = f"{apdu[0]:02X}" if apdu else Sentence("telegram.nothing")
        other = Sentence("telegram.no_notification", {"found": found})
        raise DecodeError(_LAYER, 0, other, Kind.UNSUPPORTED)
    if len(apdu) <= _DATE_TIME_POS:
        raise DecodeError(_LAYER, len(apdu), "the bytes end inside the header")
    pos = _DATE_TIME_POS
    size = apdu[pos]
    if apdu[pos : pos + 2] == _TAGGED_DATE_TIME:
        size, pos = _DATE_TIME_SIZE, pos + 1
    if size not in (0, _DATE_TIME_SIZE):
        raise DecodeError(_LAYER, pos, f"a date-time has 12 bytes or none, this one says {size}")
    begin = pos + 1
    end = begin + size
    date_time = apdu[begin:end] if size else None
    return DataNotification(int.from_bytes(apdu[1:5], "big"), date_time, _body(apdu, end))


def _body(apdu: bytes, pos: int) -> Data:
    try:
        return _whole(apdu, pos)
    except DecodeError as standard:
        for departure in ("bare_descriptors", "swapped_names"):
            with contextlib.suppress(DecodeError):
                return _whole(apdu, pos, **{departure: True})
        raise standard from None


def _whole(apdu: bytes, pos: int, **departures: bool) -> Data:
    body, end = axdr.parse(apdu, pos, **departures)
    if end != len(apdu):
        raise DecodeError("a-xdr", end, f"{len(apdu) - end} bytes are left over behind the body")
    return body
