"""What several test modules use."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.certificates import certificates
from tests.support.influxdb import InfluxDB
from tests.support.mosquitto import Mosquitto
from tests.support.simulated import Adapter

__all__ = ["certificates"]  # a fixture


@pytest.fixture
def adapter(tmp_path: Path) -> Iterator[Adapter]:
    """Give a serial adapter that is plugged in, with nothing behind it yet."""
    with closing(Adapter(tmp_path / "ttyMeter")) as adapter:
        yield adapter


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """Give a real Mosquitto that runs, with user and password."""
    directory = tmp_path / "mosquitto"
    directory.mkdir()
    broker = Mosquitto(directory)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def influxdb(tmp_path: Path) -> Iterator[InfluxDB]:
    """Give a real InfluxDB that runs, with the database smartmeter."""
    directory = tmp_path / "influxdb"
    directory.mkdir()
    made = InfluxDB(directory)
    try:
        made.start()
        made.create()
        yield made
    finally:
        made.stop()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes many minutes, unless it is asked for: with -m soak."""
    if "soak" in config.getoption("markexpr"):
        return
    left_out = [item for item in items if item.get_closest_marker("soak")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


_FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def figure(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Take a figure that a test has measured, to be told at the end of the run."""
    return pytestconfig.stash.setdefault(_FIGURES, []).append


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell what was measured, and in one line what was not run and why."""
    skipped = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", ())
    )
    reasons = [f"{count} x {reason}" for reason, count in skipped.items()]
    if skipped:
        terminalreporter.line(f"skipped: {'; '.join(reasons)}")
    if left_out := len(terminalreporter.stats.get("deselected", ())):
        terminalreporter.line(
            f"left out: {left_out} tests that are slow, want a Home Assistant Core, or were not"
            " asked for; script/test --help says how to run them"
        )
    figures = config.stash.get(_FIGURES, [])
    if figures:
        terminalreporter.section("measured")
    for line in figures:
        terminalreporter.line(line)


# Every run tries the same examples, and a busy machine is no failure.
settings.register_profile("few", derandomize=True, deadline=None, max_examples=20)
settings.register_profile("many", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("few")
