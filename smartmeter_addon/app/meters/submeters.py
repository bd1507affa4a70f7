"""Meters behind the meter: what a P1 telegram reports on channels of their own.

They count gas, water, heat, cooling or electricity.

Channel B of medium 0: 24.1.0 says the kind of device (EN 13757-3), 96.1.x its number, 24.2.x or
24.3.0 its counter with the time at which it reported, mostly once an hour, 24.4.0 its valve.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from app.cosem.obis import Obis
from app.cosem.unit import scale
from app.meters import identity, quantities, states
from app.meters.reading import Meter, Reading
from app.meters.sensors import SENSORS
from app.meters.telegram import Register

_CHANNELS: Final = range(1, 9)
_COUNTERS: Final = ((24, 2), (24, 3))
_KIND: Final = (24, 1, 0)
_NUMBER: Final = (96, 1)
_VALVE: Final = (24, 4, 0)

_OFTEN_WITHOUT_UNIT: Final = ("gas", "water")
"""Counters that count m³ where the telegram names no unit (ndokter/dsmr_parser, test_parse_v5)."""

_LATEST: Final = timedelta(days=1)
"""By how much a report may be ahead of the clock of the meter; more is no time."""


class _Kind(NamedTuple):
    key: str
    name: str


_GAS: Final = _Kind("gas", "Gas meter")
_WATER: Final = _Kind("water", "Water meter")
_HEAT: Final = _Kind("heat", "Heat meter")
_COOLING: Final = _Kind("cooling", "Cooling meter")
_ELECTRICITY: Final = _Kind("energy", "Electricity meter")
_KINDS: Final = {
    "2": _ELECTRICITY,
    "3": _GAS,
    "4": _HEAT,
    "6": _WATER,  # warm
    "7": _WATER,
    "10": _COOLING,
    "11": _COOLING,
    "12": _HEAT,
    "13": _COOLING,  # of heat and cooling
}


def readings(
    registers: Mapping[Obis, Register], main: Meter, sent: datetime | None
) -> list[Reading]:
    """Find what the meters behind ``main`` say.

    Args:
        registers: of the telegram.
        main: the meter that sent it.
        sent: when it did; None when it says no time.

    Returns:
        One reading for each meter. Of two channels with one number, of which one is dead as a rule,
        the newer report.
    """
    found: dict[str, Reading] = {}
    for channel in _CHANNELS:
        own = {
            obis: register
            for obis, register in registers.items()
            if obis.a == 0 and obis.b == channel
        }
        reading = _reading(own, main, channel, sent) if own else None
        if reading is None:
            continue
        before = found.get(reading.meter.id)
        if reading.meter.id == main.id or (before and _kind(before) != _kind(reading)):
            reading = _named_by_kind(reading)
            before = found.get(reading.meter.id)
        if before is None or _is_newer(reading, before):
            found[reading.meter.id] = reading
    return list(found.values())


def _is_newer(reading: Reading, before: Reading) -> bool:
    """Tell whether a report is newer than another; one without a time is not.

    Of two of the same time, the one of the greater counter: a dead channel stands still.
    """
    if reading.timestamp == before.timestamp:
        kind = _kind(reading)
        return Decimal(reading.values[kind]) > Decimal(before.values[kind])
    if reading.timestamp is None or before.timestamp is None:
        return before.timestamp is None
    return reading.timestamp > before.timestamp


def _kind(reading: Reading) -> str:
    """Return the key of a meter's counter, which stands ahead of its valve."""
    return next(iter(reading.values))


def _named_by_kind(reading: Reading) -> Reading:
    """Give a meter an id of its own whose number one of another kind has, too."""
    meter = replace(reading.meter, id=f"{reading.meter.id}_{_kind(reading)}")
    return reading._replace(meter=meter)


def _reading(
    own: Mapping[Obis, Register], main: Meter, channel: int, sent: datetime | None
) -> Reading | None:
    kind, number, counter = None, None, None
    for obis, register in own.items():
        if obis.cde == _KIND:
            kind = _KINDS.get(str(register.value).lstrip("0"))
        elif (obis.c, obis.d) == _NUMBER and register.value and isinstance(register.value, str):
            number = number or identity.readable(register.value)
        elif (obis.c, obis.d) in _COUNTERS and not isinstance(register.value, (str, bool)):
            counter = counter or register
    if kind is None or counter is None or isinstance(counter.value, (str, bool)):
        return None
    if counter.is_dated and (counter.at is None or (sent and counter.at > sent + _LATEST)):
        return None  # with 632525252525 or 700101010000, a meter says "no report"
    if number is None and not counter.value:
        return None  # nothing was ever connected to the channel
    wanted = SENSORS[kind.key].unit or ""
    given = counter.unit or (wanted if kind.key in _OFTEN_WITHOUT_UNIT else "")
    exponent = quantities.exponent(given, wanted)
    if exponent is None:
        return None
    meter = Meter(
        id=identity.topic_id(number, None, f"{main.id}_{channel}"),
        number=number,
        type=main.type,
        manufacturer="",
        model=kind.name,
        system_title=None,
        via=main.id,
    )
    return Reading(meter, counter.at, {kind.key: scale(counter.value, exponent), **_valve(own)})


def _valve(own: Mapping[Obis, Register]) -> dict[str, str]:
    """Find the state of the valve or switch on a channel."""
    for obis, register in own.items():
        if obis.cde == _VALVE and (state := states.switch(register)):
            return {"valve": state}
    return {}
