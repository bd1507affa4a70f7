"""The whole way from bytes to readings, tried with whatever a line can do to them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dlms.ciphering import Keys
from app.fault import Fault, Kind
from app.meters.profile import AUTO
from app.meters.telegram import Telegram
from simulator import axdr, links, meters
from simulator.axdr import INTEGERS
from simulator.ciphering import AUTH_KEY, KEY, Ciphering
from simulator.household import Household, Snapshot
from tests.support.examples import of_hundred
from tests.support.simulated import LISTS, readings
from tests.support.telegrams import (
    BOTH_KEYS,
    KEYS,
    NOON,
    ZONE,
    decode,
    decoder,
    expected_registers,
    faults,
    household,
    registers,
    single_bytes,
    telegrams,
)

EVERY_LIST = pytest.mark.parametrize(("family", "variant"), LISTS)
AUTHENTICATED = [
    (family, variant) for family, variant in LISTS if meters.FAMILIES[family][variant].authenticated
]
SEEDS = st.integers(0, 2**32 - 1)


# --- What may be measured ---

moments = st.datetimes(datetime(2020, 1, 1), datetime(2068, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001 -- bounds have to be naive
    lambda moment: moment.replace(microsecond=0)
)


def says_all(moment: datetime) -> bool:
    """Whether a clock without offset leaves no doubt: not in the hour that occurs twice."""
    shown = moment.astimezone(ZONE)
    return shown.replace(fold=0).utcoffset() == shown.replace(fold=1).utcoffset()


def numbers(register: meters.Register) -> st.SearchStrategy[Decimal | None]:
    """Any value that a register can carry, absent ones included."""
    width, signed = INTEGERS[register.type]
    top = 256**width // (2 if signed else 1) - 1
    low = -top - 1 if signed and not register.magnitude else 0
    values = st.integers(low, top).map(lambda number: Decimal(number).scaleb(register.scaler))
    return values if register.absent is None else values | st.none()


GRID_VOLTS = st.integers(40, 500).map(Decimal)
"""What a voltage can be whose scale is not sent: its size has to show it."""


def snapshots(family: str, variant: str) -> st.SearchStrategy[Snapshot]:
    """Anything that a meter could be made to measure, at any time."""
    layout = meters.FAMILIES[family][variant].layout
    by_size = layout.shape in (meters.Shape.PAIRS, meters.Shape.PUSH)
    measured = {
        item.obis: GRID_VOLTS if by_size and item.unit is meters.Unit.V else numbers(item)
        for item in layout.items
        if isinstance(item, meters.Register)
    }
    return st.builds(Snapshot, moments.filter(says_all), st.fixed_dictionaries(measured))


def assert_says(
    telegram: Telegram, truth: meters.Truth, meter_type: str, *, tag: bool | None
) -> None:
    """A telegram says exactly what the meter meant, no more and no less."""
    assert telegram.fault is None
    assert registers(telegram) == expected_registers(truth)
    assert list(registers(telegram)) == list(truth.registers)
    assert telegram.timestamp == truth.timestamp
    assert telegram.timestamp.utcoffset() == truth.timestamp.utcoffset()
    assert telegram.number == truth.meter_id
    security = telegram.push.security
    assert security is not None
    assert security.system_title == truth.system_title
    assert security.invocation_counter == truth.invocation_counter
    assert security.authenticated is tag
    reading = telegram.reading
    assert reading is not None
    assert reading.values == readings(truth)
    assert reading.timestamp == truth.timestamp
    assert reading.meter.type == meter_type
    assert reading.meter.number == truth.meter_id


@cache
def stream(family: str, variant: str) -> tuple[meters.Telegram, ...]:
    """Four telegrams that a meter sends one after the other."""
    meter = meters.build(family, variant)
    house = Household(7, NOON, phases=meter.phases)
    return tuple(
        meter.telegram(house.at(NOON + timedelta(seconds=number * meter.interval)))
        for number in range(4)
    )


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Cut into chunks of these sizes, over and over."""
    at = number = 0
    while at < len(data):
        size = sizes[number % len(sizes)]
        yield data[at : at + size]
        at += size
        number += 1


