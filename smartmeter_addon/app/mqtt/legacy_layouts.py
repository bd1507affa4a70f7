"""Legacy layouts: the messages of three other programs, for users who switch from one of them.

Each publishes what its program published, so that entities, history and automations go on, and our
own messages beside that. All facts are from the programs' own documentation and code:
smartmeter_homeassistant_burgenland 0.7.2, lgraho/smartmeterreader, greenMikeEU/SmartMeterEVN.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from app.jsontext import dumps
from app.meters.reading import Reading
from app.meters.sensors import SENSORS
from app.mqtt.announcements import Announcement
from app.mqtt.layout import MAX_STATE_LENGTH, Layout, Message

_WH_PER_KWH: Final = 1000

_Exact = Decimal | int


class _Entity(NamedTuple):
    """An entity of smartmeter_homeassistant_burgenland.

    Args:
        field: its key in the state message.
        suffix: the end of its unique id, after the device id.
        factor: by which our reading is multiplied.
        unit: its unit, where that is another than ours.
        precision: digits behind the point, where the unit is another.
    """

    field: str
    suffix: str
    factor: int = 1
    unit: str | None = None
    precision: int | None = None


_BURGENLAND: Final = {
    "energy_import": _Entity("total_con", "_total_energy_consumed", _WH_PER_KWH, "Wh", 0),
    "energy_export": _Entity("total_prov", "_total_energy_provided", _WH_PER_KWH, "Wh", 0),
    "power_import": _Entity("w_con", "_power_consumed"),
    "power_export": _Entity("w_prov", "_power_provided"),
    "voltage_l1": _Entity("u1", "_voltage_l1"),
    "voltage_l2": _Entity("u2", "_voltage_l2"),
    "voltage_l3": _Entity("u3", "_voltage_l3"),
    "current_l1": _Entity("i1", "_current_l1"),
    "current_l2": _Entity("i2", "_current_l2"),
    "current_l3": _Entity("i3", "_current_l3"),
    "phase_angle_l1": _Entity("angle1", "_angle_l1"),
    "phase_angle_l2": _Entity("angle2", "_angle_l2"),
    "phase_angle_l3": _Entity("angle3", "_angle_l3"),
    "power_factor": _Entity("power_factor", "_power_factor"),
}

_LGRAHO: Final = {
    "energy": "energy_import",
    "energyR": "energy_export",
    "power": "power_import",
    "powerR": "power_export",
    "voltageL1": "voltage_l1",
    "voltageL2": "voltage_l2",
    "voltageL3": "voltage_l3",
    "currentL1": "current_l1",
    "currentL2": "current_l2",
    "currentL3": "current_l3",
    "powerfactor": "power_factor",
}

_LGRAHO_DEVICE: Final = "smartmeterreader"

_LGRAHO_SENSORS: Final = ("P", "PR", "E", "ER", "V1", "V2", "V3", "I1", "I2", "I3", "PF")
"""How lgraho/smartmeterreader names its sensors in the topics of their announcements."""

_GREENMIKEEU: Final = {
    "WirkenergieBezug": "energy_import",
    "WirkenergieLieferung": "energy_export",
    "WirkleistungBezug": "power_import",
    "WirkleistungLieferung": "power_export",
    "Wirkleistunggesamt": "power",
    "SpannungL1": "voltage_l1",
    "SpannungL2": "voltage_l2",
    "SpannungL3": "voltage_l3",
    "StromL1": "current_l1",
    "StromL2": "current_l2",
    "StromL3": "current_l3",
    "Leistungsfaktor": "power_factor",
    "MomentanleistungP": "power_import",
    "MomentanleistungN": "power_export",
    "Momentanleistung": "power",
}

_GREENMIKEEU_WH: Final = {"WirkenergieP": "energy_import", "WirkenergieN": "energy_export"}
"""Topics of its first programs, in Wh."""


def _is_electric(keys: Iterable[str]) -> bool:
    """Tell an electricity meter from one behind it: the three programs read no gas meters."""
    return any(key.startswith(("energy_", "power", "voltage_")) for key in keys)


class Burgenland(Layout):
    """The device, unique ids and state message of smartmeter_homeassistant_burgenland.

    Its options ``mqtt.prefix`` and ``mqtt.device_id``, joined by a slash, are the base topic. What
    it does not have, such as diagnostics, belongs to the same device and has our topics. Its
    entities that are not live read our details, as in our own layout: its own interval was 30 s.
    """

    @property
    def _device_id(self) -> str:
        return self._topics.base.rpartition("/")[2]

    @property
    def status(self) -> str:
        """The topic that says whether the program runs."""
        return f"{self._topics.base}/availability"

    @property
    def successor(self) -> str:
        """The topic of the device's announcement, which is that program's."""
        return f"{self._topics.discovery_prefix}/device/{self._device_id}/config"

    def takeover(self) -> Iterable[Message]:
        """Have Core release that program's entities and keep them registered.

        Until its next start, Core would refuse ours otherwise: they have the same unique ids.
        """
        yield Message(self.successor, dumps({"migrate_discovery": True}), retain=False)

    def device_id(self, announcement: Announcement) -> str:
        """Identify the meter's device as that program did."""
        is_electric = _is_electric(announcement.keys)
        return self._device_id if is_electric else super().device_id(announcement)

    def announcement(
        self, announcement: Announcement, via: Announcement | None = None
    ) -> Iterable[Message]:
        """Describe the meter with that program's topic, device and unique ids."""
        payload = self._payload(announcement, via)
        topic = self._topics.discovery(announcement.meter.id)
        if _is_electric(announcement.keys):
            topic = self.successor
        yield Message(topic, dumps(payload), retain=True)

    def reading(self, reading: Reading) -> Iterable[Message]:
        """Publish a reading in the legacy layout and in our own."""
        if _is_electric(reading.values):
            state = {
                entity.field: value * entity.factor
                for key, entity in _BURGENLAND.items()
                if (value := _number(reading, key)) is not None
            }
            yield Message(f"{self._topics.base}/state", dumps(state), retain=False)
        yield from super().reading(reading)

    def _payload(self, announcement: Announcement, via: Announcement | None) -> dict[str, object]:
        payload = self._described(announcement, via)
        if not _is_electric(announcement.keys):
            return payload
        device, components = payload["dev"], payload["cmps"]
        assert isinstance(device, dict)  # noqa: S101 - as `discovery.payload` makes it
        assert isinstance(components, dict)  # noqa: S101 - the same
        device["identifiers"] = [self._device_id]
        components["raw_data"] = {
            "p": "sensor",
            "unique_id": self._device_id,
            "name": "Raw data",
            "state_topic": f"{self._topics.base}/state",
            "value_template": f"{{{{ value[:{MAX_STATE_LENGTH}] }}}}",
            "entity_category": "diagnostic",
            # Each telegram would be an entry on Home Assistant's page Activity.
            "enabled_by_default": False,
        }
        for key, entity in _BURGENLAND.items():
            if key in announcement.keys:
                component = components[key]
                component["unique_id"] = f"{self._device_id}{entity.suffix}"
                if SENSORS[key].live:
                    component |= {
                        "state_topic": f"{self._topics.base}/state",
                        "value_template": f"{{{{ value_json.{entity.field} | default('') }}}}",
                    }
                if entity.unit:
                    value = f"value_json.{key}"
                    product = f"({value} * {entity.factor}) | round({entity.precision})"
                    component |= {
                        "value_template": f"{{{{ {product} if {value} is number else '' }}}}",
                        "unit_of_measurement": entity.unit,
                        "suggested_display_precision": entity.precision,
                    }
        return payload


