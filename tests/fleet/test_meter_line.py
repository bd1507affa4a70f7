"""What comes under one name is read as `run` reads a line, but by the time of arrival."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.dlms.ciphering import Keys
from app.fleet.lane import Found
from app.fleet.meter_line import MeterLine, Meters
from app.fleet.meters_file import FleetMeter
from app.fleet.tally import MISTAKE, NO_TELEGRAM, UNKNOWN_NAME, Tally
from app.meters import profile_files
from simulator import meters
from simulator.household import Household
from tests.support.telegrams import BOTH_KEYS, NOON, ZONE

PROFILES = profile_files.load()
KAIFA = "kaifa"
WAITED = 3600.0
"""Seconds from when a telegram came, by its gateway's clock, until the engine stored it."""


class Pushing:
    """A meter that pushes a telegram every few seconds, as one name."""

    def __init__(self, meter: FleetMeter | None = None) -> None:
        self.tally = Tally()
        self.meters = Meters({"m1": meter or FleetMeter(BOTH_KEYS)}, PROFILES, ZONE, self.tally)
        self.meter = meters.build(KAIFA)
        self.household = Household(1, NOON, phases=3)
        self.moment: datetime = NOON
        self.line = self.open()

    def open(self, kept: object = None) -> MeterLine:
        self.line = self.meters.open("m1", kept, self.moment.timestamp())
        return self.line

    def telegram(self, seconds: float = 5.0) -> tuple[bytes, ...]:
        self.moment += timedelta(seconds=seconds)
        return self.meter.telegram(self.household.at(self.moment)).segments

    def read(self, *chunks: bytes, again: bool = False) -> list[Found]:
        at = self.moment.timestamp()
        return [
            one
            for chunk in chunks
            for one in self.line.read(chunk, at, stored=at + WAITED, again=again)
        ]


def state(found: list[Found]) -> dict[str, Any]:
    (one,) = found
    said = json.loads(one.payload)
    assert said["meter"] == one.meter_id
    return dict(said)


def test_a_telegram_gives_the_state_with_the_id_of_its_meter() -> None:
    pushing = Pushing()
    said = state(pushing.read(b"".join(pushing.telegram())))
    assert said["meter"] == "181221234567"
    assert said["energy_import"] > 0
    assert datetime.fromisoformat(said["timestamp"]) == pushing.moment
    assert pushing.tally.counts() == {"messages": 1, "readings": 1, "refused": {}}
    assert pushing.tally.heard == {"m1": pushing.moment.timestamp() + WAITED}


def test_a_telegram_may_come_in_pieces() -> None:
    pushing = Pushing()
    first, second = pushing.telegram()
    assert not pushing.read(first)
    assert pushing.line.under_way
    assert state(pushing.read(second.hex().encode()))
    assert not pushing.line.under_way


def test_an_hour_of_telegrams_at_once_is_judged_by_when_each_arrived() -> None:
    pushing = Pushing()
    found = [one for _ in range(720) for one in pushing.read(b"".join(pushing.telegram()))]
    assert len(found) == 720
    assert not pushing.tally.refused


@pytest.mark.parametrize("is_away", [False, True])
@pytest.mark.parametrize("back", [60.0, 6 * 3600.0])
def test_a_gateway_whose_clock_is_set_back_and_right_again_loses_two_telegrams(
    back: float, *, is_away: bool
) -> None:
    pushing = Pushing(FleetMeter())
    pushing.meter = meters.build(KAIFA, encrypted=False)
    end = NOON.timestamp() + 86400
    read = []
    for number in range(96):
        telegram = b"".join(pushing.telegram(900))
        now = pushing.moment.timestamp()
        wrong = now - back if 30 <= number < 60 else now
        stored = end + number if is_away else now + 0.1
        if pushing.line.read(telegram, wrong, stored=stored, again=False):
            read.append(number)
    assert len(read) >= 94, pushing.tally.refused


def test_what_was_learned_is_known_to_the_reader_that_takes_over() -> None:
    pushing = Pushing()
    old = b"".join(pushing.telegram())
    pushing.read(old)
    newer = b"".join(pushing.telegram())
    assert pushing.read(newer)
    kept = json.loads(json.dumps(pushing.line.memory()))
    pushing.open(kept)
    assert not pushing.read(old), "a replay"
    assert pushing.tally.refused == {"replayed": 1}
    assert pushing.read(b"".join(pushing.telegram()))