chunk_sizes = st.lists(st.integers(1, 80), min_size=1, max_size=6)

# --- Any values ---


@EVERY_LIST
@settings(max_examples=of_hundred(8))
@given(data=st.data())
def test_values_of_any_meter_are_read_exactly(
    family: str, variant: str, data: st.DataObject
) -> None:
    meter = meters.build(family, variant)
    sent = meter.telegram(data.draw(snapshots(family, variant)))
    tag = True if (family, variant) in AUTHENTICATED else None
    (read,) = telegrams(decode([sent.data]))
    assert_says(read, sent.truth, family, tag=tag)
    (unchecked,) = telegrams(decode([sent.data], KEYS, family))
    assert_says(unchecked, sent.truth, family, tag=None)


@EVERY_LIST
@settings(max_examples=of_hundred(8))
@given(
    junk=st.lists(st.binary(max_size=30), min_size=3, max_size=3),
    part=st.integers(0, 10_000),
    tail=st.booleans(),
    sizes=chunk_sizes,
)
def test_telegrams_are_read_the_same_with_junk_and_in_any_chunks(
    *, family: str, variant: str, junk: list[bytes], part: int, tail: bool, sizes: list[int]
) -> None:
    """Junk before, between and behind, half a telegram among it, in chunks of any size."""
    first, second, *_ = stream(family, variant)
    at = 30 + part % (len(first.data) - 32)
    half = first.data[at:] if tail else first.data[:at]
    data = junk[0] + half + junk[1] + first.data + junk[2] + second.data + junk[0]
    tag = True if (family, variant) in AUTHENTICATED else None
    for chunks in (cut(data, sizes), single_bytes(data), [data]):
        read = telegrams(decode(chunks))
        assert len(read) == 2
        assert_says(read[0], first.truth, family, tag=tag)
        assert_says(read[1], second.truth, family, tag=tag)


@EVERY_LIST
def test_a_telegram_may_come_byte_by_byte_and_is_read_with_the_last_one(
    family: str, variant: str
) -> None:
    one = decoder()
    tag = True if (family, variant) in AUTHENTICATED else None
    for sent in stream(family, variant):
        data = sent.data.rstrip(links.FLAG) if sent.data.endswith(links.FLAG) else sent.data
        read = [one.feed(byte) for byte in single_bytes(data)]
        assert not any(read[:-1])
        (telegram,) = telegrams(read[-1])
        assert_says(telegram, sent.truth, family, tag=tag)
    assert one.finish() == []
    assert one.junk == 0


@EVERY_LIST
def test_segments_may_be_far_apart_with_noise_between_them(family: str, variant: str) -> None:
    sent, *_ = stream(family, variant)
    noise = b"\xff\x00\x55" * 20
    (telegram,) = telegrams(decode([noise.join(sent.segments)]))
    assert registers(telegram) == expected_registers(sent.truth)


@pytest.mark.parametrize(
    ("family", "variant"), [*LISTS, *((one, "swiss") for one in ("e450", "e570", "am550"))]
)
def test_a_beginning_and_the_end_of_another_telegram_make_none(family: str, variant: str) -> None:
    """What was between them is lost, and parts of a message do not say which one they are of."""
    one, other, *_ = stream(family, variant)
    lost = len(b"".join(one.segments[1:])) + len(other.segments[0])
    parts = one.segments[0], bytes(lost), *other.segments[1:]
    read = telegrams(decode([b"".join(parts)]))
    assert [registers(each) for each in read if not each.fault] == (
        [] if other.segments[1:] else [expected_registers(one.truth)]
    )


