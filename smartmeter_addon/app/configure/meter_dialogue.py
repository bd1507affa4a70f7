"""The part of the dialogue about one meter: its line, its keys, its name."""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any, Final

from app import jsontext
from app.config import checks
from app.configure import line_dialogue, raw
from app.configure.interview import Interview, Question
from app.configure.keys_dialogue import KeysDialogue, MakeDecoder
from app.configure.raw import Raw
from app.configure.steps import Ask, Say, Steps
from app.fault import Kind
from app.meters.profile import AUTO
from app.meters.sensors import SENSORS
from app.meters.telegram import Telegram
from app.transport.serial_mode import SerialMode

_SHOWN: Final = ("energy_import", "energy_export", "power", "power_import", "power_export")
_MOST_SHOWN: Final = 5


def ask_meter(
    interview: Interview,
    given: MutableMapping[str, str],
    meters: Sequence[Mapping[str, Any]],
    decoder: MakeDecoder,
    *,
    first: bool,
) -> Steps[Raw]:
    """Ask about a meter, and try what is answered.

    Args:
        interview: asks.
        given: answers by the names of questions.
        meters: the meters in the file so far, the first one first; at least one.
        decoder: makes a decoder with some keys.
        first: whether it is the first meter that is asked about.

    Returns:
        The meter's options, with those that were not asked about.

    Raises:
        SetupError: see `Interview`.
    """
    proposed = meters[0] if first else {}
    mode_given = given.pop("serial_mode", "")
    mode = SerialMode.parse(mode_given) if mode_given else None
    heard = None
    while heard is None:
        taken = {raw.line_of(one) for one in meters if one is not proposed}
        target = yield from line_dialogue.choose(interview, given, raw.line_of(proposed), taken)
        known = _known(meters, target, proposed)
        heard = yield from line_dialogue.hear(
            interview, given, target, mode=mode, first=raw.mode_of(known)
        )
    meter = dict(_known(meters, heard.target, known))
    raw.put_line(meter, heard.target)
    if mode:
        meter["serial_mode"] = str(mode)
    telegram = heard.telegram
    keys = KeysDialogue(interview, given, heard, meter, decoder)
    if telegram is None:
        yield from keys.run_untried()
    else:
        frame = telegram.push.frame
        where = f", {heard.mode}" if heard.mode else ""
        link = Say(f"link.{frame.link}")
        size = len(frame.payload)
        yield Say("meter.telegram", {"link": link, "size": size, "mode": where})
        if not mode and heard.mode and raw.mode_of(meter) not in (None, heard.mode):
            yield Say("meter.mode_replaced", {"old": meter.pop("serial_mode")})
        telegram = yield from keys.run(telegram)
        yield from _show(telegram)
        yield from _correct_type(telegram, meter)
    name = yield from interview.ask(_name_question(telegram, meter), given)
    raw.put(meter, "name", name)
    return meter


def model_of(telegram: Telegram | None) -> str:
    """Give maker and model of a meter; empty where they are not known."""
    if telegram is None or telegram.profile is None:
        return ""
    return " ".join(filter(None, (telegram.manufacturer, telegram.model)))


def _known(
    meters: Sequence[Mapping[str, Any]], target: str, proposed: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Give what the file says of the meter on a line; of a new line, what was proposed."""
    return next((one for one in meters if raw.line_of(one) == target), proposed)


def _name_question(telegram: Telegram | None, meter: Mapping[str, Any]) -> Question[str]:
    known = raw.text_of(meter, "name")
    ask = Ask("name", enter=known or model_of(telegram) or None)
    return Question(ask, lambda text: raw.checked(checks.text("a name"), text), "--name", known)


def _correct_type(telegram: Telegram, meter: Raw) -> Steps[None]:
    """Have the meter recognised where the file names another type than the telegram shows."""
    chosen = raw.text_of(meter, "meter_type") or AUTO
    if telegram.profile and chosen not in (AUTO, telegram.profile.type):
        yield Say("meter.type_replaced", {"old": chosen, "new": telegram.profile.type})
        meter["meter_type"] = AUTO


def _show(telegram: Telegram) -> Steps[None]:
    """Show which meter it is, and its first values."""
    if telegram.fault:
        if telegram.fault.kind is not Kind.KEY_MISSING:
            yield Say("meter.unknown", {"reason": telegram.fault.reason})
        return
    number = telegram.number or "-"
    yield Say("meter.known", {"model": model_of(telegram), "number": number})
    for key, value in _first_values(telegram):
        sensor = SENSORS[key]
        shown = value if isinstance(value, str) else jsontext.dumps(value)
        yield Say("meter.value", {"name": sensor.name, "value": shown, "unit": sensor.unit or ""})


def _first_values(telegram: Telegram) -> Iterator[tuple[str, object]]:
    values = telegram.reading.values if telegram.reading else {}
    wanted = [key for key in _SHOWN if key in values]
    for key in list(dict.fromkeys([*wanted, *values]))[:_MOST_SHOWN]:
        yield key, values[key]
