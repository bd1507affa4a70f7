"""What a line next to a power line, a wrong mode or a second meter makes of a telegram."""

import random
from collections.abc import Callable, Iterator
from itertools import zip_longest

from tests.support.simulated import SimulatedMeter

Make = Callable[[SimulatedMeter, SimulatedMeter, random.Random], bytes]
"""Makes noise of a meter, another one, and chance."""

_LENGTH = 4000
_CHUNK = 1000


def chunks(data: bytes) -> Iterator[bytes]:
    """Cut into what a terminal takes at once."""
    return (data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK))


def at_another_rate(data: bytes, ratio: float, *, parity: bool = True) -> bytes:
    """Give what a UART reads that samples at another rate than the meter sends at.

    Levels on a wire: start bit, data, even parity, stop bit; the UART looks for a falling edge and
    samples in the middle of each bit that it expects.

    Args:
        data: what the meter sends.
        ratio: the meter's bits a bit of the reader's.
        parity: whether the meter sends parity bits; the reader expects one.
    """
    levels: list[int] = []
    for byte in data:
        bits = [byte >> n & 1 for n in range(8)]
        levels += [0, *bits, *([sum(bits) % 2] if parity else []), 1]
    heard = bytearray()
    at = 0.0
    while True:
        while int(at) < len(levels) and levels[int(at)]:
            at = int(at) + 1.0
        samples = [int(at + ratio * (n + 0.5)) for n in range(11)]
        if samples[-1] >= len(levels):
            break
        heard.append(sum(levels[samples[1 + n]] << n for n in range(8)))
        at = samples[-1] + (not levels[samples[-1]])
    return bytes(heard)


def _halves(meter: SimulatedMeter) -> bytes:
    data = meter.telegram().data
    return data[: len(data) // 2]


def _without_middles(meter: SimulatedMeter, chance: random.Random) -> bytes:
    data = meter.telegram().data
    at = chance.randrange(len(data) - 20)
    return data[:at] + data[at + 20 :]


def _each(
    meter: SimulatedMeter, chance: random.Random, how: Callable[[bytearray, int], None]
) -> bytes:
    """Do something to one byte of each of some telegrams; the first is hit in its header."""
    stream = bytearray()
    for n in range(5):
        data = bytearray(meter.telegram().data)
        how(data, chance.randrange(len(data) - 1) if n else 1)
        stream += data
    return bytes(stream)


def _double(data: bytearray, at: int) -> None:
    data.insert(at, data[at])


def _drop(data: bytearray, at: int) -> None:
    del data[at]


def _swap(data: bytearray, at: int) -> None:
    """Swap neighbours, or what a sum does not see would be decoded as if it were right."""
    data[at], data[at + 1] = data[at + 1], data[at]
    data[-3] ^= 0x55


def _flip(data: bytearray, at: int) -> None:
    data[at] ^= 0x10


def _mixed(meter: SimulatedMeter, other: SimulatedMeter) -> bytes:
    """Two meters' bytes on one wire, in turn."""
    both = zip_longest(meter.telegram().data, other.telegram().data)
    return bytes(byte for pair in both for byte in pair if byte is not None)


KINDS: dict[str, Make] = {
    "random bytes": lambda _m, _o, chance: chance.randbytes(_LENGTH),
    "zeros": lambda _m, _o, _c: bytes(_LENGTH),
    "ones": lambda _m, _o, _c: b"\xff" * _LENGTH,
    "endless beginnings of M-Bus": lambda _m, _o, _c: b"\x68\xfa\xfa\x68" * (_LENGTH // 4),
    "endless beginnings of HDLC": lambda _m, _o, _c: b"\x7e\xa7\xff" * (_LENGTH // 3),
    "endless beginnings of P1": lambda _m, _o, _c: b"/ABC5x\r\n" * (_LENGTH // 8),
    "endless beginnings of APDUs": lambda _m, _o, _c: b"\xdb\x08KFM" * (_LENGTH // 5),
    "wrong baud rate, half": lambda m, _o, _c: at_another_rate(m.telegram().data, 2.0),
    "wrong baud rate, four times": lambda m, _o, _c: at_another_rate(m.telegram().data, 0.25),
    "wrong parity": lambda m, _o, _c: at_another_rate(m.telegram().data, 1.0, parity=False),
    "half frames": lambda m, _o, _c: _halves(m) * 3,
    "a hole in a telegram": lambda m, _o, c: _without_middles(m, c),
    "bytes doubled": lambda m, _o, c: _each(m, c, _double),
    "bytes dropped": lambda m, _o, c: _each(m, c, _drop),
    "bytes swapped": lambda m, _o, c: _each(m, c, _swap),
    "bits flipped": lambda m, _o, c: _each(m, c, _flip),
    "two meters' bytes mixed": lambda m, o, _c: _mixed(m, o),
}
"""By name."""
