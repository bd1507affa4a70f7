"""Fields that a meter repeats in each telegram."""

import re
from dataclasses import replace

from tests.support.guarded import GuardedLine, accepted, line_of
from tests.support.repair import repair, with_flipped_bit
from tests.support.simulated import SimulatedMeter


def test_a_telegram_with_another_repeated_field_is_pending() -> None:
    """Of two flipped bits that cancel out, one mostly hits a field that never changes."""
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    meter.meter.ciphering = replace(meter.meter.ciphering, suite=1)  # type: ignore[type-var]
    assert accepted(line.push(meter, 5)) == [False, False, True, True, True]
    assert "has other addresses" in str(line.faults[0].reason)


def test_a_telegram_with_another_text_is_pending() -> None:
    meter = SimulatedMeter(None, "kaifa-nordic", "norway-13")
    line = line_of(meter)
    data = meter.telegram().data
    assert line.take(with_flipped_bit(data, data.index(b"KFM_001"), 0), 10) is None
    assert str(line.faults[0].reason).endswith("a text or a status of it is another")
    assert all(line.push(meter, 3))


def test_a_field_that_changes_in_each_telegram_is_not_relied_on() -> None:
    meter = SimulatedMeter(None, "kaifa")
    meter.meter.invoke_step = 3
    assert line_of(meter).faults == []


def test_a_field_that_changes_now_and_then_is_no_longer_relied_on() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = GuardedLine()
    plain = meter.meter.ciphering
    assert plain
    readings = []
    for n in range(600):
        meter.meter.ciphering = replace(plain, suite=int(n % 20 == 19))
        readings += line.push(meter)
    assert accepted(readings).count(False) <= 6
    assert all(readings[200:])


def test_a_tariff_that_changes_is_accepted() -> None:
    meter = SimulatedMeter(None, "sagemcom-p1", "hungary", encrypted=False)
    line, missing = GuardedLine(), []
    for n in range(900):
        tariff = rf"\g<1>(000{1 + n // 100 % 2})".encode()
        data = re.sub(rb"(0-0:96\.14\.0)\(\d+\)", tariff, meter.telegram().data)
        missing += [n] if line.take(repair(data), 10) is None else []
    assert missing == []
