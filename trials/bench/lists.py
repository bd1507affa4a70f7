"""The telegrams that are read: those of simulated meters with a household behind them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from simulator import meters
from simulator.household import Household
from simulator.meters import Telegram
from trials.bench.contenders import AIDON, BELGIUM, DSMR5, E450, KAIFA, KAMSTRUP, TINETZ

START: Final = datetime(2026, 3, 20, tzinfo=UTC)

LISTS: Final = {
    KAIFA: ("kaifa", "netznoe"),
    TINETZ: ("kaifa", "tinetz"),
    E450: ("e450", "burgenland"),
    KAMSTRUP: ("kamstrup", "nordic"),
    AIDON: ("aidon", "norway"),
    DSMR5: ("dsmr", "dsmr5"),
    BELGIUM: ("dsmr", "belgium"),
}
"""Family and variant of each list, by its name."""


class Moving(NamedTuple):
    """Telegrams of one list.

    Args:
        telegrams: each with other values.
        power: import in watts that the last one says.
    """

    telegrams: Sequence[bytes]
    power: int


def moving(name: str, count: int) -> Moving:
    """Make telegrams of a list, one after the other at the meter's pace."""
    meter = meters.build(*LISTS[name])
    household = Household(1, START, phases=meter.phases)
    made: list[Telegram] = []
    for turn in range(1, count + 1):
        moment = START + timedelta(seconds=turn * meter.interval)
        made.append(meter.telegram(household.at(moment)))
    return Moving([one.data for one in made], _power(made[-1]))


def _power(telegram: Telegram) -> int:
    for code, (value, unit) in telegram.truth.registers.items():
        if code.endswith(":1.7.0"):
            assert not isinstance(value, str)
            return int(value * 1000) if unit == "kW" else int(value)
    raise ValueError("a telegram says no power")
