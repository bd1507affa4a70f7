"""The whole dialogue: what is asked, what is kept, what is written."""

import copy
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from app.configure.given import Given
from app.configure.hearing import Heard, Outcome
from app.configure.interview import SetupError
from app.configure.steps import Listen, LoggedIn, Say
from app.language.catalogue import Catalogue
from app.mqtt.explain import Cause
from app.transport.adapters import Adapter
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.playing import ADAPTER, STICK, Played, heard, not_heard, play

OTHER = Adapter("/dev/serial/by-id/usb-Prolific-port0", "PL2303")
WRONG = "A5" * 16
HOST = ("mqtt_host", "192.168.1.10")
BROKER = [HOST, ("mqtt_port", ""), ("mqtt_username", "")]
FILE: dict[str, Any] = {
    "meter_type": "auto",
    "key": KEY.hex(),
    "device": ADAPTER.path,
    "name": "Cellar",
    "update_interval": 30,
    "log_level": "debug",
    "language": "de",
    "mqtt": {
        "host": "broker",
        "port": 1884,
        "username": "u",
        "password": " with blanks ",
        "base_topic": "house/meter",
        "discovery": False,
        "layout": "topics",
        "topics": [{"key": "power", "topic": "house/{id}/power"}],
    },
    "additional_meters": [{"url": "tcp://gateway:2000", "name": "Attic", "update_interval": 60}],
}


def test_a_plain_meter_wants_the_fewest_answers() -> None:
    played = play(
        [("line", ""), ("name", ""), ("another_meter", ""), *BROKER, ("confirm", "")],
    )
    assert played.written == {
        "device": ADAPTER.path,
        "mqtt": {"host": "192.168.1.10", "port": 1883},
        "language": "en",
    }


def test_only_enter_keeps_a_file_as_it_is() -> None:
    file = copy.deepcopy(FILE)
    played = play(file=file, line=[heard("kaifa")])
    assert played.written == FILE
    assert file == FILE
    assert KEY.hex() not in played.text
    assert " with blanks " not in played.text


def test_nobody_has_to_be_asked_where_the_file_is_whole() -> None:
    played = play(file=FILE, line=[heard("kaifa")], interactive=False)
    assert played.written == FILE
    assert played.asked == []


@pytest.mark.parametrize("hasty", [False, True])
def test_all_given_answers_nothing(hasty: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    given = Given(
        meters=[{"line": "/dev/ttyUSB7", "key": KEY.hex(), "auth_key": "", "name": "n"}],
        broker={
            "mqtt_host": "h",
            "mqtt_port": "1",
            "mqtt_username": "u",
            "mqtt_password": "p",
        },
        general={"another_meter": "no", "confirm": "yes"},
    )
    played = play(given=given, line=[heard("e450", "burgenland")], hasty=hasty)
    assert played.asked == []
    assert played.written
    assert played.written["mqtt"] == {"host": "h", "port": 1, "username": "u", "password": "p"}
    assert played.written["device"] == "/dev/ttyUSB7"


@pytest.mark.parametrize(
    ("missing", "flag"),
    [
        ("line", "--device, --url"),
        ("key", "--key-file, --no-key"),
        ("mqtt_host", "--mqtt-host"),
        ("mqtt_password", "--mqtt-password-file"),
    ],
)
def test_what_is_missing_is_named_by_its_flag_where_nobody_can_be_asked(
    missing: str, flag: str
) -> None:
    meter = {"line": "/dev/ttyUSB7", "key": KEY.hex()}
    broker = {"mqtt_host": "h", "mqtt_username": "u", "mqtt_password": "p"}
    for answers in (meter, broker):
        answers.pop(missing, None)
    played = Played()
    with pytest.raises(SetupError) as caught:
        play(
            given=Given(meters=[meter], broker=broker),
            adapters=[ADAPTER, OTHER],
            line=[heard("kaifa")],
            interactive=False,
            played=played,
        )
    assert caught.value.status == 2
    assert caught.value.said.parameters["flag"] == flag
    assert played.asked == []
    assert played.written is None


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("mqtt_port", "70000"),
        ("mqtt_port", "x"),
        ("mqtt_host", "tcp://host"),
        ("mqtt_tls", "perhaps"),
        ("mqtt_password", ""),
    ],
)
def test_what_is_given_in_another_form_ends_it(name: str, answer: str) -> None:
    broker = {"mqtt_host": "h", "mqtt_username": "u", "mqtt_password": "p", name: answer}
    with pytest.raises(SetupError) as caught:
        play(given=Given(broker=broker), played=(played := Played()), interactive=False)
    assert caught.value.said.key == "given.wrong"
    assert played.written is None


