from hypothesis import given
from hypothesis import strategies as st

from app.mqtt.layout import Message
from app.mqtt.packed import Packed, pack, unpack

LONG = Message("a", '{"unit": "m³"}' * 1000, retain=True)


@given(
    st.builds(Message, st.text(), st.text(st.characters()), retain=st.booleans()),
    st.integers(1, 400),
)
def test_each_message_is_unpacked_as_it_was(message: Message, times: int) -> None:
    message = message._replace(payload=message.payload * times)
    assert unpack(pack(message)) == message
    assert pack(message) == pack(message)


def test_an_announcement_is_packed() -> None:
    packed = pack(LONG)
    assert isinstance(packed, Packed)
    assert len(packed.data) < len(LONG.payload) / 10


def test_what_is_sent_often_is_not_packed() -> None:
    often = LONG._replace(retain=False)
    assert pack(often) is unpack(often) is often
    status = Message("a", "online", retain=True)
    assert pack(status) is unpack(status) is status
