"""Decisions about telegrams: first ones, damaged ones, those with a verified tag, many senders."""

from datetime import timedelta
from decimal import Decimal

from app.dlms.ciphering import Keys
from app.fault import Kind
from app.meters.limits import MOST_SENDERS
from app.meters.telegram import Telegram
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.guarded import GuardedLine, accepted, line_of
from tests.support.repair import repair
from tests.support.simulated import SimulatedMeter


def test_the_first_telegram_is_accepted() -> None:
    assert GuardedLine().push(SimulatedMeter(None, "kaifa")) != [None]


def test_a_first_telegram_out_of_bounds_is_pending() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = GuardedLine()
    meter.more = {"32.7.0": Decimal(999)}
    assert line.push(meter) == [None]
    meter.more = {}
    assert all(line.push(meter, 3))


def test_the_telegrams_after_a_wrong_first_one_are_accepted() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = GuardedLine()
    meter.more = {"1.8.0": Decimal(4_000_000_000)}
    line.push(meter)
    meter.more = {}
    readings = line.push(meter, 4)
    assert accepted(readings) == [False, True, True, True]


def test_a_damaged_telegram_is_pending_and_its_fault_says_why() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    meter.more = {"1.8.0": Decimal(4_000_000_000)}
    assert line.push(meter) == [None]
    meter.more = {}
    assert all(line.push(meter, 5))
    (fault,) = line.faults
    assert fault.kind is Kind.SUSPICIOUS
    assert fault.reason == (
        "a telegram is pending until the next ones confirm it:"
        " energy_import rises faster than the connection allows"
    )
    assert line.told == []


def test_of_a_verified_telegram_only_the_invocation_counter_is_checked() -> None:
    meter = SimulatedMeter(None, "e450")
    line = line_of(meter, Keys(KEY, AUTH_KEY))
    meter.more = {"1.8.0": Decimal(3), "1.7.0": Decimal(4_000_000_000)}
    meter.meter.clock_error = timedelta(days=-400)
    (reading,) = line.push(meter)
    assert reading
    assert reading.values["energy_import"] == Decimal("0.003")
    meter.meter.invocation_counter -= 1
    assert line.push(meter) == [None]
    assert line.faults[-1].kind is Kind.REPLAYED


def test_a_telegram_of_a_gas_meter_alone_is_accepted() -> None:
    meter = SimulatedMeter(None, "dsmr", "dsmr5")
    line = GuardedLine()
    for _ in range(5):
        lines = meter.telegram().data.split(b"\r\n")
        kept = [text for text in lines if not text.startswith(b"1-0:")]
        for item in line.feed(repair(b"\r\n".join(kept))):
            assert isinstance(item, Telegram)
            assert item.others
            assert item.fault is None


def test_strangers_do_not_fill_the_memory() -> None:
    line = line_of(SimulatedMeter(None, "kaifa"))
    for serial in range(1, 200):
        assert line.push(SimulatedMeter(None, "kaifa", serial=serial)) == [None]
    assert len(line.guard._senders) < 12


def test_the_senders_accepted_last_are_kept() -> None:
    line = GuardedLine()
    meters = [SimulatedMeter(None, "kaifa", serial=serial) for serial in range(1, 50)]
    for meter in meters:
        line.push(meter, 3)
    assert len(line.guard._senders) == len(line.guard.memory()) == MOST_SENDERS
    line.restart()
    assert line.push(meters[-1]) != [None]
