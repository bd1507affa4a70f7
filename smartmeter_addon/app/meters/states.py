"""What a meter says beside what it measures: tariff in use, limits, switches, counts and texts.

The codes are those of DSMR P1 and its national variants; other meters send some of them, too. A
value that says that there is none, such as a limit of 999 kW or an empty message, is unknown.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from app.cosem import p1
from app.cosem.obis import CURRENT, UNSAID, Obis
from app.cosem.unit import Number, scale
from app.meters import quantities
from app.meters.limits import NOTHING, has_room
from app.meters.sensors import RELAYS, SENSORS
from app.meters.telegram import Register

State = Number | str

LONGEST: Final = 255
"""Characters of a state; Home Assistant refuses a longer one with two warnings."""


class States(NamedTuple):
    """What a telegram says of its meter.

    Args:
        values: by reading key.
        unknown: keys of what the telegram holds without a value.
    """

    values: dict[str, State]
    unknown: set[str]

    def put(self, key: str, value: State | None) -> None:
        """Put a state in, None for one that is unknown."""
        if value is None:
            self.unknown.add(key)
        else:
            self.values[key] = value
            self.unknown.discard(key)


class _Known(NamedTuple):
    """A state of a sender; None for unknown.

    Args:
        said: by the last telegram that says it.
        agreed: by the last two that said the same, or by the first.
    """

    said: State | None
    agreed: State | None


class Unprotected:
    """States of telegrams that no good checksum protects: a new one is left out until said twice.

    Nothing tells another digit of such a state from damage: a tariff, unlike a power, may be any.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: Mapping[str, Mapping[str, _Known]] = NOTHING  # by sender and key

    def of(self, sender: str) -> Mapping[str, object]:
        """Return what is known of a sender, by key."""
        return dict(self._known.get(sender, {}))

    def agreed(self, sender: str, said: States) -> States:
        """Give what may be published of what a telegram says."""
        known = self._known.get(sender, {})
        states = States({}, set())
        for key in (*said.values, *said.unknown):
            value = said.values.get(key)
            if _agreed(known.get(key), value) == value:
                states.put(key, value)
        return states

    def learn(self, sender: str, said: States) -> None:
        """Take what a telegram says that is accepted."""
        if (said.values or said.unknown) and has_room(self._known, sender):
            known = dict(self._known.get(sender, NOTHING))
            for key in (*said.values, *said.unknown):
                value = said.values.get(key)
                known[key] = _Known(value, _agreed(known.get(key), value))
            self._known = {**self._known, sender: known}


def _agreed(known: _Known | None, value: State | None) -> State | None:
    return value if known is None or known.said == value else known.agreed


def read(registers: Mapping[Obis, Register], *, is_p1: bool) -> States:
    """Find what a telegram says beside what its meter measures.

    Args:
        registers: of the telegram; the first of two for the same reading counts.
        is_p1: whether it is a P1 telegram.
    """
    states = States({}, set())
    for obis in _among(tuple(registers)):
        found = _state(obis, registers[obis], is_p1=is_p1)
        if found is None or found[0] in states.values:
            continue
        states.put(*found)
    return states


@lru_cache(maxsize=256)
def _among(codes: tuple[Obis, ...]) -> tuple[Obis, ...]:
    """Find the codes of a list that may say such a thing."""
    return tuple(obis for obis in codes if is_read(obis))


def is_read(obis: Obis) -> bool:
    """Tell whether a code is one of those that say something beside what a meter measures."""
    return obis.f == CURRENT and (obis.cde in _CODES or _is_limit_of_both_ways(obis))


def is_no_limit(key: str, value: Number) -> bool:
    """Tell whether a limit says that there is none: 999 or 999.9 kW, kVA or A."""
    if not key.startswith(LIMITS):
        return False
    thousands = 0 if SENSORS[key].unit == "A" else 3
    return _NO_LIMIT <= scale(value, -thousands) < _NO_LIMIT + 1


def message(register: Register, *, is_p1: bool) -> str | None:
    """Give a message in characters, however long it is; None for none.

    P1 telegrams hold it as hex digits of its characters. Hungarian meters fill the place of a
    message that is not there with FF (ndokter/dsmr_parser#80 and #91).
    """
    text = str(register.value)
    if _FILLED.fullmatch(text):
        return None
    raw = _from_hex(text) if is_p1 else None
    if raw is not None:
        try:
            text = raw.strip(_FILLING).decode("utf-8")
        except UnicodeDecodeError:
            text = raw.strip(_FILLING).decode("latin-1")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) or None


def switch(register: Register) -> str | None:
    """Give the state of a relay or a valve: ``ON`` while current or gas can flow."""
    state = _breaker(str(register.value))
    return state and ("ON" if state == "connected" else "OFF")


# --- Forms ---

_TARIFF: Final = re.compile(r"\D*0*([1-4])\s*")
_DIGITS: Final = re.compile(r"[0-9]{1,20}")
_HEX_OF_DIGITS: Final = re.compile(r"(3[0-9]){2,}")
_FILLED: Final = re.compile(r"(?:[Ff]{2}|00|\s)*[Ff0]?")
_FILLING: Final = b"\xff\0 "