# The line


def test_a_stick_is_never_proposed() -> None:
    given = Given(broker={"mqtt_host": "h"})
    played = play([("line", "/dev/ttyUSB0")], adapters=[STICK], hasty=True, given=given)
    assert played.asks[0].enter is None
    assert "radio stick" not in played.text
    assert played.asks[0].choices[0].key == "choice.foreign"


def test_of_several_adapters_none_is_proposed() -> None:
    played = play(
        [("line", "3"), ("line", "0"), ("line", "2")],
        adapters=[ADAPTER, OTHER],
        given=Given(broker={"mqtt_host": "h"}),
        hasty=True,
    )
    assert [ask.enter for ask in played.asks] == [None, None, None]
    assert played.written
    assert played.written["device"] == OTHER.path


def test_an_adapter_is_looked_for_again() -> None:
    found: list[Adapter] = []

    class Plugged:
        def __iter__(self) -> Any:  # noqa: ANN401 - an iterator of adapters
            now = list(found)
            found.append(ADAPTER)
            return iter(now)

    played = play(
        [("line", ""), ("line", ""), ("name", ""), ("another_meter", ""), *BROKER, ("confirm", "")],
        adapters=Plugged(),
    )
    assert played.written
    assert played.written["device"] == ADAPTER.path


def test_a_gateway_takes_the_adapter_s_place() -> None:
    played = play(
        given=Given(meters=[{"line": "tcp://192.168.1.20:2010"}]), file=FILE, interactive=False
    )
    assert played.written
    assert played.written["url"] == "tcp://192.168.1.20:2010"
    assert played.written["device"] == ""


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.TELEGRAM])
def test_without_a_telegram_the_user_says_how_to_go_on(outcome: Outcome) -> None:
    played = play(
        [
            *(("line", ""), ("after_silence", "1"), ("after_silence", "2")),
            *(("line", "2"), ("after_silence", "9"), ("after_silence", "3")),
            *(("key", ""), ("name", ""), ("another_meter", ""), *BROKER, ("confirm", "")),
        ],
        adapters=[ADAPTER, OTHER],
        file={"device": ADAPTER.path},
        line=[not_heard(outcome)] * 3,
    )
    assert [step.target for step in played.listens] == [ADAPTER.path, ADAPTER.path, OTHER.path]
    assert played.written
    assert played.written["device"] == OTHER.path


def test_without_a_telegram_a_script_ends() -> None:
    given = Given(broker={"mqtt_host": "h"})
    with pytest.raises(SetupError) as caught:
        play(given=given, line=[not_heard(Outcome.SILENT)], interactive=False)
    assert caught.value.said.key == "heard.silent"
    assert caught.value.status == 1


def test_a_script_may_go_on_without_a_telegram() -> None:
    meter = {"after_silence": "skip", "key": KEY.hex(), "auth_key": AUTH_KEY.hex()}
    played = play(
        line=[not_heard(Outcome.SILENT)],
        given=Given(meters=[meter], broker={"mqtt_host": "h"}),
        interactive=False,
    )
    assert played.written
    assert played.written["key"] == KEY.hex()
    assert played.written["auth_key"] == AUTH_KEY.hex()


