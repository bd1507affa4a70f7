"""The command ``decode``: a recorded stream in, one JSON object a telegram out."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TextIO

from app import jsontext
from app.cosem.items import Item
from app.decoder import Decoder
from app.dlms import axdr
from app.fault import Fault, Kind
from app.meters import registers
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.meters.values import Values
from app.transport import gateway_stream
from app.transport.events import GatewaySaid, SpeaksTelnet
from app.transport.recording import Recording


def decode(capture: Recording, decoder: Decoder, out: TextIO, err: TextIO) -> int:
    """Decode a capture; write telegrams to ``out`` and what was wrong to ``err``.

    Returns:
        The exit status: 0 when at least one telegram was decoded and nothing failed, else 1.
    """
    decoded = failed = 0
    notes: set[str] = set()
    for event in _events(capture, decoder):
        if isinstance(event, (SpeaksTelnet, GatewaySaid)):
            print(event, file=err)
            continue
        if isinstance(event, Telegram) and event.note and event.note not in notes:
            notes.add(event.note)
            print(f"meter: {event.note}", file=err)
        fault = event if isinstance(event, Fault) else event.fault
        if fault:
            print(fault, file=err)
        if isinstance(event, Telegram):
            print(jsontext.dumps(describe(event)), file=out)
        if fault and fault.kind is not Kind.UNKNOWN_LIST:
            failed += 1
        else:
            decoded += 1
    if decoder.junk:
        print(f"link: {decoder.junk} bytes belong to no frame", file=err)
    if not decoded and not failed:
        print(f"link: no telegram in {sum(len(chunk.data) for chunk in capture)} bytes", file=err)
    return 0 if decoded and not failed else 1


def _events(
    capture: Recording, decoder: Decoder
) -> Iterator[Telegram | Fault | SpeaksTelnet | GatewaySaid]:
    for _, event in gateway_stream.read(capture, "the capture"):
        if isinstance(event, bytes):
            yield from decoder.feed(event)
        else:
            yield event
    yield from decoder.finish()


def describe(telegram: Telegram) -> dict[str, Any]:
    """Give all there is to know of a telegram as the JSON object that README.md describes."""
    push, security, reading = telegram.push, telegram.push.security, telegram.reading
    family = telegram.profile
    title = security.system_title if security else None
    described: dict[str, Any] = {
        "link": push.frame.link,
        "meter_type": family.type if family else None,
        "manufacturer": telegram.manufacturer,
        "model": telegram.model,
        "meter_id": telegram.number,
        "system_title": title.hex() if title else None,
        "invocation_counter": security.invocation_counter if security else None,
        "encrypted": security is not None,
        "authenticated": security.authenticated if security else None,
        "timestamp": telegram.timestamp.isoformat() if telegram.timestamp else None,
        "registers": jsontext.Object(registers.members(telegram.registers or {})),
        "readings": jsontext.Object(Values.of(reading.values).members() if reading else ""),
    }
    if reading and reading.details:
        described["details"] = dict(reading.details)
    if telegram.others:
        described["other_meters"] = [
            {
                "meter_id": other.meter.number,
                "model": other.meter.model,
                "timestamp": other.timestamp.isoformat() if other.timestamp else None,
                **_said(other),
            }
            for other in telegram.others
        ]
    if telegram.unknown:
        described["unknown"] = list(_unknown(telegram.unknown))
    if telegram.fault:
        described["error"] = str(telegram.fault.reason)
    return described


def _said(other: Reading) -> dict[str, Any]:
    """Give the report of a meter behind the meter, and apart from it the state of its valve."""
    values = Values.of(other.values)
    states = values.layout.texts
    if states:
        values = Values.of({key: value for key, value in values.items() if key not in states})
    said = {"readings": jsontext.Object(values.members())}
    return {**said, "states": dict(states)} if states else said


def _unknown(listed: tuple[Item, ...]) -> Iterator[dict[str, Any]]:
    for item in listed:
        plain = item.value is None or isinstance(item.value, (int, Decimal, str))
        value = item.value if plain else item.text
        described = {"type": axdr.NAMES[item.tag], "value": value}
        yield {"obis": str(item.obis), **described} if item.obis else described
