"""The status file, and what the command makes of it."""

import io
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app import status
from app.log import Redactor
from app.status import NAME, STALE_AFTER, OutputState, Status

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
LINE: dict[str, Any] = {
    "label": "",
    "line": "/dev/ttyUSB0 (2400 8E1)",
    "problem": None,
    "last_telegram": (NOW - timedelta(seconds=4)).isoformat("T", "seconds"),
    "telegrams": 1234,
    "errors": 1,
    "signal_health": Decimal("99.8"),
    "serial_mode": "2400 8E1",
    "meters": [
        {
            "meter": "Kaifa MA309 181221234567",
            "values": {"energy_import": Decimal("5341.671"), "power": -505},
        }
    ],
}
STATUS = Status(
    version="1.2.3",
    started=NOW - timedelta(hours=3),
    written=NOW - timedelta(seconds=5),
    outputs={"broker": OutputState(works=True, sentence="connected to the MQTT broker h:1883")},
    lines=[LINE],
)


def shown(folder: Path, now: datetime = NOW) -> tuple[int, str, str]:
    out, errors = io.StringIO(), io.StringIO()
    ended = status.show(out, errors, now, folder)
    return ended, out.getvalue(), errors.getvalue()


def test_what_was_written_is_shown(tmp_path: Path) -> None:
    STATUS.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert shown(tmp_path) == (
        0,
        """\
smart meter reader 1.2.3, running for 3 h
broker: connected to the MQTT broker h:1883

/dev/ttyUSB0 (2400 8E1)
  problem: none
  1,234 telegrams, 1 error, signal 99.8 %, the last telegram 4 s ago
  Kaifa MA309 181221234567
    Energy import                    5341.671 kWh
    Power                            -505 W
""",
        "",
    )


def test_a_line_that_was_never_open_is_shown(tmp_path: Path) -> None:
    line = status.unread_line("Keller", "there is no adapter")
    STATUS._replace(lines=[line]).write(tmp_path)
    ended, out, _ = shown(tmp_path)
    assert ended == 1
    assert "Keller: no line is open\n  problem: there is no adapter\n  0 telegrams" in out


def test_a_broker_that_is_away_is_wrong(tmp_path: Path) -> None:
    away = OutputState(works=False, sentence="nothing answers at h:1883")
    STATUS._replace(outputs={"broker": away}).write(tmp_path)
    ended, out, _ = shown(tmp_path)
    assert ended == 1
    assert "broker: nothing answers at h:1883" in out


def test_one_output_of_several_that_does_not_work_is_wrong(tmp_path: Path) -> None:
    writing = OutputState(works=True, sentence="writing to the database x at http://h:8086")
    refused = writing._replace(works=False, sentence="the database refuses the token")
    both = STATUS._replace(outputs=STATUS.outputs | {"database": writing})
    both.write(tmp_path)
    ended, out, _ = shown(tmp_path)
    assert ended == 0
    assert "\nbroker: connected to the MQTT broker h:1883\ndatabase: writing to " in out
    assert both.summary().endswith("h:1883; writing to the database x at http://h:8086")
    both._replace(outputs=STATUS.outputs | {"database": refused}).write(tmp_path)
    assert shown(tmp_path)[0] == 1


def test_a_program_that_writes_no_more_is_taken_for_dead(tmp_path: Path) -> None:
    STATUS.write(tmp_path)
    ended, out, _ = shown(tmp_path, STATUS.written + timedelta(seconds=STALE_AFTER + 30))
    assert ended == 1
    assert out.endswith("nothing was written for 1 min 30 s: the program hangs or was ended\n")


def test_without_a_file_the_program_does_not_run(tmp_path: Path) -> None:
    said = f"the program does not run: there is no {tmp_path / NAME}\n"
    assert shown(tmp_path) == (1, "", said)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_for_root_alone_asks_for_sudo(tmp_path: Path) -> None:
    STATUS.write(tmp_path)
    (tmp_path / NAME).chmod(0)
    assert "ask with sudo" in shown(tmp_path)[2]


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", '{"written": 1}', '{"written": "x"}', "\xff"]
)
def test_a_damaged_file_is_no_crash(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_bytes(content.encode("latin-1"))
    ended, out, errors = shown(tmp_path)
    assert (ended, out) == (1, "")
    assert "cannot be read" in errors


def test_a_meter_s_text_does_not_steer_the_terminal(tmp_path: Path) -> None:
    STATUS._replace(lines=[LINE | {"problem": "\x1b[2Jgone"}]).write(tmp_path)
    assert "problem: ?[2Jgone" in shown(tmp_path)[1]


def test_a_summary_is_one_sentence() -> None:
    lines = [LINE, LINE | {"problem": "no byte has come for 40 s"}]
    assert STATUS._replace(lines=lines).summary() == (
        "2,468 telegrams read; connected to the MQTT broker h:1883; no byte has come for 40 s"
    )


def test_secrets_are_taken_out_of_sentences() -> None:
    line = LINE | {"label": "swordfish", "problem": "swordfish?"}
    outputs = {"broker": OutputState(works=True, sentence="swordfish!")}
    safe = STATUS._replace(outputs=outputs, lines=[line]).redacted(Redactor(["swordfish"]))
    assert (safe.outputs["broker"].sentence, safe.lines[0]["label"], safe.lines[0]["problem"]) == (
        *("***!", "***", "***?"),
    )
    # A short secret must not spoil what is no sentence: times, numbers.
    assert STATUS.redacted(Redactor(["5"])).lines == [LINE]


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, None),
        ({"RUNTIME_DIRECTORY": ""}, None),
        ({"RUNTIME_DIRECTORY": "/run/a"}, Path("/run/a")),
        ({"RUNTIME_DIRECTORY": "/run/a:/run/b"}, Path("/run/a")),
    ],
)
def test_systemd_names_the_folder(environment: dict[str, str], folder: Path | None) -> None:
    assert status.folder_of(environment) == folder