def test_a_serial_mode_in_the_file_is_tried_first_and_taken_out_if_it_is_wrong() -> None:
    played = play(file={**FILE, "serial_mode": "9600 8N1"}, line=[heard("kaifa")])
    assert str(played.listens[0].first) == "9600 8N1"
    assert played.listens[0].mode is None
    assert played.written == FILE
    assert "The serial mode 9600 8N1 in the file is not the meter's" in played.text


def test_a_serial_mode_that_is_right_stays() -> None:
    file = {**FILE, "serial_mode": "2400 8E1"}
    assert play(file=file, line=[heard("kaifa")]).written == file


def test_a_serial_mode_that_is_given_is_the_only_one() -> None:
    given = Given(meters=[{"serial_mode": "9600,8n1"}])
    played = play(file=FILE, given=given, line=[heard("kaifa")], interactive=False)
    assert str(played.listens[0].mode) == "9600 8N1"
    assert played.written
    assert played.written["serial_mode"] == "9600 8N1"


def test_a_meter_type_that_is_another_is_set_to_auto() -> None:
    played = play(file={**FILE, "meter_type": "e450"}, line=[heard("kaifa")])
    assert played.written == FILE
    assert "The file names the meter type e450" in played.text


# The keys


def test_wrong_keys_are_asked_for_again() -> None:
    answers = [
        *(("line", ""), ("key", "short"), ("key", WRONG), ("key", KEY.hex("-"))),
        *(("auth_key", WRONG), ("auth_key", AUTH_KEY.hex())),
        *(("name", ""), ("another_meter", ""), *BROKER, ("confirm", "")),
    ]
    played = play(answers, line=[heard("e450", "burgenland")])
    assert played.written
    assert played.written["key"] == KEY.hex("-")
    assert played.written["auth_key"] == AUTH_KEY.hex()
    assert "That were 5 characters" in played.text
    for secret in (WRONG, KEY.hex(), AUTH_KEY.hex()):
        assert secret not in repr(played.asks) + played.text


def test_a_key_in_the_file_that_is_wrong_is_not_proposed_again() -> None:
    played = play(
        [
            *(("line", ""), ("key", ""), ("key", "")),
            *(("name", ""), ("another_meter", ""), ("mqtt_host", ""), ("mqtt_port", "")),
            *(("mqtt_username", ""), ("mqtt_password", ""), ("confirm", "")),
        ],
        file={**FILE, "key": WRONG},
        line=[heard("kaifa")],
    )
    proposed = [ask.enter for ask in played.asks if ask.name == "key"]
    assert proposed == [Say("enter.known"), Say("enter.none")]
    assert played.written == {**FILE, "key": ""}
    assert "Nothing can be read without the key." in played.text


def test_a_wrong_key_ends_a_script() -> None:
    given = Given(meters=[{"key": WRONG}], broker={"mqtt_host": "h"})
    with pytest.raises(SetupError) as caught:
        play(given=given, line=[heard("kaifa")], interactive=False)
    assert caught.value.said.key == "key.wrong"


def test_a_key_may_be_left_for_later() -> None:
    given = Given(meters=[{"key": ""}], broker={"mqtt_host": "h"})
    played = play(given=given, line=[heard("kaifa")], interactive=False)
    assert played.written
    assert "key" not in played.written


def test_where_nothing_else_guards_a_telegram_the_next_one_is_tried_as_well() -> None:
    """A damaged telegram of a link without a checksum looks as if the key were wrong."""
    good = heard("sagemcom-p1", "styria")

    def damaged(step: Listen) -> Heard:
        came = good(step)
        data = bytearray(b"".join(came.chunks))
        data[60] ^= 0xFF
        return replace(came, chunks=(bytes(data),))

    for key, line, fits in ((KEY.hex(), [damaged, good], True), (WRONG, [good, good], False)):
        given = Given(meters=[{"key": key}], broker={"mqtt_host": "h"})
        played = Played()
        with nullcontext() if fits else pytest.raises(SetupError):
            play(given=given, line=line, interactive=False, played=played)
        assert "the next one is awaited" in played.text
        assert (played.written is not None) == fits


# Several meters


