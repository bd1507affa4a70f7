"""The last telegram of a sender, and how late it came."""

from app.dlms.receiver import Push
from app.link import Frame
from app.meters.telegram import Telegram
from app.plausibility.evidence import Evidence
from app.plausibility.lists import Found
from app.plausibility.track import Observation, Track


def seen(time: float | None, now: float, text: bytes = b"") -> Observation:
    """Return a telegram that was sent at a time and came at another."""
    telegram = Telegram(Push(Frame("p1", 0, text), None, text, is_text=True))
    found = Found(None, (), 0, text)
    return Observation(telegram, Evidence.SUM, found, None, None, time, now, 0.0, {})


def delays(*telegrams: tuple[float, float]) -> list[float]:
    """Return by how much telegrams are known to be late."""
    track, found = Track(), []
    for sent, came in telegrams:
        track.add(seen(sent, came), {}, (), {}, None)
        found.append(round(track.delay, 3))
    return found


def test_telegrams_that_a_gateway_held_up_are_late_until_it_caught_up() -> None:
    assert delays((10, 10), (20, 27), (30, 32), (40, 40)) == [0, 6.99, 1.98, 0]


def test_no_gateway_holds_telegrams_up_for_longer_than_an_hour() -> None:
    assert delays((10, 10), (20, 9000)) == [0, 3600]


def test_the_drift_of_a_clock_is_no_delay() -> None:
    assert delays((0, 0), (10_000, 10_009)) == [0, 0]
    assert delays((0, 0), (10_000, 10_012)) == [0, 2]


def test_the_last_64_telegrams_are_recognised_when_they_come_again() -> None:
    track = Track()
    for n in range(100):
        track.add(seen(n, n, str(n).encode()), {}, (), {}, None)
    assert len(track.recent) == 64


def test_an_energy_that_changes_is_remembered_as_it_was() -> None:
    track = Track()
    for now, value in ((0.0, 5), (10.0, 5), (20.0, 7)):
        moved = ["energy_import"] if value == 7 else []
        track.add(seen(None, now), {"energy_import": value}, moved, {}, None)
    assert track.changed == {"energy_import": (20.0, 5)}
    assert track.seen_at("energy_import") == 20.0
