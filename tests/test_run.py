"""The wiring of the program: wrong options, labels of lines, health check."""

import asyncio
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import run
from app.commands import run as command
from app.config.options import MeterOptions, MqttOptions, Options
from app.line import lasting
from app.line.sections import labels_of
from app.log import NOTICE, Redactor
from app.meters.profile_files import OWN_FOLDER
from app.meters.reading import Meter
from app.mqtt.publisher import Publisher
from app.sd_notify import Notifier
from app.state import State
from tests.support.mosquitto import TIMEOUT
from tests.support.program import running

# Options that cannot be used

FAULTY = {
    "meter_type": "kaiffa",
    "key": "00112233",
    "url": "192.168.1.20:2000",
    "pasword": "x",
    "update_interval": -1,
    "mqtt": {"port": 70000, "hosts": "broker"},
    "additional_meters": [{"url": "tcp://h:1"}, {"serial_mode": "fast"}],
}
NAMED = (
    "meter_type",
    "key",
    "url",
    "pasword",
    "update_interval",
    "mqtt.port",
    "mqtt.hosts",
    "additional_meters[1].serial_mode",
)


async def test_all_errors_of_the_options_are_logged_at_once(tmp_path: Path) -> None:
    async with running(FAULTY, tmp_path) as program:
        assert await program.ends() == 1
    told = [line.partition(" FATAL ")[2].strip() for line in program.lines]
    assert sorted(line.partition(": ")[0] for line in told[:-1]) == sorted(NAMED)
    assert told[-1] == "nothing was started; correct the options and start again"
    assert "00112233" not in program.output


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no valid JSON, see line 1, column 2"),
        ("[]", "a list of 0 is given; wanted is a group of options"),
    ],
)
async def test_a_file_without_options_is_an_error(tmp_path: Path, content: str, words: str) -> None:
    async with running(content, tmp_path) as program:
        assert await program.ends() == 1
    assert words in program.lines[0]


def test_a_missing_file_of_options_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        assert command.run(tmp_path / "missing.json") == 1
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert "missing.json is missing; name another one with --options" in capsys.readouterr().out


# Profiles of the user

OWN = {
    "meter_type": "mine",
    "url": "tcp://127.0.0.1:1",
    "mqtt": {"host": "127.0.0.1", "port": 1},
}


def write_profile(folder: Path, text: str) -> None:
    path = folder / OWN_FOLDER / "mine.toml"
    path.parent.mkdir()
    path.write_text(text)


async def test_a_profile_of_the_user_can_be_chosen(tmp_path: Path) -> None:
    write_profile(tmp_path, 'manufacturer = "Example"\nmodel = "X1"')
    async with running(OWN, tmp_path) as program:
        await program.logs("the gateway tcp://127.0.0.1:1 refuses the connection")
        assert "nothing was started" not in program.output


async def test_an_app_takes_profiles_from_its_own_folder_and_not_from_beside_the_options(
    tmp_path: Path,
) -> None:
    own = tmp_path / "config"
    own.mkdir()
    write_profile(own, 'manufacturer = "Example"\nmodel = "X1"')
    write_profile(tmp_path, "no profile")
    before = f"""
from pathlib import Path
from app.meters import profile_files
profile_files.APP_FOLDER = Path({str(own)!r})
"""
    token = {"SUPERVISOR_TOKEN": "token"}
    async with running(OWN, tmp_path, token, before=before) as program:
        await program.logs("the gateway tcp://127.0.0.1:1 refuses the connection")
        assert "nothing was started" not in program.output


async def test_a_profile_of_the_user_is_unknown_without_its_file(tmp_path: Path) -> None:
    async with running(OWN, tmp_path) as program:
        assert await program.ends() == 1
    assert "meter_type: " in program.lines[0]


async def test_a_mistake_in_a_profile_asks_to_correct_the_profile(tmp_path: Path) -> None:
    write_profile(tmp_path, 'manufacturer = "Example"\nmodel = "X1"\nmaker = ["XMP"]')
    async with running(OWN, tmp_path) as program:
        assert await program.ends() == 1
    told = [line.partition(" FATAL ")[2].strip() for line in program.lines]
    assert told == [
        "mine.toml: maker: there is no such key",
        "nothing was started; correct this file in the folder profiles and start again",
    ]