def test_another_meter_is_put_behind_the_first() -> None:
    played = play(
        [
            *(("line", "1"), ("name", ""), ("another_meter", "yes")),
            *(("line", "2"), ("key", KEY.hex()), ("name", "Attic"), ("another_meter", "no")),
            *(*BROKER, ("confirm", "yes")),
        ],
        adapters=[ADAPTER, OTHER],
        line=[heard("dsmr"), heard("kaifa")],
    )
    assert played.written
    assert played.written["device"] == ADAPTER.path
    assert played.written["additional_meters"] == [
        {"device": OTHER.path, "key": KEY.hex(), "name": "Attic"}
    ]
    # With the first adapter taken, the other one is proposed.
    assert [ask.enter for ask in played.asks if ask.name == "line"] == [None, "2"]


def test_a_meter_in_the_file_is_known_by_its_line() -> None:
    given = Given(meters=[{"line": "tcp://gateway:2000", "name": "Roof"}])
    played = play(given=given, file=FILE, line=[heard("dsmr")], interactive=False)
    expected = copy.deepcopy(FILE)
    expected["additional_meters"][0]["name"] = "Roof"
    assert played.written == expected


def test_the_same_meters_given_twice_are_the_same_file() -> None:
    def given() -> Given:
        meters = [{"line": "/dev/a"}, {"line": "/dev/b"}, {"line": "tcp://c:1"}]
        return Given(meters=meters, broker={"mqtt_host": "h"})

    once = play(given=given(), interactive=False).written
    assert once
    assert len(once["additional_meters"]) == 2
    assert play(given=given(), file=once, interactive=False).written == once


# The broker


def test_after_a_refusal_only_the_account_is_asked_for_again() -> None:
    refused = [LoggedIn(Cause.NOBODY_LISTENS), LoggedIn(Cause.LOGIN_WRONG), LoggedIn(reason="?")]
    played = play(
        [
            *(("line", ""), ("name", ""), ("another_meter", "")),
            *(HOST, ("mqtt_port", ""), ("mqtt_username", "u"), ("mqtt_password", "p")),
            *(("mqtt_host", ""), ("mqtt_port", ""), ("mqtt_username", ""), ("mqtt_password", "")),
            *(("mqtt_username", ""), ("mqtt_password", ""), ("mqtt_password", "q")),
            *(("mqtt_host", ""), ("mqtt_port", ""), ("mqtt_username", ""), ("mqtt_password", "")),
            ("confirm", ""),
        ],
        broker=refused,
    )
    assert [step.broker.password for step in played.log_ins] == ["p", "p", "q", "q"]
    assert played.written
    assert played.written["mqtt"]["password"] == "q"


@pytest.mark.parametrize("cause", Cause)
def test_a_refusal_ends_a_script(cause: Cause) -> None:
    with pytest.raises(SetupError) as caught:
        play(file=FILE, line=[heard("kaifa")], broker=[LoggedIn(cause)], interactive=False)
    assert caught.value.said.key == f"broker.{cause.name.lower()}"
    assert caught.value.status == 1


def test_another_user_has_another_password() -> None:
    given = Given(broker={"mqtt_username": "somebody"})
    with pytest.raises(SetupError) as caught:
        play(file=FILE, given=given, line=[heard("kaifa")], interactive=False)
    assert caught.value.said.parameters["flag"] == "--mqtt-password-file"


def test_a_port_with_tls_is_asked_about() -> None:
    answers = [
        *(("line", ""), ("name", ""), ("another_meter", "")),
        *(HOST, ("mqtt_port", "8883"), ("mqtt_tls", ""), ("mqtt_username", ""), ("confirm", "")),
    ]
    played = play(answers)
    assert played.log_ins[0].broker.tls
    assert played.written
    assert played.written["mqtt"] == {"host": "192.168.1.10", "port": 8883, "tls": True}


def test_topics_that_are_not_handed_on_are_told() -> None:
    result = LoggedIn(unheard=("smartmeter/configure", "homeassistant/device/x/config"))
    played = play(file=FILE, line=[heard("kaifa")], broker=[result])
    assert "to write and to read smartmeter/#" in played.text
    assert "to write and to read homeassistant/#" in played.text


