"""All lines together, and where they are shown."""

import asyncio
import json
from dataclasses import replace

import pytest

from app.config import lines
from app.config.options import MeterOptions
from app.line.sections import LINE_EVENTS
from app.log import NOTICE
from app.page.page import MOST_HISTORIES
from tests.support.asking import until
from tests.support.paged import meter, opened, shown, told
from tests.support.publishing import stop


async def test_a_meter_of_the_options_that_is_not_read_is_told() -> None:
    paged = opened("de", name=None)
    first, second = MeterOptions(device="/dev/ttyUSB0"), MeterOptions(device="/dev/ttyUSB0")
    for why in lines.doubled([first, second]).values():
        paged.page.leave_out(why)
    (why,) = (await told(paged, "facts"))["left_out"]
    assert "additional_meters[0] wird nicht gelesen: Tragen Sie dort device" in why


async def test_the_first_eight_meters_have_a_history() -> None:
    paged = opened()
    made = [paged.page._history() for _ in range(MOST_HISTORIES + 1)]
    assert [one is None for one in made] == [False] * MOST_HISTORIES + [True]


async def test_what_is_told_again_and_again_is_short_however_many_lines_there_are() -> None:
    paged = opened()
    others = [opened() for _ in range(300)]
    for n, other in enumerate(others):
        other.push(meter(), 2)
        other.line._label = f"meter {n}"
        paged.page._lines.append(other.line)
    paged.push(meter(), 2)
    got: list[bytes] = []

    class Sink:
        def send(self, data: bytes) -> None:
            got.append(data)

    stream = paged.line.stream()
    stream.begin(Sink())
    others[7].push(meter(), 3)
    assert not any(data.startswith(b"event: reading") for data in got)
    paged.page._show([paged.line])
    assert got[-1].startswith(b"event: doing\n")
    assert len(got[-1]) < 1000
    facts = paged.page._facts(paged.line)
    assert len(json.dumps(facts, default=str)) < 20_000
    assert facts["names"][8] == ["meter 7", "House"]  # type: ignore[index]


async def test_a_mistake_in_keeping_one_line_does_not_keep_the_page_from_its_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it began anew at SIGTERM, and the program waited for it for ever."""
    paged, other = opened(), opened()
    paged.page._lines.append(other.line)

    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(paged.line.health, "keep", fail)
    task = asyncio.create_task(paged.page.run([paged.reader, other.reader]))
    await until(lambda: paged.page.server.port)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert caplog.text.count("what a line did could not be kept") == 1
    assert other.state.section(LINE_EVENTS)


async def test_an_address_that_is_taken_is_told_and_tried_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.page.page.RETRY_AFTER", 0.05)
    caplog.set_level(NOTICE)
    first, second = opened(), opened()
    async with shown(first):
        port = first.page.server.port
        assert port
        second.page.server._access = replace(second.page.server._access, port=port)
        second.page._access = second.page.server._access
        task = asyncio.create_task(second.page.run([second.reader]))
        await until(lambda: not second.page.works)
        assert "cannot be shown" in second.page.sentence
        assert caplog.text.count("cannot be shown") == 1
        assert f"the page is at http://127.0.0.1:{port}" not in caplog.text
    await until(lambda: second.page.works)
    assert second.page.sentence == f"the page is at http://127.0.0.1:{port}"
    assert second.page.sentence in caplog.text
    await stop(task)
