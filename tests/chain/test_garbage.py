"""Endless garbage: no crash, no growth, and not more work than a Raspberry Pi has time for.

A line at 115200 baud brings 11520 bytes a second; what is decoded here as fast as it goes stands
for minutes of it.
"""

import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from time import process_time

import pytest

from app.decoder import Decoder
from app.meters.telegram import Telegram
from tests.support.garbage import BYTES_A_SECOND, GARBAGE, endless
from tests.support.simulated import EVERY_LIST, LISTS, SimulatedMeter, readings
from tests.support.telegrams import BOTH_KEYS, decoder

ENOUGH = 3.0
"""How often this machine has to be quicker than the line: a Raspberry Pi is slower than this."""

MOST_KEPT = 400_000
"""Bytes of memory that a decoder may hold on to: several of the longest frames of each link."""

Figure = Callable[[str], None]


def cost(kind: str, size: int) -> tuple[float, int]:
    """Give the seconds of work for garbage, and the most bytes that were kept."""
    warm = decoder()
    warm.feed(bytes(10))
    made = decoder()
    chunks = list(endless(kind, size))
    begin = process_time()
    for chunk in chunks:
        made.feed(chunk)
    return process_time() - begin, kept(made)


def kept(made: Decoder) -> int:
    """Give the bytes that are kept of what is not decided yet."""
    scanner = made._scanner
    return len(scanner._buffer) + len(scanner._head) + 40 * len(scanner._waiting)


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_scanned_in_time_and_not_kept(kind: str) -> None:
    size = 20_000
    seconds, held = cost(kind, size)
    assert held < MOST_KEPT
    assert seconds * ENOUGH < size / BYTES_A_SECOND, f"{size / seconds:.0f} bytes a second"


@pytest.mark.slow
def test_two_megabytes_of_garbage_leave_no_bytes_in_memory(figure: Figure) -> None:
    size = 2_000_000 // len(GARBAGE)
    made = decoder()
    rates = {}
    tracemalloc.start()
    peaks = []
    for _ in range(2):
        tracemalloc.reset_peak()
        for kind in GARBAGE:
            for chunk in endless(kind, size // 2):
                made.feed(chunk)
            assert kept(made) < MOST_KEPT, kind
        peaks.append(tracemalloc.get_traced_memory())
    tracemalloc.stop()
    for kind in GARBAGE:
        seconds, _ = cost(kind, 60_000)
        rates[kind] = 60_000 / seconds
    slowest = min(rates, key=rates.__getitem__)
    quickest = max(rates, key=rates.__getitem__)
    figure(
        f"2 MB of garbage of {len(GARBAGE)} kinds: memory in use {peaks[0][0] // 1000} kB after"
        f" the first half, {peaks[1][0] // 1000} kB after the second, {peaks[1][1] // 1000} kB at"
        f" most; {rates[quickest] / 1e6:.1f} MB/s ({quickest}) to {rates[slowest] / 1e6:.2f} MB/s"
        f" ({slowest}); a line at 115200 baud brings 0.0115 MB/s"
    )
    assert peaks[1][0] - peaks[0][0] < MOST_KEPT


# Damaged telegrams, and the next one


def damaged(data: bytes, at: int, how: str) -> bytes:
    match how:
        case "cut":
            return data[:at]
        case "begun late":
            return data[at:]
        case "doubled":
            return data[: at + 1] + data[at:]
        case _:
            return data[:at] + data[at + 1 :]


def see_the_next_is_read(family: str, name: str, how: str, step: int) -> None:
    """Damage a telegram at every byte; the whole one behind it has to be read, and nothing else."""
    meter = SimulatedMeter(None, family, name)
    size = len(meter.telegram().data)
    made = decoder(BOTH_KEYS)
    late: dict[str, Decimal] = {}
    count = 0
    for at in range(0, size, step):
        hit, whole = meter.telegram(), meter.telegram()
        heard = made.feed(damaged(hit.data, at, how)) + made.feed(whole.data)
        said = [one.reading.values for one in heard if isinstance(one, Telegram) and one.reading]
        if not said:
            # What is left of a telegram without a link can look like the checked header of another
            # link's frame. Then the one behind is read together with the next.
            late = readings(whole.truth)
            count += 1
            continue
        if late:
            assert said.pop(0).items() >= late.items(), (how, at)
            late = {}
        # Some damage does no harm: before a telegram's begin, or to a flag.
        assert said[-1].items() >= readings(whole.truth).items(), (how, at)
        assert len(said) <= 2
        # Text without a checksum is damaged without a trace: that is for plausibility to see.
        if len(said) == 2 and not hit.data.endswith((b"!\r\n", b"!0000\r\n")):
            assert said[0].items() >= readings(hit.truth).items(), (how, at)
    assert count <= (1 if meter.telegram().data.startswith(b"\xdb") else 0)


WITH_READINGS = [
    (family, name)
    for family, name in EVERY_LIST
    if readings(SimulatedMeter(None, family, name).telegram().truth)
]
HOW = ["cut", "begun late", "doubled", "dropped"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(("family", "name"), LISTS)
def test_a_telegram_damaged_at_any_byte_does_not_harm_the_next(
    family: str, name: str, how: str
) -> None:
    see_the_next_is_read(family, name, how, step=47)


@pytest.mark.parametrize(
    "step",
    [pytest.param(11, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.soak)],
)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(("family", "name"), WITH_READINGS)
def test_a_telegram_of_any_list_damaged_at_every_byte_does_not_harm_the_next(
    family: str, name: str, how: str, step: int
) -> None:
    see_the_next_is_read(family, name, how, step)
