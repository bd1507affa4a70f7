"""Reads what comes under one name: the decoder of `run`, judged by the time of arrival.

After the engine or the readers were away, hundreds of telegrams come within a second. By the time
at which they are read, the guard would take that for damage.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, NamedTuple

from app.decoder import Decoder
from app.fault import Fault
from app.fleet import payload
from app.fleet.home_assistant import Described, HomeAssistant
from app.fleet.lane import Found
from app.fleet.meters_file import FleetMeter
from app.fleet.tally import FOREIGN_METER, MISTAKE, NO_TELEGRAM, UNKNOWN_NAME, Tally
from app.jsontext import dumps, member, whole
from app.language.catalogue import Text
from app.meters import derived, identity
from app.meters.energy_units import EnergyUnits
from app.meters.meter_ids import MeterIds
from app.meters.profile import Profile
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.mqtt.layout import state_members
from app.plausibility import Guard
from app.plausibility.memory import ids_with_energies
from app.state import Json

_NO_METER: Final = FleetMeter()
_logger: Final = logging.getLogger(__name__)


class Meters:
    """Makes the lines of the meters in meters.json, see `lane.Lines`.

    Args:
        meters: by name.
        profiles: every meter family there is.
        zone: where the meters stand.
        tally: counts what they give.
        home_assistant: makes what it is told of meters; without it, it is told of none.
    """

    def __init__(
        self,
        meters: Mapping[str, FleetMeter],
        profiles: Mapping[str, Profile],
        zone: tzinfo,
        tally: Tally,
        home_assistant: HomeAssistant | None = None,
    ) -> None:
        self._home_assistant = home_assistant
        self._profiles = profiles
        self._zone = zone
        self._tally = tally
        self._take(meters)

    def _take(self, meters: Mapping[str, FleetMeter]) -> None:
        self.meters = meters
        self._given = frozenset().union(*(meter.ids for meter in meters.values()))

    def replace(self, meters: Mapping[str, FleetMeter]) -> set[str]:
        """Take other meters; give the names of those that are not what they were."""
        before = self.meters
        self._take(meters)
        changed = {name for name, meter in meters.items() if before.get(name) != meter}
        changed |= before.keys() - meters.keys()
        self._tally.forget(changed)
        return changed

    def knows(self, name: str) -> bool:
        """Tell whether there is a meter of that name; if not, count a message as refused."""
        if name in self.meters:
            return True
        sentence = "there is no meter of this name in the file of meters; its messages are dropped"
        self._tally.refuse(name, UNKNOWN_NAME, sentence)
        return False

    def may_come(self, name: str, meter_id: str) -> bool | None:
        """Tell whether a meter may come under a name; None where the file does not say."""
        if ids := self.meters.get(name, _NO_METER).ids:
            return meter_id in ids
        return False if meter_id in self._given else None

    def refuse_meter(self, name: str, meter_id: str, why: str) -> None:
        """Take that a meter came under a name that it does not belong to.

        Args:
            name: it.
            meter_id: of the meter.
            why: what follows "which".
        """
        # With the ids that are there, as one that takes their place would refuse those meters.
        ids = sorted({*self.meters.get(name, _NO_METER).ids, meter_id})
        entry = dumps(ids if len(ids) > 1 else meter_id)
        sentence = (
            f"telegrams say that they are of the meter {meter_id}, which {why}; their readings are"
            f' dropped. If the meter is this one\'s, enter it there: "id": {entry} of'
            f" {name} in the file of meters"
        )
        self._tally.readings -= 1
        self._tally.refuse(name, FOREIGN_METER, sentence)

    def open(self, name: str, kept: Any, arrival: float) -> "MeterLine":  # noqa: ANN401 - any JSON value
        """Begin with a name, see `lane.Lines`."""
        # A meter that was taken out since the message came is read as one without a key.
        meter = self.meters.get(name, _NO_METER)
        memory = _Memory.of(kept)
        described = None
        if self._home_assistant and meter.home_assistant:
            described = Described(self._home_assistant, meter.device_name)
        return MeterLine(
            name,
            meter,
            self._profiles,
            self._zone,
            memory=memory,
            tally=self._tally,
            arrival=arrival,
            described=described,
        )


class _Memory(NamedTuple):
    """What is known again of a name: parts as `line.sections` names them."""

    history: dict[str, Any]
    numbers: dict[str, str]
    ids: dict[str, str]
    units: dict[str, Any]

    @classmethod
    def of(cls, kept: Any) -> "_Memory":  # noqa: ANN401 - any JSON value
        """Take it out of what was kept; what is damaged is left out."""
        kept = kept if isinstance(kept, dict) else {}
        parts = [kept.get(part) for part in cls._fields]
        return cls(*(dict(part) if isinstance(part, dict) else {} for part in parts))


class MeterLine:
    """Reads the messages of one name, see `lane.Line`.

    Args:
        name: of the meter.
        meter: its options.
        profiles: every meter family there is.
        zone: where the meter stands.
        memory: what is known of it.
        tally: counts what it gives.
        arrival: when its first message arrived, in seconds since 1970.
        described: what Home Assistant knows of the meter; None where it is told of none.
    """

    __slots__ = (
        "_ahead",
        "_arrival",
        "_decoder",
        "_described",
        "_guard",
        "_memory",
        "_name",
        "_tally",
    )

    def __init__(
        self,
        name: str,
        meter: FleetMeter,
        profiles: Mapping[str, Profile],
        zone: tzinfo,
        *,
        memory: _Memory,
        tally: Tally,
        arrival: float,
        described: Described | None = None,
    ) -> None:
        self._described = described
        self._name = name
        self._tally = tally
        self._arrival = arrival
        self._ahead = 0.0  # of the gateway's clock, which was set back
        self._memory = memory._replace(history={})  # the guard has taken it
        published = tuple(ids_with_energies(memory.history))  # an empty set takes 216 bytes
        units = EnergyUnits(None, memory.units, published)
        # The clock of all servers is that of the day, so it serves for both clocks.
        self._guard = Guard(memory.history, self._clock, self._clock)
        self._decoder = Decoder(
            meter.keys,
            profiles,
            zone,
            meter.meter_type,
            label=identity.slug(name),
            numbers=memory.numbers,
            ids=MeterIds(memory.ids),
            energy_units=units,
            guard=self._guard,
            now=self._now,
            ciphered_only=meter.keys.encryption is not None,
        )

    @property
    def under_way(self) -> bool:
        """Whether a telegram has begun that is not whole yet."""
        return self._decoder.under_way

    def read(self, raw: bytes, arrival: float, *, stored: float, again: bool) -> list[Found]:
        """Read a message, see `lane.Line`."""
        self._arrive(arrival, stored)
        if not again:
            self._tally.read()
        try:
            found = self._take(self._decoder.feed(payload.bytes_of(raw)), again=again)
        except payload.PayloadError as error:
            self._refuse(NO_TELEGRAM, f"the payload is not read: {error}", again=again)
            return []
        except Exception:
            _logger.exception(
                "%s: a telegram could not be read through a mistake in this program; please report"
                " this",
                self._name,
            )
            self._decoder.restart()
            self._refuse(MISTAKE, "a telegram is left out", again=again)
            return []
        if found and not again:
            # Not by a gateway's clock, which may be wrong: the meter would be silent.
            self._tally.hear(self._name, stored, len(found))
        return found

    def _arrive(self, arrival: float, stored: float) -> None:
        """Let the clock go on by which telegrams are judged; it never goes back.

        Those of two servers differ, and a gateway's can be set back. Then time goes on by that
        clock from where it was, or telegrams would come after no time at all, until the clock is
        right again or the engine's own has not come so far.
        """
        ahead = self._ahead if arrival < self._arrival else 0.0
        self._arrival = max(self._arrival, min(arrival + ahead, stored))
        self._ahead = self._arrival - arrival

    def memory(self) -> Json:
        """Give what is to be known again after another reader took over."""
        return self._memory._replace(history=self._guard.memory())._asdict()

    def _take(self, items: list[Telegram | Fault], *, again: bool) -> list[Found]:
        """Give the readings of telegrams."""
        found: list[Found] = []
        for item in items:
            fault = item if isinstance(item, Fault) else item.fault
            if fault:
                self._refuse(str(fault.kind), fault.reason, again=again)
            if isinstance(item, Fault) or item.fault:
                continue
            readings = (*([derived.completed(item.reading)] if item.reading else []), *item.others)
            for reading in readings:
                description = None
                if self._described and not again:
                    description = self._described.take(reading)
                found.append(Found(reading.meter.id, _text(reading), description))
        return found

    def _refuse(self, reason: str, sentence: Text, *, again: bool) -> None:
        if not again:
            self._tally.refuse(self._name, reason, sentence)

    def _clock(self) -> float:
        return self._arrival

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._arrival, UTC)


def _text(reading: Reading) -> bytes:
    """Write a reading as the state at MQTT, with the meter's id."""
    return whole([member("meter", reading.meter.id), *state_members(reading)]).encode()