@pytest.mark.parametrize(
    "link",
    [
        links.MBus(),
        links.MBus(links.SAGEMCOM_LENGTH),
        links.MBus(60),
        links.Hdlc(),
        links.Hdlc(longest=70),
        links.Hdlc(blocks=(50,)),
        links.Wrapper(),
        links.Plain(),
    ],
    ids=["mbus", "modulo", "mbus-60", "hdlc", "hdlc-70", "gbt", "wrapper", "raw"],
)
@EVERY_LIST
def test_any_list_may_come_over_any_link(family: str, variant: str, link: links.Link) -> None:
    meter = meters.build(family, variant)
    meter.link = link
    sent = meter.telegram(Household(7, NOON, phases=meter.phases).at(NOON))
    (telegram,) = telegrams(decode([sent.data]))
    assert registers(telegram) == expected_registers(sent.truth)
    assert telegram.profile is not None
    assert telegram.profile.type == family


@EVERY_LIST
def test_a_meter_that_does_not_cipher_needs_no_key(family: str, variant: str) -> None:
    meter = meters.build(family, variant, encrypted=False)
    sent = meter.telegram(Household(7, NOON, phases=meter.phases).at(NOON))
    (telegram,) = telegrams(decode([sent.data], Keys()))
    assert telegram.fault is None
    assert telegram.push.security is None
    assert registers(telegram) == expected_registers(sent.truth)


def test_two_meters_on_one_line_are_told_apart() -> None:
    line = decoder()
    for number in range(3):
        moment = NOON + timedelta(seconds=5 * number)
        for family, variant in (("kaifa", "netznoe"), ("e450", "steiermark")):
            meter = meters.build(family, variant)
            sent = meter.telegram(Household(7, moment, phases=meter.phases).at(moment))
            (telegram,) = telegrams(line.feed(sent.data))
            assert registers(telegram) == expected_registers(sent.truth)
            assert telegram.number == sent.truth.meter_id


# --- Keys ---


@EVERY_LIST
def test_without_the_key_a_telegram_gives_only_its_sender(family: str, variant: str) -> None:
    sent, *_ = stream(family, variant)
    (telegram,) = telegrams(decode([sent.data], Keys()))
    assert telegram.fault is not None
    assert telegram.fault.kind is Kind.KEY_MISSING
    assert sent.truth.system_title.hex() in str(telegram.fault.reason)
    assert (telegram.registers, telegram.reading, telegram.unknown) == (None, None, ())


@EVERY_LIST
@settings(max_examples=of_hundred(4))
@given(key=st.binary(min_size=16, max_size=16).filter(lambda key: key != KEY))
def test_with_a_wrong_key_a_telegram_gives_no_values(family: str, variant: str, key: bytes) -> None:
    sent, *_ = stream(family, variant)
    (telegram,) = telegrams(decode([sent.data], Keys(key)))
    assert telegram.fault is not None
    assert (telegram.registers, telegram.reading, telegram.unknown) == (None, None, ())


@pytest.mark.parametrize(("family", "variant"), AUTHENTICATED)
def test_with_a_wrong_authentication_key_a_telegram_gives_no_values(
    family: str, variant: str
) -> None:
    sent, *_ = stream(family, variant)
    (telegram,) = telegrams(decode([sent.data], Keys(KEY, KEY)))
    assert telegram.fault is not None
    assert telegram.fault.kind is Kind.AUTH_KEY_WRONG
    assert (telegram.registers, telegram.reading, telegram.unknown) == (None, None, ())


# --- Damage ---


@pytest.mark.parametrize(("family", "variant"), AUTHENTICATED)
@settings(max_examples=of_hundred(30))
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(1, 255)), min_size=1, max_size=4
    ),
    drop=st.integers(0, 3),
)
def test_corruption_that_the_checksums_miss_never_gives_a_wrong_value(
    family: str, variant: str, changes: list[tuple[int, int]], drop: int
) -> None:
    """The link's checksums are right, so only the authentication stands in the way."""
    meter = meters.build(family, variant)
    sent = meter.telegram(Household(7, NOON, phases=meter.phases).at(NOON))
    apdu = bytearray(sent.apdu)
    for at, bits in changes:
        apdu[at % len(apdu)] ^= bits
    corrupted = bytes(apdu[: len(apdu) - drop])
    data = b"".join(meter.link.frames(corrupted))
    for telegram in telegrams(decode([data])):
        if telegram.reading is not None:  # the same telegram under the tag of another service
            assert registers(telegram) == expected_registers(sent.truth)
            assert telegram.timestamp == sent.truth.timestamp


