"""The upgrade beside a real Home Assistant: that the trial notices what it has to."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.support.core import ENVIRONMENT
from trials.upgrade.core import main
from trials.upgrade.household import Entity, Household, Row, Statistics, differences

ENERGY = Entity("sensor.a_energy", "Energy", "A", "kWh", "energy", "total_increasing", enabled=True)
POWER = Entity("sensor.a_power", "Power", "A", "W", "power", "measurement", enabled=True)
OURS = Entity("sensor.a_telegrams", "Telegrams", "A", None, None, "total_increasing", enabled=True)


def counted(*states: int) -> tuple[Row, ...]:
    return tuple(Row(Decimal(one), Decimal(one - states[0]), None) for one in states)


def measured(*means: int) -> tuple[Row, ...]:
    return tuple(Row(None, None, Decimal(one)) for one in means)


def household(rows: int = 2) -> Household:
    """Give what there is after so many looks."""
    return Household(
        {"energy": ENERGY, "power": POWER, "ours": OURS},
        {"energy": "7", "power": "0", "ours": "3"},
        {
            ENERGY.entity_id: Statistics("kWh", counted(*range(5, 5 + rows))),
            POWER.entity_id: Statistics("W", measured(*[9] * rows)),
            OURS.entity_id: Statistics(None, counted(*range(8, 8 + rows))),
        },
    )


def changed(unique_id: str, **fields: Any) -> Household:  # noqa: ANN401 - of an entity
    now = household(3)
    return now._replace(
        entities={**now.entities, unique_id: now.entities[unique_id]._replace(**fields)}
    )


def with_statistics(entity_id: str, statistics: Statistics | None) -> Household:
    now = household(3)
    others = {key: one for key, one in now.statistics.items() if key != entity_id}
    return now._replace(statistics=others | ({entity_id: statistics} if statistics else {}))


def test_a_household_that_goes_on_has_no_differences() -> None:
    new = ENERGY._replace(entity_id="sensor.a_energy_tariff_2")
    now = household(3)
    now = now._replace(entities={**now.entities, "new": new}, states={**now.states, "new": ""})
    assert list(differences(household(), now)) == []


def test_what_the_program_counts_may_begin_anew() -> None:
    rows = (*household().statistics[OURS.entity_id].rows, Row(Decimal(1), Decimal(2), None))
    now = with_statistics(OURS.entity_id, Statistics(None, rows))
    assert list(differences(household(), now)) == []


def test_the_bytes_that_the_program_counts_may_begin_anew() -> None:
    def as_bytes(found: Household) -> Household:
        size = OURS._replace(device_class="data_size", unit="B")
        return found._replace(entities={**found.entities, "ours": size})

    rows = (*household().statistics[OURS.entity_id].rows, Row(Decimal(1), Decimal(2), None))
    now = with_statistics(OURS.entity_id, Statistics(None, rows))
    assert list(differences(as_bytes(household()), as_bytes(now))) == []


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (
            lambda: household(3)._replace(entities={"energy": ENERGY, "ours": OURS}),
            "sensor.a_power is gone",
        ),
        (
            lambda: changed("power", entity_id="sensor.a_power_2"),
            "sensor.a_power: entity_id was sensor.a_power, is sensor.a_power_2",
        ),
        (
            lambda: changed("energy", unit="Wh"),
            "sensor.a_energy: unit was kWh, is Wh",
        ),
        (
            lambda: changed("power", name="Leistung"),
            "sensor.a_power: name was Power, is Leistung",
        ),
        (
            lambda: changed("power", enabled=False),
            "sensor.a_power: enabled was True, is False",
        ),
        (
            lambda: household(3)._replace(
                states={"energy": "7", "power": "unavailable", "ours": "3"}
            ),
            "sensor.a_power showed 0, and shows nothing now",
        ),
        (
            lambda: household(3)._replace(
                entities={
                    **household().entities,
                    "new": POWER._replace(entity_id="sensor.a_power_2"),
                }
            ),
            "sensor.a_power_2 is sensor.a_power once more",
        ),
        (
            lambda: with_statistics(POWER.entity_id, None),
            "sensor.a_power: its statistics are gone",
        ),
        (
            lambda: with_statistics(POWER.entity_id, Statistics("kW", measured(9, 9, 9))),
            "sensor.a_power: its statistics were in W, are in kW",
        ),
        (
            lambda: with_statistics(POWER.entity_id, Statistics("W", measured(9, 8, 9))),
            "sensor.a_power: its statistics of before are others now",
        ),
        (
            lambda: household(2),
            "sensor.a_energy: its statistics do not go on",
        ),
        (
            lambda: with_statistics(
                ENERGY.entity_id,
                Statistics("kWh", (*counted(5, 6), Row(Decimal(7), Decimal(8), None))),
            ),
            "sensor.a_energy: its statistics counted 7.000000, while it grew by 1.000000",
        ),
    ],
)
def test_what_does_not_go_on_is_told(now: Callable[[], Household], told: str) -> None:
    assert next(differences(household(), now())) == told


def test_without_home_assistant_the_command_says_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(ENVIRONMENT, "/nowhere")
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "script/home-assistant installs one" in capsys.readouterr().err
