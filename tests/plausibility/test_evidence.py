"""What protects a telegram, from the bytes on the line on."""

from collections.abc import Sequence

import pytest

from app.decoder import Decoder
from app.dlms.receiver import Push, Security
from app.link.frame import Frame
from app.meters.telegram import Telegram
from app.plausibility.evidence import Evidence, evidence_of
from app.plausibility.failures import failed
from app.plausibility.known import Known
from app.plausibility.lists import Found
from app.plausibility.track import Observation
from app.transport.parity import Received
from simulator.clock import VIENNA
from tests.support.guarded import NO_TAG, PROFILES, accepted, line_of
from tests.support.simulated import SimulatedMeter


class Line:
    """A decoder that has read a meter's telegrams without parity errors."""

    def __init__(self, family: str, name: str | None = None) -> None:
        self._meter = SimulatedMeter(None, family, *([name] if name else []))
        self._decoder = Decoder(NO_TAG, PROFILES, VIENNA)
        for _ in range(20):
            self.evidence()

    def evidence(self, *errors: int, everywhere: bool = False) -> Evidence:
        """Read a telegram with parity errors at some places; tell what protects it."""
        data = self._meter.telegram().data
        places: Sequence[int] = range(len(data)) if everywhere else errors
        (telegram,) = self._decoder.feed(Received.of(data, places))
        assert isinstance(telegram, Telegram)
        assert telegram.fault is None
        return evidence_of(telegram)


@pytest.mark.parametrize(
    ("checksum", "parts", "errors", "wanted"),
    [
        *((0, 1, 0, Evidence.NOTHING), (0, 1, 1, Evidence.NOTHING), (0, 2, 0, Evidence.NOTHING)),
        *((8, 1, 0, Evidence.SUM), (8, 1, 1, Evidence.NOTHING), (8, 2, 0, Evidence.SUM)),
        *((16, 1, 0, Evidence.CHECKSUM), (16, 1, 9, Evidence.CHECKSUM)),
        *((16, 2, 0, Evidence.SUM), (16, 2, 1, Evidence.NOTHING)),
    ],
)
def test_a_checksum_protects_what_it_covers_and_a_verified_tag_everything(
    checksum: int, parts: int, errors: int, wanted: Evidence
) -> None:
    frame = Frame("hdlc", 0, b"", checksum=checksum, parts=parts, parity_errors=errors)
    for authenticated, protected in ((None, wanted), (False, wanted), (True, Evidence.TAG)):
        security = Security(b"LGZ\0\0\0\0\1", 0x30, 1, authenticated)
        assert evidence_of(Telegram(Push(frame, security, b""))) is protected
    assert evidence_of(Telegram(Push(frame, None, b""))) is wanted


def test_a_sum_protects_nothing_that_came_with_parity_errors() -> None:
    line = Line("kaifa")
    assert line.evidence() is Evidence.SUM
    assert line.evidence(10) is Evidence.NOTHING
    assert line.evidence(270) is Evidence.NOTHING  # in its second frame
    assert line.evidence() is Evidence.SUM


@pytest.mark.parametrize("name", ["burgenland", "wien"])
def test_a_checksum_of_16_bits_protects_it_all_the_same(name: str) -> None:
    line = Line("e450", name)
    before = line.evidence()
    assert line.evidence(10) is (Evidence.NOTHING if before is Evidence.SUM else before)


def test_errors_everywhere_say_nothing() -> None:
    line = Line("kaifa")
    assert line.evidence(everywhere=True) is Evidence.NOTHING  # at first it is a surprise
    for _ in range(20):
        line.evidence(everywhere=True)
    assert line.evidence(everywhere=True) is Evidence.SUM
    assert line.evidence(10) is Evidence.SUM


@pytest.mark.parametrize(("family", "pending"), [("kaifa", True), ("e450", False)])
def test_a_telegram_with_parity_errors_is_pending_where_hardly_anything_protects_it(
    family: str, *, pending: bool
) -> None:
    meter = SimulatedMeter(None, family, "wien" if family == "e450" else "netznoe")
    line = line_of(meter)
    assert (line.take(Received.of(meter.telegram().data, (10,))) is None) is pending
    assert all(line.push(meter, 5))
    assert [("parity errors" in str(fault.reason)) for fault in line.faults] == [True] * pending


def test_telegrams_of_which_all_have_parity_errors_are_read_on() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    readings = []
    for _ in range(30):
        data = meter.telegram().data
        readings.append(line.take(Received.of(data, range(len(data)))))
    assert accepted(readings).count(False) <= 3
    assert all(readings[5:])


@pytest.mark.parametrize(("errors", "names"), [(0, []), (1, ["parity"])])
def test_a_first_telegram_with_parity_errors_is_pending_as_well(
    errors: int, names: list[str]
) -> None:
    frame = Frame("mbus", 0, b"", checksum=8, parity_errors=errors)
    telegram = Telegram(Push(frame, None, b""))
    found = Found(None, ("mbus", False, "", None), 0, b"")
    first = Observation(telegram, evidence_of(telegram), found, None, None, None, 0.0, 0.0, {})
    assert [one.name for one in failed(first, Known(), None).violations] == names
