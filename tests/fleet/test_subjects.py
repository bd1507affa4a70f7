import pytest

from app.fleet import subjects
from app.fleet.subjects import Place


@pytest.mark.parametrize("name", ["m1", "1KFM0200204404", "a-b_c/d:e", "x" * 128])
def test_one_token_of_a_subject_is_a_name(name: str) -> None:
    assert subjects.is_name(name)
    assert subjects.name_of(f"raw.7.{name}") == name


@pytest.mark.parametrize("name", ["", "a b", "a.b", "*", "a>", "a\n", "ü", "x" * 129, "a\x00"])
def test_nothing_else_is_a_name(name: str) -> None:
    assert not subjects.is_name(name)


def test_both_forms_of_an_ack_subject_say_where_the_message_stands() -> None:
    place = Place(sequence=13, delivery=5, arrival=1795926272320809288)
    assert subjects.place_of("$JS.ACK.RAW.partition-2.1.13.5.1795926272320809288.2") == place
    assert subjects.place_of("$JS.ACK.d.h.RAW.p.1.13.5.1795926272320809288.2.token") == place


@pytest.mark.parametrize(
    "reply", ["", "_INBOX.a.b", "$JS.ACK.RAW", "$JS.ACK.RAW.p.1.x.5.1.2", "$JS.ACK.1.2.3.4.5.6.7.8"]
)
def test_another_subject_is_none_of_an_ack(reply: str) -> None:
    assert subjects.place_of(reply) is None
