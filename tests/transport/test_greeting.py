"""What a gateway itself says: taken out of what it hands on, and kept."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport.greeting import Greeting, is_in_use, lacks_device
from tests.support.gateways import DEBIAN

LONG = (
    b"\r\nser2net port telnet(rfc2217=true),tcp,127.0.0.1,2010 device serialdev,/dev/pts/0,2400e81,"
    b"local [,2400E81,CLOCAL] (Debian GNU/Linux)\r\n\r\n"
)
IN_USE = (b"Port already in use\r\n", b"Port's device already in use\r\n")
NO_DEVICE = (
    b"Device open failure: Value or file not found\r\n",
    b"Device open failure: Permission denied\r\n",
    b"Device open failure: Object was already in use\r\n",
)
OWN = (DEBIAN, LONG, *IN_USE, *NO_DEVICE)
M_BUS = bytes.fromhex("68fafa6853ff000167db084b464d655012d6")
P1 = b"/ISk5\\2MT382-1003\r\n\r\n0-0:96.1.1(4B384547303034303436333935353037)\r\n"


def split(stream: bytes, *cuts: int) -> tuple[bytes, list[str], str | None]:
    greeting = Greeting()
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    given_ = [greeting.feed(stream[a:b]) for a, b in itertools.pairwise(places)]
    return b"".join(given_) + greeting.finish(), greeting.said, greeting.last_words()


@given(
    st.sampled_from(OWN),
    st.sampled_from([M_BUS, P1, b""]),
    st.lists(st.integers(0, 300), max_size=5),
)
def test_a_text_of_ser2net_is_taken_out_wherever_it_is_cut(
    own: bytes, data: bytes, cuts: list[int]
) -> None:
    text = " ".join(own.decode().split())[:120]
    assert split(own + data, *cuts)[:2] == (data, [text])


@given(st.binary(max_size=40), st.lists(st.integers(0, 300), max_size=5))
def test_what_is_no_text_of_ser2net_is_given_as_it_is(data: bytes, cuts: list[int]) -> None:
    assert split(data, *cuts)[0] == data


@pytest.mark.parametrize(
    "data",
    [
        P1,
        b"\r\n" + P1,
        P1[9:],  # begun in the middle
        b"5Q3DB1024 V3.04\r\n\r\n1-0:1.8.0*255(1*kWh)\r\n",
        b"Port 1\r\n",
        b"\r\n" * 1000,
        b"s",
        b"Port already in us",
        b"ser" + M_BUS,
        M_BUS + b"\r\nPort already in use\r\n",  # not at the beginning
        b"ser2net " + b"x" * 1000,
    ],
)
def test_what_only_looks_like_it_is_given_as_it_is(data: bytes) -> None:
    for cuts in ((), range(len(data))):
        assert split(data, *cuts)[:2] == (data, [])


def test_nothing_is_held_back_but_what_may_become_a_text_of_ser2net() -> None:
    greeting = Greeting()
    assert greeting.feed(M_BUS[:1]) == M_BUS[:1]
    assert greeting.feed(M_BUS[1:]) == M_BUS[1:]


@pytest.mark.parametrize("own", IN_USE)
def test_a_port_that_is_in_use_is_known(own: bytes) -> None:
    _, _, words = split(own)
    assert words == own.decode().strip()
    assert is_in_use(words)
    assert not lacks_device(words)


@pytest.mark.parametrize("own", NO_DEVICE)
def test_a_device_that_is_missing_is_known(own: bytes) -> None:
    _, _, words = split(own)
    assert words == own.decode().strip()
    assert lacks_device(words)
    assert not is_in_use(words)


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (b"Sorry, too many clients\r\n", "Sorry, too many clients"),
        (b"port already in use", "port already in use"),
        (b"Go away now!\r\n", "Go away now!"),
        (b"1-0:1.8.0(1*kWh) and more\r\n", None),
        (b"one two\r\n!4F2A\r\n", None),
        (M_BUS, None),
        (P1, None),
        (b"!4F2A\r\n", None),
        (b"one", None),
        (b"4B384547303034303436333935353037", None),
        (b"a b" * 1000, None),
        (b"", None),
    ],
)
def test_a_connection_that_was_nothing_but_text_has_last_words(
    stream: bytes, words: str | None
) -> None:
    given_, said, last = split(stream)
    assert (given_, said, last) == (stream, [], words)
