from pathlib import Path

import pytest

from app.config.options import OptionsError
from app.fleet.forwarding import options
from app.transport.serial_mode import SerialMode

GIVEN = {
    "servers": "nats://127.0.0.1:4222",
    "lines": [
        {"name": "m1", "url": "tcp://10.0.0.1:2010"},
        {"name": "m2", "device": "/dev/ttyUSB0", "serial_mode": "2400 8E1"},
    ],
}


def test_lines_have_names_and_places() -> None:
    loaded = options.parse(GIVEN, Path("/etc"))
    first, second = loaded.lines
    assert (first.name, first.url) == ("m1", "tcp://10.0.0.1:2010")
    assert (second.device, second.serial_mode) == ("/dev/ttyUSB0", SerialMode.parse("2400 8E1"))
    assert loaded.spool == Path("/etc/telegrams.sqlite")
    assert (loaded.spool_hours, loaded.spool_megabytes) == (24, 100)


def test_what_is_known_again_has_a_file_that_is_nobody_elses() -> None:
    loaded = options.parse({**GIVEN, "spool": "forward.sqlite"}, Path("/etc"))
    assert loaded.state == Path("/etc/forward.sqlite.state"), "not the options in forward.json"


def test_a_user_may_have_a_dot() -> None:
    assert options.parse({**GIVEN, "username": "gateway.1"}, Path()).engine.username == "gateway.1"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"lines": []}, "lines: nothing is given"),
        ({"lines": [{"url": "tcp://a:1"}]}, "lines[0].name: nothing is given"),
        ({"lines": [{"name": "m1"}]}, "lines[0].url: nothing is given"),
        ({"lines": [{"name": "a b", "url": "tcp://a:1"}]}, 'lines[0].name: "a b" is given'),
        ({"lines": [GIVEN["lines"][0], GIVEN["lines"][0]]}, "lines: two lines have the same name"),
        (
            {"lines": [{"name": name, "url": "tcp://a:1"} for name in ("m1", "m2")]},
            "lines: two lines have the same url or device",
        ),
        ({"servers": None}, "servers: nothing is given"),
        ({"username": "a b"}, 'username: "a b" is given'),
        ({"username": "a..b"}, 'username: "a..b" is given'),
        ({"spool_hours": 0}, "spool_hours: 0 is given"),
        ({"meters": []}, "meters: there is no such option; did you mean lines?"),
        ({"key": "1"}, "key: there is no such option; forward needs none: keys stand in"),
        ({"lines": [{"name": "m1", "key": "1"}]}, "lines[0].key: there is no such option; forward"),
        (
            {"lines": [{"name": "m1", "baudrate": 2400}]},
            "lines[0].baudrate: there is no such option; did you mean serial_mode",
        ),
    ],
)
def test_wrong_options_are_told(changed: dict[str, object], problem: str) -> None:
    with pytest.raises(OptionsError) as caught:
        options.parse({**GIVEN, **changed}, Path())
    assert any(told.startswith(problem) for told in caught.value.problems), caught.value.problems
