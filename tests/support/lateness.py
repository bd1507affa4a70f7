"""How late the good telegrams behind damage are read: by telegrams, whatever their link."""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from app.dlms.ciphering import Keys
from app.dlms.receiver import Push, Receiver
from app.link import Scanner
from simulator.axdr import ber_length
from simulator.links import Wrapper, general_block_transfer
from tests.support.simulated import EVERY_LIST, SimulatedMeter

COUNT = 6
"""Telegrams of a line: up to one before the damaged one, and four behind it."""

HEADER = 64
"""Bytes at the beginning of a telegram in which all that announces lengths stands."""


class Reading:
    """A line that is read as far as the telegrams are whole, their blocks joined."""

    def __init__(self) -> None:
        self._scanner = Scanner()
        self._receiver = Receiver(Keys())

    def feed(self, data: bytes, size: int) -> list[bytes]:
        """Give the payloads that became whole with these bytes, which come in chunks."""
        return [
            event.frame.payload
            for at in range(0, len(data), size)
            for found in self._scanner.feed(data[at : at + size])
            for event in self._receiver.feed(found)
            if isinstance(event, Push)
        ]


def delays(
    before: Sequence[bytes], damaged: bytes, good: Sequence[bytes], size: int
) -> list[int | None]:
    """Tell how many telegrams after its own bytes each good telegram was read, but the last.

    Args:
        before: good telegrams before the damage.
        damaged: what comes in place of a telegram.
        good: the telegrams behind it; each has its own payload.
        size: of the chunks in which all of it comes; telegrams do not share a chunk.

    Returns:
        None for a telegram that was not read, or not exactly once.
    """
    wanted = [_payload(telegram) for telegram in good]
    line = Reading()
    for telegram in (*before, damaged):
        line.feed(telegram, size)
    came = [line.feed(telegram, size) for telegram in good]
    found: list[int | None] = []
    for own, payload in enumerate(wanted[:-1]):
        times = [n for n, payloads in enumerate(came) for one in payloads if one == payload]
        found.append(times[0] - own if len(times) == 1 else None)
    return found


def in_time(before: Sequence[bytes], damaged: bytes, good: Sequence[bytes], size: int) -> bool:
    """Tell whether each good telegram was read once, at the latest together with the next one."""
    return all(delay in {0, 1} for delay in delays(before, damaged, good, size))


@cache
def _payload(telegram: bytes) -> bytes:
    (payload,) = Reading().feed(telegram, len(telegram))
    return payload


# --- Lines -----------------------------------------------------------------------------------


def names() -> list[str]:
    """Name each list of the simulator, and APDUs of links that none of them uses."""
    return [*(f"{family} {name}" for family, name in EVERY_LIST), *unchecked_apdus()]


def unchecked_apdus() -> list[str]:
    """Name lines of APDUs without a checksum, with and without the wrapper."""
    return [
        *(f"{form}, length in {width} bytes" for form in _FORMS for width in range(5)),
        "wrapper, plain",
    ]


@cache
def line(name: str) -> tuple[bytes, ...]:
    """Give telegrams that follow one another on a line."""
    if name == "wrapper, plain":
        meter = SimulatedMeter(None, "kaifa", encrypted=False)
        apdus = [_payload(meter.telegram().data) for _ in range(COUNT)]
        return tuple(_wrapped(apdu) for apdu in apdus)
    form, _, width = name.partition(", length in ")
    if width:
        return tuple(_FORMS[form](apdu) for apdu in _ciphered(int(width[0])))
    family, name = name.split()
    meter = SimulatedMeter(None, family, name)
    return tuple(meter.telegram().data for _ in range(COUNT))


def _ciphered(width: int) -> Iterator[bytes]:
    """Make APDUs of random bytes, whose length is written in one byte, or with 81 to 84."""
    chance = random.Random(width)  # noqa: S311 - no cryptography
    size = {0: 100, 1: 200}.get(width, 300)
    for counter in range(COUNT):
        content = b"\x30" + counter.to_bytes(4, "big") + chance.randbytes(size - 5)
        yield b"\xdb\x08KFM\x10\x20\x01\x02\x03" + ber_length(size, width) + content


def _wrapped(apdu: bytes) -> bytes:
    return b"".join(Wrapper(1, 0x67).frames(apdu))


_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "raw": lambda apdu: apdu,
    "wrapper": _wrapped,
    "wrapper with blocks": lambda apdu: b"".join(map(_wrapped, general_block_transfer(apdu, 99))),
}
