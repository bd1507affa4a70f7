"""Lists: new ones, several in turn, damaged ones."""

from dataclasses import replace
from decimal import Decimal

from simulator.axdr import Type
from simulator.meters import Register, Unit
from tests.support.guarded import GuardedLine, accepted, line_of
from tests.support.repair import repair
from tests.support.simulated import SimulatedMeter


def test_two_lists_in_turn_are_accepted() -> None:
    long, short = (SimulatedMeter(None, "e450", name) for name in ("burgenland", "burgenland-11"))
    line = GuardedLine()
    readings = []
    for _ in range(30):
        readings += line.push(long)
        short._now, short.meter.invocation_counter = long._now, long.meter.invocation_counter
        readings += line.push(short)
        long._now, long.meter.invocation_counter = short._now, short.meter.invocation_counter
    assert all(readings)


def test_another_list_behind_a_weak_checksum_is_accepted_when_it_comes_again() -> None:
    long, short = (SimulatedMeter(None, "kaifa", name) for name in ("tinetz", "tinetz-1ph"))
    short.meter.identity = long.meter.identity
    short.more = long.more = dict.fromkeys(("1.7.0", "2.7.0", "1.8.0", "2.8.0"), Decimal(1))
    line = GuardedLine()
    readings = []
    for _ in range(10):
        readings += line.push(long, 3)
        short._now, short.meter.invocation_counter = long._now, long.meter.invocation_counter
        short._household = long._household
        readings += line.push(short)
        long._now, long.meter.invocation_counter = short._now, short.meter.invocation_counter
    assert accepted(readings[:8]) == [True, True, True, False, True, True, True, True]
    assert all(readings[8:])


def test_a_list_with_a_new_register_is_accepted_with_the_second_telegram() -> None:
    meter = SimulatedMeter(None, "kaifa", "tinetz")
    line = line_of(meter)
    new = Register("1-0:14.7.0", Type.UINT16, Unit.COUNT, -2)
    layout = meter.meter.layout
    meter.meter.layout = replace(layout, items=(*layout.items, new))
    meter.more = {"14.7.0": Decimal(50)}
    assert accepted(line.push(meter, 4)) == [False, True, True, True]
    assert "another list" in line.told[0]


def test_a_message_found_inside_a_damaged_frame_is_pending() -> None:
    """A raw message can be found in an HDLC frame whose header is damaged, also after a restart."""
    meter = SimulatedMeter(None, "e450", "wien-10")
    line = line_of(meter)
    line.restart()
    damaged = bytearray(meter.telegram().data)
    damaged[3] ^= 0x10
    damaged[-5] ^= 0x40
    assert line.take(bytes(damaged)) is None
    assert all(line.push(meter, 3))


def test_a_text_that_lacks_a_line_is_pending() -> None:
    meter = SimulatedMeter(None, "dsmr", "belgium")
    line = line_of(meter)
    for _ in range(5):
        assert line.take(repair(meter.telegram().data.replace(b"71.7.0(", b"71.7.0 ")), 1) is None
        assert all(line.push(meter, 2))


def test_a_segment_with_other_addresses_is_not_joined() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    first, second = meter.telegram().segments
    strange = bytearray(second)
    strange[7] ^= 1
    assert line.take(first + repair(bytes(strange))) is None
    assert "other addresses" in str(line.faults[0].reason)
    assert all(line.push(meter, 3))