def test_what_was_kept_may_be_damaged() -> None:
    pushing = Pushing()
    damaged: list[object] = [
        None,
        5,
        [],
        {"history": 5},
        {"history": {"a": []}, "units": {"b": 1}},
        {"numbers": {"181221234567": 5}, "ids": {"181221234567": []}},
    ]
    for kept in damaged:
        pushing.open(kept)
        assert pushing.read(b"".join(pushing.telegram()))


def test_a_wrong_key_is_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    pushing = Pushing(FleetMeter(Keys(bytes(16))))
    for _ in range(3):
        assert not pushing.read(b"".join(pushing.telegram()))
    assert sum(pushing.tally.refused.values()) == 3
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().startswith("m1: ")


def test_what_is_not_encrypted_is_refused_where_there_is_a_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pushing = Pushing()
    forged = meters.build(KAIFA, encrypted=False)
    for _ in range(2):
        pushing.moment += timedelta(seconds=5)
        assert not pushing.read(forged.telegram(pushing.household.at(pushing.moment)).data)
    assert pushing.tally.refused == {"not encrypted": 2}
    (record,) = caplog.records
    assert "m1: the telegram is not encrypted, though this meter has a key" in record.getMessage()
    assert pushing.read(b"".join(pushing.telegram()))
    open_one = Pushing(FleetMeter())
    assert open_one.read(forged.telegram(open_one.household.at(open_one.moment)).data)


def test_new_options_are_taken_and_told_of_anew(caplog: pytest.LogCaptureFixture) -> None:
    pushing = Pushing(FleetMeter(Keys(bytes(16))))
    pushing.read(b"".join(pushing.telegram()))
    meter = FleetMeter(BOTH_KEYS)
    assert pushing.meters.replace({"m1": meter, "m2": meter}) == {"m1", "m2"}
    pushing.open()
    assert pushing.read(b"".join(pushing.telegram()))
    assert pushing.meters.replace({"m2": meter}) == {"m1"}
    assert not pushing.meters.knows("m1")
    assert pushing.tally.refused[UNKNOWN_NAME] == 1
    assert len(caplog.records) == 2


def test_a_hostile_payload_is_counted() -> None:
    pushing = Pushing()
    assert not pushing.read(b"", b"{", b"{}")
    assert pushing.tally.refused == {NO_TELEGRAM: 3}


def test_noise_gives_nothing_and_keeps_nothing_from_being_read() -> None:
    pushing = Pushing()
    assert not pushing.read(b"\x00" * 300, b"hello")
    assert pushing.read(b"".join(pushing.telegram()))


def test_a_mistake_of_ours_costs_one_message(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pushing = Pushing()

    def fail(_: bytes) -> list[object]:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("app.decoder.Decoder.feed", lambda _, chunk: fail(chunk))
        assert not pushing.read(b"".join(pushing.telegram()))
    assert pushing.tally.refused == {MISTAKE: 1}
    assert "please report this" in caplog.text
    assert pushing.read(b"".join(pushing.telegram()))


def test_a_mistake_in_what_is_written_costs_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    pushing = Pushing()

    def fail(_: object) -> tuple[str, ...]:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("app.fleet.meter_line.state_members", fail)
        assert not pushing.read(b"".join(pushing.telegram()))
    assert pushing.tally.refused == {MISTAKE: 1}
    assert pushing.read(b"".join(pushing.telegram()))


def test_whoever_makes_up_names_hides_no_other_refusal(caplog: pytest.LogCaptureFixture) -> None:
    pushing = Pushing(FleetMeter(Keys(bytes(16))))
    for number in range(1500):
        assert not pushing.meters.knows(f"stranger-{number}")
    assert pushing.tally.refused[UNKNOWN_NAME] == 1500
    assert len(caplog.records) == 1000
    pushing.read(b"".join(pushing.telegram()))
    assert len(caplog.records) == 1001


def test_what_is_read_again_is_not_counted_again() -> None:
    pushing = Pushing()
    assert pushing.read(b"".join(pushing.telegram()), again=True)
    assert not pushing.read(b"{", again=True)
    assert pushing.tally.counts() == {"messages": 0, "readings": 0, "refused": {}}
