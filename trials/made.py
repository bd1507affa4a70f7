"""Makes bytes of a line from a fuzzer's choices: telegrams of simulated meters with changes.

The changes are made before ciphering and checksums are added, so that they pass both.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Final

from app.cosem.obis import Obis
from simulator import axdr, links, meters
from simulator.ciphering import AUTH_KEY, KEY, Ciphering
from simulator.household import Household
from trials.draw import Draw

LISTS: Final = tuple((family, name) for family, some in meters.FAMILIES.items() for name in some)
NOON: Final = datetime(2026, 7, 1, 10, 0, 5, tzinfo=UTC)

_MOST_BLOCKS: Final = 64
"""Blocks of one message."""

_DEEPEST: Final = 4
"""Levels of structures and arrays; meters send no more."""


@cache
def telegram(family: str, name: str | None, serial: int = 1234567) -> meters.Telegram:
    """Return one telegram of a simulated meter; the last argument makes its names."""
    meter = meters.build(family, name, serial=serial)
    return meter.telegram(Household(1, NOON, phases=meter.phases).at(NOON))


PLAINTEXTS: Final = tuple(telegram(family, None).plaintext for family in meters.FAMILIES)


# --- Lists ---

_LEAVES: Final = (
    *(axdr.Type.UINT32, axdr.Type.UINT16, axdr.Type.OCTET_STRING, axdr.Type.STRUCTURE),
    *(axdr.Type.VISIBLE_STRING, axdr.Type.INT16, axdr.Type.FLOAT64, axdr.Type.ENUM),
    *(axdr.Type.UINT64, axdr.Type.UTF8_STRING, axdr.Type.NULL, axdr.Type.BOOLEAN),
    *(axdr.Type.ARRAY, axdr.Type.FLOAT32, axdr.Type.DATE_TIME, axdr.Type.INT64),
    *(axdr.Type.BIT_STRING, axdr.Type.BCD, axdr.Type.INT8, axdr.Type.UINT8),
)
_CONTAINERS: Final = (axdr.Type.STRUCTURE, axdr.Type.ARRAY)
_CONTENTS: Final[Mapping[axdr.Type, Callable[[Draw], axdr.Value]]] = {
    axdr.Type.NULL: lambda _: None,
    axdr.Type.BOOLEAN: Draw.flag,
    axdr.Type.OCTET_STRING: lambda draw: draw.take(draw.pick((12, 6, 8, 16, 0, 255))),
    axdr.Type.VISIBLE_STRING: lambda draw: draw.take(16).decode("ascii", "ignore"),
    axdr.Type.UTF8_STRING: Draw.text,
    axdr.Type.FLOAT32: lambda draw: math.ldexp(draw.below(2**32), draw.below(99)),
    axdr.Type.FLOAT64: lambda draw: math.ldexp(draw.below(2**32), draw.below(999) - 500),
    axdr.Type.DATE_TIME: lambda draw: draw.take(12).ljust(12, b"\0"),
    axdr.Type.BIT_STRING: lambda draw: f"{draw.below(1024):b}",
}
_CODES: Final = tuple(
    sorted(
        {
            bytes(Obis.parse(item.obis))
            for family, name in LISTS
            for item in meters.FAMILIES[family][name].layout.items
            if item.obis and ":" in item.obis
        }
    )
)


def node(draw: Draw, depth: int, kinds: tuple[axdr.Type, ...] = _LEAVES) -> axdr.Node:
    """Make a value of one of some types; structures and arrays hold codes and values."""
    kind = draw.pick(kinds)
    if kind in _CONTAINERS:
        return _container(draw, depth, kind) if depth < _DEEPEST else axdr.null()
    if kind in axdr.INTEGERS:
        size, signed = axdr.INTEGERS[kind]
        return axdr.Node(kind, int.from_bytes(draw.take(size), "big", signed=signed))
    return axdr.Node(kind, _CONTENTS[kind](draw))


def _container(draw: Draw, depth: int, kind: axdr.Type) -> axdr.Node:
    if depth and draw.flag():
        scaler = axdr.int8(draw.below(256) - 128)
        return axdr.structure(scaler, axdr.enum(draw.below(256)))
    parts: list[axdr.Node] = []
    for _ in range(draw.below(24)):
        if draw.flag():
            parts.append(axdr.octet_string(draw.pick(_CODES)))
        parts.append(node(draw, depth + 1))
    return axdr.Node(kind, tuple(parts))


def lines(draw: Draw) -> bytes:
    """Make the lines of a P1 telegram."""
    made = []
    for _ in range(draw.below(12)):
        code = draw.pick(_CODES)
        name = str(Obis(*code)).encode() if draw.flag() else draw.take(draw.below(20))
        unit = draw.pick((b"*kWh", b"*kW", b"*V", b"*A", b"*m3", b"*Wh", b"", b"*GJ"))
        value = b"%d.%d" % (draw.below(10**6), draw.below(1000)) if draw.flag() else draw.string()
        time = b"(%012d%s)" % (draw.below(10**12), draw.pick((b"W", b"S", b""))) * draw.flag()
        made.append(name + time + b"(" + value + unit + b")\r\n")
    return b"".join(made)


# --- Lines ---


def changed(draw: Draw, data: bytes) -> bytes:
    """Change a telegram as the input says: replace, insert or delete bytes."""
    changed = bytearray(data)
    for _ in range(draw.below(8)):
        at = draw.below(len(changed) + 1)
        match draw.below(4):
            case 0:
                changed[at : at + 1] = draw.take(1)
            case 1:
                changed[at:at] = draw.string()
            case 2:
                del changed[at : at + 1 + draw.below(16)]
            case _:
                size = draw.below(16)
                changed[at : at + size] = draw.take(size)
    return bytes(changed)


def payloads(draw: Draw) -> list[bytes]:
    """Make APDUs of a meter's plaintext or of any bytes, ciphered or not, in blocks or not."""
    if draw.flag():
        plaintext = changed(draw, telegram(*draw.pick(LISTS)).plaintext)
    else:
        plaintext = draw.pick((b"", b"\x0f\0\0\0\1\0", b"/KFM5\r\n\r\n")) + draw.string()
    payload = plaintext
    if draw.flag():
        title = draw.pick((b"KFMgp\x01\x02\x03", b"LGZgp\x01\x02\x03", b"")) or draw.take(8)
        payload = Ciphering(
            draw.pick((KEY, bytes(16))),
            draw.pick((AUTH_KEY, KEY)),
            authenticated=draw.flag(),
            suite=draw.below(256) if draw.below(4) == 0 else 0,
            service=draw.pick((0xDB, 0xDC)),
        ).protect(plaintext, system_title=title.ljust(8, b"\0"), counter=draw.below(2**32))
        payload = payload if draw.below(4) else changed(draw, payload)
    if draw.below(4) == 0:
        size = 1 + draw.below(256)
        blocks = links.general_block_transfer(payload, size)[:_MOST_BLOCKS]
        return [block for block in blocks if draw.below(8) != 1]
    return [payload]


_LINKS: Final[tuple[links.Link, ...]] = (
    *(links.MBus(), links.MBus(links.SAGEMCOM_LENGTH), links.Hdlc(), links.Hdlc(longest=100)),
    *(links.Hdlc(flags=links.Flags.OPEN_END), links.Wrapper(), links.Plain()),
)


def framed(draw: Draw) -> list[bytes]:
    """Make the next bytes of a line: noise, a P1 telegram, or payloads with right checksums."""
    match draw.below(8):
        case 0:
            return [draw.string()]
        case 1:
            listed = lines(draw).decode("latin-1").split("\r\n")
            identification = draw.pick(("KFM5KAIFA", "EST5\\253710000_A", "Ene5\\T210-D")) + " "
            with suppress(UnicodeEncodeError):
                return [links.p1(identification, listed[:-1], checksum=draw.flag())]
            return []
        case 2:
            family, name = draw.pick(LISTS)
            return [changed(draw, telegram(family, name).data)]
        case _:
            link = draw.pick(_LINKS)
            with suppress(ValueError, OverflowError):  # too long for the link
                frames = [part for payload in payloads(draw) for part in link.frames(payload)]
                return [part for part in frames if draw.below(16) != 1]
            return []
