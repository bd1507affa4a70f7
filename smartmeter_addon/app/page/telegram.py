"""A telegram as ``listen`` shows it, in parts that a page can lay out, and without whose it is."""

from collections.abc import Callable
from typing import Final

from app.anonymous.codes import Content, content
from app.cosem.obis import Obis
from app.dlms import axdr
from app.dlms.ciphering import AUTHENTICATED, ENCRYPTED
from app.dlms.receiver import Security
from app.language.catalogue import Text
from app.listen import masked
from app.meters.catalogue import name_of
from app.meters.telegram import Register, Telegram

_LONGEST_TEXT: Final = 60
_SHOWN: Final = frozenset((Content.VERSION, Content.CLOCK, Content.HARMLESS))
_LIKE_A_NUMBER: Final = 8  # digits that a meter's number has at least
_MOST_ROWS: Final = 200


def described(telegram: Telegram, hide: Callable[[Text], str]) -> dict[str, object]:
    """Describe a telegram, for JSON.

    Args:
        telegram: any.
        hide: takes out what identifies the meter.
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
    tagged = bool(security.security_control & AUTHENTICATED)
    return {
        "ciphered": bool(security.security_control & ENCRYPTED),
        "counter": security.invocation_counter,
        "tag": {None: "unchecked", True: "fits", False: "wrong"}[security.authenticated]
        if tagged
        else "none",
    }


def _register(obis: Obis, register: Register, hide: Callable[[Text], str]) -> list[str]:
    """Give code, name, value and unit; of texts, what may be shown."""
    value = hide(str(register.value)[:_LONGEST_TEXT])
    holds = content(obis)
    if holds is Content.NUMBER or (isinstance(register.value, str) and holds not in _SHOWN):
        value = masked(value)
    return [str(obis), name_of(obis, register.unit) or "", value, register.unit]


def _unknown(value: object, hide: Callable[[Text], str]) -> str:
    """Give a value of which nobody knows what it is; texts may hold a number."""
    if isinstance(value, (bytes, bytearray)):
        return f"({len(value)})"
    text = str(value)[:_LONGEST_TEXT]
    is_number = isinstance(value, int) and len(text) >= _LIKE_A_NUMBER
    return masked(text) if isinstance(value, str) or is_number else hide(text)
