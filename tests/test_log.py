"""The log: one line for each record, colours, and hidden secrets."""

import asyncio
import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app import log

KEY = "36c66639e48a8ca4d6bc8b282a793bbb"
PASSWORD = 'it\'s "geheim"\\Ä\n%'
MANY = [sha256(b"%d" % number).hexdigest() for number in range(log._MANY + 1)]
"""Secrets beside those of a test, so many that each piece of a text is looked up among them."""
ADDON = Path(__file__).parent.parent / "smartmeter_addon"


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    for handler in root.handlers[:]:
        if isinstance(handler, log._Handler):
            root.removeHandler(handler)


def written(secrets: tuple[str, ...] = (), level: str = "trace") -> io.StringIO:
    stream = io.StringIO()
    log.setup(level, secrets, stream, colour=False)
    return stream


def test_a_line_has_time_level_and_message() -> None:
    stream = written()
    logging.getLogger("app.run").info("version %s", "0.1.0")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO    version 0\.1\.0\n", stream.getvalue()
    )


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (log.TRACE, "TRACE  "),
        (logging.DEBUG, "DEBUG  "),
        (logging.INFO, "INFO   "),
        (log.NOTICE, "NOTICE "),
        (logging.WARNING, "WARNING"),
        (logging.ERROR, "ERROR  "),
        (logging.CRITICAL, "FATAL  "),
        (logging.INFO + 1, "INFO   "),
        (1, "TRACE  "),
    ],
)
def test_each_level_has_its_name(number: int, name: str) -> None:
    stream = written()
    logging.getLogger().setLevel(1)
    logging.getLogger("x").log(number, "hello")
    assert f" {name} hello\n" in stream.getvalue()


@pytest.mark.parametrize("level", log.LEVELS)
def test_records_below_the_chosen_level_are_dropped(level: str) -> None:
    stream = written(level=level)
    for name, number in log.LEVELS.items():
        logging.getLogger("x").log(number, "this is %s", name)
    names = list(log.LEVELS)
    kept = [line.rsplit(" ", 1)[1] for line in stream.getvalue().splitlines()]
    assert kept == names[names.index(level) :]


def test_setting_up_again_replaces_the_first_and_leaves_foreign_handlers() -> None:
    foreign = logging.NullHandler()
    logging.getLogger().addHandler(foreign)
    first, second = written(), written(level="error")
    logging.getLogger("x").error("once")
    logging.getLogger("x").info("dropped")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1
    assert "dropped" not in second.getvalue()
    assert foreign in logging.getLogger().handlers
    logging.getLogger().removeHandler(foreign)


def test_a_record_with_an_exception_and_its_causes_is_one_line() -> None:
    stream = written()
    try:
        try:
            dict[str, int]()["inner"]
        except KeyError as error:
            raise ValueError("outer\nsecond line") from error
    except ValueError:
        logging.getLogger("x").exception("it failed\r\nbadly")
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert "ERROR   it failed | badly | Traceback" in text
    assert "KeyError: 'inner'" in text
    assert "ValueError: outer | second line" in text


def test_control_characters_of_a_telegram_do_not_reach_the_terminal() -> None:
    stream = written()
    logging.getLogger("x").info("meter %s", "1\x1b[2J2\x003\x9b4\u2028forged")
    assert stream.getvalue().endswith("meter 1\\x1b[2J2\\x003\\x9b4 | forged\n")


def test_bidirectional_and_invisible_characters_are_escaped() -> None:
    stream = written()
    logging.getLogger("x").info("meter %s", "1\u202e2\u200b3\u20664\ufeff5\xad")
    assert stream.getvalue().endswith("meter 1\\u202e2\\u200b3\\u20664\\ufeff5\\xad\n")


def test_text_that_the_stream_cannot_encode_is_escaped() -> None:
    raw = io.BytesIO()
    log.setup("info", (), io.TextIOWrapper(raw, "ascii"), colour=False)
    logging.getLogger("x").info("12 °C \ud800")
    assert raw.getvalue().endswith(b"12 \\xb0C \\ud800\n")