def _tariff(text: str) -> int | None:
    """Read ``0002``, ``TARIFF 2``, ``T2`` or the bytes 00 02; it does not say which is cheap."""
    found = _TARIFF.fullmatch(text)
    return int(found[1]) if found else None


def _breaker(text: str) -> str | None:
    """Read a control state (Blue Book, class Disconnect control): a number, a boolean, a word."""
    word = text.strip().upper()
    match word.lstrip("0") if word.isdecimal() else word:
        case "" | "OFF" | "FALSE":
            return "disconnected" if word else None
        case "1" | "ON" | "TRUE":
            return "connected"
        case "2":
            return "ready"
    return None


def _count(text: str) -> int | None:
    return int(text) if _DIGITS.fullmatch(text) else None


def _version(text: str) -> str | None:
    """Read ``50``, ``50217``, or hex digits of these characters (Iskraemeco in Wallonia)."""
    if _HEX_OF_DIGITS.fullmatch(text):
        return bytes.fromhex(text).decode("ascii")
    return _text(text)


def _text(text: str) -> str | None:
    return text.strip()[:LONGEST] or None


def _from_hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


# --- Codes ---

_Code = tuple[int, int, int]

_OF_THE_METER: Final[dict[_Code, tuple[str, Callable[[str], State | None]]]] = {
    (96, 14, 0): ("active_tariff", _tariff),
    (96, 3, 10): ("breaker", _breaker),
    (96, 50, 68): ("breaker", _breaker),  # Sanxing's
    (96, 7, 21): ("power_failures", _count),
    (96, 7, 9): ("long_power_failures", _count),
    **{(12 + 20 * n, 32, 0): (f"voltage_sags_l{n}", _count) for n in range(1, 4)},
    **{(12 + 20 * n, 36, 0): (f"voltage_swells_l{n}", _count) for n in range(1, 4)},
    (0, 2, 8): ("p1_version", _version),
    (96, 1, 4): ("p1_version", _version),  # in Belgium; elsewhere a number of the device
    (97, 97, 0): ("error_register", _text),
}
"""Key and form of what a meter says of itself, by groups C, D and E."""

MESSAGES: Final[dict[_Code, str]] = {
    (96, 13, 0): "message",
    (96, 13, 1): "message_code",
    **{(96, 13, n): f"message_{n}" for n in range(2, 6)},
}
"""Keys of the messages, by groups C, D and E."""

_LIMIT: Final = (17, 0, 0)
_LIMIT_OF_BOTH_WAYS: Final = (31, 4, 0)
LIMITS: Final = ("power_limit", "apparent_power_limit", "current_limit")
_NO_LIMIT: Final = 999

_SWITCH: Final = (96, 3, 10)
_VERSION: Final = (0, 2, 8)
_P1_VERSION: Final = (96, 1, 4)

_CODES: Final = {*_OF_THE_METER, *MESSAGES, _LIMIT}


def _state(obis: Obis, register: Register, *, is_p1: bool) -> tuple[str, State | None] | None:
    """Tell which reading a register is, and its value; None if it is none of these."""
    code = obis.cde
    if _is_limit_of_both_ways(obis):
        return _limit_of_both_ways(obis, register)
    if code == _SWITCH and obis.b in RELAYS:
        return f"relay_{obis.b}", switch(register)
    if (obis.b not in (0, UNSAID) and code != _VERSION) or (code == _P1_VERSION and not is_p1):
        return None
    if code == _LIMIT:
        return _limit(register)
    if key := MESSAGES.get(code):
        said = message(register, is_p1=is_p1)
        return key, said and said[:LONGEST].rstrip()
    if found := _OF_THE_METER.get(code):
        key, form = found
        return key, form(str(register.value))
    return None


def _limit(register: Register) -> tuple[str, Number | None] | None:
    """Read a limit: of power, of apparent power (Luxembourg), or of current (DSMR 2 and 3)."""
    value = register.value
    if isinstance(value, (str, bool)):
        return None
    for key in LIMITS:
        exponent = quantities.exponent(register.unit, SENSORS[key].unit or "")
        if exponent is not None:
            number = scale(value, exponent)
            return key, None if is_no_limit(key, number) else number
    return None


def _is_limit_of_both_ways(obis: Obis) -> bool:
    """Tell whether a code is Luxembourg's ``1-1:31.4.0(040*A)(-040*A)``: of import and export."""
    return obis.b == 1 and obis.cde == _LIMIT_OF_BOTH_WAYS


def _limit_of_both_ways(obis: Obis, register: Register) -> tuple[str, Number | None] | None:
    text = str(register.value)
    if not text.startswith("("):
        return _limit(register)
    first, _, _ = text.partition(")")
    for item in p1.read(f"{obis}{first})"):
        if item.number is not None:
            return _limit(Register(item.number, item.unit or ""))
    return None
