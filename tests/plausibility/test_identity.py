"""Which meter and sender a telegram comes from."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.dlms.ciphering import Keys
from app.fault import Kind
from app.meters.telegram import Telegram
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.guarded import accepted, line_of
from tests.support.repair import repair
from tests.support.simulated import SimulatedMeter


def test_a_replaced_meter_is_accepted_with_its_third_telegram() -> None:
    old, new = SimulatedMeter(None, "kaifa"), SimulatedMeter(None, "kaifa", serial=7654321)
    line = line_of(old)
    new._now = old._now
    readings = line.push(new, 4)
    assert accepted(readings) == [False, False, True, True]
    assert readings[-1]
    assert readings[-1].meter.number == new.meter.identity.number


def test_energies_of_a_replaced_meter_are_not_taken_for_those_before_in_another_unit() -> None:
    """Though they are a tenth of these, by chance."""
    old, new = SimulatedMeter(None, "kaifa"), SimulatedMeter(None, "kaifa", serial=7654321)
    line = line_of(old)
    shown = old._household._values()
    new._now = old._now
    new.more = {
        code: ((shown[code] or 0) / Decimal(10)).to_integral_value() for code in ("1.8.0", "2.8.0")
    }
    readings = line.push(new, 4)
    assert accepted(readings) == [False, False, True, True]
    assert readings[-1]
    assert "energy_import" in readings[-1].values
    assert line.withheld == ()


def test_a_replaced_meter_without_ciphering_is_accepted_with_its_third_telegram() -> None:
    old, new = (SimulatedMeter(None, "kaifa", encrypted=False, serial=n) for n in (1, 2))
    line = line_of(old)
    new._now = old._now
    assert accepted(line.push(new, 4)) == [False, False, True, True]


def test_the_meter_number_of_a_pending_telegram_is_not_kept() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    numbers = dict(line.numbers)
    other = SimulatedMeter(None, "kaifa", serial=7654321)
    meter.meter.identity = replace(meter.meter.identity, number=other.meter.identity.number)
    assert line.push(meter) == [None]
    assert line.numbers == numbers


def test_other_link_addresses_do_not_change_the_type_of_a_verified_meter() -> None:
    """They decide the family, and the tag does not cover them."""
    meter = SimulatedMeter(None, "e450", "klagenfurt")
    line = line_of(meter, Keys(KEY, AUTH_KEY))
    meter.meter.link = replace(meter.meter.link, source=b"\x21")  # type: ignore[type-var]
    (reading,) = line.push(meter)
    assert reading is None or reading.meter.type == "e450"


def test_another_sender_beside_one_that_is_heard_is_accepted_after_sixty_confirmations() -> None:
    """Without ciphering, damage may make the same name again."""
    meter, other = (SimulatedMeter(None, "kaifa", encrypted=False, serial=n) for n in (1, 2))
    line = line_of(meter)
    readings = []
    for _ in range(62):
        readings += line.push(other)
        other._now += timedelta(seconds=5)
        assert all(line.push(meter))
    assert accepted(readings) == [False] * 60 + [True] * 2


def test_where_nothing_protects_another_meter_is_accepted_after_ten_confirmations() -> None:
    """A bit may be stuck for some telegrams."""
    old, new = (SimulatedMeter(None, "q3d", serial=n) for n in (1, 2))
    line = line_of(old)
    new._now = old._now
    assert accepted(line.push(new, 12)) == [False] * 10 + [True] * 2


def test_another_sender_with_a_verified_tag_is_accepted_at_once() -> None:
    """Nobody else knows the keys."""
    meter, other = (SimulatedMeter(None, "e450", serial=n) for n in (1, 2))
    line = line_of(meter, Keys(KEY, AUTH_KEY))
    assert line.push(other) != [None]
    assert line.push(meter) != [None]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_submeter_whose_number_is_damaged_again_and_again_is_no_new_one(
    *, restarts: bool
) -> None:
    """Without its number it is known by its channel, and that by the same name each time."""
    meter = SimulatedMeter(None, "dsmr", "dsmr5")
    line = line_of(meter)
    if restarts:
        line.restart()
    ids = set()
    for turn in range(24):
        data = meter.telegram().data
        if not turn % 2:
            lines = data.split(b"\r\n")
            data = repair(b"\r\n".join(one for one in lines if not one.startswith(b"0-1:96.1.0")))
        line.now += 1
        line.wall += 1
        for item in line.feed(data):
            if isinstance(item, Telegram) and item.fault is None:
                ids |= {other.meter.id for other in item.others}
    assert len(ids) == 1


def test_a_submeter_whose_number_is_missing_is_a_new_one_after_sixty_confirmations() -> None:
    """Also where no good telegram comes between those that damage cost its line."""
    meter = SimulatedMeter(None, "dsmr", "dsmr5")
    line = line_of(meter)
    items = []
    for _ in range(62):
        lines = meter.telegram().data.split(b"\r\n")
        line.now += 1
        line.wall += 1
        text = b"\r\n".join(one for one in lines if not one.startswith(b"0-1:96.1.0"))
        items += line.feed(repair(text))
    faults = [item.fault for item in items if isinstance(item, Telegram)]
    assert [fault is None for fault in faults] == [False] * 60 + [True] * 2


@pytest.mark.parametrize(("letter", "small"), [(b"(4530", b"(6530"), (b"(4730", b"(6730")])
def test_a_small_letter_makes_another_number_also_after_a_restart(
    letter: bytes, small: bytes
) -> None:
    """The id of the meter, or of its gas meter, is the same."""
    meter = SimulatedMeter(None, "dsmr2", "dsmr2")
    line = line_of(meter)
    line.restart()
    data = meter.telegram().data
    assert letter in data
    line.now += 10
    line.wall += 10
    (item,) = line.feed(data.replace(letter, small))
    assert isinstance(item, Telegram)
    assert item.fault
    assert item.fault.kind is Kind.SUSPICIOUS
