"""P1 telegrams are made anonymous in whatever dialect they are: spelling, line ends, checksum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.anonymous import AUTH_KEY, KEY, Anonymised, Anonymiser
from app.dlms.ciphering import Keys
from app.meters.telegram import Telegram
from app.transport.recording import Chunk
from simulator.ciphering import Ciphering
from simulator.links import P1Checksum, p1_digits
from tests.support.captures import PROFILES
from tests.support.telegrams import decode, telegrams

OWN = Keys(bytes(range(0x40, 0x50)), bytes(range(0x60, 0x70)))
MADE_UP = Keys(KEY, AUTH_KEY)
NUMBER = "9182736450"
EVERY_CHECKSUM = list(P1Checksum)
LINE_ENDS = [b"\r\n", b"\n", b"\r", b"\r\n\r\n"]


def text(energy: int = 1234, *lines: str, number: str = NUMBER) -> bytes:
    told = (f"0-0:96.1.1({number.encode().hex()})", f"1-0:1.8.0({energy:06}.567*kWh)", *lines)
    return "\r\n".join(("/XMX5LGBBFG100", "", *told, "!")).encode("latin-1")


def sealed(said: bytes, kind: P1Checksum, line_end: bytes = b"\r\n") -> bytes:
    """A telegram with a checksum, and then with other line ends."""
    return (said + p1_digits(said, kind) + b"\r\n").replace(b"\r\n", line_end)


def anonymise(data: bytes, keys: Keys = OWN) -> Anonymised:
    return Anonymiser(keys, PROFILES).anonymise((Chunk(0.0, data),))


def bytes_of(result: Anonymised) -> bytes:
    return b"".join(chunk.data for chunk in result.recording)


def lines_of(data: bytes) -> list[str]:
    return data.decode("latin-1").splitlines()


def only(data: bytes) -> Telegram:
    (one,) = telegrams(decode([data], MADE_UP))
    return one


# --- Checksums ---


@pytest.mark.parametrize("line_end", LINE_ENDS)
@pytest.mark.parametrize("kind", EVERY_CHECKSUM)
def test_the_checksum_stays_of_the_meter_s_sort(kind: P1Checksum, line_end: bytes) -> None:
    sent = [sealed(text(energy), kind, line_end) for energy in range(1000, 1300)]
    before = telegrams(decode(sent, Keys()))
    assert len(before) == len(sent)
    result = anonymise(b"".join(sent))
    assert (result.telegrams, result.left_out) == (len(sent), {})
    # The empty line between two telegrams is of neither.
    assert result.bytes_left_out == len(sent) * (len(line_end) - 2 if len(line_end) > 2 else 0)
    after = telegrams(decode([bytes_of(result)], Keys()))
    assert [one.fault for one in after] == [None] * len(sent)
    assert [(one.push.frame.note, one.push.frame.checksum) for one in after] == [
        (one.push.frame.note, one.push.frame.checksum) for one in before
    ]
    assert [one.registers and list(one.registers) for one in after] == [
        one.registers and list(one.registers) for one in before
    ]
    assert len({one.number for one in after}) == 1
    assert NUMBER.encode().hex().encode() not in bytes_of(result)


@pytest.mark.parametrize("kind", EVERY_CHECKSUM)
@given(energy=st.integers(0, 999_999))
def test_a_telegram_alone_is_made_anonymous_whatever_its_checksum(
    kind: P1Checksum, energy: int
) -> None:
    result = anonymise(sealed(text(energy), kind))
    assert (result.telegrams, result.bytes_left_out) == (1, 0)
    assert only(bytes_of(result)).fault is None


def test_the_digits_of_a_checksum_stay_in_their_case() -> None:
    for energy in range(50):
        said = text(energy)
        digits = p1_digits(said, P1Checksum.ARC).lower()
        new = bytes_of(anonymise(said + digits + b"\r\n"))
        if digits.upper() != digits:
            assert new.rpartition(b"!")[2] == new.rpartition(b"!")[2].lower()
        assert only(new).fault is None


def test_what_stands_behind_a_checksum_stays() -> None:
    said = text()
    for behind in (b" \r\n", b"\n", b""):
        new = bytes_of(anonymise(said + p1_digits(said, P1Checksum.ARC) + behind))
        assert new.endswith(behind)
        assert only(new).fault is None


def test_a_wrong_checksum_is_left_out() -> None:
    said = text()
    wrong = f"{int(p1_digits(said, P1Checksum.ARC), 16) ^ 1:04X}\r\n".encode()
    assert anonymise(said + wrong).recording == ()


@pytest.mark.parametrize("kind", EVERY_CHECKSUM)
def test_ciphered_texts_keep_their_sort_of_checksum(kind: P1Checksum) -> None:
    assert OWN.encryption
    assert OWN.authentication
    way = Ciphering(OWN.encryption, OWN.authentication, authenticated=True)
    for energy in range(40):
        plain = sealed(text(energy), kind)
        title = b"SAG\x67\x50\x91\x82\x73"
        result = anonymise(way.protect(plain, system_title=title, counter=energy))
        if not result.telegrams:
            (reason,) = result.left_out
            assert kind is P1Checksum.UNPADDED
            assert "lacks a leading zero" in reason
            continue
        one = only(bytes_of(result))
        assert one.fault is None
        assert one.push.security
        assert one.push.security.authenticated
        known = telegrams(decode([plain], Keys()))[0]
        assert one.push.frame.checksum == (known.push.frame.checksum or one.push.frame.checksum)


def test_a_ciphered_text_whose_checksum_is_wrong_is_left_out() -> None:
    assert OWN.encryption
    way = Ciphering(OWN.encryption, bytes(16), authenticated=False)
    apdu = way.protect(text() + b"0001\r\n", system_title=b"SAG\x67\x50\x91\x82\x73", counter=1)
    result = anonymise(apdu, Keys(OWN.encryption))
    assert (result.telegrams, dict(result.left_out), result.keyless) == (0, {"it is damaged": 1}, 0)


# --- Spelling ---


@pytest.mark.parametrize(
    "line",
    [
        "1-0:32.7.0(230.5 V)",
        "1-0:2.8.0(00000003,100*kwh)",
        "1-0:2.8.0(00003.100*kWh )",
        "1-0:1.6.0(261107190000W)(02.485*kW)",
        "1-0:1.6.0(02.485*kW)(261107190000)",
        "1-0:1.6.0(00000000 00:00:00)(00.000*kW)",
        "1-0:1.6.0(0S)(00.000*kW)",
        "1-0:32.32.0(00002)",
        "0-0:96.7.21(00004)",
        "0-0:96.14.0(0001)",
        "0-0:96.14.0(T2)",
        "0-0:96.3.10(1)",
        "0-0:96.50.68(ON)",
        "0-0:17.0.0(016*A)",
        "0-0:97.97.0(00000000)",
        "0-0:96.1.4(50217)",
        "0-0:96.1.4(3231313130)",
        "1-3:0.2.8(50)",
        "1-3:0.2.8(3530)",
        "0-1:24.2.1(632525252525S)(00000.000*m3)",
        "0-1:24.2.1(261102190000W)(00107.123*m\xb3)",
        "0-1:24.2.1(261102190000W)(00107.123*m\xc2\xb3)",
        "0-1:24.4.0(1)",
        "0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(260801000000S)(260731120000S)(01.747*kW)",
        "1-0:99.97.0(1)(0-0:96.7.19)(261007152415S)(0000000240*s)",
        "7-0:3.1.0(00107.123*m3)",
        "0-0:96.13.0(\xff\xff\xff\xff\xff\xff)",
        "0-0:96.13.0(FFFFFFFF)",
        "0-0:96.13.0()",
        "1.8.0(0012.5)",
    ],
)
def test_values_states_and_times_stay_as_they_are_written(line: str) -> None:
    result = anonymise(sealed(text(1234, line), P1Checksum.ARC))
    assert result.telegrams == 1
    assert line in bytes_of(result).decode("latin-1").split("\r\n")


@pytest.mark.parametrize(
    "lines",
    [
        ["0-1:24.3.0(261102190000)(00)(60)(1)(0-1:24.2.1)(m3)", "(00001.001*m3)"],
        ["0-0:98.1.0", "(", "0-0:1.0.0(220201000000T)", "1-0:1.8.0(000999.000*kWh)", ")"],
        ["0-0:98.1.0(0-0:1.0.0(220201000000T)1-0:1.8.0(000999.000*kWh))"],
        ["0-0:98.1.0(1)(1-0:1.6.0)", "(1-0:1.6.0)", "(260801000000S)(260731120000S)(01.747*kW)"],
        ["1-0:2.8.0", "(000101.821*kWh)"],
    ],
)
def test_values_that_go_on_in_the_next_line_stay(lines: list[str]) -> None:
    result = anonymise(sealed(text(1234, *lines), P1Checksum.ARC))
    assert result.telegrams == 1
    assert lines_of(bytes_of(result))[4:-1] == lines


HIDDEN = [
    ("0-0:96.13.0(Frau M\xfcller)", "Frau"),
    ("0-0:96.13.0(M\xc3\xbcller)", "ller"),
    ("0-0:96.13.0(4672617520 4DFC6C6C6572)".replace(" ", ""), "4DFC6C6C6572"),
    ("0-0:96.13.0(4DC3BC6C6C6572)", "6C6C6572"),
    ("0-0:96.13.1(0664.1234567)", "1234567"),
    ("0-0:96.13.1(12.5*kW)", "12.5"),
    ("0-0:96.13.2(77)", "77"),
    ("0-0:96.13.0", "Mustergasse"),
    ("0-0:200.1.0(0664.1234567)", "1234567"),
    ("0-0:96.1.4(81726354)", "81726354"),
    ("0-3:96.1.0(37363534333231)", "37363534333231"),
    ("0-1:96.1.1(7654321)", "7654321"),
    ("0-0:42.0.0(ISK1030781726354)", "81726354"),
    ("1-0:0.0.0(81726354)", "81726354"),
    ("0.0.0(81726354)", "81726354"),
    ("C.1.0(81726354)", "81726354"),
    ("Mustergasse 12", "Muster"),
    ("!Mustergasse 12/3", "Muster"),
    ("/Mustergasse 12", "Muster"),
]


@pytest.mark.parametrize(("line", "old"), HIDDEN)
def test_what_identifies_is_hidden_wherever_it_stands(line: str, old: str) -> None:
    lines = [line, "(Mustergasse 12)"] if line.endswith("0-0:96.13.0") else [line]
    said = text(1234, *lines, "1-0:1.7.0(00.193*kW)")
    if line[0] in "/!":  # it would end or begin a telegram otherwise
        said = said.replace(b"\r\n" + line.encode(), b"\r\n " + line.encode())
    result = anonymise(sealed(said, P1Checksum.ARC))
    data = bytes_of(result).decode("latin-1")
    assert old.lower() not in data.lower()
    assert result.telegrams == 1 or line[0] in "/!"
    if result.telegrams:
        assert "1-0:1.7.0(00.193*kW)" in data


def test_bytes_that_are_no_text_stay_none() -> None:
    """The meter's telegrams are accepted for their checksum alone, and go on to be."""
    result = anonymise(sealed(text(1234, "0-0:96.13.0(" + 1024 * "\xff" + ")"), P1Checksum.ARC))
    assert bytes_of(result).count(b"\xff") == 1024
    result = anonymise(sealed(text(1234, "0-0:96.13.0(M\xfcller)"), P1Checksum.ARC))
    assert b"(X\xffxxxx)" in bytes_of(result)


@given(
    message=st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n()!/"), max_size=60)
)
def test_any_bytes_of_a_message_are_hidden(message: str) -> None:
    line = f"0-0:96.13.0({message})"
    result = anonymise(sealed(text(1234, line), P1Checksum.ARC))
    data = bytes_of(result).decode("latin-1")
    for word in message.replace("\xff", " ").split():
        if any(c.isalpha() for c in word) and not set(word) <= set("xX0"):
            assert f"({message})" not in data
    assert result.telegrams <= 1
