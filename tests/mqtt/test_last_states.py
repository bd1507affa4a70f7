"""What of another list is added to a reading."""

from decimal import Decimal

from app.meters.reading import Meter, Reading
from app.mqtt.last_states import LastStates

METER = Meter("1", "1", "kamstrup", "Kamstrup", "Omnipower", None)
HOURLY = Reading(METER, None, {"energy_import": Decimal(5), "active_tariff": "2"})
OFTEN = Reading(METER, None, {"power": 100})


def test_a_state_of_another_list_is_added_and_a_number_is_not() -> None:
    states = LastStates()
    assert states.added(OFTEN) is OFTEN
    assert states.added(HOURLY) is HOURLY
    assert states.added(OFTEN).values == {"power": 100, "active_tariff": "2"}


def test_a_state_that_became_unknown_or_whose_meter_is_gone_is_not_added() -> None:
    states = LastStates()
    states.added(HOURLY)
    states.added(OFTEN._replace(unknown=frozenset({"active_tariff"})))
    assert states.added(OFTEN) is OFTEN
    states.added(HOURLY)
    states.forget(METER.id)
    assert states.added(OFTEN) is OFTEN