# Labels of lines, health check


@pytest.mark.parametrize(
    ("meter", "label"),
    [
        (MeterOptions(name="Keller", url="tcp://h:1", device="/dev/a"), "Keller"),
        (MeterOptions(url="tcp://h:1", device="/dev/a"), "tcp://h:1"),
        (MeterOptions(device="/dev/a"), "/dev/a"),
        (MeterOptions(), "meter 2"),
    ],
)
def test_a_meter_among_several_has_a_label_that_the_user_knows(
    meter: MeterOptions, label: str
) -> None:
    assert labels_of([MeterOptions(), meter]) == ["meter 1", label]


def test_an_only_meter_has_no_label_and_labels_differ() -> None:
    meter = MeterOptions(name="Keller")
    assert labels_of([meter]) == [""]
    assert labels_of([meter, meter, MeterOptions(), meter]) == [
        "Keller",
        "Keller (2)",
        "meter 3",
        "Keller (4)",
    ]


async def test_the_health_check_s_file_is_touched_repeatedly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "alive"
    monkeypatch.setattr(lasting, "HEARTBEAT", file)
    beats: asyncio.Queue[bool] = asyncio.Queue()

    async def sleep(_: float) -> None:
        beats.put_nowait(file.exists())
        file.unlink()
        if beats.qsize() == 3:
            await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    beating = asyncio.create_task(lasting.beat(Notifier()))
    async with asyncio.timeout(TIMEOUT):
        assert [await beats.get() for _ in range(3)] == [True] * 3
    beating.cancel()


async def test_a_file_that_cannot_be_touched_does_not_end_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lasting, "HEARTBEAT", tmp_path / "missing" / "alive")
    beating = asyncio.create_task(lasting.beat(Notifier()))
    await asyncio.wait([beating], timeout=0.01)
    assert not beating.done()
    beating.cancel()


# Exceptions, and meters that are gone


class FailingReader:
    """A reader that fails so many times, and then reads until it is cancelled."""

    def __init__(self, failures: int, *, hears: bool = True) -> None:
        self.failures = failures
        self.hears = hears
        self.reads = asyncio.Event()

    async def run(self) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("a mistake of ours")
        self.reads.set()
        await asyncio.Event().wait()


async def test_a_reader_that_fails_is_started_again_and_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lasting, "RESTART_AFTER", 0.0)
    reader = FailingReader(failures=2)
    task = asyncio.create_task(lasting.for_ever(reader.run, "reading a meter"))
    async with asyncio.timeout(TIMEOUT):
        await reader.reads.wait()
    assert len(caplog.messages) == 2
    assert "please report this" in caplog.messages[0]
    assert "a mistake of ours" in caplog.text
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("hears", [True, False])
async def test_unheard_meters_are_removed_only_while_every_line_hears_one(
    *, hears: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(NOTICE)
    monkeypatch.setattr(run, "TIDY_INTERVAL", 0.0)
    asked = asyncio.Event()

    class Readers(list[FailingReader]):
        def __iter__(self) -> Iterator[FailingReader]:
            asked.set()
            return super().__iter__()

    class Forgetful(Publisher):
        def __init__(self) -> None:
            pass

        def forget_unheard(self) -> list[Meter]:
            return [Meter("gas7", "GAS7", "dsmr", "", "Gas meter", None)]

    readers = Readers([FailingReader(0), FailingReader(0, hears=hears)])
    task = asyncio.create_task(run._tidy(Forgetful(), readers))  # type: ignore[arg-type]
    async with asyncio.timeout(TIMEOUT):
        await asked.wait()
        await asyncio.sleep(0)
    task.cancel()
    assert any("GAS7 was not heard for a week" in text for text in caplog.messages) is hears


def test_tls_insecure_is_logged_at_each_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def start() -> None:
        options = Options((MeterOptions(),), MqttOptions(host="h", tls=True, tls_insecure=True))
        state = State(tmp_path / "state.json")
        serving = asyncio.create_task(run.serve(options, {}, state, {}, Redactor()))
        await asyncio.sleep(0)  # it runs up to where it waits for a signal
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(TIMEOUT):
            await serving

    asyncio.run(start())
    assert any("mqtt.tls_insecure is set" in text for text in caplog.messages)
