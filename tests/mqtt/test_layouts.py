"""The layout with topics of one's own."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.config.layouts import ValueTopic
from app.meters.reading import Reading
from app.mqtt.layout import Layout, Message
from app.mqtt.layouts import LAYOUTS
from app.mqtt.topics import Topics
from tests.support.publishing import GAS, KAIFA

NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)
READING = Reading(
    KAIFA,
    NOON,
    {"power": -505, "energy_import": Decimal("5341.6710"), "active_tariff": "2", "message": "a b"},
    unknown=frozenset({"power_limit"}),
)


def published(reading: Reading, *topics: tuple[str, str]) -> list[Message]:
    """Give the messages at topics of one's own."""
    layout = LAYOUTS["topics"](
        Topics(values=tuple(ValueTopic(*one) for one in topics)), language="en", version="1.2.3"
    )
    (usual,) = Layout(Topics(), language="en", version="1.2.3").reading(reading)
    *ours, last = layout.reading(reading)
    assert last == usual
    return ours


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("power", "-505"),
        ("energy_import", "5341.671"),
        ("active_tariff", "2"),
        ("message", "a b"),
        ("timestamp", "2026-06-21T12:00:00+00:00"),
    ],
)
def test_a_value_is_plain_text_with_every_digit_and_not_retained(key: str, text: str) -> None:
    assert published(READING, (key, "house/x")) == [Message("house/x", text, retain=False)]


@pytest.mark.parametrize("key", ["power_limit", "voltage_l1"])
def test_what_a_telegram_does_not_say_is_not_published(key: str) -> None:
    assert published(READING, (key, "house/x")) == []
    assert published(READING._replace(timestamp=None), ("timestamp", "house/x")) == []


def test_the_meter_s_id_stands_where_the_topic_has_its_place() -> None:
    (message,) = published(READING, ("power", "house/{id}/p/{id}"))
    assert message.topic == "house/1kfm02/p/1kfm02"


def test_a_value_can_have_two_topics_and_their_order_is_the_list_s() -> None:
    topics = ("power", "b"), ("energy_import", "c"), ("power", "a")
    assert [one.topic for one in published(READING, *topics)] == ["b", "c", "a"]


def test_a_gas_meter_behind_has_its_topic_too() -> None:
    gas = Reading(GAS, NOON, {"gas": Decimal("7.5")})
    topics = ("power", "house/power"), ("gas", "house/gas")
    assert published(gas, *topics) == [Message("house/gas", "7.5", retain=False)]
