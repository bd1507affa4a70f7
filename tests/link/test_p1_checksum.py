"""Which checksum a P1 meter uses is learned, and no other one is believed."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.link.p1_checksum import Algorithm, Checksums, Sort, Verdict
from simulator.links import P1Checksum, p1_digits
from tests.support.examples import of_hundred

PROVING = [P1Checksum.ARC, P1Checksum.UNPADDED, P1Checksum.X25, P1Checksum.X25_SWAPPED]
UNCHECKED = [P1Checksum.ZEROS, P1Checksum.NONE]
DISTINCT = [kind for kind in P1Checksum if kind is not P1Checksum.UNPADDED]
SORTS = {
    P1Checksum.ARC: Sort(Algorithm.ARC),
    P1Checksum.UNPADDED: Sort(Algorithm.ARC),
    P1Checksum.X25: Sort(Algorithm.X25),
    P1Checksum.X25_SWAPPED: Sort(Algorithm.X25_SWAPPED),
    P1Checksum.ZEROS: Sort(Algorithm.ZEROS),
    P1Checksum.NONE: Sort(Algorithm.NONE),
}
FEW = 3
MANY = 10
LINE_ENDS: dict[str, Callable[[bytes], bytes]] = {
    "line feeds": lambda text: text.replace(b"\r\n", b"\n"),
    "carriage returns": lambda text: text.replace(b"\r\n", b"\r"),
    "mixed": lambda text: text.replace(b"\r\n", b"\n", 1),
    "line feeds turned again": lambda text: text.replace(b"\n", b"\r\n"),
    "doubled": lambda text: text.replace(b"\r\n", b"\r\n\r\n"),
    "doubled line feeds": lambda text: text.replace(b"\r\n", b"\n\n"),
    "empty line left out": lambda text: text.replace(b"\r\n\r\n", b"\r\n"),
    "empty line left out, line feeds": lambda text: text.replace(b"\r\n\r\n", b"\n").replace(
        b"\r\n", b"\n"
    ),
}


def text(number: int = 0, name: str = "ISK5\\2M550T-1012") -> bytes:
    return f"/{name}\r\n\r\n1-0:1.8.0({number:06}*Wh)\r\n1-0:1.7.0(0193*W)\r\n!".encode("ascii")


def judge(
    checksums: Checksums, kind: P1Checksum, number: int = 0, name: str = "ISK5\\2M550T-1012"
) -> Verdict:
    said = text(number, name)
    return checksums.judge(said, p1_digits(said, kind), is_clean=True)


def learned(kind: P1Checksum, count: int = 20) -> Checksums:
    checksums = Checksums()
    assert all(judge(checksums, kind, number).content for number in range(count))
    return checksums


@pytest.mark.parametrize("kind", P1Checksum)
def test_each_sort_is_taken_from_a_meter_that_was_not_heard_before(kind: P1Checksum) -> None:
    bits = 16 if kind in PROVING else 0
    assert judge(Checksums(), kind) == Verdict(text(), bits, SORTS[kind].sentence)


def test_the_usual_sort_needs_no_words() -> None:
    assert SORTS[P1Checksum.ARC].sentence == ""
    sentences = {sort.sentence for sort in SORTS.values()}
    assert len(sentences) == len(Algorithm)


def test_four_zeros_say_that_there_is_no_checksum() -> None:
    assert Checksums().judge(text(), b"0000", is_clean=True).bits == 0


@pytest.mark.parametrize("digits", [b"0", b"00", b"000"])
def test_fewer_zeros_may_be_the_first_digits_of_another_checksum(digits: bytes) -> None:
    assert Checksums().judge(text(), digits, is_clean=True).content is None


def test_a_checksum_that_is_zero_proves_nothing_of_a_meter_not_heard_before() -> None:
    number = next(n for n in range(1 << 20) if int(p1_digits(text(n), P1Checksum.ARC), 16) == 0)
    checksums = Checksums()
    assert judge(checksums, P1Checksum.ARC, number).bits == 0
    assert judge(checksums, P1Checksum.ARC, number + 1).bits == 16
    assert judge(checksums, P1Checksum.ARC, number).bits == 16
    assert judge(checksums, P1Checksum.ZEROS, number + 1).content is None


@pytest.mark.parametrize("kind", UNCHECKED)
def test_what_is_no_text_is_not_believed_without_a_checksum(kind: P1Checksum) -> None:
    said = text()
    assert Checksums().judge(said, p1_digits(said, kind), is_clean=False).content is None
    known = learned(kind)
    assert known.judge(said, p1_digits(said, kind), is_clean=False).content is None


# --- What a meter uses ---


@pytest.mark.parametrize("other", DISTINCT)
@pytest.mark.parametrize("kind", PROVING)
def test_another_sort_than_the_meter_s_is_wrong(kind: P1Checksum, other: P1Checksum) -> None:
    checksums = learned(kind)
    is_same = SORTS[other].algorithm is SORTS[kind].algorithm
    assert (judge(checksums, other, 99).content is not None) == is_same
    assert judge(checksums, kind, 100).content == text(100)


def test_a_checksum_that_is_wrong_is_told() -> None:
    digits = f"{int(p1_digits(text(99), P1Checksum.ARC), 16) ^ 1:04X}".encode()
    verdict = learned(P1Checksum.ARC).judge(text(99), digits, is_clean=True)
    assert str(verdict.sentence) == f"the checksum of a telegram of {len(text(99))} bytes is wrong"


def test_a_text_of_one_line_is_judged_like_any_other() -> None:
    assert Checksums().judge(b"/ISK5\r\n!", b"1234", is_clean=True).content is None


def test_a_checksum_that_is_missing_is_told() -> None:
    verdict = judge(learned(P1Checksum.ARC), P1Checksum.NONE)
    assert str(verdict.sentence) == "a telegram has no checksum, though those before it had one"


@pytest.mark.parametrize("other", DISTINCT)
@pytest.mark.parametrize("kind", DISTINCT)
def test_another_sort_is_a_meter_s_when_telegrams_in_a_row_show_it(
    kind: P1Checksum, other: P1Checksum
) -> None:
    checksums = learned(kind)
    taken = [judge(checksums, other, 100 + number).content is not None for number in range(20)]
    needed = 0 if other is kind else (FEW if other in PROVING else MANY) - 1
    assert taken == [False] * needed + [True] * (20 - needed)


@pytest.mark.parametrize("other", [P1Checksum.X25, *UNCHECKED])
def test_a_telegram_of_the_meter_s_sort_begins_the_row_anew(other: P1Checksum) -> None:
    checksums = learned(P1Checksum.ARC)
    for number in range(60):
        wanted = number % 2 == 0
        kind = P1Checksum.ARC if wanted else other
        assert (judge(checksums, kind, 100 + number).content is not None) == wanted


def test_two_telegrams_of_another_sort_are_not_enough_each_time() -> None:
    checksums = learned(P1Checksum.ARC)
    for number in range(60):
        wanted = number % 3 == 0
        kind = P1Checksum.ARC if wanted else P1Checksum.X25
        assert (judge(checksums, kind, 100 + number).content is not None) == wanted


def test_telegrams_of_two_other_sorts_do_not_confirm_each_other() -> None:
    checksums = learned(P1Checksum.ARC)
    turn = (P1Checksum.X25, P1Checksum.X25_SWAPPED)
    taken = [judge(checksums, turn[number % 2], 100 + number).content for number in range(20)]
    assert not any(taken)


@pytest.mark.parametrize("first", [P1Checksum.X25_SWAPPED, *UNCHECKED])
def test_a_third_sort_begins_the_row_of_another_one_anew(first: P1Checksum) -> None:
    checksums = learned(P1Checksum.ARC)
    assert judge(checksums, first, 100).content is None
    taken = [judge(checksums, P1Checksum.X25, 200 + number).content for number in range(3)]
    assert [one is not None for one in taken] == [False, False, True]


@pytest.mark.parametrize("other", [P1Checksum.X25, *UNCHECKED])
def test_the_same_telegram_again_shows_nothing(other: P1Checksum) -> None:
    checksums = learned(P1Checksum.ARC)
    assert [judge(checksums, other, 99).content for _ in range(30)] == [None] * 30


def test_a_sort_that_came_once_gives_way_to_one_that_proves_as_much() -> None:
    checksums = learned(P1Checksum.X25, 1)
    assert judge(checksums, P1Checksum.ARC, 1).content == text(1)
    assert judge(checksums, P1Checksum.ARC, 2).content == text(2)
    # The other one has come twice now, and the first one has to do so, too.
    assert judge(checksums, P1Checksum.X25, 3).content is None
    assert judge(checksums, P1Checksum.X25, 4).content == text(4)


# --- Several meters ---


@pytest.mark.parametrize("other", [P1Checksum.X25, *UNCHECKED])
def test_another_name_is_no_way_around_the_line_s_sort(other: P1Checksum) -> None:
    """One damaged character makes another name."""
    checksums = learned(P1Checksum.ARC)
    for number in range(2 * MANY):
        verdict = judge(checksums, other, number, name=f"ISK5-{number}")
        assert verdict.content is None
    assert judge(checksums, P1Checksum.ARC, 1, name="ISK5-new").content is not None


@pytest.mark.parametrize("other", [P1Checksum.X25, *UNCHECKED])
def test_two_meters_on_a_line_may_use_different_sorts(other: P1Checksum) -> None:
    checksums = learned(P1Checksum.ARC)
    taken = []
    for number in range(30):
        assert judge(checksums, P1Checksum.ARC, 100 + number).content
        taken.append(judge(checksums, other, number, name="HLY5-2").content is not None)
    needed = (FEW if other in PROVING else MANY) - 1
    assert taken == [False] * needed + [True] * (30 - needed)


def test_made_up_names_do_not_fill_the_memory() -> None:
    checksums = Checksums()
    for number in range(100):
        assert judge(checksums, P1Checksum.ARC, number, name=f"ISK5-{number}").content
    assert len(checksums._senders) == 32


# --- Line ends ---


@pytest.mark.parametrize("change", LINE_ENDS.values(), ids=LINE_ENDS)
@pytest.mark.parametrize("kind", [P1Checksum.ARC, P1Checksum.X25])
def test_a_checksum_may_be_that_of_the_line_ends_before_a_gateway(
    kind: P1Checksum, change: Callable[[bytes], bytes]
) -> None:
    said = text()
    verdict = Checksums().judge(change(said), p1_digits(said, kind), is_clean=True)
    sort = Sort(SORTS[kind].algorithm, restored=True)
    assert verdict == Verdict(said, 16, sort.sentence)
    assert "gateway" in sort.sentence


def test_line_ends_are_restored_of_no_meter_that_sends_them_right() -> None:
    checksums = learned(P1Checksum.ARC)
    said = text(99)
    changed = said.replace(b"\r\n", b"\n")
    assert checksums.judge(changed, p1_digits(said, P1Checksum.ARC), is_clean=True).content is None


def test_a_checksum_over_line_feeds_is_a_usual_one() -> None:
    said = text().replace(b"\r\n", b"\n")
    verdict = Checksums().judge(said, p1_digits(said, P1Checksum.ARC), is_clean=True)
    assert verdict == Verdict(said, 16)


@settings(max_examples=of_hundred(300))
@given(content=st.binary(max_size=60), digits=st.binary(max_size=4), is_clean=st.booleans())
def test_any_text_and_digits_are_judged(*, content: bytes, digits: bytes, is_clean: bool) -> None:
    checksums = learned(P1Checksum.ARC, 1)
    said = b"/ISK5\r\n" + content.replace(b"!", b"") + b"\n!"
    hexadecimal = digits.hex().encode("ascii")[:4]
    checksums.judge(said, hexadecimal, is_clean=is_clean)


# --- Made anew ---


@pytest.mark.parametrize("change", [bytes, *LINE_ENDS.values()], ids=["as they are", *LINE_ENDS])
@pytest.mark.parametrize("kind", P1Checksum)
def test_a_checksum_is_made_anew_of_the_same_sort(
    kind: P1Checksum, change: Callable[[bytes], bytes]
) -> None:
    for number in range(30):
        said, new = text(number), text(1000 + number)
        made = Checksums().remade(change(said), p1_digits(said, kind), change(new))
        wanted = p1_digits(new, kind)
        assert made.lstrip(b"0") == wanted.lstrip(b"0")
        assert len(made) == max(len(wanted), len(p1_digits(said, kind)))


def test_a_checksum_is_made_anew_in_the_case_that_it_has() -> None:
    said = next(text(n) for n in range(99) if not p1_digits(text(n), P1Checksum.ARC).isdigit())
    digits = p1_digits(said, P1Checksum.ARC)
    for number in range(30):
        new = text(number)
        made = Checksums().remade(said, digits.lower(), new)
        assert made == p1_digits(new, P1Checksum.ARC).lower()


def test_what_fits_two_sorts_is_made_anew_of_the_one_that_the_meter_uses() -> None:
    number = next(n for n in range(1 << 20) if int(p1_digits(text(n), P1Checksum.ARC), 16) == 0)
    assert learned(P1Checksum.ZEROS).remade(text(number), b"0000", text(1)) == b"0000"
    made = learned(P1Checksum.ARC).remade(text(number), b"0000", text(1))
    assert made == p1_digits(text(1), P1Checksum.ARC)


def test_nothing_is_made_anew_of_a_wrong_checksum() -> None:
    wrong = int(p1_digits(text(1), P1Checksum.ARC), 16) ^ 1
    with pytest.raises(ValueError, match="no checksum of the text"):
        Checksums().remade(text(1), f"{wrong:04X}".encode(), text(2))
