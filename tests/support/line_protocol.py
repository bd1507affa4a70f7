"""InfluxDB's line protocol, read back by its own description and not by the program's writer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """A point; numbers are kept as their texts, those of floats as they stand."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, str | bool]
    strings: frozenset[str]
    """Keys of the fields that are strings."""
    time: int


def parse(line: str) -> Point:
    """Read a line.

    Raises:
        ValueError: it is none.
    """
    series, rest = _until(line, " ")
    fields_text, time = _fields_and_time(rest)
    names = _split(series, ",")
    tags = dict(_pair(one) for one in names[1:])
    if len(tags) != len(names) - 1 or not all(tags.values()):
        raise ValueError("tags twice, or empty")
    fields: dict[str, str | bool] = {}
    strings = set()
    for one in _split(fields_text, ",", quoted=True):
        key, value = _until(one, "=")
        key = _unescaped(key)
        if key in fields or not value:
            raise ValueError("a field twice, or empty")
        if value.startswith('"'):
            fields[key] = _unquoted(value)
            strings.add(key)
        elif value in ("t", "f", "true", "false"):
            fields[key] = value.startswith("t")
        else:
            float(value.removesuffix("i"))
            fields[key] = value
    if not fields:
        raise ValueError("no field")
    return Point(_unescaped(names[0]), tags, fields, frozenset(strings), int(time))


def _until(text: str, stop: str) -> tuple[str, str]:
    """Split at the first separator that no backslash stands before."""
    i = 0
    while i < len(text):
        if text[i] == "\\":
            i += 2
            continue
        if text[i] == stop:
            return text[:i], text[i + 1 :]
        i += 1
    raise ValueError(f"there is no {stop!r}")


def _fields_and_time(text: str) -> tuple[str, str]:
    """Split at the blank behind the fields: the first outside quotes that is not escaped."""
    inside, i = False, 0
    while i < len(text):
        if text[i] == "\\":
            i += 2
            continue
        if text[i] == '"':
            inside = not inside
        elif text[i] == " " and not inside:
            return text[:i], text[i + 1 :]
        i += 1
    raise ValueError("no time")


def _split(text: str, separator: str, *, quoted: bool = False) -> list[str]:
    parts, begin, inside, i = [], 0, False, 0
    while i < len(text):
        if text[i] == "\\":
            i += 2
            continue
        if quoted and text[i] == '"':
            inside = not inside
        elif text[i] == separator and not inside:
            parts.append(text[begin:i])
            begin = i + 1
        i += 1
    return [*parts, text[begin:]]


def _pair(text: str) -> tuple[str, str]:
    key, value = _until(text, "=")
    return _unescaped(key), _unescaped(value)


def _unescaped(text: str) -> str:
    """Take the backslashes out that stand before a comma, an equals sign or a blank."""
    for special in ",= ":
        text = text.replace(f"\\{special}", special)
    return text


def _unquoted(text: str) -> str:
    if len(text) < 2 or not text.endswith('"'):
        raise ValueError("a string without an end")
    made, i = "", 1
    while i < len(text) - 1:
        if text[i] == "\\" and text[i + 1] in '"\\':
            i += 1
        elif text[i] == '"':
            raise ValueError("a quote inside a string")
        made += text[i]
        i += 1
    return made
