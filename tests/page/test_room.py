"""One sender cannot hold all connections."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.page.access import SUPERVISOR
from app.page.room import MOST, MOST_OF_ADDRESS, MOST_OF_NETWORK, MOST_OF_PREFIX, Room

GUEST = "192.168.1.66"


OTHER = "192.168.1.7"


LOOPBACK = "127.0.0.1"


def taken(room: Room, *addresses: str) -> int:
    return sum(map(room.take, addresses))


@pytest.mark.parametrize("address", [GUEST, f"::ffff:{GUEST}", "2001:db8::1", "fe80::1%eth0"])
def test_one_address_holds_a_few(address: str) -> None:
    room = Room()
    assert taken(room, *[address] * 1000) == MOST_OF_ADDRESS
    assert room.take(OTHER)
    room.leave(address)
    assert taken(room, *[address] * 2) == 1


def test_an_address_of_ipv4_is_the_same_by_ipv6() -> None:
    room = Room()
    assert taken(room, *[GUEST, f"::ffff:{GUEST}"] * 100) == MOST_OF_ADDRESS


def test_all_addresses_of_an_ipv6_network_together_leave_room_for_others() -> None:
    room = Room()
    assert taken(room, *(f"2001:db8::{n:x}" for n in range(1000))) == MOST_OF_PREFIX
    assert taken(room, *(f"2001:db8::{n:x}:0:0:1" for n in range(1000))) == 0
    assert room.take("2001:db8:0:1::1")
    assert room.take(OTHER)


def test_the_whole_network_leaves_room_for_this_computer() -> None:
    room = Room()
    assert taken(room, *(f"192.168.{n // 250}.{n % 250}" for n in range(1000))) == MOST_OF_NETWORK
    assert not room.take("2001:db8::1")
    assert taken(room, *[LOOPBACK, "::1", "::ffff:127.0.0.1"] * 100) == MOST - MOST_OF_NETWORK


def test_this_computer_and_the_supervisor_may_hold_all() -> None:
    """A whole household may be behind either."""
    for address in (LOOPBACK, "::1", "127.0.0.9", SUPERVISOR, f"::ffff:{SUPERVISOR}"):
        assert taken(Room(SUPERVISOR), *[address] * 100) == MOST
    assert taken(Room(), *[SUPERVISOR] * 100) == MOST_OF_ADDRESS


ADDRESSES = st.sampled_from([GUEST, OTHER, LOOPBACK, "::1", "2001:db8::1", "2001:db8::2"]) | (
    st.ip_addresses().map(str)
)


@given(st.lists(ADDRESSES, max_size=200), st.randoms())
def test_nothing_is_left_of_those_who_left(addresses: list[str], order: Random) -> None:
    room = Room()
    inside = [address for address in addresses if room.take(address)]
    assert len(inside) <= MOST
    assert all(n <= MOST_OF_ADDRESS for a, n in Counter(inside).items() if a in {GUEST, OTHER})
    order.shuffle(inside)
    for address in inside:
        room.leave(address)
    assert (room._all, room._held) == (0, Counter())