def test_a_certificate_is_of_no_use_without_tls() -> None:
    for said, known in (
        ({}, {}),
        ({}, {"host": "h", "tls": False}),
        ({"mqtt_tls": "no"}, {"host": "h", "tls": True}),
    ):
        for interactive in (False, True):
            given = Given(broker={"mqtt_host": "h", "mqtt_ca": "/ca.pem", **said})
            played = Played()
            with pytest.raises(SetupError) as caught:
                play(given=given, file={"mqtt": known}, interactive=interactive, played=played)
            assert caught.value.status == 2
            assert "--mqtt-ca" in in_english(caught.value)
            assert "--mqtt-tls" in in_english(caught.value)
            assert played.listens == []


@pytest.mark.parametrize(
    ("said", "known"), [({"mqtt_tls": "yes"}, {}), ({}, {"tls": True, "port": 8883})]
)
def test_a_certificate_goes_with_tls(said: dict[str, str], known: dict[str, Any]) -> None:
    broker = {"mqtt_host": "h", "mqtt_port": "8883", "mqtt_ca": "/ca.pem", **said}
    played = play(given=Given(broker=broker), file={"mqtt": known}, interactive=False)
    assert played.written
    assert played.written["mqtt"] == {"host": "h", "port": 8883, "tls": True, "ca": "/ca.pem"}


# No broker


def in_english(error: SetupError) -> str:
    return Catalogue.load("en").text(error.said)


DATABASE = {"influxdb": {"url": "http://database:8086", "database": "house"}}
OTHER_OUTPUTS = [DATABASE, {"console": "text"}, {"console": "json", "mqtt": {"port": 1884}}]
NO_OTHER_OUTPUT: list[dict[str, Any]] = [{}, {"console": "off", "influxdb": {}}, {"console": ""}]


@pytest.mark.parametrize("file", OTHER_OUTPUTS)
def test_where_there_is_another_output_the_broker_may_be_left_out(file: dict[str, Any]) -> None:
    answers = [*(("line", ""), ("name", ""), ("another_meter", "")), ("mqtt_host", "")]
    played = play([*answers, ("confirm", "")], file=file)
    assert [ask.enter for ask in played.asks if ask.name == "mqtt_host"] == [Say("enter.none")]
    assert played.written == {"device": ADAPTER.path, **file, "language": "en"}
    assert played.log_ins == []
    assert "Broker: none" in played.text


@pytest.mark.parametrize("file", OTHER_OUTPUTS)
@pytest.mark.parametrize("interactive", [False, True])
@pytest.mark.parametrize("broker", [{}, {"mqtt_host": ""}])
def test_whoever_wants_few_questions_needs_no_broker(
    file: dict[str, Any],
    interactive: bool,  # noqa: FBT001 - a parameter of pytest
    broker: dict[str, str],
) -> None:
    given = Given(broker=dict(broker))
    played = play(file=file, given=given, interactive=interactive, hasty=True)
    assert played.asked == []
    assert played.written == {"device": ADAPTER.path, **file, "language": "en"}


@pytest.mark.parametrize("file", OTHER_OUTPUTS)
def test_a_broker_beside_another_output_is_tried(file: dict[str, Any]) -> None:
    answers = [*(("line", ""), ("name", ""), ("another_meter", "")), HOST]
    played = play(answers, file=file)
    assert [step.broker.host for step in played.log_ins] == [HOST[1]]
    assert played.written
    assert played.written["mqtt"]["host"] == HOST[1]


def test_the_broker_in_the_file_is_taken_out_by_a_flag_only() -> None:
    file = {**FILE, **DATABASE}
    assert play(file=file, line=[heard("kaifa")], interactive=False).written == file
    given = Given(broker={"mqtt_host": ""})
    played = play(file=file, given=given, line=[heard("kaifa")], interactive=False)
    own = ("base_topic", "discovery", "layout", "topics")
    kept = {name: FILE["mqtt"][name] for name in own}
    assert played.written == {**file, "mqtt": kept}
    assert played.log_ins == []


