"""What a start of the program has to leave as it was before the upgrade."""

import itertools
import json
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from tests.support.mosquitto import Seen
from trials.upgrade.lines import Values

DIFFERENT: Final[Mapping[str, str]] = {
    "dev.sw_version": "the program's version, which its own device shows now",
    "o.sw_version": "the program's version",
    "cmps.*.state_topic": "what is not live is read at a topic of its own",
    "cmps.*.json_attributes_topic": "the same",
    "cmps.*.value_template": "the same, with the layout burgenland: it has other names there",
    "cmps.*.enabled_by_default": "what only repeats others is disabled where it is new",
}
"""Where a discovery message may differ, as patterns of paths, each with the reason."""

ADDED: Final = frozenset(("parity_errors", "silence"))
"""Diagnostics that 0.1.0 did not have. They are announced as soon as there is a first value."""

LEARNED_OF_DEVICE: Final = ("via_device", "model_id")
"""What an announcement says that the state of 0.1.0 does not hold: the meter that one is read
through, and the maker's code of its type. Where it comes later, the meter is announced anew."""

NEW_TOPICS: Final[Mapping[str, str]] = {
    "*/device/smartmeter-reader_*/config": "the program's own device",
    "*/line/*/diagnostics": "what that device shows",
    "*/details": "the values that are not live",
    "*/device/smartmeterreader/config": "the sensors of the layout lgraho",
    "*/sensor/smartmeter*/config": "its program's own announcements of them, which are taken back",
    "Smartmeter/WirkenergieP": "a topic of the first programs of the layout greenmikeeu",
    "Smartmeter/WirkenergieN": "the same",
    "Smartmeter/Momentanleistung*": "the same",
}
"""Topics at which 0.1.0 published nothing, as patterns, each with what is there."""

REMEMBERED: Final = ("serial mode", "meter numbers", "meters", "announced", "retained")
"""Sections of the state whose entries have to stay. One that has an empty text is a mark, of which
the key is all that counts."""

LEARNED: Final = ("last seen",)
"""Sections of the state that change with each telegram, and whose keys have to stay."""

RENAMED: Final[Mapping[str, str]] = {"last seen": "history"}
"""What sections of the state are called in later versions, by their names in 0.1.0."""


class Said(NamedTuple):
    """What a meter said that a state message has to say.

    Args:
        values: of the state message.
        surely: False for a telegram that came when the program was told to stop.
    """

    values: Values
    surely: bool = True


@dataclass
class Start:
    """One start of a program, from its first line to its end.

    Args:
        name: tells the start from others.
        said: what the meters said, by the topic on which it has to be published, in order.
        old: what the telegrams said that were replayed, by topic.
        recalled: topics on which something was published before the first telegram.
        messages: all that was published, in order.
        retained: what the broker kept when the program had ended, by topic.
        state: the content of the state file when the program had ended; None when unreadable.
        output: what the program wrote.
        failure: why the start was given up; empty when it was not.
    """

    name: str
    said: dict[str, list[Said]] = field(default_factory=dict)
    old: dict[str, list[Values]] = field(default_factory=dict)
    recalled: set[str] = field(default_factory=set)
    messages: list[Seen] = field(default_factory=list)
    retained: dict[str, str] = field(default_factory=dict)
    state: Any = None
    output: str = ""
    failure: str = ""

    def payloads(self) -> dict[str, list[str]]:
        """Give what was published, by topic."""
        found: dict[str, list[str]] = {}
        for message in self.messages:
            found.setdefault(message.topic, []).append(message.payload)
        return found

    def published(self) -> tuple[int, int]:
        """Give how many readings were published, of how many that surely had to be."""
        found = wanted = 0
        payloads = self.payloads()
        for topic, said in self.said.items():
            surely = [one.values for one in said if one.surely]
            values = [parsed(payload) for payload in payloads.get(topic, [])]
            wanted += len(surely)
            found += sum(one in values for one in surely)
        return found, wanted


def within(start: Start, first: Start) -> Start:
    """Give a start of the earlier program, of which only that is wanted which it published at all.

    Values that a later version reads as well are none of its business.

    Args:
        start: of the earlier program.
        first: its first start.
    """
    known = _published_keys(first)
    said = {
        topic: [one._replace(values=_only(one.values, known.get(topic, set()))) for one in all_said]
        for topic, all_said in start.said.items()
    }
    old = {
        topic: [_only(values, known.get(topic, set())) for values in all_old]
        for topic, all_old in start.old.items()
    }
    return replace(start, said=said, old=old)


