"""The whole dialogue, from the file of options that is there to the one that is written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app import __version__
from app.config.options import LANGUAGES, Options, OptionsError, parse
from app.configure import broker_dialogue, raw
from app.configure.given import Given
from app.configure.interview import Interview, Question, SetupError, yes_no
from app.configure.keys_dialogue import MakeDecoder
from app.configure.meter_dialogue import ask_meter
from app.configure.raw import Raw
from app.configure.steps import Ask, ReadOptions, Say, Steps, WriteOptions
from app.meters.sensors import SENSORS

_ASKED: Final = frozenset({"device", "url", "key", "auth_key", "serial_mode", "name"})
_WRONG_PATH: Final = frozenset({"file.no_folder", "file.is_folder"})
"""What is wrong with a file of options whose path cannot be meant."""


def dialogue(
    interview: Interview,
    given: Given,
    decoder: MakeDecoder,
    meter_types: Mapping[str, object],
    language: str,
) -> Steps[Path]:
    """Ask for the options, try them, and write them.

    Args:
        interview: asks.
        given: answers that were given beforehand.
        decoder: makes a decoder with some keys.
        meter_types: the keys of all profiles.
        language: of the dialogue.

    Returns:
        The file that was written.

    Raises:
        SetupError: it cannot go on; nothing was written.
    """
    yield Say("start.title", {"version": __version__})
    if interview.interactive:
        yield Say("start.promise")
    path = (given.path or (yield from _ask_path(interview, given))).absolute()
    known: Raw | Say = yield ReadOptions(path)
    if isinstance(known, Say):
        raise SetupError(known, 2 if known.key in _WRONG_PATH else 1)
    needs_broker = _check(_not_asked(known), meter_types).needs_broker
    if any(map(raw.line_of, _meters(known))) or raw.text_of(_group(known), "host"):
        yield Say("start.file_known", {"path": path})
    broker_dialogue.require_answers(
        interview, given.broker, _group(known), needs_broker=needs_broker
    )
    options = dict(known)
    yield from _ask_meters(interview, given, options, decoder)
    yield Say("part.broker")
    group = yield from broker_dialogue.ask_broker(
        interview, given.broker, _group(options), needs_broker=needs_broker
    )
    if group or "mqtt" in options:
        options["mqtt"] = group
    spoken = given.language or raw.text_of(options, "language") or language
    if spoken in LANGUAGES:
        options["language"] = spoken
    yield Say("part.options")
    yield from _sum_up(_check(options, meter_types))
    question = yes_no("confirm", "--yes", enter=True, parameters={"path": path})
    if not (yield from interview.ask(question, given.general)):
        raise SetupError(Say("end.stopped"))
    if said := (yield WriteOptions(path, options)):
        raise SetupError(said)
    return path


def _ask_path(interview: Interview, given: Given) -> Steps[Path]:
    question = Question(
        Ask("options", enter="options.json"),
        lambda text: Path(text).expanduser(),
        "--options",
        "options.json",
        usual=False,
    )
    return (yield from interview.ask(question, given.general))


def _ask_meters(
    interview: Interview, given: Given, options: Raw, decoder: MakeDecoder
) -> Steps[None]:
    """Ask about one meter after the other; each takes its place among those in the file."""
    number = 0
    while True:
        answers = given.meters[number] if number < len(given.meters) else {}
        yield Say("part.meter" if number == 0 else "part.next_meter", {"number": number + 1})
        meters = _meters(options)
        meter = yield from ask_meter(interview, answers, meters, decoder, first=number == 0)
        _place(options, meter, first=number == 0)
        number += 1
        if number < len(given.meters):
            continue
        more = yes_no("another_meter", "--another-meter, --yes", enter=False)
        if not (yield from interview.ask(more, given.general)):
            return


def _place(options: Raw, meter: Raw, *, first: bool) -> None:
    """Put a meter where the file has one on its line, else first or last."""
    others = [dict(one) for one in _meters(options)[1:]]
    lines = [raw.line_of(one) for one in others]
    line = raw.line_of(meter)
    if line in lines:
        others[lines.index(line)] = meter
    elif first or line == raw.line_of(options):
        options.update(meter)
        if "serial_mode" not in meter:
            options.pop("serial_mode", None)
    else:
        others.append(meter)
    if others:
        options["additional_meters"] = others


def _meters(options: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the meters in options, the flat one first."""
    flat = {
        name: value
        for name, value in options.items()
        if name not in ("mqtt", "additional_meters", "language", "log_level")
    }
    others = options.get("additional_meters")
    return [flat, *(others if isinstance(others, list) else [])]


def _group(options: Mapping[str, Any]) -> Mapping[str, Any]:
    group = options.get("mqtt")
    return group if isinstance(group, dict) else {}


def _not_asked(options: Raw) -> Raw:
    """Give the options in a file that are not asked about; those have to be right."""
    group = _group(options)
    kept = {name: value for name, value in options.items() if name not in _ASKED}
    if group:
        kept["mqtt"] = {k: v for k, v in group.items() if k not in broker_dialogue.ASKED}
    return kept


def _check(options: Raw, meter_types: Mapping[str, object]) -> Options:
    """Check options as ``run`` does.

    Raises:
        SetupError: some are wrong.
    """
    try:
        return parse(options, ["auto", *meter_types], SENSORS.keys())
    except OptionsError as error:
        raise SetupError(Say("options.wrong", {"problems": "; ".join(error.problems)})) from None


def _sum_up(options: Options) -> Steps[None]:
    """Show what is about to be written, without secrets."""
    for meter in options.meters:
        line = meter.url or meter.device
        key = "key" if meter.keys.encryption else "plain"
        if meter.keys.authentication:
            key = "both_keys"
        yield Say(f"sum.{key}", {"line": line, "name": f"{meter.name}, " if meter.name else ""})
    mqtt = options.mqtt
    user = "user" if mqtt.username else "nobody"
    if not mqtt.host:
        user = "none"
    where = {"host": mqtt.host, "port": mqtt.port, "user": mqtt.username}
    yield Say(f"sum.broker_{user}", where)
    yield Say("sum.language", {"language": options.language})
