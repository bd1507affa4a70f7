"""What the log is told of one line."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from app.config.options import MeterOptions
from app.dlms.ciphering import Keys
from app.line import narrator
from app.line.trouble import moment
from app.meters.telegram import Telegram, Withheld
from simulator import axdr, links
from simulator.ciphering import AUTH_KEY, KEY
from simulator.links import P1Checksum
from simulator.meters import Register, Shape, Unit
from tests.support.lines import (
    GATEWAY,
    KEYS,
    OTHER_KEY,
    PORT,
    ReadLine,
    WatchedLog,
    lost_line,
    opened_line,
    pushes,
)
from tests.support.simulated import SimulatedMeter, published
from tests.support.withheld import ENERGIES, accepted, pending

GAS = Withheld("gas", "gas falls from 7 to 0", "a newer report", ENERGIES.since + 3600)

# Lines that are lost


def test_a_line_lost_and_opened_between_two_looks_is_logged(log: WatchedLog) -> None:
    line = opened_line()
    line.take(lost_line("the adapter is gone; plug it in again"), PORT)
    line.after(1)
    assert log.all == [
        "reading /dev/ttyUSB0 (2400 8E1)",
        "the adapter is gone; plug it in again",
        "reading /dev/ttyUSB0 (2400 8E1)",
    ]


# Problems


def test_a_silent_line_is_logged_with_what_to_check(log: WatchedLog) -> None:
    line = opened_line()
    line.watch(30)
    assert log.at("WARNING") == []
    line.watch(10)
    (sentence,) = log.at("WARNING")
    assert sentence.startswith("no bytes from the meter for 31 s; check that the head sits on")


def test_bytes_without_frames_are_logged_with_what_to_change(log: WatchedLog) -> None:
    line = opened_line()
    line.watch(40, lambda: line.take(b"\x55\xaa\x55"))
    (sentence,) = log.at("WARNING")
    assert sentence.startswith(
        "bytes come from the meter, but no whole frame for 31 s with 2400 8E1; the serial mode may"
        " be the wrong one: set serial_mode"
    )


def test_the_log_says_to_set_the_serial_mode_at_the_gateway(log: WatchedLog) -> None:
    line = opened_line(source=GATEWAY)
    line.watch(40, lambda: line.take(b"\x55\xaa\x55"))
    (sentence,) = log.at("WARNING")
    assert "the gateway may read with the wrong serial mode: set it there" in sentence


def strange(meter: SimulatedMeter) -> SimulatedMeter:
    """Let an E450 send a list without codes that nobody has described."""
    layout = meter.meter.layout
    assert layout.shape is Shape.POSITIONAL
    meter.meter.layout = replace(layout, items=layout.items[2:])
    return meter


@pytest.mark.parametrize(
    ("keys", "meter_type", "meter", "sentence"),
    [
        pytest.param(
            Keys(),
            "auto",
            SimulatedMeter(None, "kaifa"),
            "the meter with system title 4b464d655012d687 (KFM) sends ciphered telegrams and no"
            " key is given; enter the encryption key (GUEK) that your grid operator hands out",
            id="key missing",
        ),
        pytest.param(
            Keys(OTHER_KEY),
            "auto",
            SimulatedMeter(None, "kaifa"),
            "deciphering gives no telegram: the encryption key is not this meter's; compare the"
            " option key with the one that your grid operator hands out for this very meter, and"
            " see that it is not exchanged with the authentication key",
            id="encryption key wrong",
        ),
        pytest.param(
            Keys(OTHER_KEY, AUTH_KEY),
            "auto",
            SimulatedMeter(None, "e450"),
            "deciphering gives no telegram: the encryption key is not this meter's; compare the"
            " option key with the one that your grid operator hands out for this very meter, and"
            " see that it is not exchanged with the authentication key",
            id="encryption key wrong, tag present",
        ),
        pytest.param(
            Keys(KEY, OTHER_KEY),
            "auto",
            SimulatedMeter(None, "e450", "steiermark"),
            "the authentication key does not fit, though the encryption key does: check auth_key,"
            " or leave it empty to read without checking",
            id="authentication key wrong",
        ),
        pytest.param(
            KEYS,
            "sagemcom",
            SimulatedMeter(None, "kaifa"),
            "the telegram comes from a Kaifa meter, but meter_type is sagemcom (Sagemcom T210-D);"
            " choose the right type, or auto",
            id="other meter",
        ),
        pytest.param(
            KEYS,
            "e450",
            strange(SimulatedMeter(None, "e450")),
            "a list that meters of the type e450 do not send; try auto; if the newest version of"
            " this program says the same, report the meter as the documentation says, with what"
            " `listen` shows",
            id="list unknown to the type",
        ),
        pytest.param(
            KEYS,
            "auto",
            strange(SimulatedMeter(None, "e450")),
            "no profile knows what the values of this list mean; if the newest version of this"
            " program says the same, report the meter as the documentation says, with what `listen`"
            " shows",
            id="list unknown",
        ),
    ],
)
def test_telegrams_that_cannot_be_read_are_explained_once(
    log: WatchedLog, keys: Keys, meter_type: str, meter: SimulatedMeter, sentence: str
) -> None:
    line = opened_line(keys, meter_type=meter_type)
    pushes(meter, line, 20)
    assert log.at("WARNING") == [sentence]
    assert line.recorder.published == []


def test_a_lasting_problem_is_logged_again_after_ten_minutes(log: WatchedLog) -> None:
    line = opened_line(Keys())
    meter = SimulatedMeter(None, "kaifa")
    pushes(meter, line, 121)
    first, second = log.at("WARNING")
    assert second == f"still, for 10 min 1 s, 120 times: {first}"
    pushes(meter, line, 100)
    assert len(log.at("WARNING")) == 2


def test_each_of_two_successive_problems_is_logged(log: WatchedLog) -> None:
    line = opened_line(Keys())
    pushes(SimulatedMeter(None, "kaifa"), line)
    line.watch(40)
    assert [text[:8] for text in log.at("WARNING")] == ["the mete", "no bytes"]


def test_a_meter_that_is_read_again_is_logged_once(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    line.watch(40)
    pushes(meter, line, 3)
    assert log.at("NOTICE").count("the meter is read again") == 1
    assert len(log.at("WARNING")) == 1


def test_a_line_open_again_is_logged_as_read_only_after_a_telegram(log: WatchedLog) -> None:
    line = opened_line()
    for _ in range(3):
        line.take(lost_line(), PORT)
        line.watch(10)
    assert len(log.at("WARNING")) == 1
    assert "the meter is read again" not in log.all
    pushes(SimulatedMeter(None, "kaifa"), line)
    assert "the meter is read again" in log.all


def test_one_bad_telegram_between_good_ones_is_logged_at_debug_level_only(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    pushes(meter, line, 3)
    pushes(SimulatedMeter(None, "kaifa", key=OTHER_KEY), line)
    pushes(meter, line, 3)
    assert log.at("WARNING") == []
    assert any("not this meter's" in text for text in log.at("DEBUG"))


def test_the_first_bytes_after_a_long_silence_cause_no_second_warning(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    line.watch(1000)
    first, second = meter.telegram().segments
    line.take(first[:100])
    line.watch(1)
    line.take(first[100:], second)
    line.watch(1)
    assert len([text for text in log.at("WARNING") if text.startswith("no bytes")]) == 1


# A meter that is read


def test_only_the_first_telegram_is_logged_in_full(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "sagemcom")
    first = meter.telegram()
    line.take(first.data)
    pushes(meter, line, 3)
    shown = [text for text in log.at("NOTICE") if text.startswith("first telegram")]
    assert len(shown) == 1
    said = published(first.truth)
    assert shown[0].startswith(
        f"first telegram of Sagemcom T210-D {meter.meter.identity.number}: Energy import"
        f" {said['energy_import']} kWh, Energy export {said['energy_export']} kWh, Power import"
        f" {said['power_import']} W,"
    )
    assert shown[0].endswith(f", Power {said['power']} W")


def test_a_meter_without_a_number_is_logged_with_its_system_title(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "e450", "wien")
    line.take(meter.telegram().data)
    assert log.at("NOTICE")[1].startswith(f"first telegram of Landis+Gyr E450 {meter.id}: ")


@pytest.mark.parametrize(
    ("keys", "meter", "expected"),
    [
        (Keys(KEY), SimulatedMeter(None, "e450"), "no auth_key is set"),
        (KEYS, SimulatedMeter(None, "kaifa"), "this meter sends no tag to check"),
        (KEYS, SimulatedMeter(None, "e450"), None),
        (Keys(), SimulatedMeter(None, "e450", encrypted=False), None),
    ],
    ids=["no key", "no tag", "checked", "in the clear"],
)
def test_unauthenticated_telegrams_are_logged_once(
    log: WatchedLog, keys: Keys, meter: SimulatedMeter, expected: str | None
) -> None:
    line = opened_line(keys)
    pushes(meter, line, 3)
    prefix = "the telegrams are deciphered but not authenticated: "
    assert log.at("INFO") == ([prefix + expected] if expected else [])
    assert len(line.recorder.published) == 3


def test_an_unnamed_register_is_logged_once(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    new = Register("1-0:15.5.0", axdr.Type.UINT32, Unit.W)
    *items, number = meter.meter.layout.items
    meter.meter.layout = replace(meter.meter.layout, items=(*items, new, number))
    meter.more["15.5.0"] = Decimal(4321)
    pushes(meter, line, 3)
    found = [text for text in log.at("INFO") if "is not published" in text]
    assert found == ["the meter also sends what is not published: 1-0:15.5.0"]
    assert len(line.recorder.published) == 3


def test_no_code_that_is_read_is_logged_as_unpublished(log: WatchedLog) -> None:
    line = opened_line(Keys())
    lines = [
        *("1-3:0.2.8(50)", "0-0:1.0.0(260701120005S)", "1-0:0.9.1(222553)", "1-0:0.9.2(251002)"),
        *("1-0:1.4.0(02.351*kW)", "1-0:1.6.0(260701120000S)(02.589*kW)", "1-0:2.6.0(00.000*kW)"),
        *("1-0:15.8.0(000001.000*kWh)", "1-0:15.7.0(1.000*kW)", "1-0:10.7.0(00.000*kVA)"),
        *("1-0:5.7.0(00.000*kvar)", "1-0:8.8.0(000000.000*kvarh)", "1-0:1.8.5(000000.000*kWh)"),
        *("1-0:32.24.0(0.230*kV)", "1-0:31.4.0(999*A)", "1-1:31.4.0(040*A)(-040*A)"),
        *("1-0:99.97.0(0)(0-0:96.7.19)", "1-0:32.32.0(00000)", "1-0:72.36.0(00000)"),
        *("1-1:21.8.0(000001.000*kWh)", "1-0:62.8.0(000001.000*kWh)", "1-0:96.5.5(80)"),
    ]
    line.take(links.p1("XMX5LGBBFG1009394887", ["1-0:1.7.0(01.000*kW)", *lines]))
    assert not [text for text in log.at("INFO") if "is not published" in text]


def test_the_number_of_unnamed_registers_logged_is_bounded(log: WatchedLog) -> None:
    line = opened_line(Keys())
    lines = [f"1-0:{200 + n // 10}.{n % 10}.0(00{n % 10}*W)" for n in range(300)]
    line.take(links.p1("XMX5LGBBFG1009394887", ["1-0:1.7.0(01.000*kW)", *lines]))
    (told_of,) = (text for text in log.at("INFO") if "what is not published" in text)
    assert told_of.count(",") == narrator.MOST_UNNAMED - 1


def test_the_choice_of_a_scale_is_logged_once(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "e450", "klagenfurt")
    meter.meter.link = links.Hdlc(source=b"\x41")
    pushes(meter, line, 3)
    assert len(line.recorder.published) == 3
    (note,) = [text for text in log.at("NOTICE") if "do not say" in text]
    assert note == (
        "the telegrams do not say what their values count; by their size they are those of a"
        " Landis+Gyr E450"
    )


def dsmr(kind: P1Checksum, second: int, energy: str = "001234.567") -> bytes:
    """A P1 telegram with a checksum of some sort."""
    lines = (f"0-0:1.0.0(2607011200{second:02}S)", f"1-0:1.8.0({energy}*kWh)")
    text = "\r\n".join(("/ISK5\\2M550T-1012", "", *lines, "!")).encode("ascii")
    return text + links.p1_digits(text, kind) + b"\r\n"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (P1Checksum.X25, "CRC-16/X.25"),
        (P1Checksum.X25_SWAPPED, "with the two bytes exchanged"),
        (P1Checksum.ZEROS, "say 0000 in place of a checksum"),
        (P1Checksum.NONE, "have no checksum"),
        (P1Checksum.ARC, None),
    ],
)
def test_an_unusual_checksum_is_logged_once(
    log: WatchedLog, kind: P1Checksum, said: str | None
) -> None:
    line = opened_line(Keys())
    for second in range(0, 50, 10):
        line.take(dsmr(kind, second))
        line.watch(10)
    assert len(line.recorder.published) == 5
    notes = [text for text in log.at("NOTICE") if "checksum" in text]
    assert len(notes) == (said is not None)
    assert all(said in note for note in notes if said)


def test_a_wrong_checksum_is_logged_and_the_serial_mode_not_blamed(log: WatchedLog) -> None:
    line = opened_line(Keys())
    for second in range(0, 50, 10):
        line.take(dsmr(P1Checksum.ARC, second).replace(b"234", b"235"))
        line.watch(10)
    assert line.recorder.published == []
    (warning,) = log.at("WARNING")
    assert warning.startswith("the checksum of a telegram of 75 bytes is wrong, and no other is")
    assert not any("may be the wrong one" in text for text in log.all)


def test_telegrams_without_a_published_value_are_logged_once(log: WatchedLog) -> None:
    line = opened_line(Keys())
    for _ in range(3):
        line.take(links.p1("XMX5LGBBFG1009394887", ["0-0:96.5.4(0002)"]))
    assert line.recorder.published == []
    assert log.at("NOTICE")[1:] == [
        (
            "the meter's telegrams hold no value that is published; some meters send those once an"
            " hour only. If none come, report the meter as the documentation says, with what"
            " `listen` shows"
        )
    ]


def test_the_count_of_telegrams_is_logged_every_five_minutes(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    truths = pushes(meter, line, 130)
    reports = [text for text in log.at("INFO") if "since the start" in text]
    assert reports == [
        f"{count} telegrams read, 0 errors since the start; now Power {said['power']} W,"
        f" Energy import {said['energy_import']} kWh, Energy export {said['energy_export']} kWh"
        for count, said in zip((61, 121), map(published, (truths[60], truths[120])), strict=True)
    ]


def test_nothing_is_logged_of_a_line_without_telegrams(log: WatchedLog) -> None:
    ReadLine().watch(1000)
    assert log.all == []


def test_log_lines_of_a_meter_with_a_label_begin_with_it(log: WatchedLog) -> None:
    line = ReadLine(MeterOptions(keys=KEYS), label="Keller")
    line.take(PORT, SimulatedMeter(None, "kaifa").telegram().data)
    line.watch(40)
    assert len(log.all) == 5
    assert all(text.startswith("Keller: ") for text in log.all)


# Telegrams that are not accepted


def test_a_replay_is_counted_each_time_and_logged_once(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    pushes(meter, line, 3)
    old = meter.telegram().data
    line.take(old)
    for _ in range(3):
        line.take(old)
    assert len(line.recorder.published) == 4
    assert line.reader.health.counts.faults == 3
    (rejected,) = (text for text in log.at("INFO") if "rejected" in text)
    assert rejected == (
        "a telegram was rejected: its invocation counter is not newer than that of a telegram"
        " before it"
    )


def test_the_outcome_of_pending_telegrams_is_logged(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    pushes(meter, line, 5)
    meter.more = {"1.8.0": Decimal(0)}
    pushes(meter, line, 3)
    assert len(line.recorder.published) == 6
    assert log.at("NOTICE")[-1] == (
        "the pending telegrams confirm each other: a counter of the meter was set back"
    )


def test_a_line_whose_telegrams_are_all_rejected_is_a_problem(log: WatchedLog) -> None:
    line, meter = opened_line(), SimulatedMeter(None, "kaifa")
    recorded = [meter.telegram().data for _ in range(20)]
    for data in (*recorded, *recorded):
        line.take(data)
        line.watch(5)
    assert any(
        "all values withheld" in text and "its invocation counter is not newer" in text
        for text in log.at("WARNING")
    )


# Values that are withheld


def judge(line: ReadLine, telegram: Telegram, count: int = 1) -> None:
    """Let a telegram come that a guard has judged, at the pace of a meter."""
    for _ in range(count):
        line.take(b"\x00")
        line.reader.health.frames(1, line.now)
        line.reader._handle(telegram, line.now)
        line.watch(5)


@pytest.mark.parametrize("make", [accepted, pending])
def test_what_is_withheld_is_logged_once_when_it_begins_and_once_when_it_ends(
    log: WatchedLog, make: Callable[[Withheld], Telegram]
) -> None:
    line = opened_line()
    judge(line, accepted(), 3)
    judge(line, make(ENERGIES), 20)
    (sentence,) = log.at("WARNING")
    assert sentence == (
        f"energy_import, energy_export withheld since {moment(ENERGIES.since)}: energy_import falls"
        " from 4408.736 to 3; this ends with two more telegrams that go on from them"
    )
    told = "no value is withheld any more"
    assert told not in log.all
    judge(line, accepted(), 20)
    assert log.at("INFO").count(told) == 1
    assert "the meter is read again" not in log.all
    assert log.at("WARNING") == [sentence]
    judge(line, make(ENERGIES), 20)
    assert log.at("WARNING") == [sentence, sentence]


def test_what_is_withheld_for_long_is_logged_again_after_ten_minutes(log: WatchedLog) -> None:
    line = opened_line()
    judge(line, accepted(ENERGIES), 200)
    first, second = log.at("WARNING")
    assert second == f"still, for 10 min 1 s: {first}"
    assert not any("since the start" in text for text in log.at("INFO"))


def test_each_of_several_values_that_are_withheld_is_logged(log: WatchedLog) -> None:
    line = opened_line()
    judge(line, accepted(ENERGIES), 5)
    judge(line, accepted(ENERGIES, GAS), 5)
    judge(line, accepted(GAS), 5)
    assert [text.partition(" withheld")[0] for text in log.at("WARNING")] == [
        "energy_import, energy_export",
        "gas",
    ]
    assert "no value is withheld any more" not in log.all


def test_what_is_withheld_is_not_logged_again_while_nothing_is_heard(log: WatchedLog) -> None:
    line = opened_line()
    judge(line, accepted(ENERGIES))
    line.watch(3600)
    assert len([text for text in log.at("WARNING") if "withheld" in text]) == 1