@pytest.mark.parametrize(
    ("environment", "terminal", "coloured"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"SUPERVISOR_TOKEN": "x"}, False, True),
        ({"SUPERVISOR_TOKEN": "x", "NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
    ],
)
def test_colours_are_used_on_a_terminal_and_under_the_supervisor(
    *,
    environment: dict[str, str],
    terminal: bool,
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_COLOR", "SUPERVISOR_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    log.setup("info", (), stream)
    logging.getLogger("x").warning("look")
    assert (stream.getvalue().startswith("\x1b[33m2")) is coloured
    assert (stream.getvalue().endswith("look\x1b[0m\n")) is coloured


def test_levels_have_different_colours_and_debug_none() -> None:
    stream = io.StringIO()
    log.setup("trace", (), stream, colour=True)
    for number in log.LEVELS.values():
        logging.getLogger("x").log(number, "hello")
    colours = [line[: line.index("20")] for line in stream.getvalue().splitlines()]
    assert colours[:2] == ["", ""]
    assert len(set(colours[2:])) == 5
    # Beside bold, the log tab renders the basic colours only.
    assert all(re.fullmatch(r"\x1b\[(1;)?3[0-7]m", colour) for colour in colours[2:])


@pytest.mark.parametrize(
    ("form", "secret"),
    [
        (PASSWORD, PASSWORD),
        (repr(PASSWORD), PASSWORD),
        (repr(PASSWORD.encode()), PASSWORD),
        ('{"password": "it\'s \\"geheim\\"\\\\\\u00c4\\n%"}', PASSWORD),
        ('{"password": "it\'s \\"geheim\\"\\\\Ä\\n%"}', PASSWORD),
        ("mqtt://u:it%27s%20%22geheim%22%5C%C3%84%0A%25@h", PASSWORD),
        (KEY, KEY),
        (KEY.upper(), KEY),
        (KEY, KEY.upper()),
        (bytes.fromhex(KEY).hex(" "), KEY),
        (bytes.fromhex(KEY).hex(":").upper(), KEY),
        (bytes.fromhex(KEY).hex("-", 4), KEY),
    ],
)
@pytest.mark.parametrize("others", [[], MANY], ids=["alone", "among many"])
def test_a_secret_is_found_in_every_form(form: str, secret: str, others: list[str]) -> None:
    stream = written((secret, *others))
    logging.getLogger("aiomqtt").info("connecting with %s now", form)
    text = stream.getvalue()
    assert "connecting with " in text
    assert text.endswith(" now\n")
    assert "***" in text
    assert "geheim" not in text
    assert "bbb" not in text.lower()


def test_secrets_are_found_in_arguments_exceptions_and_stacks_of_any_logger() -> None:
    logging.getLogger().handlers.clear()  # pytest's own fail on arguments that do not fit
    stream = written((KEY, PASSWORD))
    library = logging.getLogger("some.library")
    library.debug("%(user)s %(password)r", {"user": "u", "password": PASSWORD})
    library.info("list %s", [KEY.encode(), KEY])
    try:
        try:
            dict[str, int]()[PASSWORD]
        except KeyError as error:
            raise ValueError(f"bad key {KEY}") from error
    except ValueError as error:
        error.add_note(f"note {KEY.upper()}")
        library.exception("failed", stack_info=True)
    library.warning("too few %s %s", KEY)
    library.warning(KEY, PASSWORD)
    text = stream.getvalue()
    assert len(text.splitlines()) == 5
    assert "Stack (most recent call last)" in text
    assert "note ***" in text
    assert text.count("its arguments do not fit: TypeError") == 2
    assert "geheim" not in text
    assert KEY not in text.lower()


async def test_secrets_are_found_in_what_asyncio_reports() -> None:
    stream = written((PASSWORD,))
    asyncio.get_running_loop().call_exception_handler(
        {"message": "lost", "exception": ValueError(PASSWORD)}
    )
    assert "ERROR   lost" in stream.getvalue()
    assert "ValueError: ***" in stream.getvalue()
    assert "geheim" not in stream.getvalue()


def test_a_secret_added_later_is_hidden_from_then_on() -> None:
    stream = io.StringIO()
    redactor = log.setup("info", (), stream)
    redactor.hide("s3cret-one")
    redactor.hide("")
    logging.getLogger("x").info("password s3cret-one")
    assert stream.getvalue().endswith("password ***\n")


def test_a_secret_that_begins_with_another_one_is_hidden_whole() -> None:
    hidden = log.Redactor(["swordfish", "swordfishes"])
    assert hidden("x swordfishes swordfish x") == "x *** *** x"


@pytest.mark.parametrize(
    "plain",
    [
        *("p", "5", "\\", "meter", "Meter", "kaifa", "hunter2"),
        *("homeassistant", "HomeAssistant", "smartmeter", "telegrams", "mosquitto", "password"),
        *("connected", "smart meter reader", "last telegram"),
    ],
)
def test_what_is_short_or_a_word_of_the_program_tears_no_line(plain: str) -> None:
    line = f"reading the smart meter, \\5: {plain} of homeassistant"
    assert log.Redactor([plain, "swordfish"])(f"{line} swordfish") == f"{line} ***"


@pytest.mark.parametrize("secret", ["hunter2!", "12-34-56", "swordfish", "meter-of-mine", KEY])
def test_what_is_long_and_no_word_of_the_program_is_hidden(secret: str) -> None:
    assert log.Redactor([secret])(f"with {secret}.") == "with ***."


def test_the_program_s_words_are_looked_at_once_and_only_for_a_text_with_a_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[set[str]] = []

    def none(secrets: Collection[str]) -> set[str]:
        looked.append(set(secrets))
        return set()

    monkeypatch.setattr(log, "_words_among", none)
    redactor = log.Redactor(["swordfish", KEY])
    assert redactor("nothing to hide") == "nothing to hide"
    assert looked == []
    assert redactor("swordfish") == redactor("swordfish") == "***"
    assert looked == [{"swordfish", KEY}]


def test_a_word_that_is_left_stays_left_when_a_secret_is_added() -> None:
    redactor = log.Redactor(["mosquitto", "swordfish"])
    assert redactor("mosquitto swordfish") == "mosquitto ***"
    redactor.hide("s3cret-one")
    assert redactor("mosquitto swordfish s3cret-one") == "mosquitto *** ***"


def test_the_keys_of_thousands_of_meters_are_hidden() -> None:
    keys = [sha256(b"%d" % number).digest()[:16] for number in range(3000)]
    hidden = log.Redactor(key.hex() for key in keys)
    for key in keys[::30]:
        assert hidden(f"with {key.hex()}, {key.hex(':').upper()} or not") == "with ***, *** or not"


def test_letters_that_count_as_the_same_without_regard_to_case_are_found_as_such() -> None:
    letters = [one for one in map(chr, range(sys.maxunicode + 1)) if one.swapcase() != one]
    letters += [one for one in map(chr, range(sys.maxunicode + 1)) if one.lower() != one.casefold()]
    every = "".join(letters)
    for letter in letters:
        same = re.findall(re.escape(letter), every, re.IGNORECASE)
        assert len({log._folded(one) for one in same}) == 1


@pytest.mark.parametrize(
    "secret", ["z\u0307o\u0301\u0142tyz\u0307", "\u0307secret1", "\u0130stanbul"]
)
def test_a_secret_with_a_dot_above_is_hidden(secret: str) -> None:
    for text in (secret, secret.upper(), f"i{secret}"):
        assert secret.casefold() not in log.Redactor([secret])(text).casefold()


def test_without_secrets_nothing_is_changed() -> None:
    assert log.Redactor([""])("nothing to hide") == "nothing to hide"


LONG = st.text(min_size=24, max_size=40)


@given(st.lists(LONG, min_size=1, max_size=3), st.text(), st.text(), st.data())
def test_no_secret_survives(
    secrets: list[str], before: str, after: str, data: st.DataObject
) -> None:
    assume(not any("*" in secret for secret in secrets))
    secret = data.draw(st.sampled_from(secrets))
    line = f"{before}{secret}{after} {secret!r} {secret.encode(errors='replace')!r}"
    text = log.Redactor(secrets)(line)
    assert not any(secret in text for secret in secrets)
    assert log.Redactor([*secrets, *MANY])(line) == text


def test_arguments_that_cannot_be_formatted_are_left_out_of_the_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError(PASSWORD)

    logging.getLogger().handlers.clear()  # pytest's own fail on such records
    stream = written((PASSWORD,))
    logging.getLogger("x").info("value %s", Broken())
    assert stream.getvalue().endswith("value %s (its arguments do not fit: RuntimeError)\n")
    assert capsys.readouterr() == ("", "")


def test_a_closed_stream_causes_no_exception_and_no_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream = written((KEY,))
    stream.close()
    logging.getLogger("x").info("key %s", KEY)
    assert capsys.readouterr() == ("", "")


CRASHES = """
import sys, threading, warnings
from app import log
log.setup("info", [sys.argv[1]])
log.log_crashes()

def fail(*_):
    raise ValueError(sys.argv[1])

class Careless:
    __del__ = fail

thread = threading.Thread(target=fail)
thread.start()
thread.join()
Careless()
warnings.warn(sys.argv[1])
if sys.argv[2] == "fail":
    fail()
raise KeyboardInterrupt
"""


def crash(how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CRASHES, KEY, how],
        env=os.environ | {"PYTHONPATH": str(ADDON), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_warnings_and_uncaught_exceptions_are_logged_without_secrets() -> None:
    done = crash("fail")
    assert done.returncode == 1
    assert done.stderr == ""
    assert KEY not in done.stdout
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert "ERROR   a thread failed | Traceback" in lines[0]
    assert "ERROR   cleaning up failed | Traceback" in lines[1]
    assert "WARNING " in lines[2]
    assert "UserWarning: ***" in lines[2]
    assert "FATAL   the program failed | Traceback" in lines[3]
    assert lines[3].endswith("ValueError: ***")


def test_a_keyboard_interrupt_logs_no_traceback() -> None:
    done = crash("interrupt")
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].endswith("INFO    interrupted")


# The same message twice


Said = tuple[float, str, int]
LEVELS = [logging.DEBUG, logging.INFO, log.NOTICE, logging.WARNING, logging.ERROR]
SAID = st.lists(
    st.tuples(
        st.floats(0, 3), st.sampled_from(["lost", "back", "lost again"]), st.sampled_from(LEVELS)
    ),
    max_size=40,
)


def told(said: list[Said], names: tuple[str, ...] = ("app.line", "app.mqtt")) -> list[Said]:
    """Give what is written of what different parts of the program say at some times."""
    stream = written(level="debug")
    (handler,) = [one for one in logging.getLogger().handlers if isinstance(one, log._Handler)]
    told = []
    for number, (at, text, level) in enumerate(said):
        before = stream.getvalue()
        name = names[number % len(names)]
        record = logging.LogRecord(name, level, "", 0, "%s", (text,), None)
        record.created = at
        handler.handle(record)
        if stream.getvalue() != before:
            told.append((at, text, level))
    return told


@given(SAID.map(sorted))
def test_the_same_message_is_never_written_twice_within_a_second(said: list[Said]) -> None:
    wrote = told(said)
    for earlier, (at, text, level) in enumerate(wrote):
        for later_at, later_text, later_level in wrote[earlier + 1 :]:
            if later_text == text and later_at - at < 1:
                assert later_level > level  # it is more severe
    for at, text, level in said:  # and nothing is lost
        assert any(
            (one == text and own >= level and 0 <= at - then < 1)
            or (then, one, own) == (at, text, level)
            for then, one, own in wrote
        )


def test_a_clock_that_is_set_back_silences_nobody() -> None:
    said = [(at, "lost", logging.INFO) for at in (100.0, 50.0, 99.5)]
    assert told(said) == said


def test_what_was_said_is_not_kept_for_long() -> None:
    said = [(number / 100, f"message {number}", logging.INFO) for number in range(1000)]
    assert told(said) == said
    (handler,) = [one for one in logging.getLogger().handlers if isinstance(one, log._Handler)]
    assert len(handler._said) <= 101


def test_the_same_bytes_are_written_each_time() -> None:
    stream = written()
    for _ in range(3):
        logging.getLogger("app.line").log(log.TRACE, "received %s", "00")
    assert stream.getvalue().count("received 00") == 3


def test_another_error_behind_the_same_message_is_another_message() -> None:
    stream = written()
    for error in (ValueError("a"), ValueError("b"), ValueError("b")):
        logging.getLogger("app").error("it failed", exc_info=error)
    assert stream.getvalue().count("it failed") == 2