@EVERY_LIST
@settings(max_examples=of_hundred(12))
@given(at=st.integers(0, 10_000), bits=st.integers(1, 255))
def test_a_changed_byte_never_gives_a_wrong_value(
    family: str, variant: str, at: int, bits: int
) -> None:
    sent = stream(family, variant)[:3]
    data = bytearray(b"".join(one.data for one in sent))
    start = len(sent[0].data)
    data[start + at % len(sent[1].data)] ^= bits
    read = telegrams(decode([bytes(data)]))
    truths = [expected_registers(one.truth) for one in sent]
    said = [registers(one) for one in read if one.reading]
    assert said in (truths, [truths[0], truths[2]])


@EVERY_LIST
@settings(max_examples=of_hundred(12))
@given(at=st.integers(0, 10_000), sizes=chunk_sizes)
def test_a_lost_byte_costs_no_more_than_its_telegram(
    family: str, variant: str, at: int, sizes: list[int]
) -> None:
    sent = stream(family, variant)
    data = bytearray(b"".join(one.data for one in sent))
    del data[len(sent[0].data) + at % len(sent[1].data)]
    read = telegrams(decode(cut(bytes(data), sizes)))
    truths = [expected_registers(one.truth) for one in sent]
    assert [registers(one) for one in read] in (truths, [truths[0], *truths[2:]])
    assert not any(one.fault for one in read)


@EVERY_LIST
@settings(max_examples=of_hundred(8))
@given(at=st.integers(0, 10_000), noise=st.binary(min_size=1, max_size=5))
def test_inserted_bytes_cost_no_more_than_their_telegram(
    family: str, variant: str, at: int, noise: bytes
) -> None:
    sent = stream(family, variant)[:3]
    data = bytearray(b"".join(one.data for one in sent))
    where = len(sent[0].data) + at % len(sent[1].data)
    data[where:where] = noise
    read = telegrams(decode([bytes(data)]))
    truths = [expected_registers(one.truth) for one in sent]
    assert [registers(one) for one in read] in (truths, [truths[0], truths[2]])


@pytest.mark.parametrize("link", [links.Wrapper(), links.Plain()], ids=["wrapper", "raw"])
def test_a_lost_byte_on_a_line_without_checksums_costs_two_telegrams_at_most(
    link: links.Link,
) -> None:
    meter = meters.build("kaifa", "netznoe")
    meter.link = link
    house = Household(7, NOON)
    sent = [meter.telegram(house.at(NOON + timedelta(seconds=5 * at))) for at in range(4)]
    truths = [expected_registers(one.truth) for one in sent]
    start = len(sent[0].data)
    for lost in range(start, start + len(sent[1].data), 6):
        data = bytearray(b"".join(one.data for one in sent))
        del data[lost]
        said = [registers(one) for one in telegrams(decode([bytes(data)])) if one.reading]
        assert said[0] == truths[0]
        assert said[-1] == truths[3]
        assert len(said) >= 2
        assert all(registers in truths for registers in said)


@EVERY_LIST
def test_a_telegram_without_its_end_gives_nothing(family: str, variant: str) -> None:
    sent, *_ = stream(family, variant)
    data = sent.data.removesuffix(links.FLAG)
    for kept in range(1, len(data), 7):
        assert telegrams(decode([data[:kept]])) == []
    assert telegrams(decode([data[:-1]])) == []


@EVERY_LIST
def test_a_telegram_without_its_beginning_gives_no_wrong_value(family: str, variant: str) -> None:
    """What is left may be a whole ciphered APDU, which is taken for what it is."""
    sent, *_ = stream(family, variant)
    for missing in [*range(2, 30), *range(30, len(sent.data), 15)]:
        for telegram in telegrams(decode([sent.data[missing:]])):
            assert telegram.push.frame.link == "raw"
            assert telegram.fault or registers(telegram) == expected_registers(sent.truth)


