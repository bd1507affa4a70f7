"""The dialects of P1 through link, parser and guard: what is said is read, and no damage passes."""

import random
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.dlms.ciphering import Keys
from app.fault import Kind
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from simulator.links import P1Checksum, p1_digits
from tests.support.examples import of_hundred
from tests.support.guarded import GuardedLine
from tests.support.quantities import RANGES, range_key
from tests.support.simulated import SimulatedMeter
from tests.support.telegrams import decode, decoder, faults, telegrams

PROVING = [P1Checksum.ARC, P1Checksum.UNPADDED, P1Checksum.X25, P1Checksum.X25_SWAPPED]
UNCHECKED = [P1Checksum.ZEROS, P1Checksum.NONE]
SECONDS = 1.0
"""The push interval of the meter."""


def text_of(meter: SimulatedMeter) -> bytes:
    """The next telegram of a meter, without its checksum."""
    data = meter.telegram().data
    return data[: data.rindex(b"!") + 1]


def sealed(text: bytes, kind: P1Checksum, line_end: bytes = b"\r\n") -> bytes:
    """A text with a checksum, and then with other line ends."""
    return (text + p1_digits(text, kind) + b"\r\n").replace(b"\r\n", line_end)


def dsmr() -> SimulatedMeter:
    return SimulatedMeter(None, "dsmr", "dsmr5")


def learned(
    kind: P1Checksum, line_end: bytes = b"\r\n", count: int = 20
) -> tuple[GuardedLine, SimulatedMeter]:
    """A line whose meter has shown its checksum, and the meter."""
    line, meter = GuardedLine(Keys()), dsmr()
    for _ in range(count):
        assert line.take(sealed(text_of(meter), kind, line_end), SECONDS)
    return line, meter


def damaged_by(chance: random.Random, data: bytes) -> bytes:
    """Damage that all checksums of 16 bits detect, or almost all of which they do."""
    at = chance.randrange(len(data) - 2)
    burst = chance.randrange(1, 1 << 16).to_bytes(2, "big")
    changed = bytes(a ^ b for a, b in zip(data[at : at + 2], burst, strict=True))
    return chance.choice(
        (
            data[:at] + changed + data[at + 2 :],
            data[:at] + bytes((data[at] ^ 1 << chance.randrange(8),)) + data[at + 1 :],
            data[:at] + data[at + chance.randrange(1, 40) :],
            data[:at] + chance.randbytes(chance.randrange(1, 9)) + data[at:],
            data[:at],
        )
    )


def only(data: bytes) -> Telegram:
    (one,) = telegrams(decode([data], Keys()))
    return one