def _published_keys(start: Start) -> dict[str, set[str]]:
    """Give the keys of what was published of telegrams, by topic."""
    payloads = start.payloads()
    return {
        topic: {key for payload in payloads.get(topic, ()) for key in parsed(payload)}
        for topic in start.said
    }


def _only(values: Values, keys: Collection[str]) -> Values:
    return {key: value for key, value in values.items() if key in keys}


def new_keys(start: Start, first: Start) -> set[str]:
    """Give the keys of values that the earlier program did not publish of the same telegrams.

    That are those that the meters said, and those that are null: limits that are none, messages
    without a text.
    """
    known = _published_keys(first)
    payloads = start.payloads()
    new: set[str] = set()
    for topic, said in start.said.items():
        keys = {key for one in said for key in one.values}
        for payload in payloads.get(topic, ()):
            keys |= {key for key, value in json.loads(payload).items() if value is None}
        new |= keys - known.get(topic, set())
    return new


def first_start(start: Start) -> list[str]:
    """Tell what is wrong with a start that nothing went before."""
    return [*ended(start), *_readings(start, repeated=True)]


def next_start(start: Start, first: Start, control: Start | None = None) -> list[str]:
    """Tell what is not as it was before.

    Args:
        start: of the program in question.
        first: the first start of the earlier program.
        control: the earlier program's next start, with the telegrams that ``start`` had.
    """
    misses = [*ended(start), *_readings(start, repeated=_is_announced_anew(start))]
    if start.failure:
        return misses  # what else is not there is not there for that
    if control and not misses:
        misses += _as_control(start, control)
    misses += _topics(start, first)
    misses += _recalled(start, first)
    misses += _announced(start, first)
    misses += _retained(start, first)
    misses += _state(start, first)
    return misses


def ended(start: Start) -> list[str]:
    """Tell what is wrong with how a program ran, whatever it published."""
    misses = [start.failure] if start.failure else []
    if "Traceback" in start.output:
        misses.append("the program's log tells of a mistake of its own")
    if start.state is None and not start.failure:
        misses.append("state.json cannot be read")
    return misses


# --- Readings ---


def _readings(start: Start, *, repeated: bool = False) -> Iterator[str]:
    """Hold the state messages against what the meters said: each once, exact, in order.

    Args:
        start: which.
        repeated: whether the newest may be published once more, as it is after an announcement.
    """
    payloads = start.payloads()
    for topic, said in start.said.items():
        left = deque(said)
        newest: Values = {}
        for payload in payloads.get(topic, []):
            values = parsed(payload)
            if values in [one.values for one in left]:
                while (one := left.popleft()).values != values:
                    yield from _missed(topic, one)
                newest = values
            elif not (repeated and values == newest):
                yield f"{topic}: {_unsaid(values, said, start.old.get(topic, []))}"
        for one in left:
            yield from _missed(topic, one)


def _is_announced_anew(start: Start) -> bool:
    """Tell whether a meter was announced more than once, after which its values come again."""
    return any(
        len(payloads) > 1
        for topic, payloads in start.payloads().items()
        if topic.endswith("/config") and _is_not_new(topic)
    )


def _missed(topic: str, said: Said) -> Iterator[str]:
    if said.surely:
        yield f"{topic}: the reading of {_time(said.values)} is missing"


def _unsaid(values: Values, said: Sequence[Said], old: Sequence[Values]) -> str:
    """Say what is wrong with a state message that no telegram goes with."""
    time = _time(values)
    if values in [one.values for one in said]:
        return f"the reading of {time} was published once more, or after later ones"
    if values in old:
        return f"the old telegram of {time} was replayed, and not rejected"
    for one in said:
        if _time(one.values) == time:
            return f"the reading of {time} is wrong: {_told(one.values, values)}"
    return f"a reading of {time} was published, and no telegram said it"


def _time(values: Mapping[str, object]) -> str:
    return str(values.get("timestamp", "a telegram without a time"))


def parsed(payload: str) -> Values:
    """Read a state message; what is null is left out, and so are attributes of values."""
    values = json.loads(payload, parse_float=Decimal, parse_int=Decimal)
    return {
        key: value
        for key, value in values.items()
        if value is not None and not key.endswith(_ATTRIBUTES)
    }


_ATTRIBUTES: Final = "_details"
"""How the keys of attributes end."""


# --- Topics and announcements ---


