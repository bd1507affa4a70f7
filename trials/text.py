"""A meter that pushes text, as DSMR meters do, for as long as the simulator has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from simulator import links
from simulator.clock import VIENNA

if TYPE_CHECKING:
    from simulator.household import Snapshot

_ENERGIES = ("1.8.1", "1.8.2", "2.8.1", "2.8.2")
_POWERS = ("1.7.0", "2.7.0", "21.7.0", "41.7.0", "61.7.0", "22.7.0", "42.7.0", "62.7.0")
_VOLTAGES = ("32.7.0", "52.7.0", "72.7.0")
_CURRENTS = ("31.7.0", "51.7.0", "71.7.0")


class Text(NamedTuple):
    """A telegram."""

    segments: tuple[bytes, ...]


@dataclass(slots=True)
class TextMeter:
    """A made-up meter of DSMR 5."""

    interval: int = 10
    phases: int = 3

    def telegram(self, snapshot: Snapshot) -> Text:
        """Make the next telegram."""
        local = snapshot.time.astimezone(VIENNA)
        values = {code: value or 0 for code, value in snapshot.values.items()}
        lines = [
            "1-3:0.2.8(50)",
            f"0-0:1.0.0({local:%y%m%d%H%M%S}{'S' if local.dst() else 'W'})",
            "0-0:96.1.1(4D41444555503031323334353637383930)",
            *(f"1-0:{code}({values[code] / 1000:010.3f}*kWh)" for code in _ENERGIES),
            "0-0:96.14.0(0002)",
            *(f"1-0:{code}({values[code] / 1000:06.3f}*kW)" for code in _POWERS),
            *(f"1-0:{code}({values[code]:05.1f}*V)" for code in _VOLTAGES),
            *(f"1-0:{code}({values[code]:03.0f}*A)" for code in _CURRENTS),
        ]
        return Text((links.p1("XMX5LGBBFG1009012345", lines),))
