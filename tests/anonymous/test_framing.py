"""Where the bytes of messages stand in a stream."""

import pytest

from app.anonymous.framing import messages
from app.link.p1_checksum import Checksums
from simulator import links

APDU = b"\x0f" + bytes(n % 251 for n in range(2100))


@pytest.mark.parametrize("longest", [60, 128])
@pytest.mark.parametrize("block", [200, 700, 1000])
def test_blocks_are_joined_however_many_segments_each_is_sent_in(block: int, longest: int) -> None:
    link = links.Hdlc(longest=longest)
    blocks = links.general_block_transfer(APDU, block)
    data = b"".join(frame for one in blocks for frame in link.frames(one))
    (message,) = messages(data, Checksums())
    assert message.payload == APDU
    assert bytes(data[place] for place in message.places) == APDU