@pytest.mark.parametrize("file", [*NO_OTHER_OUTPUT, FILE])
@pytest.mark.parametrize("interactive", [False, True])
def test_without_any_output_nothing_is_begun(
    file: dict[str, Any],
    interactive: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    given = Given(broker={"mqtt_host": ""})
    played = Played()
    with pytest.raises(SetupError) as caught:
        play(file=file, given=given, interactive=interactive, played=played)
    assert caught.value.status == 2
    assert all(one in in_english(caught.value) for one in ("--no-mqtt", "influxdb", "console"))
    assert (played.asked, played.listens) == ([], [])


@pytest.mark.parametrize("file", NO_OTHER_OUTPUT)
def test_without_another_output_the_broker_is_needed(file: dict[str, Any]) -> None:
    with pytest.raises(SetupError) as caught:
        play(file=file, interactive=False)
    assert caught.value.status == 2
    words = ("--mqtt-host", "influxdb", "console")
    assert all(one in in_english(caught.value) for one in words)
    answers = [*(("line", ""), ("name", ""), ("another_meter", "")), ("mqtt_host", ""), *BROKER]
    played = play(answers, file=file)
    assert [ask.enter for ask in played.asks if ask.name == "mqtt_host"] == [None, None]
    assert all(one in played.text for one in words[1:])


def test_whoever_names_a_user_wants_a_broker() -> None:
    given = Given(broker={"mqtt_username": "u", "mqtt_password": "p"})
    with pytest.raises(SetupError) as caught:
        play(file=DATABASE, given=given, interactive=False)
    assert caught.value.said == Say("given.missing", {"flag": "--mqtt-host"})


# The file


@pytest.mark.parametrize("key", ["file.no_folder", "file.is_folder"])
def test_a_wrong_path_of_the_file_is_wrong_usage(key: str) -> None:
    with pytest.raises(SetupError) as caught:
        play(file=Say(key, {"path": "x"}))
    assert caught.value.status == 2


def test_a_file_that_cannot_be_used_ends_it_before_anything_is_asked() -> None:
    misspelt = {"layout": "topics", "topics": [{"key": "powr", "topic": "house/power"}]}
    forbidden = Say("file.forbidden", {"path": "x"})
    for file in (forbidden, {"update_intervall": 3}, {"mqtt": misspelt}):
        played = Played()
        with pytest.raises(SetupError):
            play(file=file, played=played)
        assert played.asked == []


def test_a_wrong_answer_in_the_file_can_be_put_right() -> None:
    file = {**FILE, "key": "not a key", "mqtt": {**FILE["mqtt"], "host": "no host!"}}
    answers = [
        *(("line", ""), ("key", ""), ("key", KEY.hex()), ("name", ""), ("another_meter", "")),
        *(("mqtt_host", ""), ("mqtt_host", "broker"), ("mqtt_port", "")),
        *(("mqtt_username", ""), ("mqtt_password", ""), ("confirm", "")),
    ]
    assert play(answers, file=file, line=[heard("kaifa")]).written == FILE


def test_whoever_says_no_at_the_end_has_nothing_written() -> None:
    played = Played()
    with pytest.raises(SetupError) as caught:
        play(
            [
                *(("line", ""), ("name", ""), ("another_meter", "")),
                *(("mqtt_host", ""), ("mqtt_port", "")),
                *(("mqtt_username", ""), ("mqtt_password", ""), ("confirm", "no")),
            ],
            file={**FILE, "key": ""},
            line=[heard("dsmr")],
            played=played,
        )
    assert caught.value.said.key == "end.stopped"
    assert played.written is None


def test_the_language_that_is_given_is_that_of_the_sensors() -> None:
    played = play(given=Given(language="en"), file=FILE, line=[heard("kaifa")])
    assert played.written == {**FILE, "language": "en"}