# --- Damage ---


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize("kind", PROVING)
@pytest.mark.parametrize("seed", range(3))
def test_nothing_wrong_comes_out_of_damage_whatever_the_checksum(
    kind: P1Checksum, line_end: bytes, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no cryptography
    line, meter = learned(kind, line_end)
    for _ in range(25):
        text = text_of(meter)
        truth = only(sealed(text, P1Checksum.ARC))
        reading = line.take(damaged_by(chance, sealed(text, kind, line_end)), SECONDS)
        if reading is not None:
            assert (reading.meter, reading.values) == (
                truth.reading and truth.reading.meter,
                truth.reading and truth.reading.values,
            )
        # What broke off ends with the beginning of the next one, which is read.
        assert line.take(sealed(text_of(meter), kind, line_end), SECONDS)


def is_small(key: str, off: float) -> bool:
    """Tell whether an error is too small to tell it from a change of load."""
    if "energy" in key:
        return off <= 0.2  # kWh, what three phases of 63 A move in 20 s
    quantity = range_key(key)
    assert quantity
    return off <= RANGES[quantity] / 10


@pytest.mark.parametrize("kind", UNCHECKED)
@pytest.mark.parametrize("seed", range(3))
def test_damage_of_what_no_checksum_protects_makes_a_small_error_at_most(
    kind: P1Checksum, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no cryptography
    line, meter = learned(kind)
    for _ in range(25):
        text = text_of(meter)
        truth = only(sealed(text, P1Checksum.ARC)).reading
        assert truth
        reading = line.take(damaged_by(chance, sealed(text, kind)), SECONDS)
        if reading is not None:
            assert reading.meter == truth.meter
            for key, value in reading.values.items():
                off = abs(float(value) - float(truth.values[key]))
                assert is_small(key, off), key
        for _ in range(3):
            line.take(sealed(text_of(meter), kind), SECONDS)


@pytest.mark.parametrize("other", [*UNCHECKED, P1Checksum.X25, P1Checksum.X25_SWAPPED])
@pytest.mark.parametrize("kind", [P1Checksum.ARC, P1Checksum.X25])
def test_damage_does_not_pass_by_another_checksum(kind: P1Checksum, other: P1Checksum) -> None:
    """Even if that is right for the damaged text."""
    if kind is other:
        return
    line, meter = learned(kind)
    for _ in range(20):
        wrong = text_of(meter).replace(b"1-0:1.7.0(0", b"1-0:1.7.0(9")
        assert line.take(sealed(wrong, other), SECONDS) is None
        assert line.take(sealed(text_of(meter), kind), SECONDS)
    assert {fault.kind for fault in line.faults} == {Kind.CHECKSUM_WRONG}


def test_a_meter_s_checksum_is_known_when_the_line_is_opened_again() -> None:
    one, meter = decoder(Keys()), dsmr()
    for _ in range(3):
        assert telegrams(one.feed(sealed(text_of(meter), P1Checksum.ARC)))
    one.restart()
    assert telegrams(one.feed(sealed(text_of(meter), P1Checksum.ZEROS))) == []
    assert telegrams(one.feed(sealed(text_of(meter), P1Checksum.ARC)))


@pytest.mark.parametrize("kind", [P1Checksum.X25, *UNCHECKED])
def test_a_meter_that_changes_its_checksum_is_read_again(kind: P1Checksum) -> None:
    """Another software, or another gateway."""
    line, meter = learned(P1Checksum.ARC)
    taken = [line.take(sealed(text_of(meter), kind), SECONDS) is not None for _ in range(30)]
    assert not taken[0]
    assert all(taken[-15:])


# --- What is no text ---

strange = st.binary(min_size=1, max_size=4).map(lambda odd: bytes(byte | 0x80 for byte in odd))


def said_by(data: bytes) -> dict[str, object]:
    """The readings of a telegram, those of meters behind the meter with their ids."""
    one = only(data)
    readings: list[Reading] = [one.reading, *one.others] if one.reading else [*one.others]
    return {f"{r.meter.model} {key}": value for r in readings for key, value in r.values.items()}


@settings(max_examples=of_hundred(60))
@given(strange, st.floats(0, 1), st.sampled_from(PROVING))
def test_what_is_no_text_costs_the_readings_of_its_line_at_most(
    odd: bytes, place: float, kind: P1Checksum
) -> None:
    text = text_of(dsmr())
    begin = text.index(b"\r\n\r\n")
    at = begin + round(place * (len(text) - 1 - begin))
    changed = text[:at] + odd + text[at:]
    truth = said_by(sealed(text, P1Checksum.ARC))
    said = said_by(sealed(changed, kind))
    line = text[text.rindex(b"\n", 0, at + 1) if b"\n" in text[: at + 1] else 0 :].split(b"\r\n")[0]
    assume(b"24.1.0" not in line and b"96.1." not in line)  # which meter, and of what kind
    assert all(truth.get(key) == value for key, value in said.items())
    assert len(truth) - len(said) <= 2  # a power, and the one that is reckoned from it


@pytest.mark.parametrize("message", [b"\xff" * 1024, b"\0" * 64, b"\xe4\xf6\xfc", "äöü".encode()])
@pytest.mark.parametrize("kind", PROVING)
def test_a_message_of_what_is_no_text_costs_no_reading(kind: P1Checksum, message: bytes) -> None:
    text = text_of(dsmr())
    truth = said_by(sealed(text, P1Checksum.ARC))
    changed = text[:-1] + b"0-0:96.13.0(" + message + b")\r\n!"
    assert said_by(sealed(changed, kind)) == truth


@pytest.mark.parametrize("kind", UNCHECKED)
def test_what_is_no_text_is_refused_without_a_checksum(kind: P1Checksum) -> None:
    text = text_of(dsmr())
    changed = text[:-1] + b"0-0:96.13.0(\xff)\r\n!"
    events = decode([sealed(changed, kind)], Keys())
    assert telegrams(events) == []
    assert [fault.reason for fault in faults(events)] == ["a telegram of text holds the byte FF"]


# --- Spellings ---

SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "blanks": lambda text: text.replace(b"*", b" * ").replace(b")\r", b" )\r"),
    "no star": lambda text: text.replace(b"*", b" "),
    "upper case": lambda text: text.replace(b"kW", b"KW").replace(b"h)", b"H)"),
    "lower case": lambda text: (
        text.replace(b"*kW", b"*kw").replace(b"*V", b"*v").replace(b"*A", b"*a")
    ),
    "decimal comma": lambda text: text.replace(b".", b",").replace(b",7,0", b".7.0"),
    "blank lines": lambda text: text.replace(b"\r\n1-0:", b"\r\n\r\n1-0:"),
    "blanks before lines": lambda text: text.replace(b"\r\n1-0:", b"\r\n  1-0:"),
}


def respelled(text: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A text with its values spelled otherwise."""
    lines = text.split(b"\r\n")
    for number, line in enumerate(lines):
        code, bracket, values = line.partition(b"(")
        if bracket and b"*" in values:
            lines[number] = code + bracket + change(values + b"\r").removesuffix(b"\r")
    return b"\r\n".join(lines)


@pytest.mark.parametrize("change", SPELLINGS.values(), ids=SPELLINGS)
def test_a_telegram_in_another_spelling_says_the_same(change: Callable[[bytes], bytes]) -> None:
    text = text_of(dsmr())
    truth = said_by(sealed(text, P1Checksum.ARC))
    assert said_by(sealed(respelled(text, change), P1Checksum.ARC)) == truth


# --- Clocks ---


@pytest.mark.parametrize("clock", [b"000101000000W", b"000101000512W", b"700101010000W", b"0", b""])
def test_a_clock_that_was_never_set_costs_no_value(clock: bytes) -> None:
    line, meter = GuardedLine(Keys()), dsmr()
    for _ in range(30):
        text = text_of(meter)
        begin = text.index(b"0-0:1.0.0(") + len(b"0-0:1.0.0(")
        changed = text[:begin] + clock + text[text.index(b")", begin) :]
        reading = line.take(sealed(changed, P1Checksum.ARC), SECONDS)
        assert reading
        assert reading.timestamp is None
        truth = only(sealed(text, P1Checksum.ARC)).reading
        assert truth
        assert reading.values == truth.values


@pytest.mark.parametrize("time", [b"632525252525S", b"700101010000W", b"000101000000W"])
@pytest.mark.parametrize("value", [b"00000.000*m3", b"00000.000", b"00112.384*m3"])
def test_a_report_that_never_came_is_no_reading(time: bytes, value: bytes) -> None:
    text = text_of(dsmr())
    begin = text.index(b"0-1:24.2.1(")
    end = text.index(b"\r\n", begin)
    changed = text[:begin] + b"0-1:24.2.1(" + time + b")(" + value + b")" + text[end:]
    one = only(sealed(changed, P1Checksum.ARC))
    assert one.reading
    assert [other.meter.model for other in one.others if "gas" in other.values] == []