@EVERY_LIST
def test_a_cut_telegram_is_damaged_at_a_byte_that_was_fed(family: str, variant: str) -> None:
    sent, *_ = stream(family, variant)
    for kept in range(12, len(sent.data) - 2, 30):
        events = decode([sent.data[:kept]])
        assert {fault.kind for fault in faults(events)} == {Kind.DAMAGED}
        assert {fault.offset for fault in faults(events)} <= set(range(kept))


# --- Noise ---


@given(st.lists(st.binary(max_size=120), max_size=12), st.sampled_from([AUTO, "kaifa", "e450"]))
def test_random_bytes_never_raise(chunks: list[bytes], meter_type: str) -> None:
    for event in decode(chunks, BOTH_KEYS, meter_type):
        assert isinstance(event, (Telegram, Fault))


@given(content=st.binary(max_size=200), ciphered=st.booleans(), whole=st.booleans())
def test_random_apdus_in_good_frames_never_raise(
    *, content: bytes, ciphered: bool, whole: bool
) -> None:
    apdu = content
    if whole:
        body = axdr.Raw(b"\x02" + content)
        apdu = axdr.data_notification(body, invoke_id=1)
    if ciphered:
        apdu = Ciphering(authenticated=True).protect(apdu, system_title=b"LGZ12345", counter=1)
    for link in (links.MBus(), links.Hdlc(), links.Hdlc(blocks=(30,)), links.Wrapper()):
        decode([b"".join(link.frames(apdu))])


@EVERY_LIST
@settings(max_examples=of_hundred(8))
@given(seed=SEEDS)
def test_a_body_with_changed_bytes_never_raises(family: str, variant: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- which bytes change is no secret
    meter = meters.build(family, variant, encrypted=False)
    sent = meter.telegram(Household(7, NOON, phases=meter.phases).at(NOON))
    apdu = bytearray(sent.apdu)
    for _ in range(chance.randrange(1, 6)):
        apdu[chance.randrange(len(apdu))] = chance.randrange(256)
    decode([b"".join(meter.link.frames(bytes(apdu)))], Keys())


def test_noise_is_counted() -> None:
    one = decoder()
    sent, *_ = stream("kaifa", "netznoe")
    one.feed(b"\x01\x02\x03" + sent.data + b"\x04\x05")
    one.finish()
    assert (one.junk, one.frames) == (5, 2)


def test_a_decoder_can_be_fed_again_after_its_end() -> None:
    one = decoder()
    first, second, *_ = stream("e450", "steiermark")
    one.feed(first.data[: len(first.data) // 2])
    assert faults(one.finish()) != []
    (telegram,) = telegrams(one.feed(second.data))
    assert registers(telegram) == expected_registers(second.truth)


def test_the_text_of_a_decoder_does_not_hold_its_keys() -> None:
    one = decoder(BOTH_KEYS)
    held = [getattr(of, name) for of in (one, one._receiver) for name in of.__slots__]
    shown = f"{one!r} {held!r}"
    for key in (KEY, AUTH_KEY):
        assert key.hex() not in shown.lower()
        assert repr(key)[2:-1] not in shown


@pytest.mark.parametrize("family", meters.FAMILIES)
def test_a_telegram_is_under_way_until_it_is_whole(family: str) -> None:
    one, meter = decoder(BOTH_KEYS), meters.build(family)
    for _ in range(2):  # the second time what is known of the line is used
        begun, *others = single_bytes(meter.telegram(household(meter)).data)
        assert not one.feed(begun)  # a flag of HDLC, which may end a frame as well
        under_way = True
        for byte in others:
            under_way = under_way and not one.feed(byte)
            assert one.under_way == under_way
        assert not under_way


def test_noise_is_no_telegram_under_way() -> None:
    one = decoder()
    one.feed(b"ser2net port 2010\r\n")
    assert not one.under_way