def _topics(start: Start, first: Start) -> Iterator[str]:
    before, after = first.payloads().keys(), start.payloads().keys()
    for topic in sorted(before - after):
        yield f"{topic}: nothing is published there any more"
    for topic in filter(_is_not_new, sorted(after - before)):
        yield f"{topic}: something is published there that was not before"


def _is_not_new(topic: str) -> bool:
    return not any(fnmatchcase(topic, pattern) for pattern in NEW_TOPICS)


def known(start: Start) -> set[str]:
    """Give the topics on which the next start says what it knows, before the first telegram."""
    diagnostics = {topic for topic in start.payloads() if topic.endswith("/diagnostics")}
    return start.retained.keys() | diagnostics


def _recalled(start: Start, first: Start) -> Iterator[str]:
    for topic in sorted(known(first) - start.recalled):
        yield f"{topic}: nothing is published there before the first telegram"


def announcements(start: Start, new: Collection[str] = ()) -> dict[str, list[Any]]:
    """Give the discovery messages of a start, by topic, but for what is new since 0.1.0.

    Args:
        start: which.
        new: keys of values that are new besides the diagnostics.
    """
    return {
        topic: list(_without_added(payloads, ADDED.union(new)))
        for topic, payloads in start.payloads().items()
        if topic.endswith("/config")
    }


def _without_added(payloads: Iterable[str], new: Collection[str]) -> Iterator[Any]:
    """Give announcements without what is new; one that differs in nothing else is left out."""
    last: object = ""
    last_payload = ""
    for payload in payloads:
        message = json.loads(payload) if payload else None
        if message:
            for key in new:
                message.get("cmps", {}).pop(key, None)
            for key in LEARNED_OF_DEVICE:
                message.get("dev", {}).pop(key, None)
        if message != last or payload == last_payload:
            yield message
        last, last_payload = message, payload


def unique_ids(start: Start) -> set[str]:
    """Give the unique ids that stand announced at the broker after a start."""
    return {
        component["unique_id"]
        for topic, payload in start.retained.items()
        if topic.endswith("/config")
        for component in json.loads(payload)["cmps"].values()
        if "unique_id" in component
    }


def _announced(start: Start, first: Start) -> Iterator[str]:
    """Compare the discovery messages with those before: each once, and the same."""
    new = new_keys(start, first)
    for topic, messages in announcements(start, new).items():
        if len(messages) > 1:
            others = [one for one in messages if one != messages[0]]
            how = "twice the same"
            if others:
                how = f"with different content: {_told(messages[0], others[0])}"
            yield f"{topic}: announced {len(messages)} times in one start, {how}"
        if topic in first.retained:
            (before,) = _without_added([first.retained[topic]], ADDED.union(new))
            for message in messages:
                if message and (told := _told(before, message, DIFFERENT)):
                    yield f"{topic}: the announcement differs: {told}"
                    break


def _retained(start: Start, first: Start) -> Iterator[str]:
    """Compare what the broker keeps; nothing may be cleared or added."""
    for topic, payloads in start.payloads().items():
        if "" in payloads and _is_not_new(topic):
            yield f"{topic}: cleared"
    for topic in sorted(first.retained.keys() | start.retained.keys()):
        before, after = first.retained.get(topic), start.retained.get(topic)
        if before is None:
            if _is_not_new(topic):
                yield f"{topic}: retained by the broker, and was not before"
        elif after is None:
            yield f"{topic}: not retained by the broker any more"
        elif not topic.endswith("/config") and before != after:
            yield f"{topic}: {before!r} was retained at the end, now {after!r}"


def _as_control(start: Start, control: Start) -> Iterator[str]:
    """Compare with what the old program published of the same telegrams, to the last character."""
    before, after = control.payloads(), start.payloads()
    says_more, anew = new_keys(start, control), _is_announced_anew(start)
    for topic in sorted(before.keys() & after.keys()):
        if topic.endswith("/config"):
            continue
        if topic in start.retained:
            if other := sorted(set(before[topic]) ^ set(after[topic])):
                yield f"{topic}: published by one program only: {', '.join(map(repr, other))}"
        elif topic.endswith("/diagnostics"):
            if other := sorted(_keys(before[topic]) ^ _keys(after[topic])):
                yield f"{topic}: told by one program only: {', '.join(other)}"
        else:
            told, now = before[topic], after[topic]
            if says_more and told[0].startswith("{"):
                now = [_cut(payload, _keys(told)) for payload in now]
            if anew:
                told, now = _without_repeats(told), _without_repeats(now)
            if told != now:
                yield f"{topic}: of the same telegrams, {_other_texts(told, now)}"