class LGraho(Layout):
    """Our own layout, and beside it the state message and the sensors of lgraho/smartmeterreader.

    That program announces its eleven sensors once at its start, without unique ids and for nobody
    who is not there at that moment: with the next start of Core they are gone. So they are
    announced here as a device of their own, under the entity ids that they have, and whichever
    meter is read. Those that are not live read our details, as in our own layout.
    """

    @property
    def successor(self) -> str:
        """The topic of the announcement of the eleven sensors."""
        return f"{self._topics.discovery_prefix}/device/{_LGRAHO_DEVICE}/config"

    @property
    def _state(self) -> str:
        chosen = self._topics.legacy_state
        return chosen or f"{self._topics.discovery_prefix}/sensor/smartmeter/state"

    def takeover(self) -> Iterable[Message]:
        """Have Core give up that program's sensors, so that their entity ids are free for ours."""
        for sensor in _LGRAHO_SENSORS:
            topic = f"{self._topics.discovery_prefix}/sensor/smartmeter{sensor}/config"
            yield Message(topic, "", retain=True)

    def announcement(
        self, announcement: Announcement, via: Announcement | None = None
    ) -> Iterable[Message]:
        """Describe the meter, and the sensors of that program by themselves."""
        yield from super().announcement(announcement, via)
        if _is_electric(announcement.keys):
            payload = self._payload(announcement, via)
            yield Message(self.successor, dumps(payload), retain=True)

    def reading(self, reading: Reading) -> Iterable[Message]:
        """Publish a reading in the legacy layout and in our own."""
        if _is_electric(reading.values):
            yield Message(self._state, dumps(_renamed(reading, _LGRAHO)), retain=False)
        yield from super().reading(reading)

    def _payload(self, announcement: Announcement, via: Announcement | None) -> dict[str, object]:
        payload = self._described(announcement, via)
        device, ours = payload["dev"], payload["cmps"]
        assert isinstance(device, dict)  # noqa: S101 - as `discovery.payload` makes it
        assert isinstance(ours, dict)  # noqa: S101 - the same
        device |= {"identifiers": [_LGRAHO_DEVICE], "name": "Smartmeter"}
        components: dict[str, dict[str, object]] = {}
        for field, key in _LGRAHO.items():
            if key not in ours:
                continue
            components[field] = component = ours[key]
            if key not in announcement.keys:
                continue  # taken back
            component.pop("enabled_by_default", None)
            object_id = f"smartmeter_{field.lower()}"
            component |= {
                "unique_id": f"{_LGRAHO_DEVICE}_{field}",
                "default_entity_id": f"sensor.{object_id}",
                # By this name until Core 2025.9; dropped without a word since 2026.4.
                "object_id": object_id,
            }
            if SENSORS[key].live:
                component |= {
                    "state_topic": self._state,
                    "value_template": f"{{{{ value_json.{field} | default('') }}}}",
                }
        payload["cmps"] = components
        return payload


class GreenMikeEU(Layout):
    """Our own layout, and beside it the topics of greenMikeEU/SmartMeterEVN, one a value.

    Its first programs had other names for some than its later ones; both are published.
    """

    def reading(self, reading: Reading) -> Iterable[Message]:
        """Publish a reading in the legacy layout and in our own."""
        if _is_electric(reading.values):
            state = _renamed(reading, _GREENMIKEEU)
            energies = _renamed(reading, _GREENMIKEEU_WH)
            state |= {name: value * _WH_PER_KWH for name, value in energies.items()}
            for name, value in state.items():
                yield Message(f"Smartmeter/{name}", dumps(value), retain=False)
        yield from super().reading(reading)


def _number(reading: Reading, key: str) -> _Exact | None:
    value = reading.values.get(key)
    return None if isinstance(value, str) else value


def _renamed(reading: Reading, names: Mapping[str, str]) -> dict[str, _Exact]:
    return {
        name: value for name, key in names.items() if (value := _number(reading, key)) is not None
    }
