"""Cases from the field: what meters and gateways really send, and what is right then."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.dlms.ciphering import Keys, parse_key
from app.jsontext import dumps
from app.recordings.decode import describe
from tests.support.telegrams import decode, telegrams

Case = dict[str, Any]
"""One case; vectors/field/README.md describes its keys."""

FIELD = Path(__file__).parents[1] / "vectors" / "field"


def cases(kind: str) -> list[Case]:
    """The cases of one kind."""
    path = FIELD / f"{kind}.json"
    read = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    found: list[Case] = read["cases"] if isinstance(read, dict) else read
    return found


def captured() -> list[Case]:
    """The cases of all kinds that are bytes of one line, as `data_of` and `keys_of` give them."""
    return [
        {"options": {}, **case}
        for kind in sorted(kinds())
        for case in cases(kind)
        if {"input_text", "input_hex"} & case.keys()
    ]


def kinds() -> set[str]:
    """The kinds that there are."""
    return {path.stem for path in FIELD.glob("*.json")}


def data_of(case: Case) -> bytes:
    """The bytes of a case."""
    if "input_text" in case:
        return str(case["input_text"]).encode("ascii")
    return bytes.fromhex(case["input_hex"])


def keys_of(case: Case) -> Keys:
    """The keys of a case."""
    options = case["options"]
    return Keys(*(parse_key(options[n]) if n in options else None for n in ("key", "auth_key")))


def differences(case: Case) -> list[str]:
    """Tell in what `decode` of a case is not as it should be."""
    expected = case["expected"]
    read = telegrams(decode([data_of(case)], keys_of(case)))
    count = expected.get("telegrams", 1)
    if len(read) != count:
        return [f"{len(read)} telegrams, not {count}"]
    if not count:
        return []
    described = json.loads(dumps(describe(read[-1])), parse_float=Decimal)
    readings = described["readings"]
    others = described.get("other_meters", [])
    shown = [{key: other[key] for key in ("meter_id", "readings")} for other in others]
    wrong = [
        f"{key} is {readings.get(key)}, not {value}"
        for key, value in expected.get("readings", {}).items()
        if readings.get(key) != value
    ]
    wrong += [f"{key} is there" for key in expected.get("absent", []) if key in readings]
    if expected.get("other_meters", shown) != shown:
        wrong.append(f"the meters behind are {shown}")
    if expected.get("no_other_readings") and others:
        wrong.append(f"meters behind give {shown}")
    number = described["meter_id"] or ""
    if expected.get("meter_id", number) != number:
        wrong.append(f"the number is {number}")
    if not number.endswith(expected.get("meter_id_ends_with", "")):
        wrong.append(f"the number is {number}")
    return wrong