_MEMBER: Final = re.compile(r'"(\w+)": (?:"(?:[^"\\]|\\.)*"|\{[^{}]*\}|[^",{}]+)')


def _cut(payload: str, keys: Collection[str]) -> str:
    """Leave the members of a state message that have one of some keys, to the last character."""
    kept = [member[0] for member in _MEMBER.finditer(payload) if member[1] in keys]
    return f"{{{', '.join(kept)}}}"


def _without_repeats(payloads: Sequence[str]) -> list[str]:
    """Leave of messages in a row that are the same the first, as after an announcement."""
    return [payload for payload, _ in itertools.groupby(payloads)]


def _other_texts(before: Sequence[str], after: Sequence[str]) -> str:
    """Say where two rows of messages differ first."""
    for one, other in zip(before, after, strict=False):
        if one != other:
            differing = (
                at for at, pair in enumerate(zip(one, other, strict=False)) if len({*pair}) > 1
            )
            at = next(differing, min(len(one), len(other)))
            shown = slice(max(0, at - _SHOWN), at + _SHOWN)
            return f"{one[shown]!r} was published, now {other[shown]!r}"
    return f"{len(before)} messages were published, now {len(after)}"


def _keys(payloads: Sequence[str]) -> set[str]:
    return {key for payload in payloads for key in json.loads(payload)} - ADDED


# --- The state file ---


def _state(start: Start, first: Start) -> Iterator[str]:
    before, after = _sections(first.state), _sections(start.state)
    for section, entries in before.items():
        kept = after.get(section, {})
        for key, value in entries.items():
            place = f"state.json, {section!r}: {key!r}"
            if key not in kept:
                yield f"{place} is gone"
            elif section.startswith(REMEMBERED) and value != "":
                lost = [
                    difference
                    for difference in differences(value, kept[key])
                    if difference.before is not None
                ]
                if lost:
                    yield f"{place} is another: {_listed(lost)}"


def _sections(state: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - as free as JSON is
    """Give the sections of a state file whose entries have to stay, by their names in 0.1.0."""
    unfolded = _unfolded(state) or {}
    sections = unfolded.get("sections", unfolded)
    return {
        name: entries
        for name, entries in zip(map(_as_in_0_1_0, sections), sections.values(), strict=True)
        if name.startswith((*REMEMBERED, *LEARNED)) and isinstance(entries, dict)
    }


def _as_in_0_1_0(section: str) -> str:
    """Give a section the name that it had; behind it stands the label of a line."""
    for before, after in RENAMED.items():
        if section.startswith(after):
            return section.replace(after, before, 1)
    return section


def _unfolded(value: Any) -> Any:  # noqa: ANN401 - as free as JSON is
    """Give JSON with the JSON texts in it read, too: 0.1.0 kept texts only.

    A list of texts is a set of which nothing may be lost.
    """
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            value = json.loads(value)
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: _unfolded(one) for key, one in value.items()}
    if isinstance(value, list):
        texts = all(isinstance(one, str) for one in value)
        return dict.fromkeys(value, True) if texts else [_unfolded(one) for one in value]
    return value


# --- Differences ---


class Difference(NamedTuple):
    """One place in which two values of JSON differ; None where one has nothing."""

    path: str
    before: Any
    after: Any


def differences(before: object, after: object, path: str = "") -> Iterator[Difference]:
    """Find where two values of JSON differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(after.keys() - before.keys())]:
            place = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key), after.get(key), place)
    elif before != after:
        yield Difference(path, before, after)


def _told(before: object, after: object, known: Iterable[str] = ()) -> str:
    """Say where two values differ, apart from what is known; nothing when they do not."""
    return _listed(
        [
            one
            for one in differences(before, after)
            if not any(fnmatchcase(one.path, pattern) for pattern in known)
        ]
    )


_MOST_TOLD: Final = 3
_SHOWN: Final = 40
_LONGEST: Final = 80


def _listed(found: Sequence[Difference]) -> str:
    told = [
        f"{path} was {_shown(before)}, is {_shown(after)}".lstrip()
        for path, before, after in found[:_MOST_TOLD]
    ]
    if len(found) > _MOST_TOLD:
        told.append(f"and {len(found) - _MOST_TOLD} more")
    return "; ".join(told)


def _shown(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
