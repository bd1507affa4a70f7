"""The problems of a line, each after its time and not before; all times are made up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.fault import Fault, Kind
from app.line.health import MISSED_PUSHES, SILENT_AFTER, Health
from app.line.trouble import moment
from app.transport.push_interval import PushInterval
from app.transport.serial_mode import SerialMode
from tests.support.withheld import ALL, ENERGIES, accepted, pending

PUSH = 5.0
NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)


def health(push_interval: float, now: float) -> Health:
    return Health(PushInterval(push_interval), now)


@pytest.fixture
def line() -> Health:
    """Give a line that was opened at second 100, to a meter that pushes every 5 seconds."""
    line = health(PUSH, 90.0)
    line.opened(SerialMode.parse("2400 8E1"), 100.0)
    return line


def push(line: Health, now: float, interval: float = PUSH, count: int = 1) -> float:
    """Let telegrams come, the first of them at once; give the time of the last."""
    for n in range(count):
        at = now + n * interval
        line.received(282, at)
        line.frames(2, at)
        line.telegram(at)
    return now + (count - 1) * interval


def fault(kind: Kind, reason: str = "a plain sentence") -> Fault:
    return Fault(kind, "ciphering", 0, reason)


def problem_key(line: Health, now: float) -> str | None:
    """Give the key of the problem there is."""
    found = line.problem(now)
    return found.key if found else None


def test_a_line_never_opened_has_no_problem() -> None:
    assert health(PUSH, 0.0).problem(1000.0) is None


def test_a_line_that_is_read_has_no_problem(line: Health) -> None:
    last = push(line, 100.0, count=20)
    assert line.problem(last + PUSH) is None
    assert not line.overdue(last + PUSH)


def test_bytes_frames_telegrams_and_faults_are_counted(line: Health) -> None:
    push(line, 100.0, count=3)
    line.fault(fault(Kind.DAMAGED), 0.0)
    counts = line.counts
    assert (counts.bytes, counts.frames, counts.telegrams, counts.faults) == (846, 6, 3, 1)


# A lost line


def test_the_problem_of_a_lost_line_is_the_reason_from_its_source(line: Health) -> None:
    line.lost("the adapter is gone; plug it in again")
    found = line.problem(100.0)
    assert found is not None
    assert str(found.sentence) == "the adapter is gone; plug it in again"


def test_a_line_lost_for_another_reason_is_another_problem(line: Health) -> None:
    line.lost("the adapter is gone")
    first = problem_key(line, 100.0)
    line.lost("the device is missing")
    assert problem_key(line, 100.0) != first


def test_a_lost_line_comes_before_any_other_problem(line: Health) -> None:
    line.fault(fault(Kind.KEY_WRONG), 0.0)
    line.lost("the adapter is gone")
    assert problem_key(line, 200.0) == "the adapter is gone"


def test_silence_counts_from_the_reopening_of_a_line(line: Health) -> None:
    line.received(10, 120.0)
    line.lost("the adapter is gone")
    line.opened(SerialMode.parse("2400 8E1"), 500.0)
    assert line.problem(500.0 + SILENT_AFTER) is None
    assert problem_key(line, 500.1 + SILENT_AFTER) == "no bytes"
    line.received(10, 540.0)
    assert line.problem(540.0) is None


# No bytes


def test_silence_is_a_problem_after_half_a_minute(line: Health) -> None:
    assert line.problem(130.0) is None
    found = line.problem(130.6)
    assert found is not None
    assert found.key == "no bytes"
    assert str(found.sentence) == (
        "no bytes from the meter for 31 s; check that the head sits on the meter or the cable in"
        " its socket, and that the grid operator has switched the customer interface on"
    )


def test_lasting_silence_stays_the_same_problem(line: Health) -> None:
    assert problem_key(line, 140.0) == problem_key(line, 5000.0) == "no bytes"


def test_bytes_end_the_silence(line: Health) -> None:
    line.received(1, 140.0)
    assert line.problem(141.0) is None


def test_a_longer_push_interval_allows_longer_silence() -> None:
    line = health(60.0, 0.0)
    line.opened(SerialMode.parse("2400 8E1"), 0.0)
    assert line.problem(MISSED_PUSHES * 60.0) is None
    assert problem_key(line, MISSED_PUSHES * 60.0 + 0.1) == "no bytes"


def test_a_change_of_serial_mode_does_not_end_the_silence(line: Health) -> None:
    line.opened(SerialMode.parse("9600 8N1"), 120.0)
    assert problem_key(line, 131.0) == "no bytes"


# Bytes, but no frames


def noise(line: Health, begin: int, end: int) -> None:
    """Let bytes come every second that make no frame."""
    for second in range(begin, end + 1):
        line.received(20, float(second))


def test_bytes_without_frames_are_a_problem_after_half_a_minute(line: Health) -> None:
    noise(line, 110, 140)
    assert line.problem(140.0) is None
    found = line.problem(140.6)
    assert found is not None
    assert found.key == "no frames"
    assert str(found.sentence) == (
        "bytes come from the meter, but no whole frame for 31 s with 2400 8E1; the serial mode may"
        " be the wrong one: set serial_mode to what your grid operator says, or leave it empty"
        " to have the usual ones tried, and see that the head sits well"
    )


def test_behind_a_gateway_the_advice_is_to_set_the_serial_mode_there() -> None:
    line = health(PUSH, 0.0)
    line.opened(None, 0.0, remote=True)
    noise(line, 0, 40)
    found = line.problem(40.0)
    assert found is not None
    assert "for 40 s; the gateway may read with the wrong serial mode: set it there" in str(
        found.sentence
    )
    assert "serial_mode" not in str(found.sentence)


def test_without_a_serial_mode_the_sentence_does_not_ask_for_one() -> None:
    line = health(PUSH, 0.0)
    line.opened(None, 0.0)
    noise(line, 0, 40)
    found = line.problem(40.0)
    assert found is not None
    assert str(found.sentence) == "bytes come from the meter, but no whole frame for 40 s"


def test_a_change_of_serial_mode_does_not_end_bytes_without_frames(line: Health) -> None:
    noise(line, 100, 120)
    line.opened(SerialMode.parse("9600 8N1"), 120.0)
    noise(line, 121, 131)
    found = line.problem(131.0)
    assert found is not None
    assert found.key == "no frames"
    assert "for 31 s with 9600 8N1" in str(found.sentence)


def test_a_frame_ends_the_problem_of_bytes_without_frames(line: Health) -> None:
    noise(line, 100, 140)
    line.frames(0, 0.0)
    assert problem_key(line, 140.0) == "no frames"
    line.frames(1, 0.0)
    assert line.problem(140.0) is None


def test_the_first_bytes_after_a_long_silence_are_no_problem(line: Health) -> None:
    line.received(1, 101.0)
    assert problem_key(line, 5000.0) == "no bytes"
    line.received(20, 5000.0)
    assert line.problem(5000.5) is None


def test_gaps_between_telegrams_are_not_silence(line: Health) -> None:
    for second in (100.0, 115.0, 130.0, 145.0):
        line.received(282, second)
    assert problem_key(line, 145.0) == "no frames"


# Frames, but no readings


@pytest.mark.parametrize(
    "kind",
    [
        Kind.KEY_MISSING,
        Kind.KEY_WRONG,
        Kind.AUTH_KEY_WRONG,
        Kind.OTHER_METER,
        Kind.UNKNOWN_LIST,
        Kind.UNSUPPORTED,
    ],
)
def test_a_fault_that_keeps_telegrams_from_being_read_is_a_problem_at_once(
    line: Health, kind: Kind
) -> None:
    line.received(282, 101.0)
    line.frames(2, 0.0)
    line.fault(fault(kind, "do this and that"), 0.0)
    found = line.problem(101.0)
    assert found
    assert (found.key, found.trouble) == (kind.value, kind.value)
    assert str(found.sentence).startswith("do this and that")


def test_whole_telegrams_with_a_wrong_checksum_are_named_and_not_the_serial_mode(
    line: Health,
) -> None:
    for second in range(100, 400, 10):
        line.received(800, second)
        line.fault(fault(Kind.CHECKSUM_WRONG, "the checksum of a telegram is wrong"), second)
        found = line.problem(second + 5.0)
        if second + 5.0 <= 100 + SILENT_AFTER:
            assert found is None  # it may be noise
            continue
        assert found
        assert found.key == "checksum wrong"
        assert str(found.sentence).startswith("the checksum of a telegram is wrong")
        assert "the serial mode is right" in str(found.sentence)
    assert line.diagnostics(400.0)["signal_health"] == 0


def test_one_wrong_checksum_among_good_telegrams_is_no_problem(line: Health) -> None:
    last = push(line, 100.0)
    line.received(800, last + 5)
    line.fault(fault(Kind.CHECKSUM_WRONG), last + 5)
    assert line.problem(last + 10) is None
    assert line.diagnostics(last + 10)["signal_health"] == Decimal("66.6")


@pytest.mark.parametrize("kind", [Kind.KEY_WRONG, Kind.UNKNOWN_LIST, Kind.UNSUPPORTED])
def test_a_remedy_follows_a_fault_that_names_none(line: Health, kind: Kind) -> None:
    line.fault(fault(kind, "this is wrong"), 0.0)
    found = line.problem(1.0)
    assert found
    assert str(found.sentence).startswith("this is wrong; ")
    assert ("compare" if kind is Kind.KEY_WRONG else "report") in str(found.sentence)


def test_damaged_bytes_alone_are_no_problem(line: Health) -> None:
    line.received(282, 101.0)
    line.fault(fault(Kind.DAMAGED), 0.0)
    assert line.problem(101.0) is None
    assert line.counts.faults == 1


def test_a_later_fault_replaces_the_first_unless_it_is_damage(line: Health) -> None:
    line.fault(fault(Kind.KEY_WRONG), 0.0)
    line.fault(fault(Kind.DAMAGED), 0.0)
    assert problem_key(line, 101.0) == Kind.KEY_WRONG
    line.fault(fault(Kind.AUTH_KEY_WRONG), 0.0)
    assert problem_key(line, 101.0) == Kind.AUTH_KEY_WRONG


def test_a_telegram_ends_the_problem_of_a_fault(line: Health) -> None:
    line.fault(fault(Kind.KEY_WRONG), 0.0)
    push(line, 102.0)
    assert line.problem(102.0) is None


def test_one_bad_telegram_between_good_ones_is_no_problem(line: Health) -> None:
    last = push(line, 100.0, count=3)
    line.fault(fault(Kind.KEY_WRONG), 0.0)
    assert line.problem(last + PUSH) is None


def test_a_wrong_key_after_good_telegrams_is_a_problem_once_they_are_overdue(line: Health) -> None:
    last = push(line, 100.0, count=3)
    for n in range(1, 7):
        line.received(282, last + n * PUSH)
        line.frames(2, 0.0)
        line.fault(fault(Kind.KEY_WRONG), 0.0)
    assert line.problem(last + 30.0) is None
    assert problem_key(line, last + 30.1) == Kind.KEY_WRONG


# Overdue meters


def test_a_meter_never_heard_is_not_overdue(line: Health) -> None:
    assert not line.overdue(10000.0)


def test_a_meter_is_overdue_after_half_a_minute_at_the_earliest(line: Health) -> None:
    last = push(line, 100.0, interval=1.0, count=50)
    assert not line.overdue(last + SILENT_AFTER)
    assert line.overdue(last + SILENT_AFTER + 0.1)


def test_bytes_without_a_telegram_do_not_keep_a_meter_online(line: Health) -> None:
    last = push(line, 100.0)
    line.received(100, last + 30)
    assert line.overdue(last + 31)


def test_the_push_interval_of_a_meter_is_learned(line: Health) -> None:
    last = push(line, 100.0, interval=60.0, count=60)
    assert not line.overdue(last + 150.0)
    assert line.overdue(last + 190.0)


def test_one_long_gap_is_not_learned_as_push_interval() -> None:
    line = health(20.0, 0.0)
    line.opened(SerialMode.parse("2400 8E1"), 0.0)
    last = push(line, 0.0, interval=20.0, count=10)
    push(line, last + 86400.0)
    assert line.overdue(last + 86400.0 + 70.0)


def test_no_push_interval_longer_than_an_hour_is_learned() -> None:
    line = health(3600.0, 0.0)
    line.opened(SerialMode.parse("2400 8E1"), 0.0)
    last = push(line, 0.0, interval=7200.0, count=100)
    assert not line.overdue(last + MISSED_PUSHES * 3600.0)
    assert line.overdue(last + MISSED_PUSHES * 3600.0 + 1)


# Values that are withheld


def withheld(line: Health) -> list[object]:
    """Give what is withheld."""
    return [one.parameters["what"] for one in line.withheld()]


def test_values_that_are_withheld_are_a_problem_while_others_are_read(line: Health) -> None:
    last = push(line, 100.0, count=3)
    line.judged(accepted(ENERGIES))
    assert line.problem(last) is None
    (found,) = line.withheld()
    assert (found.trouble, found.since) == ("withheld", ENERGIES.since)
    assert str(found.sentence) == (
        f"energy_import, energy_export withheld since {moment(ENERGIES.since)}: energy_import falls"
        " from 4408.736 to 3; this ends with two more telegrams that go on from them"
    )
    line.judged(accepted())
    assert line.withheld() == []


def test_what_is_withheld_for_longest_comes_first(line: Health) -> None:
    line.judged(pending(ALL, ENERGIES))
    assert withheld(line) == [ENERGIES.what, ALL.what]


def test_a_pending_telegram_ends_and_begins_withholding_as_an_accepted_one(line: Health) -> None:
    line.judged(pending(ALL))
    assert withheld(line) == [ALL.what]
    line.judged(pending())
    assert withheld(line) == []


def test_a_telegram_that_no_guard_has_judged_ends_no_withholding(line: Health) -> None:
    line.judged(accepted(ENERGIES))
    for kind in set(Kind) - {Kind.SUSPICIOUS}:
        line.judged(accepted()._replace(fault=fault(kind)))
    line.judged(accepted()._replace(reading=None))
    assert withheld(line) == [ENERGIES.what]


@pytest.mark.parametrize("kind", [Kind.SUSPICIOUS, Kind.REPLAYED])
def test_telegrams_that_are_not_accepted_are_told_of_as_withheld_and_not_twice(
    line: Health, kind: Kind
) -> None:
    line.fault(fault(kind), 101.0)
    assert problem_key(line, 101.0) == kind
    line.judged(pending(ALL))
    assert problem_key(line, 101.0) is None
    assert withheld(line) == [ALL.what]
    line.fault(fault(Kind.KEY_WRONG), 101.0)
    assert problem_key(line, 101.0) == Kind.KEY_WRONG


# Diagnostics and advice


def test_signal_health_is_the_share_of_good_frames_in_the_last_hour(line: Health) -> None:
    assert "signal_health" not in line.diagnostics(100.0)
    for minute in range(10):
        line.frames(2, 100.0 + 60 * minute)
    line.fault(fault(Kind.DAMAGED), 700.0)
    assert line.diagnostics(700.0)["signal_health"] == Decimal("95.2")
    for minute in range(10, 80):
        line.frames(1, 100.0 + 60 * minute)
    assert line.diagnostics(100.0 + 60 * 79)["signal_health"] == 100
    assert "signal_health" not in line.diagnostics(100.0 + 60 * 79 + 3700)


def test_a_good_frame_that_cannot_be_deciphered_does_not_lower_signal_health(line: Health) -> None:
    line.frames(1, 100.0)
    line.fault(fault(Kind.KEY_WRONG), 100.0)
    assert line.diagnostics(100.0)["signal_health"] == 100


def test_errors_are_counted_by_kind(line: Health) -> None:
    for kind in (Kind.DAMAGED, Kind.KEY_WRONG, Kind.DAMAGED):
        line.fault(fault(kind), 100.0)
    assert line.counts.kinds == {Kind.DAMAGED: 2, Kind.KEY_WRONG: 1}
    assert line.diagnostics(100.0)["errors"] == 3


def test_diagnostics_hold_clock_drift_and_invocation_counter(line: Health) -> None:
    line.said(NOON, NOON - timedelta(seconds=21.4), 4711)
    line.telegram(100.0)
    assert line.diagnostics(100.0) == {
        "last_telegram": "2026-06-21T12:00:00+00:00",
        "silence": 0,
        "telegrams": 1,
        "errors": 0,
        "parity_errors": 0,
        "clock_drift": -21,
        "serial_mode": "2400 8E1",
        "invocation_counter": 4711,
    }


def test_the_silence_counts_from_the_last_telegram_once_the_meter_is_offline() -> None:
    line = health(PUSH, 0.0)
    line.telegram(100.0)
    seconds = [line.diagnostics(now)["silence"] for now in (100.0, 105.0, 3700.0, 3760.4)]
    assert seconds == [0, 0, 3600, 3660]
    line.telegram(3770.0)
    assert line.diagnostics(3771.0)["silence"] == 0


def test_diagnostics_leave_out_unknown_values() -> None:
    line = health(PUSH, 0.0)
    line.opened(None, 0.0)
    line.said(NOON, None, None)
    assert line.diagnostics(1.0).keys() == {"last_telegram", "telegrams", "errors"}


@pytest.mark.parametrize("seconds", [0, 480, -900, 900])
def test_a_clock_minutes_wrong_gives_no_advice(line: Health, seconds: int) -> None:
    line.said(NOON, NOON + timedelta(seconds=seconds), None)
    assert line.advice() is None


@pytest.mark.parametrize(
    ("seconds", "how", "reason"),
    [
        (1000, "16 min 40 s ahead of", "check this computer's clock"),
        (3605, "1 h ahead of", "time zone"),
        (-7195, "1 h 59 min behind", "time zone"),
        (-12 * 3600, "12 h behind", "time zone"),
        (5 * 86400, "5 d ahead of", "check this computer's clock"),
        (-49 * 3600, "2 d 1 h behind", "check this computer's clock"),
        (-5 * 86400 - 3000, "5 d behind", "check this computer's clock"),
    ],
)
def test_a_clock_further_off_gives_advice_with_the_likely_reason(
    line: Health, seconds: int, how: str, reason: str
) -> None:
    line.said(NOON, NOON + timedelta(seconds=seconds), None)
    advice = line.advice()
    assert advice is not None
    assert (advice.key, advice.trouble) == ("clock", "clock")
    assert f"clock is {how} this computer's" in str(advice.sentence)
    assert reason in str(advice.sentence).lower()
    assert ("Home Assistant" in str(advice.sentence)) is (reason == "time zone")


def test_while_serial_modes_are_tried_the_sentence_does_not_ask_for_one(line: Health) -> None:
    line.opened(SerialMode.parse("2400 8E1"), 100.0, searching=True)
    noise(line, 100, 140)
    found = line.problem(140.0)
    assert found is not None
    assert "are tried in turn" in str(found.sentence)
    assert "leave it empty" not in str(found.sentence)


# Parity errors


def test_parity_errors_are_told_of_a_mode_that_has_a_parity(line: Health) -> None:
    line.received(282, 100.0, 3)
    line.received(282, 105.0)
    line.received(282, 110.0, 4)
    assert line.diagnostics(110.0)["parity_errors"] == 7
    line.opened(SerialMode.parse("2400 8N1"), 111.0)
    push(line, 112.0)
    assert "parity_errors" not in line.diagnostics(115.0)


@pytest.mark.parametrize(("errors", "told"), [(0, True), (5, True), (280, False)])
def test_while_modes_are_tried_they_are_told_with_a_frame_in_a_mode_that_is_not_wrong(
    line: Health, errors: int, *, told: bool
) -> None:
    line.opened(SerialMode.parse("2400 8E1"), 100.0, searching=True)
    line.received(282, 100.0, errors)
    assert "parity_errors" not in line.diagnostics(100.0)
    line.frames(1, 100.0)
    assert ("parity_errors" in line.diagnostics(100.0)) == told


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        (0, "; the serial mode may be the wrong one: set serial_mode"),
        (3, ", and 3 % of the bytes have parity errors: see that the head sits well"),
        (45, ", and 45 % of the bytes have parity errors: this serial mode is wrong; set"),
    ],
)
def test_without_frames_parity_errors_tell_a_wrong_mode_from_a_bad_line(
    line: Health, errors: int, words: str
) -> None:
    last = push(line, 100.0)
    for second in range(1, 60):
        line.received(100, last + second, errors)
    found = line.problem(last + 60)
    assert found
    assert f"no whole frame for 59 s with 2400 8E1{words}" in str(found.sentence)
    assert found.key == "no frames"


def test_errors_before_the_last_frame_or_in_another_mode_are_not_counted(line: Health) -> None:
    line.received(1000, 100.0, 900)
    push(line, 101.0)
    for second in range(1, 60):
        line.received(100, 101.0 + second)
    found = line.problem(161.0)
    assert found
    assert "parity" not in str(found.sentence)


def test_while_modes_are_tried_that_is_what_is_told(line: Health) -> None:
    line.opened(SerialMode.parse("2400 8E1"), 100.0, searching=True)
    for second in range(60):
        line.received(100, 100.0 + second, 50)
    found = line.problem(160.0)
    assert found
    assert "are tried in turn" in str(found.sentence)


# What is told of the line itself


def test_a_line_that_is_not_open_yet_has_received_nothing() -> None:
    assert health(PUSH, 0.0).line_diagnostics() == {
        "line": "OFF",
        "line_details": {},
        "bytes": 0,
        "frames": 0,
    }


def test_an_open_line_tells_its_address_and_what_is_tried_until_frames_come() -> None:
    line = health(PUSH, 0.0)
    for mode in ("2400 8E1", "9600 8N1"):
        address = f"/dev/ttyUSB0 ({mode})"
        line.opened(SerialMode.parse(mode), 1.0, line=address, searching=True)
        told = line.line_diagnostics()
        assert told["line"] == "ON"
        assert told["line_details"] == {
            "address": address,
            "serial_mode": mode,
            "being_tried": True,
        }
    push(line, 2.0)
    told = line.line_diagnostics()
    assert told["line_details"] == {
        "address": "/dev/ttyUSB0 (9600 8N1)",
        "serial_mode": "9600 8N1",
        "being_tried": False,
    }
    assert (told["bytes"], told["frames"]) == (282, 2)
    line.lost("it was pulled")
    assert line.line_diagnostics()["line"] == "OFF"


def test_a_gateway_has_no_serial_mode_that_is_tried() -> None:
    line = health(PUSH, 0.0)
    line.opened(None, 1.0, line="tcp://house:2000", remote=True)
    assert line.line_diagnostics()["line_details"] == {"address": "tcp://house:2000"}
