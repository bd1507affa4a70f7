"""A telegram as ``listen`` shows it, in parts that a page can lay out, and without whose it is."""

from typing import Final

from app.anonymous.codes import Content, content
from app.cosem.obis import Obis
from app.dlms import axdr
from app.dlms.receiver import Security
from app.language.languages import ENGLISH
from app.listen import masked
from app.meters.catalogue import conversion_of, name_of
from app.meters.sensors import SENSORS
from app.meters.telegram import Register, Telegram
from app.page.hidden import Hider

_LONGEST_TEXT: Final = 60
_SHOWN: Final = frozenset((Content.VERSION, Content.CLOCK, Content.HARMLESS))
_LIKE_A_NUMBER: Final = 8  # digits that a meter's number has at least
_MOST_ROWS: Final = 200


def described(telegram: Telegram, hide: Hider) -> dict[str, object]:
    """Describe a telegram, for JSON.

    Args:
        telegram: any.
        hide: takes out what identifies the meter; names are in its language.
    """
    push = telegram.push
    registers = list((telegram.registers or {}).items())[:_MOST_ROWS]
    return {
        "link": push.frame.link,
        "bytes": len(push.frame.payload),
        "security": _security(push.security) if push.security else None,
        "type": telegram.profile.type if telegram.profile else None,
        "sent": telegram.timestamp.isoformat() if telegram.timestamp else None,
        "note": hide(telegram.note) if telegram.note else None,
        "fault": hide(telegram.fault.reason) if telegram.fault else None,
        "registers": [_register(obis, register, hide) for obis, register in registers],
        "unknown": [
            [str(item.obis) if item.obis else "", axdr.NAMES[item.tag], _unknown(item.value, hide)]
            for item in telegram.unknown[:_MOST_ROWS]
        ],
    }


def _security(security: Security) -> dict[str, object]:
    checked = {None: "unchecked", True: "fits", False: "wrong"}[security.authenticated]
    return {
        "ciphered": security.is_ciphered,
        "counter": security.invocation_counter,
        "tag": checked if security.has_tag else "none",
    }


def _register(obis: Obis, register: Register, hide: Hider) -> list[str]:
    """Give code, name, value and unit; of texts, what may be shown."""
    value = hide(str(register.value)[:_LONGEST_TEXT])
    holds = content(obis)
    if holds is Content.NUMBER or (isinstance(register.value, str) and holds not in _SHOWN):
        value = masked(value)
    return [str(obis), _name(obis, register.unit, hide.language), value, register.unit]


def _name(obis: Obis, unit: str, language: str) -> str:
    """Name a register, as a reading where it is one: others have names in English only."""
    reading = None if language == ENGLISH else conversion_of(obis, unit)
    return SENSORS[reading.key].name(language) if reading else name_of(obis, unit) or ""


def _unknown(value: object, hide: Hider) -> str:
    """Give a value of which nobody knows what it is; texts may hold a number."""
    if isinstance(value, (bytes, bytearray)):
        return f"({len(value)})"
    text = str(value)[:_LONGEST_TEXT]
    is_number = isinstance(value, int) and len(text) >= _LIKE_A_NUMBER
    return masked(text) if isinstance(value, str) or is_number else hide(text)
