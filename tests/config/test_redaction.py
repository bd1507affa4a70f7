"""No secret is shown, wherever among the options it was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import redaction
from tests.support.options import KEY, PEM_CERTIFICATE, PEM_KEY, nested, problem, problems


@pytest.mark.parametrize("path", ["key", "auth_key", "additional_meters[1].key"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (KEY[:31], "31 hexadecimal digits; wanted are 32"),
        (KEY + "0", "33 hexadecimal digits; wanted are 32"),
        ("geheim", "6 characters"),
        (12345678901234567890123456789012, "a number of 32 digits is given (not shown)"),
        (1234e56, "a number with a decimal point or an exponent is given (not shown)"),
        (True, "true or false is given"),
        ([KEY], "a list of 1 is given"),
    ],
)
def test_a_wrong_key_is_described_and_not_shown(path: str, value: object, words: str) -> None:
    sentence = problem(nested(path, value))
    assert sentence.startswith(f"{path}: ")
    assert words in sentence
    assert "geheim" not in sentence
    assert KEY[:31] not in sentence
    assert "12345" not in sentence


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (123454321, "a number of 9 digits is given (not shown); wanted is a text, in quotes"),
        (["123454321"], "a list of 1 is given (not shown)"),
        ("123454321\ud800", "a text of 10 characters is given (not shown)"),
    ],
)
def test_a_wrong_password_is_described_and_not_shown(value: object, words: str) -> None:
    sentence = problem({"mqtt": {"password": value}})
    assert sentence.startswith("mqtt.password: ")
    assert words in sentence
    assert "123454321" not in sentence


@pytest.mark.parametrize(
    "raw",
    [
        {"serial_mode": KEY},
        {"meter_type": bytes.fromhex(KEY).hex(":")},
        {"device": f"key {KEY}"},
        {"url": f"tcp://someone:{KEY}@host:1"},
        {"url": "tcp://someone:p@ss-w0rd@host:1"},
        {"mqtt": {"host": "mqtt://someone:p@ss-w0rd@host"}},
        {"mqtt": {"host": "someone:p@ss-w0rd@host"}},
        {"mqtt": {"broker": "p@ss-w0rd"}},
        {"mqtt": [{"password": "p@ss-w0rd"}]},
        [{"password": "p@ss-w0rd"}],
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown_either(raw: object) -> None:
    sentence = problem(raw).lower()
    for part in (KEY.lower(), KEY.lower()[:2] + ":", "ss-w0rd", "someone"):
        assert part not in sentence


@pytest.mark.parametrize(
    "wrong",
    [
        {"ca": PEM_KEY},
        {"client_cert": PEM_KEY, "client_key": PEM_CERTIFICATE},
        {"client_cert": "/c", "client_key": PEM_KEY[:100]},
        {"client_cert": "/c", "client_key": PEM_KEY.partition("-----\n")[2]},
        {"client_cert": "/c", "client_key": "k1" * 32},
        {"client_cert": PEM_KEY},
        {"tls": False, "ca": PEM_KEY},
        {"base_topic": PEM_KEY, "client_cert": "/c", "client_key": PEM_KEY},
        {"username": PEM_KEY + "\n"},
    ],
)
def test_a_private_key_in_the_wrong_place_is_not_shown(wrong: dict[str, object]) -> None:
    told = "\n".join(problems({"mqtt": {"host": "h", "tls": True} | wrong}))
    assert told
    assert "k1" not in told
    assert "k2" not in told


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("kaifa", '"kaifa"'),
        ("Zähler", '"Zähler"'),
        ("a\ud800", r'"a\ud800"'),
        (1.5, "1.5"),
        (None, "null"),
        (True, "true"),
        ("x" * 61, f'"{"x" * 60}"...'),
        ("tcp://someone:secret@host:1", '"tcp://***@host:1"'),
        (KEY, "a text that looks like a key (not shown)"),
        (PEM_KEY, "PEM text (not shown)"),
        ([KEY], "a list of 1"),
        ({"password": "secret"}, "a group of options"),
    ],
)
def test_a_value_is_shown_as_far_as_it_is_no_secret(value: object, shown: str) -> None:
    assert redaction.shown(value) == shown


PASSWORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(
    st.sampled_from(["url", "device", "serial_mode", "meter_type", "mqtt.port", "influxdb.url"]),
    PASSWORDS.filter(lambda text: text == text.strip() and "/" not in text),
)
def test_a_password_in_the_place_of_another_option_is_not_shown(path: str, password: str) -> None:
    raw = nested(path, password)
    raw["mqtt"] = {**raw.get("mqtt", {}), "password": password}
    (told,) = (one for one in problems(raw) if one.startswith(f"{path}: "))
    number = len(password)
    size = f"{number} character{'s' * (number > 1)}"
    assert told.startswith(f"{path}: a text of {size} (not shown) is given")


@pytest.mark.parametrize("text", ["p", "meter", 'it\'s "so"'])
def test_a_secret_is_sent_as_it_is_and_shown_nowhere(text: str) -> None:
    secret = redaction.Secret(text)
    assert secret == text
    assert secret.encode() == text.encode()
    assert redaction.plain(secret) == redaction.plain(text) == text
    assert type(redaction.plain(secret)) is str
    shown = (f"{secret}", f"{secret!r}", f"{secret:>9}", str(secret), str([secret]))
    assert [one.strip("[]") for one in (*shown, str(KeyError(secret)))] == ["***"] * 6


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "nothing"),
        (False, "true or false"),
        (-123, "a number of 3 digits"),
        (1e9, "a number with a decimal point or an exponent"),
        ("secret", "a text of 6 characters"),
        ([1, 2], "a list of 2"),
        ({}, "a group of options"),
    ],
)
def test_a_kind_names_no_value(value: object, kind: str) -> None:
    assert redaction.kind(value) == kind


def test_secrets_are_found_as_they_were_typed_in_groups_and_lists() -> None:
    raw = {
        "key": " 00 11",
        "auth_key": "",
        "name": "Keller",
        "mqtt": {"password": " p ", "client_key": "/path", "ca": PEM_KEY},
        "additional_meters": [{"key": 7}, {"auth_key": "aa"}, "text"],
    }
    assert set(redaction.entered_secrets(raw)) == {" 00 11", " p ", "7", "aa"}
    pasted = set(redaction.entered_secrets({"mqtt": {"client_key": PEM_KEY}}))
    assert {PEM_KEY, "k1" * 32, "k2" * 20} <= pasted
