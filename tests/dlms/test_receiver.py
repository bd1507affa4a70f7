"""From frames to what the meter pushed; what is wrong with keys is told apart."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dlms import apdu
from app.dlms.ciphering import CipheredApdu, Keys, seal
from app.dlms.receiver import Event, Push, Receiver, Security
from app.fault import Fault, Kind
from app.link.frame import Frame
from app.link.p1_checksum import Checksums
from simulator import links
from simulator.ciphering import AUTH_KEY, KEY, Ciphering
from simulator.links import P1Checksum
from tests.support.telegrams import telegram

TITLE = b"LGZ\x67\x70\x12\xd6\x87"
NOTIFICATION = telegram("e450", "burgenland").plaintext
OTHER = bytes(range(0x40, 0x50))
TAGGED = Ciphering(authenticated=True).protect(NOTIFICATION, system_title=TITLE, counter=9)
UNTAGGED = Ciphering().protect(NOTIFICATION, system_title=TITLE, counter=9)
BLOCKS = links.general_block_transfer(TAGGED, 40, 30)


def frame(payload: bytes, offset: int = 77, link: str = "hdlc") -> Frame:
    return Frame(link, offset, payload, "ceff03")


def receive(payload: bytes, keys: Keys, link: str = "hdlc") -> Push:
    (push,) = Receiver(keys).feed(frame(payload, link=link))
    assert isinstance(push, Push)
    return push


def failure(payload: bytes, keys: Keys) -> Fault:
    push = receive(payload, keys)
    assert push.content is None
    assert push.fault is not None
    return push.fault


# --- Keys ---


def ciphered_only(payload: bytes, keys: Keys, link: str = "hdlc") -> Push:
    (push,) = Receiver(keys, ciphered_only=True).feed(frame(payload, link=link))
    assert isinstance(push, Push)
    return push


def test_what_anybody_can_have_made_is_a_fault_where_telegrams_have_to_be_ciphered() -> None:
    open_ones = [(NOTIFICATION, "hdlc"), (b"/KFM5KAIFA-METER\r\n", "p1")]
    open_ones.append((with_control(0x00, NOTIFICATION), "hdlc"))
    for payload, link in open_ones:
        assert receive(payload, Keys(KEY, AUTH_KEY), link).fault is None
        push = ciphered_only(payload, Keys(KEY, AUTH_KEY), link)
        assert (push.content, push.plaintext) == (None, None)
        assert push.fault
        assert (push.fault.kind, push.fault.offset) == (Kind.NOT_CIPHERED, 77)
        assert "take the key out" in str(push.fault.reason)


def test_what_was_made_with_one_of_the_keys_is_none() -> None:
    keys = Keys(KEY, AUTH_KEY)
    for payload in (TAGGED, UNTAGGED, tagged_only()):
        assert ciphered_only(payload, keys).fault is None
    wrong = ciphered_only(tagged_only(), Keys(KEY, OTHER)).fault
    assert wrong
    assert wrong.kind is Kind.AUTH_KEY_WRONG
    unchecked = ciphered_only(tagged_only(), Keys(KEY)).fault
    assert unchecked
    assert unchecked.kind is Kind.NOT_CIPHERED


def with_control(control: int, content: bytes) -> bytes:
    """A telegram that says by its security control what was done to its content."""
    header = bytes((0xDB, 8, *TITLE, 5 + len(content), control))
    return header + (9).to_bytes(4, "big") + content


def tagged_only() -> bytes:
    """A telegram in the clear, with a tag."""
    apdu_ = CipheredApdu(TITLE, 0x10, 9, NOTIFICATION, bytes(12))
    return with_control(0x10, seal(apdu_, NOTIFICATION, KEY, AUTH_KEY))


def test_both_keys_right() -> None:
    push = receive(TAGGED, Keys(KEY, AUTH_KEY))
    assert push.content == apdu.parse(NOTIFICATION)
    assert push.security == Security(TITLE, 0x30, 9, authenticated=True)
    assert push.fault is None


def test_without_an_authentication_key_the_tag_is_not_checked() -> None:
    push = receive(TAGGED, Keys(KEY))
    assert push.content == apdu.parse(NOTIFICATION)
    assert push.security == Security(TITLE, 0x30, 9, authenticated=None)


def test_without_a_tag_an_authentication_key_changes_nothing() -> None:
    push = receive(UNTAGGED, Keys(KEY, AUTH_KEY))
    assert push.content == apdu.parse(NOTIFICATION)
    assert push.security == Security(TITLE, 0x20, 9, authenticated=None)


def test_a_telegram_whose_tag_was_stripped_is_not_believed() -> None:
    """Which takes no key, and neither does changing its content then."""
    receiver = Receiver(Keys(KEY, AUTH_KEY))
    (good,) = receiver.feed(frame(TAGGED))
    assert isinstance(good, Push)
    assert good.security == Security(TITLE, 0x30, 9, authenticated=True)
    forged = bytearray(UNTAGGED)
    forged[-1] ^= 0x40
    for payload in (UNTAGGED, bytes(forged)):
        (push,) = receiver.feed(frame(payload))
        assert isinstance(push, Push)
        assert push.content is None
        assert push.fault is not None


def test_a_missing_key_is_told_with_the_meter_that_wants_it() -> None:
    for payload in (TAGGED, UNTAGGED):
        for keys in (Keys(), Keys(authentication=AUTH_KEY)):
            fault = failure(payload, keys)
            assert (fault.kind, fault.layer, fault.offset) == (Kind.KEY_MISSING, "ciphering", 77)
            assert TITLE.hex() in str(fault.reason)
    assert receive(UNTAGGED, Keys()).security == Security(TITLE, 0x20, 9, authenticated=None)


def test_a_wrong_encryption_key_is_told() -> None:
    for payload in (TAGGED, UNTAGGED):
        for keys in (Keys(OTHER), Keys(OTHER, AUTH_KEY), Keys(AUTH_KEY, KEY)):
            fault = failure(payload, keys)
            assert (fault.kind, fault.layer, fault.offset) == (Kind.KEY_WRONG, "ciphering", 77)
            assert "encryption key" in str(fault.reason)


def test_what_is_known_of_tags_outlives_a_receiver() -> None:
    receiver = Receiver(Keys(KEY, AUTH_KEY))
    for _ in range(2):
        receiver.feed(frame(TAGGED))
    assert receiver.tagged == (TITLE,)
    (push,) = Receiver(Keys(KEY, AUTH_KEY), receiver.tagged).feed(frame(UNTAGGED))
    assert isinstance(push, Push)
    assert push.fault is not None


def test_a_wrong_authentication_key_is_told() -> None:
    fault = failure(TAGGED, Keys(KEY, OTHER))
    assert (fault.kind, fault.layer, fault.offset) == (Kind.AUTH_KEY_WRONG, "ciphering", 77)
    assert "auth_key" in str(fault.reason)
    security = receive(TAGGED, Keys(KEY, OTHER)).security
    assert security is not None
    assert security.authenticated is False


@given(st.binary(min_size=16, max_size=16).filter(lambda key: key != KEY))
def test_no_wrong_key_gives_content(key: bytes) -> None:
    fault = failure(UNTAGGED, Keys(key))
    assert fault.kind in (Kind.KEY_WRONG, Kind.DAMAGED)


def test_no_fault_shows_a_key() -> None:
    for keys in (Keys(OTHER), Keys(KEY, OTHER), Keys(authentication=OTHER)):
        push = receive(TAGGED, keys)
        assert OTHER.hex() not in repr(push).lower()
        assert KEY.hex() not in repr(push).lower()
        assert repr(OTHER)[2:-1] not in repr(push)


@pytest.mark.parametrize("suite", [0, 1])
def test_the_security_control_byte_says_what_was_done(suite: int) -> None:
    for control, ciphered, tagged in (
        *((0x00, False, False), (0x10, False, True)),
        *((0x20, True, False), (0x30, True, True)),
    ):
        security = Security(TITLE, control | suite, 9, authenticated=None)
        assert (security.is_ciphered, security.has_tag) == (ciphered, tagged)


# --- What else may come ---


def test_a_notification_in_the_clear_needs_no_key() -> None:
    push = receive(NOTIFICATION, Keys())
    assert push.content == apdu.parse(NOTIFICATION)
    assert (push.security, push.fault) == (None, None)


def test_a_telegram_of_text_is_handed_on() -> None:
    push = receive(b"/SAG5\r\n!", Keys(), "p1")
    assert push.content == b"/SAG5\r\n!"
    assert push.is_text
    assert (push.security, push.fault) == (None, None)


def test_a_ciphered_telegram_of_text_is_opened() -> None:
    text = links.p1("SAG5", ["1-0:1.8.0(1*Wh)"])
    sealed = Ciphering(authenticated=True).protect(text, system_title=TITLE, counter=9)
    push = receive(sealed, Keys(KEY, AUTH_KEY), "raw")
    assert push.content == text.partition(b"!")[0] + b"!"
    assert push.security == Security(TITLE, 0x30, 9, authenticated=True)


def test_a_ciphered_text_with_a_wrong_checksum_is_not_believed() -> None:
    """Without an authentication key nothing else guards it."""
    text = links.p1("SAG5", ["1-0:1.8.0(1*Wh)"]).replace(b"(1*", b"(2*")
    fault = failure(Ciphering().protect(text, system_title=TITLE, counter=9), Keys(KEY))
    assert (fault.kind, fault.layer) == (Kind.CHECKSUM_WRONG, "p1")
    assert "checksum" in str(fault.reason)


def test_a_ciphered_text_with_a_wrong_tag_is_not_believed() -> None:
    text = links.p1("SAG5", ["1-0:1.8.0(1*Wh)"])
    sealed = Ciphering(authenticated=True).protect(text, system_title=TITLE, counter=9)
    assert failure(sealed, Keys(KEY, OTHER)).kind is Kind.AUTH_KEY_WRONG


def ciphered_text(checksum: P1Checksum) -> bytes:
    text = links.p1_with("SAG5", ["1-0:1.8.0(1*Wh)"], checksum)
    return Ciphering().protect(text, system_title=TITLE, counter=9)


@pytest.mark.parametrize(
    ("checksum", "of_frame", "bits"),
    [
        (P1Checksum.ARC, 0, 16),
        (P1Checksum.ARC, 8, 16),
        (P1Checksum.NONE, 8, 8),
        (P1Checksum.NONE, 0, 0),
    ],
)
def test_a_ciphered_text_is_covered_as_one_by_its_own_checksum_or_the_frame_s(
    checksum: P1Checksum, of_frame: int, bits: int
) -> None:
    came = frame(ciphered_text(checksum), link="raw")._replace(checksum=of_frame, parts=3)
    (push,) = Receiver(Keys(KEY)).feed(came)
    assert isinstance(push, Push)
    assert (push.fault, push.frame.checksum, push.frame.parts) == (None, bits, 1)


def test_a_sender_of_ciphered_texts_keeps_its_sort_of_checksum() -> None:
    other, usual = ciphered_text(P1Checksum.X25), ciphered_text(P1Checksum.ARC)
    known = Checksums()
    receivers = Receiver(Keys(KEY)), Receiver(Keys(KEY), checksums=known)
    for receiver in 3 * receivers:
        receiver.feed(frame(other))
    for receiver in (*receivers, Receiver(Keys(KEY), checksums=known)):
        (push,) = receiver.feed(frame(usual))
        assert isinstance(push, Push)
        assert push.fault is not None
        assert push.fault.kind is Kind.CHECKSUM_WRONG


def test_tags_of_so_many_senders_are_known() -> None:
    receiver = Receiver(Keys(KEY, AUTH_KEY))
    for number in range(40):
        title = TITLE[:-1] + bytes((number,))
        sealed = Ciphering(authenticated=True).protect(NOTIFICATION, system_title=title, counter=9)
        receiver.feed(frame(sealed))
    assert len(receiver.tagged) == 32


def test_a_slash_with_no_text_behind_it_is_a_wrong_key() -> None:
    sealed = Ciphering().protect(b"/\xff" + bytes(60), system_title=TITLE, counter=9)
    assert failure(sealed, Keys(KEY)).kind is Kind.KEY_WRONG


def test_an_apdu_of_another_kind_is_not_supported() -> None:
    fault = failure(b"\xc4\x01\x00\x00", Keys())
    assert (fault.kind, fault.layer, fault.offset) == (Kind.UNSUPPORTED, "apdu", 77)


def test_an_empty_payload_is_not_supported() -> None:
    assert failure(b"", Keys()).kind is Kind.UNSUPPORTED


def test_a_notification_that_is_cut_tells_the_byte_within_the_telegram() -> None:
    fault = failure(NOTIFICATION[:-1], Keys())
    assert (fault.kind, fault.layer, fault.offset) == (Kind.DAMAGED, "a-xdr", 77)
    assert str(fault.reason).endswith(f"(byte {len(NOTIFICATION) - 1} of the telegram)")


def test_a_well_deciphered_telegram_that_is_cut_is_no_wrong_key() -> None:
    sealed = Ciphering(authenticated=True).protect(NOTIFICATION[:-1], system_title=TITLE, counter=9)
    for keys in (Keys(KEY), Keys(KEY, AUTH_KEY)):
        assert failure(sealed, keys).kind is Kind.DAMAGED


def test_an_authenticated_telegram_of_another_kind_is_no_wrong_key() -> None:
    sealed = Ciphering(authenticated=True).protect(b"\xc4\x01", system_title=TITLE, counter=9)
    assert failure(sealed, Keys(KEY, AUTH_KEY)).kind is Kind.UNSUPPORTED


def test_a_ciphered_apdu_that_is_damaged_is_told() -> None:
    fault = failure(TAGGED[:-1], Keys(KEY))
    assert (fault.kind, fault.layer) == (Kind.DAMAGED, "ciphering")


def test_a_fault_of_the_link_passes_through() -> None:
    fault = Fault(Kind.DAMAGED, "mbus", 3, "the checksum is wrong")
    assert Receiver(Keys()).feed(fault) == [fault]


# --- Block transfer ---


def feed_blocks(receiver: Receiver, *blocks: bytes) -> list[Event]:
    return [
        event
        for at, block in enumerate(blocks)
        for event in receiver.feed(frame(block, 1000 + 50 * at))
    ]


def test_blocks_are_joined_and_then_deciphered() -> None:
    assert len(BLOCKS) == 4
    (push,) = feed_blocks(Receiver(Keys(KEY, AUTH_KEY)), *BLOCKS)
    assert isinstance(push, Push)
    assert push.frame == frame(TAGGED, 1000)._replace(parts=4)
    assert push.content == apdu.parse(NOTIFICATION)
    assert push.security == Security(TITLE, 0x30, 9, authenticated=True)


def test_a_notification_in_the_clear_may_come_in_blocks() -> None:
    blocks = links.general_block_transfer(NOTIFICATION, 25)
    (push,) = feed_blocks(Receiver(Keys()), *blocks)
    assert isinstance(push, Push)
    assert push.content == apdu.parse(NOTIFICATION)


@pytest.mark.parametrize("lost", range(4))
def test_a_lost_block_drops_its_message_and_no_other(lost: int) -> None:
    rest = BLOCKS[:lost] + BLOCKS[lost + 1 :]
    events = feed_blocks(Receiver(Keys(KEY, AUTH_KEY)), *rest, *BLOCKS)
    *faults, push = events
    assert isinstance(push, Push)
    assert push.content == apdu.parse(NOTIFICATION)
    assert faults
    assert {fault.layer for fault in faults if isinstance(fault, Fault)} == {"gbt"}


@pytest.mark.parametrize("doubled", range(1, 3))
def test_a_doubled_block_drops_its_message(doubled: int) -> None:
    blocks = [*BLOCKS[: doubled + 1], *BLOCKS[doubled:]]
    events = feed_blocks(Receiver(Keys(KEY)), *blocks)
    assert [event for event in events if isinstance(event, Push)] == []


def test_swapped_blocks_drop_their_message() -> None:
    first, second, third, last = BLOCKS
    events = feed_blocks(Receiver(Keys(KEY)), first, third, second, last)
    assert [event for event in events if isinstance(event, Push)] == []


def test_blocks_of_two_messages_are_not_mixed() -> None:
    other = links.general_block_transfer(
        replace(Ciphering(authenticated=True)).protect(
            NOTIFICATION, system_title=TITLE, counter=10
        ),
        40,
        30,
    )
    events = feed_blocks(Receiver(Keys(KEY)), *BLOCKS[:2], *other)
    pushes = [event for event in events if isinstance(event, Push)]
    assert [push.security and push.security.invocation_counter for push in pushes] == [10]


def test_a_block_that_is_damaged_ends_its_message() -> None:
    events = feed_blocks(Receiver(Keys(KEY)), BLOCKS[0], BLOCKS[1][:-1], *BLOCKS[2:])
    assert [event for event in events if isinstance(event, Push)] == []
    reasons = [str(event.reason) for event in events if isinstance(event, Fault)]
    assert reasons[0] == "a message broke off before its block 2"
    assert "30 bytes announced, 29 present" in reasons[1]


def test_the_end_of_the_stream_tells_of_blocks_that_are_missing() -> None:
    receiver = Receiver(Keys(KEY))
    feed_blocks(receiver, *BLOCKS[:2])
    reason = "a message broke off before its block 3"
    assert receiver.finish() == [Fault(Kind.DAMAGED, "gbt", 1000, reason)]
    assert receiver.finish() == []


@given(payloads=st.lists(st.binary(max_size=60), max_size=6), keyed=st.booleans())
def test_random_payloads_never_raise(*, payloads: list[bytes], keyed: bool) -> None:
    receiver = Receiver(Keys(KEY, AUTH_KEY) if keyed else Keys())
    for payload in payloads:
        for start in (b"", b"\xdb\x08" + TITLE, b"\xdc", b"\xe0\x40\0\1\0\0", b"\x0f\0\0\0\0\0"):
            receiver.feed(frame(start + payload))
    receiver.finish()
