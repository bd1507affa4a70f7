"""The block for a report."""

from app.dlms.ciphering import Keys
from tests.support.paged import meter, opened


def test_the_block_for_a_report_has_what_a_report_needs() -> None:
    paged = opened(keys=Keys())
    paged.push(meter(), 8)
    block = paged.line.report()
    assert block.startswith("----- paste from here")
    assert "key missing" in block
    assert "/dev/ttyUSB0 (2400 8E1)" in block


def test_the_block_has_the_last_telegram_of_each_kind() -> None:
    """Also where each is like the one before, of which little is taken note."""
    paged = opened()
    paged.push(meter(), 30)
    paged.line.notes.hand_on()
    first = paged.line._telegrams._last
    paged.push(meter("e450"), 30)
    paged.line.notes.hand_on()
    second = paged.line._telegrams._last
    block = paged.line.report()
    assert block.index("meter_type kaifa") < block.index("meter_type e450")
    assert list(paged.line._telegrams._kinds.values()) == [first, second]
